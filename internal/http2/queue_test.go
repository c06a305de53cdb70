package http2

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/internal/http2/frame"
	"github.com/fasterapi/fasterapi/reactor"
)

// doorman says who goes first among requests whose path begins with their lane, and for how
// many there are goroutines.
//
// Owner: the test's goroutine.
type doorman struct {
	l       *lab
	room    int
	order   exchange.Order
	overdue func(path string) bool
	lent    []async.Task
	turn    async.Task
	arrived []time.Duration // by the reactor, when it was told
}

// Room implements [exchange.Pace].
func (w *doorman) Room() int { return w.room - len(w.lent) }

// WhenRoom implements [exchange.Pace].
func (w *doorman) WhenRoom(task async.Task) {
	if w.turn != nil {
		panic("the queue asks twice for its turn")
	}
	w.turn = task
}

// letIn gives the queue its turn.
func (w *doorman) letIn() {
	if task := w.turn; task != nil && w.Room() > 0 {
		w.turn = nil
		w.l.v.Reactor.Schedule(task)
	}
	w.l.v.RunUntilIdle()
}

// run lets a goroutine run.
func (w *doorman) run(at int) {
	task := w.lent[at]
	w.lent = append(w.lent[:at:at], w.lent[at+1:]...)
	task.Run()
	w.letIn()
}

// Arrive implements [exchange.Arrivals].
func (w *doorman) Arrive(_ *exchange.Exchange, since time.Duration) {
	w.arrived = append(w.arrived, since)
}

// Lane implements [exchange.Arrivals].
func (*doorman) Lane(x *exchange.Exchange) exchange.Lane {
	return exchange.Lane(x.Head.Path[1] - '0')
}

// Waiting implements [exchange.Arrivals].
func (w *doorman) Waiting(*reactor.Reactor, int, time.Duration) exchange.Order { return w.order }

// Overdue implements [exchange.Arrivals].
func (w *doorman) Overdue(x *exchange.Exchange) bool {
	if w.overdue == nil || !w.overdue(string(x.Head.Path)) {
		return false
	}
	x.Refuse(exchange.Overloaded)
	return true
}

// lends answers on a goroutine with its path.
func lends(x *exchange.Exchange) exchange.Outcome {
	if x.OnReactor() {
		return exchange.Move
	}
	return text(x, 200, string(x.Head.Path))
}

// queuedLab is a lab with goroutines for so many streams at a time, whose client has opened a
// stream for each path, in that order.
func queuedLab(t testing.TB, w *doorman, room int, paths ...string) *lab {
	s := &site{routes: map[string]func(*exchange.Exchange) exchange.Outcome{}}
	for _, path := range paths {
		s.routes["/"+path] = lends
	}
	w.l = newLab(t, Config{Arrivals: w}, s)
	w.l.core.spawn = func(task async.Task) { w.lent = append(w.lent, task) }
	w.l.core.queue.Pace, w.room = w, room
	w.l.greet()
	for i, path := range paths {
		w.l.request(uint32(2*i+1), "GET", "/"+path)
		w.l.turn()
		w.l.v.Advance(time.Millisecond)
	}
	return w.l
}

// served lets the goroutines run, one after the other, and returns the answers in their order.
func (w *doorman) served() (order []string) {
	for len(w.lent) > 0 {
		w.run(0)
		for _, line := range w.l.frames() {
			if strings.HasPrefix(line, "DATA") {
				_, path, _ := strings.Cut(strings.TrimSuffix(line, " end"), "/")
				order = append(order, path)
			}
		}
	}
	return order
}

// TestQueueOrder: which stream goes first for a goroutine, whose handlers are all of one
// connection.
func TestQueueOrder(t *testing.T) {
	for name, c := range map[string]struct {
		order exchange.Order
		paths string
		want  string
	}{
		"as they came":                  {exchange.OldestFirst, "2a 2b 2c 2d 2e", "2a 2b 2c 2d 2e"},
		"the newest one":                {exchange.NewestFirst, "2a 2b 2c 2d 2e", "2a 2e 2d 2c 2b"},
		"the more important one":        {exchange.NewestFirst, "3a 3b 2a 1a 2b 1b", "3a 1b 1a 2b 2a 3b"},
		"but nobody waits for ever":     {exchange.OldestFirst, "2a 3a 1a 1b 1c 1d 1e", "2a 1a 1b 1c 3a 1d 1e"},
		"exempt ones pass those who do": {exchange.OldestFirst, "2a 2b 2c 0a 2d 0b", "2a 0a 0b 2b 2c 2d"},
	} {
		t.Run(name, func(t *testing.T) {
			w := &doorman{order: c.order}
			l := queuedLab(t, w, 1, strings.Fields(c.paths)...)
			require.Equal(t, c.want, strings.Join(w.served(), " "))
			require.Zero(t, l.core.queue.Waiting())
		})
	}
}

// TestQueueRefusesWithoutAGoroutine: a stream that is overdue has its answer while all goroutines
// are held.
func TestQueueRefusesWithoutAGoroutine(t *testing.T) {
	w := &doorman{order: exchange.NewestFirst, overdue: func(path string) bool { return strings.HasSuffix(path, "old") }}
	l := queuedLab(t, w, 1, "2first", "2a-old", "2b", "3c-old", "1d")
	w.room = 2
	w.letIn()
	require.Len(t, w.lent, 2, "nobody has run yet")
	var refused []string
	for _, line := range l.frames() {
		if strings.HasPrefix(line, "HEADERS") {
			refused = append(refused, strings.Fields(line)[1]+" "+strings.Fields(line)[2])
		}
	}
	require.Equal(t, []string{"3 :status=503", "7 :status=503"}, refused)
	require.Equal(t, []string{"2first", "1d", "2b"}, w.served())
	require.Equal(t, 5, l.site.released)
}

