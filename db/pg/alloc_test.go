//go:build !race && !invariants

package pg_test

import (
	"context"
	"math"
	"runtime"
	"testing"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/pg"
	"github.com/stretchr/testify/require"
)

// named is a row of two columns, one of which is a string and hence an
// allocation of its own.
type named struct {
	ID   int64
	Name string
}

// counter runs queries one after the other on the reactor.
//
// Owner: reactor.
type counter struct {
	ctx  context.Context
	pool *db.Pool
	left int
	then func(named, error)
	done chan error
}

func (c *counter) Run() { c.next(named{}, nil) }

func (c *counter) next(_ named, err error) {
	if err != nil || c.left == 0 {
		c.done <- err
		return
	}
	c.left--
	c.pool.One[named](c.ctx, "SELECT $1::bigint AS id, $2::text AS name", int64(7), "some name").OnDone(c.then)
}

// TestAllocations pins the bar: a row of two columns on the reactor takes 3. The
// checks of the invariants build allocate, so it pins the plain build only.
func TestAllocations(t *testing.T) {
	for _, reads := range []pg.ShortReads{pg.ReadsAlone, pg.ReadsShared} {
		t.Run(string(reads), func(t *testing.T) { allocations(t, reads) })
	}
}

func allocations(t *testing.T, reads pg.ShortReads) {
	ctx := background(t)
	g := group(t, 1)
	p, err := pg.Open(ctx, pg.Config{URL: plain(t).URL(), Reactors: g, ShortReads: reads})
	require.NoError(t, err)
	defer func() { _ = p.Close(ctx) }()
	r := g.Reactor(0)
	run := func(n int) {
		c := &counter{ctx: async.WithSite(context.Background(), r.Site()), pool: p, left: n, done: make(chan error)}
		c.then = c.next
		require.True(t, r.Post(c))
		require.NoError(t, <-c.done)
	}
	run(500)
	const n = 5000
	least := math.Inf(1)
	for range 5 { // what else allocates meanwhile, such as the cancel request to a server that was held up, only adds to it
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		run(n)
		runtime.ReadMemStats(&after)
		// Sink, promise, string; and OnDone, which is the test's.
		if least = min(least, float64(after.Mallocs-before.Mallocs)/n); least <= 3+1+0.1 {
			return
		}
	}
	require.LessOrEqual(t, least, 3+1+0.1)
}
