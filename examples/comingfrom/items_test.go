package comingfrom

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/fasterapitest"
)

// snippet: test
func TestAddItem(t *testing.T) {
	app := newApp(fasterapi.Config{Cores: 1})
	app.Override(User{"test"})
	c := fasterapitest.New(t, app)

	item := c.Post("/items", `{"name": "Spoon", "price": 2.5}`).Expect(201).JSON[Item]()
	require.Equal(t, Item{1, NewItem{Name: "Spoon", Price: 2.5, Tags: []string{}}}, item)
	c.Get("/items/1").Expect(200)
	c.Get("/items/2").Expect(404)
	wrong := c.Post("/items", `{"name": "", "price": 0}`).Expect(422).Problem()
	require.Equal(t, []string{"body.name", "body.price"}, wrong.Locations())
}

// end snippet

func TestUser(t *testing.T) {
	c := fasterapitest.New(t, newApp(fasterapi.Config{Cores: 1}))
	spoon := NewItem{Name: "Spoon", Price: 2.5}
	c.Post("/items", spoon).Expect(422)
	c.With("X-Token", "guess").Post("/items", spoon).Expect(401)
	added := c.With("X-Token", "ada's token").Post("/items", spoon).Expect(201)
	require.Equal(t, "/items/1", added.Header.Get("Location"))
	require.Equal(t, "items", added.Header.Get("X-Powered-By"))
}
