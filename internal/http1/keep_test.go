package http1

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"time"
	"weak"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/internal/poll/sim"
)

// lender answers "/style/kind/size" with size bytes of its own memory. As soon as it
// may it scribbles over what it has given to the engine: once the exchange is
// released, unless the engine keeps the payload and it was not leased. The bytes of
// "shared" are those of all responses and never change.
//
// Owner: the test's goroutine.
type lender struct {
	t      *testing.T
	shared []byte
	later  []*exchange.Exchange
}

func (*lender) Begin(*exchange.Exchange) {}
func (*lender) Admit(*exchange.Exchange) exchange.Admission {
	return exchange.Admission{Limit: 1 << 20}
}
func (*lender) Cancel(*exchange.Exchange, error) {}

func (l *lender) Serve(x *exchange.Exchange) exchange.Outcome {
	var style, kind string
	var size int
	_, err := fmt.Sscanf(strings.ReplaceAll(string(x.Head.Target), "/", " "), "%s %s %d", &style, &kind, &size)
	require.NoError(l.t, err)
	switch {
	case style != "inline" && (style == "worker") == x.OnReactor():
		return exchange.Move
	case style == "coroutine" && x.Coroutine() == nil:
		return exchange.NeedCoroutine
	}
	payload := l.shared[:size]
	if kind != "shared" {
		payload = lent(string(x.Head.Target), size)
		x.User = payload
	}
	x.Respond(200, "text/plain", payload)
	x.PayloadLeased = kind == "leased"
	if style == "later" {
		l.later = append(l.later, x)
		return exchange.Later
	}
	return exchange.Answered
}

// Release implements [exchange.Handler].
func (l *lender) Release(x *exchange.Exchange) {
	payload, _ := x.User.([]byte)
	if x.User = nil; x.PayloadLeased || !x.KeepsPayload() {
		clear(payload)
	}
}

// lent is what a target is answered with.
func lent(target string, size int) []byte {
	return bytes.Repeat([]byte(target), 1+size/len(target))[:size]
}

func (l *lender) finish() {
	for _, x := range l.later {
		x.Finish()
	}
	l.later = nil
}

// TestSlowReaders: clients that pipeline requests, in all styles, and read in random
// pieces get what was staged, whatever becomes of its memory.
func TestSlowReaders(t *testing.T) {
	styles := []string{"inline", "worker", "coroutine", "later"}
	kinds := []string{"own", "leased", "shared"}
	sizes := []int{0, 1, 100, writeApart - 1, writeApart, writeApart + 1, flushAbove - 300, flushAbove, 200_000}
	for seed := range uint64(60) {
		rng := rand.New(rand.NewPCG(seed, 3))
		h := &lender{t: t, shared: bytes.Repeat([]byte("shared "), 50_000)}
		l := newLab(t, seed, Config{}, h)
		l.v.Net.Chop = seed%3 == 0
		l.v.Net.Buffer = 1 + rng.IntN(100_000)
		peer := l.dial()
		peer.SetBuffer(l.v.Net.Buffer)
		var unsent string
		var want []string
		var methods []string
		for range 12 {
			kind, size := kinds[rng.IntN(3)], sizes[rng.IntN(len(sizes))]
			target := "/" + styles[rng.IntN(4)] + "/" + kind + "/" + itoa(size)
			body := string(lent(target, size))
			if kind == "shared" {
				body = string(h.shared[:size])
			}
			method := []string{"GET", "GET", "GET", "HEAD"}[rng.IntN(4)]
			if method == "HEAD" {
				body = ""
			}
			unsent += method + " " + target + " HTTP/1.1\r\nHost: a\r\n\r\n"
			want, methods = append(want, body), append(methods, method)
		}
		var got []byte
		for idle := 0; idle < 50; idle++ {
			if n, _ := peer.Write([]byte(unsent[:rng.IntN(len(unsent)+1)])); n > 0 {
				unsent, idle = unsent[n:], 0
			}
			l.run()
			l.v.Do(h.finish)
			l.run()
			if piece := peer.TakeN(1 + rng.IntN(80_000)); len(piece) > 0 {
				got, idle = append(got, piece...), 0
			}
		}
		require.Empty(t, unsent, "seed %d", seed)
		answers := responses(t, got, methods...)
		require.Len(t, answers, len(want), "seed %d", seed)
		for i, a := range answers {
			require.True(t, string(a.body) == want[i], "seed %d: answer %d", seed, i)
		}
	}
}

