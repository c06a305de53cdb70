package redis_test

import (
	"cmp"
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/cache"
	"github.com/fasterapi/fasterapi/cache/redis"
	"github.com/fasterapi/fasterapi/internal/test/redistest"
)

// server is a Redis behind a proxy that a test can disturb.
type server struct {
	*redistest.Server
	t *testing.T
}

func startServer(t *testing.T, args ...string) *server {
	t.Helper()
	return &server{redistest.Start(t, args...), t}
}

// open opens a store behind the proxy. It waits for answers as long as a busy machine may need, unless cfg says
// how long.
func (s *server) open(cfg redis.Config) *redis.Store {
	s.t.Helper()
	cfg.Timeout = cmp.Or(cfg.Timeout, 5*time.Second)
	cfg.Client.InitAddress = []string{s.Proxy.Address()}
	store := redis.Open(cfg)
	require.NoError(s.t, store.Mistake())
	s.t.Cleanup(func() { _ = store.Close() })
	return store
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
