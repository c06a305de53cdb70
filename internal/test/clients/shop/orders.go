package shop

import (
	"encoding/json/jsontext"
	"time"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/problem"
)

// Payment is how an order is paid.
type Payment struct{ fasterapi.Union[Payment] }

// Card is a credit card.
type Card struct {
	Kind   string `json:"kind"`
	Number string `json:"number" pattern:"^[0-9]{12,19}$" sensitive:"true"`
	Holder string `json:"holder,omitempty"`
}

// Voucher is money that was paid before.
type Voucher struct {
	Kind  string  `json:"kind"`
	Codes []int64 `json:"codes" minItems:"1"`
}

// Split is several payments in one: a union in a union.
type Split struct {
	Kind  string    `json:"kind"`
	Parts []Payment `json:"parts" minItems:"2" maxItems:"3"`
	Rest  *Payment  `json:"rest,omitempty"`
}

// OneOf lists the ways to pay.
func (Payment) OneOf() fasterapi.Choice {
	return fasterapi.Choice{Discriminator: "kind", Variants: []fasterapi.Variant{
		fasterapi.VariantOf[Card]("card"), fasterapi.VariantOf[Voucher]("voucher"), fasterapi.VariantOf[Split]("split"),
	}}
}

// Event is what happened to an order: a union whose variants share an interface, and hold
// other unions. Voucher is one of them too, under another kind.
type Event struct {
	fasterapi.UnionOf[Event, happened]
}

type happened interface{ happened() time.Time }

// Placed is the first event.
type Placed struct {
	Kind string    `json:"kind"`
	At   time.Time `json:"at"`
	By   *User     `json:"by,omitempty"`
}

// Paid says how.
type Paid struct {
	Kind    string    `json:"kind"`
	At      time.Time `json:"at"`
	Payment Payment   `json:"payment"`
}

// Refunded gives a voucher back.
type Refunded struct {
	Kind    string    `json:"kind"`
	At      time.Time `json:"at"`
	Voucher Voucher   `json:"voucher"`
}

// OneOf lists what can happen.
func (Event) OneOf() fasterapi.Choice {
	return fasterapi.Choice{Discriminator: "kind", Variants: []fasterapi.Variant{
		fasterapi.VariantOf[Placed]("order.placed"), fasterapi.VariantOf[Paid]("order.paid"), fasterapi.VariantOf[Refunded]("order.refunded"),
	}}
}

func (e Placed) happened() time.Time   { return e.At }
func (e Paid) happened() time.Time     { return e.At }
func (e Refunded) happened() time.Time { return e.At }

var _ = []happened{Placed{}, Paid{}, Refunded{}} // the linter does not see type arguments

// Item is a line of an order.
type Item struct {
	SKU   string  `json:"sku" pattern:"^[A-Z]{2}-[0-9]+$"`
	Count uint8   `json:"count" minimum:"1"`
	Price float64 `json:"price" exclusiveMinimum:"0"`
}

// Order has unions in members, lists and maps.
type Order struct {
	Items   []Item                `json:"items" minItems:"1"`
	Payment Payment               `json:"payment"`
	Backup  *Payment              `json:"backup" doc:"when the payment fails; null: none"`
	Notify  []Reach               `json:"notify,omitempty"`
	ByName  map[string]Reach      `json:"by_name,omitempty"`
	Note    fasterapi.Opt[string] `json:"note,omitzero" maxLength:"200"`
	Options jsontext.Value        `json:"options,omitempty" doc:"whatever the client needs"`
	Events  []Event               `json:"events,omitempty" readOnly:"true"`
}

// Search is a filter that holds filters.
type Search struct{ fasterapi.Union[Search] }

// All holds when all of its filters do.
type All struct {
	Op string   `json:"op"`
	Of []Search `json:"of" minItems:"1" maxItems:"10"`
}

// Not turns a filter around.
type Not struct {
	Op string `json:"op"`
	Of Search `json:"of"`
}

// Costs holds for orders of at least that much.
type Costs struct {
	Op    string  `json:"op"`
	Least float64 `json:"least"`
}

// OneOf lists the filters.
func (Search) OneOf() fasterapi.Choice {
	return fasterapi.Choice{Discriminator: "op", Variants: []fasterapi.Variant{
		fasterapi.VariantOf[All]("all"), fasterapi.VariantOf[Not]("not"), fasterapi.VariantOf[Costs]("costs"),
	}}
}

// Verdict is what a check of a payment says: a generic union.
type Verdict[T any] struct{ fasterapi.Union[Verdict[T]] }

