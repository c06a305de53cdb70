package main

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/fasterapitest"
	"github.com/fasterapi/fasterapi/internal/test/contract"
)

// TestStyles: the three ways give one answer, the one that the document promises.
func TestStyles(t *testing.T) {
	fasterapitest.Run(t, func(cfg fasterapi.Config) *fasterapi.App {
		app := fasterapi.New(cfg)
		routes(app)
		return app
	}, func(t *testing.T, c *fasterapitest.Client) {
		promise, err := contract.New(c.Get("/openapi.json").Expect(200).Body)
		require.NoError(t, err)
		for _, path := range []string{"/price/lamp", "/hot/lamp", "/hottest/lamp"} {
			request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, c.URL(path), http.NoBody)
			require.NoError(t, err)
			got := c.Do(request)
			require.Equal(t, Price{Item: "lamp", Cents: 400}, got.Expect(200).JSON[Price](), path)
			require.NoError(t, promise.Check(request, contract.Answer{Status: got.Status, Header: got.Header, Body: got.Body}))
		}
	})
}
