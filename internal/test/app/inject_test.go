package app_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/problem"
	"github.com/fasterapi/fasterapi/reactor"
)

type (
	clock  struct{ now string }
	shouts interface{ Shout() string }
	tenant struct{ name string }
	viewer struct {
		name   string
		tenant *tenant
	}
	// limits has a shape that fits no register: it must be copied as a whole.
	limits struct {
		low, high int
		words     []string
	}
)

func (c *clock) Shout() string { return strings.ToUpper(c.now) }
func (v viewer) Shout() string { return strings.ToUpper(v.name) }

type tenantInput struct {
	Name  string `header:"X-Tenant" default:"acme" maxLength:"8"`
	Clock *clock `inject:""`
}

type viewerInput struct {
	ID     int64   `path:"id" minimum:"1"`
	Name   string  `query:"name" default:"ann" minLength:"2"`
	Tenant *tenant `inject:""`
}

type injected struct {
	ID     int64   `path:"id" maximum:"1000"`
	Clock  *clock  `inject:""`
	Any    shouts  `inject:"loud"`
	Tenant *tenant `inject:""`
	Viewer viewer  `inject:""`
	Limits limits  `inject:""`
	Text   string  `inject:"motto"`
}

// injectionRoutes provides values in every way and answers them in every style.
func injectionRoutes(tenants *atomic.Int64) func(*fasterapi.App) {
	return func(a *fasterapi.App) {
		a.Provide(&clock{"noon"})
		a.Provide("per aspera", fasterapi.Named("motto"))
		a.Provide[any](viewer{name: "vic"}, fasterapi.Named("loud"))
		a.ProvideFunc(func(c *fasterapi.Ctx, in tenantInput) (*tenant, error) {
			tenants.Add(1)
			return &tenant{in.Name + " at " + in.Clock.now}, nil
		})
		a.ProvideFuture(func(c *fasterapi.Ctx, in viewerInput) async.Future[viewer] {
			v := viewer{fmt.Sprint(in.Name, in.ID), in.Tenant}
			if in.Name == "lazy" {
				return async.Sleep(c, time.Millisecond).Then(func(struct{}) viewer { return v })
			}
			return async.Ready(v)
		})
		a.ProvideFunc(func(c *fasterapi.Ctx, _ fasterapi.None) (limits, error) {
			if c.Header("X-Limits") == "none" {
				return limits{}, problem.Forbidden("no limits for you")
			}
			return limits{1, 9, []string{"a", "b"}}, nil
		})
		text := func(in injected) fasterapi.Text {
			return fasterapi.Text(fmt.Sprint(in.ID, " ", in.Clock.now, " ", in.Any.Shout(), " ", in.Tenant.name, " ",
				in.Viewer.name, " ", in.Viewer.tenant == in.Tenant, " ", in.Limits, " ", in.Text))
		}
		straight := func(c *fasterapi.Ctx, in injected) (fasterapi.Text, error) { return text(in), nil }
		a.Get("/goroutine/{id}", straight)
		a.Get("/coroutine/{id}", straight, fasterapi.OnReactor())
		a.GetFuture("/chain/{id}", func(c *fasterapi.Ctx, in injected) async.Future[fasterapi.Text] {
			return async.Sleep(c, time.Millisecond).Then(func(struct{}) fasterapi.Text { return text(in) })
		})
		a.GetFuture("/ready/{id}", func(c *fasterapi.Ctx, in injected) async.Future[fasterapi.Text] {
			return async.Ready(text(in))
		})
		a.Group("/wrapped").GetFuture("/{id}", func(c *fasterapi.Ctx, in injected) async.Future[fasterapi.Text] {
			return async.Ready(text(in))
		})
	}
}

var injectionPaths = []string{"/goroutine/7", "/coroutine/7", "/chain/7", "/ready/7", "/wrapped/7"}

func TestInjection(t *testing.T) {
	var tenants atomic.Int64
	everyProtocol(t, injectionRoutes(&tenants), func(t *testing.T, s service) {
		for _, path := range injectionPaths {
			tenants.Store(0)
			got := s.get(path)
			require.Equal(t, 200, got.status, got.body)
			require.Equal(t, "7 noon VIC acme at noon ann7 true {1 9 [a b]} per aspera", got.body, path)
			require.EqualValues(t, 1, tenants.Load(), "a value is made once in a request")

			got = s.get(path+"?name=lazy", "X-Tenant", "other")
			require.Equal(t, "7 noon VIC other at noon lazy7 true {1 9 [a b]} per aspera", got.body, path)

			got = s.get(path, "X-Limits", "none")
			require.Equal(t, 403, got.status, path)
		}
	})
}

