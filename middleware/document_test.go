package middleware_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/middleware"
	"github.com/fasterapi/fasterapi/openapi"
	"github.com/fasterapi/fasterapi/resilience"
)

// TestMiddlewareInTheDocument: middleware that answers by itself says so of the routes behind it, and of no others.
func TestMiddlewareInTheDocument(t *testing.T) {
	limit := middleware.Limit{Requests: 1, Window: time.Second}
	for name, c := range map[string]struct {
		m           fasterapi.Middleware
		waits, late []string // the answers with and without Retry-After
	}{
		"Timeout":               {middleware.Timeout(time.Second), nil, []string{"504"}},
		"Deadline":              {middleware.Deadline(middleware.DeadlineConfig{}), nil, []string{"504"}},
		"RateLimit":             {middleware.RateLimit(middleware.RateLimitConfig{Limit: limit}), []string{"429"}, nil},
		"RateLimit, FailClosed": {middleware.RateLimit(middleware.RateLimitConfig{Limit: limit, FailClosed: true}), []string{"429", "503"}, nil},
	} {
		app := fasterapi.New(fasterapi.Config{Cores: 1})
		app.Get("/other", greet)
		group := app.Group("/group")
		group.Use(c.m)
		group.Get("/get", greet)
		group.Post("/post", greet)
		app.Get("/one", greet, fasterapi.Use(c.m))
		doc := documentOf(t, app)
		for _, op := range []*openapi.Operation{
			doc.Paths.Get("/group/get").Get, doc.Paths.Get("/group/post").Post, doc.Paths.Get("/one").Get,
		} {
			for _, status := range append(c.waits, c.late...) {
				require.True(t, op.Responses.Has(status), "%s says nothing of its %s", name, status)
				require.Equal(t, "application/problem+json", op.Responses.Get(status).Content[0].Name, name)
			}
			for _, status := range c.waits {
				require.True(t, op.Responses.Get(status).Headers.Has("Retry-After"), name)
			}
			for _, status := range c.late {
				require.False(t, op.Responses.Get(status).Headers.Has("Retry-After"), name)
			}
			require.Len(t, op.Responses, len(c.waits)+len(c.late)+3, "%s: nothing else is said, and nothing twice", name)
		}
		require.Len(t, doc.Paths.Get("/other").Get.Responses, 3, "%s: 200, 4XX, 5XX", name)
	}
}

// TestMiddlewareTwiceInTheDocument: what several say is there once, and what the route says is nearer.
func TestMiddlewareTwiceInTheDocument(t *testing.T) {
	app := fasterapi.New(fasterapi.Config{Cores: 1})
	limit := middleware.RateLimit(middleware.RateLimitConfig{Limit: middleware.Limit{Requests: 1, Window: time.Second}, FailClosed: true})
	app.Use(middleware.Timeout(time.Minute), middleware.Deadline(middleware.DeadlineConfig{}), limit, limit)
	app.Get("/", greet, middleware.Guard(resilience.New("p", resilience.Config{
		Timeout: time.Second, Breaker: resilience.NewBreaker("p", resilience.BreakerConfig{}),
	})), fasterapi.Returns[fasterapi.None](504, "Too slow"))
	op := documentOf(t, app).Paths.Get("/").Get
	var statuses []string
	for _, r := range op.Responses {
		statuses = append(statuses, r.Name)
	}
	require.Equal(t, []string{"200", "429", "4XX", "503", "504", "5XX"}, statuses)
	require.Equal(t, "Too slow", op.Responses.Get("504").Description)
	require.Len(t, op.Responses.Get("503").Headers, 1)
}

func documentOf(t *testing.T, app *fasterapi.App) *openapi.Document {
	t.Helper()
	doc, err := app.OpenAPI()
	require.NoError(t, err)
	return doc
}
