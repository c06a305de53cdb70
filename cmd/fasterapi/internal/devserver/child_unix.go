//go:build unix

package devserver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Supported tells whether this platform can hand a socket over.
const Supported = true

// child is a service that runs.
//
// Owner: the loop of the server (tail: its own mutex).
type child struct {
	command *exec.Cmd
	ready   chan struct{}   // closed when it serves
	ended   chan struct{}   // closed when it has ended
	alive   context.Context // ends with it
	tail    tail
	notify  *net.UnixConn
}

// tail is the end of an output.
//
// Owner: mu.
type tail struct {
	mu   sync.Mutex
	text []byte
}

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.text = append(t.text, p...); len(t.text) > 2*most {
		t.text = append([]byte(nil), t.text[len(t.text)-most:]...)
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return end(t.text)
}

// shell gives the program its own process number, which nobody knows before.
const shell = `LISTEN_PID=$$ exec "$@"`

// start starts a program, and gives it a socket.
func (c *Config) start(program, folder string, socket *os.File, env []string) (*child, error) {
	path := filepath.Join(folder, "notify")
	_ = os.Remove(path)
	notify, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		return nil, err
	}
	k := &child{ready: make(chan struct{}), ended: make(chan struct{}), notify: notify}
	k.command = exec.Command("/bin/sh", append([]string{"-c", shell, "sh", program}, c.Args...)...)
	k.command.Dir = c.Dir
	k.command.Env = append(env, "LISTEN_FDS=1", "NOTIFY_SOCKET="+path, "FASTERAPI_DEV=1")
	k.command.ExtraFiles = []*os.File{socket} // descriptor 3
	k.command.Stdout, k.command.Stderr = io.MultiWriter(c.Stdout, &k.tail), io.MultiWriter(c.Stderr, &k.tail)
	k.command.SysProcAttr = attributes()
	k.command.WaitDelay = time.Second // for what it has started, and has its output
	if err := k.command.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("start the service: %w", err), notify.Close())
	}
	alive, gone := context.WithCancel(context.Background())
	k.alive = alive
	go k.listen()
	go func() {
		defer gone()
		_ = k.command.Wait() // how it ended stands in command.ProcessState
		close(k.ended)
		_ = k.notify.Close()
	}()
	return k, nil
}

// listen waits until the service says that it serves.
func (k *child) listen() {
	text := make([]byte, 4096)
	for {
		n, err := k.notify.Read(text)
		if err != nil {
			return
		}
		for line := range strings.SplitSeq(string(text[:n]), "\n") {
			if line == "READY=1" {
				close(k.ready)
				_, _ = io.Copy(io.Discard, k.notify)
				return
			}
		}
	}
}

// ownGroup keeps Ctrl-C from the command and from what that starts: its end would pass for a mistake in the service. The end of its
// context interrupts all of them.
func ownGroup(c *exec.Cmd) {
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	c.Cancel = func() error { return syscall.Kill(-c.Process.Pid, syscall.SIGINT) }
}

// said is how it ended, and what it printed.
func (k *child) said() string {
	return strings.TrimSpace(k.tail.String() + "\n" + k.command.ProcessState.String())
}

// patience is how long a service may take to end, before it is told again, and before it is killed.
const patience = 3 * time.Second

// stop ends the service: as Ctrl-C does, then again, then by force. It returns when it has ended.
func (k *child) stop(ctx context.Context) {
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGINT, syscall.SIGKILL} {
		if signal == syscall.SIGKILL {
			_ = syscall.Kill(-k.command.Process.Pid, signal) // with what it has started
		}
		_ = k.command.Process.Signal(signal)
		select {
		case <-k.ended:
			return
		case <-ctx.Done():
			ctx = context.WithoutCancel(ctx)
		case <-time.After(patience):
		}
	}
	<-k.ended
}
