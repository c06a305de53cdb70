package admin_test

import (
	"bufio"
	"context"
	"encoding/json/v2"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/admin"
	"github.com/fasterapi/fasterapi/broadcast"
	"github.com/fasterapi/fasterapi/cache"
	"github.com/fasterapi/fasterapi/client"
	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/driver"
	"github.com/fasterapi/fasterapi/health"
	"github.com/fasterapi/fasterapi/idempotency"
	"github.com/fasterapi/fasterapi/observe"
	"github.com/fasterapi/fasterapi/resilience"
	"github.com/fasterapi/fasterapi/secret"
)

// rich starts an app that has one of everything.
func rich(t *testing.T, cfg admin.Config) (s *service, held chan struct{}) {
	t.Helper()
	held = make(chan struct{})
	s = &service{t: t}
	app := fasterapi.New(fasterapi.Config{Addr: "127.0.0.1:0", Cores: 2, Title: "Shop", Logger: slog.New(slog.DiscardHandler)})
	cfg.Addr, cfg.Flight = "127.0.0.1:0", off
	panel := admin.Attach(app, cfg)
	pool := func(name string) *db.Pool {
		return db.New(answering{}, func() db.Stats { return db.Stats{Driver: name, Open: 2, Exhausted: 3} })
	}
	app.Provide(pool("postgres"))
	app.Provide(&jobs{{Job: "report", Took: 1500 * time.Millisecond, Error: "broken \xff"}})
	app.Provide(client.New("found", client.Config{BaseURL: "http://found.invalid"}))
	app.Provide(role{Role: "found", Error: "broken \xff"})
	app.Provide(broadcast.New("found", broadcast.Config[string]{}))
	app.Provide(resilience.NewRegistry(resilience.New("supplier", resilience.Config{Breaker: resilience.NewBreaker("supplier", resilience.BreakerConfig{})})))
	app.HealthCheck(health.Check{Name: "supplier", Run: func(context.Context) error { return errors.New("connection refused") }})
	app.ProvideFunc(func(_ *fasterapi.Ctx, in struct {
		Token string `header:"Authorization" sensitive:"true"`
	},
	) (user, error) {
		return user(in.Token), nil
	})
	group := app.Group("/orders", fasterapi.Depends(func(*fasterapi.Ctx, fasterapi.None) error { return nil }), fasterapi.Priority("critical"))
	group.Use(noted)
	group.Get("/{id}", func(*fasterapi.Ctx, struct {
		ID   int64 `path:"id" minimum:"1"`
		User user  `inject:""`
	},
	) (fasterapi.Text, error) {
		return "", nil
	}, fasterapi.OnReactor())
	app.Get("/held", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Text, error) { <-held; return "", nil })
	app.Get("/stalled", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Text, error) { <-held; return "", nil }, fasterapi.OnReactor())
	server, err := app.Start()
	require.NoError(t, err)
	s.server, s.app, s.side = server, "http://"+server.Addr().String(), "http://"+panel.Addr().String()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		require.NoError(t, server.Shutdown(ctx))
	})
	return s, held
}

// shared is a store of caches.
type shared struct{ name string }

func (s *shared) Name() string            { return s.name }
func (s *shared) Stats() cache.StoreStats { return cache.StoreStats{Name: s.name} }

// answering is a driver whose every call ends well.
type answering struct{}

func (answering) Start(q *driver.Query)       { q.Finish(nil) }
func (answering) Cancel(*driver.Query)        {}
func (answering) Close(context.Context) error { return nil }

// role is one that stands still.
type role observe.RoleStats

func (r role) Stats() observe.RoleStats { return observe.RoleStats(r) }

// jobs are some that stand still.
type jobs []observe.JobStats

func (j *jobs) Stats() []observe.JobStats { return *j }

type user string

func noted(next fasterapi.Handler) fasterapi.Handler { return next }