// TestInvalidInputOfProviders: what is wrong with the parts of a request that
// providers read is reported together with the rest.
func TestInvalidInputOfProviders(t *testing.T) {
	var tenants atomic.Int64
	everyProtocol(t, injectionRoutes(&tenants), func(t *testing.T, s service) {
		for _, path := range injectionPaths {
			got := s.get(strings.Replace(path, "7", "2000", 1)+"?name=x", "X-Tenant", "much too long")
			require.Equal(t, 422, got.status)
			var where []string
			for _, e := range got.problem(t).Errors {
				where = append(where, e.Location+" "+e.Message)
			}
			require.Equal(t, []string{
				"header.X-Tenant must have at most 8 characters",
				"query.name must have at least 2 characters",
				"path.id must be at most 1000",
			}, where, path)
		}
	})
}

// cleanupLog records what cleanups did, in order.
type cleanupLog struct {
	mu    sync.Mutex
	lines []string
	ended chan struct{}
}

func (l *cleanupLog) add(line string) {
	l.mu.Lock()
	l.lines = append(l.lines, line)
	l.mu.Unlock()
}

// wait is take for lines that come after the response.
func (l *cleanupLog) wait(t *testing.T) []string {
	select {
	case <-l.ended:
	case <-time.After(20 * time.Second):
		t.Fatal("no cleanup ran")
	}
	return l.take()
}

// take returns the lines and forgets them.
func (l *cleanupLog) take() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	lines := l.lines
	l.lines = nil
	return lines
}

func TestCleanupAfterTheResponse(t *testing.T) {
	log := &cleanupLog{ended: make(chan struct{}, 1)}
	type inner struct{ n int }
	type outer struct{ inner *inner }
	type input struct {
		Outer *outer `inject:""`
		Fail  string `query:"fail"`
	}
	routes := func(a *fasterapi.App) {
		a.ProvideWithCleanup(func(c *fasterapi.Ctx, _ fasterapi.None) (*inner, func(error), error) {
			return &inner{1}, func(err error) {
				log.add(fmt.Sprint("inner ", err))
				log.ended <- struct{}{}
			}, nil
		})
		a.ProvideWithCleanup(func(c *fasterapi.Ctx, in struct {
			Inner *inner `inject:""`
			Fail  string `query:"fail"`
		},
		) (*outer, func(error), error) {
			if in.Fail == "outer" {
				return nil, nil, problem.Conflict("outer")
			}
			return &outer{in.Inner}, func(err error) {
				log.add(fmt.Sprint("outer ", err))
				panic("contained")
			}, nil
		})
		answer := func(in input) (fasterapi.Text, error) {
			switch in.Fail {
			case "handler":
				return "", problem.Conflict("handler")
			case "panic":
				panic("handler")
			}
			return "ok", nil
		}
		a.Get("/goroutine", func(c *fasterapi.Ctx, in input) (fasterapi.Text, error) { return answer(in) })
		a.Get("/coroutine", func(c *fasterapi.Ctx, in input) (fasterapi.Text, error) { return answer(in) }, fasterapi.OnReactor())
		a.GetFuture("/chain", func(c *fasterapi.Ctx, in input) async.Future[fasterapi.Text] {
			return async.Sleep(c, time.Millisecond).ThenErr(func(struct{}) (fasterapi.Text, error) { return answer(in) })
		})
	}
	everyProtocol(t, routes, func(t *testing.T, s service) {
		for _, path := range []string{"/goroutine", "/coroutine", "/chain"} {
			require.Equal(t, 200, s.get(path).status)
			require.Equal(t, []string{"outer <nil>", "inner <nil>"}, log.wait(t), "the latest first")
			require.Equal(t, 409, s.get(path+"?fail=handler").status)
			require.Equal(t, []string{"outer 409 Conflict: handler", "inner 409 Conflict: handler"}, log.wait(t))
			require.Equal(t, 409, s.get(path+"?fail=outer").status)
			require.Equal(t, []string{"inner 409 Conflict: outer"}, log.wait(t), "what was made is given back")
			require.Equal(t, 500, s.get(path+"?fail=panic").status)
			require.Equal(t, []string{"outer async: panic: handler", "inner async: panic: handler"}, log.wait(t))
		}
		require.Contains(t, s.log.String(), "cleanup of a provider panicked")
	})
}

