package middleware_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/client"
	"github.com/fasterapi/fasterapi/fasterapitest"
	"github.com/fasterapi/fasterapi/middleware"
	"github.com/fasterapi/fasterapi/resilience"
)

type (
	supplier struct{ *client.Upstream } // as docs/how-to/outbound-http.md has it
	services struct {
		Supplier *client.Upstream
		Other    *client.Upstream
	}
)

// TestReadyHeedsBreakers: a critical breaker that lets nothing through keeps the service from being ready, wherever the
// app has it from, and is a check once.
func TestReadyHeedsBreakers(t *testing.T) {
	policy := func(b *resilience.Breaker) *resilience.Policy {
		return resilience.New("p", resilience.Config{Timeout: time.Second, Breaker: b})
	}
	calls := func(b *resilience.Breaker) *client.Upstream {
		return client.New("supplier", client.Config{BaseURL: "http://127.0.0.1:1", Policy: policy(b)})
	}
	for name, has := range map[string]func(*fasterapi.App, *resilience.Breaker){
		"an upstream":          func(app *fasterapi.App, b *resilience.Breaker) { app.Provide(calls(b)) },
		"one that is embedded": func(app *fasterapi.App, b *resilience.Breaker) { app.Provide(supplier{calls(b)}) },
		"one in a field":       func(app *fasterapi.App, b *resilience.Breaker) { app.Provide(&services{Supplier: calls(b)}) },
		"a policy":             func(app *fasterapi.App, b *resilience.Breaker) { app.Provide(policy(b)) },
		"a breaker":            func(app *fasterapi.App, b *resilience.Breaker) { app.Provide(b) },
		"a registry":           func(app *fasterapi.App, b *resilience.Breaker) { app.Provide(resilience.NewRegistry(b)) },
		"Guard":                func(app *fasterapi.App, b *resilience.Breaker) { app.Get("/", greet, middleware.Guard(policy(b))) },
		"Guard of a group": func(app *fasterapi.App, b *resilience.Breaker) {
			app.Group("/g", middleware.Guard(policy(b))).Get("/", greet)
		},
		"made when it starts": func(app *fasterapi.App, b *resilience.Breaker) { provideAtStart(app, calls(b)) },
		"all of them": func(app *fasterapi.App, b *resilience.Breaker) {
			u := calls(b)
			app.Provide(u)
			app.Provide(supplier{u})
			app.Provide(resilience.NewRegistry(u.Policy()))
			app.Get("/", greet, middleware.Guard(u.Policy()))
		},
	} {
		t.Run(name, func(t *testing.T) {
			breaker := resilience.NewBreaker("b", resilience.BreakerConfig{Critical: true})
			app := fasterapi.New(fasterapi.Config{Cores: 1, Addr: "127.0.0.1:0"})
			has(app, breaker)
			c := fasterapitest.New(t, app)
			c.Get("/ready").Expect(200)
			breaker.Isolate()
			c.Get("/ready").Expect(503)
			require.Equal(t, 1, strings.Count(c.Get("/health").Text(), `"breakers`), "one check")
			breaker.Reset()
			c.Get("/ready").Expect(200)
		})
	}
}

// provideAtStart provides an upstream that a function makes.
func provideAtStart(app *fasterapi.App, u *client.Upstream) {
	app.ProvideFunc(func(*fasterapi.Ctx, fasterapi.None) (supplier, error) { return supplier{u}, nil }, fasterapi.PerApp())
	app.Get("/", func(*fasterapi.Ctx, struct {
		S supplier `inject:""`
	},
	) (fasterapi.Text, error) {
		return "", nil
	})
}

// TestReadyOfOthers: what is not critical, or not there, keeps nobody from being ready, and adds no check.
func TestReadyOfOthers(t *testing.T) {
	breaker := resilience.NewBreaker("b", resilience.BreakerConfig{})
	app := fasterapi.New(fasterapi.Config{Cores: 1, Addr: "127.0.0.1:0"})
	app.Provide(&services{Supplier: client.New("s", client.Config{
		BaseURL: "http://127.0.0.1:1", Policy: resilience.New("p", resilience.Config{Timeout: time.Second, Breaker: breaker}),
	})})
	c := fasterapitest.New(t, app)
	breaker.Isolate()
	require.NotContains(t, c.Get("/ready").Expect(200).Text(), "breakers")
	require.NotContains(t, c.Get("/health").Expect(200).Text(), "breakers")
}
