package app_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/middleware"
)

// trailing is a handler for net/http whose response has fields behind its body: the query says
// how long that is, whether it is flushed, and its status.
func trailing(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	_, _ = io.Copy(io.Discard, r.Body)
	w.Header().Set("Trailer", "Digest, X-Sum")
	w.Header().Add("Trailer", "content-length, X-Never")
	w.Header().Set("Content-Type", "text/plain")
	if status := q.Get("status"); status != "" {
		n := 0
		_, _ = fmt.Sscan(status, &n)
		w.WriteHeader(n)
	}
	if size := q.Get("size"); size != "" {
		n := 0
		_, _ = fmt.Sscan(size, &n)
		_, _ = io.WriteString(w, strings.Repeat("b", n))
	}
	if q.Has("flush") {
		_ = http.NewResponseController(w).Flush()
	}
	if q.Has("more") {
		_, _ = io.WriteString(w, "more")
	}
	w.Header().Set("Digest", "abc")
	w.Header()["X-Sum"] = []string{"1", "2"}
	w.Header().Set(http.TrailerPrefix+"Grpc-Status", "0")
	w.Header().Set(http.TrailerPrefix+"X-Request", r.Trailer.Get("X-Request"))
	for _, forbidden := range []string{"Content-Length", "Authorization", "If-Match", "Te", "Trailer", "Transfer-Encoding", "Content-Encoding"} {
		w.Header().Set(http.TrailerPrefix+forbidden, "1")
	}
	w.Header().Set(http.TrailerPrefix+"X-Invalid", "a\r\nb: c")
}

// TestResponseTrailers: what a mounted handler sets behind its body comes there, whatever
// carries it, staged or streamed, and through middleware for net/http; and the fields behind
// the body of the request have come when it was read.
func TestResponseTrailers(t *testing.T) {
	pass := func(next http.Handler) http.Handler { return next }
	want := http.Header{"Digest": {"abc"}, "X-Sum": {"1", "2"}, "Grpc-Status": {"0"}, "X-Request": {"of the client"}}
	everyWay(t, func(app *fasterapi.App) {
		app.Mount("/plain", http.HandlerFunc(trailing))
		app.Mount("/wrapped", http.HandlerFunc(trailing), fasterapi.Use(fasterapi.WrapMiddleware(pass)))
	}, func(t *testing.T, s service) {
		for _, path := range []string{
			"/plain", "/plain?size=10", "/plain?size=10&flush", "/plain?size=4097", "/plain?size=300000&flush&more", "/plain?flush", "/plain?status=500&size=3",
			"/plain?size=65536&flush", "/wrapped", "/wrapped?size=10", "/wrapped?size=300000&flush&more",
		} {
			response, body := s.trailed("POST", path)
			require.Equal(t, want, present(response.Trailer), path)
			for name := range want {
				require.Empty(t, response.Header.Values(name), "%s: it comes behind the body", path)
			}
			size := 0
			if _, text, ok := strings.Cut(path, "size="); ok {
				_, _ = fmt.Sscan(strings.SplitN(text, "&", 2)[0], &size)
			}
			require.Equal(t, size, strings.Count(body, "b"), path)
			require.Equal(t, strings.Contains(path, "more"), strings.HasSuffix(body, "more"), path)
		}
		for _, path := range []string{"/plain?status=204", "/plain?status=304", "/wrapped?status=204", "/plain?status=304&flush"} {
			response, body := s.trailed("POST", path)
			require.Empty(t, present(response.Trailer), path)
			require.Empty(t, body, path)
		}
		for _, path := range []string{"/plain?size=10", "/plain?size=10&flush", "/wrapped?size=10"} {
			response, body := s.trailed("HEAD", path)
			require.Empty(t, present(response.Trailer), path)
			require.Empty(t, body, path)
		}
		require.Equal(t, 200, s.get("/plain?size=5").status, "the connection goes on")
	})
}

// TestTrailersOfAnotherBody: middleware that replaces the body, or its status, leaves what comes behind it.
func TestTrailersOfAnotherBody(t *testing.T) {
	mark := func(next fasterapi.Handler) fasterapi.Handler {
		return func(c *fasterapi.Ctx) error {
			c.OnHead(func(c *fasterapi.Ctx) { c.SetStatus(http.StatusAccepted) })
			return next(c)
		}
	}
	everyWay(t, func(app *fasterapi.App) {
		app.Mount("/compressed", http.HandlerFunc(trailing), fasterapi.Use(middleware.Compress(middleware.CompressConfig{})))
		app.Mount("/marked", http.HandlerFunc(trailing), fasterapi.Use(mark))
	}, func(t *testing.T, s service) {
		for _, path := range []string{"/compressed?size=4000", "/compressed?size=40000", "/marked?size=10", "/marked?size=40000"} {
			response, _ := s.trailed("POST", path, "Accept-Encoding", "gzip")
			require.Equal(t, strings.HasPrefix(path, "/compressed"), response.Header.Get("Content-Encoding") == "gzip", path)
			require.Equal(t, strings.HasPrefix(path, "/marked"), response.StatusCode == http.StatusAccepted, path)
			require.Equal(t, http.Header{"Digest": {"abc"}, "X-Sum": {"1", "2"}, "Grpc-Status": {"0"}, "X-Request": {"of the client"}}, present(response.Trailer), path)
		}
	})
}

// present is the fields of a trailer that came: a client has the names of those that were announced, too.
func present(trailer http.Header) http.Header {
	came := http.Header{}
	for name, values := range trailer {
		if len(values) > 0 {
			came[name] = values
		}
	}
	return came
}

// trailed sends a request with a field behind its body.
func (s service) trailed(method, path string, header ...string) (*http.Response, string) {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, nil)
	require.NoError(s.t, err)
	for i := 0; i < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	if method != http.MethodHead {
		request.Body = io.NopCloser(strings.NewReader("the body"))
		request.ContentLength = -1
		request.Trailer = http.Header{"X-Request": {"of the client"}}
	}
	response, err := s.http.Do(request)
	require.NoError(s.t, err, path)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(s.t, err, path)
	return response, string(body)
}