func TestDepends(t *testing.T) {
	var calls cleanupLog
	type key struct {
		Key string `header:"X-Key"`
	}
	check := func(name string) fasterapi.RouteOption {
		return fasterapi.Depends(func(c *fasterapi.Ctx, in key) error {
			calls.add(name)
			if in.Key == name {
				return problem.Forbidden(name)
			}
			return nil
		})
	}
	routes := func(a *fasterapi.App) {
		a.Provide(&clock{"noon"})
		g := a.Group("/admin", check("group"))
		later := fasterapi.DependsFuture(func(c *fasterapi.Ctx, in struct {
			Key   string `header:"X-Key"`
			Clock *clock `inject:""`
		},
		) async.Future[string] {
			return async.Sleep(c, time.Millisecond).ThenErr(func(struct{}) (string, error) {
				calls.add("future at " + in.Clock.now)
				switch in.Key {
				case "future":
					return "", problem.Forbidden("future")
				case "panic":
					panic("in a dependency")
				}
				return "", nil
			})
		})
		type page struct {
			N int `query:"n" minimum:"1"`
		}
		text := func(c *fasterapi.Ctx, in page) (fasterapi.Text, error) { return "in", nil }
		chain := func(c *fasterapi.Ctx, in page) async.Future[fasterapi.Text] {
			if in.N == 9 {
				panic("behind a dependency")
			}
			return async.Ready[fasterapi.Text]("in")
		}
		g.Get("/goroutine", text, check("route"), later)
		g.Get("/coroutine", text, check("route"), later, fasterapi.OnReactor())
		g.GetFuture("/chain", chain, check("route"), later)
		a.Get("/open", text)
	}
	everyProtocol(t, routes, func(t *testing.T, s service) {
		for _, path := range []string{"/admin/goroutine", "/admin/coroutine", "/admin/chain"} {
			for key, want := range map[string]int{"": 200, "group": 403, "route": 403, "future": 403, "panic": 500} {
				require.Equal(t, want, s.get(path, "X-Key", key).status, path+key)
			}
			calls.take()
			require.Equal(t, 422, s.get(path+"?n=0").status)
			require.Equal(t, []string{"group", "route", "future at noon"}, calls.take(), "dependencies come first")
			require.Equal(t, 403, s.get(path+"?n=0", "X-Key", "route").status, "no access, no details")
		}
		require.Equal(t, 500, s.get("/admin/chain?n=9").status)
		require.Equal(t, 200, s.get("/open").status)
	})
}

func TestScopes(t *testing.T) {
	var made, perCore, closed atomic.Int64
	type config struct{ name string }
	type counter struct {
		core int
		name string
	}
	routes := func(a *fasterapi.App) {
		a.ProvideFunc(func(c *fasterapi.Ctx, in struct {
			Config *config `inject:""`
		},
		) (*counter, error) {
			perCore.Add(1)
			return &counter{c.Core(), in.Config.name}, nil
		}, fasterapi.PerCore())
		a.ProvideWithCleanup(func(c *fasterapi.Ctx, in struct {
			Clock *clock `inject:""`
		},
		) (*config, func(error), error) {
			made.Add(1)
			return &config{in.Clock.now}, func(error) { closed.Add(1) }, nil
		}, fasterapi.PerApp())
		a.Provide(&clock{"noon"})
		a.Get("/", func(c *fasterapi.Ctx, in struct {
			Config  *config                    `inject:""`
			Counter *counter                   `inject:""`
			All     *reactor.Sharded[*counter] `inject:""`
		},
		) (fasterapi.Text, error) {
			local, ok := in.All.Local(c)
			cores, err := in.All.MapReduce(c, func(n *counter) (int, error) { return n.core, nil }, []int(nil),
				func(all []int, core int) []int { return append(all, core) }).Await(c)
			return fasterapi.Text(fmt.Sprint(in.Config.name, in.Counter.core == c.Core(), in.Counter.name, ok && local == in.Counter, len(cores))), err
		}, fasterapi.OnReactor())
	}
	for _, cores := range []int{1, 4} {
		made.Store(0)
		perCore.Store(0)
		closed.Store(0)
		app, log := newApp(fasterapi.Config{Cores: cores}, routes)
		server, err := app.Start()
		require.NoError(t, err)
		s := newService(t, "http://"+server.Addr().String(), log, false)
		for range 8 {
			require.Equal(t, fmt.Sprint("noontruenoontrue ", cores), s.get("/").body)
		}
		require.EqualValues(t, 1, made.Load())
		require.EqualValues(t, cores, perCore.Load())
		require.NoError(t, server.Shutdown(t.Context()))
		require.EqualValues(t, 1, closed.Load())
	}
}

