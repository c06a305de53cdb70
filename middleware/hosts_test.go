package middleware_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/middleware"
)

func TestAllowedHosts(t *testing.T) {
	everyMode(t, func(app *fasterapi.App) {
		app.Use(middleware.AllowedHosts("shop.example", "*.api.example", "[::1]"))
		answering(app, "/", hello)
	}, func(t *testing.T, s service) {
		for host, want := range map[string]int{
			"shop.example": 200, "SHOP.example:8000": 200, "shop.example.": 200, "a.b.api.example": 200,
			"api.example": 421, "evil.example": 421, "shop.example.evil": 421, "xshop.example": 421, "xapi.example": 421, "127.0.0.1": 421,
			"[::1]": 200, "[::1]:8000": 200, "[::2]": 421,
		} {
			for _, style := range styles {
				request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL(style), http.NoBody)
				require.NoError(t, err)
				request.Host = host
				response, err := s.HTTP().Do(request)
				require.NoError(t, err)
				require.NoError(t, response.Body.Close())
				require.Equal(t, want, response.StatusCode, host)
			}
		}
	})
	for _, bad := range [][]string{nil, {""}, {"*"}, {"*."}, {"a:80"}, {"a:"}, {"::1"}, {"[1]"}, {"a b"}, {"https://a"}, {"a.*.b"}} {
		refused(t, middleware.AllowedHosts(bad...), "middleware.AllowedHosts (", "hosts_test.go:")
	}
}
