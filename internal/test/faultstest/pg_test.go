package faultstest

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/pg"
	"github.com/fasterapi/fasterapi/internal/test/pgtest"
	"github.com/stretchr/testify/require"
)

// clusters are started once for all tests.
var clusters pgtest.Shared

func TestMain(m *testing.M) { os.Exit(clusters.Run(m)) }

// onBoth runs a test against a plaintext server and one with TLS and SCRAM.
func onBoth(t *testing.T, body func(t *testing.T, c *pgtest.Cluster)) {
	for name, c := range clusters.Both(t) {
		t.Run(name, func(t *testing.T) { body(t, c) })
	}
}

// poolNetwork is the way to a Postgres server.
type poolNetwork struct {
	*network
	url string
}

func newNetwork(t *testing.T, c *pgtest.Cluster) *poolNetwork {
	t.Helper()
	n := networkTo(t, fmt.Sprintf("127.0.0.1:%d", c.Port()))
	_, port, _ := strings.Cut(n.proxy.Listen, ":")
	return &poolNetwork{n, strings.Replace(c.URL(), fmt.Sprintf(":%d/", c.Port()), ":"+port+"/", 1)}
}

func (n *poolNetwork) open(cfg pg.Config) *db.Pool {
	n.t.Helper()
	cfg.URL = n.url
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	var p *db.Pool
	require.Eventually(n.t, func() (ok bool) { // a busy machine may need longer than ConnectTimeout
		var err error
		p, err = pg.Open(patience(n.t), cfg)
		return err == nil
	}, 20*time.Second, time.Millisecond)
	n.t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		_ = p.Close(ctx)
	})
	return p
}

