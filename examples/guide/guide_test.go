package guide

import (
	"bytes"
	"context"
	"encoding/json/v2"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/fasterapitest"
	"github.com/fasterapi/fasterapi/internal/test/pgtest"
	"github.com/fasterapi/fasterapi/logs"
)

// TestCores: as many reactors as are asked for, and REACTOR_CORES where nothing is.
func TestCores(t *testing.T) {
	quiet := fasterapi.Config{Addr: "127.0.0.1:0", Logger: slog.New(slog.DiscardHandler)}
	t.Setenv("REACTOR_CORES", "3")
	for want, build := range map[int]func(fasterapi.Config) *fasterapi.App{8: onEightCores, 3: onAllCores} {
		app := build(quiet)
		server, err := app.Start()
		require.NoError(t, err)
		require.Equal(t, want, app.Reactors().Len())
		require.NoError(t, server.Shutdown(t.Context()))
	}
	quiet.Cores = 1
	app := pinned(quiet)
	app.Get("/", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Text, error) { return "on its processor", nil }, fasterapi.OnReactor())
	server, err := app.Start()
	require.NoError(t, err)
	response, err := http.Get("http://" + server.Addr().String())
	require.NoError(t, err)
	require.Equal(t, "on its processor", read(t, response))
	require.NoError(t, server.Shutdown(t.Context()))
}

func read(t *testing.T, r *http.Response) string {
	t.Helper()
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	require.NoError(t, err)
	return string(text)
}

// lines is where the log goes, which the cores write to.
//
// Owner: mu.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write keeps the lines.
func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) with(message string) (found map[string]any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for line := range strings.Lines(l.text.String()) {
		var m map[string]any
		if json.Unmarshal([]byte(line), &m) == nil && m["msg"] == message {
			found = m
		}
	}
	return found
}

// TestPractices: the routes of the guide on Postgres, with the guide's pool.
func TestPractices(t *testing.T) {
	t.Setenv("ADMIN_ADDR", "127.0.0.1:0")
	pool, err := openPool(t.Context(), pgtest.Start(t, pgtest.Options{}).URL())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, pool.Close(context.Background())) })
	require.NoError(t, prepare(t.Context(), pool))
	out := &lines{}
	log, err := logs.New(logs.Config{Writer: out, Format: logs.JSON, Levels: &logs.Levels{}})
	require.NoError(t, err)

	app := fasterapi.New(fasterapi.Config{Title: "Guide", Version: "1.0.0", Cores: 2, Logger: log})
	observed(app, pool)
	app.Get("/user/{id}", user)
	app.Get("/alone/{id}", userAlone) // it is a route, though not one to have
	app.Get("/logged/{id}", userLogged)
	app.Get("/users", users)
	app.Get("/few", usersFew)
	app.Get("/turns", usersInTurn)
	c := fasterapitest.New(t, app)

	require.Equal(t, User{2, "Grace"}, c.Get("/user/2").Expect(200).JSON[User]())
	for _, path := range []string{"/users", "/few", "/turns"} {
		got := c.Get(path + "?id=3&id=1&id=2").Expect(200).JSON[[]User]()
		require.Equal(t, []User{{3, "Barbara"}, {1, "Ada"}, {2, "Grace"}}, got, path)
	}
	c.Get("/logged/1").Expect(200)
	line := out.with("get_user_response")
	require.Equal(t, true, line["found"])
	require.EqualValues(t, 1, line["user_id"])
	require.Contains(t, line, "core")
	require.Contains(t, line, "time")
	require.Contains(t, line["route"], "/logged/{id}")

	health := c.Get("/health").Expect(200).JSON[map[string]any]()
	for _, name := range []string{"status", "cpu_percent", "memory_bytes", "goroutines", "reactor_cores", "open_connections", "checks"} {
		require.Contains(t, health, name)
	}
	require.Eventually(t, func() bool { return pool.Stats().Open >= 2 }, 20*time.Second, time.Millisecond, "MinConns")
	require.LessOrEqual(t, pool.Stats().Open, 20, "MaxConns x cores")
}

// TestAppNeedsItsPool: an app that lacks what its handlers ask for does not start.
func TestAppNeedsItsPool(t *testing.T) {
	app := fasterapi.New(fasterapi.Config{Addr: "127.0.0.1:0", Logger: slog.New(slog.DiscardHandler)})
	app.Get("/user/{id}", user)
	_, err := app.Start()
	require.ErrorContains(t, err, "db.Pool")
}
