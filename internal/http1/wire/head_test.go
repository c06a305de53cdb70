package wire

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// describe says everything a parsed head means, in one line.
func describe(h *Head) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s 1.%d form=%d path=%q query=%q host=%q length=%d body=%d", h.Method, h.Target, h.Minor, h.Form,
		h.Path, h.RawQuery, h.Host, h.ContentLength, h.Body())
	for _, f := range []struct {
		name string
		on   bool
	}{
		{"chunked", h.Chunked},
		{"close", h.Close},
		{"keep-alive", h.KeepAlive},
		{"persistent", h.Persistent()},
		{"continue", h.Expect100},
		{"upgrade", h.Upgrade},
	} {
		if f.on {
			b.WriteString(" " + f.name)
		}
	}
	for _, f := range h.Headers {
		fmt.Fprintf(&b, " %s=%q", f.Name, f.Value)
	}
	return b.String()
}

func status(err error) int {
	var e *Error
	if errors.As(err, &e) {
		return e.Status
	}
	return 0
}

// get is a request with the lines given, after a valid request line and Host.
func get(lines ...string) string {
	return "GET / HTTP/1.1\r\nHost: a\r\n" + strings.Join(append(lines, "", ""), "\r\n")
}

// line is a request with the request line given and a valid Host.
func line(l string) string { return l + "\r\nHost: a\r\n\r\n" }

