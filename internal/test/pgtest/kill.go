package pgtest

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Kill ends the server's first process with SIGKILL, which it cannot prepare
// for; its children notice and leave. After it, Recover starts the server.
func (c *Cluster) Kill() error {
	text, err := os.ReadFile(filepath.Join(c.data(), "postmaster.pid"))
	if err != nil {
		return err
	}
	return kill(string(text))
}

// Recover starts a server that has crashed. As long as children of the old one
// are alive a new one refuses to, so it is tried for 20 s.
func (c *Cluster) Recover() error {
	var err error
	for begin := time.Now(); time.Since(begin) < 20*time.Second; time.Sleep(20 * time.Millisecond) {
		if err = c.Up(); err == nil {
			return nil
		}
	}
	return err
}

// kill ends the process whose number is the first line of a pid file.
func kill(file string) error {
	line, _, _ := strings.Cut(file, "\n")
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil || pid < 2 {
		return fmt.Errorf("pgtest: not a process number: %q", line)
	}
	p, err := os.FindProcess(pid)
	if err != nil {
		return err
	}
	return p.Kill()
}
