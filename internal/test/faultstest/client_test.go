package faultstest

import (
	"context"
	"encoding/json/v2"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/client"
	"github.com/fasterapi/fasterapi/resilience"
)

// price is what the other service answers: a kilobyte, so that a part of it can be lost.
type price struct {
	Cents int    `json:"cents"`
	Terms string `json:"terms"`
}

var fair = price{12, strings.Repeat("as agreed. ", 90)}

// supplier is another service, and the way to it.
type supplier struct {
	*network
	up    *client.Upstream
	gets  atomic.Int64 // requests that have reached it
	posts atomic.Int64 // those without a key
}

// newSupplier starts one, called under a policy with three attempts, of which each may take long unless
// cfg says otherwise.
func newSupplier(t *testing.T, cfg resilience.Config) *supplier {
	s := &supplier{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodGet:
			s.gets.Add(1)
		case r.Header.Get("Idempotency-Key") == "":
			s.posts.Add(1)
		}
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/json")
		_ = json.MarshalWrite(w, fair)
	}))
	t.Cleanup(server.Close)
	s.network = networkTo(t, server.Listener.Addr().String())
	if cfg.AttemptTimeout == 0 {
		cfg.Timeout = 30 * time.Second
	}
	cfg.Retry = resilience.Retry{Attempts: 3, Backoff: async.Backoff{First: time.Millisecond, Last: time.Millisecond}}
	s.up = client.New("supplier", client.Config{BaseURL: "http://" + s.proxy.Listen, Policy: resilience.New("supplier", cfg)})
	require.NoError(t, s.up.Mistake())
	t.Cleanup(func() { _ = s.up.Close() })
	return s
}

// attempts calls and returns how many attempts that took, and its error.
func (s *supplier) attempts(call func(ctx context.Context) async.Future[price]) (int64, error) {
	s.t.Helper()
	before := s.up.Stats().Attempts
	ctx := patience(s.t)
	got, err := call(ctx).Await(ctx)
	if err == nil {
		require.Equal(s.t, fair, got, "all of the answer, or an error")
	}
	return s.up.Stats().Attempts - before, err
}

func (s *supplier) get(ctx context.Context) async.Future[price] {
	return s.up.Get[price](ctx, "/price")
}

func (s *supplier) order(ctx context.Context) async.Future[price] {
	return s.up.Post[price](ctx, "/orders", 7)
}

func (s *supplier) orderWithKey(ctx context.Context) async.Future[price] {
	return s.up.Post[price](ctx, "/orders", 7, client.IdempotencyKey("k-7"))
}

// well requires that calls succeed, once those connections are gone that were ruined before.
func (s *supplier) well() {
	s.t.Helper()
	require.Eventually(s.t, func() bool { _, err := s.attempts(s.get); return err == nil }, 20*time.Second, time.Millisecond)
	n, err := s.attempts(s.order)
	require.NoError(s.t, err)
	require.EqualValues(s.t, 1, n)
}

// TestClientSlow: delay, small pieces and a close that comes late harm no call.
func TestClientSlow(t *testing.T) {
	for kind, attributes := range map[string]string{
		"latency":    `{"latency":20,"jitter":10}`,
		"slicer":     `{"average_size":7,"size_variation":6,"delay":0}`,
		"slow_close": `{"delay":300}`,
		"bandwidth":  `{"rate":100}`,
	} {
		t.Run(kind, func(t *testing.T) {
			s := newSupplier(t, resilience.Config{})
			s.poison(kind, "downstream", attributes)
			s.poison(kind, "upstream", attributes)
			for _, call := range []func(context.Context) async.Future[price]{s.get, s.order, s.get} {
				n, err := s.attempts(call)
				require.NoError(t, err)
				require.EqualValues(t, 1, n)
			}
			require.Equal(t, []int64{2, 1}, []int64{s.gets.Load(), s.posts.Load()})
		})
	}
}

// lost are the ways to lose an answer whose request has arrived: nobody knows what became of it.
var lost = map[string]struct{ kind, attributes string }{
	"no answer in time":  {"latency", `{"latency":60000}`},
	"nothing comes":      {"timeout", `{"timeout":0}`},
	"closed":             {"timeout", `{"timeout":1}`},
	"reset":              {"reset_peer", `{"timeout":1}`},
	"no byte":            {"limit_data", `{"bytes":0}`},
	"a part of the head": {"limit_data", `{"bytes":20}`},
	"a part of the body": {"limit_data", `{"bytes":600}`},
}

