package client

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// canned answers without a network.
type canned struct{}

func (canned) RoundTrip(*http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: 200, Header: http.Header{"Content-Type": {"application/json"}}, ContentLength: 26,
		Body: io.NopCloser(strings.NewReader(`{"sku":"AB-1","cents":995}`)),
	}, nil
}

// BenchmarkGet is what this package takes, without net/http's transport.
func BenchmarkGet(b *testing.B) {
	u := New("supplier", Config{BaseURL: "http://a", Wrap: func(http.RoundTripper) http.RoundTripper { return canned{} }})
	b.ReportAllocs()
	for b.Loop() {
		if _, err := u.Get[item](b.Context(), "/prices/{sku}", Path("sku", "AB-1")).Await(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
	require.Zero(b, u.Stats().Failures)
}
