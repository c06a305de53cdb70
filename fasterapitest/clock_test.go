package fasterapitest_test

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/fasterapitest"
	"github.com/fasterapi/fasterapi/middleware"
)

// inBackground sends a request that does not return before the clock moves.
func inBackground(c *fasterapitest.Client, path string) <-chan *fasterapitest.Response {
	answered := make(chan *fasterapitest.Response, 1)
	go func() { answered <- c.Get(path) }()
	return answered
}

// TestAnHourPasses: in all three styles of handlers, in every mode.
func TestAnHourPasses(t *testing.T) {
	var clock interface {
		Advance(time.Duration)
		WaitForTimers(int) bool
	}
	nap := func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.Text, error) {
		_, err := async.Sleep(c, time.Hour).Await(c)
		return "slept", err
	}
	fasterapitest.Run(t, func(cfg fasterapi.Config) *fasterapi.App {
		manual := fasterapitest.NewClock()
		cfg.Clock, clock = manual, manual
		// Idle connections have timers too: these never come up.
		cfg.HTTP.IdleTimeout, cfg.HTTP.HeadTimeout = 1000*time.Hour, 1000*time.Hour
		app := fasterapi.New(cfg)
		app.Get("/goroutine", nap)
		app.Get("/reactor", nap, fasterapi.OnReactor())
		app.GetFuture("/chain", func(c *fasterapi.Ctx, _ fasterapi.None) async.Future[fasterapi.Text] {
			return async.Sleep(c, time.Hour).Then(func(struct{}) fasterapi.Text { return "slept" })
		})
		return app
	}, func(t *testing.T, c *fasterapitest.Client) {
		for _, path := range []string{"/goroutine", "/reactor", "/chain"} {
			answered := inBackground(c, path)
			require.True(t, clock.WaitForTimers(1))
			clock.Advance(time.Hour - time.Minute)
			require.Empty(t, answered, "an hour has not passed")
			for len(answered) == 0 { // on a socket its own timers hide whether it sleeps yet
				clock.Advance(time.Minute)
			}
			require.Equal(t, "slept", (<-answered).Expect(http.StatusOK).Text())
		}
	})
}

func TestClockEndsSlowHandlers(t *testing.T) {
	clock := fasterapitest.NewClock()
	app := fasterapi.New(fasterapi.Config{Clock: clock, Logger: fasterapitest.Logger(t)})
	app.Use(middleware.Timeout(30 * time.Second))
	app.Get("/slow", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.Text, error) {
		<-c.Done()
		return "", c.Err()
	})
	c := fasterapitest.New(t, app)
	answered := inBackground(c, "/slow")
	require.True(t, clock.WaitForTimers(1))
	clock.Advance(29 * time.Second)
	require.Empty(t, answered)
	clock.Advance(time.Second)
	(<-answered).Expect(http.StatusGatewayTimeout)
}

func TestClockRetries(t *testing.T) {
	clock := fasterapitest.NewClock()
	app := fasterapi.New(fasterapi.Config{Clock: clock, Cores: 1, Logger: fasterapitest.Logger(t)})
	attempts := 0
	app.GetFuture("/retry", func(c *fasterapi.Ctx, _ fasterapi.None) async.Future[fasterapi.Text] {
		policy := async.RetryPolicy{Attempts: 4, Backoff: async.Backoff{First: time.Minute, Last: time.Hour}}
		return async.Retry(c, policy, func() async.Future[fasterapi.Text] {
			if attempts++; attempts < 4 {
				return async.Failed[fasterapi.Text](errors.New("not yet"))
			}
			return async.Ready(fasterapi.Text("at last"))
		})
	})
	c := fasterapitest.New(t, app)
	answered := inBackground(c, "/retry")
	require.True(t, clock.WaitForTimers(1))
	clock.Advance(time.Hour) // 1, 2 and 4 minutes, each armed when the one before has fired
	require.Equal(t, "at last", (<-answered).Text())
}

func TestClockBeats(t *testing.T) {
	clock := fasterapitest.NewClock()
	app := fasterapi.New(fasterapi.Config{Clock: clock, Logger: fasterapitest.Logger(t)})
	app.Get("/events", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.SSE[int], error) {
		return fasterapi.SSE[int]{Send: func(*fasterapi.EventSender[int]) error {
			<-c.Done()
			return nil
		}}, nil
	})
	c := fasterapitest.New(t, app)
	answer, err := c.HTTP().Get(c.URL("/events"))
	require.NoError(t, err)
	defer answer.Body.Close()
	require.True(t, clock.WaitForTimers(1))
	clock.Advance(time.Hour)
	beat := make([]byte, 3)
	_, err = answer.Body.Read(beat)
	require.NoError(t, err)
	require.Equal(t, ":\n\n", string(beat))
}

// TestClockOfLimits: what takes a Now function goes by the clock with it.
func TestClockOfLimits(t *testing.T) {
	clock := fasterapitest.NewClock()
	app := fasterapi.New(fasterapi.Config{Clock: clock, Logger: fasterapitest.Logger(t)})
	app.Use(middleware.RateLimit(middleware.RateLimitConfig{
		Limit:   middleware.Limit{Requests: 1, Window: time.Minute},
		Limiter: middleware.NewLocal(middleware.LocalConfig{Now: clock.Now}),
		Key:     func(*fasterapi.Ctx) string { return "everybody" },
	}))
	app.Get("/", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Text, error) { return "ok", nil })
	c := fasterapitest.New(t, app)
	c.Get("/").Expect(http.StatusOK)
	c.Get("/").Expect(http.StatusTooManyRequests)
	clock.Advance(time.Minute)
	c.Get("/").Expect(http.StatusOK)
}
