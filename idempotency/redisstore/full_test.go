package redisstore_test

import (
	"log/slog"
	"net/http"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/fasterapitest"
	"github.com/fasterapi/fasterapi/idempotency"
	"github.com/fasterapi/fasterapi/idempotency/redisstore"
)

// TestFull: a Redis without room takes no new keys: requests with one are refused, or run unchecked, as Config.FailOpen says, and what was stored is
// sent again. When there was room for the key but not for the answer, the client has its answer, and a repetition does not run beside the first.
func TestFull(t *testing.T) {
	client, _ := startRedis(t)
	room := func(bytes string) {
		require.NoError(t, client.Do(t.Context(), client.B().ConfigSet().ParameterValue().ParameterValue("maxmemory", bytes).Build()).Error())
	}
	store := redisstore.New(client, redisstore.Config{Timeout: 20 * time.Second})
	closed := idempotency.New(store, idempotency.Config{Name: "closed"})
	open := idempotency.New(store, idempotency.Config{Name: "open", FailOpen: true})
	var paid atomic.Int64
	pay := func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Text, error) {
		return fasterapi.Text(strconv.FormatInt(paid.Add(1), 10)), nil
	}
	app := fasterapi.New(fasterapi.Config{Addr: "127.0.0.1:0", Cores: 1, Logger: slog.New(slog.DiscardHandler)})
	app.Post("/closed", pay, closed.Route())
	app.Post("/open", pay, open.Route())
	app.Post("/fills", func(c *fasterapi.Ctx, in fasterapi.None) (fasterapi.Text, error) {
		room("1")
		return pay(c, in)
	}, closed.Route())
	c := fasterapitest.New(t, app)
	with := func(key string) *fasterapitest.Client { return c.With(idempotency.Header, key) }

	require.Equal(t, "1", with("early").Post("/closed", nil).Expect(200).Text())
	room("1")
	require.Equal(t, "1", with("early").Post("/closed", nil).Expect(200).Text(), "it was stored")
	refused := with("new").Post("/closed", nil).Expect(http.StatusServiceUnavailable)
	require.NotEmpty(t, refused.Header.Get("Retry-After"))
	require.Equal(t, "2", with("new").Post("/open", nil).Expect(200).Text())
	require.EqualValues(t, 1, open.Stats().Unchecked)
	require.EqualValues(t, 1, closed.Stats().StoreFailures)

	room("0")
	require.Equal(t, "3", with("new").Post("/closed", nil).Expect(200).Text(), "a refused request has left nothing")
	require.Equal(t, "4", with("filled").Post("/fills", nil).Expect(200).Text())
	require.Eventually(t, func() bool { return closed.Stats().Unstored == 1 }, 20*time.Second, time.Millisecond)
	room("0")
	with("filled").Post("/fills", nil).Expect(http.StatusConflict) // for its lease: the first may still run, as far as Redis knows
	require.EqualValues(t, 4, paid.Load())
}
