// Command settings is step 7 of docs/tutorial: what a service reads from its environment.
package main

import (
	"log"
	"time"

	"github.com/fasterapi/fasterapi"
)

// snippet: settings
// Settings are the variables of the environment that the service knows.
type Settings struct {
	Name     string        `env:"LIBRARY_NAME" default:"Town library"`
	LoanTime time.Duration `env:"LOAN_TIME" default:"336h" minimum:"24h"`
	MaxLoans int           `env:"MAX_LOANS" default:"5" minimum:"1" maximum:"50"`
	Secret   string        `env:"SECRET" minLength:"32" doc:"signs the tokens of readers"`
}

// end snippet

// snippet: handler
// Rules tell readers what they may do.
type Rules struct {
	Library string `json:"library"`
	Days    int    `json:"days"`
	Books   int    `json:"books"`
}

func rules(c *fasterapi.Ctx, in struct {
	Settings Settings `inject:""`
},
) (Rules, error) {
	s := in.Settings
	return Rules{Library: s.Name, Days: int(s.LoanTime.Hours() / 24), Books: s.MaxLoans}, nil
}

func newApp(cfg fasterapi.Config) *fasterapi.App {
	app := fasterapi.New(cfg)
	app.ProvideSettings[Settings]()
	app.Get("/rules", rules)
	return app
}

// end snippet

// snippet: dotenv
// build makes the app of this machine: what the environment does not say is looked up in a file .env, if there is one.
func build(cfg fasterapi.Config) (*fasterapi.App, error) {
	if err := fasterapi.LoadDotEnv(); err != nil {
		return nil, err
	}
	return newApp(cfg), nil
}

func main() {
	app, err := build(fasterapi.Config{Title: "Books", Version: "1.0.0"})
	if err != nil {
		log.Fatal(err)
	}
	app.Run()
}

// end snippet