func patience(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// well waits until the pool answers.
func well(t *testing.T, p *db.Pool) {
	t.Helper()
	require.Eventually(t, func() bool {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		n, err := p.One[int](ctx, "SELECT 5").Await(ctx)
		return err == nil && n == 5
	}, 25*time.Second, 5*time.Millisecond)
}

const hundred = "SELECT i, repeat('x', 100) AS text FROM generate_series(1, 100) AS s(i)"

type line struct {
	I    int
	Text string
}

func rightLines(t *testing.T, rows []line) {
	t.Helper()
	require.Len(t, rows, 100)
	for i, r := range rows {
		require.Equal(t, i+1, r.I)
		require.Len(t, r.Text, 100)
	}
}

// TestLatency: 64 queries at once on one connection cost one round trip of a
// slow network, and a few for what comes before, not 64.
func TestLatency(t *testing.T) {
	onBoth(t, func(t *testing.T, c *pgtest.Cluster) {
		n := newNetwork(t, c)
		p := n.open(pg.Config{MaxConns: 1, SlowAfter: 10 * time.Second})
		ctx := patience(t)
		_, err := p.One[int](ctx, "SELECT $1::int", 0).Await(ctx)
		require.NoError(t, err)
		n.poison("latency", "downstream", `{"latency":100}`)
		begin := time.Now()
		var fs []async.Future[int]
		for i := range 64 {
			fs = append(fs, p.One[int](ctx, "SELECT $1::int", i))
		}
		all, err := async.WhenAll(fs...).Await(ctx)
		took := time.Since(begin)
		require.NoError(t, err)
		for i, v := range all {
			require.Equal(t, i, v)
		}
		require.GreaterOrEqual(t, took, 100*time.Millisecond, "the network is not slow")
		require.Less(t, took, 5*time.Second, "one after the other would be 6.4 s")
	})
}

// TestSliced: what comes in pieces of a few bytes is put together again, both
// ways, plain and encrypted.
func TestSliced(t *testing.T) {
	onBoth(t, func(t *testing.T, c *pgtest.Cluster) {
		n := newNetwork(t, c)
		n.poison("slicer", "downstream", `{"average_size":7,"size_variation":6,"delay":0}`)
		n.poison("slicer", "upstream", `{"average_size":3,"size_variation":2,"delay":0}`)
		p := n.open(pg.Config{MaxConns: 2})
		ctx := patience(t)
		for range 3 {
			rows, err := p.Query[line](ctx, hundred).Await(ctx)
			require.NoError(t, err)
			rightLines(t, rows)
		}
		big := strings.Repeat("0123456789", 2000)
		got, err := p.One[string](ctx, "SELECT $1::text", big).Await(ctx)
		require.NoError(t, err)
		require.Equal(t, big, got)
	})
}

// TestCutInsideAnswer ends the connection after every number of bytes of an
// answer: the call fails, nothing wrong comes out, and the next one succeeds.
func TestCutInsideAnswer(t *testing.T) {
	onBoth(t, func(t *testing.T, c *pgtest.Cluster) {
		for bytes := 1; bytes < 14000; bytes = bytes*3 + 4 {
			n := newNetwork(t, c)
			p := n.open(pg.Config{MaxConns: 1})
			ctx := patience(t)
			rows, err := p.Query[line](ctx, hundred).Await(ctx)
			require.NoError(t, err)
			rightLines(t, rows)
			n.poison("limit_data", "downstream", fmt.Sprintf(`{"bytes":%d}`, bytes))
			_, err = p.Query[line](ctx, hundred).Await(ctx)
			require.Error(t, err, "cut after %d bytes", bytes)
			require.Equal(t, db.Unavailable, db.KindOf(err), "%v", err)
			n.heal()
			well(t, p)
		}
	})
}

// TestResetInsideAnswer is the same with RST, while the server is at work.
func TestResetInsideAnswer(t *testing.T) {
	const sorted = "SELECT 1 FROM generate_series(1, $1::int) AS s(i) ORDER BY i DESC LIMIT 1"
	onBoth(t, func(t *testing.T, c *pgtest.Cluster) {
		n := newNetwork(t, c)
		p := n.open(pg.Config{MaxConns: 1, AcquireTimeout: 2 * time.Second})
		for range 5 {
			well(t, p)
			ctx := patience(t)
			_, err := p.One[int](ctx, sorted, 1).Await(ctx) // so that it is prepared: what has not been sent is sent again
			require.NoError(t, err)
			f := p.One[int](ctx, sorted, 5_000_000)
			n.poison("reset_peer", "downstream", `{"timeout":20}`)
			_, err = f.Await(ctx)
			require.Equal(t, db.Unavailable, db.KindOf(err), "%v", err)
			require.False(t, db.SafeToRetry(err), "nobody knows whether it has run: %v", err)
			n.heal()
		}
		well(t, p)
	})
}

// TestHalfOpen: a peer that has gone without a word is noticed by the health
// check when the connection is idle, and by the statement timeout when it is not.
func TestHalfOpen(t *testing.T) {
	onBoth(t, func(t *testing.T, c *pgtest.Cluster) {
		n := newNetwork(t, c)
		p := n.open(pg.Config{
			MaxConns: 1, HealthCheckInterval: 300 * time.Millisecond, ConnectTimeout: 500 * time.Millisecond,
			StatementTimeout: time.Second, AcquireTimeout: 3 * time.Second,
		})
		well(t, p)
		n.poison("timeout", "downstream", `{"timeout":0}`) // swallows everything, closes nothing
		n.poison("timeout", "upstream", `{"timeout":0}`)
		require.Eventually(t, func() bool { return p.Stats().Open == 0 }, 10*time.Second, 5*time.Millisecond,
			"a silent connection still counts as open")
		n.heal()
		well(t, p)

		n.poison("timeout", "downstream", `{"timeout":0}`)
		ctx := patience(t)
		begin := time.Now()
		_, err := p.One[int](ctx, "SELECT 6").Await(ctx)
		require.Error(t, err)
		require.Equal(t, db.Unavailable, db.KindOf(err), "%v", err)
		require.Less(t, time.Since(begin), 15*time.Second)
		n.heal()
		well(t, p)
	})
}

// TestServerGoesAndComes: with nobody at the address calls fail in time and are
// safe to repeat; when somebody is there again the pool finds him by itself.
func TestServerGoesAndComes(t *testing.T) {
	onBoth(t, func(t *testing.T, c *pgtest.Cluster) {
		n := newNetwork(t, c)
		p := n.open(pg.Config{MaxConns: 2, AcquireTimeout: 300 * time.Millisecond})
		well(t, p)
		address := n.proxy.Listen
		n.proxy.Stop()
		var err error
		require.Eventually(t, func() bool {
			ctx := patience(t)
			_, err = p.One[int](ctx, "SELECT 7").Await(ctx)
			return err != nil && db.SafeToRetry(err)
		}, 10*time.Second, 5*time.Millisecond, "%v", err)
		n.proxy.Listen = address
		require.NoError(t, n.proxy.Start())
		well(t, p)
	})
}
