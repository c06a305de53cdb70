package http1

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/internal/test/onefield"
)

// response is one response as net/http reads it.
type response struct {
	status int
	header http.Header
	body   []byte
	close  bool
	err    error // of reading the body
}

// responses reads all responses in out; interim ones (1xx) are left out.
// methods are those of the requests, the last one for all that follow.
func responses(t *testing.T, out []byte, methods ...string) []response {
	t.Helper()
	var all []response
	in := bufio.NewReader(bytes.NewReader(out))
	for {
		if _, err := in.Peek(1); err == io.EOF {
			return all
		}
		method := methods[min(len(all), len(methods)-1)]
		r, err := onefield.ReadResponse(t, in, &http.Request{Method: method})
		require.NoError(t, err, "%q", out)
		if r.StatusCode < 200 {
			continue
		}
		body, err := io.ReadAll(r.Body)
		all = append(all, response{r.StatusCode, r.Header, body, r.Close, err})
	}
}
