package middleware_test

import (
	"errors"
	"io"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/middleware"
	"github.com/fasterapi/fasterapi/problem"
	"github.com/fasterapi/fasterapi/resilience"
)

func TestGuardBreaker(t *testing.T) {
	everyMode(t, func(app *fasterapi.App) {
		g := app.Group("", middleware.Guard(resilience.New("flaky", resilience.Config{
			Breaker: resilience.NewBreaker("flaky", resilience.BreakerConfig{Failures: 2, OpenFor: time.Hour}),
		})))
		answeringIn(g, "/", func(c *fasterapi.Ctx) (fasterapi.Text, error) {
			if c.Header("As") == "missing" {
				return "", problem.NotFound("there is none")
			}
			return "", errors.New("it is down")
		})
	}, func(t *testing.T, s service) {
		for range 3 {
			require.Equal(t, http.StatusNotFound, s.get("/chain", "As", "missing").status, "no failure")
		}
		require.Equal(t, http.StatusInternalServerError, s.get("/goroutine").status)
		require.Equal(t, http.StatusInternalServerError, s.get("/chain").status)
		for _, path := range styles {
			a := s.get(path)
			require.Equal(t, http.StatusServiceUnavailable, a.status, path)
			after, err := strconv.Atoi(a.header.Get("Retry-After"))
			require.NoError(t, err, path)
			require.InDelta(t, 3600, after, 60, path)
			require.Contains(t, a.body, "the service cannot take this on at the moment")
			require.NotContains(t, a.body, "flaky", "names are for operators")
		}
	})
}

func TestGuardTimeout(t *testing.T) {
	everyMode(t, func(app *fasterapi.App) {
		short := app.Group("/short", middleware.Guard(resilience.New("short", resilience.Config{Timeout: 20 * time.Millisecond})))
		answeringIn(short, "/", func(c *fasterapi.Ctx) (fasterapi.Text, error) {
			<-c.Done()
			return "", c.Err()
		})
		short.GetFuture("/pending", func(c *fasterapi.Ctx, _ fasterapi.None) async.Future[fasterapi.Text] {
			return async.Sleep(c, time.Hour).Then(func(struct{}) fasterapi.Text { return "" })
		})
		long := app.Group("/long", middleware.Guard(resilience.New("long", resilience.Config{Timeout: time.Minute})))
		answeringIn(long, "/", func(c *fasterapi.Ctx) (fasterapi.Text, error) {
			at, ok := c.Deadline()
			require.True(t, ok)
			require.WithinDuration(t, time.Now().Add(time.Minute), at, 30*time.Second)
			return "ok", nil
		})
	}, func(t *testing.T, s service) {
		for _, path := range []string{"/short/goroutine", "/short/pending"} {
			a := s.get(path)
			require.Equal(t, http.StatusGatewayTimeout, a.status, path)
			require.Contains(t, a.body, "the request took too long", path)
		}
		for _, path := range styles {
			require.Equal(t, "ok", s.get("/long"+path).body, path)
		}
	})
}

// Requests wait for a place, and those that find the queue full are told to come back.
func TestGuardBulkhead(t *testing.T) {
	var inside chan struct{}
	var leave chan struct{}
	var places *resilience.Bulkhead
	everyMode(t, func(app *fasterapi.App) {
		inside, leave = make(chan struct{}, 10), make(chan struct{})
		places = resilience.NewBulkhead("imports", resilience.BulkheadConfig{Concurrent: 1, Queue: 1, Wait: time.Hour})
		app.Get("/import", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Text, error) {
			inside <- struct{}{}
			<-leave
			return "done", nil
		}, middleware.Guard(resilience.New("imports", resilience.Config{Bulkhead: places})))
	}, func(t *testing.T, s service) {
		answers := make(chan answer, 2)
		go func() { answers <- s.get("/import") }()
		<-inside
		go func() { answers <- s.get("/import") }()
		require.Eventually(t, func() bool { return places.Stats().Waiting == 1 }, 10*time.Second, time.Millisecond)
		a := s.get("/import")
		require.Equal(t, http.StatusServiceUnavailable, a.status)
		require.Equal(t, "1", a.header.Get("Retry-After"))

		close(leave)
		require.Equal(t, "done", (<-answers).body)
		require.Equal(t, "done", (<-answers).body)
		require.Eventually(t, func() bool { return places.Stats().Free == 1 }, 10*time.Second, time.Millisecond)
	})
}

// A client that hangs up while it waits leaves its place in the queue to the next one, and takes none with it: its handler never
// begins. A client that hangs up while it is served keeps its place for as long as the handler runs.
func TestGuardBulkheadHangUp(t *testing.T) {
	var inside chan struct{}
	var leave chan struct{}
	var places *resilience.Bulkhead
	everyMode(t, func(app *fasterapi.App) {
		inside, leave = make(chan struct{}, 10), make(chan struct{})
		places = resilience.NewBulkhead("imports", resilience.BulkheadConfig{Concurrent: 1, Queue: 1, Wait: time.Hour})
		app.Get("/import", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Text, error) {
			inside <- struct{}{}
			<-leave
			return "done", nil
		}, middleware.Guard(resilience.New("imports", resilience.Config{Bulkhead: places})))
	}, func(t *testing.T, s service) {
		waiting := func(n int) {
			t.Helper()
			require.Eventually(t, func() bool { return places.Stats().Waiting == n }, 20*time.Second, time.Millisecond)
		}
		send := func() (hangUp func()) {
			conn := s.dial()
			_, err := io.WriteString(conn, "GET /import HTTP/1.1\r\nHost: a\r\n\r\n")
			require.NoError(t, err)
			return func() { require.NoError(t, conn.Close()) }
		}
		served := send()
		<-inside
		for range 3 {
			hangUp := send()
			waiting(1)
			hangUp()
			waiting(0)
		}
		served()
		answers := make(chan answer, 1)
		go func() { answers <- s.get("/import") }()
		waiting(1)
		require.Empty(t, inside, "nobody began while the place was taken")

		close(leave)
		require.Equal(t, "done", (<-answers).body)
		require.Len(t, inside, 1, "those who hung up never began")
		require.Eventually(t, func() bool { return places.Stats().Free == 1 }, 20*time.Second, time.Millisecond)
	})
}

