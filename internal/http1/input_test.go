package http1

import (
	"slices"
	"strings"
	"testing"
	"time"

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

// refusers answer refused requests in every style. The one without a name passes them
// off as fine, which the engine must not send.
func refusers() map[string]func(*exchange.Exchange) exchange.Outcome {
	answer := func(x *exchange.Exchange) exchange.Outcome {
		x.SetField("X-Refused", "yes")
		return text(x, x.Refusal.Status, x.Refusal.Reason)
	}
	return map[string]func(*exchange.Exchange) exchange.Outcome{
		"":          nil,
		"inline":    answer,
		"goroutine": onGoroutine(answer),
		"coroutine": func(x *exchange.Exchange) exchange.Outcome {
			switch {
			case !x.OnReactor():
				return exchange.Move
			case x.Coroutine() == nil:
				return exchange.NeedCoroutine
			}
			return answer(x)
		},
		"later": func(x *exchange.Exchange) exchange.Outcome {
			if !x.OnReactor() {
				return exchange.Move
			}
			answer(x)
			x.Reactor().After(time.Second, finishing{x})
			return exchange.Later
		},
	}
}

// TestFaults: one answer, then the end, however the bytes are cut, whatever
// follows them, in whichever style the handler answers, and with what was asked
// before answered.
func TestFaults(t *testing.T) {
	for _, fault := range faults {
		t.Run(fault.name, func(t *testing.T) {
			for _, in := range []string{fault.in, fault.in + get("/after") + get("/after")} {
				for _, chop := range []bool{false, true} {
					for style, refuse := range refusers() {
						l := newLab(t, 7, Config{}, &site{refuse: refuse})
						l.v.Net.Chop = chop
						checkFault(t, l, in, fault.status, style)
					}
				}
			}
		})
	}
}

func checkFault(t *testing.T, l *lab, in, status, style string) {
	p := l.dial()
	out := l.send(p, get("/before")+in)
	if style == "later" {
		require.Equal(t, []string{"200"}, statuses(out))
		l.advance(time.Second)
		out += string(p.Take())
	}
	require.Equal(t, []string{"200", status}, statuses(out), style)
	got := responses(t, []byte(out), "GET")
	require.True(t, got[1].close)
	if style == "" {
		require.Equal(t, "application/problem+json", got[1].header.Get("Content-Type"))
	} else {
		require.Equal(t, "yes", got[1].header.Get("X-Refused"))
	}
	require.Equal(t, []string{"GET /before"}, l.site.calls())
	require.Len(t, slices.Compact(l.site.refusals()), 1)
	require.True(t, strings.HasPrefix(l.site.refusals()[0], status+" "))
	require.Equal(t, 2, l.site.released)
	require.EqualValues(t, 1, l.server.Stats().Refused)
	require.Empty(t, l.send(p, get("/after")), "the connection is not read any more")
	p.CloseWrite()
	l.run()
	require.Zero(t, l.server.Stats().Open)
	require.True(t, p.Ended())
}

// TestRefusedHeads: the handler sees of a refused head what was read of it, and
// nothing of another one.
func TestRefusedHeads(t *testing.T) {
	for in, want := range map[string]string{
		"\x16\x03\x01":                      "400  ",
		"GET /a\x01":                        "400 GET /a",
		"GET /" + strings.Repeat("a", 9000): "414 GET /" + strings.Repeat("a", 8192),
		"GET /a HTTP/1.1\r\nHost: a\r\nX: y\r\nHost: a\r\n":     "400 GET /a Host=a X=y Host=a",
		"GET /a HTTP/1.1\r\nHost: a\r\nExpect: x\r\n\r\n":       "417 GET /a Host=a Expect=x",
		"GET /a HTTP/1.1\r\n" + strings.Repeat("X: y\r\n", 101): "431 GET /a" + strings.Repeat(" X=y", 100),
	} {
		for _, chop := range []bool{false, true} {
			var saw string
			s := &site{refuse: func(x *exchange.Exchange) exchange.Outcome {
				saw = itoa(x.Refusal.Status) + " " + string(x.Head.Method) + " " + string(x.Head.Target)
				for _, f := range x.Head.Headers {
					saw += " " + string(f.Name) + "=" + string(f.Value)
				}
				n, err := x.BodyReader.Read(make([]byte, 1))
				require.Zero(t, n)
				require.ErrorIs(t, err, x.Refusal)
				_, _, err = x.Hijack()
				require.Error(t, err)
				return text(x, x.Refusal.Status, "")
			}}
			l := newLab(t, 7, Config{}, s)
			l.v.Net.Chop = chop
			l.v.Net.Buffer = 1 << 20
			l.send(l.dial(), "PUT /before HTTP/1.1\r\nHost: before\r\nContent-Length: 1\r\n\r\nb"+in)
			require.Equal(t, want, saw)
			require.Equal(t, []string{"PUT /before"}, l.site.calls())
		}
	}
}

// TestRefusedStreams: a refused request is neither answered with a stream that says
// all is well nor given up to a hijacker.
func TestRefusedStreams(t *testing.T) {
	var errs []error
	s := &site{refuse: onGoroutine(func(x *exchange.Exchange) exchange.Outcome {
		x.Respond(200, "text/plain", nil)
		_, err := x.Open(-1)
		errs = append(errs, err)
		_, _, err = x.Hijack()
		errs = append(errs, err)
		_, err = x.TakeDescriptor()
		errs = append(errs, err)
		x.Respond(x.Refusal.Status, "text/plain", nil)
		w, err := x.Open(4)
		require.NoError(t, err)
		_, err = w.Write([]byte("long"))
		require.NoError(t, err)
		require.NoError(t, x.EndStream())
		return exchange.Answered
	})}
	l := newLab(t, 1, Config{}, s)
	out := l.send(l.dial(), "POST /stream HTTP/1.1\r\nHost: a\r\nContent-Length: 9999999\r\n\r\n")
	require.Equal(t, []string{"413"}, statuses(out))
	require.Equal(t, []string{"long"}, bodies(t, out))
	require.Contains(t, out, "Connection: close\r\n")
	for _, err := range errs {
		require.ErrorIs(t, err, exchange.TooLong)
	}
	require.Len(t, errs, 3)
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
			require.LessOrEqual(t, l.site.released, 1)
			require.Len(t, l.site.refusals(), min(cut, 1)*(1-cut%2), "one is answered to who reads it")
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

// TestRefusedHEAD: the answer has no content, as far as the method was read.
func TestRefusedHEAD(t *testing.T) {
	for _, in := range []string{
		"HEAD /a HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "HEAD /a HTTP/1.1\r\nHost: a\r\nContent-Length: 1048577\r\n\r\n", "HEAD /\x01",
	} {
		out := answerTo(t, in)
		require.Contains(t, out, "Content-Type: application/problem+json\r\n")
		require.True(t, strings.HasSuffix(out, "\r\n\r\n"), out)
	}
	require.True(t, strings.HasSuffix(answerTo(t, "HEAD\t/ HTTP/1.1\r\n"), "\r\n\r\n"))
	require.True(t, strings.HasSuffix(answerTo(t, "HEADS\t/ HTTP/1.1\r\n"), "}"))
}

func answerTo(t *testing.T, in string) string {
	l := newLab(t, 1, Config{}, &site{})
	return l.send(l.dial(), in)
}
