package app_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
)

type (
	asked    struct{}
	unasked  struct{}
	clockOf  interface{ now() int }
	ownClock struct{}
)

func (ownClock) now() int { return 7 }

// startedLog starts and stops an app, and returns what it has logged meanwhile.
func startedLog(t *testing.T, register func(*fasterapi.App)) string {
	app, log := newApp(fasterapi.Config{Cores: 1}, register)
	start(t, app)
	return log.String()
}

// TestUnusedProviders: what is provided and has no effect is told when the app starts, with its line.
func TestUnusedProviders(t *testing.T) {
	type in struct {
		Asked asked   `inject:""`
		Clock clockOf `inject:""`
	}
	route := func(app *fasterapi.App) {
		app.Get("/", func(*fasterapi.Ctx, in) (fasterapi.Text, error) { return "", nil })
		app.ProvideFunc(func(*fasterapi.Ctx, fasterapi.None) (asked, error) { return asked{}, nil })
		app.ProvideFunc(func(*fasterapi.Ctx, fasterapi.None) (clockOf, error) { return ownClock{}, nil })
	}
	log := startedLog(t, func(app *fasterapi.App) {
		route(app)
		app.Provide(7) // for whoever asks App.Provided
		app.ProvideFunc(func(*fasterapi.Ctx, fasterapi.None) (string, error) { return "", nil }, fasterapi.PerApp())
		app.Override(ownClock{}) // for the interface
		app.Override(asked{})
	})
	require.NotContains(t, log, "level=WARN")

	log = startedLog(t, func(app *fasterapi.App) {
		route(app)
		app.ProvideFunc(func(*fasterapi.Ctx, struct {
			Asked asked `inject:""`
		},
		) (unasked, error) {
			return unasked{}, nil
		})
		app.Override(&asked{}) // a pointer, and the fields are none
	})
	require.Equal(t, 2, strings.Count(log, "level=WARN"), log)
	require.Regexp(t, `a provider is never called: no route asks for what it makes" type=app_test.unasked site=.*unused_test.go:\d+`, log)
	require.Regexp(t, `an override replaces nothing: .*type=\*app_test.asked site=.*unused_test.go:\d+`, log)
}
