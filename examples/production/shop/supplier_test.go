package shop

import (
	"context"
	"encoding/json/v2"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/fasterapitest"
	"github.com/fasterapi/fasterapi/resilience"
)

// flaky is a supplier that fails as often as a test says, and then answers.
func flaky(t *testing.T) (url string, failures, asked *atomic.Int64) {
	failures, asked = new(atomic.Int64), new(atomic.Int64)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		if r.Header.Get(resilience.DeadlineHeader) == "" || failures.Add(-1) >= 0 {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"cents":123}`)
	}))
	t.Cleanup(server.Close)
	return server.URL, failures, asked
}

func TestFlakySupplier(t *testing.T) {
	url, failures, asked := flaky(t)
	pool, err := openStore(filepath.Join(t.TempDir(), "test.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, pool.Close(context.Background())) })
	patient := newSupplier(url).calls.Config() // a busy machine is no slow supplier, which would be asked once more beside
	patient.Hedge = resilience.Hedge{}
	patient.Timeout, patient.AttemptTimeout = 10*time.Second, 10*time.Second // a breaker stays open for longer
	supplier := supplierUnder(url, patient)
	c := fasterapitest.New(t, newApp(fasterapi.Config{Cores: 1, Logger: fasterapitest.Logger(t)}, pool, supplier))

	failures.Store(2)
	require.JSONEq(t, `{"cents":123,"source":"supplier"}`, c.Get("/products/1/quote").Text(), "the third attempt")
	require.EqualValues(t, 3, asked.Load())
	require.Equal(t, 404, c.Get("/products/99/quote").Status)

	failures.Store(1000) // down: our own price, and soon without asking
	for range 5 {
		require.JSONEq(t, `{"cents":450,"source":"list"}`, c.Get("/products/1/quote").Text())
	}
	require.Equal(t, resilience.Open, supplier.calls.Config().Breaker.State())
	before := asked.Load()
	require.JSONEq(t, `{"cents":450,"source":"list"}`, c.Get("/products/1/quote").Text())
	require.Equal(t, before, asked.Load())
	var m Metrics
	require.NoError(t, json.Unmarshal(c.Get("/metrics").Body, &m))
	require.Equal(t, "open", m.Supplier.Breaker)
	require.EqualValues(t, 6, m.Supplier.Fallbacks)
	require.EqualValues(t, 7, m.Supplier.Calls)
}

// TestUselessSupplier: what is no quote is answered with our own price, and is neither read without end nor asked for again.
func TestUselessSupplier(t *testing.T) {
	var body, kind atomic.Pointer[string]
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", *kind.Load())
		fmt.Fprint(w, *body.Load())
	}))
	t.Cleanup(server.Close)
	pool, err := openStore(filepath.Join(t.TempDir(), "test.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, pool.Close(context.Background())) })
	supplier := supplierUnder(server.URL, resilience.Config{Timeout: 20 * time.Second, Breaker: resilience.NewBreaker("supplier", resilience.BreakerConfig{})})
	c := fasterapitest.New(t, newApp(fasterapi.Config{Cores: 1, Logger: fasterapitest.Logger(t)}, pool, supplier))
	for i, answer := range []struct{ kind, body string }{
		{"application/json", `{"cents":"` + strings.Repeat("9", longestQuote) + `"}`},
		{"application/json", `{"cents":"many"}`},
		{"text/html", `<p>We are moving`},
	} {
		kind.Store(&answer.kind)
		body.Store(&answer.body)
		require.JSONEq(t, `{"cents":450,"source":"list"}`, c.Get("/products/1/quote").Text(), answer.kind)
		require.EqualValues(t, i+1, supplier.upstream.Stats().Attempts)
	}
}

// TestSupplierAddress: an address that is none is told at the start.
func TestSupplierAddress(t *testing.T) {
	pool, err := openStore(filepath.Join(t.TempDir(), "test.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, pool.Close(context.Background())) })
	_, err = newApp(fasterapi.Config{Addr: "127.0.0.1:0", Logger: fasterapitest.Logger(t)}, pool, newSupplier("supplier.example")).Start()
	require.ErrorContains(t, err, `upstream "supplier": BaseURL must begin with "http://"`)
}
