package redisstore_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/rueidis"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/client/redisclient"
	"github.com/fasterapi/fasterapi/fasterapitest"
	"github.com/fasterapi/fasterapi/idempotency"
	"github.com/fasterapi/fasterapi/idempotency/redisstore"
	"github.com/fasterapi/fasterapi/internal/test/leaks"
	"github.com/fasterapi/fasterapi/internal/test/redistest"
)

// TestRedisFaults: with a Redis that is killed and started again, full, slow, silent, cut off, or answers nonsense, requests are answered in time, and
// what they are told is true: one that is refused has not run, and comes with when to try again; one that is answered has run once, for its own key. When
// Redis is well keys are kept again, and nothing is left behind.
func TestRedisFaults(t *testing.T) {
	current := goleak.IgnoreCurrent()
	t.Cleanup(func() { leaks.None(t, current) })
	server := redistest.Start(t)
	client, err := redisclient.Open(server.URL())
	require.NoError(t, err)
	t.Cleanup(client.Close)
	store := redisstore.New(client, redisstore.Config{Timeout: redistest.Slow / 3})
	closed := idempotency.New(store, idempotency.Config{Name: "closed"})
	open := idempotency.New(store, idempotency.Config{Name: "open", FailOpen: true})
	var paid, keys atomic.Int64
	pay := func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.Text, error) {
		paid.Add(1)
		return fasterapi.Text("paid for " + c.Header(idempotency.Header)), nil
	}
	app := fasterapi.New(fasterapi.Config{Addr: "127.0.0.1:0", Cores: 1, Logger: slog.New(slog.DiscardHandler)})
	app.Post("/closed", pay, closed.Route())
	app.Post("/open", pay, open.Route())
	c := fasterapitest.New(t, app)
	// send pays with a key, and tells whether that ran.
	send := func(path, key string) (r *fasterapitest.Response, ran bool) {
		before := paid.Load()
		r = c.With(idempotency.Header, key).Post(path, nil)
		if r.Status == http.StatusOK {
			require.Equal(t, "paid for "+key, r.Text(), "the answer to another key")
		}
		require.LessOrEqual(t, paid.Load(), before+1)
		return r, paid.Load() > before
	}
	newKey := func() string { return strconv.FormatInt(keys.Add(1), 10) }
	well := func() bool {
		key := newKey()
		if first, _ := send("/closed", key); first.Status != http.StatusOK {
			return false
		}
		second, ran := send("/closed", key)
		return second.Status == http.StatusOK && !ran
	}
	server.Suffer(t, well, func(t *testing.T, f redistest.Fault) {
		for range 2 {
			r, ran := send("/closed", newKey())
			require.Equal(t, r.Status == http.StatusOK, ran, "%d", r.Status)
			if r.Status != http.StatusOK {
				require.Equal(t, http.StatusServiceUnavailable, r.Status)
				require.NotEmpty(t, r.Header.Get("Retry-After"))
			}
			require.False(t, ran && (f.Lasts || f.Full), "the key could not be taken")
			r, ran = send("/open", newKey())
			require.Equal(t, http.StatusOK, r.Status)
			require.True(t, ran)
		}
	})
}

// TestAstray: an answer of the right form that is that to another call gives nobody a key, and nobody an answer.
func TestAstray(t *testing.T) {
	server := redistest.Start(t)
	client, err := redisclient.New(rueidis.ClientOption{
		InitAddress: []string{server.Proxy.Address()}, ForceSingleClient: true, PipelineMultiplex: -1, DisableCache: true, DisableRetry: true,
	})
	require.NoError(t, err)
	defer client.Close()
	store := redisstore.New(client, redisstore.Config{Timeout: 20 * time.Second})
	claim := func(key string) idempotency.Claim {
		return idempotency.Claim{Key: key, Print: "print", Token: "token of " + key, Lease: time.Minute, Keep: time.Hour}
	}
	_, err = store.Claim(t.Context(), claim("known")).Await(t.Context())
	require.NoError(t, err)
	keys := 0
	for name, ask := range map[string]func() error{
		"claim": func() error {
			keys++
			_, err := store.Claim(t.Context(), claim(fmt.Sprint("k", keys))).Await(t.Context())
			return err
		},
		"renew": func() error { _, err := store.Renew(t.Context(), claim("known")).Await(t.Context()); return err },
	} {
		for _, says := range []string{
			"*2\r\n$5\r\nother\r\n$7\r\nclaimed\r\n", "*3\r\n$5\r\nother\r\n$5\r\nprint\r\n$6\r\nanswer\r\n", "*3\r\n$5\r\nrenew\r\n$5\r\nother\r\n$1\r\n1\r\n",
			"*1\r\n$7\r\nclaimed\r\n", ":1\r\n", "+OK\r\n",
		} {
			require.Eventually(t, func() bool { return ask() == nil }, time.Minute, time.Millisecond)
			require.Error(t, server.Astray(says, ask), "%s, %q", name, says)
		}
	}
}
