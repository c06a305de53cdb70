package browsertest

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/admin"
	"github.com/fasterapi/fasterapi/cache/redis"
	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/pg"
	"github.com/fasterapi/fasterapi/health"
	"github.com/fasterapi/fasterapi/internal/test/needs"
	"github.com/fasterapi/fasterapi/internal/test/pgtest"
	"github.com/fasterapi/fasterapi/resilience"
)

// redisServer is a Redis at a socket.
type redisServer struct {
	t      *testing.T
	socket string
	cmd    *exec.Cmd
}

func (r *redisServer) start() {
	r.t.Helper()
	program := needs.Program(r.t, "redis-server", "valkey-server")
	r.cmd = exec.Command(program, "--port", "0", "--unixsocket", r.socket, "--save", "", "--appendonly", "no", "--dir", filepath.Dir(r.socket))
	require.NoError(r.t, r.cmd.Start())
	require.Eventually(r.t, func() bool {
		conn, err := net.Dial("unix", r.socket)
		return err == nil && conn.Close() == nil
	}, 10*time.Second, 5*time.Millisecond)
}

func (r *redisServer) kill() {
	_ = r.cmd.Process.Kill()
	_ = r.cmd.Wait()
}

// killPostgres kills the server of a cluster, as kill -9 does.
func killPostgres(t *testing.T, c *pgtest.Cluster) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(c.SocketDir(), "data", "postmaster.pid"))
	require.NoError(t, err)
	first, _, _ := strings.Cut(string(text), "\n")
	pid, err := strconv.Atoi(first)
	require.NoError(t, err)
	require.NoError(t, syscall.Kill(pid, syscall.SIGKILL))
}

// TestDashboardWithoutItsDatabases: Postgres and Redis are killed while somebody looks. The page goes on, says what
// is down and why, and when it is there again; so do the requests of the app.
func TestDashboardWithoutItsDatabases(t *testing.T) {
	cluster := pgtest.Start(t, pgtest.Options{})
	server := &redisServer{t: t, socket: filepath.Join(t.TempDir(), "redis.sock")}
	server.start()
	t.Cleanup(func() { server.kill() })
	pool, err := pg.Open(t.Context(), pg.Config{URL: cluster.URL(), ConnectTimeout: time.Second, AcquireTimeout: time.Second})
	require.NoError(t, err)
	store := redis.Open(redis.Config{URL: "unix://" + server.socket, Timeout: time.Second})
	t.Cleanup(func() { _ = store.Close() })

	app := fasterapi.New(fasterapi.Config{Addr: "127.0.0.1:0", Cores: 2, Title: "Bookshop", Logger: slog.New(slog.DiscardHandler), DrainDelay: -1})
	app.Provide(resilience.NewRegistry(store.Breaker()))
	check := pool.HealthCheck()
	check.Name, check.MaxAge = "postgres", 100*time.Millisecond
	app.HealthCheck(check)
	app.HealthCheck(health.Check{Name: "redis", MaxAge: 100 * time.Millisecond, Run: store.Ping})
	app.Get("/stock", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.Text, error) {
		n, err := pool.One[int](c, "SELECT 7").Await(c)
		return fasterapi.Text(strconv.Itoa(n)), err
	})
	panel := admin.Attach(app, admin.Config{Addr: "127.0.0.1:0", Flight: admin.FlightConfig{Off: true}, Pools: map[string]*db.Pool{"main": pool}})
	started, err := app.Start()
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		require.NoError(t, started.Shutdown(ctx))
		_ = pool.Close(ctx)
	})
	client := &http.Client{Timeout: 30 * time.Second}
	ask := func() int {
		response, err := client.Get("http://" + started.Addr().String() + "/stock")
		require.NoError(t, err)
		response.Body.Close()
		return response.StatusCode
	}
	require.Equal(t, 200, ask())

	b := open(t)
	b.do(t, chromedp.Navigate("http://"+panel.Addr().String()+"/dashboard/#resources"))
	b.waitForText(t, "#panel-resources", "redis")
	b.waitFor(t, "[...document.querySelectorAll('#panel-resources .lines .badge')].every((e) => e.innerText === 'ok')")
	killPostgres(t, cluster)
	server.kill()
	b.waitForText(t, "#notices", "Not working: ")
	b.waitForText(t, "#notices", "postgres (critical)")
	b.waitForText(t, "#notices", "redis")
	require.GreaterOrEqual(t, ask(), 500, "a request that needs the database is answered")
	b.waitForText(t, "#link", "Live")
	b.waitForText(t, "#panel-resources", "Connections lost")
	b.shoot(t, "databases", 1000)

	server.start()
	require.Eventually(t, func() bool { return cluster.Up() == nil }, 30*time.Second, 50*time.Millisecond)
	b.waitFor(t, "!document.querySelector('#notices .bad')")
	b.waitForText(t, "#link", "Live")
	require.Eventually(t, func() bool { return ask() == 200 }, 30*time.Second, 50*time.Millisecond, "each core connects by itself")
}
