package app_test

import (
	"context"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
)

// diary notes what happens, in order.
type diary struct {
	mu      sync.Mutex
	entries []string
}

func (d *diary) write(entry string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.entries = append(d.entries, entry)
}

func (d *diary) read() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.entries)
}

// hooks returns a hook that notes when it runs.
func (d *diary) hook(entry string) func(context.Context) error {
	return func(context.Context) error {
		d.write(entry)
		return nil
	}
}

// TestStages: an app that was not started has nothing to stop, one that runs stops
// once, and one that has stopped stays so.
func TestStages(t *testing.T) {
	var d diary
	app, _ := newApp(fasterapi.Config{Cores: 1}, func(*fasterapi.App) {})
	app.OnStart(d.hook("start"))
	app.OnStop(d.hook("stop"))
	require.NoError(t, app.Stop(t.Context()), "before the start")
	require.Empty(t, d.read())
	server, err := app.Start()
	require.NoError(t, err)
	require.NotNil(t, app.Handler(), "another engine for what runs")
	require.Equal(t, []string{"start"}, d.read())
	require.NoError(t, server.Shutdown(t.Context()))
	require.NoError(t, app.Stop(t.Context()), "again")
	require.Equal(t, []string{"start", "stop"}, d.read())
	_, err = app.Start()
	require.ErrorContains(t, err, "the app has stopped")
	require.Panics(t, func() { app.Handler() })
	_, err = app.OpenAPI()
	require.NoError(t, err, "the document is still there")
	require.Equal(t, []string{"start", "stop"}, d.read())
}

// TestStopWaitsForStart: Stop waits for a start that is under way.
func TestStopWaitsForStart(t *testing.T) {
	var d diary
	app, _ := newApp(fasterapi.Config{Cores: 1}, func(*fasterapi.App) {})
	inside, goOn := make(chan struct{}), make(chan struct{})
	app.OnStop(d.hook("stop"))
	app.OnStart(func(context.Context) error {
		close(inside)
		<-goOn
		d.write("started")
		return nil
	})
	var all sync.WaitGroup
	all.Go(func() { app.Handler() })
	<-inside
	all.Go(func() {
		if err := app.Stop(context.Background()); err != nil {
			d.write(err.Error())
		}
	})
	close(goOn)
	all.Wait()
	require.Equal(t, []string{"started", "stop"}, d.read())
}

// TestCallSite: a mistake names the line of the user's call, whatever is in between.
func TestCallSite(t *testing.T) {
	app := fasterapi.New(fasterapi.Config{Cores: 1})
	group := app.Group("/group")
	register := func() { group.GetFuture[fasterapi.None, fasterapi.None]("/future", nil) }
	register()
	app.Get[fasterapi.None, fasterapi.None]("/get", nil)
	app.Mount("/mounted", nil)
	app.Static("/static", nil)
	app.ProvideFunc[fasterapi.None, *diary](nil)
	app.Get("/depends", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.None, error) { return fasterapi.None{}, nil },
		fasterapi.Depends[fasterapi.None](nil))
	_, err := app.OpenAPI()
	wrong, ok := err.(*fasterapi.RegistrationError)
	require.True(t, ok, "%v", err)
	require.GreaterOrEqual(t, len(wrong.Mistakes), 6)
	for _, mistake := range wrong.Mistakes {
		require.Contains(t, mistake, "stages_test.go:", "the place of "+mistake)
	}
}