// TestClientLosesAnswers: a call without its whole answer fails, and says of what kind; what may be
// repeated is, and what may not reaches the other side once. It is well when the network is.
func TestClientLosesAnswers(t *testing.T) {
	for name, way := range lost {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			hangs := way.kind == "latency" || way.attributes == `{"timeout":0}`
			cfg := resilience.Config{}
			if hangs {
				cfg.AttemptTimeout = 100 * time.Millisecond
			}
			s := newSupplier(t, cfg)
			s.poison(way.kind, "downstream", way.attributes)

			n, err := s.attempts(s.get)
			s.failed(err, hangs)
			require.EqualValues(t, 3, n, "a GET may be repeated")
			n, err = s.attempts(s.orderWithKey)
			s.failed(err, hangs)
			require.EqualValues(t, 3, n, "with a key an order may be, too")
			require.Eventually(t, func() bool { // on a busy machine the time may be over before there is a connection: then it may be made again
				before := s.posts.Load()
				n, err = s.attempts(s.order)
				s.failed(err, hangs)
				require.LessOrEqual(t, s.posts.Load()-before, int64(1), "no order is taken twice")
				return n == 1 && !resilience.SafeToRetry(err) // the order may have been taken
			}, 20*time.Second, time.Millisecond)
			require.Eventually(t, func() bool { return s.up.Stats().InFlight == 0 }, 10*time.Second, time.Millisecond)
			s.heal()
			if !hangs { // else the limit on an attempt is too short for a machine that is busy
				s.well()
			}
		})
	}
}

// failed requires the error of a call that had no whole answer.
func (s *supplier) failed(err error, hangs bool) {
	s.t.Helper()
	require.Error(s.t, err)
	status, ok := errors.AsType[interface {
		error
		HTTPStatus() int
	}](err)
	require.True(s.t, ok, "%v", err)
	if hangs {
		require.Equal(s.t, 504, status.HTTPStatus())
		require.ErrorIs(s.t, err, async.ErrTimeout)
		return
	}
	require.Equal(s.t, 502, status.HTTPStatus(), "%v", err)
	call, ok := errors.AsType[*client.CallError](err)
	require.True(s.t, ok, "%v", err)
	require.Equal(s.t, "supplier", call.Upstream)
	_, body := errors.AsType[*client.ContentError](err)
	require.False(s.t, body, "a cut answer is no bad one: %v", err)
}

// TestClientNobodyThere: where there was no connection an order may be made again.
func TestClientNobodyThere(t *testing.T) {
	s := newSupplier(t, resilience.Config{})
	s.proxy.Stop()
	n, err := s.attempts(s.order)
	require.ErrorIs(t, err, syscall.ECONNREFUSED)
	require.True(t, resilience.SafeToRetry(err))
	require.EqualValues(t, 3, n)
	require.Zero(t, s.posts.Load())
}

// TestClientBreaker: a network that loses answers opens the breaker, which then keeps calls off it, and lets
// them through when it has recovered.
func TestClientBreaker(t *testing.T) {
	for _, openFor := range []time.Duration{time.Hour, 20 * time.Millisecond} {
		breaker := resilience.NewBreaker("supplier", resilience.BreakerConfig{Failures: 3, OpenFor: openFor})
		s := newSupplier(t, resilience.Config{Breaker: breaker})
		s.well()
		s.poison("reset_peer", "downstream", `{"timeout":0}`)
		require.Eventually(t, func() bool { _, err := s.attempts(s.get); return errors.Is(err, resilience.ErrOpen) }, 20*time.Second, time.Millisecond)
		require.Positive(t, breaker.Stats().Opened)
		if openFor == time.Hour {
			n, err := s.attempts(s.get)
			require.ErrorIs(t, err, resilience.ErrOpen)
			require.Zero(t, n, "nothing is sent")
			continue
		}
		s.heal()
		s.well()
		require.Equal(t, resilience.Closed, breaker.State())
	}
}

// TestClientLeaves: a caller who leaves does not wait for a network that swallows everything.
func TestClientLeaves(t *testing.T) {
	s := newSupplier(t, resilience.Config{})
	s.poison("timeout", "upstream", `{"timeout":0}`)
	s.poison("timeout", "downstream", `{"timeout":0}`)
	ctx, cancel := context.WithCancel(patience(t))
	f := s.get(ctx)
	require.Eventually(t, func() bool { return s.up.Stats().InFlight == 1 }, 10*time.Second, time.Millisecond)
	cancel()
	_, err := f.Await(patience(t))
	require.ErrorIs(t, err, context.Canceled)
	require.Eventually(t, func() bool { return s.up.Stats().InFlight == 0 }, 10*time.Second, time.Millisecond)
}