// refused are inputs with the status of their refusal and the rule they break.
// Sections are of RFC 9112 unless another RFC is named.
var refused = []struct {
	name, in string
	status   int
	rule     string
}{
	{"two empty lines", "\r\n\r\n" + get(), 400, "2.2"},
	{"bare LF before the request line", "\n" + get(), 400, "2.2"},
	{"bare CR before the request line", "\rGET / HTTP/1.1", 400, "2.2"},
	{"space before the method", " GET / HTTP/1.1", 400, "2.2"},
	{"TLS ClientHello", "\x16\x03\x01", 400, "3.1"},
	{"NUL", "\x00", 400, "3.1"},
	{"no method", " / HTTP/1.1", 400, "3.1"},
	{"method is no token", "G(T", 400, "3.1"},
	{"tab after the method", "GET\t/ HTTP/1.1", 400, "3"},
	{"method alone", "GET\r", 400, "3"},
	{"LF after the method", "GET\n", 400, "2.2"},
	{"very long method", strings.Repeat("A", maxMethod+1), 501, "3"},
	{"no target", "GET  HTTP/1.1", 400, "3.2"},
	{"two spaces before the target", "GET  / HTTP/1.1", 400, "3"},
	{"two spaces after the target", line("GET /  HTTP/1.1"), 400, "3"},
	{"HTTP/0.9", "GET /\r", 400, "3"},
	{"HTTP/0.9 with LF", "GET /\n", 400, "3"},
	{"control in the target", "GET /\x01", 400, "3.2"},
	{"tab in the target", "GET /\t", 400, "3.2"},
	{"vertical tab in the target", "GET /\v", 400, "3.2"},
	{"DEL in the target", "GET /\x7f", 400, "3.2"},
	{"CR in the target", "GET /a\rb", 400, "2.2"},
	{"fragment", "GET /a#", 400, "3.2"},
	{"escape cut short", line("GET /%a HTTP/1.1"), 400, "RFC 3986 2.1"},
	{"escape without digits", line("GET /%zz HTTP/1.1"), 400, "RFC 3986 2.1"},
	{"escape with one digit", line("GET /%2z HTTP/1.1"), 400, "RFC 3986 2.1"},
	{"relative target", line("GET a HTTP/1.1"), 400, "3.2"},
	{"relative target with a query", line("GET ?a HTTP/1.1"), 400, "3.2"},
	{"asterisk with GET", line("GET * HTTP/1.1"), 400, "3.2.4"},
	{"asterisk and more", line("OPTIONS *a HTTP/1.1"), 400, "3.2.4"},
	{"authority form with GET", line("GET a:80 HTTP/1.1"), 400, "3.2.3"},
	{"origin form with CONNECT", line("CONNECT / HTTP/1.1"), 400, "3.2.3"},
	{"CONNECT without a port", line("CONNECT a HTTP/1.1"), 400, "RFC 9110 9.3.6"},
	{"CONNECT with an empty port", line("CONNECT a: HTTP/1.1"), 400, "RFC 9110 9.3.6"},
	{"CONNECT to port 0", line("CONNECT a:00 HTTP/1.1"), 400, "RFC 9110 9.3.6"},
	{"CONNECT without a host", line("CONNECT :80 HTTP/1.1"), 400, "RFC 9110 9.3.6"},
	{"CONNECT with a URL", line("CONNECT http://a/ HTTP/1.1"), 400, "3.2.3"},
	{"unknown scheme", line("GET ftp://a/ HTTP/1.1"), 400, "3.2.2"},
	{"URL without an authority", line("GET http:/a HTTP/1.1"), 400, "3.2.2"},
	{"URL with an empty host", line("GET http:///a HTTP/1.1"), 400, "RFC 9110 4.2.1"},
	{"URL with a port only", line("GET http://:80/a HTTP/1.1"), 400, "RFC 9110 4.2.1"},
	{"URL with user information", line("GET http://u@a/ HTTP/1.1"), 400, "RFC 9110 4.2.4"},
	{"URL with a bad port", line("GET http://a:8x/ HTTP/1.1"), 400, "RFC 3986 3.2.3"},
	{"target too long", "GET /" + strings.Repeat("a", DefaultTargetBytes), 414, "3"},
	{"HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, "RFC 9110 15.6.6"},
	{"HTTP/2.0", line("GET / HTTP/2.0"), 505, "RFC 9110 15.6.6"},
	{"HTTP/0.9 named", line("GET / HTTP/0.9"), 505, "RFC 9110 15.6.6"},
	{"lower-case version", "GET / h", 400, "2.3"},
	{"version with two digits", line("GET / HTTP/1.10"), 400, "2.3"},
	{"major version with two digits", line("GET / HTTP/11.0"), 400, "2.3"},
	{"version without a minor", line("GET / HTTP/1"), 400, "2.3"},
	{"space after the version", line("GET / HTTP/1.1 "), 400, "3"},
	{"LF after the version", "GET / HTTP/1.1\n", 400, "2.2"},
	{"CR alone after the version", "GET / HTTP/1.1\ra", 400, "2.2"},
	{"three words", line("GET / a HTTP/1.1"), 400, "3"},

	{"fold", get("A: b", " c"), 400, "5.2"},
	{"fold by tab", get("A: b", "\tc"), 400, "5.2"},
	{"white space before the first field", "GET / HTTP/1.1\r\n Host: a", 400, "2.2"},
	{"space before the colon", get("Transfer-Encoding : chunked"), 400, "5.1"},
	{"tab before the colon", get("Transfer-Encoding\t: chunked"), 400, "5.1"},
	{"vertical tab before the colon", get("Transfer-Encoding\v: chunked"), 400, "5.1"},
	{"empty name", get(": a"), 400, "RFC 9110 5.1"},
	{"no colon", get("abc"), 400, "5"},
	{"name with parentheses", get("a(b): c"), 400, "RFC 9110 5.1"},
	{"name outside ASCII", get("\xc3\xa4: c"), 400, "RFC 9110 5.1"},
	{"NUL in a name", get("a\x00b: c"), 400, "RFC 9110 5.1"},
	{"NUL in a value", get("A: b\x00c"), 400, "RFC 9110 5.5"},
	{"control in a value", get("A: b\x01c"), 400, "RFC 9110 5.5"},
	{"DEL in a value", get("A: b\x7fc"), 400, "RFC 9110 5.5"},
	{"DEL in a long value", get("A: bbbbbbbbbbbbbbbbbb\x7fccccccccccccccccccc"), 400, "RFC 9110 5.5"},
	{"vertical tab before a value", get("Transfer-Encoding:\vchunked"), 400, "RFC 9110 5.5"},
	{"bare LF in a value", get("A: b\nX: c"), 400, "2.2"},
	{"bare CR in a value", get("A: b\rX: c"), 400, "2.2"},
	{"CR CR LF", get("A: b\r"), 400, "2.2"},
	{"LF for the empty line", "GET / HTTP/1.1\r\nHost: a\r\n\n", 400, "2.2"},
	{"CR for the empty line", "GET / HTTP/1.1\r\nHost: a\r\n\rX", 400, "2.2"},

	{"no Host", "GET / HTTP/1.1\r\n\r\n", 400, "3.2"},
	{"no Host in HTTP/1.2", "GET / HTTP/1.2\r\n\r\n", 400, "3.2"},
	{"no Host beside a URL", "GET http://a/ HTTP/1.1\r\n\r\n", 400, "3.2.2"},
	{"two Hosts", get("Host: a"), 400, "3.2"},
	{"two Hosts in HTTP/1.0", "GET / HTTP/1.0\r\nHost: a\r\nhost: a\r\n\r\n", 400, "3.2"},
	{"Host with a path", "GET / HTTP/1.1\r\nHost: a/b\r\n", 400, "3.2"},
	{"Host with user information", "GET / HTTP/1.1\r\nHost: u@a\r\n", 400, "3.2"},
	{"Host list", "GET / HTTP/1.1\r\nHost: a b\r\n", 400, "3.2"},
	{"Host with a bad port", "GET / HTTP/1.1\r\nHost: a:b\r\n", 400, "3.2"},
	{"Host with a large port", "GET / HTTP/1.1\r\nHost: a:65536\r\n", 400, "3.2"},
	{"Host with two ports", "GET / HTTP/1.1\r\nHost: a:1:2\r\n", 400, "3.2"},
	{"Host with a port only", "GET / HTTP/1.1\r\nHost: :80\r\n", 400, "3.2"},
	{"Host with an open bracket", "GET / HTTP/1.1\r\nHost: [::1\r\n", 400, "3.2"},
	{"Host with text after a bracket", "GET / HTTP/1.1\r\nHost: [::1]a\r\n", 400, "3.2"},
	{"Host with a zone", "GET / HTTP/1.1\r\nHost: [fe80::1%25eth0]\r\n", 400, "3.2"},
	{"Host with nine groups", "GET / HTTP/1.1\r\nHost: [1:2:3:4:5:6:7:8:9]\r\n", 400, "RFC 3986 3.2.2"},
	{"Host with colons only", "GET / HTTP/1.1\r\nHost: [:::]\r\n", 400, "RFC 3986 3.2.2"},
	{"Host with IPv4 in brackets", "GET / HTTP/1.1\r\nHost: [1.2.3.4]\r\n", 400, "RFC 3986 3.2.2"},
	{"Host with an escape cut short", "GET / HTTP/1.1\r\nHost: a%2\r\n", 400, "RFC 3986 2.1"},
	{"URL with a bad address", line("GET http://[1]/ HTTP/1.1"), 400, "RFC 3986 3.2.2"},
	{"Host outside ASCII", "GET / HTTP/1.1\r\nHost: \xc3\xa4.de\r\n", 400, "3.2"},

	{"signed length", get("Content-Length: +5"), 400, "6.3"},
	{"negative length", get("Content-Length: -5"), 400, "6.3"},
	{"hexadecimal length", get("Content-Length: 0x5"), 400, "6.3"},
	{"length with an underscore", get("Content-Length: 1_0"), 400, "6.3"},
	{"fractional length", get("Content-Length: 5.0"), 400, "6.3"},
	{"empty length", get("Content-Length:"), 400, "6.3"},
	{"list of equal lengths", get("Content-Length: 5, 5"), 400, "6.3"},
	{"list of lengths", get("Content-Length: 5,6"), 400, "6.3"},
	{"length with a space inside", get("Content-Length: 5 6"), 400, "6.3"},
	{"length of 2^63", get("Content-Length: 9223372036854775808"), 400, "6.3"},
	{"length of 2^64 and 5", get("Content-Length: 18446744073709551621"), 400, "6.3"},
	{"length of 30 digits", get("Content-Length: 111111111111111111111111111111"), 400, "6.3"},
	{"two equal lengths", get("Content-Length: 5", "Content-Length: 5"), 400, "6.3"},
	{"two lengths", get("Content-Length: 5", "content-length: 6"), 400, "6.3"},
	{"arabic digits", get("Content-Length: \xd9\xa5"), 400, "6.3"},

	{"CL.TE", get("Content-Length: 6", "Transfer-Encoding: chunked"), 400, "6.1"},
	{"TE.CL", get("Transfer-Encoding: chunked", "Content-Length: 6"), 400, "6.1"},
	{"CL.0 and TE", get("Content-Length: 0", "Transfer-Encoding: chunked"), 400, "6.1"},
	{"TE in HTTP/1.0", "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", 400, "6.1"},
	{"TE unknown and not final", get("Transfer-Encoding: xchunked"), 400, "6.3"},
	{"TE identity", get("Transfer-Encoding: identity"), 400, "6.3"},
	{"TE gzip", get("Transfer-Encoding: gzip"), 400, "6.3"},
	{"TE chunked then gzip", get("Transfer-Encoding: chunked, gzip"), 400, "6.3"},
	{"TE gzip then chunked", get("Transfer-Encoding: gzip, chunked"), 501, "6.1"},
	{"TE gzip then chunked on two lines", get("Transfer-Encoding: gzip", "Transfer-Encoding: chunked"), 501, "6.1"},
	{"TE chunked twice", get("Transfer-Encoding: chunked, chunked"), 400, "7.1"},
	{"TE chunked twice on two lines", get("Transfer-Encoding: chunked", "Transfer-Encoding: chunked"), 400, "7.1"},
	{"TE chunked then identity", get("Transfer-Encoding: chunked", "Transfer-Encoding: identity"), 400, "6.3"},
	{"TE chunked with a parameter", get("Transfer-Encoding: chunked;a=b"), 400, "7.1"},
	{"TE quoted", get("Transfer-Encoding: \"chunked\""), 400, "6.1"},
	{"TE empty", get("Transfer-Encoding:"), 400, "6.1"},
	{"TE with an empty element", get("Transfer-Encoding: , chunked"), 400, "6.1"},
	{"TE with a last empty element", get("Transfer-Encoding: chunked,"), 400, "6.1"},
	{"TE with vertical tab", get("Transfer-Encoding: \vchunked"), 400, "RFC 9110 5.5"},
	{"TE with NUL", get("Transfer-Encoding: chunked\x00"), 400, "RFC 9110 5.5"},
	{"TE of no token", get("Transfer-Encoding: a b, chunked"), 400, "7"},
	{"TE folded", get("Transfer-Encoding:", " chunked"), 400, "5.2"},
	{"TE name with a space", get("Transfer Encoding: chunked"), 400, "RFC 9110 5.1"},
	{"TE after a bare LF", get("X: a\nTransfer-Encoding: chunked"), 400, "2.2"},

	{"unknown expectation", get("Expect: 200-ok"), 417, "RFC 9110 10.1.1"},
	{"list of expectations", get("Expect: 100-continue, a"), 417, "RFC 9110 10.1.1"},
	{"too many fields", get(slices.Repeat([]string{"A: b"}, DefaultHeaders)...), 431, "RFC 6585 5"},
	{"head too long", get("A: " + strings.Repeat("b", DefaultHeadBytes)), 431, "RFC 6585 5"},
	{"name too long", get(strings.Repeat("b", DefaultHeadBytes)), 431, "RFC 6585 5"},
}

func TestParseRefuses(t *testing.T) {
	for _, c := range refused {
		t.Run(c.name, func(t *testing.T) {
			var h Head
			n, err := h.Parse([]byte(c.in), Limits{})
			require.Zero(t, n)
			require.Equal(t, c.status, status(err), "RFC section %s: %v", c.rule, err)
		})
	}
}

// accepted are inputs with what describe says of them, and the rule that allows them.
var accepted = []struct{ name, in, want, rule string }{
	{"smallest", "GET / HTTP/1.0\r\n\r\n", `GET / 1.0 form=0 path="/" query="" host="" length=-1 body=0`, "3"},
	{"empty line first", "\r\n" + get(), `GET / 1.1 form=0 path="/" query="" host="a" length=-1 body=0 persistent Host="a"`, "2.2"},
	{"HTTP/1.7", line("GET / HTTP/1.7"), `GET / 1.1 form=0 path="/" query="" host="a" length=-1 body=0 persistent Host="a"`, "RFC 9110 2.5"},
	{"odd method", line("!#$%&'*+-.^_`|~aZ09 / HTTP/1.1"), "!#$%&'*+-.^_`|~aZ09" + ` / 1.1 form=0 path="/" query="" host="a" length=-1 body=0 persistent Host="a"`, "3.1"},
	{"query", line("GET /a?b=c?d HTTP/1.1"), `GET /a?b=c?d 1.1 form=0 path="/a" query="b=c?d" host="a" length=-1 body=0 persistent Host="a"`, "3.2.1"},
	{"bad escape in a query", line("GET /a?%zz HTTP/1.1"), `GET /a?%zz 1.1 form=0 path="/a" query="%zz" host="a" length=-1 body=0 persistent Host="a"`, "3.2.1"},
	{"escape", line("GET /%2F%c3 HTTP/1.1"), `GET /%2F%c3 1.1 form=0 path="/%2F%c3" query="" host="a" length=-1 body=0 persistent Host="a"`, "3.2.1"},
	{"two slashes", line("GET //a/b HTTP/1.1"), `GET //a/b 1.1 form=0 path="//a/b" query="" host="a" length=-1 body=0 persistent Host="a"`, "3.2.1"},
	{"outside ASCII", line("GET /\xc3\xa4|{}\" HTTP/1.1"), "GET /\xc3\xa4|{}\" 1.1" + ` form=0 path="/ä|{}\"" query="" host="a" length=-1 body=0 persistent Host="a"`, "net/http"},
	{"URL", line("GET http://b:8080/c?d HTTP/1.1"), `GET http://b:8080/c?d 1.1 form=1 path="/c" query="d" host="b:8080" length=-1 body=0 persistent Host="a"`, "3.2.2"},
	{"URL without a path", line("GET HTTPS://b HTTP/1.1"), `GET HTTPS://b 1.1 form=1 path="/" query="" host="b" length=-1 body=0 persistent Host="a"`, "3.2.2"},
	{"URL with a query only", line("GET http://b?c/d HTTP/1.1"), `GET http://b?c/d 1.1 form=1 path="/" query="c/d" host="b" length=-1 body=0 persistent Host="a"`, "3.2.2"},
	{"URL with OPTIONS", line("OPTIONS http://b HTTP/1.1"), `OPTIONS http://b 1.1 form=1 path="*" query="" host="b" length=-1 body=0 persistent Host="a"`, "3.2.4"},
	{"URL in HTTP/1.0", "GET http://[::1]:1/ HTTP/1.0\r\n\r\n", `GET http://[::1]:1/ 1.0 form=1 path="/" query="" host="[::1]:1" length=-1 body=0`, "3.2.2"},
	{"asterisk", line("OPTIONS * HTTP/1.1"), `OPTIONS * 1.1 form=2 path="*" query="" host="a" length=-1 body=0 persistent Host="a"`, "3.2.4"},
	{"CONNECT", line("CONNECT b:443 HTTP/1.1"), `CONNECT b:443 1.1 form=3 path="" query="" host="b:443" length=-1 body=0 persistent Host="a"`, "3.2.3"},
	{"empty Host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", `GET / 1.1 form=0 path="/" query="" host="" length=-1 body=0 persistent Host=""`, "3.2"},
	{"Host with a port", "GET / HTTP/1.1\r\nhOST: a_b.c-d:65535\r\n\r\n", `GET / 1.1 form=0 path="/" query="" host="a_b.c-d:65535" length=-1 body=0 persistent hOST="a_b.c-d:65535"`, "3.2"},
	{"Host with an escape", "GET / HTTP/1.1\r\nHost: a%2Db\r\n\r\n", `GET / 1.1 form=0 path="/" query="" host="a%2Db" length=-1 body=0 persistent Host="a%2Db"`, "RFC 3986 3.2.2"},
	{"Host of a future address", "GET / HTTP/1.1\r\nHost: [v1.a:b]:0080\r\n\r\n", `GET / 1.1 form=0 path="/" query="" host="[v1.a:b]:0080" length=-1 body=0 persistent Host="[v1.a:b]:0080"`, "RFC 3986 3.2.2"},
	{"white space around a value", get("A:\t  b c\t \t", "B:", "C:  ", "D:\te"), `GET / 1.1 form=0 path="/" query="" host="a" length=-1 body=0 persistent Host="a" A="b c" B="" C="" D="e"`, "5.1"},
	{"value with tabs and outside ASCII", get("A: b\tccccccc\tddddddddddd\t\t\xff\x80"), `GET / 1.1 form=0 path="/" query="" host="a" length=-1 body=0 persistent Host="a" A="b\tccccccc\tddddddddddd\t\t\xff\x80"`, "RFC 9110 5.5"},
	{"length", get("CONTENT-LENGTH: 0005"), `GET / 1.1 form=0 path="/" query="" host="a" length=5 body=1 persistent Host="a" CONTENT-LENGTH="0005"`, "6.2"},
	{"length 0", get("Content-Length: 0"), `GET / 1.1 form=0 path="/" query="" host="a" length=0 body=0 persistent Host="a" Content-Length="0"`, "6.2"},
	{"longest length", get("Content-Length: 9223372036854775807"), `GET / 1.1 form=0 path="/" query="" host="a" length=9223372036854775807 body=1 persistent Host="a" Content-Length="9223372036854775807"`, "6.2"},
	{"chunked", get("Transfer-Encoding: \tChunKed "), `GET / 1.1 form=0 path="/" query="" host="a" length=-1 body=2 chunked persistent Host="a" Transfer-Encoding="ChunKed"`, "6.1"},
	{"close", get("Connection: close"), `GET / 1.1 form=0 path="/" query="" host="a" length=-1 body=0 close Host="a" Connection="close"`, "9.6"},
	{"options on two lines", get("Connection: a,, CLOSE ,b", "Connection: Keep-Alive"), `GET / 1.1 form=0 path="/" query="" host="a" length=-1 body=0 close keep-alive Host="a" Connection="a,, CLOSE ,b" Connection="Keep-Alive"`, "RFC 9110 7.6.1"},
	{"keep-alive in HTTP/1.0", "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", `GET / 1.0 form=0 path="/" query="" host="" length=-1 body=0 keep-alive persistent Connection="keep-alive"`, "9.3"},
	{"closed is not close", get("Connection: closed"), `GET / 1.1 form=0 path="/" query="" host="a" length=-1 body=0 persistent Host="a" Connection="closed"`, "9.6"},
	{"upgrade", get("Connection: Upgrade", "Upgrade: websocket"), `GET / 1.1 form=0 path="/" query="" host="a" length=-1 body=0 persistent upgrade Host="a" Connection="Upgrade" Upgrade="websocket"`, "RFC 9110 7.8"},
	{"upgrade without the field", get("Connection: Upgrade"), `GET / 1.1 form=0 path="/" query="" host="a" length=-1 body=0 persistent Host="a" Connection="Upgrade"`, "RFC 9110 7.8"},
	{"upgrade in HTTP/1.0", "GET / HTTP/1.0\r\nConnection: upgrade\r\nUpgrade: a\r\n\r\n", `GET / 1.0 form=0 path="/" query="" host="" length=-1 body=0 Connection="upgrade" Upgrade="a"`, "RFC 9110 7.8"},
	{"continue", get("Expect: 100-Continue"), `GET / 1.1 form=0 path="/" query="" host="a" length=-1 body=0 persistent continue Host="a" Expect="100-Continue"`, "RFC 9110 10.1.1"},
	{"continue in HTTP/1.0", "GET / HTTP/1.0\r\nExpect: 100-continue\r\n\r\n", `GET / 1.0 form=0 path="/" query="" host="" length=-1 body=0 Expect="100-continue"`, "RFC 9110 10.1.1"},
}

func TestParseAccepts(t *testing.T) {
	var h Head
	for _, c := range accepted {
		t.Run(c.name, func(t *testing.T) {
			n, err := h.Parse([]byte(c.in+"GET /next"), Limits{})
			require.NoError(t, err, "RFC section %s", c.rule)
			require.Equal(t, len(c.in), n)
			require.Equal(t, c.want, describe(&h))
		})
	}
}

func TestParseIncomplete(t *testing.T) {
	for _, c := range accepted {
		for end := range c.in {
			var h Head
			n, err := h.Parse([]byte(c.in[:end]), Limits{})
			require.NoError(t, err, "%q", c.in[:end])
			require.Zero(t, n, "%q", c.in[:end])
		}
	}
}

// headSeeds are the inputs of both tables.
func headSeeds() []string {
	var seeds []string
	for _, c := range refused {
		seeds = append(seeds, c.in)
	}
	for _, c := range accepted {
		seeds = append(seeds, c.in)
	}
	return append(seeds, browserHead, smallHead)
}

func TestLimits(t *testing.T) {
	in := []byte("GET /abc HTTP/1.1\r\nHost: a\r\nB: c\r\n\r\n")
	exact := Limits{HeadBytes: len(in), Headers: 2, TargetBytes: 4}
	for _, c := range []struct {
		name   string
		change func(*Limits)
		status int
	}{
		{"exact", func(*Limits) {}, 0},
		{"one byte too many", func(l *Limits) { l.HeadBytes-- }, 431},
		{"one field too many", func(l *Limits) { l.Headers-- }, 431},
		{"one byte of target too many", func(l *Limits) { l.TargetBytes-- }, 414},
		{"head ends in the target", func(l *Limits) { l.HeadBytes = 6 }, 414},
	} {
		t.Run(c.name, func(t *testing.T) {
			lim := exact
			c.change(&lim)
			var h Head
			n, err := h.Parse(append(slices.Clone(in), "more"...), lim)
			require.Equal(t, c.status, status(err))
			if c.status == 0 {
				require.Equal(t, len(in), n)
			}
		})
	}
}

func TestResetDropsHalfAHead(t *testing.T) {
	var h Head
	n, err := h.Parse([]byte("POST /a HTTP/1.1\r\nHost: b\r\nContent-Length: 5\r\n"), Limits{})
	require.NoError(t, err)
	require.Zero(t, n)
	h.Reset()
	n, err = h.Parse([]byte(smallHead), Limits{})
	require.NoError(t, err)
	require.Equal(t, len(smallHead), n)
	require.Equal(t, int64(-1), h.ContentLength)
}

func TestParseAfterRefusal(t *testing.T) {
	var h Head
	_, err := h.Parse([]byte(get("Content-Length: 5", "Content-Length: 6")), Limits{})
	require.Error(t, err)
	n, err := h.Parse([]byte(smallHead), Limits{})
	require.NoError(t, err)
	require.Equal(t, len(smallHead), n)
	require.Len(t, h.Headers, 1)
}

func TestGet(t *testing.T) {
	var h Head
	_, err := h.Parse([]byte(get("Accept: a", "X-Empty:", "accept: b")), Limits{})
	require.NoError(t, err)
	require.Equal(t, "a", string(h.Get("ACCEPT")))
	require.NotNil(t, h.Get("x-empty"))
	require.Empty(t, h.Get("x-empty"))
	require.Nil(t, h.Get("Accep"))
	var all []string
	for v := range h.Values("Accept") {
		all = append(all, string(v))
	}
	require.Equal(t, []string{"a", "b"}, all)
	for range h.Values("accept") {
		break
	}
}

func TestMethodName(t *testing.T) {
	for _, m := range []string{"GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "QUERY", "get", "PROPFIND", ""} {
		require.Equal(t, m, MethodName([]byte(m)))
	}
}

// A slice of the head has no room behind it: appending to it must copy.
func TestSlicesHaveNoRoom(t *testing.T) {
	var h Head
	_, err := h.Parse([]byte("GET http://a/b?c HTTP/1.1\r\nHost: a\r\n\r\n"), Limits{})
	require.NoError(t, err)
	for _, s := range [][]byte{h.Method, h.Target, h.Path, h.RawQuery, h.Host, h.Headers[0].Name, h.Headers[0].Value} {
		require.Equal(t, len(s), cap(s), "%s", s)
	}
}
