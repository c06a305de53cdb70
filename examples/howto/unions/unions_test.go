package unions

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/db/sqlite"
	"github.com/fasterapi/fasterapi/fasterapitest"
)

// snippet: test

func TestPay(t *testing.T) {
	fasterapitest.Run(t, newApp, func(t *testing.T, c *fasterapitest.Client) {
		order := Order{ID: 1, Payment: Payment{Of: Voucher{Codes: []int64{5, 6}}}}
		receipt := c.Post("/pay", order).Expect(200).JSON[Receipt]()
		require.Equal(t, Owed{State: "owed", Vouchers: 2}, receipt.Of)
		require.False(t, receipt.Of.Done())

		p := c.Post("/pay", `{"id":1,"payment":{"kind":"coin"}}`).Expect(422).Problem()
		require.Equal(t, []string{"body.payment.kind"}, p.Locations())
	})
}

// end snippet

// snippet: all-kinds

// TestPayKnowsAllKinds: Go does not say when a switch lacks a variant. This does.
func TestPayKnowsAllKinds(t *testing.T) {
	for _, variant := range (Payment{}).OneOf().Variants {
		_, err := pay(nil, PayIn{Order{Payment: Payment{Of: reflect.Zero(variant.Type).Interface()}}})
		require.NoError(t, err, variant.Name)
	}
}

// end snippet

// TestRefused: what clients get for what is no payment.
func TestRefused(t *testing.T) {
	fasterapitest.Run(t, newApp, func(t *testing.T, c *fasterapitest.Client) {
		for payment, want := range map[string]string{
			`{"kind":"coin"}`:                  `{"location":"body.payment.kind","message":"must be one of: card, voucher","value":"coin"}`,
			`{"number":"4242424242424242"}`:    `{"location":"body.payment.kind","message":"is required"}`,
			`null`:                             `{"location":"body.payment","message":"must be an object"}`,
			`"card"`:                           `{"location":"body.payment","message":"must be an object","value":"card"}`,
			`{"kind":"card","number":"1"}`:     `{"location":"body.payment.number","message":"must match the pattern ^[0-9]{12,19}$","value":"1"}`,
			`{"kind":"voucher","codes":["a"]}`: `{"location":"body.payment.codes[0]","message":"must be an integer","value":"a"}`,
		} {
			r := c.Post("/pay", `{"id":1,"payment":`+payment+`}`).Expect(422)
			require.Contains(t, r.Text(), `"errors":[`+want+`]}`, payment)
		}
	})
}

// TestNested: filters in filters, and faults with their places.
func TestNested(t *testing.T) {
	fasterapitest.Run(t, newApp, func(t *testing.T, c *fasterapitest.Client) {
		filter := Filter{Of: All{Of: []Filter{
			{Of: Is{Column: "country", Value: "NL"}},
			{Of: Not{Of: Filter{Of: Is{Column: "city", Value: "Delft"}}}},
		}}}
		result := c.Post("/search", filter).Expect(200).JSON[Result[[]any]]()
		require.Equal(t, []any{"(country = $1 AND NOT city = $2)", "NL", "Delft"}, result.Of.(Done[[]any]).Value)
		p := c.Post("/search", `{"op":"all","of":[{"op":"not","of":{"op":"is","column":"x","value":""}}]}`).Expect(422).Problem()
		require.Equal(t, []string{"body.of[0].of.column"}, p.Locations())
	})
}

// A union is the same JSON everywhere: here in encoding/json.
func Example_json() {
	// snippet: json
	text, err := json.Marshal(map[string]Payment{"a": {Of: Card{Number: "4242424242424242"}}}) // its Kind is filled in
	fmt.Println(string(text), err)

	var payment Payment
	err = json.Unmarshal([]byte(`{"kind":"voucher","codes":[7]}`), &payment)
	fmt.Printf("%+v %v\n", payment.Of, err)

	fmt.Println(json.Unmarshal([]byte(`{"kind":"coin"}`), &payment))
	_, err = json.Marshal(Payment{})
	fmt.Println(err)
	// end snippet

	// Output:
	// {"a":{"kind":"card","number":"4242424242424242"}} <nil>
	// {Kind:voucher Codes:[7]} <nil>
	// unions.Payment.kind must be one of: card, voucher
	// json: error calling MarshalJSONTo for type *unions.Payment: codec: cannot encode unions.Payment: holds none of its variants: where there may be none, use a pointer, an Opt or the json option omitzero
}

// TestDatabase: a union is a document in a column.
func TestDatabase(t *testing.T) {
	app := fasterapi.New(fasterapi.Config{Cores: 1})
	pool, err := sqlite.Open(sqlite.Memory, sqlite.Config{})
	require.NoError(t, err)
	app.Provide(pool)
	app.Post("/orders", save)
	c := fasterapitest.New(t, app)
	_, err = pool.Exec(t.Context(), `CREATE TABLE orders (id INTEGER PRIMARY KEY, payment JSON NOT NULL, backup JSON)`).Await(t.Context())
	require.NoError(t, err)
	want := Order{ID: 1, Payment: Payment{Of: Card{"card", "4242424242424242"}}, Backup: &Payment{Of: Voucher{"voucher", []int64{1<<53 + 1}}}}
	require.Equal(t, want, c.Post("/orders", want).Expect(200).JSON[Order]())
	row, err := pool.One[string](t.Context(), `SELECT payment ->> 'number' FROM orders`).Await(t.Context())
	require.NoError(t, err)
	require.Equal(t, "4242424242424242", row)
}

