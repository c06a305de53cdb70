package app_test

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/health"
)

// panickingLogEnv is set in the process that TestPanickingLog starts.
const panickingLogEnv = "FASTERAPI_TEST_PANICKING_LOG"

// panickingLog is a log handler that cannot write a line, and remembers which it was to write.
//
// Owner: any (seen has its lock).
type panickingLog struct{ seen *logBuffer }

func (panickingLog) Enabled(context.Context, slog.Level) bool { return true }

func (p panickingLog) Handle(ctx context.Context, r slog.Record) error {
	_ = slog.NewTextHandler(p.seen, nil).Handle(ctx, r)
	panic("the log cannot be written")
}

func (p panickingLog) WithAttrs([]slog.Attr) slog.Handler { return p }
func (p panickingLog) WithGroup(string) slog.Handler      { return p }

// TestPanickingLog makes an app say all that it can, in goroutines of its own, too, to a log whose handler panics each time: the
// process goes on, every request has its answer, and the standard error says why there are no lines. It is the logger of the
// app, or the default one of an app without any.
func TestPanickingLog(t *testing.T) {
	if os.Getenv(panickingLogEnv) == "" {
		over, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
		defer cancel()
		command := exec.CommandContext(over, os.Args[0], "-test.run=^TestPanickingLog$", "-test.v")
		command.Env = append(os.Environ(), panickingLogEnv+"=1")
		output, err := command.CombinedOutput()
		require.NoError(t, err, "%s", output)
		require.Contains(t, string(output), "a log handler panics, and lines are lost (said once): app_test.panickingLog: the log cannot be written")
		return
	}
	byDefault := panickingLog{&logBuffer{}}
	slog.SetDefault(slog.New(byDefault))
	for name, own := range map[string]bool{"of the app": true, "the default one": false} {
		t.Run(name, func(t *testing.T) { appWithPanickingLog(t, byDefault, own) })
	}
	async.Go(context.Background(), func(context.Context) (int, error) { return 0, errors.New("beside every app") })
	waitForLog(t, byDefault.seen, map[string]int{"beside every app": 1})
}

// appWithPanickingLog is TestPanickingLog for one app, on all engines.
func appWithPanickingLog(t *testing.T, log panickingLog, own bool) {
	check := func(cfg *fasterapi.Config) {
		cfg.Logger, cfg.StallThreshold = nil, time.Millisecond
		if own {
			log = panickingLog{&logBuffer{}}
			cfg.Logger = slog.New(log)
		}
	}
	everyProtocol(t, func(app *fasterapi.App) {
		noisyRoutes(app)
		app.HealthCheck(health.Check{Name: "broken", Run: func(context.Context) error { return errors.New("a failing check") }})
		app.Get("/stalls", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.None, error) {
			for begin := time.Now(); time.Since(begin) < 50*time.Millisecond; { // holds the reactor
			}
			return fasterapi.None{}, nil
		}, fasterapi.OnReactor())
		app.Get("/logs", func(c *fasterapi.Ctx, _ fasterapi.None) (string, error) {
			c.Logger().Info("from the handler")
			return "fine", nil
		})
	}, func(t *testing.T, s service) {
		for path, status := range map[string]int{
			"/goroutine": 204, "/reactor": 204, "/panic": 500, "/header": 204, "/after": 204, "/cleanup": 204, "/mounted": 500, "/task": 204,
			"/stalls": 204, "/health": 200, "/logs": 200,
		} {
			require.Equal(t, status, s.get(path).status, path)
		}
		for begin := time.Now(); !strings.Contains(log.seen.String(), "stalled") && time.Since(begin) < 20*time.Second; {
			s.get("/stalls") // again, where the watchdog had no processor
		}
		waitForLog(t, log.seen, map[string]int{
			"in a callback": 2, "nobody looks at this": 2, "in a handler": 1, "a failing task": 1, "in a task": 1, "in a cleanup": 1,
			"in a mounted handler": 1, "on the reactor": 1, "a failing check": 1, "stalled": 1, "from the handler": 1,
		})
		var all sync.WaitGroup
		for range 2 * runtime.NumCPU() {
			all.Go(func() { s.get("/logs") })
		}
		all.Wait()
	}, check)
}
