package app_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/middleware"
)

// The answer to HEAD has the fields of the answer to GET (RFC 9110 9.3.2, SHOULD), but for those that are known only
// when the content is made. A cache goes by Vary (12.5.5): an answer whose length nobody knows may say it though the one
// to GET would be too short to be compressed.
func TestVaryOfHead(t *testing.T) {
	for name, order := range map[string][]fasterapi.Middleware{
		"compress":          {middleware.Compress(middleware.CompressConfig{})},
		"compress, passing": {middleware.Compress(middleware.CompressConfig{}), fasterapi.WrapMiddleware(passing)},
		"passing, compress": {fasterapi.WrapMiddleware(passing), middleware.Compress(middleware.CompressConfig{})},
	} {
		t.Run(name, func(t *testing.T) {
			everyWay(t, func(app *fasterapi.App) {
				app.Use(order...)
				silentForHead(app)
			}, func(t *testing.T, s service) {
				for _, group := range []string{"/plain", "/wrapped"} {
					for _, path := range []string{"/stream", "/lines", "/events", "/asks", "/redirects", "/text", "/reactor", "/empty", "/says"} {
						for _, accepts := range []string{"gzip", "identity"} {
							get := s.do(http.MethodGet, group+path, "", "Accept-Encoding", accepts)
							head := s.do(http.MethodHead, group+path, "", "Accept-Encoding", accepts)
							require.Subset(t, head.header.Values("Vary"), get.header.Values("Vary"), "%s %s", group+path, accepts)
						}
					}
				}
			})
		})
	}
}
