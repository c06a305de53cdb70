package app_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
)

// TestGrammarOnBothEngines: what RFC 9112 section 3 and RFC 3986 section 3.2 say
// of method, target and Host holds on both engines.
func TestGrammarOnBothEngines(t *testing.T) {
	everyMode(t, func(app *fasterapi.App) {
		app.Get("/{path...}", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.Text, error) { return fasterapi.Text(c.Host()), nil })
	}, func(t *testing.T, s service) {
		for request, want := range map[string]int{
			"GET /":                        200,
			"GET //a":                      200,
			"GET /a?b=c?d/e":               200,
			"GET /%41?%zz":                 200,
			"GET http://b/":                200,
			"GET HTTP://b?q":               200,
			"GET http://[::1]:80/":         200,
			"OPTIONS *":                    map[bool]int{false: 204, true: 200}[s.nethttp], // httptest.Server answers itself
			"OPTIONS http://a":             204,
			"CONNECT a:80":                 404, // no route has no path
			"CONNECT [::1]:443":            404,
			"get /":                        405,
			"GET *":                        400,
			"GET a":                        400,
			"GET ftp://a/":                 400,
			"GET mailto:a":                 400,
			"GET http:/a":                  400,
			"GET http:///a":                400,
			"GET http://u@a/":              400,
			"GET http://a:99999/":          400,
			"GET http://[1:2]/":            400,
			"GET http://[fe80::1%25a]/":    400,
			"GET /a#b":                     400,
			"GET /%zz":                     400,
			"GET a:80":                     400,
			"OPTIONS *a":                   400,
			"CONNECT /":                    400,
			"CONNECT a":                    400,
			"CONNECT a:":                   400,
			"CONNECT a:0":                  400,
			"CONNECT a:80/":                400,
			"G@T /":                        400,
			strings.Repeat("A", 33) + " /": 501,
		} {
			require.Equal(t, want, rawStatus(t, s, request+" HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"), request)
		}
		for host, want := range map[string]int{
			"a": 200, "a:80": 200, "a:": 200, "": 200, "[::1]": 200, "[::1]:80": 200, "1.2.3.4": 200, "a_b": 200,
			"[:::]": 400, "[1]": 400, "[::1": 400, "::1": 400, "a b": 400, "a/b": 400, "u@a": 400, ":80": 400, "a:b": 400, "a:99999": 400,
			"[fe80::1%25eth0]": 400, "a%2": 400, "a\"b": 400, "\xc3\xa9": 400, "a\x01": 400,
		} {
			require.Equal(t, want, rawStatus(t, s, "GET / HTTP/1.1\r\nHost: "+host+"\r\nConnection: close\r\n\r\n"), "Host %q", host)
		}
		for request, want := range map[string]int{
			"\r\nGET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n":                                     map[bool]int{false: 200, true: 400}[s.nethttp], // net/http knows no empty line
			"GET / HTTP/1.1\r\nConnection: close\r\n\r\n":                                                    400,
			"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n":                                                   400,
			"GET / HTTP/2.0\r\nHost: a\r\n\r\n":                                                              505,
			"GET / HTTP/1.1\r\nHost: a\r\nA : b\r\n\r\n":                                                     400,
			"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 1\r\n\r\nx":                                     400,
			"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\nx":                                       400,
			"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n":             map[bool]int{false: 400, true: 501}[s.nethttp],
			"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked;a=b\r\n\r\n0\r\n\r\n":                  map[bool]int{false: 400, true: 501}[s.nethttp],
			"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\ng\r\n\r\n": map[bool]int{false: 400, true: 405}[s.nethttp],
		} {
			require.Equal(t, want, rawStatus(t, s, request), "%q", request)
		}
	})
}
