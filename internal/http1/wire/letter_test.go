package wire

import (
	"errors"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// What of a request the grammar cannot say is said here: each function tells
// whether Parse or Decode has to accept.

// accepts tells whether Parse takes the whole of a head.
func accepts(head string) bool {
	var h Head
	n, err := h.Parse([]byte(head), Limits{})
	return err == nil && n == len(head)
}

// meantHost: a Host field has a name where it has a port, and a port of an address.
func (g grammar) meantHost(text string) bool {
	name, port := text, ""
	if colon := strings.LastIndexByte(text, ':'); colon > strings.LastIndexByte(text, ']') {
		name, port = text[:colon], text[colon+1:]
		if name == "" {
			return false
		}
	}
	return g.matches("Host", text) && portFits(port)
}

// portFits: an empty port stands for that of the scheme.
func portFits(port string) bool {
	port = strings.TrimLeft(port, "0")
	n, err := strconv.ParseUint(port, 10, 64)
	return port == "" || err == nil && n <= 65535
}

// meantTarget: the form fits the method.
func (g grammar) meantTarget(method, target string) bool {
	switch {
	case method == "CONNECT":
		colon := strings.LastIndexByte(target, ':')
		return g.matches("authority-form", target) && g.meantHost(target) && strings.TrimLeft(target[colon+1:], "0") != ""
	case target == "*":
		return method == "OPTIONS"
	case strings.HasPrefix(target, "/"):
		return g.matches("origin-form", target)
	}
	_, rest, _ := strings.Cut(target, "://")
	authority := rest[:strings.IndexAny(rest+"/", "/?")]
	return g.matches("absolute-form", target) && authority != "" && g.meantHost(authority)
}

func (g grammar) checkTarget(t require.TestingT, method, target string) {
	want := g.matches("request-target", target) && g.meantTarget(method, target)
	require.Equal(t, want, accepts(line(method+" "+target+" HTTP/1.1")), "%s %q", method, target)
	require.Equal(t, want, CheckRequest(method, target, "a") == nil, "%s %q", method, target)
}

func (g grammar) checkHost(t require.TestingT, host string) {
	want := g.meantHost(strings.Trim(host, " \t"))
	require.Equal(t, want, accepts("GET / HTTP/1.1\r\nHost: "+host+"\r\n\r\n"), "%q", host)
	if host == strings.Trim(host, " \t") {
		require.Equal(t, want, CheckRequest("GET", "/", host) == nil, "%q", host)
	}
}

func (g grammar) checkRequestLine(t require.TestingT, text string) {
	want := false
	if method, rest, ok := strings.Cut(text, " "); ok && g.matches("request-line", text) {
		target, version, _ := strings.Cut(rest, " ")
		want = g.meantTarget(method, target) && len(method) <= maxMethod && strings.HasPrefix(version, "HTTP/1.")
	}
	for _, before := range []string{"", "\r\n"} { // RFC 9112 2.2
		require.Equal(t, want, accepts(before+line(text)), "%q", before+text)
	}
}

func (g grammar) checkField(t require.TestingT, text string) {
	if name, _, _ := strings.Cut(text, ":"); framing[strings.ToLower(name)] || text == "" { // "": the end
		return
	}
	want := g.matches("field-line", text)
	require.Equal(t, want, accepts(get(text)), "%q", text)
	var c Chunks
	_, _, err := decode(&c, []byte("0\r\n"+text+"\r\n\r\n"), 1<<10, 1)
	require.Equal(t, want, err == nil && c.Done(), "trailer %q", text)
}

// framing are the names of fields with a meaning for this package.
var framing = map[string]bool{
	"host": true, "content-length": true, "transfer-encoding": true, "expect": true, "trailer": true, "connection": true,
	"upgrade": true, "te": true, "keep-alive": true, "proxy-connection": true,
}

func (g grammar) checkLength(t require.TestingT, text string) {
	trimmed := strings.Trim(text, " \t")
	_, err := strconv.ParseInt(trimmed, 10, 64)
	want := g.matches("Content-Length", trimmed) && err == nil
	require.Equal(t, want, accepts(get("Content-Length: "+text)), "%q", text)
}

func (g grammar) checkChunkLine(t require.TestingT, text string) {
	digits := text[:len(text)-len(strings.TrimLeft(text, "0123456789abcdefABCDEF"))]
	_, err := strconv.ParseInt(digits, 16, 64)
	want := g.matches("chunk-line", text) && err == nil && len(digits) <= 16
	var c Chunks
	_, _, refusal := c.Decode(nil, []byte(text+"\r\n"))
	require.Equal(t, want, refusal == nil, "%q: %v", text, refusal)
	if want {
		require.True(t, c.part == inData || c.part == inTrailers, "%q", text)
	}
}

// checkCoding: only chunked is decoded; other codings before it are not implemented.
func (g grammar) checkCoding(t require.TestingT, coding string) {
	var h Head
	_, err := h.Parse([]byte(get("Transfer-Encoding: "+coding)), Limits{})
	require.Equal(t, strings.EqualFold(strings.Trim(coding, " \t"), "chunked"), err == nil, "%q", coding)
	if !g.matches("transfer-coding", coding) || strings.EqualFold(coding, "chunked") {
		return
	}
	_, err = h.Parse([]byte(get("Transfer-Encoding: "+coding+", chunked")), Limits{})
	var e *Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, 501, e.Status, "%q", coding)
}

