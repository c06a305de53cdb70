package app_test

import (
	"context"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// begin makes a request in whatever the service is asked in, and returns its response when the head of
// that has come. leave, or the end of the test, ends both.
func (s service) begin(t testing.TB, method, path string, body io.Reader, change ...func(*http.Request)) (response *http.Response, leave func()) {
	t.Helper()
	request, leave := s.leaving(t, method, path, body)
	for _, c := range change {
		c(request)
	}
	response, err := s.http.Do(request)
	require.NoError(t, err, path)
	t.Cleanup(func() { _ = response.Body.Close() })
	return response, leave
}

// leaving is a request whose client leaves with leave.
func (s service) leaving(t testing.TB, method, path string, body io.Reader) (request *http.Request, leave func()) {
	t.Helper()
	if pipe, ok := body.(*io.PipeReader); ok { // net/http's client waits for it even when its own time is over
		end := time.AfterFunc(time.Minute, func() { _ = pipe.CloseWithError(context.DeadlineExceeded) })
		t.Cleanup(func() { end.Stop() })
	}
	ctx, leave := context.WithCancel(t.Context())
	request, err := http.NewRequestWithContext(ctx, method, s.url+path, body)
	require.NoError(t, err)
	t.Cleanup(leave)
	return request, leave
}