// TestExplain: what is done for a request, step by step.
func TestExplain(t *testing.T) {
	s, _ := rich(t, admin.Config{})
	type input struct {
		Name, In, Type, Rules string
		Required              bool
	}
	var plans []struct {
		Method, Pattern, Style, Priority string
		Middleware, Steps                []string
		Inputs                           []input
		Answers                          []struct{ Status int }
	}
	s.get("/explain?route=GET+/orders/{id}", &plans)
	require.Len(t, plans, 1)
	p := plans[0]
	require.Equal(t, []string{"admin_test.noted"}, p.Middleware)
	require.Len(t, p.Steps, 2)
	require.Contains(t, p.Steps[0], "Depends (")
	require.Contains(t, p.Steps[0], "dashboard_test.go:")
	require.Contains(t, p.Steps[1], "admin_test.user (")
	require.Equal(t, "coroutine", p.Style)
	require.Equal(t, "critical", p.Priority)
	at := slices.IndexFunc(p.Inputs, func(in input) bool { return in.In == "path" })
	require.Equal(t, input{Name: "id", In: "path", Type: "int64", Rules: `minimum="1"`, Required: true}, p.Inputs[at])
	require.Equal(t, 200, p.Answers[0].Status)
	s.get("/explain", &plans)
	require.Len(t, plans, 3)

	_, text := s.do("GET", s.side+"/explain?format=text&route=/orders/{id}", "")
	for _, want := range []string{"GET /orders/{id}\n", "on a coroutine of its core", "priority critical", "middleware  admin_test.noted", "before it   Depends (", "path id -> ID int64, required, minimum=\"1\"", "answers     200 "} {
		require.Contains(t, text, want)
	}
	for path, want := range map[string]int{"/explain?route=/none": 404, "/explain?format=xml": 422} {
		status, _ := s.do("GET", s.side+path, "")
		require.Equal(t, want, status, path)
	}
}

// TestLiveAndStalls: what runs now is listed, and what holds a core while it does, with its place and what to do.
func TestLiveAndStalls(t *testing.T) {
	for range 5 {
		if liveAndStalled(t) {
			return
		}
	}
	t.Fatal("no stall was found at the place that holds the core")
}

// stall is one of the page of stalls.
type stall struct {
	Route, Registered, At, Remedy string
	Over                          bool
	Stack                         []string
}

// stallOf is what the page says of the route that stalls; a busy machine may have made others.
func (s *service) stallOf() (found stall, ok bool) {
	s.t.Helper()
	var all []stall
	s.get("/stalls", &all)
	at := slices.IndexFunc(all, func(one stall) bool { return one.Route == "GET /stalled" })
	if at < 0 {
		return stall{}, false
	}
	return all[at], true
}

// liveAndStalled returns false when a busy machine held the core up on its way to the handler, which is then the place that was found.
func liveAndStalled(t *testing.T) (there bool) {
	s, held := rich(t, admin.Config{})
	done := make(chan struct{}, 2)
	for _, path := range []string{"/held", "/stalled"} {
		go func() {
			if response, err := http.Get(s.app + path); err == nil {
				_ = response.Body.Close()
			}
			done <- struct{}{}
		}()
	}
	var live []struct{ Route, Method, Stage, Age, Client string }
	require.Eventually(t, func() bool {
		s.get("/requests/live", &live)
		return len(live) == 2 && live[0].Stage == "handler" && live[1].Stage == "handler"
	}, 10*time.Second, 5*time.Millisecond)
	require.Equal(t, "127.0.0.1", live[0].Client)
	var stalled stall
	require.Eventually(t, func() bool { // while it lasts
		stalled, _ = s.stallOf()
		return stalled.At != ""
	}, 20*time.Second, 5*time.Millisecond)
	require.False(t, stalled.Over)
	require.Contains(t, stalled.Registered, "dashboard_test.go:")
	require.NotEmpty(t, stalled.Stack)
	if there = strings.Contains(stalled.At, "dashboard_test.go:"); there {
		require.Contains(t, stalled.Remedy, "calls what blocks")
	}
	close(held)
	<-done
	<-done
	require.Eventually(t, func() bool {
		s.get("/requests/live", &live)
		stalled, _ = s.stallOf()
		return len(live) == 0 && stalled.Over
	}, 10*time.Second, 5*time.Millisecond)
	return there
}

