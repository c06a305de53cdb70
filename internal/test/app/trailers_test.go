package app_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
)

// TestTrailers: the fields behind a chunked body are there once it was read,
// whichever way it is, but for those that must not come there.
func TestTrailers(t *testing.T) {
	digest := func(c *fasterapi.Ctx) fasterapi.Text {
		return fasterapi.Text(c.Trailer("digest") + "," + c.Trailer("Authorization") + "," + c.Trailer("X-None"))
	}
	type some struct {
		Body struct {
			N int `json:"n"`
		} `body:""`
	}
	collected := func(c *fasterapi.Ctx, _ some) (fasterapi.Text, error) { return digest(c), nil }
	everyProtocol(t, func(app *fasterapi.App) {
		app.Post("/goroutine", collected)
		app.Post("/reactor", collected, fasterapi.OnReactor())
		app.Post("/streamed", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.Text, error) {
			before := c.Trailer("Digest")
			_, err := io.Copy(io.Discard, c.Body())
			return fasterapi.Text(before) + digest(c), err
		})
		app.Mount("/mounted", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			r = r.WithContext(r.Context())
			_, announced := r.Trailer["Digest"]
			before := r.Trailer.Get("Digest")
			_, _ = io.Copy(io.Discard, r.Body)
			fmt.Fprint(w, before+r.Trailer.Get("Digest"), ",", r.Trailer.Get("Authorization"), ",")
			if !announced || r.Header.Get("Trailer") != "" {
				fmt.Fprint(w, "not as in net/http")
			}
		}))
	}, func(t *testing.T, s service) {
		s.contract = nil
		for _, path := range []string{"/goroutine", "/reactor", "/streamed", "/mounted"} {
			if s.http2 {
				requireTrailersRead(t, s, path)
				continue
			}
			head := "POST " + path + " HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\nTrailer: Digest, Authorization\r\n\r\n"
			body := "8\r\n{\"n\": 1}\r\n0\r\nDigest: abc\r\nAuthorization: me\r\n\r\n"
			plain := "POST " + path + " HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\nContent-Length: 8\r\nConnection: close\r\n\r\n{\"n\": 1}"
			if path == "/mounted" {
				plain = strings.Replace(plain, path, "/streamed", 1)
			}
			conn := dial(t, s)
			_, err := io.WriteString(conn, head+body+plain)
			require.NoError(t, err)
			require.NoError(t, closeWrite(conn))
			out, err := io.ReadAll(conn)
			require.NoError(t, err)
			require.Equal(t, 2, strings.Count(string(out), "HTTP/1.1 200"), "%s: %s", path, out)
			require.Equal(t, 1, strings.Count(string(out), "abc,,"), "%s: %s", path, out)
			require.NotContains(t, string(out), "abcabc")
			require.NotContains(t, string(out), "not as in net/http")
		}
	})
}

// requireTrailersRead sends fields behind a body over HTTP/2.
func requireTrailersRead(t *testing.T, s service, path string) {
	t.Helper()
	body := io.MultiReader(strings.NewReader(`{"n": 1}`)) // of no known length
	response, _ := s.begin(t, "POST", path, body, func(r *http.Request) {
		r.Header.Set("Content-Type", "application/json")
		r.Trailer = http.Header{"Digest": {"abc"}, "Authorization": {"me"}}
	})
	out, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.Equal(t, "abc,,", string(out), path)
}
