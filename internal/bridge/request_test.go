package bridge_test

import (
	"context"
	"crypto/tls"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/internal/bridge"
	"github.com/fasterapi/fasterapi/internal/http1/wire"
	"github.com/fasterapi/fasterapi/internal/test/held"
)

var _ bridge.Holder = (*held.Request)(nil)

// TestRequest: what net/http keeps out of the header is kept out here.
func TestRequest(t *testing.T) {
	type key struct{}
	q := held.New(t, "POST", "/a%2Fb/c?x=1", "x-two", "1", "X-Two", "2", "Transfer-Encoding", "identity", "Trailer", "Digest")
	q.X.Remote = netip.MustParseAddrPort("192.0.2.1:1234")
	r, err := bridge.NewRequest(context.WithValue(q, key{}, "mine"), q, 0)
	require.NoError(t, err)
	require.Equal(t, http.Header{"X-Two": {"1", "2"}}, r.Header)
	require.Equal(t, "POST", r.Method)
	require.Equal(t, "test", r.Host)
	require.Equal(t, "/a/b/c", r.URL.Path)
	require.Equal(t, "/a%2Fb/c", r.URL.EscapedPath())
	require.Equal(t, "x=1", r.URL.RawQuery)
	require.Equal(t, "/a%2Fb/c?x=1", r.RequestURI)
	require.Equal(t, "192.0.2.1:1234", r.RemoteAddr)
	require.Equal(t, "@", bridge.RemoteAddr(netip.AddrPort{}), "of a unix socket, as net/http writes it")
	require.Equal(t, "HTTP/1.1", r.Proto)
	require.True(t, r.ProtoAtLeast(1, 1))
	require.Nil(t, r.TLS)
	require.Equal(t, http.NoBody, r.Body)
	require.Zero(t, r.ContentLength)
	require.Equal(t, "mine", r.Context().Value(key{}))
	q.X.Head.Reset() // the lease is over
	require.Equal(t, "2", r.Header["X-Two"][1])

	q = held.New(t, "GET", "/")
	q.X.Head.Minor, q.X.Secure = 0, true
	r, err = bridge.NewRequest(q, q, 0)
	require.NoError(t, err)
	require.Equal(t, "HTTP/1.0", r.Proto)
	require.False(t, r.ProtoAtLeast(1, 1))
	require.True(t, r.TLS.HandshakeComplete, "all that is known of it")

	_, err = bridge.NewRequest(q, held.New(t, "GET", "no target"), 0)
	require.Error(t, err)
}

func TestStripping(t *testing.T) {
	for _, c := range []struct {
		target        string
		segments      int
		path, escaped string
	}{
		{"/a/b/c", 0, "/a/b/c", "/a/b/c"},
		{"/a/b/c", 1, "/b/c", "/b/c"},
		{"/a/b/c", 3, "/", "/"},
		{"/a/b", 5, "/", "/"},
		{"/a/", 1, "/", "/"},
		{"/a%2Fb/c%2Fd", 1, "/c/d", "/c%2Fd"},
		{"/a//b", 1, "//b", "//b"},
		{"/ü/%C3%BC?q=/x", 1, "/ü", "/%C3%BC"},
		{"http://test/a/b", 1, "/b", "/b"},
		{"http://test", 1, "/", "/"},
		{"*", 1, "/", "/"},
	} {
		q := held.New(t, "GET", c.target)
		r, err := bridge.NewRequest(q, q, c.segments)
		require.NoError(t, err, c.target)
		require.Equal(t, c.path, r.URL.Path, c.target)
		require.Equal(t, c.escaped, r.URL.EscapedPath(), c.target)
		require.Equal(t, c.target, r.RequestURI)
	}
}

func TestCollectedBody(t *testing.T) {
	q := held.New(t, "POST", "/", "Trailer", "Digest, Authorization")
	q.X.Head.Chunked = true
	q.X.Body = []byte("collected")
	q.X.SetTrailers([]wire.Header{{Name: []byte("digest"), Value: []byte("abc")}})
	r, err := bridge.NewRequest(q, q, 0)
	require.NoError(t, err)
	require.EqualValues(t, 9, r.ContentLength)
	require.Empty(t, r.TransferEncoding)
	require.Equal(t, http.Header{"Digest": {"abc"}}, r.Trailer)
	body, err := io.ReadAll(r.Body)
	require.NoError(t, err)
	require.Equal(t, "collected", string(body))
}

