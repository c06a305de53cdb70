package unions

import (
	"fmt"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/db"
)

// snippet: declare

// Payment is how an order is paid: by card, or with vouchers.
type Payment struct{ fasterapi.Union[Payment] }

// Card is one way.
type Card struct {
	Kind   string `json:"kind"`
	Number string `json:"number" pattern:"^[0-9]{12,19}$"`
}

// Voucher is another.
type Voucher struct {
	Kind  string  `json:"kind"`
	Codes []int64 `json:"codes" minItems:"1"`
}

// OneOf lists the ways, and which member tells them apart.
func (Payment) OneOf() fasterapi.Choice {
	return fasterapi.Choice{Discriminator: "kind", Variants: []fasterapi.Variant{
		fasterapi.VariantOf[Card]("card"),
		fasterapi.VariantOf[Voucher]("voucher"),
	}}
}

// end snippet

// snippet: handler

// Order is a body with a union in it.
type Order struct {
	ID      int64    `json:"id"`
	Payment Payment  `json:"payment"`
	Backup  *Payment `json:"backup" doc:"when the payment fails; null: none"`
}

// PayIn is the input of pay.
type PayIn struct {
	Order Order `body:""`
}

func pay(_ *fasterapi.Ctx, in PayIn) (Receipt, error) {
	switch payment := in.Order.Payment.Of.(type) {
	case Card:
		return Receipt{Of: Paid{With: payment.Number}}, nil
	case Voucher:
		return Receipt{Of: Owed{Vouchers: len(payment.Codes)}}, nil
	}
	return Receipt{}, fmt.Errorf("nobody has taught pay what a %T is", in.Order.Payment.Of)
}

// end snippet

// snippet: interface

// Receipt is a union whose variants share an interface, so that Of is no any.
type Receipt struct {
	fasterapi.UnionOf[Receipt, Settled]
}

// Settled is what all receipts can do.
type Settled interface{ Done() bool }

// Paid is the end of it.
type Paid struct {
	State string `json:"state"`
	With  string `json:"with"`
}

// Owed is not.
type Owed struct {
	State    string `json:"state"`
	Vouchers int    `json:"vouchers"`
}

// Done tells that nothing is owed.
func (Paid) Done() bool { return true }

// Done tells that something is.
func (Owed) Done() bool { return false }

// OneOf lists both.
func (Receipt) OneOf() fasterapi.Choice {
	return fasterapi.Choice{Discriminator: "state", Variants: []fasterapi.Variant{
		fasterapi.VariantOf[Paid]("paid"),
		fasterapi.VariantOf[Owed]("owed"),
	}}
}

// end snippet

// snippet: nested

// Filter is a union of which some variants hold filters again.
type Filter struct{ fasterapi.Union[Filter] }

type (
	// All holds where each of its filters does.
	All struct {
		Op string   `json:"op"`
		Of []Filter `json:"of" minItems:"1" maxItems:"10"`
	}
	// Not holds where its filter does not.
	Not struct {
		Op string `json:"op"`
		Of Filter `json:"of"`
	}
	// Is compares a column.
	Is struct {
		Op     string `json:"op"`
		Column string `json:"column" enum:"country,city"`
		Value  string `json:"value"`
	}
)

// OneOf lists the operators.
func (Filter) OneOf() fasterapi.Choice {
	return fasterapi.Choice{Discriminator: "op", Variants: []fasterapi.Variant{
		fasterapi.VariantOf[All]("all"), fasterapi.VariantOf[Not]("not"), fasterapi.VariantOf[Is]("is"),
	}}
}

// SQL is the condition of a statement, with its parameters behind args.
func (f Filter) SQL(args []any) (string, []any) {
	switch f := f.Of.(type) {
	case All:
		text := ""
		for i, part := range f.Of {
			var one string
			if one, args = part.SQL(args); i > 0 {
				one = " AND " + one
			}
			text += one
		}
		return "(" + text + ")", args
	case Not:
		text, args := f.Of.SQL(args)
		return "NOT " + text, args
	case Is: // enum has let only names of columns in
		args = append(args, f.Value)
		return fmt.Sprintf("%s = $%d", f.Column, len(args)), args
	}
	return "TRUE", args
}

// end snippet

// snippet: generic

// Result is a union for every T: in the document ResultOrder, ResultReceipt.
type Result[T any] struct{ fasterapi.Union[Result[T]] }

// Done has the value.
type Done[T any] struct {
	State string `json:"state"`
	Value T      `json:"value"`
}

// Failed stands for two kinds: its State says which.
type Failed struct {
	State string `json:"state"`
	Why   string `json:"why"`
}

// OneOf lists all three kinds.
func (Result[T]) OneOf() fasterapi.Choice {
	return fasterapi.Choice{Discriminator: "state", Variants: []fasterapi.Variant{
		fasterapi.VariantOf[Done[T]]("done"), fasterapi.VariantOf[Failed]("failed"), fasterapi.VariantOf[Failed]("cancelled"),
	}}
}

// end snippet

// snippet: database

// save writes the payment into a column of the type JSON (JSONB on Postgres, TEXT does too).
func save(c *fasterapi.Ctx, in struct {
	Order Order    `body:""`
	DB    *db.Pool `inject:""`
},
) (Order, error) {
	_, err := in.DB.Exec(c, `INSERT INTO orders (id, payment, backup) VALUES ($1, $2, $3)`, in.Order.ID, in.Order.Payment, in.Order.Backup).Await(c)
	if err != nil {
		return Order{}, err
	}
	return in.DB.One[Order](c, `SELECT id, payment, backup FROM orders WHERE id = $1`, in.Order.ID).Await(c)
}

// end snippet

func search(_ *fasterapi.Ctx, in struct {
	Filter Filter `body:""`
},
) (Result[[]any], error) {
	text, args := in.Filter.SQL(nil)
	return Result[[]any]{Of: Done[[]any]{Value: append([]any{text}, args...)}}, nil
}

func newApp(cfg fasterapi.Config) *fasterapi.App {
	app := fasterapi.New(cfg)
	app.Post("/pay", pay, fasterapi.RequestExample("by card", Order{ID: 7, Payment: Payment{Of: Card{Number: "4242424242424242"}}}))
	app.Post("/search", search)
	return app
}
