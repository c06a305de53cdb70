//go:build unix

package restart

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
)

const (
	// first is the number of the first descriptor that is passed.
	first = 3
	// listeners is how many an older process of the same program has passed; the pipe
	// follows them.
	listeners = "FASTERAPI_LISTENERS"
	// further is how many sockets for other addresses follow the pipe. A program that knows
	// nothing of them has none of them, as before there were any.
	further = "FASTERAPI_FURTHER_LISTENERS"
	// activated are how many systemd has passed, to the process activatedFor.
	activated    = "LISTEN_FDS"
	activatedFor = "LISTEN_PID"
	// anywhere is set by fasterapi dev, which stands before the service.
	anywhere = "FASTERAPI_DEV"
)

// Signals are those that ask for a restart.
func Signals() []os.Signal { return []os.Signal{syscall.SIGUSR2} }

// Given is what this process was handed at its start.
//
// Owner: the goroutine that starts the service.
type Given struct {
	// Listeners are the descriptors of listening sockets, by core; they are the caller's.
	Listeners []int
	// Further are those for other addresses than that of the service, in no order; they are the
	// caller's, too.
	Further []int
	// Restarted: they come from an older process of the program, which waits for Ready.
	Restarted bool
	// Anywhere: the listeners are to be taken whatever the address of the service is.
	Anywhere bool
	pipe     *os.File
}

// Take returns what this process was handed, and removes the variables that say so: its
// own children have nothing of it. The error says which variable is wrong.
func Take() (*Given, error) {
	g := &Given{Anywhere: os.Getenv(anywhere) != ""}
	count, restarted := os.LookupEnv(listeners)
	more := os.Getenv(further)
	if pid := os.Getenv(activatedFor); !restarted && pid == strconv.Itoa(os.Getpid()) {
		count = os.Getenv(activated)
	}
	for _, name := range []string{listeners, further, activated, activatedFor, anywhere, "LISTEN_FDNAMES"} {
		_ = os.Unsetenv(name)
	}
	if count == "" {
		return g, nil
	}
	n, err := strconv.Atoi(count)
	if err != nil || n < 0 {
		return g, fmt.Errorf("restart: %s or %s must be the number of sockets, not %q", activated, listeners, count)
	}
	for fd := first; fd < first+n; fd++ {
		syscall.CloseOnExec(fd)
		g.Listeners = append(g.Listeners, fd)
	}
	if restarted {
		syscall.CloseOnExec(first + n)
		g.Restarted, g.pipe = true, os.NewFile(uintptr(first+n), "ready")
		err = g.takeFurther(first+n+1, more)
	}
	return g, err
}

// takeFurther takes the sockets from the descriptor fd on.
func (g *Given) takeFurther(fd int, count string) error {
	if count == "" {
		return nil
	}
	n, err := strconv.Atoi(count)
	if err != nil || n < 0 {
		return fmt.Errorf("restart: %s must be the number of sockets, not %q", further, count)
	}
	for i := range n {
		syscall.CloseOnExec(fd + i)
		g.Further = append(g.Further, fd+i)
	}
	return nil
}

// Ready tells the older process, if there is one, that this one serves.
func (g *Given) Ready() {
	if g.pipe == nil {
		return
	}
	_, _ = g.pipe.WriteString("ready\n") // it may have ended
	_ = g.pipe.Close()
	g.pipe = nil
}

// Child is a process that was started to take the place of this one.
//
// Owner: any (immutable after New).
type Child struct {
	PID   int
	ready *os.File
	ended chan error // how, once it has
}

// errFirst is why PID 1 does not restart.
var errFirst = errors.New("restart: the process is PID 1, whose end is that of its container: start a new container")

// Start starts the program of this process, with its arguments, environment and working
// directory, and hands it listeners, and others for further addresses, which stay the caller's.
func Start(fds, others []int) (*Child, error) {
	if os.Getpid() == 1 {
		return nil, errFirst
	}
	program, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("restart: %w", err)
	}
	ready, tells, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("restart: %w", err)
	}
	defer tells.Close()
	files := []uintptr{0, 1, 2}
	for _, fd := range fds {
		files = append(files, uintptr(fd))
	}
	files = append(files, tells.Fd())
	for _, fd := range others {
		files = append(files, uintptr(fd))
	}
	pid, err := syscall.ForkExec(program, os.Args, &syscall.ProcAttr{
		Env: environment(len(fds), len(others)), Files: files,
	})
	if err != nil {
		_ = ready.Close()
		return nil, fmt.Errorf("restart: start %s: %w", program, err)
	}
	c := &Child{PID: pid, ready: ready, ended: make(chan error, 1)}
	go c.reap()
	return c, nil
}

// environment is that of this process for one that gets n listeners and so many others.
func environment(n, others int) []string {
	var env []string
	for _, variable := range os.Environ() {
		// The service manager has given it for the number of this process.
		if !strings.HasPrefix(variable, "WATCHDOG_PID=") {
			env = append(env, variable)
		}
	}
	if others > 0 {
		env = append(env, further+"="+strconv.Itoa(others))
	}
	return append(env, listeners+"="+strconv.Itoa(n))
}

// reap waits for the end of the process, which nobody else does.
func (c *Child) reap() {
	process, err := os.FindProcess(c.PID)
	if err != nil {
		c.ended <- err
		return
	}
	state, err := process.Wait()
	if err == nil {
		err = errors.New(state.String())
	}
	c.ended <- err
}

// AwaitReady waits until the process says that it is ready. When it ends instead, or ctx
// does and it is killed, the error says so.
func (c *Child) AwaitReady(ctx context.Context) error {
	said := make(chan bool, 1)
	go func() {
		n, _ := c.ready.Read(make([]byte, 1))
		_ = c.ready.Close()
		said <- n == 1
	}()
	select {
	case ready := <-said:
		if ready {
			return nil
		}
		select { // it has closed the pipe: it ends, or will never be ready
		case err := <-c.ended:
			return fmt.Errorf("restart: the new process (%d) has ended: %w", c.PID, err)
		case <-ctx.Done():
		}
	case <-ctx.Done():
	}
	_ = syscall.Kill(c.PID, syscall.SIGKILL) // it is not reaped before ended says so
	<-c.ended
	return fmt.Errorf("restart: the new process (%d) was not ready in time: %w", c.PID, ctx.Err())
}
