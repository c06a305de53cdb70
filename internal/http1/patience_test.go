package http1

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/internal/exchange"
)

var hurry = Config{Limits: exchange.Limits{HeadTimeout: 10 * time.Second, BodyTimeout: 20 * time.Second, IdleTimeout: 60 * time.Second, WriteTimeout: 30 * time.Second}}

func TestSilentClientIsClosed(t *testing.T) {
	l := newLab(t, 1, hurry, &site{})
	p := l.dial()
	l.advance(hurry.HeadTimeout - 10*time.Millisecond)
	require.False(t, p.Ended())
	l.advance(20 * time.Millisecond)
	require.True(t, p.Ended())
	require.Empty(t, p.Take(), "nothing was asked")
}

func TestHeadTimeoutIsAbsolute(t *testing.T) {
	l := newLab(t, 1, hurry, &site{})
	p := l.dial()
	head := get("/" + strings.Repeat("a", 100))
	for i := range 9 {
		require.Empty(t, l.send(p, head[i:i+1]))
		l.advance(time.Second)
	}
	require.Empty(t, l.send(p, head[9:10]))
	l.advance(999 * time.Millisecond)
	require.Empty(t, p.Take())
	l.advance(2 * time.Millisecond)
	require.Equal(t, []string{"408"}, statuses(string(p.Take())), "ten seconds after the first byte")
	l.advance(lingerTimeout + time.Second)
	require.Equal(t, 1, l.v.Net.Open())
	require.EqualValues(t, 2, l.server.Stats().Expired, "the head, and the client that did not close")
}

func TestIdleTimeout(t *testing.T) {
	l := newLab(t, 1, hurry, &site{})
	p := l.dial()
	for range 5 {
		require.Equal(t, []string{"200"}, statuses(l.send(p, get("/a"))))
		l.advance(hurry.IdleTimeout - time.Second)
	}
	require.False(t, p.Ended())
	l.advance(2 * time.Second)
	require.True(t, p.Ended())
}

func TestIdleTimeoutAfterLoan(t *testing.T) {
	s := &site{routes: map[string]func(*exchange.Exchange) exchange.Outcome{
		"/w": onGoroutine(func(x *exchange.Exchange) exchange.Outcome { return text(x, 200, "w") }),
	}}
	l := newLab(t, 1, hurry, s)
	p := l.dial()
	l.advance(5 * time.Second)
	require.Equal(t, []string{"200"}, statuses(l.send(p, get("/w"))))
	l.advance(hurry.IdleTimeout - time.Second)
	require.False(t, p.Ended())
	l.advance(hurry.IdleTimeout + time.Second)
	require.True(t, p.Ended(), "at most twice the timeout after a loan")
}

func TestBodyTimeoutNeedsProgress(t *testing.T) {
	for _, framing := range []string{"Content-Length: 1000000", "Transfer-Encoding: chunked"} {
		l := newLab(t, 1, hurry, &site{})
		p := l.dial()
		require.Empty(t, l.send(p, "POST / HTTP/1.1\r\nHost: a\r\n"+framing+"\r\n\r\nFFFFF\r\n"))
		// Steady and fast enough: 1000 bytes a second.
		for range 60 {
			require.Empty(t, l.send(p, strings.Repeat("x", 1000)), framing)
			l.advance(time.Second)
		}
		// A byte a second is not, although there always is progress.
		seconds := 0
		out := ""
		for ; out == "" && seconds < 100; seconds++ {
			out = l.send(p, "x")
			l.advance(time.Second)
			out += string(p.Take())
		}
		require.Equal(t, []string{"408"}, statuses(out), framing)
		require.InDelta(t, 20, seconds, 3)
		require.Empty(t, l.site.calls(), "the handler never saw it")
	}
}

// TestClientThatNeverReads: the answers stop, the requests are not read, and
// the connection ends, even if more requests come all the time.
func TestClientThatNeverReads(t *testing.T) {
	for _, style := range []string{"/reactor", "/worker"} {
		big := strings.Repeat("b", 4000)
		s := &site{routes: map[string]func(*exchange.Exchange) exchange.Outcome{
			"/reactor": func(x *exchange.Exchange) exchange.Outcome { return text(x, 200, big) },
			"/worker":  onGoroutine(func(x *exchange.Exchange) exchange.Outcome { return text(x, 200, big) }),
		}}
		l := newLab(t, 1, hurry, s)
		p := l.dial()
		p.SetBuffer(10_000)
		seconds := 0
		for ; l.server.Stats().Open > 0 && seconds < 100; seconds++ {
			for range 100 {
				_, _ = p.Write([]byte(get(style)))
			}
			l.run()
			l.advance(time.Second)
		}
		require.InDelta(t, 30, seconds, 3, style)
		require.Less(t, len(l.site.calls()), 60, "%s: 64 KiB of answers, not more", style)
		require.Zero(t, l.server.Stats().Open)
	}
}

