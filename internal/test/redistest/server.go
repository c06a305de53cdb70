package redistest

import (
	"net"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/fasterapi/fasterapi/internal/test/needs"
)

// Server is a Redis that listens on a unix socket only, and a proxy before it.
//
// Owner: the test.
type Server struct {
	Proxy *Proxy

	t       testing.TB
	program string
	dir     string
	args    []string
	cmd     *exec.Cmd
}

// Start starts a Redis, with more arguments, that is empty and ends with the test.
func Start(t testing.TB, args ...string) *Server {
	t.Helper()
	s := &Server{t: t, program: needs.Program(t, "redis-server", "valkey-server"), dir: t.TempDir(), args: args}
	s.Start()
	t.Cleanup(s.Kill)
	s.Proxy = startProxy(t, s.Socket())
	return s
}

// Socket is where the server listens itself.
func (s *Server) Socket() string { return filepath.Join(s.dir, "redis.sock") }

// URL is that of the proxy.
func (s *Server) URL() string { return "redis://" + s.Proxy.Address() }

// Start starts the server again, empty, and waits until it listens.
func (s *Server) Start() {
	s.t.Helper()
	args := append([]string{"--port", "0", "--unixsocket", s.Socket(), "--save", "", "--appendonly", "no", "--dir", s.dir}, s.args...)
	s.cmd = exec.Command(s.program, args...)
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		conn, err := net.Dial("unix", s.Socket())
		if err == nil {
			_ = conn.Close()
			return
		}
		if time.Now().After(deadline) {
			s.t.Fatal("redistest: Redis does not listen: ", err)
		}
	}
}

// Kill kills the server.
func (s *Server) Kill() {
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
}

// CLI runs a command, and returns what redis-cli says.
func (s *Server) CLI(args ...string) string {
	s.t.Helper()
	out, err := exec.Command(needs.Program(s.t, "redis-cli", "valkey-cli"), append([]string{"-s", s.Socket()}, args...)...).CombinedOutput()
	if err != nil {
		s.t.Fatalf("redistest: %v: %s", err, out)
	}
	return string(out)
}

// calls is how often the server has run a command, such as "evalsha".
func (s *Server) calls(command string) (n int) {
	s.t.Helper()
	_, line, _ := strings.Cut(s.CLI("INFO", "commandstats"), "cmdstat_"+command+":calls=")
	number, _, _ := strings.Cut(line, ",")
	n, _ = strconv.Atoi(number)
	return n
}
