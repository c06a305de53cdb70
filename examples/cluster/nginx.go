package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// loopback is an address of this machine only.
func loopback(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }

// writeNginxFile has `fasterapi gen nginx` write the file, of what an instance says of itself: its limits and times, and which of its routes are streams. The
// command starts this program once more for that. It is run, not imported, because it is a Go module of its own: a service gets none of what the command needs.
func (c *cluster) writeNginxFile(ctx context.Context, file string) error {
	root, err := output(exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", "github.com/fasterapi/fasterapi"))
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	gen := exec.CommandContext(ctx, "go", "run", "-C", filepath.Join(root, "cmd", "fasterapi"), ".", "gen", "nginx",
		"--binary", self, "--listen", loopback(c.port), "--folder", c.dir, "--output", file,
		"--rate", "100000") // all clients are this machine
	for _, port := range c.ports {
		gen.Args = append(gen.Args, "--instance", loopback(port))
	}
	gen.Env = c.environment(0)
	_, err = output(gen)
	return err
}

// output is what a program says; where it fails the error has what it says of that.
func output(cmd *exec.Cmd) (string, error) {
	var said bytes.Buffer
	cmd.Stderr = &said
	text, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w: %s", strings.Join(cmd.Args, " "), err, said.String())
	}
	return strings.TrimSpace(string(text)), nil
}

func (c *cluster) startNginx(ctx context.Context) error {
	program, err := find("nginx")
	if err != nil {
		return err
	}
	file := filepath.Join(c.dir, "nginx.conf")
	if err := c.writeNginxFile(ctx, file); err != nil {
		return err
	}
	return c.background(command(context.Background(), program, "-c", file, "-e", filepath.Join(c.dir, "error.log"), "-g", "daemon off;"), syscall.SIGTERM,
		func() bool { return answers("http://" + loopback(c.port) + "/whoami") })
}