// TestQueuedStreamsMayBeReset: a stream that is given up while it waits costs nobody a goroutine,
// its handler does not run, and it counts no more when its turn has come.
func TestQueuedStreamsMayBeReset(t *testing.T) {
	for _, order := range []exchange.Order{exchange.OldestFirst, exchange.NewestFirst} {
		w := &doorman{order: order, overdue: func(path string) bool { return path == "/2c" }}
		l := queuedLab(t, w, 1, "2a", "2b", "2c", "2d")
		for _, id := range []uint32{3, 5} {
			l.raw(frame.ResetStream, 0, id, word(uint32(frame.Cancel)))
		}
		l.turn()
		c := l.core.conns.next
		require.Equal(t, 2, c.zombies)
		require.Empty(t, l.site.cancelled, "they have not begun")
		require.Equal(t, []string{"2a", "2d"}, w.served())
		require.Zero(t, c.zombies)
		require.Equal(t, 4, l.site.released)
	}
}

// TestQueuedStreamsAreCutOff: those that wait when the server ends are not left behind.
func TestQueuedStreamsAreCutOff(t *testing.T) {
	w := &doorman{}
	l := queuedLab(t, w, 1, "2a", "2b", "2c", "1d")
	require.Equal(t, 3, l.core.queue.Waiting())
	l.v.Do(l.core.cutOff)
	require.Zero(t, l.core.queue.Waiting())
	require.Len(t, w.lent, 1)
	require.Equal(t, 3, l.site.released)
	require.Len(t, l.site.cancelled, 1, "the one that has begun")
	w.run(0)
	require.Equal(t, 4, l.site.released)
	require.True(t, l.closed)
}

// TestArrivals: a request is told of when it comes, whatever the reactor does before its handler
// may begin, and each stream by itself: none waits for another.
func TestArrivals(t *testing.T) {
	w := &doorman{room: 8}
	s := &site{routes: map[string]func(*exchange.Exchange) exchange.Outcome{}}
	s.routes["/2slow"] = func(x *exchange.Exchange) exchange.Outcome {
		w.l.v.Advance(5 * time.Millisecond)
		require.Len(t, w.arrived, 3, "before the first of them has begun")
		return text(x, 200, "slow")
	}
	w.l = newLab(t, Config{Arrivals: w}, s)
	w.l.core.spawn = func(task async.Task) { w.lent = append(w.lent, task) }
	w.l.core.queue.Pace = w
	w.l.greet()
	looked := w.l.v.Reactor.Looked()
	for id := uint32(1); id < 6; id += 2 {
		w.l.request(id, "GET", "/2slow")
	}
	w.l.turn()
	require.Len(t, w.arrived, 3)
	for _, since := range w.arrived {
		require.GreaterOrEqual(t, since, looked)
		require.Equal(t, w.arrived[0], since)
	}
}

// TestQueueModel: whatever comes in whichever order, each stream that is not reset has one
// answer, every request is let go of once, and nobody is left behind.
func TestQueueModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		overdue := 0
		w := &doorman{order: exchange.NewestFirst, overdue: func(string) bool { overdue++; return overdue%2 == 0 }}
		l := queuedLab(t, w, 1)
		defer l.v.Close()
		for _, lane := range "0123" {
			l.site.routes["/"+string(lane)+"g"] = lends
		}
		id, answers := uint32(1), map[string]int{}
		open := map[uint32]bool{}
		note := func() {
			for _, line := range l.frames() {
				if words := strings.Fields(line); strings.HasPrefix(line, "HEADERS") {
					answers[words[1]]++
				}
			}
		}
		rt.Repeat(map[string]func(*rapid.T){
			"open": func(t *rapid.T) {
				for range rapid.IntRange(1, 4).Draw(t, "streams") {
					l.request(id, "GET", "/"+rapid.StringMatching(`[0123][gi]`).Draw(t, "path"))
					open[id] = true
					id += 2
				}
				l.turn()
			},
			"reset": func(t *rapid.T) {
				if of := uint32(rapid.IntRange(0, int(id)/2).Draw(t, "stream"))*2 + 1; open[of] {
					delete(open, of)
					l.raw(frame.ResetStream, 0, of, word(uint32(frame.Cancel)))
					l.turn()
				}
			},
			"room":  func(t *rapid.T) { w.room = rapid.IntRange(1, 2).Draw(t, "room"); w.letIn() },
			"order": func(t *rapid.T) { w.order = exchange.Order(rapid.IntRange(0, 2).Draw(t, "order")) },
			"wait":  func(t *rapid.T) { l.v.Advance(time.Duration(rapid.IntRange(1, 50).Draw(t, "ms")) * time.Millisecond) },
			"run": func(t *rapid.T) {
				if n := len(w.lent); n > 0 {
					w.run(rapid.IntRange(0, n-1).Draw(t, "which"))
				}
			},
			"": func(*rapid.T) { note() },
		})
		for w.room = 1 << 20; w.turn != nil || len(w.lent) > 0; w.letIn() {
			if len(w.lent) > 0 {
				w.run(0)
			}
		}
		note()
		require.Zero(rt, l.core.queue.Waiting())
		require.Equal(rt, l.site.begun, l.site.released)
		for of := range open {
			require.Equal(rt, 1, answers[fmt.Sprint(of)])
		}
		require.Zero(rt, l.core.conns.next.zombies)
	})
}
