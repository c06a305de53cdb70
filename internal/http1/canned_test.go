package http1

import (
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/internal/poll"
)

// canned is a poller whose socket has the same input ready whenever it is
// refilled, and takes all output: what is left is the engine's own work.
//
// Owner: the test's goroutine.
type canned struct {
	poll.Poller
	input []byte
	full  bool
	wrote int
}

func (p *canned) Read(_ int, b []byte) (int, poll.Errno) {
	if !p.full {
		return 0, syscall.EAGAIN
	}
	p.full = false
	return copy(b, p.input), 0
}

func (p *canned) Write(_ int, b []byte) (int, poll.Errno) {
	p.wrote += len(b)
	return len(b), 0
}

// plaintext answers everything with 13 bytes.
//
// Owner: any (immutable after New).
type plaintext struct {
	body []byte
	lend bool // in the goroutine style
}

func (*plaintext) Begin(*exchange.Exchange)                    {}
func (*plaintext) Admit(*exchange.Exchange) exchange.Admission { return exchange.Admission{} }
func (*plaintext) Cancel(*exchange.Exchange, error)            {}
func (*plaintext) Release(*exchange.Exchange)                  {}
func (h *plaintext) Serve(x *exchange.Exchange) exchange.Outcome {
	if h.lend && x.OnReactor() {
		return exchange.Move
	}
	x.Respond(200, "text/plain", h.body)
	return exchange.Answered
}

// cannedConn returns a connection that is served with requests per read.
func cannedConn(tb testing.TB, requests int, lend bool) (*conn, *canned) {
	l := newLab(tb, 1, Config{}, &plaintext{[]byte("Hello, World!"), lend})
	l.core.spawn = func(task async.Task) { task.Run() } // the hand-over is the reactor's cost
	l.dial()
	c := l.core.conns.next
	p := &canned{input: []byte(strings.Repeat(get("/plaintext"), requests))}
	c.socket.Open(p, c.socket.FD())
	return c, p
}

func TestCanned(t *testing.T) {
	c, p := cannedConn(t, 16, false)
	p.full = true
	c.Ready(poll.In)
	one := "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Type: text/plain\r\nContent-Length: 13\r\n\r\nHello, World!"
	require.Equal(t, 16*len(one), p.wrote)
	require.Nil(t, c.in, "an idle connection holds no buffer")
	require.Nil(t, c.x, "and no exchange")
}

func BenchmarkPlaintext(b *testing.B) {
	for _, style := range []string{"reactor", "goroutine"} {
		for _, requests := range []int{1, 16} {
			b.Run(style+" "+itoa(requests)+" per read", func(b *testing.B) {
				c, p := cannedConn(b, requests, style == "goroutine")
				b.ReportAllocs()
				for b.Loop() {
					p.full = true
					c.Ready(poll.In)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*requests), "ns/request")
			})
		}
	}
}
