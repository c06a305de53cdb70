package http1

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/internal/poll/sim"
	"github.com/fasterapi/fasterapi/reactor"
)

// doorman says who goes first among requests whose path begins with their lane.
type doorman struct {
	order   exchange.Order
	overdue func(path string) bool
	waited  []int // what Waiting was told
	turn    async.Task
	room    func() int
}

// Room implements [exchange.Pace].
func (w *doorman) Room() int { return w.room() }

// WhenRoom implements [exchange.Pace].
func (w *doorman) WhenRoom(task async.Task) {
	if w.turn != nil {
		panic("the queue asks twice for its turn")
	}
	w.turn = task
}

// letIn gives the queue its turn.
func (w *doorman) letIn(l *lab) {
	if task := w.turn; task != nil && w.room() > 0 {
		w.turn = nil
		l.v.Reactor.Schedule(task)
	}
	l.v.RunUntilIdle()
}

func (*doorman) Arrive(*exchange.Exchange, time.Duration) {}

func (*doorman) Lane(x *exchange.Exchange) exchange.Lane {
	return exchange.Lane(x.Head.Path[1] - '0')
}

func (w *doorman) Waiting(_ *reactor.Reactor, n int, _ time.Duration) exchange.Order {
	w.waited = append(w.waited, n)
	return w.order
}

func (w *doorman) Overdue(x *exchange.Exchange) bool {
	if !w.overdue(string(x.Head.Path)) {
		return false
	}
	x.Refuse(exchange.Overloaded)
	return true
}

// queuedLab is a lab with room for so many lent connections at a time, the clients of which
// have sent a request each, in that order.
func queuedLab(t *testing.T, w *doorman, room int, paths ...string) (*lab, []*sim.Peer) {
	s := &site{routes: map[string]func(*exchange.Exchange) exchange.Outcome{}}
	s.refuse = func(x *exchange.Exchange) exchange.Outcome {
		return text(x, x.Refusal.Status, x.Refusal.Reason)
	}
	for _, path := range paths {
		s.routes[path] = onGoroutine(func(x *exchange.Exchange) exchange.Outcome { return text(x, 200, path) })
	}
	l := newLab(t, 1, Config{Arrivals: w}, s)
	l.core.queue.Pace, w.room = w, func() int { return room - len(l.lent) }
	var peers []*sim.Peer
	for _, path := range paths {
		p := l.dial()
		require.True(t, p.Send(get(path)))
		l.v.Advance(time.Millisecond)
		peers = append(peers, p)
	}
	return l, peers
}

// served lets the goroutines run, one after the other, and returns in which order they did.
func served(l *lab, w *doorman, peers []*sim.Peer) (order []string) {
	for len(l.lent) > 0 {
		task := l.lent[0]
		l.lent = l.lent[1:]
		task.Run()
		w.letIn(l)
		for _, p := range peers {
			for _, r := range responses(l.t.(*testing.T), p.Take(), "GET") {
				order = append(order, string(r.body))
			}
		}
	}
	return order
}

// TestQueueOrder: who goes first for a goroutine.
func TestQueueOrder(t *testing.T) {
	for name, c := range map[string]struct {
		order exchange.Order
		paths string
		want  string
	}{
		"as they came":                  {exchange.OldestFirst, "2a 2b 2c 2d 2e", "2a 2b 2c 2d 2e"},
		"the newest one":                {exchange.NewestFirst, "2a 2b 2c 2d 2e", "2a 2e 2d 2c 2b"},
		"the oldest one of four":        {exchange.Mixed, "2a 2b 2c 2d 2e 2f 2g", "2a 2g 2f 2e 2b 2d 2c"},
		"the more important one":        {exchange.NewestFirst, "3a 3b 2a 1a 2b 1b", "3a 1b 1a 2b 2a 3b"},
		"but nobody waits for ever":     {exchange.OldestFirst, "2a 3a 1a 1b 1c 1d 1e", "2a 1a 1b 1c 3a 1d 1e"},
		"exempt ones pass those who do": {exchange.OldestFirst, "2a 2b 2c 0a 2d 0b", "2a 0a 0b 2b 2c 2d"},
	} {
		t.Run(name, func(t *testing.T) {
			var paths []string
			for _, p := range strings.Fields(c.paths) {
				paths = append(paths, "/"+p)
			}
			w := &doorman{order: c.order, overdue: func(string) bool { return false }}
			l, peers := queuedLab(t, w, 1, paths...)
			require.Equal(t, "/"+strings.ReplaceAll(c.want, " ", " /"), strings.Join(served(l, w, peers), " "))
			require.Zero(t, l.core.queue.Waiting())
		})
	}
}

