package app_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/health"
)

// store is a provided value that checks itself.
type store struct{ down *atomic.Bool }

func (s store) HealthCheck() health.Check {
	return health.Check{Name: "store", Critical: true, MaxAge: time.Nanosecond, Timeout: time.Minute, Run: func(context.Context) error {
		if s.down.Load() {
			return errors.New("SECRET host is down")
		}
		return nil
	}}
}

func TestHealth(t *testing.T) {
	var down, mailDown atomic.Bool
	everyProtocol(t, func(app *fasterapi.App) {
		app.Use(func(fasterapi.Handler) fasterapi.Handler {
			return func(c *fasterapi.Ctx) error { c.Respond(401, "text/plain", []byte("who are you?")); return nil }
		})
		app.Provide(store{&down})
		app.Provide(&store{&down}, fasterapi.Named("second"))
		app.HealthCheck(health.Check{Name: "mail", MaxAge: time.Nanosecond, Timeout: time.Minute, Run: func(context.Context) error {
			if mailDown.Load() {
				panic("SECRET")
			}
			return nil
		}})
	}, func(t *testing.T, s service) {
		for _, test := range []struct {
			down, mailDown bool
			code           int
			status         string
		}{
			{false, false, 200, "ok"}, {false, true, 200, "degraded"}, {true, true, 503, "failing"}, {true, false, 503, "failing"}, {false, false, 200, "ok"},
		} {
			down.Store(test.down)
			mailDown.Store(test.mailDown)
			require.Equal(t, 200, s.get("/live").status)
			a := s.get("/ready")
			require.Equal(t, test.code, a.status)
			require.JSONEq(t, fmt.Sprintf(`{"status":%q}`, test.status), a.body)
			require.Equal(t, "no-store", a.header.Get("Cache-Control"))

			a = s.get("/health")
			require.Equal(t, test.code, a.status)
			require.NotContains(t, a.body, "SECRET")
			var got struct {
				Status string
				Cores  int `json:"reactor_cores"`
				Checks []struct {
					Name, Status string
					Critical     bool
				}
			}
			require.NoError(t, json.Unmarshal([]byte(a.body), &got))
			require.Equal(t, test.status, got.Status)
			require.Positive(t, got.Cores)
			require.Len(t, got.Checks, 3)
			names := map[string]string{}
			for _, c := range got.Checks {
				names[c.Name] = fmt.Sprint(c.Status, c.Critical)
			}
			says := map[bool]string{true: "failing", false: "ok"}
			require.Equal(t, map[string]string{
				"store": says[test.down] + "true", "store second": says[test.down] + "true", "mail": says[test.mailDown] + "false",
			}, names)
		}
		require.Equal(t, 200, s.do("HEAD", "/ready", "").status)
		require.Equal(t, 401, s.do("POST", "/ready", "").status, "no probe: as every path of nobody")
		require.Eventually(t, func() bool { return strings.Contains(s.log.String(), "SECRET host is down") }, 10*time.Second, time.Millisecond,
			"the log is written after those who wait have their answer")
	})
}

// TestHealthPaths: they may be others, nobody's, or the app's own.
func TestHealthPaths(t *testing.T) {
	own := func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Text, error) { return "mine", nil }
	for name, test := range map[string]struct {
		cfg  fasterapi.HealthConfig
		want map[string]int
	}{
		"others": {fasterapi.HealthConfig{Live: "/-/live", Ready: "/-/ready", Path: "/status"}, map[string]int{"/-/live": 200, "/-/ready": 200, "/status": 200, "/live": 404, "/health": 404}},
		"none":   {fasterapi.HealthConfig{Off: true}, map[string]int{"/live": 404, "/ready": 404, "/health": 404}},
	} {
		t.Run(name, func(t *testing.T) {
			app, log := newApp(fasterapi.Config{Cores: 1, Health: test.cfg}, func(*fasterapi.App) {})
			s := newService(t, "http://"+start(t, app), log, false)
			for path, status := range test.want {
				require.Equal(t, status, s.get(path).status, path)
			}
		})
	}
	t.Run("mounted", func(t *testing.T) {
		app, log := newApp(fasterapi.Config{Cores: 1}, func(app *fasterapi.App) {
			app.Mount("/", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(299) }))
		})
		s := newService(t, "http://"+start(t, app), log, false)
		require.Equal(t, 299, s.get("/health").status)
	})
	t.Run("own", func(t *testing.T) {
		app, log := newApp(fasterapi.Config{Cores: 1}, func(app *fasterapi.App) { app.Get("/ready", own) })
		s := newService(t, "http://"+start(t, app), log, false)
		require.Equal(t, "mine", s.get("/ready").body)
		require.JSONEq(t, `{"status":"ok"}`, s.get("/live").body)
	})
}

// TestNotReadyWhileDraining: whoever spreads requests has to take this one off its list.
func TestNotReadyWhileDraining(t *testing.T) {
	release := make(chan struct{})
	app, log := newApp(fasterapi.Config{Cores: 1}, func(app *fasterapi.App) {
		app.Post("/work", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.None, error) {
			return fasterapi.None{}, c.After(func(context.Context) error { <-release; return nil })
		})
	})
	server := httptest.NewServer(app.Handler())
	defer server.Close()
	s := newService(t, server.URL, log, true)
	require.Equal(t, 200, s.get("/ready").status)
	require.Equal(t, 204, s.do("POST", "/work", "").status)
	stopped := make(chan error, 1)
	go func() { stopped <- app.Stop(context.Background()) }()
	for s.get("/ready").status == 200 {
		require.Equal(t, 200, s.get("/live").status)
	}
	a := s.get("/health")
	require.Equal(t, http.StatusServiceUnavailable, a.status)
	require.Contains(t, a.body, `"status":"draining"`)
	require.Equal(t, 200, s.get("/live").status)
	close(release)
	require.NoError(t, <-stopped)
}

func TestHealthMistakes(t *testing.T) {
	app := fasterapi.New(fasterapi.Config{Health: fasterapi.HealthConfig{Live: "live", Ready: "/{x}", Path: "live"}})
	run := func(context.Context) error { return nil }
	_, _, line, _ := runtime.Caller(0)
	app.HealthCheck(health.Check{Name: "a"})
	app.HealthCheck(health.Check{Name: "b", Run: run})
	app.HealthCheck(health.Check{Name: "b", Run: run, Timeout: -1})
	_, err := app.Start()
	for _, want := range []string{
		"Config.Health.Live must start with a slash", "Config.Health.Ready must", "Config.Health.Live, Ready and Path must differ",
		fmt.Sprintf(`health_test.go:%d): the health check "a" needs a function Run`, line+1),
		fmt.Sprintf(`health_test.go:%d): there is a health check named "b" already (`, line+3),
		`the health check "b" must not have a negative Timeout or MaxAge`,
	} {
		require.ErrorContains(t, err, want)
	}
}
