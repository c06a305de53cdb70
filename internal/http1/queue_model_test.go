package http1

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/internal/poll/sim"
)

// queuedClient is a client of TestQueueModel.
type queuedClient struct {
	*sim.Peer
	sent []string
	left bool // it does not wait for its answers
}

// TestQueueModel: whatever comes in whichever order, each request has one answer, in the order of
// its connection, unless its client has left or the server drains, and nobody is left behind.
func TestQueueModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		echo := func(x *exchange.Exchange) exchange.Outcome { return text(x, 200, string(x.Head.Target)) }
		s := &site{routes: map[string]func(*exchange.Exchange) exchange.Outcome{}}
		for _, lane := range "0123" {
			s.routes["/"+string(lane)+"g"] = onGoroutine(echo)
			s.routes["/"+string(lane)+"s"] = onGoroutine(echo)
			s.routes["/"+string(lane)+"i"] = func(x *exchange.Exchange) exchange.Outcome {
				if !x.OnReactor() {
					return exchange.Move
				}
				return echo(x)
			}
			s.routes["/"+string(lane)+"c"] = onCoroutine(echo)
		}
		s.admit = func(x *exchange.Exchange) exchange.Admission {
			return exchange.Admission{Limit: 1 << 20, MayStream: strings.HasSuffix(string(x.Head.Path), "s")}
		}
		s.refuse = func(x *exchange.Exchange) exchange.Outcome { return text(x, 503, string(x.Head.Target)) }
		overdue := 0
		w := &doorman{order: exchange.NewestFirst, overdue: func(string) bool { overdue++; return overdue%2 == 0 }}
		l := newLab(t, 1, Config{Arrivals: w}, s)
		defer l.v.Close()
		room := 1
		l.core.queue.Pace, w.room = w, func() int { return room - len(l.lent) }
		var clients []*queuedClient
		for range 8 {
			clients = append(clients, &queuedClient{Peer: l.dial()})
		}
		id, draining := 0, false
		pick := func(t *rapid.T) *queuedClient { return clients[rapid.IntRange(0, len(clients)-1).Draw(t, "client")] }
		rt.Repeat(map[string]func(*rapid.T){
			"send": func(t *rapid.T) {
				c := pick(t)
				all := ""
				for range rapid.IntRange(1, 3).Draw(t, "requests") {
					id++
					target := "/" + rapid.StringMatching(`[0123][gsic]`).Draw(t, "path") + "?" + itoa(id)
					if rapid.Bool().Draw(t, "body") {
						all += post(target, strings.Repeat("x", rapid.IntRange(1, 100).Draw(t, "length")))
					} else {
						all += get(target)
					}
					c.sent = append(c.sent, target)
				}
				at := rapid.IntRange(0, len(all)).Draw(t, "first")
				if c.left || !c.Send(all[:at]) {
					c.left = true
					return
				}
				l.v.RunUntilIdle()
				if !c.Send(all[at:]) {
					c.left = true
				}
				l.v.RunUntilIdle()
			},
			"room":  func(t *rapid.T) { room = rapid.IntRange(1, 2).Draw(t, "room"); w.letIn(l) },
			"order": func(t *rapid.T) { w.order = exchange.Order(rapid.IntRange(0, 2).Draw(t, "order")) },
			"run": func(t *rapid.T) {
				if n := len(l.lent); n > 0 {
					at := rapid.IntRange(0, n-1).Draw(t, "which")
					task := l.lent[at]
					l.lent = append(l.lent[:at:at], l.lent[at+1:]...)
					task.Run()
					w.letIn(l)
				}
			},
			"reset": func(t *rapid.T) {
				if c := pick(t); rapid.IntRange(0, 9).Draw(t, "really") == 0 {
					c.left = true
					c.Reset()
					l.v.RunUntilIdle()
				}
			},
			"end": func(t *rapid.T) {
				if c := pick(t); rapid.IntRange(0, 9).Draw(t, "really") == 0 {
					c.CloseWrite()
					l.v.RunUntilIdle()
				}
			},
			"wait": func(t *rapid.T) { l.v.Advance(time.Duration(rapid.IntRange(1, 50).Draw(t, "ms")) * time.Millisecond) },
			"drain": func(t *rapid.T) {
				if rapid.IntRange(0, 19).Draw(t, "really") == 0 {
					draining = true
					l.v.Do(l.core.drain)
				}
			},
			"cut": func(t *rapid.T) {
				if draining && rapid.IntRange(0, 9).Draw(t, "really") == 0 {
					for _, c := range clients {
						c.left = true
					}
					l.v.Do(func() { l.core.cut(ErrServerClosed) })
				}
			},
		})
		room = 1 << 20
		for w.turn != nil || len(l.lent) > 0 {
			w.letIn(l)
			l.run()
		}
		require.Zero(rt, l.core.queue.Waiting())
		for _, c := range clients {
			if c.left {
				continue
			}
			var got []string
			for _, r := range responses(t, c.Take(), "POST") {
				got = append(got, string(r.body))
			}
			if draining {
				require.Equal(rt, strings.Join(c.sent[:len(got)], " "), strings.Join(got, " "))
			} else {
				require.Equal(rt, strings.Join(c.sent, " "), strings.Join(got, " "))
			}
		}
		l.v.Do(l.core.drain)
		l.run()
		l.advance(lingerTimeout)
		l.advance(time.Minute)
		require.True(rt, l.emptied())
	})
}
