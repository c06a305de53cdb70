package wire

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httputil"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// stricter are the refusals of heads that net/http.ReadRequest (with the
// server's own check of the protocol version) accepts, with the reason why we
// do not. A head that we refuse for anything else must be refused by net/http.
var stricter = map[*Error]string{
	errBareLF:         "net/http ends lines at LF alone; a proxy that does not sees another message (RFC 9112 2.2 MAY)",
	errFold:           "net/http joins folded lines; RFC 9112 5.2 lets a server refuse them",
	errMethodLong:     "no method is that long; RFC 9112 3 asks for 501",
	errTargetByte:     "'#': intermediaries disagree about where the path ends; controls net/http drops at a line's end",
	errTargetEmpty:    "net/http takes CONNECT without a target for one with an empty authority",
	errTargetForm:     "asterisk only with OPTIONS; a URL of another scheme than http and https has no authority that is ours",
	errTargetHost:     "user information, zones and ports beyond 65535 in a URL; CONNECT with a path, without a port or to port 0",
	errTargetLong:     "a limit; net/http has one for the whole head only",
	errHeadLong:       "a limit; net/http.ReadRequest has none",
	errFields:         "a limit; net/http.ReadRequest has none",
	errHostMissing:    "net/http.ReadRequest leaves it to its server",
	errHost:           "net/http's server accepts any of the bytes of a host in any order, such as ':::'",
	errLengthTwice:    "net/http merges equal duplicates",
	errLengthAndCoded: "net/http drops Content-Length; RFC 9112 6.1 lets a server refuse",
	errCodedOld:       "net/http ignores Transfer-Encoding in HTTP/1.0; RFC 9112 6.1 calls the framing faulty",
	errExpect:         "net/http.ReadRequest leaves it to its server",
	errNameSpace:      "net/http.ReadRequest takes the space for a part of the name; its server refuses it",
}

// laxer are the heads that we accept and net/http does not.
var laxer = []struct {
	name, why string
	is        func(in []byte, h *Head) bool
}{
	{"empty line", "RFC 9112 2.2 asks servers to ignore one", func(in []byte, _ *Head) bool {
		return bytes.HasPrefix(in, []byte("\r\n"))
	}},
	{"Trailer", "net/http refuses a Trailer field that announces a framing field; we refuse that field when it comes", func(_ []byte, h *Head) bool {
		return h.Chunked && h.Get("Trailer") != nil
	}},
	{"URL host", "net/url refuses escapes of ASCII and IPvFuture in hosts, which RFC 3986 3.2.2 has", func(_ []byte, h *Head) bool {
		return h.Form != Origin && h.Form != Asterisk && (bytes.ContainsRune(h.Host, '%') || bytes.HasPrefix(bytes.ToLower(h.Host), []byte("[v")))
	}},
}

// checkAgainstNetHTTP fails when the two parsers disagree without a listed reason.
func checkAgainstNetHTTP(t require.TestingT, in []byte) {
	var h Head
	n, err := h.Parse(in, Limits{})
	src := bytes.NewReader(in)
	r := bufio.NewReader(src)
	req, theirs := http.ReadRequest(r)
	if theirs == nil && req.ProtoMajor != 1 {
		theirs = errors.New("unsupported protocol version") // as http.Server, 505
	}
	switch {
	case err != nil && theirs == nil:
		var e *Error
		require.ErrorAs(t, err, &e)
		require.NotEmpty(t, stricter[e], "only we refuse (%s) %.300q", e.Reason, in)
	case n == 0 && err == nil:
		require.Error(t, theirs, "we want more of %.300q", in)
	case err == nil && theirs != nil:
		for _, l := range laxer {
			if l.is(in, &h) {
				return
			}
		}
		require.NoError(t, theirs, "only net/http refuses %.300q", in)
	case err == nil:
		require.Equal(t, meaningOfTheirs(req), meaningOfOurs(&h), "%.300q", in)
		require.Equal(t, len(in)-src.Len()-r.Buffered(), n, "bytes of the head in %.300q", in)
	}
}