// TestQueueHasRoom: as long as there is room nobody waits, and the app is not asked.
func TestQueueHasRoom(t *testing.T) {
	w := &doorman{}
	l, peers := queuedLab(t, w, 3, "/2a", "/3b", "/1c", "/2d", "/2e")
	require.Len(t, l.lent, 3)
	require.Equal(t, []string{"/2a", "/3b", "/1c", "/2d", "/2e"}, served(l, w, peers))
	require.NotEmpty(t, w.waited)
	require.LessOrEqual(t, w.waited[len(w.waited)-1], 2)
}

// TestQueueRefusesWithoutAGoroutine: who is overdue has the answer while all goroutines are
// held, and its connection goes on.
func TestQueueRefusesWithoutAGoroutine(t *testing.T) {
	w := &doorman{order: exchange.NewestFirst, overdue: func(path string) bool { return strings.HasSuffix(path, "old") }}
	l, peers := queuedLab(t, w, 1, "/2first", "/2a-old", "/2b", "/3c-old", "/1d")
	w.room = func() int { return 2 - len(l.lent) }
	w.letIn(l)
	require.Len(t, l.lent, 2, "nobody has run yet")
	for i, p := range peers {
		out := string(p.Take())
		if i == 1 || i == 3 {
			require.Contains(t, out, "HTTP/1.1 503 ")
			continue
		}
		require.Empty(t, out)
	}
	require.Equal(t, []string{"/2first", "/1d", "/2b"}, served(l, w, peers))
	w.room = func() int { return 1 }
	require.Contains(t, l.send(peers[1], get("/2b")), "HTTP/1.1 200 ")
}

// TestQueuedConnectionsAreCutOff: those who wait when the server ends are not left behind.
func TestQueuedConnectionsAreCutOff(t *testing.T) {
	w := &doorman{}
	l, peers := queuedLab(t, w, 1, "/2a", "/2b", "/2c", "/1d")
	require.Equal(t, 3, l.core.queue.Waiting())
	l.v.Do(func() { l.core.cut(ErrServerClosed) })
	require.Zero(t, l.core.queue.Waiting())
	require.Len(t, l.lent, 4)
	l.run()
	for _, p := range peers {
		require.Empty(t, string(p.Take()))
	}
	require.Equal(t, 1, l.v.Net.Open(), "the listener is left")
}

// TestQueuedClientsMayLeave: a client that leaves while it waits costs nobody a place, and
// its connection ends.
func TestQueuedClientsMayLeave(t *testing.T) {
	for _, order := range []exchange.Order{exchange.OldestFirst, exchange.NewestFirst} {
		w := &doorman{order: order, overdue: func(path string) bool { return path == "/2c" }}
		l, peers := queuedLab(t, w, 1, "/2a", "/2b", "/2c", "/2d")
		peers[1].Reset()
		peers[2].Reset()
		l.v.RunUntilIdle()
		require.ElementsMatch(t, []string{"/2a", "/2d"}, served(l, w, []*sim.Peer{peers[0], peers[3]}))
		if order == exchange.OldestFirst {
			require.Zero(t, l.core.queue.Waiting())
		}
		l.run()
		require.Equal(t, 3, l.v.Net.Open(), "two clients and the listener")
	}
}

// TestQueueOutlivesAPanic: code of others that panics in the turn of a queue, say a log handler,
// leaves nobody behind.
func TestQueueOutlivesAPanic(t *testing.T) {
	panicking := true
	w := &doorman{order: exchange.NewestFirst, overdue: func(string) bool {
		if panicking {
			panicking = false
			panic("the log is full")
		}
		return false
	}}
	l, peers := queuedLab(t, w, 1, "/2a", "/2b", "/3c")
	task := l.lent[0]
	l.lent = nil
	task.Run()
	func() {
		defer func() { _ = recover() }() // as the reactor does
		w.letIn(l)
	}()
	require.False(t, panicking)
	w.letIn(l)
	require.ElementsMatch(t, []string{"/2a", "/2b", "/3c"}, served(l, w, peers))
	require.Zero(t, l.core.queue.Waiting())
}
