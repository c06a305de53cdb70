package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

const (
	serverCore = "0"
	clientCore = "1"
	startLimit = 20 * time.Second
	stopLimit  = 5 * time.Second
)

// process is a contestant that runs.
type process struct {
	*contestant
	cmd  *exec.Cmd
	log  *os.File
	done chan struct{} // closed when it has ended
}

// start runs the server on its core and returns when it accepts connections.
func (c *contestant) start(binaries string, env ...string) (*process, error) {
	if conn, err := net.DialTimeout("tcp", c.address(), time.Second); err == nil {
		conn.Close()
		return nil, fmt.Errorf("%s: something listens on %s already", c.name, c.address())
	}
	logFile, err := os.CreateTemp("", "floor-"+c.name+"-*.log")
	if err != nil {
		return nil, err
	}
	p := &process{contestant: c, log: logFile, done: make(chan struct{})}
	// taskset replaces itself by the server: the process is the server.
	p.cmd = exec.Command("taskset", "-c", serverCore, filepath.Join(binaries, c.program))
	p.cmd.Env = append(os.Environ(), "PORT="+strconv.Itoa(c.port), "GOMAXPROCS=1", "REACTOR_CORES=1")
	p.cmd.Env = append(p.cmd.Env, env...)
	p.cmd.Stdout, p.cmd.Stderr = logFile, logFile
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		_ = p.cmd.Wait()
		close(p.done)
	}()
	for deadline := time.Now().Add(startLimit); time.Now().Before(deadline); {
		if conn, err := net.DialTimeout("tcp", c.address(), time.Second); err == nil {
			conn.Close()
			return p, nil
		}
		select {
		case <-p.done:
			return nil, fmt.Errorf("%s ended at start: %s", c.name, p.stop())
		case <-time.After(20 * time.Millisecond):
		}
	}
	return nil, fmt.Errorf("%s does not listen on %s: %s", c.name, c.address(), p.stop())
}

func (p *process) pid() int { return p.cmd.Process.Pid }

// pause and resume take the server off the machine between its turns.
func (p *process) pause()  { _ = p.cmd.Process.Signal(syscall.SIGSTOP) }
func (p *process) resume() { _ = p.cmd.Process.Signal(syscall.SIGCONT) }

// stop ends the server and returns the end of what it logged.
func (p *process) stop() string {
	p.resume()
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.done:
	case <-time.After(stopLimit):
		_ = p.cmd.Process.Kill()
		<-p.done
	}
	text, _ := os.ReadFile(p.log.Name())
	p.log.Close()
	os.Remove(p.log.Name())
	return string(text[max(0, len(text)-2000):])
}