func meaningOfOurs(h *Head) string {
	fields := map[string][]string{}
	for _, f := range h.Headers {
		name := http.CanonicalHeaderKey(string(f.Name))
		fields[name] = append(fields[name], string(f.Value))
	}
	return meaning(string(h.Method), string(h.Target), string(h.Host), max(h.ContentLength, 0), h.Chunked, !h.Persistent(), fields)
}

func meaningOfTheirs(r *http.Request) string {
	return meaning(r.Method, r.RequestURI, r.Host, max(r.ContentLength, 0), len(r.TransferEncoding) > 0, r.Close, r.Header)
}

func meaning(method, target, host string, length int64, chunked, closes bool, fields map[string][]string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s host=%q length=%d chunked=%t close=%t\n", method, target, host, length, chunked, closes)
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		switch name {
		case "Host", "Transfer-Encoding", "Trailer": // net/http takes them out
		case "Cache-Control", "Content-Length": // net/http adds the one for Pragma, and normalises the other
		default:
			fmt.Fprintf(&b, "%s=%q\n", name, fields[name])
		}
	}
	return b.String()
}

func FuzzHeadAgainstNetHTTP(f *testing.F) {
	for _, in := range append(headSeeds(), differenceSeeds...) {
		if len(in) < 1000 { // long ones slow the fuzzer; the tables have them
			f.Add([]byte(in))
			f.Add([]byte(in + "0\r\n\r\n"))
		}
	}
	f.Fuzz(func(t *testing.T, in []byte) { checkAgainstNetHTTP(t, in) })
}

func FuzzSplit(f *testing.F) {
	for i, in := range headSeeds() {
		if len(in) < 1000 {
			f.Add([]byte(in), uint16(i), uint16(3*i), uint8(i))
		}
	}
	f.Fuzz(func(t *testing.T, in []byte, first, second uint16, limits uint8) {
		if len(in) > 4096 {
			return
		}
		cuts := []int{int(first) % (len(in) + 1), int(second) % (len(in) + 1)}
		slices.Sort(cuts)
		lim := Limits{}
		if limits&1 != 0 {
			lim = Limits{HeadBytes: 16 + int(limits), Headers: 1 + int(limits)/32, TargetBytes: 1 + int(limits)/8}
		}
		checkPieces(t, in, cuts, lim)
		if len(in) <= 256 {
			every := make([]int, len(in))
			for i := range every {
				every[i] = i
			}
			checkPieces(t, in, every, lim)
		}
	})
}

// stricterChunks are the refusals of chunked bodies that net/http's reader accepts.
var stricterChunks = map[*Error]string{
	errChunkSize:      "net/http trims white space after the size, and accepts sizes of 2^63 and more",
	errChunkExtension: "net/http does not look into extensions; a quote that peers close elsewhere hides the end of a chunk",
	errBareLF:         "net/http ends a size line at LF alone where no CR precedes it",
	errBareCR:         "net/http does not look into extensions",
	errTrailersLong:   "net/http's chunked reader leaves the trailers to others",
	errTrailerFraming: "net/http's chunked reader leaves the trailers to others",
	errName:           "net/http's chunked reader leaves the trailers to others",
	errNameSpace:      "net/http's chunked reader leaves the trailers to others",
	errFold:           "net/http's chunked reader leaves the trailers to others",
	errValue:          "net/http's chunked reader leaves the trailers to others",
}

// decode decodes in, given in pieces of at most step bytes, into room for at
// most room bytes a call.
func decode(c *Chunks, in []byte, step, room int) (body []byte, n int, err error) {
	dst := make([]byte, room)
	for n < len(in) && !c.Done() {
		d, s, err := c.Decode(dst, in[n:min(len(in), n+step)])
		body = append(body, dst[:d]...)
		n += s
		if err != nil {
			return body, n, err
		}
	}
	return body, n, nil
}

