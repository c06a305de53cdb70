package onefield

import (
	"bufio"
	"net/http"
	"strings"

	"github.com/fasterapi/fasterapi/internal/field"
)

// TB is what is needed of a test.
type TB interface {
	Helper()
	Errorf(format string, args ...any)
}

// Check fails the test when a field of header that may occur once occurs twice, in
// whatever case it is written.
func Check(t TB, what string, header http.Header) {
	t.Helper()
	counts := map[string]int{}
	for name, values := range header {
		counts[strings.ToLower(name)] += len(values)
	}
	for name, n := range counts {
		if n > 1 && field.Singleton(name) {
			t.Errorf("%s: the response has %d fields %s, which may occur once: %v", what, n, name, header)
		}
	}
}

// ReadResponse is [http.ReadResponse] and Check.
func ReadResponse(t TB, in *bufio.Reader, request *http.Request) (*http.Response, error) {
	t.Helper()
	response, err := http.ReadResponse(in, request)
	if err == nil {
		Check(t, response.Status, response.Header)
	}
	return response, err
}

// Transport returns next, or with nil the default transport, that checks every
// response.
func Transport(t TB, next http.RoundTripper) http.RoundTripper {
	if next == nil {
		next = http.DefaultTransport
	}
	return transport{t, next}
}

type transport struct {
	t    TB
	next http.RoundTripper
}

// RoundTrip implements [http.RoundTripper].
func (t transport) RoundTrip(request *http.Request) (*http.Response, error) {
	t.t.Helper()
	response, err := t.next.RoundTrip(request)
	if err == nil {
		Check(t.t, request.Method+" "+request.URL.Path, response.Header)
	}
	return response, err
}

// CloseIdleConnections is what [http.Client.CloseIdleConnections] calls.
func (t transport) CloseIdleConnections() {
	if closer, ok := t.next.(interface{ CloseIdleConnections() }); ok {
		closer.CloseIdleConnections()
	}
}
