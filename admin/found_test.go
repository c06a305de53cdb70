package admin_test

import (
	"context"
	"encoding/json/v2"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/admin"
	"github.com/fasterapi/fasterapi/cache"
	"github.com/fasterapi/fasterapi/client"
	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/middleware"
	"github.com/fasterapi/fasterapi/resilience"
)

type (
	supplier struct{ *client.Upstream } // as docs/how-to/outbound-http.md has it
	Prices   struct {
		*cache.Cache[string, int]
	}
	services struct {
		Prices

		Stock    *client.Upstream
		None     *client.Upstream
		Policies *resilience.Registry
		Pool     *db.Pool
		Names    struct{ Cache cache.Reporter }
	}
)

// TestPartsAreFound: the page shows what the app has, wherever it has it from, and each part once.
func TestPartsAreFound(t *testing.T) {
	app := fasterapi.New(fasterapi.Config{Addr: "127.0.0.1:0", Cores: 1, Logger: slog.New(slog.DiscardHandler)})
	panel := admin.Attach(app, admin.Config{Addr: "127.0.0.1:0", Flight: off})
	policy := func(name string) *resilience.Policy {
		return resilience.New(name, resilience.Config{Timeout: time.Second, Breaker: resilience.NewBreaker(name, resilience.BreakerConfig{})})
	}
	calls := func(name string) *client.Upstream {
		return client.New(name, client.Config{BaseURL: "http://127.0.0.1:1", Policy: policy(name)})
	}
	stock, one := calls("stock"), calls("one")
	s := &services{
		Prices: Prices{cache.New("prices", cache.Config[string, int]{})}, Stock: stock,
		Policies: resilience.NewRegistry(policy("listed"), one.Policy()), Pool: db.New(nil, func() db.Stats { return db.Stats{Driver: "sqlite"} }),
	}
	s.Names.Cache = cache.New("names", cache.Config[string, int]{})
	app.Provide(s)
	app.Provide(supplier{one})
	app.Provide(stock, fasterapi.Named("stock"))
	app.Provide(policy("alone"))
	app.Provide(policy("alone"), fasterapi.Named("again")) // another one of that name
	guard := middleware.Guard(policy("guarded"))
	responses := middleware.NewResponseCache("responses", middleware.ResponseCacheConfig{TTL: time.Minute})
	greet := func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Text, error) { return "", nil }
	app.Get("/a", greet, guard, fasterapi.Use(responses.Middleware()))
	app.Group("/b", guard).Get("/c", greet, fasterapi.Use(responses.Middleware()))
	server, err := app.Start()
	require.NoError(t, err)
	defer func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		require.NoError(t, server.Shutdown(ctx))
	}()

	answer, err := http.Get("http://" + panel.Addr().String() + "/parts")
	require.NoError(t, err)
	defer answer.Body.Close()
	type named []struct{ Name string }
	var shown struct{ Pools, Caches, Upstreams, Policies, Breakers named }
	require.NoError(t, json.UnmarshalRead(answer.Body, &shown, json.MatchCaseInsensitiveNames(true)))
	for _, c := range []struct {
		found named
		want  []string
	}{
		{shown.Pools, []string{"sqlite"}},
		{shown.Caches, []string{"prices", "names", "responses"}},
		{shown.Upstreams, []string{"one", "stock"}},
		{shown.Policies, []string{"listed", "one", "stock", "alone", "alone", "guarded"}},
		{shown.Breakers, []string{"listed", "one", "stock", "alone", "alone", "guarded"}},
	} {
		var names []string
		for _, part := range c.found {
			names = append(names, part.Name)
		}
		require.ElementsMatch(t, c.want, names)
	}
}