func TestGuardInTheDocument(t *testing.T) {
	app := fasterapi.New(fasterapi.Config{Cores: 1})
	guard := middleware.Guard(resilience.New("p", resilience.Config{
		Timeout: time.Second, Breaker: resilience.NewBreaker("p", resilience.BreakerConfig{}),
	}))
	app.Get("/a", greet, guard)
	app.Get("/b", greet, fasterapi.Returns[fasterapi.None](503, "Not now"), guard)
	app.Get("/c", greet)
	doc, err := app.OpenAPI()
	require.NoError(t, err)
	for _, path := range []string{"/a", "/b"} {
		responses := doc.Paths.Get(path).Get.Responses
		require.Equal(t, "Seconds after which a request may get through.", responses.Get("503").Headers.Get("Retry-After").Description, path)
		require.Equal(t, "The request took too long", responses.Get("504").Description, path)
	}
	require.False(t, doc.Paths.Get("/c").Get.Responses.Has("503"))
}

func TestGuardRefused(t *testing.T) {
	for want, p := range map[string]*resilience.Policy{
		"middleware.Guard (": nil,
		"has Retry or Hedge, and a request cannot be served twice": resilience.New("p", resilience.Config{
			Timeout: time.Second, Retry: resilience.Retry{Idempotent: true},
		}),
		"has nothing that Guard applies": resilience.New("p", resilience.Config{}),
		`resilience.NewBreaker (`: resilience.New("p", resilience.Config{
			Breaker: resilience.NewBreaker("b", resilience.BreakerConfig{Probes: -1}),
		}),
	} {
		app := fasterapi.New(fasterapi.Config{Cores: 1})
		app.Get("/", greet, middleware.Guard(p))
		_, err := app.Start()
		var wrong *fasterapi.RegistrationError
		require.ErrorAs(t, err, &wrong)
		require.ErrorContains(t, err, want)
		require.ErrorContains(t, err, "guard_test.go:")
	}
}

// A registry that an app is given reports what is wrong with everything in it.
func TestRegistryReportsMistakes(t *testing.T) {
	app := fasterapi.New(fasterapi.Config{Cores: 1})
	app.Provide(resilience.NewRegistry(
		resilience.NewBreaker("one", resilience.BreakerConfig{Probes: -1}),
		resilience.NewBulkhead("two", resilience.BulkheadConfig{}),
	))
	_, err := app.Start()
	require.ErrorContains(t, err, `breaker "one": Probes`)
	require.ErrorContains(t, err, `bulkhead "two": Concurrent`)
	require.Equal(t, 2, strings.Count(err.Error(), "guard_test.go:"), err)
}

func TestDeadline(t *testing.T) {
	everyMode(t, func(app *fasterapi.App) {
		app.Use(middleware.Deadline(middleware.DeadlineConfig{Longest: time.Hour}))
		answering(app, "/", func(c *fasterapi.Ctx) (fasterapi.Text, error) {
			left, bounded := resilience.TimeLeft(c)
			require.True(t, bounded)
			return fasterapi.Text(left.Round(time.Minute).String()), nil
		})
		app.Get("/slow", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.Text, error) {
			<-c.Done()
			return "", c.Err()
		})
		far := app.Group("/far", fasterapi.Use(middleware.Deadline(middleware.DeadlineConfig{
			Trusted: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}, Header: "Grpc-Timeout",
		})))
		answeringIn(far, "/", func(*fasterapi.Ctx) (fasterapi.Text, error) { return "served", nil })
	}, func(t *testing.T, s service) {
		for _, path := range styles {
			require.Equal(t, "1h0m0s", s.get(path).body, path)
			require.Equal(t, "10m0s", s.get(path, resilience.DeadlineHeader, "600000").body, path)
			require.Equal(t, "1h0m0s", s.get(path, resilience.DeadlineHeader, "99999999999").body, "the shorter one")
			require.Equal(t, "1h0m0s", s.get(path, resilience.DeadlineHeader, "soon").body)
			a := s.get(path, resilience.DeadlineHeader, "0")
			require.Equal(t, http.StatusGatewayTimeout, a.status)
			require.Contains(t, a.body, "there is no time left for this request")
			require.Equal(t, "served", s.get("/far"+path, "Grpc-Timeout", "0m").body, "not from a trusted peer")
		}
		require.Equal(t, http.StatusGatewayTimeout, s.get("/slow", resilience.DeadlineHeader, "20").status)
		require.Contains(t, s.log.String(), "the time left for a request is no time")
	})
}

func TestDeadlineRefused(t *testing.T) {
	refused(t, middleware.Deadline(middleware.DeadlineConfig{Trusted: []netip.Prefix{{}}, Header: "a b", Longest: -1}),
		"DeadlineConfig.Trusted", "DeadlineConfig.Header", "DeadlineConfig.Longest", "guard_test.go:")
}
