package app_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/cache"
	"github.com/fasterapi/fasterapi/resilience"
	periodic "github.com/fasterapi/fasterapi/schedule"
)

// loggerEnv is set in the process that TestConfigLoggerGetsAll starts.
const loggerEnv = "FASTERAPI_TEST_LOGGER"

// TestConfigLoggerGetsAll makes an app and its parts say all that they can, also what futures have to
// say that nobody waits for. It all goes to Config.Logger, and nothing to the default
// logger of the process: that is one of its own, because other tests have apps that
// log there.
func TestConfigLoggerGetsAll(t *testing.T) {
	if os.Getenv(loggerEnv) == "" {
		over, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		command := exec.CommandContext(over, os.Args[0], "-test.run=^TestConfigLoggerGetsAll$")
		command.Env = append(os.Environ(), loggerEnv+"=1")
		output, err := command.CombinedOutput()
		require.NoError(t, err, "%s", output)
		return
	}
	byDefault := &logBuffer{}
	slog.SetDefault(slog.New(slog.NewTextHandler(byDefault, &slog.HandlerOptions{Level: slog.LevelDebug})))
	everyProtocol(t, noisyRoutes, func(t *testing.T, s service) {
		for _, path := range []string{"/goroutine", "/reactor", "/panic", "/header", "/after", "/cleanup", "/mounted", "/task", "/breaker", "/limiter", "/cache"} {
			s.get(path)
		}
		waitForLog(t, s.log, map[string]int{
			"in a callback": 2, "nobody looks at this": 2, "in a handler": 1, "not a valid field": 1, "a failing task": 1,
			"in a task": 1, "in a cleanup": 1, "in a mounted handler": 1, "on the reactor": 1,
			"breaker is open": 1, "limiter failed": 1, "Config.Negative panicked": 1, "a job has failed": 1,
		})
		require.Empty(t, byDefault.String(), "the default logger")
	})
	require.Empty(t, byDefault.String(), "the default logger, behind the end of the apps")
}

// panics is a task of a reactor.
type panics struct{}

func (panics) Run() { panic("on the reactor") }

// noisyRoutes have something to be logged.
func noisyRoutes(app *fasterapi.App) {
	ok := fasterapi.None{}
	drop := func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.None, error) {
		async.Sleep(c, time.Millisecond).OnDone(func(struct{}, error) { panic("in a callback") })
		async.Go(c, func(context.Context) (int, error) { return 0, errors.New("nobody looks at this") })
		return ok, nil
	}
	app.Get("/goroutine", drop)
	app.Get("/reactor", drop, fasterapi.OnReactor())
	app.Get("/panic", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.None, error) { panic("in a handler") })
	app.Get("/header", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.None, error) {
		c.SetHeader("no field", "value")
		return ok, nil
	})
	app.Get("/after", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.None, error) {
		return ok, errors.Join(
			c.After(func(context.Context) error { return errors.New("a failing task") }),
			c.After(func(context.Context) error { panic("in a task") }))
	})
	app.ProvideWithCleanup(func(*fasterapi.Ctx, fasterapi.None) (*logBuffer, func(error), error) {
		return &logBuffer{}, func(error) { panic("in a cleanup") }, nil
	})
	app.Get("/cleanup", func(*fasterapi.Ctx, struct {
		Held *logBuffer `inject:""`
	},
	) (fasterapi.None, error) {
		return ok, nil
	})
	app.Mount("/mounted", http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("in a mounted handler") }))
	app.Get("/task", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.None, error) {
		app.Reactors().Reactor(0).Post(panics{})
		return ok, nil
	})
	noisyParts(app)
}

// brokenBuckets cannot count.
type brokenBuckets struct{}

func (brokenBuckets) Take(context.Context, string, resilience.Limit) async.Future[resilience.Decision] {
	return async.Failed[resilience.Decision](errors.New("no bucket"))
}

// noisyParts have something to be logged, and no logger of their own.
func noisyParts(app *fasterapi.App) {
	fails := func(context.Context) (int, error) { return 0, errors.New("it does not work") }
	app.Get("/breaker", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.None, error) {
		_, _ = resilience.NewBreaker("noisy", resilience.BreakerConfig{Failures: 1}).Do(c, fails)
		return fasterapi.None{}, nil
	})
	app.Get("/limiter", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.None, error) {
		limit := resilience.Limit{Requests: 1, Window: time.Second}
		_, _ = resilience.NewLimiter("noisy", resilience.LimiterConfig{Limit: limit, Buckets: brokenBuckets{}}).Do(c, fails)
		return fasterapi.None{}, nil
	})
	app.Get("/cache", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.None, error) {
		cached := cache.New("noisy", cache.Config[int, int]{Negative: func(error) bool { panic("no answer") }})
		_, _ = cached.GetOrLoad(c, 1, fails)
		return fasterapi.None{}, nil
	})
	jobs := periodic.New(periodic.Config{})
	jobs.Add(periodic.Job{Name: "noisy", Every: 20 * time.Millisecond, Where: periodic.OnEach, Run: func(ctx context.Context, _ periodic.Run) error {
		_, err := fails(ctx)
		return err
	}})
	jobs.Attach(app)
}

// waitForLog waits until each text is in the log as often as it should be.
func waitForLog(t *testing.T, log *logBuffer, want map[string]int) {
	t.Helper()
	for deadline := time.After(20 * time.Second); ; runtime.Gosched() {
		runtime.GC() // finds futures that were dropped
		text, missing := log.String(), ""
		for part, times := range want {
			if strings.Count(text, part) < times {
				missing = part
			}
		}
		if missing == "" {
			return
		}
		select {
		case <-deadline:
			t.Fatalf("the log of the app has not got %q: %s", missing, text)
		default:
		}
	}
}
