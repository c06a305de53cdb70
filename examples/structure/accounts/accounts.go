package accounts

import (
	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/security"
)

// snippet: accounts
// Settings are read by the program.
type Settings struct {
	Keys map[string]string `env:"KEYS" doc:"names by key: key:name,key:name"`
}

// User is who asks.
type User struct {
	Name string `json:"name"`
}

// Provide makes the User of each request: routes that ask for one need a key.
func Provide(app *fasterapi.App, s Settings) {
	users := map[string]User{}
	for key, name := range s.Keys {
		users[key] = User{Name: name}
	}
	security.APIKey(security.APIKeyConfig{}, security.OneOf(users)).Provide(app)
}

// Routes registers the routes of accounts below the prefix of the group.
func Routes(account *fasterapi.Group) {
	account.Get("/", func(_ *fasterapi.Ctx, in struct {
		User User `inject:""`
	},
	) (User, error) {
		return in.User, nil
	})
}

// end snippet