// Good holds what is right.
type Good[T any] struct {
	State string `json:"state"`
	Value T      `json:"value"`
}

// Bad says why not.
type Bad struct {
	State string   `json:"state"`
	Why   []string `json:"why"`
}

// OneOf lists both.
func (Verdict[T]) OneOf() fasterapi.Choice {
	return fasterapi.Choice{Discriminator: "state", Variants: []fasterapi.Variant{
		fasterapi.VariantOf[Good[T]]("good"), fasterapi.VariantOf[Bad]("bad"),
	}}
}

func routeOrders(g *fasterapi.Group) {
	g.Put("/{id}", putOrder, fasterapi.OperationID("putOrder"), fasterapi.StrictBody(),
		fasterapi.RequestExample("by voucher", Order{
			Items: []Item{{"AB-1", 1, 9.5}}, Payment: Payment{Of: Voucher{Codes: []int64{7}}},
		}))
	g.Get("/{id}", getOrder, fasterapi.OperationID("getOrder"))
	g.Get("/{id}/events", orderEvents)
	g.Post("/search", searchOrders, fasterapi.OperationID("searchOrders"))
	g.Query("", searchOrders)
	g.Post("/payments/check", checkPayment, fasterapi.OperationID("checkPayment"))
}

// Saved is 200 with what there was before, 201 with what is new, or 204 when nothing changed.
type Saved = fasterapi.OneOf3[Order, fasterapi.Created[Order], fasterapi.None]

func putOrder(_ *fasterapi.Ctx, in struct {
	ID   string `path:"id" pattern:"^[a-z0-9-]{1,20}$"`
	Body Order  `body:""`
	DB   *store `inject:""`
},
) (Saved, error) {
	in.DB.mu.Lock()
	defer in.DB.mu.Unlock()
	old, ok := in.DB.orders[in.ID]
	in.Body.Events = append(old.Events, Event{}.placed(in.Body))
	in.DB.orders[in.ID] = in.Body
	switch {
	case !ok:
		return Saved{}.Second(fasterapi.Created[Order]{Location: "/orders/" + in.ID, Body: in.Body}), nil
	case total(old) == total(in.Body):
		return Saved{}.Third(fasterapi.None{}), nil
	}
	return Saved{}.First(old), nil
}

// placed is the event of an order, or of its payment.
func (Event) placed(o Order) (e Event) {
	e.Of = Paid{Kind: "order.paid", At: clock, Payment: o.Payment}
	if voucher, ok := o.Payment.Of.(Voucher); ok {
		e.Of = Refunded{Kind: "order.refunded", At: clock, Voucher: voucher}
	}
	return e
}

func total(o Order) (sum float64) {
	for _, item := range o.Items {
		sum += float64(item.Count) * item.Price
	}
	return sum
}

type orderID struct {
	ID string `path:"id"`
	DB *store `inject:""`
}

func getOrder(_ *fasterapi.Ctx, in orderID) (Order, error) {
	in.DB.mu.Lock()
	defer in.DB.mu.Unlock()
	order, ok := in.DB.orders[in.ID]
	if !ok {
		return order, missing("order")
	}
	return order, nil
}

func orderEvents(c *fasterapi.Ctx, in orderID) ([]Event, error) {
	order, err := getOrder(c, in)
	return order.Events, err
}

func searchOrders(_ *fasterapi.Ctx, in struct {
	Body Search `body:""`
	DB   *store `inject:""`
},
) (map[string]Order, error) {
	in.DB.mu.Lock()
	defer in.DB.mu.Unlock()
	found := map[string]Order{}
	for id, order := range in.DB.orders {
		if in.Body.holds(order) {
			found[id] = order
		}
	}
	return found, nil
}

func (s Search) holds(o Order) bool {
	switch filter := s.Of.(type) {
	case All:
		for _, part := range filter.Of {
			if !part.holds(o) {
				return false
			}
		}
		return true
	case Not:
		return !filter.Of.holds(o)
	case Costs:
		return total(o) >= filter.Least
	}
	return false
}

func checkPayment(_ *fasterapi.Ctx, in struct {
	Body Payment `body:""`
},
) (out Verdict[Payment], err error) {
	switch payment := in.Body.Of.(type) {
	case Card:
		out.Of = Good[Payment]{Value: in.Body}
	case Voucher:
		out.Of = Bad{Why: []string{"vouchers are checked later"}}
	case Split:
		if len(payment.Parts) == 3 {
			return out, problem.New(402, "three are too many")
		}
		out.Of = Good[Payment]{Value: in.Body}
	}
	return out, nil
}
