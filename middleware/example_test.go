package middleware_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/middleware"
)

// ask sends one request to app through the net/http engine.
func ask(app *fasterapi.App, method, path string, header ...string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	r := httptest.NewRequest(method, path, http.NoBody)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	app.Handler().ServeHTTP(w, r)
	return w
}

func greet(*fasterapi.Ctx, fasterapi.None) (fasterapi.Text, error) { return "hello", nil }

// The stack of a service behind a proxy in the same cluster.
func Example() {
	app := fasterapi.New(fasterapi.Config{Cores: 1})
	app.Use(
		middleware.AccessLog(middleware.AccessLogConfig{Sample: 0.01, Slow: time.Second}),
		middleware.RequestID(middleware.RequestIDConfig{}),
		middleware.RealIP(middleware.RealIPConfig{Trusted: middleware.PrivateNetworks()}),
		middleware.SecureHeaders(middleware.SecureHeadersConfig{}),
		middleware.CORS(middleware.CORSConfig{Origins: []string{"https://app.example.com"}}),
		middleware.RateLimit(middleware.RateLimitConfig{Limit: middleware.Limit{Requests: 100, Window: time.Minute}}),
		middleware.Timeout(10*time.Second),
		middleware.Compress(middleware.CompressConfig{}),
		middleware.ETag(middleware.ETagConfig{}),
	)
	app.Get("/", greet)

	w := ask(app, http.MethodGet, "/", "Origin", "https://app.example.com", "X-Request-ID", "42")
	fmt.Println(w.Code, w.Body)
	fmt.Println(w.Header().Get("X-Request-ID"), w.Header().Get("Access-Control-Allow-Origin"))
	fmt.Println(w.Header().Get("RateLimit"))
	fmt.Println(ask(app, http.MethodGet, "/", "If-None-Match", w.Header().Get("ETag")).Code)
	// Output:
	// 200 hello
	// 42 https://app.example.com
	// "default";r=99;t=1
	// 304
}

// A limit for each API key instead of each address, on some routes only.
func ExampleRateLimit() {
	app := fasterapi.New(fasterapi.Config{Cores: 1})
	reports := app.Group("/reports")
	reports.Use(middleware.RateLimit(middleware.RateLimitConfig{
		Limit: middleware.Limit{Requests: 1, Window: time.Hour},
		Key:   func(c *fasterapi.Ctx) string { return c.Header("X-API-Key") },
	}))
	reports.Get("/sales", greet)

	fmt.Println(ask(app, http.MethodGet, "/reports/sales", "X-API-Key", "ann").Code)
	w := ask(app, http.MethodGet, "/reports/sales", "X-API-Key", "ann")
	fmt.Println(w.Code, w.Header().Get("Retry-After") > "35") // seconds, of an hour
	fmt.Println(ask(app, http.MethodGet, "/reports/sales", "X-API-Key", "bob").Code)
	// Output:
	// 200
	// 429 true
	// 200
}

// A browser asks before its page may send JSON.
func ExampleCORS() {
	app := fasterapi.New(fasterapi.Config{Cores: 1})
	app.Use(middleware.CORS(middleware.CORSConfig{Origins: []string{"https://*.example.com"}, Credentials: true}))
	app.Get("/", greet)

	w := ask(app, http.MethodOptions, "/", "Origin", "https://app.example.com",
		"Access-Control-Request-Method", "PUT", "Access-Control-Request-Headers", "content-type")
	fmt.Println(w.Code, w.Header().Get("Access-Control-Allow-Origin"), w.Header().Get("Access-Control-Allow-Headers"))
	// Output: 204 https://app.example.com content-type
}

// Middleware of your own: a panic of a handler needs none, but who wants to count them
// writes this.
func Example_panics() {
	panics := 0
	app := fasterapi.New(fasterapi.Config{Cores: 1})
	app.Use(func(next fasterapi.Handler) fasterapi.Handler {
		return func(c *fasterapi.Ctx) error {
			defer func() {
				if v := recover(); v != nil {
					panics++
					panic(v) // the framework answers and logs
				}
			}()
			return next(c)
		}
	})
	app.Get("/", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.None, error) { panic("a bug") })

	fmt.Println(ask(app, http.MethodGet, "/").Code, panics)
	// Output: 500 1
}
