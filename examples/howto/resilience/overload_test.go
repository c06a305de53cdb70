package resilience

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/fasterapitest"
)

func TestShop(t *testing.T) {
	one := func(*fasterapi.Ctx, fasterapi.None) (Order, error) { return Order{ID: 1, Cents: 2}, nil }
	c := fasterapitest.New(t, shop(one, one))
	c.Post("/orders", nil).Expect(200)
	require.Equal(t, TurnedAway{}, c.Get("/admin/overload").Expect(200).JSON[TurnedAway]())
}
