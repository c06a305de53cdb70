package shop

import (
	"context"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/fasterapitest"
	"github.com/fasterapi/fasterapi/internal/test/contract"
)

// TestOpenAPI: the document is the reviewed one, others find it valid, and the
// service answers what it promises. UPDATE_GOLDEN=1 go test accepts a new document.
func TestOpenAPI(t *testing.T) {
	pool, err := openStore(filepath.Join(t.TempDir(), "test.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, pool.Close(context.Background())) })
	app := newApp(fasterapi.Config{Cores: 1, Logger: fasterapitest.Logger(t)}, pool, newSupplier(""))
	fasterapitest.GoldenOpenAPI(t, app, "testdata/openapi.yaml")

	c := fasterapitest.New(t, app)
	promise, err := contract.New(c.Get("/openapi.json").Expect(200).Body)
	require.NoError(t, err)
	for _, request := range []struct{ method, path, body string }{
		{"GET", "/", ""},
		{"GET", "/user/7", ""},
		{"GET", "/user/x", ""},
		{"GET", "/user/101", ""},
		{"GET", "/user/7/orders?limit=2", ""},
		{"GET", "/user/7/orders?limit=0", ""},
		{"GET", "/user/7/full", ""},
		{"POST", "/user/7/credits", `{"amount":5,"reason":"gift"}`},
		{"POST", "/user/7/credits", `{"amount":0}`},
		{"POST", "/users/import", `{"users":[{"id":501,"name":"Ann","email":"ann@example.com"}]}`},
		{"POST", "/users/import", `{"users":[{"id":501,"name":"Ann","email":"ann@example.com"}]}`},
		{"POST", "/users/import", `{"users":[{"id":0}]}`},
		{"GET", "/products/1/quote", ""},
		{"GET", "/products/99/quote", ""},
		{"GET", "/pipeline/demo", ""},
		{"GET", "/health", ""},
		{"GET", "/ready", ""},
		{"GET", "/metrics", ""},
	} {
		r, err := http.NewRequestWithContext(t.Context(), request.method, c.URL(request.path), strings.NewReader(request.body))
		require.NoError(t, err)
		r.Header.Set("Content-Type", "application/json")
		got := c.Do(r)
		require.NoError(t, promise.Check(r, contract.Answer{Status: got.Status, Header: got.Header, Body: got.Body}))
	}
}