// TestClientThatReadsLittle: output makes progress, but not enough.
func TestClientThatReadsLittle(t *testing.T) {
	s := &site{routes: map[string]func(*exchange.Exchange) exchange.Outcome{
		"/big": func(x *exchange.Exchange) exchange.Outcome { return text(x, 200, strings.Repeat("b", 1<<20)) },
	}}
	l := newLab(t, 1, hurry, s)
	p := l.dial()
	p.SetBuffer(1000)
	require.True(t, p.Send(get("/big")))
	l.run()
	for range 60 { // 1000 bytes a second is slow but steady
		require.Len(t, p.TakeN(1000), 1000)
		l.advance(time.Second)
	}
	require.EqualValues(t, 1, l.server.Stats().Open)
	seconds := 0
	for ; l.server.Stats().Open > 0 && seconds < 100; seconds++ {
		p.TakeN(1)
		l.advance(time.Second)
	}
	require.InDelta(t, 30, seconds, 3)
}

func TestLingerEnds(t *testing.T) {
	l := newLab(t, 1, hurry, &site{})
	p := l.dial()
	require.Equal(t, []string{"400"}, statuses(l.send(p, "nonsense\r\n\r\n")))
	for range 10 {
		_, _ = p.Write([]byte("more"))
		l.advance(lingerTimeout / 10)
	}
	l.advance(time.Second)
	require.Zero(t, l.server.Stats().Open, "two seconds, whatever comes")

	p = l.dial()
	require.Equal(t, []string{"400"}, statuses(l.send(p, "nonsense\r\n\r\n")))
	p.CloseWrite()
	l.run()
	require.Zero(t, l.server.Stats().Open, "the end of the client ends it")

	p = l.dial()
	require.Equal(t, []string{"400"}, statuses(l.send(p, "nonsense\r\n\r\n")))
	for range 2 * lingerAtMost / 40000 {
		_, _ = p.Write(make([]byte, 40000))
		l.run()
	}
	require.Less(t, l.core.conns.next.lingered, uint32(3*lingerAtMost/2), "not everything is read")
	l.advance(lingerTimeout)
	require.Zero(t, l.server.Stats().Open)
}

// TestAnswersDoNotWaitBehindSlowHandler: answers to pipelined requests are
// sent although the next handler, on a goroutine, takes for ever.
func TestAnswersDoNotWaitBehindSlowHandler(t *testing.T) {
	var l *lab
	var seen string
	var p interface{ Take() []byte }
	s := &site{routes: map[string]func(*exchange.Exchange) exchange.Outcome{
		"/fast": onGoroutine(func(x *exchange.Exchange) exchange.Outcome { return text(x, 200, "fast") }),
		"/slow": onGoroutine(func(x *exchange.Exchange) exchange.Outcome {
			l.v.Advance(100 * time.Millisecond)
			seen = string(p.Take())
			return text(x, 200, "slow")
		}),
	}}
	l = newLab(t, 1, hurry, s)
	peer := l.dial()
	p = peer
	require.Equal(t, []string{"slow"}, bodies(t, l.send(peer, get("/fast")+get("/fast")+get("/slow"))))
	require.Equal(t, []string{"fast", "fast"}, bodies(t, seen))
}

// TestUnreadAnswerOfGoroutine: the time to read it begins when the connection
// has come back.
func TestUnreadAnswerOfGoroutine(t *testing.T) {
	s := &site{routes: map[string]func(*exchange.Exchange) exchange.Outcome{
		"/w": onGoroutine(func(x *exchange.Exchange) exchange.Outcome { return text(x, 200, strings.Repeat("w", 9000)) }),
	}}
	l := newLab(t, 1, hurry, s)
	p := l.dial()
	p.SetBuffer(1000)
	require.True(t, p.Send(get("/w")))
	l.run()
	l.advance(hurry.WriteTimeout - time.Second)
	require.EqualValues(t, 1, l.server.Stats().Open)
	l.advance(2 * time.Second)
	require.Zero(t, l.server.Stats().Open)
}

// TestRefusedClientThatStopsReading: the deadline of the head is over once it
// was refused; the one for taking the answer counts from then on.
func TestRefusedClientThatStopsReading(t *testing.T) {
	s := &site{routes: map[string]func(*exchange.Exchange) exchange.Outcome{
		"/big": func(x *exchange.Exchange) exchange.Outcome { return text(x, 200, strings.Repeat("b", 4000)) },
	}}
	l := newLab(t, 1, hurry, s)
	p := l.dial()
	p.SetBuffer(10_000)
	require.True(t, p.Send(strings.Repeat(get("/big"), 10)+"GET / HT"))
	l.run()
	l.advance(2 * hurry.HeadTimeout)
	require.Len(t, p.TakeN(5000), 5000, "progress, so the armed timer comes too early")
	l.run()
	l.advance(2 * hurry.WriteTimeout)
	require.Zero(t, l.server.Stats().Open)
}
