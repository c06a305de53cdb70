package onefield_test

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/internal/test/onefield"
)

// recorder notes what a test is told.
type recorder struct{ said []string }

func (*recorder) Helper() {}

func (r *recorder) Errorf(format string, args ...any) {
	r.said = append(r.said, fmt.Sprintf(format, args...))
}

// The check can fail: over a transport and over a plain connection, for fields in any
// case, and only for those that may occur once.
func TestDoubledFieldFails(t *testing.T) {
	for _, c := range []struct {
		fields http.Header
		fails  string
	}{
		{http.Header{"X-Frame-Options": {"DENY", "SAMEORIGIN"}}, "x-frame-options"},
		{http.Header{"Etag": {`"a"`}, "ETag": {`"b"`}}, "etag"},
		{http.Header{"Retry-After": {"1", "1"}}, "retry-after"},
		{http.Header{"Content-Type": {"text/a", "text/b"}}, "content-type"},
		{http.Header{"Set-Cookie": {"a=1", "b=2"}, "Link": {"<a>", "<b>"}, "X-Own": {"1", "2"}, "Vary": {"A", "B"}}, ""},
		{http.Header{"Etag": {`"a"`}}, ""},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			for name, values := range c.fields {
				w.Header()[name] = values
			}
		}))
		seen := &recorder{}
		client := &http.Client{Transport: onefield.Transport(seen, nil)}
		response, err := client.Get(server.URL)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		client.CloseIdleConnections()
		server.Close()

		raw := &recorder{}
		var text strings.Builder
		text.WriteString("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n")
		require.NoError(t, c.fields.Write(&text))
		response, err = onefield.ReadResponse(raw, bufio.NewReader(io.MultiReader(strings.NewReader(text.String()+"\r\n"))), nil)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())

		for _, r := range []*recorder{seen, raw} {
			if c.fails == "" {
				require.Empty(t, r.said)
				continue
			}
			require.Len(t, r.said, 1)
			require.Contains(t, r.said[0], "fields "+c.fails)
		}
	}
}
