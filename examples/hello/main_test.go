package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/fasterapitest"
	"github.com/fasterapi/fasterapi/internal/test/console"
)

// TestHello: the route of README.md answers as it says, on every engine.
func TestHello(t *testing.T) {
	fasterapitest.Run(t, build, func(t *testing.T, c *fasterapitest.Client) {
		require.Equal(t, Greeting{Message: "Hello, Ann!"}, c.Get("/hello/Ann").Expect(200).JSON[Greeting]())
		require.Equal(t, Greeting{Message: "HELLO, Ann!"}, c.Get("/hello/Ann?loud=true").Expect(200).JSON[Greeting]())
		c.Get("/hello/Ann?loud=perhaps").Expect(422)
	})
}

// TestPage types what README.md shows.
func TestPage(t *testing.T) {
	console.Check(t, "README.md", build)
}

func build(cfg fasterapi.Config) *fasterapi.App {
	app := fasterapi.New(cfg)
	app.Get("/hello/{name}", hello)
	return app
}
