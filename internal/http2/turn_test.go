package http2

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/internal/exchange"
)

// TestOneWriteForATurn: what a turn of the reactor answers on a connection leaves in one write, wherever the handlers
// ran, in pieces too.
func TestOneWriteForATurn(t *testing.T) {
	const streams = 50
	for _, c := range []struct {
		name   string
		answer func(l *lab, waiting *[]exchangeOf) func(x exchangeOf) exchange.Outcome
	}{
		{"on the reactor", func(*lab, *[]exchangeOf) func(x exchangeOf) exchange.Outcome {
			return func(x exchangeOf) exchange.Outcome { return text(x, 200, "ok") }
		}},
		{"on coroutines", func(*lab, *[]exchangeOf) func(x exchangeOf) exchange.Outcome {
			return func(x exchangeOf) exchange.Outcome {
				if x.Coroutine() == nil {
					return exchange.NeedCoroutine
				}
				return text(x, 200, "ok")
			}
		}},
		{"on goroutines", func(l *lab, _ *[]exchangeOf) func(x exchangeOf) exchange.Outcome {
			l.core.spawn = func(job async.Task) { job.Run() }
			return func(x exchangeOf) exchange.Outcome {
				if x.OnReactor() {
					return exchange.Move
				}
				return text(x, 200, "ok")
			}
		}},
		{"in pieces", func(l *lab, _ *[]exchangeOf) func(x exchangeOf) exchange.Outcome {
			l.core.spawn = func(job async.Task) { job.Run() }
			return trailsStream("hel", "lo")
		}},
		{"later", func(_ *lab, waiting *[]exchangeOf) func(x exchangeOf) exchange.Outcome {
			return func(x exchangeOf) exchange.Outcome {
				*waiting = append(*waiting, x)
				return exchange.Later
			}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &site{}
			l := newLab(t, Config{}, s)
			l.v.InOrder()
			var waiting []exchangeOf
			s.routes = map[string]func(x exchangeOf) exchange.Outcome{"/": c.answer(l, &waiting)}
			l.greet()
			for i := range uint32(streams) {
				l.request(2*i+1, "GET", "/")
			}
			before := l.v.Net.Writes()
			l.turn()
			l.v.Do(func() {
				for i, x := range waiting {
					text(x, 200, fmt.Sprint("late ", i))
					x.Finish()
				}
			})
			require.Equal(t, streams, s.released)
			require.Equal(t, 1, l.v.Net.Writes()-before)
			ended := 0
			for _, line := range l.frames() {
				if len(line) > 4 && line[len(line)-4:] == " end" {
					ended++
				}
			}
			require.Equal(t, streams, ended)
		})
	}
}

// TestWritesOfLargeTurns: what is more than flushAbove leaves in as few writes as there are such pieces in it.
func TestWritesOfLargeTurns(t *testing.T) {
	s := &site{routes: map[string]func(x exchangeOf) exchange.Outcome{"/8000": bodies}}
	l := newLab(t, Config{}, s)
	l.v.InOrder()
	l.peer.SetBuffer(1 << 20)
	l.greet()
	l.core.conns.next.window = 1 << 20
	const streams = 40
	for i := range uint32(streams) {
		l.request(2*i+1, "GET", "/8000")
	}
	before := l.v.Net.Writes()
	l.turn()
	require.Equal(t, streams, s.released)
	require.LessOrEqual(t, l.v.Net.Writes()-before, streams*8000/flushAbove+1)
}
