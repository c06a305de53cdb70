package http1

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/internal/exchange"
)

// stricter are the faults that net/http's server answers in another way, with
// its statuses and the reason why ours stays.
var stricter = map[string]struct{ theirs, reason string }{
	"HTTP/2 preface":         {"200", "it hands the preface to the handler, for those who speak HTTP/2 there"},
	"bare LF":                {"200", "RFC 9112 2.2 lets a recipient refuse it; proxies disagree about it"},
	"folded field":           {"200", "RFC 9112 5.2: a server must refuse it or replace it"},
	"length and chunked":     {"200", "RFC 9112 6.3: it ought to be handled as an error; the usual way to smuggle"},
	"two lengths":            {"200", "RFC 9112 6.3 allows equal ones; nobody needs them"},
	"chunked not last":       {"501", "RFC 9112 6.3: 400, since the length of the body cannot be known"},
	"chunk size":             {"200", "its handler reads the body after the answer has begun"},
	"chunk end":              {"200", "its handler reads the body after the answer has begun"},
	"chunks too long":        {"400", "it has no limit of its own, and waits for the rest"},
	"length too long":        {"400", "it has no limit of its own, and waits for the rest"},
	"too long, client waits": {"400", "it has no limit of its own, and waits for the rest"},
	"long target":            {"200", "RFC 9112 3 asks for 8000 octets; beyond that it is 414"},
	"long head":              {"200", "its limit is 1 MiB"},
	"many fields":            {"200", "it has no limit on their number"},
}

// valid are requests that both servers must answer alike.
var valid = []struct{ name, in string }{
	{"one", get("/a")},
	{"pipeline", get("/a") + post("/b", "body") + get("/c")},
	{"lengths and chunks", "POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3;x=\"y\"\r\nabc\r\n0\r\nT: u\r\n\r\n" + post("/b", "")},
	{"HEAD", "HEAD /a HTTP/1.1\r\nHost: a\r\n\r\n"},
	{"close", "GET /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" + get("/never")},
	{"close among others", "GET /a HTTP/1.1\r\nHost: a\r\nConnection: x, Close\r\n\r\n" + get("/never")},
	{"HTTP/1.0", "GET /a HTTP/1.0\r\n\r\n" + get("/never")},
	{"HTTP/1.0 keep-alive", "GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n" + get("/b")},
	{"absolute form", "GET http://b/a?x HTTP/1.1\r\nHost: a\r\n\r\n"},
	{"asterisk form", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n" + get("/a")},
	{"escapes", get("/a%2Fb?x=%zz")},
	{"no body for a method of its own", "BREW /a HTTP/1.1\r\nHost: a\r\n\r\n" + get("/b")},
	{"continue", "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\nabc" + get("/b")},
	{"truncated head", get("/a") + "GET /b HTTP/1.1\r\nHos"},
	{"truncated body", get("/a") + post("/b", "body")[:len(post("/b", ""))]},
	{"truncated chunks", "POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"},
}

// ask sends in, half closes, and returns what is answered until the end.
func ask(t *testing.T, addr, in string) string {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	defer c.Close()
	require.NoError(t, c.SetDeadline(time.Now().Add(10*time.Second)))
	_, _ = io.WriteString(c, in) // a server may have closed before it ends
	_ = c.(*net.TCPConn).CloseWrite()
	out, _ := io.ReadAll(c) // and net/http resets what it does not read
	return string(out)
}

// TestLikeNetHTTP sends the same bytes to this server and to net/http's.
func TestLikeNetHTTP(t *testing.T) {
	ours := newLive(t, 1, Config{}, &site{routes: map[string]func(*exchange.Exchange) exchange.Outcome{
		"/a": echo, "/b": echo, "*": func(x *exchange.Exchange) exchange.Outcome { return text(x, 200, "") },
	}})
	theirs := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if errors.Is(err, io.ErrUnexpectedEOF) {
			w.Header().Set("Connection", "close")
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		switch r.URL.Path {
		case "/a", "/b":
			_, _ = w.Write([]byte("[" + string(body) + "]"))
		case "*":
		default:
			_, _ = w.Write([]byte(r.RequestURI))
		}
	}))
	defer theirs.Close()
	addr := strings.TrimPrefix(theirs.URL, "http://")
	for _, c := range valid {
		method, _, _ := strings.Cut(c.in, " ")
		got := responses(t, []byte(ask(t, ours.addr, c.in)), method, "GET")
		want := responses(t, []byte(ask(t, addr, c.in)), method, "GET")
		if c.name == "truncated head" && len(want) == 1 {
			got = got[:1] // net/http does not always answer a client that is leaving
		}
		require.Len(t, got, len(want), c.name)
		for i := range got {
			require.Equal(t, want[i].status, got[i].status, c.name)
			if got[i].status >= 400 {
				continue // in words of its own
			}
			require.Equal(t, string(want[i].body), string(got[i].body), c.name)
			require.Equal(t, want[i].close, got[i].close, c.name)
			require.Equal(t, want[i].header.Get("Content-Length"), got[i].header.Get("Content-Length"), c.name)
		}
	}
	for _, fault := range faults {
		expected := fault.status
		if difference, ok := stricter[fault.name]; ok {
			expected = difference.theirs
		}
		status := statuses(strings.ReplaceAll(ask(t, addr, fault.in), "HTTP/1.0 ", "HTTP/1.1 "))
		for len(status) > 0 && status[0] == "100" {
			status = status[1:]
		}
		require.NotEmpty(t, status, fault.name)
		if expected != status[0] {
			t.Errorf("%s: %s, not %s", fault.name, status[0], expected)
		}
		require.Equal(t, fault.status, statuses(ask(t, ours.addr, fault.in))[0], fault.name)
	}
}