// TestLetter derives valid and near-valid parts of requests from the grammar of the
// RFCs, production by production, and holds what is accepted against it.
func TestLetter(t *testing.T) {
	g := readGrammar(requestGrammar)
	check := func(name string, one func(*rapid.T)) {
		t.Run(name, func(t *testing.T) { rapid.Check(t, one) })
	}
	method := func(t *rapid.T) string {
		return rapid.SampledFrom([]string{"GET", "OPTIONS", "CONNECT", "connect", "X"}).Draw(t, "method")
	}
	for _, form := range []string{"origin-form", "absolute-form", "authority-form", "asterisk-form"} {
		check(form, func(t *rapid.T) { g.checkTarget(t, method(t), noSpace(g.near(t, form))) })
	}
	check("request-line", func(t *rapid.T) { g.checkRequestLine(t, g.near(t, "request-line")) })
	check("method", func(t *rapid.T) { g.checkRequestLine(t, g.near(t, "method")+" / HTTP/1.1") })
	check("HTTP-version", func(t *rapid.T) { g.checkRequestLine(t, "GET / "+g.near(t, "HTTP-version")) })
	check("Host", func(t *rapid.T) { g.checkHost(t, g.near(t, "Host")) })
	check("IPv6address", func(t *rapid.T) { g.checkHost(t, "["+g.near(t, "IPv6address")+"]") })
	check("field-line", func(t *rapid.T) { g.checkField(t, g.near(t, "field-line")) })
	check("Content-Length", func(t *rapid.T) { g.checkLength(t, g.near(t, "Content-Length")) })
	check("transfer-coding", func(t *rapid.T) { g.checkCoding(t, g.near(t, "transfer-coding")) })
	check("chunk-line", func(t *rapid.T) { g.checkChunkLine(t, g.near(t, "chunk-line")) })
}

// noSpace makes a target of a spoilt one: a space would end it.
func noSpace(target string) string {
	if target = strings.ReplaceAll(target, " ", ""); target == "" {
		return "x"
	}
	return target
}

// FuzzLetter is TestLetter for texts of any kind.
func FuzzLetter(f *testing.F) {
	for i, text := range []string{"/a%20?b", "http://[::1]:80/a?b", "a:80", "*", "[::ffff:1.2.3.4]", "GET / HTTP/1.1", "A: b", "5", "5;a=\"b\\\"\" ; c", "gzip;a=b"} {
		f.Add(text, uint8(i))
	}
	g := readGrammar(requestGrammar)
	f.Fuzz(func(t *testing.T, text string, what uint8) {
		if len(text) > 60 || strings.ContainsAny(text, "\r\n") { // line ends: FuzzHeadAgainstNetHTTP
			return
		}
		switch what % 7 {
		case 0:
			g.checkTarget(t, []string{"GET", "OPTIONS", "CONNECT"}[what%3], noSpace(text))
		case 1:
			g.checkHost(t, text)
		case 2:
			g.checkRequestLine(t, text)
		case 3:
			g.checkField(t, text)
		case 4:
			g.checkLength(t, text)
		case 5:
			g.checkChunkLine(t, text)
		case 6:
			g.checkCoding(t, text)
		}
	})
}

// TestLineEnds: in no place of a request does CR or LF alone stand for a line end,
// and no white space is dropped (RFC 9112 2.2, 3, 5.1).
func TestLineEnds(t *testing.T) {
	const right = "GET /a HTTP/1.1\r\nHost: a\r\nB: c\r\n\r\n"
	require.True(t, accepts(right))
	for i := range len(right) + 1 {
		for _, with := range []string{"\r", "\n", "\x00"} {
			require.False(t, accepts(right[:i]+with+right[i:]), "%q at %d", with, i)
		}
		if i < len(right) && (right[i] == '\r' || right[i] == '\n') {
			require.False(t, accepts(right[:i]+right[i+1:]), "without byte %d", i)
		}
	}
}

// TestCheckRequestLimits: what Parse refuses for its length is refused alike.
func TestCheckRequestLimits(t *testing.T) {
	var e *Error
	for method, status := range map[string]int{strings.Repeat("A", maxMethod): 0, strings.Repeat("A", maxMethod+1): 501, "": 400, "G T": 400} {
		err := CheckRequest(method, "/", "a")
		if status == 0 {
			require.NoError(t, err)
			continue
		}
		require.True(t, errors.As(err, &e))
		require.Equal(t, status, e.Status)
	}
	require.Error(t, CheckRequest("GET", "", "a"))
}