func TestOverride(t *testing.T) {
	app, log := newApp(fasterapi.Config{Cores: 1}, func(a *fasterapi.App) {
		a.Override(&clock{"midnight"})
		a.Provide(&clock{"noon"})
		a.ProvideFunc(func(c *fasterapi.Ctx, in tenantInput) (*tenant, error) { return nil, errors.New("the real one") })
		a.OverrideFunc(func(c *fasterapi.Ctx, _ fasterapi.None) (*tenant, error) { return &tenant{"fake"}, nil })
		a.Override[shouts](viewer{name: "nobody"})
		a.Get("/", func(c *fasterapi.Ctx, in struct {
			Clock  *clock  `inject:""`
			Tenant *tenant `inject:""`
			Shouts shouts  `inject:""`
		},
		) (fasterapi.Text, error) {
			return fasterapi.Text(in.Clock.now + in.Tenant.name + in.Shouts.Shout()), nil
		})
	})
	require.Equal(t, "midnightfakeNOBODY", newService(t, "http://"+start(t, app), log, false).get("/").body)
}

// resource tells when it is closed.
type resource struct{ closed *atomic.Bool }

func (c resource) Close() error { c.closed.Store(true); return nil }

// TestOverriddenResources: what an override replaces is not made, but what was
// made already is closed.
func TestOverriddenResources(t *testing.T) {
	app := fasterapi.New(fasterapi.Config{Addr: "127.0.0.1:0", Cores: 1})
	var closed, made atomic.Bool
	app.Provide(resource{&closed}, fasterapi.CloseOnStop())
	app.Override(resource{new(atomic.Bool)})
	app.ProvideFunc(func(*fasterapi.Ctx, fasterapi.None) (*clock, error) {
		made.Store(true)
		return nil, errors.New("the real one")
	}, fasterapi.PerApp())
	app.Override(&clock{"midnight"})
	start(t, app)
	require.NoError(t, app.Stop(context.Background()))
	require.True(t, closed.Load())
	require.False(t, made.Load())
}

func TestProviderMistakes(t *testing.T) {
	app := fasterapi.New(fasterapi.Config{})
	app.Provide(&clock{"a"})
	app.Provide(&clock{"b"})
	app.Provide((*http.Client)(nil), fasterapi.PerApp())
	app.Provide[io.Reader](nil)
	app.Provide(7, fasterapi.CloseOnStop())
	app.ProvideFunc(func(c *fasterapi.Ctx, in struct {
		Viewer viewer `inject:""`
		ID     int64  `path:"id"`
	},
	) (*tenant, error) {
		return nil, nil
	})
	app.ProvideFunc(func(c *fasterapi.Ctx, in struct {
		Tenant *tenant `inject:""`
	},
	) (viewer, error) {
		return viewer{}, nil
	})
	app.ProvideFunc(func(c *fasterapi.Ctx, in struct {
		Q string `query:"q"`
	},
	) (limits, error) {
		return limits{}, nil
	}, fasterapi.PerApp())
	app.Get("/{name}", func(c *fasterapi.Ctx, in struct {
		Clock   *clock        `inject:""`
		Shouts  shouts        `inject:""`
		Missing *http.Request `inject:""`
	},
	) (fasterapi.None, error) {
		return fasterapi.None{}, nil
	})
	_, err := app.Start()
	var mistakes *fasterapi.RegistrationError
	require.ErrorAs(t, err, &mistakes)
	text := err.Error()
	for _, want := range []string{
		"PerApp and PerCore are for functions", "the provider of *http.Client (", "the provider of io.Reader (", "it is nil", "CloseOnStop: int has no method Close",
		"providers need each other in a circle: *app_test.tenant (", "needs app_test.viewer (",
		"field Q: a value of the scope app has no request to read query.q from",
		"field Clock: more than one *app_test.clock was provided",
		"field Shouts: more than one app_test.shouts was provided",
		"field Missing: nothing of type *http.Request was provided",
	} {
		require.Contains(t, text, want)
	}
	for _, line := range mistakes.Mistakes {
		require.Contains(t, line, "inject_test.go:", "every mistake has its place")
	}
	require.Nil(t, app.Reactors(), "nothing was started")
}

