package router_test

import (
	"testing"

	"github.com/fasterapi/fasterapi/internal/router"
	"github.com/stretchr/testify/require"
)

// api is a route set of the size and shape of a real service.
var api = []string{
	"GET /", "GET /health", "GET /ready", "GET /metrics", "GET /pipeline/demo",
	"GET /users", "POST /users", "GET /users/{id}", "PUT /users/{id}", "DELETE /users/{id}",
	"GET /users/{id}/orders", "POST /users/{id}/orders", "GET /users/{id}/orders/{order}", "GET /users/{id}/full",
	"GET /products", "GET /products/{sku}", "GET /orders/{id}", "GET /static/{path...}", "GET /docs", "GET /openapi.json",
}

func benchmark(b *testing.B, method, path string, want router.Outcome) {
	r := build(b, api...)
	m, p := []byte(method), []byte(path)
	var ps router.Params
	require.Equal(b, want, r.Match(m, p, &ps).Outcome)
	b.ReportAllocs()
	for b.Loop() {
		if r.Match(m, p, &ps).Outcome != want {
			b.Fatal("wrong outcome")
		}
	}
}

func BenchmarkRoot(b *testing.B)      { benchmark(b, "GET", "/", router.Found) }
func BenchmarkStatic(b *testing.B)    { benchmark(b, "GET", "/pipeline/demo", router.Found) }
func BenchmarkOneParam(b *testing.B)  { benchmark(b, "GET", "/users/12345", router.Found) }
func BenchmarkTwoParams(b *testing.B) { benchmark(b, "GET", "/users/12345/orders/678", router.Found) }
func BenchmarkRest(b *testing.B)      { benchmark(b, "GET", "/static/css/site.css", router.Found) }
func BenchmarkEscaped(b *testing.B)   { benchmark(b, "GET", "/users/a%20b", router.Found) }
func BenchmarkNotFound(b *testing.B)  { benchmark(b, "GET", "/wp-login.php", router.NotFound) }
func BenchmarkNotAllowed(b *testing.B) {
	benchmark(b, "DELETE", "/users/1/full", router.MethodNotAllowed)
}
