package outbound

import (
	"errors"
	"net/http"
	"time"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/client"
	"github.com/fasterapi/fasterapi/problem"
	"github.com/fasterapi/fasterapi/resilience"
)

// Price is what the supplier says.
type Price struct {
	SKU   string `json:"sku"`
	Cents int64  `json:"cents"`
}

// Offer is what our clients see.
type Offer struct {
	SKU   string `json:"sku"`
	Cents int64  `json:"cents"`
	Stock int    `json:"stock"`
}

// snippet: declare

// newSupplier is the service of our supplier.
func newSupplier(address, key string) *client.Upstream {
	return client.New("supplier", client.Config{
		BaseURL: address, // "https://supplier.example/v1"
		Header:  http.Header{"X-Api-Key": {key}},
		NoTrace: true, // theirs is not our trace
		MaxBody: 1 << 20,
	})
}

// end snippet

// snippet: policy

// newStock is a service of our own that answers fast, or not at all.
func newStock(address string) *client.Upstream {
	return client.New("stock", client.Config{
		BaseURL:  address,
		MaxConns: 20,
		Policy: resilience.New("stock", resilience.Config{
			Timeout:        time.Second,
			Retry:          resilience.Retry{Attempts: 3},
			Breaker:        resilience.NewBreaker("stock", resilience.BreakerConfig{Failures: 5, OpenFor: 10 * time.Second}),
			AttemptTimeout: 300 * time.Millisecond,
		}),
	})
}

// end snippet

// Supplier and Stock tell the two apart where they are injected.
type (
	Supplier struct{ *client.Upstream }
	Stock    struct{ *client.Upstream }
)

// snippet: get

func price(c *fasterapi.Ctx, in struct {
	SKU      string   `path:"sku"`
	Supplier Supplier `inject:""`
},
) (Price, error) {
	price, err := in.Supplier.Get[Price](c, "/prices/{sku}", client.Path("sku", in.SKU), client.Query("currency", "EUR")).Await(c)
	if status, ok := errors.AsType[*client.StatusError](err); ok && status.Answer.Status == http.StatusNotFound {
		return Price{}, problem.NotFound("the supplier has no such article")
	}
	return price, err
}

// end snippet

// snippet: chain

// offer asks both services at the same time.
func offer(c *fasterapi.Ctx, in struct {
	SKU      string   `path:"sku"`
	Supplier Supplier `inject:""`
	Stock    Stock    `inject:""`
},
) async.Future[Offer] {
	price := in.Supplier.Get[Price](c, "/prices/{sku}", client.Path("sku", in.SKU))
	stock := in.Stock.Get[int](c, "/stock/{sku}", client.Path("sku", in.SKU)).
		Recover(func(error) (int, error) { return 0, nil }) // an offer without it is better than none
	return price.Zip(stock, func(p Price, n int) (Offer, error) { return Offer{p.SKU, p.Cents, n}, nil })
}

// end snippet

// Order is what we order.
type Order struct {
	ID  string `json:"id" format:"uuid"`
	SKU string `json:"sku"`
}

// Confirmed is the supplier's answer to an order.
type Confirmed struct {
	Number int `json:"number"`
}

// snippet: post

func order(c *fasterapi.Ctx, in struct {
	Order    Order    `body:""`
	Supplier Supplier `inject:""`
},
) (Confirmed, error) {
	return in.Supplier.Post[Confirmed](c, "/orders", in.Order, client.IdempotencyKey(in.Order.ID)).Await(c)
}

// end snippet

// snippet: send

// terms hands a text of the supplier on, with its own type and tag.
func terms(c *fasterapi.Ctx, in struct {
	Supplier Supplier `inject:""`
},
) (fasterapi.Blob, error) {
	answer, err := in.Supplier.Send(c, client.Request{Method: "GET", Path: "/terms"}).Await(c)
	if err != nil {
		return fasterapi.Blob{}, err
	}
	if answer.Status != http.StatusOK {
		return fasterapi.Blob{}, problem.New(http.StatusBadGateway, "the terms are not to be had")
	}
	c.SetHeader("ETag", answer.Header.Get("ETag"))
	return fasterapi.Blob{ContentType: answer.Header.Get("Content-Type"), Data: answer.Body}, nil
}

// end snippet

// snippet: app

func newApp(cfg fasterapi.Config, supplier, stock *client.Upstream) *fasterapi.App {
	app := fasterapi.New(cfg)
	app.Provide(Supplier{supplier}, fasterapi.CloseOnStop())
	app.Provide(Stock{stock}, fasterapi.CloseOnStop())
	app.Provide(resilience.NewRegistry(supplier.Policy(), stock.Policy()))
	app.Get("/prices/{sku}", price)
	app.GetFuture("/offers/{sku}", offer)
	app.Post("/orders", order)
	app.Get("/terms", terms)
	return app
}

// end snippet
