package main

import (
	"context"
	"encoding/json/v2"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/problem"
	"github.com/fasterapi/fasterapi/resilience"
)

// Supplier is who sells us the products: another service, which is slow at times, and down at
// others.
type Supplier struct {
	url    string // "": there is none
	policy *resilience.Policy
}

// newSupplier returns the supplier at url. Asking for a price twice does no harm, so what fails is
// asked again, what is slow is asked beside it, and what is down is left alone for a while.
func newSupplier(url string) *Supplier {
	return &Supplier{url: url, policy: resilience.New("supplier", resilience.Config{
		Bulkhead: resilience.NewBulkhead("supplier", resilience.BulkheadConfig{Concurrent: 64, Wait: 200 * time.Millisecond}),
		Timeout:  2 * time.Second,
		Retry:    resilience.Retry{Idempotent: true},
		Hedge:    resilience.Hedge{Percentile: 0.95, After: 20 * time.Millisecond},
		Breaker: resilience.NewBreaker("supplier", resilience.BreakerConfig{
			Failures: 10, Rate: 0.5, OpenFor: 15 * time.Second,
		}),
		AttemptTimeout: 700 * time.Millisecond,
	})}
}

// Quote is the answer of /products/{id}/quote.
type Quote struct {
	Cents  int64  `json:"cents"`
	Source string `json:"source" enum:"supplier,list" doc:"list: our own price, because the supplier does not answer"`
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
	case err != nil || in.Supplier.url == "":
		return Quote{Cents: list, Source: "list"}, err
	}
	return in.Supplier.policy.DoOr(c, func(ctx context.Context) (Quote, error) {
		return in.Supplier.ask(ctx, in.ID)
	}, func(context.Context, error) (Quote, error) {
		return Quote{Cents: list, Source: "list"}, nil
	})
}

// badStatus is an answer of the supplier that is none.
type badStatus int

func (s badStatus) Error() string { return "the supplier answers with " + strconv.Itoa(int(s)) }

// HTTPStatus is that of the supplier, by which the breaker tells its faults from ours.
func (s badStatus) HTTPStatus() int { return int(s) }

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
	p, b := s.policy.Stats(), s.policy.Config().Breaker.Stats()
	return SupplierMetrics{
		Calls: p.Calls, Retries: p.Retries, Hedges: p.Hedges, Timeouts: p.Timeouts, Fallbacks: p.Fallbacks, Breaker: b.State.String(),
	}
}

// ask makes one request. How long we wait goes with it.
func (s *Supplier) ask(ctx context.Context, id int64) (Quote, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("%s/quotes/%d", s.url, id), http.NoBody)
	if err != nil {
		return Quote{}, err
	}
	if left, bounded := resilience.TimeLeft(ctx); bounded {
		request.Header.Set(resilience.DeadlineHeader, resilience.FormatTimeout(left))
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return Quote{}, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return Quote{}, badStatus(response.StatusCode)
	}
	q := Quote{Source: "supplier"}
	if err := json.UnmarshalRead(http.MaxBytesReader(nil, response.Body, 1<<16), &q); err != nil {
		return Quote{}, err
	}
	q.Source = "supplier"
	return q, nil
}
