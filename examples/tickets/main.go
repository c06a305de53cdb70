// Command tickets is a help desk: customers ask, agents answer. It shows how a service of several packages is laid out; README.md says what
// it does, and how to try it.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/examples/tickets/internal/server"
	"github.com/fasterapi/fasterapi/examples/tickets/internal/storage"
)

func main() {
	app, err := build(context.Background())
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	app.Run()
}

// build makes the service that the environment, and a file .env beside it, describe.
func build(ctx context.Context) (*fasterapi.App, error) {
	if err := fasterapi.LoadDotEnv(); err != nil {
		return nil, err
	}
	settings, err := fasterapi.Settings[server.Settings]()
	if err != nil {
		return nil, err
	}
	pool, err := storage.Open(ctx, settings.Storage)
	if err != nil {
		return nil, err
	}
	return server.New(fasterapi.Config{}, settings, pool), nil
}
