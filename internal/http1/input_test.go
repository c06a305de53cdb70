package http1

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/internal/exchange"
)

// faults are requests that get one answer and a closed connection.
var faults = []struct{ name, in, status string }{
	{"nonsense", "nonsense\r\n\r\n", "400"},
	{"TLS hello", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "400"},
	{"HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "505"},
	{"HTTP/0.9", "GET /\r\n", "400"},
	{"no Host", "GET / HTTP/1.1\r\n\r\n", "400"},
	{"two Hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "400"},
	{"bare LF", "GET / HTTP/1.1\nHost: a\n\n", "400"},
	{"folded field", "GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n", "400"},
	{"space before colon", "GET / HTTP/1.1\r\nHost : a\r\n\r\n", "400"},
	{"length and chunked", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "400"},
	{"two lengths", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc", "400"},
	{"signed length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +3\r\n\r\nabc", "400"},
	{"huge length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\nabc", "400"},
	{"unknown coding", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", "501"},
	{"chunked not last", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, gzip\r\n\r\n", "400"},
	{"chunk size", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n", "400"},
	{"chunk end", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n", "400"},
	{"chunks too long", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n100001\r\n", "413"},
	{"length too long", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1048577\r\n\r\nabc", "413"},
	{"too long, client waits", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1048577\r\nExpect: 100-continue\r\n\r\n", "413"},
	{"expectation", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 200-ok\r\n\r\nabc", "417"},
	{"long target", "GET /" + strings.Repeat("a", 9000) + " HTTP/1.1\r\nHost: a\r\n\r\n", "414"},
	{"long head", "GET / HTTP/1.1\r\nHost: a\r\nX: " + strings.Repeat("a", 33000) + "\r\n\r\n", "431"},
	{"many fields", "GET / HTTP/1.1\r\nHost: a\r\n" + strings.Repeat("X: a\r\n", 101) + "\r\n", "431"},
	{"HTTP/2.0", "GET / HTTP/2.0\r\nHost: a\r\n\r\n", "505"},
	{"control character", "GET / HTTP/1.1\r\nHost: a\r\nX: a\x00b\r\n\r\n", "400"},
}

// TestFaults: one answer, then the end, however the bytes are cut, whatever
// follows them, and with what was asked before answered.
func TestFaults(t *testing.T) {
	const before, after = "GET /before HTTP/1.1\r\nHost: a\r\n\r\n", "GET /after HTTP/1.1\r\nHost: a\r\n\r\n"
	for _, fault := range faults {
		t.Run(fault.name, func(t *testing.T) {
			for _, in := range []string{fault.in, fault.in + after + after} {
				for _, chop := range []bool{false, true} {
					l := newLab(t, 7, Config{}, &site{})
					l.v.Net.Chop = chop
					p := l.dial()
					out := l.send(p, before+in)
					require.Equal(t, []string{"200", fault.status}, statuses(out))
					got := responses(t, []byte(out), "GET")
					require.True(t, got[1].close)
					require.Equal(t, "application/problem+json", got[1].header.Get("Content-Type"))
					require.Equal(t, []string{"GET /before"}, l.site.calls())
					require.Empty(t, l.send(p, after), "the connection is not read any more")
					p.CloseWrite()
					l.run()
					require.Zero(t, l.server.Stats().Open)
					require.True(t, p.Ended())
				}
			}
		})
	}
}

// TestTruncated: a client that stops in the middle of a request is told so, if
// it still reads; one that has sent nothing, or an empty line, is not answered.
func TestTruncated(t *testing.T) {
	whole := []string{
		get("/a"), post("/a", "hello"),
		"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX: a\r\n\r\n",
	}
	for _, in := range whole {
		for cut := range len(in) {
			l := newLab(t, uint64(cut), Config{}, &site{})
			p := l.dial()
			require.Empty(t, l.send(p, in[:cut]), "%q", in[:cut])
			if cut%2 == 0 {
				p.CloseWrite()
				l.run()
				got := responses(t, p.Take(), "GET")
				require.Len(t, got, min(cut, 1), "%q", in[:cut])
				if cut > 0 {
					require.Equal(t, 400, got[0].status)
					require.True(t, got[0].close)
				}
				require.True(t, p.Ended())
			} else {
				p.Reset()
				l.run()
			}
			require.Empty(t, l.site.calls())
			require.Zero(t, l.server.Stats().Open, "%q", in[:cut])
			require.LessOrEqual(t, l.site.released, 1, "Admit has seen it")
		}
	}
	l := newLab(t, 1, Config{}, &site{})
	p := l.dial()
	require.Equal(t, []string{"200"}, statuses(l.send(p, get("/a")+"\r\n")))
	p.CloseWrite()
	l.run()
	require.Empty(t, p.Take(), "an empty line is no request")
	require.True(t, p.Ended())
}

// echo answers with the body, whichever way it comes.
func echo(x *exchange.Exchange) exchange.Outcome {
	return text(x, 200, "["+string(x.Body)+"]")
}

func TestBodies(t *testing.T) {
	long := strings.Repeat("0123456789", 20_000)
	chunked := "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
	for _, c := range []struct{ name, in, want string }{
		{"none", "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", ""},
		{"short", post("/echo", "hello"), "hello"},
		{"long", post("/echo", long), long},
		{"chunks", chunked + "5\r\nhello\r\n6;x=y\r\n world\r\n0\r\nA: b\r\n\r\n", "hello world"},
		{"long chunks", chunked + strings.Repeat("2710\r\n"+long[:10_000]+"\r\n", 20) + "0\r\n\r\n", long},
	} {
		for _, chop := range []bool{false, true} {
			for _, path := range []string{"/echo", "/work"} {
				s := &site{routes: map[string]func(*exchange.Exchange) exchange.Outcome{"/echo": echo, "/work": onGoroutine(echo)}}
				l := newLab(t, 3, Config{}, s)
				l.v.Net.Chop = chop
				l.v.Net.Buffer = 1 << 20
				p := l.dial()
				in := strings.Replace(c.in, "/echo", path, 1)
				out := l.send(p, in+get("/next")+in)
				require.Equal(t, []string{"[" + c.want + "]", "/next", "[" + c.want + "]"}, bodies(t, out), c.name)
			}
		}
	}
}

func TestContinue(t *testing.T) {
	s := &site{routes: map[string]func(*exchange.Exchange) exchange.Outcome{"/echo": echo}}
	l := newLab(t, 1, Config{}, s)
	p := l.dial()
	head := "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n"
	require.Equal(t, "HTTP/1.1 100 Continue\r\n\r\n", l.send(p, head))
	require.Equal(t, []string{"[hello]"}, bodies(t, l.send(p, "hello")))
	require.Equal(t, []string{"200"}, statuses(l.send(p, head+"hello")), "no need to ask")
	require.Equal(t, []string{"200"}, statuses(l.send(p, strings.Replace(head, ": 5", ": 0", 1))), "nothing to ask for")
	old := strings.Replace(strings.Replace(head, "1.1", "1.0", 1), "Host: a", "Connection: keep-alive", 1)
	require.Empty(t, l.send(p, old), "HTTP/1.0 knows no interim responses")
	require.Equal(t, []string{"200"}, statuses(l.send(p, "hello")))
	out := l.send(p, strings.Replace(head, "/echo", "/none", 1))
	require.Equal(t, []string{"404"}, statuses(out), "the body is not wanted")
	require.Contains(t, out, "Connection: close")
}

func TestUnwantedBodies(t *testing.T) {
	l := newLab(t, 1, Config{}, &site{})
	p := l.dial()
	require.Equal(t, []string{"404", "200"}, statuses(l.send(p, post("/none", strings.Repeat("x", 50_000))+get("/a"))))
	require.Equal(t, []string{"404"}, statuses(l.send(p, "POST /none HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nabc")))
	require.Empty(t, l.send(p, get("/a")), "closed: the body is too long to read")

	p = l.dial()
	out := l.send(p, "POST /none HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n50000\r\n")
	require.Equal(t, []string{"404"}, statuses(out), "the answer is not about the body")
	require.Contains(t, out, "Connection: close")
	require.Empty(t, l.send(p, get("/a")))
}

func TestMethodsAndVersions(t *testing.T) {
	s := &site{routes: map[string]func(*exchange.Exchange) exchange.Outcome{
		"/204": func(x *exchange.Exchange) exchange.Outcome { return text(x, 204, "never sent") },
		"/304": func(x *exchange.Exchange) exchange.Outcome { return text(x, 304, "never sent") },
		"/0":   func(x *exchange.Exchange) exchange.Outcome { return exchange.Answered },
		"/103": func(x *exchange.Exchange) exchange.Outcome { return text(x, 103, "not final") },
	}}
	l := newLab(t, 1, Config{}, s)
	p := l.dial()
	out := l.send(p, "HEAD /abc HTTP/1.1\r\nHost: a\r\n\r\n"+get("/204")+get("/304")+get("/0")+get("/103")+get("/x"))
	got := responses(t, []byte(out), "HEAD", "GET")
	require.Len(t, got, 6)
	require.Equal(t, "4", got[0].header.Get("Content-Length"))
	require.NotContains(t, out, "never sent")
	require.Equal(t, []string{"200", "204", "304", "500", "500", "200"}, statuses(out))
	for _, i := range []int{1, 2} {
		require.Empty(t, got[i].header.Get("Content-Length"))
	}
	out = l.send(p, "GET /old HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
	require.Contains(t, out, "Connection: keep-alive\r\n")
	out = l.send(p, "GET /old HTTP/1.0\r\n\r\n"+get("/never"))
	require.Equal(t, []string{"200"}, statuses(out))
	require.Contains(t, out, "Connection: close\r\n")
}
