package accounts

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/fasterapitest"
)

func TestAccounts(t *testing.T) {
	app := fasterapi.New(fasterapi.Config{Cores: 1})
	Provide(app, Settings{Keys: map[string]string{"k1": "ada"}})
	Routes(app.Group("/account"))
	c := fasterapitest.New(t, app)
	c.Get("/account").Expect(401)
	c.With("X-API-Key", "k2").Get("/account").Expect(401)
	require.Equal(t, User{Name: "ada"}, c.With("X-API-Key", "k1").Get("/account").Expect(200).JSON[User]())
}
