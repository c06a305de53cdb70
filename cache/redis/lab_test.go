package redis_test

import (
	"cmp"
	"context"
	"io"
	"net"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/cache"
	"github.com/fasterapi/fasterapi/cache/redis"
	"github.com/fasterapi/fasterapi/internal/test/needs"
)

// server is a Redis behind a proxy that a test can disturb.
type server struct {
	t       *testing.T
	program string
	dir     string
	args    []string
	cmd     *exec.Cmd
	proxy   *proxy
}

func startServer(t *testing.T, args ...string) *server {
	t.Helper()
	s := &server{t: t, program: needs.Program(t, "redis-server", "valkey-server"), dir: t.TempDir(), args: args}
	s.start()
	t.Cleanup(s.kill)
	s.proxy = startProxy(t, s.socket())
	return s
}

func (s *server) socket() string { return filepath.Join(s.dir, "redis.sock") }

// start starts the server, empty, and waits until it listens.
func (s *server) start() {
	s.t.Helper()
	args := append([]string{"--port", "0", "--unixsocket", s.socket(), "--save", "", "--appendonly", "no", "--dir", s.dir}, s.args...)
	s.cmd = exec.Command(s.program, args...)
	require.NoError(s.t, s.cmd.Start())
	require.Eventually(s.t, func() bool {
		conn, err := net.Dial("unix", s.socket())
		return err == nil && conn.Close() == nil
	}, 10*time.Second, 5*time.Millisecond)
}

// kill kills it.
func (s *server) kill() {
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
}

// open opens a store behind the proxy. It waits for answers as long as a busy machine may need, unless cfg says
// how long.
func (s *server) open(cfg redis.Config) *redis.Store {
	s.t.Helper()
	cfg.Timeout = cmp.Or(cfg.Timeout, 5*time.Second)
	cfg.Client.InitAddress = []string{s.proxy.address}
	store := redis.Open(cfg)
	require.NoError(s.t, store.Mistake())
	s.t.Cleanup(func() { _ = store.Close() })
	return store
}

// cli runs a command and returns what redis-cli says.
func (s *server) cli(args ...string) string {
	s.t.Helper()
	out, err := exec.Command(needs.Program(s.t, "redis-cli", "valkey-cli"), append([]string{"-s", s.socket()}, args...)...).CombinedOutput()
	require.NoError(s.t, err, string(out))
	return string(out)
}

// proxy passes bytes on, unless it is told otherwise.
type proxy struct {
	address string
	target  string
	garbage atomic.Bool // answers are nonsense
	silent  atomic.Bool // answers are held back

	mu    sync.Mutex
	conns []net.Conn
}

func startProxy(t *testing.T, target string) *proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	p := &proxy{address: l.Addr().String(), target: target}
	t.Cleanup(func() {
		_ = l.Close()
		p.cut()
	})
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go p.serve(conn)
		}
	}()
	return p
}

func (p *proxy) serve(client net.Conn) {
	defer client.Close()
	up, err := net.Dial("unix", p.target)
	if err != nil {
		return
	}
	defer up.Close()
	p.mu.Lock()
	p.conns = append(p.conns, client, up)
	p.mu.Unlock()
	go func() {
		_, _ = io.Copy(up, client)
		_ = up.Close()
	}()
	buf := make([]byte, 64<<10)
	for {
		n, err := up.Read(buf)
		if err != nil {
			return
		}
		for p.silent.Load() {
			time.Sleep(time.Millisecond)
		}
		if p.garbage.Load() {
			for i := range buf[:n] {
				buf[i] ^= byte(i*31 + 7)
			}
		}
		if _, err := client.Write(buf[:n]); err != nil {
			return
		}
	}
}

// say sends what nobody has asked for to all clients.
func (p *proxy) say(answer string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := 0; i < len(p.conns); i += 2 {
		_, _ = io.WriteString(p.conns[i], answer)
	}
}

// cut ends all connections.
func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.conns {
		_ = c.Close()
	}
	p.conns = nil
}

// value is what tests keep.
type value struct {
	Key string `json:"key"`
	N   int64  `json:"n"`
}

// truth is the database of a test.
type truth struct {
	n     atomic.Int64
	loads atomic.Int64
	delay time.Duration
}

func (tr *truth) load(_ context.Context, key string) (value, error) {
	tr.loads.Add(1)
	v := value{key, tr.n.Load()}
	if tr.delay > 0 {
		time.Sleep(tr.delay)
	}
	return v, nil
}

// process is a cache as one process of a fleet has it.
func process(store *redis.Store, tr *truth, cfg redis.LevelConfig[string, value], more ...func(*cache.Config[string, value])) *cache.Cache[string, value] {
	c := cache.Config[string, value]{TTL: time.Minute, Load: tr.load, Second: redis.Level(store, cfg)}
	for _, change := range more {
		change(&c)
	}
	return cache.New("things", c)
}

// soon waits until cond holds.
func soon(t *testing.T, cond func() bool, what ...any) {
	t.Helper()
	require.Eventually(t, cond, time.Minute, time.Millisecond, what...)
}

func get(t *testing.T, c *cache.Cache[string, value], key string) int64 {
	t.Helper()
	v, err := c.Load(t.Context(), key)
	require.NoError(t, err)
	require.Equal(t, key, v.Key, "never that of another key")
	return v.N
}
