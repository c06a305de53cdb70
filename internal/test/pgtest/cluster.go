package pgtest

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/fasterapi/fasterapi/internal/test/needs"
	"github.com/fasterapi/fasterapi/internal/test/ports"
)

// Options choose a variant. The zero value is plaintext without a password.
//
// Owner: any (a plain value).
type Options struct {
	TLS      bool     // a self-signed certificate; authentication by SCRAM
	Settings []string // more lines of postgresql.conf, "max_connections = 20"
}

// Cluster is a running server.
//
// Owner: the test.
type Cluster struct {
	dir  string
	bin  string
	port int
	opts Options
}

// Password is that of user "app" in a cluster with TLS.
const Password = "s3cret/pass word"

// Start starts a cluster that ends with the test.
func Start(t testing.TB, o Options) *Cluster {
	t.Helper()
	bin := findServer(t)
	c, err := New(bin, o)
	if err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	t.Cleanup(c.Remove)
	return c
}

// findServer returns the folder of the installed server, or skips the test.
func findServer(t testing.TB) string {
	t.Helper()
	if bin := Find(); bin != "" {
		return bin
	}
	return filepath.Dir(needs.Program(t, "initdb"))
}

// Find returns the folder of the newest installed server, "" if there is none.
func Find() string {
	if path, err := exec.LookPath("initdb"); err == nil {
		if real, err := filepath.EvalSymlinks(path); err == nil {
			return filepath.Dir(real)
		}
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	sort.Slice(found, func(i, j int) bool { return version(found[i]) > version(found[j]) })
	if len(found) == 0 {
		return ""
	}
	return filepath.Dir(found[0])
}

func version(path string) int {
	n, _ := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(path))))
	return n
}

// New starts a cluster with the programs in bin; end it with Remove.
func New(bin string, o Options) (*Cluster, error) {
	dir, err := os.MkdirTemp("", "pgtest")
	if err != nil {
		return nil, err
	}
	c := &Cluster{dir: dir, bin: bin, opts: o}
	err = c.create()
	if err == nil {
		err = c.Up()
	}
	if err == nil && o.TLS {
		err = c.addUser()
	}
	if err != nil {
		c.Remove()
		return nil, err
	}
	return c, nil
}

func (c *Cluster) data() string { return filepath.Join(c.dir, "data") }

// create makes the files of the cluster.
func (c *Cluster) create() error {
	if os.Getuid() == 0 {
		if err := exec.Command("chown", "postgres", c.dir).Run(); err != nil {
			return fmt.Errorf("chown: %w", err)
		}
	}
	if err := c.run("initdb", "-D", c.data(), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "-N"); err != nil {
		return err
	}
	port, err := ports.Find()
	if err != nil {
		return err
	}
	c.port = port
	lines := []string{
		"listen_addresses = '127.0.0.1'", "port = " + strconv.Itoa(port), "unix_socket_directories = '" + c.dir + "'",
		"fsync = off", "synchronous_commit = off", "full_page_writes = off", "max_connections = 100",
		"log_min_messages = warning", "deadlock_timeout = 20ms", "shared_buffers = 32MB",
	}
	if c.opts.TLS {
		if err := c.certificate(); err != nil {
			return err
		}
		lines = append(lines, "ssl = on", "password_encryption = scram-sha-256")
		hba := "local all postgres trust\nhostssl all all 127.0.0.1/32 scram-sha-256\n"
		if err := os.WriteFile(filepath.Join(c.data(), "pg_hba.conf"), []byte(hba), 0o644); err != nil {
			return err
		}
	}
	lines = append(lines, c.opts.Settings...)
	f, err := os.OpenFile(filepath.Join(c.data(), "postgresql.conf"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = f.WriteString(strings.Join(lines, "\n") + "\n")
	return err
}

func (c *Cluster) addUser() error {
	sql := "CREATE ROLE app LOGIN SUPERUSER PASSWORD '" + Password + "'"
	return c.run("psql", "-h", c.dir, "-p", strconv.Itoa(c.port), "-U", "postgres", "-c", sql)
}

// run runs one of the server's programs, as user postgres if we are root.
func (c *Cluster) run(program string, args ...string) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	name := filepath.Join(c.bin, program)
	if os.Getuid() == 0 {
		args = append([]string{"-u", "postgres", "--", name}, args...)
		name = "runuser"
	}
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = c.dir
	var out bytes.Buffer
	cmd.Stderr = &out
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w: %s", program, err, out.String())
	}
	return nil
}

// Up starts the server and waits until it takes connections.
func (c *Cluster) Up() error {
	return c.run("pg_ctl", "-D", c.data(), "-l", filepath.Join(c.dir, "log"), "-w", "start")
}

// Down stops the server: mode is fast, or immediate, which is a crash.
func (c *Cluster) Down(mode string) error {
	return c.run("pg_ctl", "-D", c.data(), "-w", "-m", mode, "stop")
}

// Remove stops the server and deletes the cluster.
func (c *Cluster) Remove() {
	_ = c.Down("immediate")
	_ = os.RemoveAll(c.dir)
}

// Port is the server's TCP port on 127.0.0.1.
func (c *Cluster) Port() int { return c.port }

// SocketDir is the folder of the server's socket.
func (c *Cluster) SocketDir() string { return c.dir }

// Bin is the folder of the server's programs.
func (c *Cluster) Bin() string { return c.bin }

// Log returns what the server has logged.
func (c *Cluster) Log() string {
	b, _ := os.ReadFile(filepath.Join(c.dir, "log"))
	return string(b)
}

// URL is a connection URL for a user: over TCP, "app" with TLS, else "postgres".
func (c *Cluster) URL() string {
	if c.opts.TLS {
		return fmt.Sprintf("postgres://app:s3cret%%2Fpass%%20word@127.0.0.1:%d/postgres?sslmode=require", c.port)
	}
	return fmt.Sprintf("postgres://postgres@127.0.0.1:%d/postgres?sslmode=disable", c.port)
}
