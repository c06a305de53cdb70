package exchange

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/reactor"
)

// gate is the pace, the app and the goroutines of a queue under test.
//
// Owner: the test's goroutine.
type gate struct {
	queue *Queue
	room  int
	turn  async.Task
	lent  []string
}

func (g *gate) Room() int                                        { return g.room - len(g.lent) }
func (g *gate) WhenRoom(t async.Task)                            { g.turn = t }
func (*gate) Arrive(*Exchange, time.Duration)                    {}
func (*gate) Lane(*Exchange) Lane                                { return Middle }
func (*gate) Waiting(*reactor.Reactor, int, time.Duration) Order { return OldestFirst }
func (*gate) Overdue(*Exchange) bool                             { return false }

// caller is a request of it.
//
// Owner: the test's goroutine.
type caller struct {
	gate *gate
	x    Exchange
	name string
}

func (c *caller) Waiter() *Exchange { return &c.x }
func (c *caller) Lend()             { c.gate.lent = append(c.gate.lent, c.name) }
func (c *caller) TakeBack()         {}

// give hands so many requests to the queue.
func (g *gate) give(n int, name string, refused bool) {
	for i := range n {
		c := &caller{gate: g, name: fmt.Sprint(name, i)}
		if refused {
			c.x.Refusal = Overloaded
		}
		g.queue.Give(c)
	}
}

// run ends all goroutines, gives the queue its turn, and returns who has got one then.
func (g *gate) run() []string {
	g.lent = nil
	if turn := g.turn; turn != nil {
		g.turn = nil
		turn.Run()
	}
	return g.lent
}

func newGate(t *testing.T, room int) *gate {
	v := reactor.NewVirtual(1, nil)
	t.Cleanup(v.Close)
	g := &gate{room: room}
	g.queue = NewQueue(v.Reactor, g)
	g.queue.Pace = g
	return g
}

// TestRefusedTakeAShare: refused requests have no more goroutines than there is room, go before the others, in their order, and leave
// them a place.
func TestRefusedTakeAShare(t *testing.T) {
	g := newGate(t, 3)
	g.give(9, "served", false)
	g.give(5, "refused", true)
	require.Equal(t, []string{"served0", "served1", "served2"}, g.lent, "no more than there is room for")
	require.Equal(t, []string{"refused0", "refused1", "refused2"}, g.run())
	require.Equal(t, []string{"refused3", "refused4", "served3"}, g.run())
	require.Equal(t, []string{"served4", "served5", "served6"}, g.run())
	g.give(100, "more", true)
	for g.queue.Waiting() > 0 {
		require.LessOrEqual(t, len(g.run()), 3)
	}
	require.NotEmpty(t, g.turn, "refused ones are left")
	for g.turn != nil {
		require.LessOrEqual(t, len(g.run()), 3)
	}
	require.Zero(t, g.queue.refused.len())
}

// TestRefusedAndOnePlace: with one place at a time neither those who are refused nor the others wait for ever.
func TestRefusedAndOnePlace(t *testing.T) {
	g := newGate(t, 1)
	g.give(3, "served", false)
	g.give(2, "refused", true)
	var all []string
	for g.turn != nil {
		all = append(all, g.run()...)
	}
	require.Equal(t, []string{"refused0", "served1", "refused1", "served2"}, all)
}

// TestRefusedAloneAndAtTheEnd: refused requests use all of the room when nobody else waits, and are handed out when the core is cut off.
func TestRefusedAloneAndAtTheEnd(t *testing.T) {
	g := newGate(t, 2)
	g.give(5, "refused", true)
	require.Len(t, g.lent, 2)
	require.Len(t, g.run(), 2)
	g.queue.Release()
	require.Equal(t, []string{"refused2", "refused3", "refused4"}, g.lent)
	g.give(1, "late", true)
	require.Len(t, g.lent, 4)
}