// TestParts: what the app provides is found, and what the configuration names is shown beside it.
func TestParts(t *testing.T) {
	own := cache.New("prices", cache.Config[string, int]{})
	s, _ := rich(t, admin.Config{Pools: map[string]*db.Pool{"reports": db.New(nil, func() db.Stats { return db.Stats{Driver: "sqlite"} })}, Caches: []cache.Reporter{own}, Stores: []cache.StoreReporter{&shared{"fleet"}}, Upstreams: []*client.Upstream{client.New("stock", client.Config{BaseURL: "http://stock.invalid"})}, Topics: []broadcast.Reporter{broadcast.New("news", broadcast.Config[int]{})}, Keys: []*idempotency.Keys{idempotency.New(nil, idempotency.Config{})}, Schedules: []observe.JobReporter{&jobs{{Job: "sweep"}}}, Roles: []observe.RoleReporter{role{Role: "billing", Error: strings.Repeat("x", 1000) + "\xff"}}})
	var parts struct {
		Pools  []struct{ Name, Driver string }
		Caches []struct{ Name string }
		Stores []struct {
			Name    string
			Breaker struct{ State string }
		}
		Upstreams []struct {
			Name     string
			Attempts int64
		}
		Breakers []struct{ Name, State string }
		Policies []struct{ Name string }
		Topics   []struct {
			Name      string
			Connected bool
		}
		Keys  []struct{ Name string }
		Roles []struct{ Role, Error string }
		Jobs  []struct{ Job, Error, Took string }
	}
	s.get("/parts", &parts)
	require.Equal(t, []struct{ Name, Driver string }{{"reports", "sqlite"}, {"postgres", "postgres"}}, parts.Pools)
	require.Equal(t, "prices", parts.Caches[0].Name)
	require.Len(t, parts.Stores, 1)
	require.Equal(t, []string{"fleet", "closed"}, []string{parts.Stores[0].Name, parts.Stores[0].Breaker.State})
	require.Equal(t, "stock", parts.Upstreams[0].Name)
	require.Equal(t, "found", parts.Upstreams[1].Name)
	require.Equal(t, "closed", parts.Breakers[0].State)
	require.Equal(t, "supplier", parts.Policies[0].Name)
	names := []string{parts.Topics[0].Name, parts.Topics[1].Name}
	require.Equal(t, []string{"news", "found"}, names, "that of the configuration, and that of the app")
	require.True(t, parts.Topics[1].Connected)
	require.Equal(t, []struct{ Name string }{{"main"}}, parts.Keys)
	require.Len(t, parts.Roles, 2)
	require.Len(t, parts.Roles[0].Error, 200, "the beginning of it")
	require.Equal(t, "found", parts.Roles[1].Role)
	require.Equal(t, []struct{ Job, Error, Took string }{{"sweep", "", "0s"}, {"report", "broken ", "1.5s"}}, parts.Jobs)

	var report struct {
		Status string
		Checks []struct{ Name, Status, Error string }
	}
	s.get("/health", &report)
	require.Equal(t, "connection refused", report.Checks[0].Error)
	var overload []struct{ Core int }
	s.get("/overload", &overload)

	var items []struct{ Name, State, Reason, Remedy string }
	s.get("/checklist", &items)
	require.Len(t, items, 17)
	states := map[string]string{}
	for _, i := range items {
		states[i.Name] = i.State
		require.NotEmpty(t, i.Reason, i.Name)
		require.Equal(t, i.State == "ok", i.Remedy == "", i.Name)
	}
	require.Equal(t, "fail", states["Connection pools"], "three calls found no connection")
	require.Equal(t, "warn", states["Structured logs"])
	require.Equal(t, "ok", states["Circuit breakers"])
	require.Equal(t, "ok", states["Health checks"])
}