// Mistakes of a union, each of which keeps the app from starting.
type (
	// NoKind forgets the discriminator.
	NoKind struct{ fasterapi.Union[NoKind] }
	// Twice gives two variants one kind.
	Twice struct{ fasterapi.Union[Twice] }
	// NoObject has a variant that is no struct.
	NoObject struct{ fasterapi.Union[NoObject] }
	// Lacks has a variant without the discriminator.
	Lacks struct{ fasterapi.Union[Lacks] }
	// Nested has a union for a variant.
	Nested struct{ fasterapi.Union[Nested] }
	// Empty lists nothing.
	Empty struct{ fasterapi.Union[Empty] }
	// Itself is a variant of itself.
	Itself struct{ fasterapi.Union[Itself] }
	// Around has a variant that embeds it.
	Around struct{ fasterapi.Union[Around] }
	// Inside is that variant.
	Inside struct {
		*Around
		Kind string `json:"kind"`
	}
	// Panics looks at what it holds: nothing, when OneOf is asked.
	Panics struct{ fasterapi.Union[Panics] }
)

// OneOf is wrong.
func (NoKind) OneOf() fasterapi.Choice {
	return fasterapi.Choice{Variants: []fasterapi.Variant{fasterapi.VariantOf[Card]("card")}}
}

// OneOf is wrong.
func (Twice) OneOf() fasterapi.Choice {
	return fasterapi.Choice{Discriminator: "kind", Variants: []fasterapi.Variant{fasterapi.VariantOf[Card]("card"), fasterapi.VariantOf[Voucher]("card")}}
}

// OneOf is wrong.
func (NoObject) OneOf() fasterapi.Choice {
	return fasterapi.Choice{Discriminator: "kind", Variants: []fasterapi.Variant{
		fasterapi.VariantOf[string]("text"), fasterapi.VariantOf[[]Card]("cards"), fasterapi.VariantOf[map[string]Card]("map"), fasterapi.VariantOf[*Card]("card"),
	}}
}

// OneOf is wrong.
func (Lacks) OneOf() fasterapi.Choice {
	return fasterapi.Choice{Discriminator: "type", Variants: []fasterapi.Variant{fasterapi.VariantOf[Card]("card")}}
}

// OneOf is wrong.
func (Nested) OneOf() fasterapi.Choice {
	return fasterapi.Choice{Discriminator: "kind", Variants: []fasterapi.Variant{fasterapi.VariantOf[Payment]("payment")}}
}

// OneOf is wrong.
func (Empty) OneOf() fasterapi.Choice { return fasterapi.Choice{Discriminator: "kind"} }

// OneOf is wrong.
func (Itself) OneOf() fasterapi.Choice {
	return fasterapi.Choice{Discriminator: "kind", Variants: []fasterapi.Variant{fasterapi.VariantOf[Itself]("itself")}}
}

// OneOf is wrong.
func (Around) OneOf() fasterapi.Choice {
	return fasterapi.Choice{Discriminator: "kind", Variants: []fasterapi.Variant{fasterapi.VariantOf[Inside]("inside")}}
}

// OneOf is wrong.
func (p Panics) OneOf() fasterapi.Choice {
	return fasterapi.Choice{Discriminator: p.Of.(Card).Kind}
}

func bodyOf[T any](*fasterapi.Ctx, struct {
	Body T `body:""`
},
) (T, error) {
	var none T
	return none, nil
}

// TestMistakes: all of them are reported at the start, with their routes.
func TestMistakes(t *testing.T) {
	app := fasterapi.New(fasterapi.Config{Cores: 1})
	defer app.Stop(context.Background())
	app.Post("/no-kind", bodyOf[NoKind])
	app.Post("/twice", bodyOf[Twice])
	app.Post("/no-object", bodyOf[NoObject])
	app.Post("/lacks", bodyOf[Lacks])
	app.Post("/nested", bodyOf[Nested])
	app.Post("/empty", bodyOf[Empty])
	app.Post("/itself", bodyOf[Itself])
	app.Post("/around", bodyOf[Around])
	app.Post("/panics", bodyOf[Panics])
	app.Post("/names", bodyOf[map[Payment]string])
	app.Post("/both", bodyOf[struct{ Payment }])
	_, err := app.Start()
	for _, want := range []string{
		`POST /no-kind (`, `unions.NoKind: its OneOf has no Discriminator: the name of the member that tells the variants apart`,
		`POST /twice (`, `unions.Twice: two variants are called "card": unions.Card and unions.Voucher`,
		`POST /no-object (`, `variant "text": string is not a struct: only objects have a member that tells them apart`,
		`variant "cards": []unions.Card is not a struct`, `variant "map": map[string]unions.Card is not a struct`,
		`variant "card": *unions.Card is a pointer: list unions.Card`,
		`POST /lacks (`, `variant "card": unions.Card has no member "type", the discriminator`,
		`POST /nested (`, `variant "payment": unions.Payment is a union itself: list its variants here`,
		`POST /empty (`, `unions.Empty: its OneOf lists no variants`,
		`POST /itself (`, `variant "itself": unions.Itself is a union itself: list its variants here`,
		`POST /around (`, `variant "inside": unions.Inside is a union itself`,
		`POST /panics (`, `unions.Panics: its OneOf panics, asked on a zero value: interface conversion`,
		`POST /names (`, `map[unions.Payment]string has no JSON form`, `unions.Payment cannot be the name of a JSON object member`,
		`POST /both (`, `embeds the union unions.Payment, whose JSON methods would stand for the whole struct: give the field a name`,
	} {
		require.ErrorContains(t, err, want)
	}
	require.NotContains(t, err.Error(), `member ""`)
}
