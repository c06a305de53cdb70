package middleware_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/middleware"
)

// A 304 says of the content that is not sent what a cache needs, and no more: RFC 9110
// 15.4.5 (SHOULD NOT). Whoever has given it its coding.
func TestNotModifiedDescribesNoContent(t *testing.T) {
	const date = "Fri, 02 Jan 2026 03:04:05 GMT"
	text := fasterapi.Text(strings.Repeat("text ", 1000))
	everyMode(t, func(app *fasterapi.App) {
		compress, tag := middleware.Compress(middleware.CompressConfig{}), middleware.ETag(middleware.ETagConfig{})
		responses := middleware.NewResponseCache("responses", middleware.ResponseCacheConfig{TTL: 1 << 40})
		for prefix, around := range map[string][]fasterapi.Middleware{
			"/compress-etag": {compress, tag}, "/etag-compress": {tag, compress}, "/cache-compress": {responses.Middleware(), compress},
		} {
			g := app.Group(prefix)
			g.Use(around...)
			g.Get("/text", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.Text, error) {
				c.SetHeader("Last-Modified", date)
				return text, nil
			})
			g.Get("/coded", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.Text, error) {
				c.SetHeader("Content-Encoding", "br") // by the handler itself
				return text, nil
			})
		}
	}, func(t *testing.T, s service) {
		for _, prefix := range []string{"/compress-etag", "/etag-compress", "/cache-compress"} {
			for path, coding := range map[string]string{"/text": "gzip", "/coded": "br"} {
				whole := s.get(prefix+path, "Accept-Encoding", "gzip")
				require.Equal(t, http.StatusOK, whole.status, prefix+path)
				require.Equal(t, coding, whole.header.Get("Content-Encoding"), prefix+path)
				same := s.get(prefix+path, "Accept-Encoding", "gzip", "If-None-Match", whole.header.Get("ETag"))
				require.Equal(t, http.StatusNotModified, same.status, prefix+path)
				for _, name := range []string{"Content-Encoding", "Content-Type", "Content-Length", "Last-Modified"} {
					require.Empty(t, same.header.Values(name), "%s of %s", name, prefix+path)
				}
				for _, name := range []string{"ETag", "Vary"} {
					require.Equal(t, whole.header.Values(name), same.header.Values(name), "%s of %s", name, prefix+path)
				}
			}
			require.Equal(t, []string{date}, s.get(prefix+"/text").header.Values("Last-Modified"))
		}
	})
}
