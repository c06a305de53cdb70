package validation

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/fasterapitest"
	"github.com/fasterapi/fasterapi/internal/test/console"
	"github.com/fasterapi/fasterapi/problem"
)

func TestPage(t *testing.T) { console.Check(t, "docs/how-to/validation.md", newApp) }

// snippet: check-test

func TestCheck(t *testing.T) {
	b := NewBooking{Room: "S-1", From: 10, Until: 10, Guests: []Guest{{Name: "Ada", Age: 36}}}
	var f problem.Faults
	b.Check(t.Context(), &f)
	require.Len(t, f.Errors(), 1)
	require.Equal(t, "must be after from", f.Errors()[0].Message)
}

// end snippet

func TestRoom(t *testing.T) {
	var r Room
	require.NoError(t, r.UnmarshalText([]byte("A-12")))
	require.EqualError(t, r.UnmarshalText([]byte("A12")), "must be a wing and a number, such as A-12")
	require.Equal(t, Room("A-12"), r)
}

func TestRequest(t *testing.T) {
	fasterapitest.Run(t, newApp, func(t *testing.T, c *fasterapitest.Client) {
		booking := NewBooking{Room: "A-1", From: 359, Until: 360, Guests: []Guest{{"Ada", 36}}, Email: "ada@example.com", PIN: "1815"}
		p := c.With("X-Agency", "7").Post("/hotels/ritz/bookings", booking).Expect(422).Problem()
		require.Len(t, p.Errors, 2)
		require.Equal(t, "body.guests", p.Errors[0].Location)
		require.Equal(t, "body.from", p.Errors[1].Location)
	})
}

func TestGerman(t *testing.T) {
	fasterapitest.Run(t, newGermanApp, func(t *testing.T, c *fasterapitest.Client) {
		r := c.With("Accept-Language", "de").Post("/guests", `{"age":"old"}`).Expect(422)
		require.Equal(t, Refusal{
			"Die Anfrage ist nicht gültig.", map[string]string{"body.name": "fehlt", "body.age": "muss eine ganze Zahl sein"},
		}, r.JSON[Refusal]())
		require.Equal(t, "is required", c.Post("/guests", `{"age":1}`).Expect(422).JSON[Refusal]().Fields["body.name"])
	})
}
