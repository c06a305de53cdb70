package fasterapi_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/fasterapi/fasterapi"
)

// ShopConfig is what a service wants to know from outside.
type ShopConfig struct {
	Database string        `env:"EXAMPLE_DATABASE" doc:"postgres://…"`
	Workers  int           `env:"EXAMPLE_WORKERS" default:"4" minimum:"1" maximum:"64"`
	Timeout  time.Duration `env:"EXAMPLE_TIMEOUT" default:"5s" maximum:"1m"`
}

// Settings come from the environment, by tags; one error lists all that is wrong.
func ExampleSettings() {
	os.Setenv("EXAMPLE_WORKERS", "many")
	defer os.Unsetenv("EXAMPLE_WORKERS")
	_, err := fasterapi.Settings[ShopConfig]()
	fmt.Println(err)
	// Output:
	// fasterapi: the settings in the environment have mistakes:
	//   EXAMPLE_DATABASE is required (postgres://…)
	//   EXAMPLE_WORKERS must be an integer that fits in int
}

// Handlers take settings like any other provided value; tests override them.
func ExampleApp_ProvideSettings() {
	app := fasterapi.New(fasterapi.Config{Cores: 1})
	defer app.Stop(context.Background())
	app.ProvideSettings[ShopConfig]()
	app.Get("/", func(_ *fasterapi.Ctx, in struct {
		Config ShopConfig `inject:""`
	},
	) (fasterapi.Text, error) {
		return fasterapi.Text(fmt.Sprint(in.Config.Workers, " workers")), nil
	})
	app.Override(ShopConfig{Workers: 2}) // without this line: from the environment

	request(app, "GET", "/", "")
	// Output: 200 2 workers
}

// A file of variables stands in for an environment, on a developer's machine; what is set
// outside stays.
func ExampleLoadDotEnv() {
	folder, _ := os.MkdirTemp("", "example")
	defer os.RemoveAll(folder)
	file := filepath.Join(folder, ".env")
	os.WriteFile(file, []byte("EXAMPLE_DATABASE=postgres://localhost/shop\nEXAMPLE_WORKERS=8 # for four cores\n"), 0o600)
	os.Setenv("EXAMPLE_WORKERS", "2")
	defer os.Unsetenv("EXAMPLE_WORKERS")
	defer os.Unsetenv("EXAMPLE_DATABASE")

	if err := fasterapi.LoadDotEnv(file); err != nil {
		fmt.Println(err)
	}
	config, err := fasterapi.Settings[ShopConfig]()
	fmt.Println(config.Database, config.Workers, err)
	// Output: postgres://localhost/shop 2 <nil>
}
