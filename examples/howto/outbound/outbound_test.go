package outbound

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/fasterapitest"
)

// snippet: test

// TestSupplier: the other services are handlers of net/http.
func TestSupplier(t *testing.T) {
	var orders atomic.Int64
	supplier := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		switch {
		case r.Header.Get("X-Api-Key") != "secret":
			w.WriteHeader(http.StatusUnauthorized)
		case r.URL.String() == "/v1/prices/AB-1?currency=EUR", r.URL.String() == "/v1/prices/AB-1":
			io.WriteString(w, `{"sku":"AB-1","cents":995}`)
		case r.URL.Path == "/v1/orders" && orders.Add(1) == 1: // the first attempt
			w.WriteHeader(http.StatusServiceUnavailable)
		case r.URL.Path == "/v1/orders":
			io.WriteString(w, `{"number":7}`)
		case r.URL.Path == "/v1/terms":
			w.Header().Set("Content-Type", "text/plain")
			w.Header().Set("ETag", `"1"`)
			io.WriteString(w, "all sales are final")
		default:
			http.Error(w, `{"detail":"not yours to know"}`, http.StatusNotFound)
		}
	}))
	defer supplier.Close()
	stock := httptest.NewServer(http.NotFoundHandler())
	stock.Close() // nobody is there

	app := newApp(fasterapi.Config{Cores: 1}, newSupplier(supplier.URL+"/v1", "secret"), newStock(stock.URL))
	c := fasterapitest.New(t, app)
	require.Equal(t, Price{"AB-1", 995}, c.Get("/prices/AB-1").Expect(200).JSON[Price]())
	require.Equal(t, "the supplier has no such article", c.Get("/prices/XX-1").Expect(404).Problem().Detail)
	require.Equal(t, Offer{"AB-1", 995, 0}, c.Get("/offers/AB-1").Expect(200).JSON[Offer]())
	require.Equal(t, "a service that this one needs has failed", c.Get("/offers/XX-1").Expect(502).Problem().Detail)
	order := Order{ID: "01890a5d-ac96-774b-bcce-b302099a8057", SKU: "AB-1"}
	require.Equal(t, Confirmed{7}, c.Post("/orders", order).Expect(200).JSON[Confirmed]())
	terms := c.Get("/terms").Expect(200)
	require.Equal(t, `"1"`, terms.Header.Get("ETag"))
	require.True(t, strings.HasPrefix(terms.Header.Get("Content-Type"), "text/plain"))
}

// end snippet
