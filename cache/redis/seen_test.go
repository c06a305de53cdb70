package redis_test

import (
	"context"
	"encoding/json/v2"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/admin"
	"github.com/fasterapi/fasterapi/cache/redis"
	"github.com/fasterapi/fasterapi/internal/test/needs"
	"github.com/fasterapi/fasterapi/observe/metrics"
	"github.com/fasterapi/fasterapi/resilience"
)

// seen is what operators see of a store: in metrics, and on the second address.
type seen struct {
	t       *testing.T
	metrics *metrics.Metrics
	panel   *admin.Listener
}

// watched is an app that uses the store.
func watched(t *testing.T, store *redis.Store) *seen {
	t.Helper()
	app := fasterapi.New(fasterapi.Config{Addr: "127.0.0.1:0", Cores: 1, Logger: slog.New(slog.DiscardHandler)})
	s := &seen{t: t, metrics: metrics.New(app), panel: admin.Attach(app, admin.Config{Addr: "127.0.0.1:0", Flight: admin.FlightConfig{Off: true}})}
	s.metrics.Store(store)
	app.Provide(store)
	server, err := app.Start()
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		require.NoError(t, server.Shutdown(ctx))
	})
	return s
}

var seriesOfStores = regexp.MustCompile(`(?m)^fasterapi_cache_store_(\w+)\{store="shared"\} (\S+)$`)

// numbers scrapes the metrics of the store, which Prometheus's own tool must find nothing wrong with.
func (s *seen) numbers() map[string]float64 {
	s.t.Helper()
	w := httptest.NewRecorder()
	s.metrics.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	tool := exec.Command(needs.Program(s.t, "promtool"), "check", "metrics")
	tool.Stdin = strings.NewReader(w.Body.String())
	out, err := tool.CombinedOutput()
	require.NoError(s.t, err, "%s", out)
	all := map[string]float64{}
	for _, m := range seriesOfStores.FindAllStringSubmatch(w.Body.String(), -1) {
		all[m[1]], err = strconv.ParseFloat(m[2], 64)
		require.NoError(s.t, err)
	}
	require.Len(s.t, all, 16)
	return all
}

// page is what the second address shows of a store.
type page struct {
	Name                          string
	Listening                     bool
	Undelivered                   int
	Calls, Failures, Hits, Misses int64
	Bypassed                      int64
	Breaker                       struct {
		State           string
		Opened, Refused int64
	}
}

func (s *seen) page() page {
	s.t.Helper()
	r, err := http.Get("http://" + s.panel.Addr().String() + "/parts")
	require.NoError(s.t, err)
	defer r.Body.Close()
	var parts struct {
		Stores []page `json:"stores"`
	}
	require.NoError(s.t, json.UnmarshalRead(r.Body, &parts))
	require.Len(s.t, parts.Stores, 1)
	return parts.Stores[0]
}

// TestSeen: the metrics and the second address show a store, also while its Redis is dead, and that it is well again.
func TestSeen(t *testing.T) {
	srv, tr := startServer(t), &truth{}
	breaker := resilience.NewBreaker("shared", resilience.BreakerConfig{OpenFor: 20 * time.Millisecond})
	store := srv.open(redis.Config{Name: "shared", Breaker: breaker, UnheardTTL: time.Millisecond})
	s := watched(t, store)
	require.Zero(t, s.numbers()["listening"], "it was not used yet")
	a := process(store, tr, level{})
	require.Zero(t, get(t, a, "x"))
	soon(t, func() bool { return store.Stats().Stored == 1 })
	others := srv.open(redis.Config{})
	require.Zero(t, get(t, process(others, tr, level{}), "y"))
	soon(t, func() bool { return others.Stats().Stored == 1 && store.Stats().Changes > 0 })
	require.Zero(t, get(t, a, "y"))

	up := s.numbers()
	for name, want := range map[string]float64{"hits_total": 1, "misses_total": 1, "stored_total": 1, "listening": 1, "open": 0, "opened_total": 0, "failures_total": 0, "bypassed_total": 0, "undelivered": 0} {
		require.Equal(t, want, up[name], name)
	}
	require.Positive(t, up["calls_total"])
	require.Positive(t, up["changes_total"])
	well := s.page()
	require.Equal(t, "shared", well.Name)
	require.True(t, well.Listening)
	require.Equal(t, "closed", well.Breaker.State)
	require.EqualValues(t, 1, well.Hits)

	srv.Kill()
	_, err := a.Invalidate(t.Context(), "x").Await(t.Context())
	require.Error(t, err, "others were not told")
	require.Zero(t, get(t, a, "x"))
	soon(t, func() bool { _ = store.Ping(t.Context()); return store.Stats().Breaker.Refused > 0 })
	breaker.Isolate() // for it to stay as it is while it is looked at
	down, bad := s.numbers(), s.page()
	require.Equal(t, []float64{1, 0, 1}, []float64{down["open"], down["listening"], down["undelivered"]})
	for _, name := range []string{"failures_total", "spared_total", "opened_total", "bypassed_total", "cleared_total"} {
		require.Greater(t, down[name], up[name], name)
	}
	require.Equal(t, up["calls_total"], down["calls_total"], "nobody has answered")
	require.Equal(t, "isolated", bad.Breaker.State)
	require.Positive(t, bad.Breaker.Opened)
	require.Positive(t, bad.Failures)
	require.Equal(t, 1, bad.Undelivered)
	require.False(t, bad.Listening)

	srv.Start()
	breaker.Reset()
	n := 0
	soon(t, func() bool {
		n++
		get(t, a, fmt.Sprint("n", n))
		return store.Stats().Stored > 1 && store.Stats().Listening
	})
	again := s.numbers()
	require.Equal(t, []float64{0, 1, 0}, []float64{again["open"], again["listening"], again["undelivered"]})
	require.Greater(t, again["calls_total"], down["calls_total"])
	require.True(t, s.page().Listening)
}
