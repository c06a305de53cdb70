package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/admin"
	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/fasterapitest"
)

const patience = 20 * time.Second

// clinic is the service under test, its log, and its second address.
//
// Owner: the test. text: mu.
type clinic struct {
	*fasterapitest.Client
	t     *testing.T
	pool  *db.Pool
	panel *admin.Listener
	mu    sync.Mutex
	text  bytes.Buffer
}

func (c *clinic) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.text.Write(p)
}

func (c *clinic) log() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.text.String()
}

// logs waits for a text in the log, which is written beside the answers and the pages.
func (c *clinic) logs(text string, within time.Duration) bool {
	for end := time.Now().Add(within); !strings.Contains(c.log(), text); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			return false
		}
	}
	return true
}

// ask is a page of the second address.
func (c *clinic) ask(path string) string {
	request, err := http.NewRequestWithContext(c.t.Context(), http.MethodGet, "http://"+c.panel.Addr().String()+path, http.NoBody)
	require.NoError(c.t, err)
	response, err := http.DefaultClient.Do(request)
	require.NoError(c.t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	require.NoError(c.t, err)
	require.Equal(c.t, http.StatusOK, response.StatusCode, string(text))
	return string(text)
}

// until waits for a page to show all of what is wanted.
func (c *clinic) until(path string, wanted ...string) {
	c.t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		text := c.ask(path)
		missing := slices.DeleteFunc(slices.Clone(wanted), func(one string) bool { return strings.Contains(text, one) })
		if len(missing) == 0 {
			return
		}
		if time.Now().After(end) {
			c.t.Fatalf("%s does not show %q:\n%.2000s", path, missing, text)
		}
	}
}

// TestTroubleshooting finds each illness as docs/troubleshooting.md does.
func TestTroubleshooting(t *testing.T) {
	t.Setenv("ADMIN_ADDR", "127.0.0.1:0")
	pool, err := open(filepath.Join(t.TempDir(), "shop.db"))
	require.NoError(t, err)
	c := &clinic{t: t, pool: pool}
	build := func(cfg fasterapi.Config) *fasterapi.App {
		cfg.Logger = slog.New(slog.NewTextHandler(c, nil))
		app, panel := newApp(cfg, pool)
		c.panel = panel
		return app
	}
	fasterapitest.Run(t, build, func(t *testing.T, client *fasterapitest.Client) {
		c.Client = client
		t.Run("Blocked", c.in((*clinic).blocked))
		t.Run("Rows", c.in((*clinic).rows))
		t.Run("Statement", c.in((*clinic).statement))
		t.Run("Kept", c.in((*clinic).kept))
		t.Run("Cache", c.in((*clinic).cache))
		t.Run("Forgotten", c.in((*clinic).forgotten))
		t.Run("Pool", c.in((*clinic).exhausted))
	}, fasterapitest.OneReactor())
}

// in runs a test of its own.
func (c *clinic) in(test func(*clinic)) func(*testing.T) {
	return func(t *testing.T) {
		before, client := c.t, c.Client
		defer func() { c.t, c.Client = before, client }()
		c.t, c.Client = t, client.In(t)
		test(c)
	}
}

// blocked: what holds a core is named with file and line.
func (c *clinic) blocked() {
	// On a busy machine the watchdog may come late, and of the stalls of a second only one is logged; after three the
	// route runs on goroutines.
	for range 3 {
		c.Get("/latency/blocked").Expect(200)
		if c.logs("latency.go:", 2*time.Second) && strings.Contains(c.ask("/stalls"), "latency.go:") {
			break
		}
	}
	require.Contains(c.t, c.log(), "latency.go:")
	c.until("/stalls", "GET /latency/blocked", "latency.go:", "OnReactor")
	c.until("/requests/slow", "/latency/blocked")
}

// rows: the statement that is repeated is named with file and line, and its cure runs one.
func (c *clinic) rows() {
	c.Get("/latency/rows").Expect(200)
	c.until("/requests", `"SQL":"SELECT name FROM users WHERE id = $1","Count":50`, "latency.go:")
	require.True(c.t, c.logs("again and again", patience))
	c.Get("/latency/rows/together").Expect(200)
	c.until("/requests", `"Queries":51`, `"Queries":1,`)
}

// statement: a slow statement is the slowest of its request.
func (c *clinic) statement() {
	c.Get("/latency/statement").Expect(200)
	c.until("/requests", `"Slowest":"WITH RECURSIVE`)
}

// kept: the profile of the heap names the line that keeps memory.
func (c *clinic) kept() {
	for range 32 {
		c.Get("/memory/kept").Expect(200)
	}
	runtime.GC() // the profile is as old as the latest collection
	c.until("/debug/pprof/heap?debug=1", "(*history).keep")
}

// cache: the page of parts shows a cache that grows with what clients send.
func (c *clinic) cache() {
	for i := range 20 {
		c.Get(fmt.Sprintf("/memory/cache/news?q=%d", i)).Expect(200)
	}
	c.until("/parts", `"Name":"pages"`, `"Size":20`)
}

// forgotten: the profile of goroutines names the line at which they wait.
func (c *clinic) forgotten() {
	for range 5 {
		c.Get("/memory/forgotten").Expect(200)
	}
	c.until("/debug/pprof/goroutine?debug=1", "forgotten.func1")
}

// exhausted: while an export holds the connection nobody else gets one.
func (c *clinic) exhausted() {
	ctx, cancel := context.WithCancel(c.t.Context())
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.URL("/pool/export"), http.NoBody)
	require.NoError(c.t, err)
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		if response, err := c.HTTP().Do(request); err == nil {
			_ = response.Body.Close()
		}
	}()
	require.Eventually(c.t, func() bool { return c.pool.Stats().Busy > 0 }, patience, time.Millisecond)
	answer := c.Get("/pool/orders").Expect(503)
	require.NotEmpty(c.t, answer.Header.Get("Retry-After"))
	c.until("/parts", `"exhausted":1`)
	c.until("/requests/live", "/pool/export")
	c.until("/requests/failed", "/pool/orders", "pool exhausted")
	cancel()
	<-gone
	require.Eventually(c.t, func() bool { return c.pool.Stats().Busy == 0 }, patience, time.Millisecond)
	c.Get("/pool/orders").Expect(200)
}
