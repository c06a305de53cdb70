package pgtest

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/fasterapi/fasterapi/internal/test/needs"
	"github.com/fasterapi/fasterapi/internal/test/ports"
)

// Bouncer is a running PgBouncer, unless otherwise said in transaction mode: many
// clients share few server connections, which change hands after every transaction.
//
// Owner: the test.
type Bouncer struct {
	dir  string
	port int
	opts BouncerOptions

	done  chan struct{} // closed when it has ended
	ended error         // how it ended; read it after done
	out   bytes.Buffer  // read it after done
}

// BouncerOptions choose a variant.
//
// Owner: any (a plain value).
type BouncerOptions struct {
	Servers int    // server connections for each database, at most
	Mode    string // pool_mode: "session", "transaction" or "statement"; "" is transaction
	Ignores string // more settings of startup messages that it passes over, with commas
	// Statements is max_prepared_statements: above 0 it keeps those of its clients
	// apart, if it can (see KeepsStatements).
	Statements int
}

// KeepsStatements tells whether the PgBouncer of this machine can keep the prepared
// statements of its clients apart in transaction mode: from 1.21 on. (Debian 12 has
// 1.18, Debian 13 has 1.24.)
func KeepsStatements(t testing.TB) bool {
	t.Helper()
	out, err := exec.Command(needs.Program(t, "pgbouncer"), "--version").Output()
	if err != nil {
		t.Fatalf("pgtest: pgbouncer --version: %v", err)
	}
	var major, minor int
	if _, err := fmt.Sscanf(string(out), "PgBouncer %d.%d", &major, &minor); err != nil {
		t.Fatalf("pgtest: the version of pgbouncer is %q", out)
	}
	return major > 1 || minor >= 21
}

// StartBouncer starts one before a plaintext cluster, for all of its databases;
// each of them gets up to servers connections. It ends with the test. A test that
// cancels should have it for itself, because of knownFault.
func StartBouncer(t testing.TB, c *Cluster, servers int) *Bouncer {
	t.Helper()
	return StartBouncerAs(t, c, BouncerOptions{Servers: servers})
}

// StartBouncerAs is StartBouncer for a variant.
func StartBouncerAs(t testing.TB, c *Cluster, o BouncerOptions) *Bouncer {
	t.Helper()
	if !KeepsStatements(t) {
		o.Statements = -1 // it does not know the setting
	}
	b, err := newBouncer(needs.Program(t, "pgbouncer"), c, o)
	if err != nil {
		t.Fatalf("pgtest: pgbouncer: %v", err)
	}
	t.Cleanup(func() { b.end(t) })
	return b
}

// knownFault is how PgBouncer before 1.21 ends when a client leaves while a
// cancel request of it is on its way: https://github.com/pgbouncer/pgbouncer/issues/822.
// (Debian 12 has 1.18.)
const knownFault = "server_proto: server in bad state: 11"

// end removes the bouncer, and fails a test during which it ended by itself,
// unless of its known fault: that comes after a client has left, and whoever
// still needed the bouncer then fails by itself.
func (b *Bouncer) end(t testing.TB) {
	select {
	case <-b.done:
		if out := b.out.String(); strings.Contains(out, knownFault) {
			t.Logf("pgtest: pgbouncer ended with its known fault (issue 822)")
		} else {
			t.Errorf("pgtest: pgbouncer ended during the test: %v\n%s", b.ended, out)
		}
	default:
	}
	b.remove()
}

func newBouncer(program string, c *Cluster, o BouncerOptions) (*Bouncer, error) {
	dir, err := os.MkdirTemp("", "pgbouncer")
	if err != nil {
		return nil, err
	}
	b := &Bouncer{dir: dir, opts: o, done: make(chan struct{})}
	if b.port, err = ports.Find(); err == nil {
		err = b.configure(c)
	}
	if err == nil {
		err = b.start(program)
	}
	if err != nil {
		b.remove()
		return nil, err
	}
	return b, nil
}

func (b *Bouncer) ini() string     { return filepath.Join(b.dir, "pgbouncer.ini") }
func (b *Bouncer) pidFile() string { return filepath.Join(b.dir, "pid") }

func (b *Bouncer) configure(c *Cluster) error {
	mode, ignored := b.opts.Mode, "extra_float_digits"
	if mode == "" {
		mode = "transaction"
	}
	if b.opts.Ignores != "" {
		ignored += ", " + b.opts.Ignores
	}
	statements := ""
	if b.opts.Statements >= 0 {
		statements = fmt.Sprintf("max_prepared_statements = %d\n", b.opts.Statements)
	}
	users := filepath.Join(b.dir, "users")
	text := fmt.Sprintf(`[databases]
* = host=127.0.0.1 port=%d
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = %d
unix_socket_dir =
pidfile = %s
auth_type = trust
auth_file = %s
pool_mode = %s
default_pool_size = %d
max_client_conn = 500
ignore_startup_parameters = %s
%s`, c.port, b.port, b.pidFile(), users, mode, b.opts.Servers, ignored, statements)
	if err := os.WriteFile(users, []byte("\"postgres\" \"\"\n"), 0o644); err != nil {
		return err
	}
	if err := os.WriteFile(b.ini(), []byte(text), 0o644); err != nil {
		return err
	}
	if os.Getuid() != 0 {
		return nil
	}
	return exec.Command("chown", "-R", "postgres", b.dir).Run()
}

// start runs the program, which refuses to be root, and waits until it listens.
func (b *Bouncer) start(program string) error {
	cmd := exec.Command(program, b.ini())
	if os.Getuid() == 0 {
		cmd = exec.Command("runuser", "-u", "postgres", "--", program, b.ini())
	}
	cmd.Stdout, cmd.Stderr = &b.out, &b.out
	if err := cmd.Start(); err != nil {
		close(b.done)
		return err
	}
	go func() {
		b.ended = cmd.Wait()
		close(b.done)
	}()
	for begin := time.Now(); time.Since(begin) < 10*time.Second; {
		if conn, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(b.port))); err == nil {
			return conn.Close()
		}
		select {
		case <-b.done:
			return errors.New(b.out.String())
		case <-time.After(20 * time.Millisecond):
		}
	}
	return errors.New("it does not listen")
}

// remove ends the process and deletes its files.
func (b *Bouncer) remove() {
	if text, err := os.ReadFile(b.pidFile()); err == nil {
		_ = kill(string(text))
	}
	select {
	case <-b.done:
	case <-time.After(5 * time.Second):
	}
	_ = os.RemoveAll(b.dir)
}

// URL is a connection URL for a database of the cluster, through the bouncer.
func (b *Bouncer) URL(database string) string {
	return fmt.Sprintf("postgres://postgres@127.0.0.1:%d/%s?sslmode=disable", b.port, database)
}