// TestPathOfProvider: whether a route has what a provider reads is known when
// the app starts.
func TestPathOfProvider(t *testing.T) {
	app := fasterapi.New(fasterapi.Config{})
	app.Provide(&clock{"a"})
	app.ProvideFunc(func(c *fasterapi.Ctx, in viewerInput) (viewer, error) { return viewer{}, nil })
	app.ProvideFunc(func(c *fasterapi.Ctx, in tenantInput) (*tenant, error) { return nil, nil })
	app.Get("/users/{user}", func(c *fasterapi.Ctx, in struct {
		Viewer viewer `inject:""`
	},
	) (fasterapi.None, error) {
		return fasterapi.None{}, nil
	}, fasterapi.Depends(func(c *fasterapi.Ctx, in struct {
		N int `path:"n"`
	},
	) error {
		return nil
	}))
	_, err := app.Start()
	require.ErrorContains(t, err, `field ID: the route has no path parameter "id"`)
	require.ErrorContains(t, err, `field N: the route has no path parameter "n"`)
	require.Equal(t, 4, strings.Count(err.Error(), "inject_test.go:"), err.Error())
}

func TestLifecycle(t *testing.T) {
	var log cleanupLog
	note := func(line string) func(context.Context) error {
		return func(context.Context) error { log.add(line); return nil }
	}
	app := fasterapi.New(fasterapi.Config{Addr: "127.0.0.1:0", Cores: 1})
	user := &reactorUser{log: &log}
	app.Provide(user, fasterapi.CloseOnStop())
	app.Provide(&pooled{driver: user})
	app.OnStart(note("start 1"))
	app.OnStop(note("stop 1"))
	app.OnStart(note("start 2"))
	app.OnStop(note("stop 2"))
	app.OnStop(func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }, fasterapi.Within(time.Millisecond))
	server, err := app.Start()
	require.NoError(t, err)
	require.Equal(t, []string{"reactors 1", "reactors 1", "start 1", "start 2"}, log.take())
	err = server.Shutdown(t.Context())
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.ErrorContains(t, err, "inject_test.go:")
	require.Equal(t, []string{"stop 2", "stop 1", "closed", "reactors left", "reactors left"}, log.take())
	require.EqualError(t, app.Stop(t.Context()), err.Error(), "once")
}

func TestStartIsUndone(t *testing.T) {
	var log cleanupLog
	app := fasterapi.New(fasterapi.Config{Addr: "127.0.0.1:0", Cores: 1})
	app.OnStop(func(context.Context) error { log.add("stop 1"); return nil })
	app.OnStart(func(context.Context) error { return io.ErrUnexpectedEOF })
	app.OnStop(func(context.Context) error { log.add("stop 2"); return nil })
	_, err := app.Start()
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	require.Equal(t, []string{"stop 1"}, log.take(), "what was not started is not stopped")

	app = fasterapi.New(fasterapi.Config{Cores: 1})
	app.ProvideFunc(func(c *fasterapi.Ctx, _ fasterapi.None) (*clock, error) { return nil, io.ErrNoProgress }, fasterapi.PerApp())
	app.ProvideFunc(func(c *fasterapi.Ctx, _ fasterapi.None) (*reactorUser, error) {
		return &reactorUser{log: &log}, nil
	}, fasterapi.PerApp(), fasterapi.Named("first"))
	app.Override(&pooled{driver: &reactorUser{log: &log}})
	_, err = app.Start()
	require.ErrorIs(t, err, io.ErrNoProgress)
	require.Equal(t, []string{"reactors 1", "reactors left"}, log.take())
	require.PanicsWithError(t, err.Error(), func() { app.Handler() })
}

type reactorUser struct{ log *cleanupLog }

func (u *reactorUser) UseReactors(g *reactor.Group) error {
	u.log.add(fmt.Sprint("reactors ", g.Len()))
	return nil
}

