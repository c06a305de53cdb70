package app_test

import (
	"context"
	"errors"
	"os"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/async"
)

// TestStopDuringStart: an app that is told to stop while it starts tells its hook,
// undoes what was started, and never serves.
func TestStopDuringStart(t *testing.T) {
	broken := errors.New("half of the migration is done")
	for name, test := range map[string]struct {
		returns func(ctx context.Context) error
		want    error
	}{
		"the error of its context": {func(ctx context.Context) error { return context.Cause(ctx) }, nil},
		"nothing":                  {func(context.Context) error { return nil }, nil},
		"an error of its own":      {func(context.Context) error { return broken }, broken},
		"never":                    {func(context.Context) error { select {} }, context.DeadlineExceeded},
	} {
		t.Run("the hook returns "+name, func(t *testing.T) {
			calls := new(cleanupLog)
			began, told := make(chan struct{}), make(chan struct{})
			cfg := fasterapi.Config{Cores: 1}
			if name == "never" {
				cfg.DrainTimeout = time.Millisecond
			}
			app, log := newApp(cfg, func(app *fasterapi.App) {
				app.OnStop(func(context.Context) error { calls.add("undo"); return nil })
				app.OnStart(func(ctx context.Context) error {
					close(began)
					<-ctx.Done()
					calls.add("told")
					close(told)
					return test.returns(ctx)
				})
				app.OnStart(func(context.Context) error { calls.add("next"); return nil })
				app.OnStop(func(context.Context) error { calls.add("undo next"); return nil })
			})
			ctx, cancel := context.WithCancel(context.Background())
			done := make(chan error, 1)
			go func() { done <- app.Serve(ctx) }()
			<-began
			cancel()
			require.ErrorIs(t, <-done, test.want)
			<-told
			if name == "never" { // nobody waits for the hook, so it may be told behind that
				require.ElementsMatch(t, []string{"told", "undo"}, calls.take())
			} else {
				require.Equal(t, []string{"told", "undo"}, calls.take())
			}
			require.NotContains(t, log.String(), "serving")
			_, err := app.Start()
			require.Error(t, err, "it has ended")
		})
	}
}

// TestStopDuringProvider: what a provider waits for ends, too.
func TestStopDuringProvider(t *testing.T) {
	type lake struct{}
	began := make(chan struct{})
	app, log := newApp(fasterapi.Config{Cores: 1}, func(app *fasterapi.App) {
		app.ProvideFunc(func(c *fasterapi.Ctx, _ fasterapi.None) (lake, error) {
			close(began)
			_, err := async.Sleep(c, time.Hour).Await(c)
			return lake{}, err
		}, fasterapi.PerApp())
	})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- app.Serve(ctx) }()
	<-began
	cancel()
	require.NoError(t, <-done)
	require.NotContains(t, log.String(), "serving")
}

func TestStopBeforeStart(t *testing.T) {
	app, log := newApp(fasterapi.Config{Cores: 1}, func(app *fasterapi.App) {
		app.OnStart(func(context.Context) error { return errors.New("it must not run") })
	})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	require.NoError(t, app.Serve(ctx))
	require.NotContains(t, log.String(), "serving")
}

// TestSignalDuringStart: the exit status that Run documents.
func TestSignalDuringStart(t *testing.T) {
	if kind := os.Getenv("FASTERAPI_TEST_STUCK"); kind != "" {
		app := fasterapi.New(fasterapi.Config{Addr: "127.0.0.1:0", Cores: 1})
		app.OnStart(func(ctx context.Context) error {
			_, _ = os.Stderr.WriteString("starting\n")
			<-ctx.Done()
			if kind == "fails" {
				return errors.New("half done")
			}
			return ctx.Err()
		})
		app.Run()
		return
	}
	for kind, want := range map[string]int{"obeys": 0, "fails": 1} {
		t.Run(kind, func(t *testing.T) {
			p := runProcess(t, kind)
			p.line("starting")
			require.NoError(t, p.command.Process.Signal(syscall.SIGTERM))
			status, log := p.end()
			require.Equal(t, want, status, log)
			require.NotContains(t, log, "serving")
			if want == 1 {
				require.Contains(t, log, "half done")
			}
		})
	}
}

// failInHook is what the stack of a panic has to show.
func failInHook() { panic("no such hook") }

// TestPanicsOfHooksHaveStacks: the error of a start or a shutdown does not show
// where a hook has panicked, so the log does.
func TestPanicsOfHooksHaveStacks(t *testing.T) {
	type lake struct{}
	for name, test := range map[string]struct {
		register func(app *fasterapi.App)
		want     string
	}{
		"OnStart": {func(app *fasterapi.App) {
			app.OnStart(func(context.Context) error { failInHook(); return nil })
		}, "OnStart hook"},
		"OnStop": {func(app *fasterapi.App) {
			app.OnStop(func(context.Context) error { failInHook(); return nil })
		}, "OnStop hook"},
		"cleanup": {func(app *fasterapi.App) {
			app.ProvideWithCleanup(func(*fasterapi.Ctx, fasterapi.None) (lake, func(error), error) {
				return lake{}, func(error) { failInHook() }, nil
			}, fasterapi.PerApp())
		}, "cleanup of "},
	} {
		t.Run(name, func(t *testing.T) {
			app, log := newApp(fasterapi.Config{Cores: 1}, test.register)
			server, err := app.Start()
			if err == nil {
				err = server.Shutdown(context.Background())
			}
			require.ErrorContains(t, err, "no such hook")
			require.Contains(t, log.String(), "failInHook")
			require.Contains(t, log.String(), `hook="`+test.want)
			require.Regexp(t, `site=\S*start_ended_test\.go:\d+`, log.String())
		})
	}
}

// TestHooksThatEndTheirGoroutine are not waited for.
func TestHooksThatEndTheirGoroutine(t *testing.T) {
	app, _ := newApp(fasterapi.Config{Cores: 1}, func(app *fasterapi.App) {
		app.OnStart(func(context.Context) error { runtime.Goexit(); return nil }, fasterapi.Within(time.Hour))
	})
	_, err := app.Start()
	require.ErrorIs(t, err, async.ErrGoexit)
}
