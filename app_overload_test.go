package fasterapi

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/internal/overload"
	"github.com/fasterapi/fasterapi/reactor/virtual"
)

// TestOverdueBehindAnother: nobody knows since when a request waits that came behind another one of its connection.
// It stands behind all that come while the core is overloaded, so it is refused, too, when it has waited there for
// too long.
func TestOverdueBehindAnother(t *testing.T) {
	v := virtual.New(1)
	defer v.Close()
	a := New(Config{})
	d := (*dispatcher)(a)
	a.guard.queues = []*overload.Queue{overload.NewQueue(overload.Rule{})}
	x := &exchange.Exchange{}
	x.Attach(nil, v.Reactor, true)
	r := &request{x: x, route: &route{}}
	x.User = r
	r.begin(a)

	q := a.guard.queues[0]
	order := exchange.OldestFirst
	for n := 100; order != exchange.NewestFirst; n += 50 {
		v.Advance(10 * time.Millisecond)
		order = d.Waiting(v.Reactor, n, v.Reactor.Clock()-20*time.Millisecond)
	}
	require.False(t, d.Overdue(x), "it may have come just now")
	for range 100 {
		q.Start(overload.Work{Now: v.Reactor.Clock()})
	}
	v.Advance(19 * time.Millisecond)
	require.False(t, d.Overdue(x))
	v.Advance(2 * time.Millisecond)
	require.True(t, d.Overdue(x))
	require.Same(t, exchange.Overloaded, x.Refusal)
}