// TestStreamedBody: the trailer is filled at the end of the body, once, unless the
// request is over by then.
func TestStreamedBody(t *testing.T) {
	for _, over := range []bool{false, true} {
		q := held.New(t, "POST", "/", "Trailer", "Digest, Authorization")
		q.X.Head.Chunked, q.X.Head.ContentLength = true, -1
		q.X.BodyReader = strings.NewReader("streamed")
		r, err := bridge.NewRequest(q, q, 0)
		require.NoError(t, err)
		require.EqualValues(t, -1, r.ContentLength)
		require.Equal(t, []string{"chunked"}, r.TransferEncoding)
		require.Equal(t, http.Header{"Digest": nil}, r.Trailer, "announced, but for what must not come there")
		trailer := r.WithContext(q).Trailer
		q.X.SetTrailers([]wire.Header{{Name: []byte("digest"), Value: []byte("abc")}})
		if over {
			q.End()
		}
		for range 2 {
			_, err = io.Copy(io.Discard, r.Body)
			require.NoError(t, err)
		}
		if over {
			require.Equal(t, http.Header{"Digest": nil}, trailer)
		} else {
			require.Equal(t, http.Header{"Digest": {"abc"}}, trailer)
		}
	}

	q := held.New(t, "POST", "/")
	q.X.Head.ContentLength = 8
	q.X.BodyReader = strings.NewReader("streamed")
	r, err := bridge.NewRequest(q, q, 0)
	require.NoError(t, err)
	require.EqualValues(t, 8, r.ContentLength)
	require.Empty(t, r.TransferEncoding)
	require.Nil(t, r.Trailer)
}

// TestOriginal: a request that came through net/http is handed on as it came, and what
// one handler changes in it is seen by no other.
func TestOriginal(t *testing.T) {
	q := held.New(t, "POST", "/outer/a%2Fb/c?x=1", "Trailer", "Digest, Authorization")
	came := httptest.NewRequest("POST", "/outer/a%2Fb/c?x=1", nil)
	came.URL.Path, came.URL.RawPath = "/a/b/c", "/a%2Fb/c" // as http.StripPrefix leaves it
	came.Proto, came.ProtoMajor, came.ProtoMinor = "HTTP/2.0", 2, 0
	came.Header.Set("X-Mine", "1")
	came.RemoteAddr, came.Host = "@", "example.com"
	came.TLS = &tls.ConnectionState{ServerName: "example.com"}
	came.Trailer = http.Header{"Digest": nil, "Authorization": nil}
	q.X.Original, q.X.Secure = came, true
	q.X.Head.ContentLength = 8
	q.X.BodyReader = strings.NewReader("streamed")
	r, err := bridge.NewRequest(q, q, 1)
	require.NoError(t, err)
	require.Equal(t, "HTTP/2.0", r.Proto)
	require.Equal(t, "@", r.RemoteAddr)
	require.Equal(t, "example.com", r.Host)
	require.Equal(t, "/c", r.URL.Path)
	require.Equal(t, "x=1", r.URL.RawQuery)
	require.Equal(t, "/outer/a%2Fb/c?x=1", r.RequestURI)
	require.Same(t, came.TLS, r.TLS)
	require.EqualValues(t, 8, r.ContentLength)
	require.Equal(t, http.Header{"Digest": nil}, r.Trailer)
	q.X.SetTrailers([]wire.Header{{Name: []byte("Digest"), Value: []byte("abc")}})
	_, err = io.Copy(io.Discard, r.Body)
	require.NoError(t, err)
	require.Equal(t, http.Header{"Digest": {"abc"}}, r.Trailer, "behind a known length, too")

	r.Header.Set("X-Mine", "2")
	r.URL.Path = "/changed"
	require.Equal(t, "1", came.Header.Get("X-Mine"))
	require.Equal(t, "/a/b/c", came.URL.Path)

	q.X.BodyReader, q.X.Secure = nil, false
	r, err = bridge.NewRequest(q, q, 0)
	require.NoError(t, err)
	require.Nil(t, r.TLS, "a trusted proxy says that the client came without")
	require.Equal(t, http.NoBody, r.Body)
	require.Zero(t, r.ContentLength)
	require.NotNil(t, came.TLS)
}