func FuzzChunks(f *testing.F) {
	for _, c := range chunkCases {
		if len(c.in) < 1000 {
			f.Add([]byte(c.in), uint8(3))
		}
	}
	f.Fuzz(func(t *testing.T, in []byte, step uint8) {
		var c Chunks
		body, n, err := decode(&c, in, len(in)+1, len(in)+1)
		theirs, theirErr := io.ReadAll(httputil.NewChunkedReader(bytes.NewReader(in)))
		var e *Error
		switch {
		case errors.As(err, &e) && theirErr == nil:
			require.NotEmpty(t, stricterChunks[e], "only we refuse (%s) %.300q", e.Reason, in)
		case err == nil && c.part >= inTrailers:
			require.NoError(t, theirErr, "only net/http refuses %.300q", in)
			require.Equal(t, theirs, append([]byte{}, body...), "%.300q", in)
		case err == nil:
			require.Error(t, theirErr, "we want more of %.300q", in)
		}
		if c.Done() {
			require.Equal(t, "\r\n", string(in[n-2:n]))
		}

		var pieces Chunks
		again, m, err2 := decode(&pieces, in, int(step)%7+1, int(step)%5+1)
		require.Equal(t, err, err2, "%.300q", in)
		if err == nil {
			require.Equal(t, n, m, "%.300q", in)
		}
		require.Equal(t, body, again, "%.300q", in)
		require.Equal(t, c.Trailers(), pieces.Trailers(), "%.300q", in)
	})
}

// Every listed difference is real: some seed shows it.
func TestDifferencesAreReal(t *testing.T) {
	seen := map[*Error]bool{}
	lax := map[string]bool{}
	for _, in := range append(headSeeds(), differenceSeeds...) {
		var h Head
		_, err := h.Parse([]byte(in), Limits{})
		req, theirs := http.ReadRequest(bufio.NewReader(strings.NewReader(in)))
		var e *Error
		switch {
		case errors.As(err, &e) && theirs == nil && req.ProtoMajor == 1:
			seen[e] = true
		case err == nil && theirs != nil:
			for _, l := range laxer {
				lax[l.name] = lax[l.name] || l.is([]byte(in), &h)
			}
		}
	}
	for e := range stricter {
		assert.True(t, seen[e], "%s", e.Reason)
	}
	for _, l := range laxer {
		assert.True(t, lax[l.name], l.name)
	}

	seen = map[*Error]bool{}
	for _, tc := range chunkCases {
		var c Chunks
		_, _, err := decode(&c, []byte(tc.in), len(tc.in)+1, len(tc.in)+1)
		_, theirs := io.ReadAll(httputil.NewChunkedReader(strings.NewReader(tc.in)))
		var e *Error
		if errors.As(err, &e) && theirs == nil {
			seen[e] = true
		}
	}
	for e := range stricterChunks {
		assert.True(t, seen[e], "%s", e.Reason)
	}
}

// differenceSeeds are heads that net/http reads otherwise than we do, beside those of the tables.
var differenceSeeds = []string{
	line(strings.Repeat("A", maxMethod+1) + " / HTTP/1.1"),
	line("GET /" + strings.Repeat("a", DefaultTargetBytes) + " HTTP/1.1"),
	line("GET /a#b HTTP/1.1"),
	line("CONNECT  HTTP/1.1"),
	"GET / HTTP/1.1\r\nHost: :::\r\n\r\n",
	get("A: " + strings.Repeat("b", DefaultHeadBytes)),
	get("Transfer-Encoding: chunked", "Trailer: Content-Length"),
	line("GET http://a%20b/ HTTP/1.1"),
	line("GET http://[v1.a]/ HTTP/1.1"),
	line("CONNECT a:0 HTTP/1.1"),
}
