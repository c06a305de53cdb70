package http1

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/internal/exchange"
)

// TestTrailing: fields behind a body make it a chunked one, where it has content and the client
// understands that; those that may not come there are left out.
func TestTrailing(t *testing.T) {
	behind := []exchange.Field{{Name: "Digest", Value: "abc"}, {Name: "X-Sum", Value: "1"}, {Name: "X-Sum", Value: "2"}, {Name: "Host", Value: "b"}}
	s := &site{routes: map[string]func(*exchange.Exchange) exchange.Outcome{
		"/staged": func(x *exchange.Exchange) exchange.Outcome {
			text(x, 200, "hello")
			x.SetTrailing(behind)
			return exchange.Answered
		},
		"/none": func(x *exchange.Exchange) exchange.Outcome {
			text(x, 204, "")
			x.SetTrailing(behind)
			return exchange.Answered
		},
		"/failed": func(x *exchange.Exchange) exchange.Outcome {
			text(x, 200, "hello")
			x.SetTrailing(behind)
			return text(x, 500, "failed")
		},
		"/stream": onGoroutine(func(x *exchange.Exchange) exchange.Outcome {
			x.Status = 200
			x.Announce([]string{"Digest", "Host"})
			w, err := x.Open(-1)
			if err == nil {
				_, _ = w.Write([]byte("hello"))
				x.SetTrailing(behind)
				_ = x.EndStream()
			}
			return exchange.Answered
		}),
	}}
	const end = "5\r\nhello\r\n0\r\nDigest: abc\r\nX-Sum: 1\r\nX-Sum: 2\r\n\r\n"
	l := newLab(t, 1, Config{}, s)
	p := l.dial()
	for request, want := range map[string]string{
		"GET /staged":  "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTrailer: Digest, X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n" + end,
		"HEAD /staged": "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\n",
		"GET /none":    "HTTP/1.1 204 No Content\r\nContent-Type: text/plain\r\n\r\n",
		"GET /failed":  "HTTP/1.1 500 Internal Server Error\r\nContent-Type: text/plain\r\nContent-Length: 6\r\n\r\nfailed",
		"GET /stream":  "HTTP/1.1 200 OK\r\nTrailer: Digest\r\nTransfer-Encoding: chunked\r\n\r\n" + end,
		"HEAD /stream": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
	} {
		require.Equal(t, want, dateless(l.send(p, request+" HTTP/1.1\r\nHost: a\r\n\r\n")), request)
	}
	require.Equal(t, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: keep-alive\r\nContent-Length: 5\r\n\r\nhello",
		dateless(l.send(p, "GET /staged HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")))
}
