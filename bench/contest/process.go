package contest

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

// The cores of the server and of wrk.
const (
	ServerCore = "0"
	ClientCore = "1"
)

const (
	startLimit = 20 * time.Second
	stopLimit  = 5 * time.Second
)

// Process is a contestant that runs.
type Process struct {
	*Contestant
	cmd  *exec.Cmd
	log  *os.File
	done chan struct{} // closed when it has ended
}

// Start runs the server on its core and returns when it accepts connections.
func (c *Contestant) Start(binaries string, env ...string) (*Process, error) {
	if conn, err := net.DialTimeout("tcp", c.Address(), time.Second); err == nil {
		conn.Close()
		return nil, fmt.Errorf("%s: something listens on %s already", c.Name, c.Address())
	}
	logFile, err := os.CreateTemp("", "contest-"+c.Name+"-*.log")
	if err != nil {
		return nil, err
	}
	p := &Process{Contestant: c, log: logFile, done: make(chan struct{})}
	// taskset replaces itself by the server: the process is the server.
	p.cmd = exec.Command("taskset", "-c", ServerCore, filepath.Join(binaries, c.Program))
	p.cmd.Env = append(os.Environ(), "PORT="+strconv.Itoa(c.Port), "GOMAXPROCS=1", "REACTOR_CORES=1")
	p.cmd.Env = append(append(p.cmd.Env, c.Env...), env...)
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
		if conn, err := net.DialTimeout("tcp", c.Address(), time.Second); err == nil {
			conn.Close()
			return p, nil
		}
		select {
		case <-p.done:
			return nil, fmt.Errorf("%s ended at start: %s", c.Name, p.Stop())
		case <-time.After(20 * time.Millisecond):
		}
	}
	return nil, fmt.Errorf("%s does not listen on %s: %s", c.Name, c.Address(), p.Stop())
}

// PID is the server's process.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// pause and resume take the server off the machine between its turns.
func (p *Process) pause()  { _ = p.cmd.Process.Signal(syscall.SIGSTOP) }
func (p *Process) resume() { _ = p.cmd.Process.Signal(syscall.SIGCONT) }

// Stop ends the server and returns the end of what it logged.
func (p *Process) Stop() string {
	p.resume()
	_ = p.cmd.Process.Signal(syscall.SIGINT) // at SIGTERM this framework first tells its clients, for some seconds
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

// CPU is the user and system time of the server's process so far.
func (p *Process) CPU() (time.Duration, error) { return cpuTime(p.PID()) }
