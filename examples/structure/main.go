// Command structure is an app in packages: docs/how-to/structure.md reads it.
package main

import (
	"log"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/examples/structure/accounts"
	"github.com/fasterapi/fasterapi/examples/structure/notes"
)

// snippet: main
// Settings are the parts' own settings, each with its prefix.
type Settings struct {
	Notes    notes.Settings    `envPrefix:"NOTES_"`
	Accounts accounts.Settings `envPrefix:"ACCOUNTS_"`
}

// newApp puts the parts together: main and the tests call it.
func newApp(cfg fasterapi.Config, s Settings) *fasterapi.App {
	cfg.Title, cfg.Version = "Notes", "1.0.0"
	app := fasterapi.New(cfg)
	accounts.Provide(app, s.Accounts)
	app.Provide(notes.NewStore(s.Notes))

	api := app.Group("/v1")
	notes.Routes(api.Group("/notes", fasterapi.Tags("notes")))
	accounts.Routes(api.Group("/account", fasterapi.Tags("account")))
	return app
}

func main() {
	settings, err := fasterapi.Settings[Settings]()
	if err != nil {
		log.Fatal(err)
	}
	newApp(fasterapi.Config{}, settings).Run()
}

// end snippet
