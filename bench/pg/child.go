package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/fasterapi/fasterapi/db/pg"
)

// newClient makes the client of a name: those of tables, in contestant.go.
func newClient(name, url string) (*client, error) {
	kind, number, _ := strings.Cut(name, "-")
	conns, _ := strconv.Atoi(number)
	reads := pg.ReadsAlone
	if number == string(pg.ReadsShared) {
		reads = pg.ReadsShared
	}
	switch kind {
	case "reactor":
		return ours(url, reads, singles, (*loop).one)
	case "goroutine":
		return oursGoroutines(url, reads)
	case "whenall":
		return ours(url, reads, requests, (*loop).twenty)
	case "quiet":
		return besideSleep(url, false)
	case "sleep":
		return besideSleep(url, true)
	case "pgxpool":
		return viaPgx(url, singles, int32(conns), pgxOne)
	case "sequential":
		return viaPgx(url, requests, int32(conns), pgxSequential)
	case "batch":
		return viaPgx(url, requests, int32(conns), pgxBatch)
	}
	return nil, fmt.Errorf("unknown client %q", name)
}

// serve is the life of a client process: each line on in is the length of a
// turn, each line on out its outcome.
func serve(name, url string, in io.Reader, out io.Writer) error {
	c, err := newClient(name, url)
	if err != nil {
		return err
	}
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		d, err := time.ParseDuration(lines.Text())
		if err != nil {
			return err
		}
		if err := json.NewEncoder(out).Encode(c.turn(d)); err != nil {
			return err
		}
	}
	return lines.Err()
}

// child is a client process, as the harness sees it.
type child struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

func startChild(name, url string) (*child, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	c := &child{cmd: exec.Command(self, "client", name, url)}
	c.cmd.Stderr = os.Stderr
	c.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if c.in, err = c.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	c.out = bufio.NewReader(out)
	return c, c.cmd.Start()
}

// turn has the client work for d.
func (c *child) turn(d time.Duration) (o outcome, err error) {
	_ = c.cmd.Process.Signal(syscall.SIGCONT)
	defer func() { _ = c.cmd.Process.Signal(syscall.SIGSTOP) }()
	if _, err := fmt.Fprintln(c.in, d); err != nil {
		return o, err
	}
	line, err := c.out.ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, &o)
	}
	if err == nil && o.Failed != "" {
		err = fmt.Errorf("%s", o.Failed)
	}
	return o, err
}

func (c *child) stop() {
	_ = c.cmd.Process.Kill()
	_ = c.cmd.Wait()
}