// TestSnapshots: nothing is made while nobody looks; who does gets one at once and one each second, and hears
// when the process leaves.
func TestSnapshots(t *testing.T) {
	s, _ := rich(t, admin.Config{})
	s.do("GET", s.app+"/orders/7", "")
	response, err := http.Get(s.side + "/dashboard/events")
	require.NoError(t, err)
	defer response.Body.Close()
	require.Equal(t, "text/event-stream", response.Header.Get("Content-Type"))
	lines := bufio.NewScanner(response.Body)
	lines.Buffer(nil, 1<<20)
	next := func() (name string, data string) {
		for lines.Scan() {
			line := lines.Text()
			if text, ok := strings.CutPrefix(line, "event: "); ok {
				name = text
			}
			if text, ok := strings.CutPrefix(line, "data: "); ok {
				data = text
			}
			if line == "" {
				return name, data
			}
		}
		return "", ""
	}
	type figures struct {
		Window  float64
		Service struct{ PID, Started int64 }
		Cores   []struct{ Core int }
		Routes  []struct {
			Route string
			Count int64
			P50   float64
		}
		Parts  struct{ Pools []struct{ Name string } }
		Health struct{ Checks []struct{ Name string } }
	}
	var got figures
	for range 20 {
		if got.Window > 0 && len(got.Routes) > 0 && len(got.Health.Checks) > 0 {
			break
		}
		name, data := next()
		require.Equal(t, "snapshot", name)
		got = figures{}
		require.NoError(t, json.Unmarshal([]byte(data), &got, json.MatchCaseInsensitiveNames(true)), data)
	}
	require.Positive(t, got.Window)
	require.Len(t, got.Cores, 2)
	require.Equal(t, "/orders/{id}", got.Routes[0].Route)
	require.EqualValues(t, 1, got.Routes[0].Count)
	require.Less(t, got.Routes[0].P50, 5000.0)
	require.Len(t, got.Parts.Pools, 1)
	require.NotEmpty(t, got.Health.Checks)
	var one figures
	s.get("/snapshot", &one)
	require.Equal(t, got.Service, one.Service)

	stopped := make(chan error, 1)
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		stopped <- s.server.Shutdown(ctx)
	}()
	for name := "snapshot"; name == "snapshot"; {
		name, _ = next()
		require.NotEqual(t, "", name, "it says that it leaves")
	}
	require.NoError(t, <-stopped)
}

// TestShell: the page is given to everybody, since it tells nothing, and lets no text become code; what it asks is not.
func TestShell(t *testing.T) {
	s := start(t, admin.Config{Token: secret.Of("a token of 16 bytes or more"), Flight: off})
	for _, path := range []string{"/dashboard/", "/dashboard/app.js", "/dashboard/app.css"} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.side+path, nil)
		require.NoError(t, err)
		response, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		response.Body.Close()
		require.Equal(t, 200, response.StatusCode, path)
		require.Contains(t, response.Header.Get("Content-Security-Policy"), "default-src 'none'; script-src 'self'")
		require.Contains(t, response.Header.Get("Content-Security-Policy"), "require-trusted-types-for 'script'")
		require.Equal(t, "nosniff", response.Header.Get("X-Content-Type-Options"))
	}
	for path, want := range map[string]int{"/dashboard/events": 401, "/snapshot": 401, "/dashboard/../config": 401, "/dashboard/none.js": 401, "/": 401} {
		status, _ := s.do("GET", s.side+path, "")
		require.Equal(t, want, status, path)
	}
	status, _ := s.do("GET", s.side+"/dashboard/none.js", "", "Authorization", "Bearer a token of 16 bytes or more")
	require.Equal(t, 404, status)
	guarded := start(t, admin.Config{Flight: off, Guard: func(http.Handler) http.Handler { return http.NotFoundHandler() }})
	status, _ = guarded.do("GET", guarded.side+"/dashboard/", "")
	require.Equal(t, 404, status, "a guard is around all of it")
	rebound := start(t, admin.Config{Flight: off})
	status, _ = rebound.do("GET", rebound.side+"/dashboard/", "", "Host", "rebound.example")
	require.Equal(t, 421, status)
}
