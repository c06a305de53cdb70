package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// instances is how many there are.
const instances = 3

// cluster is the programs on this machine.
type cluster struct {
	dir   string
	port  int // nginx's
	ports [instances]int
	admin [instances]int // second addresses, with metrics
	pg    int
	redis int
	stops []func() // in the order of the starts
}

func (c *cluster) databaseURL() string {
	return fmt.Sprintf("postgres://postgres@127.0.0.1:%d/postgres?sslmode=disable", c.pg)
}

func (c *cluster) redisURL() string { return fmt.Sprintf("redis://127.0.0.1:%d", c.redis) }

func (c *cluster) describe() string {
	var parts []string
	for i := range instances {
		parts = append(parts, fmt.Sprintf("app%d on port %d with pid %d", i+1, c.ports[i], c.pid(i)))
	}
	return strings.Join(parts, ", ")
}

// start starts everything, and returns when nginx answers.
func (c *cluster) start(ctx context.Context) error {
	if err := c.choosePorts(); err != nil {
		return err
	}
	for _, step := range []func(context.Context) error{c.startPostgres, c.startRedis, c.prepare, c.startInstances, c.startNginx} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// choosePorts finds those that are free.
func (c *cluster) choosePorts() error {
	all := []*int{&c.pg, &c.redis}
	for i := range instances {
		all = append(all, &c.ports[i], &c.admin[i])
	}
	for _, port := range all {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		*port = l.Addr().(*net.TCPAddr).Port
		defer l.Close() // all at once, so that they differ
	}
	return nil
}

// stop ends everything: what was started last comes first.
func (c *cluster) stop() {
	for _, stop := range slices.Backward(c.stops) {
		stop()
	}
}

// command is a program that Ctrl-C in the terminal does not reach: the cluster ends it in its turn.
func command(ctx context.Context, name string, args ...string) *exec.Cmd {
	if setsid, err := exec.LookPath("setsid"); err == nil {
		name, args = setsid, append([]string{name}, args...)
	}
	return exec.CommandContext(ctx, name, args...)
}

// find returns a program of the first name that there is: also where Debian keeps servers.
func find(names ...string) (string, error) {
	for _, name := range names {
		for _, pattern := range []string{"/usr/lib/postgresql/*/bin/" + name, "/usr/sbin/" + name} {
			if found, _ := filepath.Glob(pattern); len(found) > 0 {
				return found[len(found)-1], nil
			}
		}
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("the program %s is not installed", strings.Join(names, " or "))
}

// postgres runs a program of PostgreSQL, as user postgres if we are root: the server refuses root.
func (c *cluster) postgres(ctx context.Context, name string, args ...string) error {
	program, err := find(name)
	if err != nil {
		return err
	}
	if os.Getuid() == 0 {
		program, args = "runuser", append([]string{"-u", "postgres", "--", program}, args...)
	}
	cmd := command(ctx, program, args...)
	cmd.Dir = c.dir
	var said bytes.Buffer
	cmd.Stderr = &said
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w: %s", name, err, said.String())
	}
	return nil
}

func (c *cluster) startPostgres(ctx context.Context) error {
	dir := filepath.Join(c.dir, "postgres")
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	if os.Getuid() == 0 {
		if out, err := exec.CommandContext(ctx, "chown", "postgres", c.dir, dir).CombinedOutput(); err != nil {
			return fmt.Errorf("chown: %w: %s", err, out)
		}
	}
	data := filepath.Join(dir, "data")
	if err := c.postgres(ctx, "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "-N"); err != nil {
		return err
	}
	if err := c.runPostgres(ctx); err != nil {
		return err
	}
	c.stops = append(c.stops, func() { _ = c.postgres(context.Background(), "pg_ctl", "-D", data, "-w", "-m", "fast", "stop") })
	return nil
}

// runPostgres starts the server, also one that was killed.
func (c *cluster) runPostgres(ctx context.Context) error {
	dir := filepath.Join(c.dir, "postgres")
	settings := fmt.Sprintf("-c listen_addresses=127.0.0.1 -c port=%d -c unix_socket_directories=%s -c fsync=off", c.pg, dir)
	return c.postgres(ctx, "pg_ctl", "-D", filepath.Join(dir, "data"), "-l", filepath.Join(dir, "log"), "-o", settings, "-w", "start")
}

func (c *cluster) startRedis(ctx context.Context) error {
	program, err := find("redis-server", "valkey-server")
	if err != nil {
		return err
	}
	return c.background(command(context.Background(), program, "--port", strconv.Itoa(c.redis), "--bind", "127.0.0.1", "--save", "", "--dir", c.dir, "--logfile", "redis.log",
		"--pidfile", filepath.Join(c.dir, "redis.pid")),
		syscall.SIGTERM, func() bool { return listens(c.redis) })
}

// background starts a program that ends on a signal, and waits until it is ready.
func (c *cluster) background(cmd *exec.Cmd, end os.Signal, ready func() bool) error {
	if err := cmd.Start(); err != nil {
		return err
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(ended)
	}()
	c.stops = append(c.stops, func() {
		_ = cmd.Process.Signal(end)
		select {
		case <-ended:
		case <-time.After(30 * time.Second):
			_ = cmd.Process.Kill()
			<-ended
		}
	})
	for begin := time.Now(); !ready(); time.Sleep(10 * time.Millisecond) {
		select {
		case <-ended:
			return errors.New(filepath.Base(cmd.Path) + " ended at once")
		default:
		}
		if time.Since(begin) > time.Minute {
			return errors.New(filepath.Base(cmd.Path) + " is not ready after a minute")
		}
	}
	return nil
}

func listens(port int) bool {
	conn, err := net.Dial("tcp", loopback(port))
	return err == nil && conn.Close() == nil
}

// answers tells whether GET of a URL is answered with 200.
func answers(url string) bool {
	response, err := http.Get(url)
	if err != nil {
		return false
	}
	_, _ = io.Copy(io.Discard, response.Body)
	return response.Body.Close() == nil && response.StatusCode == http.StatusOK
}

// startInstances starts all at the same time.
func (c *cluster) startInstances(context.Context) error {
	var all sync.WaitGroup
	var errs [instances]error
	for i := range instances {
		c.stops = append(c.stops, func() { c.endInstance(i) })
		all.Go(func() { errs[i] = c.startInstance(i) })
	}
	all.Wait()
	return errors.Join(errs[:]...)
}

// environment is that of an instance. Two cores for each: three instances with ten connections for each core are no more than PostgreSQL has, which is a hundred.
func (c *cluster) environment(i int) []string {
	return append(os.Environ(), fmt.Sprintf("CLUSTER_INSTANCE=app%d", i+1), fmt.Sprintf("CLUSTER_PORT=%d", c.ports[i]), "CLUSTER_PID="+c.pidFile(i),
		"DATABASE_URL="+c.databaseURL(), "REDIS_URL="+c.redisURL(), "ADMIN_ADDR="+loopback(c.admin[i]), "REACTOR_CORES=2", "DRAIN_TIMEOUT=10s")
}

// startInstance starts this program once more, as an instance.
func (c *cluster) startInstance(i int) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	log, err := os.Create(filepath.Join(c.dir, fmt.Sprintf("app%d.log", i+1)))
	if err != nil {
		return err
	}
	cmd := command(context.Background(), self)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.Env = c.environment(i)
	if err := cmd.Start(); err != nil {
		return err
	}
	go func() {
		_ = cmd.Wait()
		_ = log.Close()
	}()
	for begin := time.Now(); !answers("http://" + loopback(c.ports[i]) + "/ready"); time.Sleep(10 * time.Millisecond) {
		if time.Since(begin) > time.Minute {
			text, _ := os.ReadFile(log.Name())
			return fmt.Errorf("app%d is not ready after a minute: %s", i+1, text)
		}
	}
	return nil
}

func (c *cluster) pidFile(i int) string { return filepath.Join(c.dir, fmt.Sprintf("app%d.pid", i+1)) }

// pid is the process that serves as an instance: another one after a SIGUSR2.
func (c *cluster) pid(i int) int {
	text, _ := os.ReadFile(c.pidFile(i))
	pid, _ := strconv.Atoi(string(text))
	return pid
}

// endInstance has it drain, and waits until it has ended.
func (c *cluster) endInstance(i int) {
	process, err := os.FindProcess(max(c.pid(i), 2))
	if err != nil || c.pid(i) == 0 {
		return
	}
	for begin := time.Now(); process.Signal(os.Interrupt) == nil; time.Sleep(50 * time.Millisecond) {
		for range 200 { // one signal drains, a second one would cut off
			if process.Signal(syscall.Signal(0)) != nil {
				return
			}
			time.Sleep(50 * time.Millisecond)
		}
		if time.Since(begin) > 30*time.Second {
			_ = process.Kill()
		}
	}
}