func (u *reactorUser) LeaveReactors(context.Context, *reactor.Group) error {
	u.log.add("reactors left")
	return nil
}

func (u *reactorUser) Close(context.Context) error {
	u.log.add("closed")
	return nil
}

type pooled struct{ driver any }

func (p *pooled) ReactorUser() any { return p.driver }

// settled is a value that hears of the outcome.
type settled struct{}

// TestOutcomeOfRequests: the functions hear how the handler has ended before anything is
// sent, the last one first, and what they return is the answer.
func TestOutcomeOfRequests(t *testing.T) {
	var mu sync.Mutex
	heard := map[string][]string{}
	note := func(c *fasterapi.Ctx, who string, outcome error) {
		mu.Lock()
		defer mu.Unlock()
		id := c.Header("X-Case")
		heard[id] = append(heard[id], fmt.Sprintf("%s %v", who, outcome))
	}
	errWrapped := errors.New("wrapped")
	everyProtocol(t, func(a *fasterapi.App) {
		a.ProvideWithOutcome(func(c *fasterapi.Ctx, _ fasterapi.None) (*tenant, func(error) error, error) {
			return &tenant{"outer"}, func(outcome error) error {
				note(c, "outer", outcome)
				return nil
			}, nil
		})
		a.ProvideWithOutcome(func(c *fasterapi.Ctx, in struct {
			Tenant *tenant `inject:""`
		},
		) (viewer, func(error) error, error) {
			return viewer{"inner", in.Tenant}, func(outcome error) error {
				note(c, "inner", outcome)
				switch c.Header("X-Inner") {
				case "fails":
					return problem.Conflict("the commit failed")
				case "wraps":
					return problem.Wrap(errors.Join(errWrapped, outcome), 503, "come back")
				case "other":
					return errors.New("the rollback failed")
				}
				return nil
			}, nil
		})
		straight := func(c *fasterapi.Ctx, in struct {
			Viewer viewer `inject:""`
		},
		) (string, error) {
			if c.Header("X-Handler") == "fails" {
				return "", problem.BadRequest("no")
			}
			return in.Viewer.name, nil
		}
		a.Get("/goroutine", straight)
		a.Get("/reactor", straight, fasterapi.OnReactor())
		a.GetFuture("/chain", func(c *fasterapi.Ctx, in struct {
			Viewer viewer `inject:""`
		},
		) async.Future[string] {
			return async.Sleep(c, time.Millisecond).ThenErr(func(struct{}) (string, error) { return straight(c, in) })
		})
		a.Get("/depends", func(*fasterapi.Ctx, fasterapi.None) (string, error) { return "inner", nil },
			fasterapi.Depends(func(*fasterapi.Ctx, struct {
				Viewer viewer `inject:""`
			},
			) error {
				return nil
			}))
	}, func(t *testing.T, s service) {
		for _, path := range []string{"/goroutine", "/reactor", "/chain", "/depends"} {
			for _, test := range []struct {
				handler, inner string
				status         int
				heard          []string
			}{
				{"", "", 200, []string{"inner <nil>", "outer <nil>"}},
				{"", "fails", 409, []string{"inner <nil>", "outer .*the commit failed"}},
				{"fails", "", 400, []string{"inner .*no", "outer .*no"}},
				{"fails", "other", 400, []string{"inner .*no", "outer .*no"}},
				{"fails", "wraps", 503, []string{"inner .*no", "outer .*come back"}},
			} {
				if path == "/depends" && test.handler != "" {
					continue
				}
				id := path + test.handler + test.inner
				mu.Lock()
				heard[id] = nil
				mu.Unlock()
				got := s.get(path, "X-Case", id, "X-Handler", test.handler, "X-Inner", test.inner)
				require.Equal(t, test.status, got.status, id)
				mu.Lock()
				list := heard[id] // before the answer came
				mu.Unlock()
				require.Len(t, list, 2, id)
				for i, want := range test.heard {
					require.Regexp(t, want, list[i], id)
				}
			}
		}
		require.Contains(t, s.log.String(), "the rollback failed")
	})
}

