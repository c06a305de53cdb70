package wire

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestAppendStatus(t *testing.T) {
	// Two phrases changed with RFC 9110; net/http keeps the old ones.
	renamed := map[int]string{413: "Content Too Large", 414: "URI Too Long", 416: "Range Not Satisfiable", 422: "Unprocessable Content"}
	known := 0
	for code := 100; code <= 999; code++ {
		want := http.StatusText(code)
		switch {
		case renamed[code] != "":
			want = renamed[code]
		case code == 418: // "(Unused)" in the registry
			want = ""
		}
		if want != "" {
			known++
		}
		require.Equal(t, want, Reason(code), code)
		require.Equal(t, fmt.Sprintf("HTTP/1.1 %d %s\r\n", code, want), string(AppendStatus(nil, code, 1)))
		require.Equal(t, fmt.Sprintf("x HTTP/1.0 %d %s\r\n", code, want), string(AppendStatus([]byte("x "), code, 0)))
	}
	require.Equal(t, 61, known)
	for _, code := range []int{-1, 0, 99, 1000, 1 << 40} {
		require.Equal(t, "HTTP/1.1 500 Internal Server Error\r\n", string(AppendStatus(nil, code, 1)))
	}
}

func TestAppendHeader(t *testing.T) {
	for _, c := range []struct {
		name, value string
		ok          bool
	}{
		{"A", "b", true},
		{"A", "", true},
		{"Content-Type", "text/plain; charset=\"utf-8\"", true},
		{"A", "b\tc \xc3\xa4", true},
		{"", "b", false},
		{"A b", "c", false},
		{"A:", "c", false},
		{"A\r\nB", "c", false},
		{"\xc3\xa4", "c", false},
		{"A", "b\r\nSet-Cookie: c", false},
		{"A", "b\nSet-Cookie: c", false},
		{"A", "b\rc", false},
		{"A", "b\x00", false},
		{"A", "\x7f", false},
		{"A", "a long value with its line end at the end\r\n", false},
	} {
		out, ok := AppendHeader([]byte("x"), c.name, c.value)
		require.Equal(t, c.ok, ok, "%q %q", c.name, c.value)
		require.Equal(t, c.ok, ValidHeader(c.name, c.value))
		if ok {
			require.Equal(t, "x"+c.name+": "+c.value+"\r\n", string(out))
		} else {
			require.Equal(t, "x", string(out))
		}
	}
}

// Whatever AppendHeader lets pass is one field line with that name and value.
func TestAppendHeaderNeverSplits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name, value := rapid.String().Draw(t, "name"), string(rapid.SliceOf(rapid.Byte()).Draw(t, "value"))
		in, ok := AppendHeader([]byte("GET / HTTP/1.0\r\n"), name, value)
		if !ok {
			return
		}
		in = append(in, "\r\n"...)
		var h Head
		n, err := h.Parse(in, Limits{})
		if err != nil {
			require.NotEqual(t, errName, err)
			require.NotEqual(t, errValue, err)
			return // a Host or a length that is none
		}
		require.Equal(t, len(in), n)
		require.Len(t, h.Headers, 1)
		require.Equal(t, name, string(h.Headers[0].Name))
		require.Equal(t, strings.Trim(value, " \t"), string(h.Headers[0].Value))
	})
}

func TestAppendContentLength(t *testing.T) {
	for _, n := range []int64{0, 9, 10, 99, 100, 12345, 1<<63 - 1} {
		require.Equal(t, fmt.Sprintf("Content-Length: %d\r\n", n), string(AppendContentLength(nil, n)))
	}
	require.Equal(t, "Content-Length: 0\r\n", string(AppendContentLength(nil, -1)))
}

func TestDate(t *testing.T) {
	var d Date
	at := func(ns int64) string { return string(d.Append(nil, time.Unix(0, ns).In(time.FixedZone("", 3600)))) }
	require.Equal(t, "Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n", at(0))
	require.Equal(t, "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n", at(784111777e9))
	require.Equal(t, "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n", at(784111777e9+999999999))
	require.Equal(t, "Date: Sun, 06 Nov 1994 08:49:38 GMT\r\n", at(784111778e9))
	require.Equal(t, "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n", at(784111777e9))
}

// net/http reads the responses that are written with this package.
func TestResponseReadByNetHTTP(t *testing.T) {
	out := AppendStatus(nil, 200, 1)
	out, _ = AppendHeader(out, "Transfer-Encoding", "chunked")
	out, _ = AppendHeader(out, "Trailer", "Digest")
	out = AppendEnd(out)
	out = AppendChunk(out, []byte("hello"))
	out = AppendChunk(out, nil)
	out = AppendChunkSize(out, 0)
	out = append(append(AppendChunkSize(out, 300), strings.Repeat("x", 300)...), "\r\n"...)
	out, leftOut := AppendLastChunk(out, []Header{{[]byte("Digest"), []byte("abc")}})
	require.Zero(t, leftOut)

	r := bufio.NewReader(bytes.NewReader(out))
	res, err := http.ReadResponse(r, nil)
	require.NoError(t, err)
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.Equal(t, "hello"+strings.Repeat("x", 300), string(body))
	require.Equal(t, "abc", res.Trailer.Get("Digest"))
	require.Zero(t, r.Buffered())
}
