package main

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// ctrlC is what a terminal sends to its processes as SIGINT.
const ctrlC = "\x03"

// terminal is a pseudo-terminal with a process in it, which has it as input, output and errors, as that of a person has.
//
// Owner: any (seen: mu).
type terminal struct {
	keys    *os.File // of the person: what is written here is typed
	process *exec.Cmd
	read    chan struct{} // closed when nobody has the terminal any more

	mu   sync.Mutex
	seen strings.Builder
}

// openTerminal returns both ends of a new pseudo-terminal (pty(7)), with a window of so many columns.
func openTerminal(t *testing.T, columns uint16) (person, process *os.File) {
	t.Helper()
	person, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	require.NoError(t, err)
	t.Cleanup(func() { _ = person.Close() })
	conn, err := person.SyscallConn()
	require.NoError(t, err)
	var number int
	var failed error
	require.NoError(t, conn.Control(func(fd uintptr) { // not Fd(), with which a read could not be ended
		if failed = unix.IoctlSetPointerInt(int(fd), unix.TIOCSPTLCK, 0); failed != nil {
			return
		}
		if number, failed = unix.IoctlGetInt(int(fd), unix.TIOCGPTN); failed != nil {
			return
		}
		failed = unix.IoctlSetWinsize(int(fd), unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: columns})
	}))
	require.NoError(t, failed)
	process, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	require.NoError(t, err)
	return person, process
}

// inTerminal starts the command in a window of so many columns. change may change the process before.
func inTerminal(t *testing.T, columns uint16, change func(*exec.Cmd), args ...string) *terminal {
	t.Helper()
	person, slave := openTerminal(t, columns)
	defer slave.Close()
	s := &terminal{keys: person, process: exec.Command(tool(t), args...), read: make(chan struct{})}
	s.process.Env = append(os.Environ(), "TERM=xterm-256color", "COLUMNS=")
	s.process.Stdin, s.process.Stdout, s.process.Stderr = slave, slave, slave
	s.process.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true} // descriptor 0 is its terminal, which Ctrl-C comes from
	if change != nil {
		change(s.process)
	}
	require.NoError(t, s.process.Start())
	t.Cleanup(func() { _ = s.process.Process.Kill() })
	go s.look()
	return s
}

// look keeps what is shown, until the last process has closed the terminal: Linux tells so with EIO.
func (s *terminal) look() {
	defer close(s.read)
	text := make([]byte, 4096)
	for {
		n, err := s.keys.Read(text)
		s.mu.Lock()
		s.seen.Write(text[:n])
		s.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// shown is what stands in the terminal so far, with its line ends made those of a file.
func (s *terminal) shown() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.ReplaceAll(s.seen.String(), "\r\n", "\n")
}

// shows waits until text that matches is shown.
func (s *terminal) shows(t *testing.T, pattern string) {
	t.Helper()
	wanted := regexp.MustCompile(pattern)
	for limit := time.Now().Add(patience); !wanted.MatchString(s.shown()); time.Sleep(5 * time.Millisecond) {
		require.True(t, time.Now().Before(limit), "%q is not shown:\n%s", pattern, s.shown())
	}
}

// types presses keys.
func (s *terminal) types(t *testing.T, keys string) {
	t.Helper()
	_, err := s.keys.WriteString(keys)
	require.NoError(t, err)
}

// ends waits for the end of the process, and returns how it ended.
func (s *terminal) ends(t *testing.T) syscall.WaitStatus {
	t.Helper()
	select {
	case <-s.read:
	case <-time.After(patience):
		require.Fail(t, "it does not end", s.shown())
	}
	_ = s.process.Wait() // the status says more
	return s.process.ProcessState.Sys().(syscall.WaitStatus)
}