// TestOutcomeMistakes: where there is no outcome in time there is no such value.
func TestOutcomeMistakes(t *testing.T) {
	app, _ := newApp(fasterapi.Config{}, func(a *fasterapi.App) {
		provide := func(*fasterapi.Ctx, fasterapi.None) (settled, func(error) error, error) { return settled{}, nil, nil }
		a.ProvideWithOutcome(provide)
		a.ProvideWithOutcome(func(*fasterapi.Ctx, fasterapi.None) (*tenant, func(error) error, error) { return nil, nil, nil },
			fasterapi.PerApp())
		type in struct {
			Settled settled `inject:""`
		}
		a.Get("/sse", func(*fasterapi.Ctx, in) (fasterapi.SSE[int], error) { return fasterapi.SSE[int]{}, nil })
		a.Get("/stream", func(*fasterapi.Ctx, in) (fasterapi.Response[fasterapi.Stream], error) {
			return fasterapi.Response[fasterapi.Stream]{}, nil
		})
		a.Get("/lines", func(*fasterapi.Ctx, in) (fasterapi.JSONLines[int], error) { return nil, nil })
		a.Get("/file", func(*fasterapi.Ctx, in) (fasterapi.File, error) { return fasterapi.File{}, nil })
		a.WebSocket("/socket", func(*fasterapi.Ctx, in, *fasterapi.Socket[string, string]) error { return nil })
		a.Get("/depends", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.JSONLines[int], error) { return nil, nil },
			fasterapi.Depends(func(*fasterapi.Ctx, in) error { return nil }))
	})
	_, err := app.OpenAPI()
	var mistakes *fasterapi.RegistrationError
	require.ErrorAs(t, err, &mistakes)
	text := strings.Join(mistakes.Mistakes, "\n")
	require.Contains(t, text, "a value of the scope app ends with no request")
	for _, path := range []string{"/sse", "/stream", "/lines", "/file", "/socket", "/depends"} {
		require.Regexp(t, `GET `+path+` .*app_test\.settled \(.*inject_test\.go:\d+\) is given back by the outcome .* end it in the handler`, text)
	}
}

// TestOverrideEveryWay: what is provided in one way is overridden in any.
func TestOverrideEveryWay(t *testing.T) {
	type replaced struct{ by string }
	var ended atomic.Int64
	for name, override := range map[string]func(a *fasterapi.App){
		"value": func(a *fasterapi.App) { a.Override(replaced{"value"}) },
		"func": func(a *fasterapi.App) {
			a.OverrideFunc(func(*fasterapi.Ctx, fasterapi.None) (replaced, error) { return replaced{"func"}, nil })
		},
		"future": func(a *fasterapi.App) {
			a.OverrideFuture(func(c *fasterapi.Ctx, _ fasterapi.None) async.Future[replaced] {
				return async.Sleep(c, time.Millisecond).Then(func(struct{}) replaced { return replaced{"future"} })
			})
		},
		"cleanup": func(a *fasterapi.App) {
			a.OverrideWithCleanup(func(*fasterapi.Ctx, fasterapi.None) (replaced, func(error), error) {
				return replaced{"cleanup"}, func(error) { ended.Add(1) }, nil
			})
		},
		"outcome": func(a *fasterapi.App) {
			a.OverrideWithOutcome(func(*fasterapi.Ctx, fasterapi.None) (replaced, func(error) error, error) {
				return replaced{"outcome"}, func(error) error { ended.Add(1); return nil }, nil
			})
		},
	} {
		app, _ := newApp(fasterapi.Config{Cores: 1}, func(a *fasterapi.App) {
			override(a)
			a.ProvideFuture(func(*fasterapi.Ctx, fasterapi.None) async.Future[replaced] {
				return async.Failed[replaced](errors.New("not overridden"))
			})
			type in struct {
				Value replaced `inject:""`
			}
			a.Get("/straight", func(_ *fasterapi.Ctx, in in) (string, error) { return in.Value.by, nil })
			a.GetFuture("/chain", func(_ *fasterapi.Ctx, in in) async.Future[string] { return async.Ready(in.Value.by) })
		})
		s := newService(t, "http://"+start(t, app), nil, false)
		ended.Store(0)
		for _, path := range []string{"/straight", "/chain"} {
			require.Equal(t, `"`+name+`"`, s.get(path).body)
		}
		if name == "cleanup" || name == "outcome" {
			require.Eventually(t, func() bool { return ended.Load() == 2 }, 20*time.Second, time.Millisecond)
		}
	}
}
