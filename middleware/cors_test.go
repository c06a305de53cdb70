package middleware_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/middleware"
)

// TestCORSOrigins: an origin is compared as scheme, host and port (RFC 6454
// section 4), and what is none, such as a list, is not allowed.
func TestCORSOrigins(t *testing.T) {
	everyMode(t, func(app *fasterapi.App) {
		app.Use(middleware.CORS(middleware.CORSConfig{Origins: []string{
			"https://App.example.com:443", "http://localhost:5173", "https://*.below.example", "http://[::1]:80",
		}}))
		answering(app, "/", func(*fasterapi.Ctx) (fasterapi.Text, error) { return "text", nil })
	}, func(t *testing.T, s service) {
		for origin, want := range map[string]bool{
			"https://app.example.com": true, "http://localhost:5173": true, "https://a.below.example": true, "https://a.b.below.example": true, "http://[::1]": true,
			"http://app.example.com": false, "https://app.example.com:444": false, "http://localhost": false, "https://below.example": false,
			"https://.below.example.evil": false, "https://a.below.example:8443": false, "http://a.below.example": false, "null": false,
			"https://app.example.com/": false, "https://app.example.com https://evil.example": false, "https://evil.example/.below.example": false,
			"https://u@a.below.example": false, "https://evil.example#.below.example": false, "app.example.com": false,
		} {
			got := s.get(styles[0], "Origin", origin).header.Get("Access-Control-Allow-Origin")
			require.Equal(t, map[bool]string{true: origin}[want], got, origin)
		}
		two := s.get(styles[0], "Origin", "https://app.example.com", "Origin", "https://evil.example")
		require.Empty(t, two.header.Get("Access-Control-Allow-Origin"))
	})
}
