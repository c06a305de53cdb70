package shop

import (
	"context"
	"errors"
	"time"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/client"
	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/problem"
	"github.com/fasterapi/fasterapi/resilience"
)

// Supplier is who sells us the products: another service, which is slow at times, and down at
// others.
type Supplier struct {
	upstream *client.Upstream   // nil: there is none
	calls    *resilience.Policy // of the upstream
	quotes   *resilience.Policy // our own price in place of theirs
}

// longestQuote bounds an answer of the supplier, in bytes: a quote has some twenty.
const longestQuote = 64 << 10

// newSupplier returns the supplier at address, "" for none. Asking for a price twice does no harm, so what fails is
// asked again, what is slow is asked beside it, and what is down is left alone for a while.
func newSupplier(address string) *Supplier {
	return supplierUnder(address, resilience.Config{
		Bulkhead: resilience.NewBulkhead("supplier", resilience.BulkheadConfig{Concurrent: 64, Wait: 200 * time.Millisecond}),
		Timeout:  2 * time.Second,
		Retry:    resilience.Retry{Attempts: 3},
		Hedge:    resilience.Hedge{Percentile: 0.95, After: 20 * time.Millisecond},
		Breaker: resilience.NewBreaker("supplier", resilience.BreakerConfig{
			Failures: 10, Rate: 0.5, OpenFor: 15 * time.Second,
		}),
		AttemptTimeout: 700 * time.Millisecond,
	})
}

// supplierUnder is newSupplier under another policy.
func supplierUnder(address string, calls resilience.Config) *Supplier {
	s := &Supplier{calls: resilience.New("supplier", calls), quotes: resilience.New("quotes", resilience.Config{})}
	if address != "" {
		s.upstream = client.New("supplier", client.Config{
			BaseURL: address,
			Policy:  s.calls,
			MaxBody: longestQuote,
			NoTrace: true, // theirs is not our trace
		})
	}
	return s
}

// Quote is the answer of /products/{id}/quote.
type Quote struct {
	Cents  int64  `json:"cents"`
	Source string `json:"source" enum:"supplier,list" doc:"list: our own price, because the supplier does not answer"`
}

// SupplierQuote is what the supplier answers.
type SupplierQuote struct {
	Cents int64 `json:"cents"`
}

// Quoted is the input of /products/{id}/quote.
type Quoted struct {
	ID       int64     `path:"id" minimum:"1"`
	DB       *db.Pool  `inject:""`
	Supplier *Supplier `inject:""`
}

// quote asks the supplier for the price of a product, and answers with our own when that fails.
func quote(c *fasterapi.Ctx, in Quoted) (Quote, error) {
	list, err := in.DB.One[int64](c, "SELECT price FROM products WHERE id = $1", in.ID).Await(c)
	switch {
	case errors.Is(err, db.ErrNoRows):
		return Quote{}, problem.NotFound("there is no such product")
	case err != nil || in.Supplier.upstream == nil:
		return Quote{Cents: list, Source: "list"}, err
	}
	return in.Supplier.quotes.DoOr(c, func(ctx context.Context) (Quote, error) {
		theirs, err := in.Supplier.upstream.Get[SupplierQuote](ctx, "/quotes/{id}", client.Path("id", in.ID)).Await(ctx)
		return Quote{Cents: theirs.Cents, Source: "supplier"}, err
	}, func(context.Context, error) (Quote, error) {
		return Quote{Cents: list, Source: "list"}, nil
	})
}

// SupplierMetrics is what calling the supplier was like.
type SupplierMetrics struct {
	Calls     int64  `json:"calls"`
	Retries   int64  `json:"retries"`
	Hedges    int64  `json:"hedges"`
	Timeouts  int64  `json:"timeouts"`
	Fallbacks int64  `json:"fallbacks"` // answers with our own price
	Breaker   string `json:"breaker" enum:"closed,open,half-open,isolated"`
}

func (s *Supplier) metrics() SupplierMetrics {
	p, b := s.calls.Stats(), s.calls.Config().Breaker.Stats()
	return SupplierMetrics{
		Calls: p.Calls, Retries: p.Retries, Hedges: p.Hedges, Timeouts: p.Timeouts, Fallbacks: s.quotes.Stats().Fallbacks, Breaker: b.State.String(),
	}
}
