package notes

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/examples/structure/accounts"
	"github.com/fasterapi/fasterapi/fasterapitest"
)

// snippet: test
// TestNotes tests this package alone: it needs a user, not the way in which users are found.
func TestNotes(t *testing.T) {
	app := fasterapi.New(fasterapi.Config{Cores: 1})
	app.Provide(accounts.User{Name: "ada"})
	app.Provide(NewStore(Settings{Most: 2}))
	Routes(app.Group("/notes"))

	c := fasterapitest.New(t, app)
	want := Note{Owner: "ada", Text: "buy tea"}
	require.Equal(t, want, c.Post("/notes", `{"text": "buy tea"}`).Expect(201).JSON[Note]())
	require.Equal(t, []Note{want}, c.Get("/notes").Expect(200).JSON[[]Note]())
	c.Post("/notes", `{"text": ""}`).Expect(422)
}

// end snippet