// stalledLab is a server of large responses, body() each.
func stalledLab(t *testing.T, style string, body func() []byte) *lab {
	answer := func(x *exchange.Exchange) exchange.Outcome {
		x.Respond(200, "text/plain", body())
		return exchange.Answered
	}
	if style == "worker" {
		answer = onGoroutine(answer)
	}
	return newLab(t, 1, hurry, &site{routes: map[string]func(*exchange.Exchange) exchange.Outcome{"/big": answer}})
}

// TestStalledResponseIsNotCopied: whoever does not read costs neither a copy of the
// response nor a buffer nor an exchange, also when more is asked for.
func TestStalledResponseIsNotCopied(t *testing.T) {
	for _, style := range []string{"reactor", "worker"} {
		for _, request := range []string{get("/big"), strings.Repeat(get("/big"), 3), "GET /big HTTP/1.0\r\n\r\n"} {
			big := make([]byte, 1<<20)
			l := stalledLab(t, style, func() []byte { return big })
			p := l.dial()
			p.SetBuffer(1000)
			require.True(t, p.Send(request))
			l.run()
			c := l.core.conns.next
			buffers, kept := c.socket.Kept()
			require.Zero(t, buffers, style)
			require.Same(t, &big[0], &kept[0], style)
			require.Len(t, l.site.calls(), map[bool]int{true: 1, false: 2}[style == "reactor"], "one response waits, not more")
			if !strings.HasPrefix(request, get("/big")+"GET") {
				require.Nil(t, c.in, style)
				require.Nil(t, c.x, style)
			}
			var got []byte
			for range 1 << 12 {
				got = append(got, p.Take()...)
				l.run()
			}
			require.Len(t, responses(t, got, "GET", "GET", "GET"), strings.Count(request, "GET"))
		}
	}
}

// TestStalledResponseIsLetGo: when the response is out, or its connection ends, in
// whatever way, nothing keeps its memory.
func TestStalledResponseIsLetGo(t *testing.T) {
	for name, end := range map[string]func(l *lab, p *sim.Peer){
		"reset": func(_ *lab, p *sim.Peer) { p.Reset() },
		"read": func(l *lab, p *sim.Peer) {
			for range 1 << 12 {
				p.Take()
				l.run()
			}
		},
		"too slow": func(l *lab, _ *sim.Peer) { l.advance(hurry.WriteTimeout + time.Second) },
		"cut off":  func(l *lab, _ *sim.Peer) { l.v.Do(func() { l.core.cut(ErrServerClosed) }) },
	} {
		for _, style := range []string{"reactor", "worker"} {
			var let weak.Pointer[byte]
			l := stalledLab(t, style, func() []byte {
				body := make([]byte, 1<<20)
				let = weak.Make(&body[0])
				return body
			})
			p := l.dial()
			p.SetBuffer(1000)
			require.True(t, p.Send(get("/big")))
			l.run()
			runtime.GC()
			require.NotNil(t, let.Value(), "%s, %s: it is still to be sent", name, style)
			end(l, p)
			l.run()
			require.Eventually(t, func() bool { runtime.GC(); return let.Value() == nil }, 10*time.Second, time.Millisecond, "%s, %s", name, style)
			runtime.KeepAlive(l)
			runtime.KeepAlive(p)
		}
	}
}

var _ exchange.Handler = (*lender)(nil)
