package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
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
	supplier := newSupplier(url)
	patient := supplier.policy.Config() // a busy machine is no slow supplier, which would be asked once more beside
	patient.Hedge = resilience.Hedge{}
	patient.Timeout, patient.AttemptTimeout = 10*time.Second, 10*time.Second // a breaker stays open for longer
	supplier.policy = resilience.New("supplier", patient)
	c := fasterapitest.New(t, newApp(fasterapi.Config{Cores: 1, Logger: fasterapitest.Logger(t)}, pool, supplier))

	failures.Store(2)
	require.JSONEq(t, `{"cents":123,"source":"supplier"}`, c.Get("/products/1/quote").Text(), "the third attempt")
	require.EqualValues(t, 3, asked.Load())
	require.Equal(t, 404, c.Get("/products/99/quote").Status)

	failures.Store(1000) // down: our own price, and soon without asking
	for range 5 {
		require.JSONEq(t, `{"cents":450,"source":"list"}`, c.Get("/products/1/quote").Text())
	}
	require.Equal(t, resilience.Open, supplier.policy.Config().Breaker.State())
	before := asked.Load()
	require.JSONEq(t, `{"cents":450,"source":"list"}`, c.Get("/products/1/quote").Text())
	require.Equal(t, before, asked.Load())
	require.Contains(t, c.Get("/metrics").Text(), `"breaker":"open"`)
}
