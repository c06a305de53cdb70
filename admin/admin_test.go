package admin_test

import (
	"context"
	"encoding/json/v2"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/admin"
	"github.com/fasterapi/fasterapi/internal/test/logged"
	"github.com/fasterapi/fasterapi/logs"
	"github.com/fasterapi/fasterapi/observe"
	"github.com/fasterapi/fasterapi/reactor"
	"github.com/fasterapi/fasterapi/secret"
)

// service is an app with its second address.
type service struct {
	t         *testing.T
	app, side string // URLs
	log       *logged.Text
	server    *fasterapi.Server
	reactors  *reactor.Group
	release   chan struct{} // lets /hangs end
}

// settings have secrets of every kind that is hidden.
type settings struct {
	URL      string
	Key      secret.String
	Bytes    []byte
	PIN      string `sensitive:"true"`
	Password string `format:"password"`
	Workers  int
	Timeout  time.Duration
	Nested   struct{ Token *secret.String }
	List     []secret.String
}

func newSettings() settings {
	token := secret.Of("hunter2")
	s := settings{
		URL: "postgres://ann:hunter2@db/shop", Key: token, Bytes: []byte("hunter2"), PIN: "hunter2", Password: "hunter2", Workers: 4,
		Timeout: time.Second, List: []secret.String{token},
	}
	s.Nested.Token = &token
	return s
}

type getUser struct {
	ID    int64  `path:"id" minimum:"1"`
	Limit int    `query:"limit" default:"20"`
	Token string `header:"X-Token" default:"hunter2"`
}

// start serves an app with cfg beside it, for which requests of 50 ms are slow.
func start(t *testing.T, cfg admin.Config) *service {
	t.Helper()
	return startSlow(t, cfg, 50*time.Millisecond)
}

func startSlow(t *testing.T, cfg admin.Config, slowAfter time.Duration) *service {
	t.Helper()
	s := &service{t: t, log: &logged.Text{}, release: make(chan struct{})}
	log, err := logs.New(logs.Config{Writer: s.log, Format: logs.JSON, Levels: &logs.Levels{}, Keep: 50})
	require.NoError(t, err)
	app := fasterapi.New(fasterapi.Config{Addr: "127.0.0.1:0", Cores: 2, Title: "Shop", Version: "1.2", Logger: log, Observe: observe.Config{SlowAfter: slowAfter}})
	if cfg.Addr == "" {
		cfg.Addr = "127.0.0.1:0"
	}
	panel := admin.Attach(app, cfg)
	app.Get("/users/{id}", func(*fasterapi.Ctx, getUser) (fasterapi.Text, error) { return "ann", nil }, fasterapi.OnReactor())
	app.Get("/slow", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Text, error) {
		time.Sleep(60 * time.Millisecond)
		return "slow", nil
	})
	app.Get("/steps", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Text, error) {
		for range 20 {
			time.Sleep(10 * time.Millisecond)
		}
		return "slow", nil
	})
	app.Get("/hangs", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Text, error) { <-s.release; return "", nil })
	app.Get("/named/{id}", func(c *fasterapi.Ctx, in struct {
		ID string `path:"id"`
	},
	) (fasterapi.Text, error) {
		c.SetRequestID(in.ID)
		c.Logger().Info("looked for <b>")
		return "", nil
	})
	app.Get("/panic", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Text, error) { panic("oops") })
	s.server, err = app.Start()
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		require.NoError(t, s.server.Shutdown(ctx))
	})
	s.reactors = app.Reactors()
	s.app, s.side = "http://"+s.server.Addr().String(), "http://"+panel.Addr().String()
	return s
}

// do asks and returns the status and the answer; header are names and values.
func (s *service) do(method, url, body string, header ...string) (int, string) {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), method, url, strings.NewReader(body))
	require.NoError(s.t, err)
	for i := 0; i < len(header); i += 2 {
		if header[i] == "Host" {
			request.Host = header[i+1]
		}
		request.Header.Set(header[i], header[i+1])
	}
	response, err := http.DefaultClient.Do(request)
	require.NoError(s.t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	require.NoError(s.t, err)
	return response.StatusCode, string(text)
}

// get is the answer of a page, as JSON.
func (s *service) get(path string, into any) {
	s.t.Helper()
	status, text := s.do("GET", s.side+path, "")
	require.Equal(s.t, 200, status, text)
	require.NoError(s.t, json.Unmarshal([]byte(text), into, json.MatchCaseInsensitiveNames(true)), text)
}

// off is the listener without a flight recorder, of which a process has one.
var off = admin.FlightConfig{Off: true}

func TestPages(t *testing.T) {
	s := start(t, admin.Config{Settings: newSettings(), Flight: off, Pages: map[string]http.Handler{
		"/metrics": http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "up 1") }),
	}})
	status, index := s.do("GET", s.side+"/", "")
	require.Equal(t, 200, status)
	require.Contains(t, index, "Shop 1.2")
	for _, path := range []string{"/routes", "/config", "/reactors", "/requests/slow", "/logs/levels", "/debug/pprof/", "/flight", "/metrics"} {
		require.Contains(t, index, path)
	}
	_, text := s.do("GET", s.side+"/metrics", "")
	require.Equal(t, "up 1", text)

	var routes []struct {
		Route, Handler, Place, Style string
		Middleware                   int
		Inputs                       []string
	}
	s.get("/routes", &routes)
	require.Equal(t, "GET /users/{id}", routes[0].Route)
	require.Equal(t, "coroutine", routes[0].Style)
	require.Zero(t, routes[0].Middleware)
	require.Contains(t, routes[0].Place, "admin_test.go:")
	require.Equal(t, []string{"path.id int64, required", "query.limit int, default 20", "header.X-Token string"}, routes[0].Inputs)
	require.Equal(t, "goroutine", routes[1].Style)

	s.do("GET", s.app+"/users/7", "")
	require.Eventually(t, func() bool { // the counts are copies, a moment old
		var cores []struct {
			Core  int
			Tasks int64 `json:"io_events"`
		}
		s.get("/reactors", &cores)
		return len(cores) == 2 && cores[0].Tasks+cores[1].Tasks > 0
	}, 10*time.Second, 10*time.Millisecond)
}

// TestRequests: what the cores keep of requests is shown, without what is secret.
func TestRequests(t *testing.T) {
	s := start(t, admin.Config{Flight: off})
	for _, path := range []string{"/users/7", "/users/0", "/slow", "/panic", "/none"} {
		s.do("GET", s.app+path, "")
	}
	type record struct {
		Route, Took string
		Status      int
		Detail      *struct{ Path, Stack string }
	}
	var slow, failed, recent []record
	require.Eventually(t, func() bool { // the record is written when the response is sent
		s.get("/requests", &recent)
		return len(recent) == 5
	}, 10*time.Second, 10*time.Millisecond)
	s.get("/requests/slow", &slow)
	s.get("/requests/failed?limit=1", &failed)
	at := slices.IndexFunc(slow, func(r record) bool { return r.Detail.Path == "/slow" }) // beside what a busy machine has made slow
	require.GreaterOrEqual(t, at, 0, slow)
	require.Equal(t, "/slow", slow[at].Route)
	require.Regexp(t, `\dm?s$`, slow[at].Took)
	require.Len(t, failed, 1)
	require.Equal(t, 500, failed[0].Status)
	require.Contains(t, failed[0].Detail.Stack, "admin_test.go")
	var counts []struct {
		Route, Method, P99 string
		Status             int
		Count              int64
	}
	s.get("/requests/counts", &counts)
	require.Len(t, counts, 5)
	s.do("GET", s.app+"/named/one-of-them", "")
	s.do("GET", s.app+"/named/another", "")
	var logged struct {
		Kept  bool
		Lines []string
	}
	s.get("/requests/id/one-of-them/logs", &logged)
	require.True(t, logged.Kept)
	require.Len(t, logged.Lines, 1)
	require.Contains(t, logged.Lines[0], `"request":"one-of-them"`)
	s.get("/requests/id/none/logs", &logged)
	require.Empty(t, logged.Lines)
	status, _ := s.do("GET", s.side+"/requests?limit=0", "")
	require.Equal(t, 422, status)
	status, _ = s.do("GET", s.side+"/requests/id/none", "")
	require.Equal(t, 404, status)
}

// TestNothingOnTheAppsPort: no page of the listener is reached there, nor one of net/http/pprof.
func TestNothingOnTheAppsPort(t *testing.T) {
	s := start(t, admin.Config{Flight: off})
	for _, path := range []string{"/routes", "/config", "/reactors", "/requests", "/requests/counts", "/logs/levels", "/debug/pprof/", "/debug/pprof/heap", "/flight", "/flight/dumps", "/dashboard/", "/dashboard/app.js", "/explain", "/stalls", "/snapshot", "/parts", "/checklist", "/requests/live", "/overload", "/"} {
		status, _ := s.do("GET", s.app+path, "")
		require.Equal(t, 404, status, path)
		status, _ = s.do("GET", s.side+path, "")
		require.NotEqual(t, 405, status, path)
	}
	_, pattern := http.DefaultServeMux.Handler(&http.Request{Method: "GET", Host: "localhost", URL: must(http.NewRequest("GET", "http://localhost/debug/pprof/", nil)).URL})
	require.Empty(t, pattern, "an app may mount http.DefaultServeMux")
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// TestConfigHidesSecrets: by type, by tag, and in URLs of any field.
func TestConfigHidesSecrets(t *testing.T) {
	s := start(t, admin.Config{Settings: newSettings(), Token: secret.Of("a token of 16 bytes or more"), Flight: off})
	status, text := s.do("GET", s.side+"/config", "", "Authorization", "Bearer a token of 16 bytes or more")
	require.Equal(t, 200, status, text)
	require.NotContains(t, text, "hunter2")
	require.NotContains(t, text, "a token of")
	var config struct {
		Settings map[string]any
		App      map[string]any
	}
	require.NoError(t, json.Unmarshal([]byte(text), &config, json.MatchCaseInsensitiveNames(true)))
	require.Equal(t, map[string]any{
		"URL": "postgres://ann:***@db/shop", "Key": "***", "Bytes": "(set)", "PIN": "***", "Password": "***", "Workers": 4.0, "Timeout": "1s",
		"Nested": map[string]any{"Token": "***"}, "List": []any{"***"},
	}, config.Settings)
	require.Equal(t, "Shop", config.App["Title"])
	require.Equal(t, "20s", config.App["DrainTimeout"])
	require.Equal(t, "(set)", config.App["Logger"])
}

func TestLevels(t *testing.T) {
	s := start(t, admin.Config{Flight: off})
	status, text := s.do("PUT", s.side+"/logs/levels", `{"name":"db/pg","level":"debug"}`)
	require.Equal(t, 200, status, text)
	var list struct {
		Levels []struct {
			Name, Level string
			Own         bool
		}
	}
	s.get("/logs/levels", &list)
	require.Equal(t, "db/pg", list.Levels[1].Name)
	require.Equal(t, "DEBUG", list.Levels[1].Level)
	require.True(t, list.Levels[1].Own)
	require.Contains(t, s.log.String(), "the level of a logger was changed")

	status, _ = s.do("PUT", s.side+"/logs/levels", `{"name":"","level":"ERROR"}`)
	require.Equal(t, 200, status)
	s.get("/logs/levels", &list)
	require.Equal(t, "ERROR", list.Levels[0].Level)
	status, text = s.do("PUT", s.side+"/logs/levels", `{"name":"db/pg","level":null}`)
	require.Equal(t, 200, status)
	require.NotContains(t, text, "DEBUG")
	for _, body := range []string{"", "{", `{"name":"a","level":"loud"}`, `{"nam":"a"}`, `{"name":"` + strings.Repeat("a", 5000) + `","level":"INFO"}`} {
		status, _ = s.do("PUT", s.side+"/logs/levels", body)
		require.Equal(t, 422, status, body)
	}
}

// TestWho: another machine needs a token, and a page in a browser gets nothing changed.
func TestWho(t *testing.T) {
	open := start(t, admin.Config{Flight: off})
	status, _ := open.do("GET", open.side+"/routes", "", "Host", "rebound.example")
	require.Equal(t, 421, status)
	status, _ = open.do("PUT", open.side+"/logs/levels", `{"name":"","level":"debug"}`, "Sec-Fetch-Site", "cross-site")
	require.Equal(t, 403, status)
	status, _ = open.do("POST", open.side+"/routes", "")
	require.Equal(t, 405, status)
	for _, one := range []struct {
		site, mode, dest string
		want             int
	}{
		{"", "", "", 200},
		{"none", "navigate", "document", 200},
		{"same-origin", "cors", "empty", 200},
		{"cross-site", "navigate", "document", 200},
		{"cross-site", "no-cors", "image", 403},
		{"cross-site", "navigate", "iframe", 403},
		{"same-site", "no-cors", "script", 403},
		{"cross-site", "cors", "empty", 403},
	} {
		for _, path := range []string{"/debug/pprof/", "/dashboard/"} {
			status, _ = open.do("GET", open.side+path, "", "Sec-Fetch-Site", one.site, "Sec-Fetch-Mode", one.mode, "Sec-Fetch-Dest", one.dest)
			require.Equal(t, one.want, status, "%s %v", path, one)
		}
	}

	closed := start(t, admin.Config{Token: secret.Of("a token of 16 bytes or more"), Flight: off})
	for _, field := range []string{"", "Bearer", "Bearer wrong", "Basic a token of 16 bytes or more", "Bearer a token of 16 bytes or more."} {
		status, _ = closed.do("GET", closed.side+"/routes", "", "Authorization", field)
		require.Equal(t, 401, status, field)
	}
	status, _ = closed.do("GET", closed.side+"/routes", "", "Authorization", "bearer a token of 16 bytes or more", "Host", "ops.example")
	require.Equal(t, 200, status)

	guarded := start(t, admin.Config{Flight: off, Guard: func(http.Handler) http.Handler { return http.NotFoundHandler() }})
	status, _ = guarded.do("GET", guarded.side+"/routes", "")
	require.Equal(t, 404, status)
}

// TestMistakes: what cannot be right keeps the app from starting, all of it at once.
func TestMistakes(t *testing.T) {
	for _, c := range []struct {
		cfg  admin.Config
		want []string
	}{
		{admin.Config{Addr: ":9090"}, []string{"can be reached from other machines"}},
		{admin.Config{Addr: "0.0.0.0:9090"}, []string{"can be reached from other machines"}},
		{admin.Config{Addr: "[::]:9090"}, []string{"can be reached from other machines"}},
		{admin.Config{Addr: "nowhere"}, []string{"must be host:port"}},
		{admin.Config{Token: secret.Of("short")}, []string{"at least 16 characters"}},
		{
			admin.Config{Addr: "192.0.2.1:1", Pages: map[string]http.Handler{"/config": http.NotFoundHandler(), "x": nil}, Flight: admin.FlightConfig{MaxBytes: 1 << 40}},
			[]string{"other machines", "Pages: /config", "Pages: x", "256 MiB"},
		},
	} {
		app := fasterapi.New(fasterapi.Config{Addr: "127.0.0.1:0", Cores: 1, Logger: slog.New(slog.DiscardHandler)})
		admin.Attach(app, c.cfg)
		_, err := app.Start()
		require.Error(t, err)
		for _, want := range c.want {
			require.ErrorContains(t, err, want)
		}
		require.ErrorContains(t, err, "admin_test.go:")
	}
}

// TestAddressInUse: an app without its second address does not start.
func TestAddressInUse(t *testing.T) {
	first := start(t, admin.Config{Flight: off})
	app := fasterapi.New(fasterapi.Config{Addr: "127.0.0.1:0", Cores: 1, Logger: slog.New(slog.DiscardHandler)})
	admin.Attach(app, admin.Config{Addr: strings.TrimPrefix(first.side, "http://"), Flight: off})
	_, err := app.Start()
	require.ErrorContains(t, err, "address already in use")
}

// TestOff: there is no second address, and the app serves.
func TestOff(t *testing.T) {
	t.Setenv("ADMIN_ADDR", "off")
	app := fasterapi.New(fasterapi.Config{Addr: "127.0.0.1:0", Cores: 1, Logger: slog.New(slog.DiscardHandler)})
	panel := admin.Attach(app, admin.Config{})
	app.Get("/", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Text, error) { return "here", nil })
	server, err := app.Start()
	require.NoError(t, err)
	require.False(t, panel.Addr().IsValid())
	response, err := http.Get("http://" + server.Addr().String())
	require.NoError(t, err)
	response.Body.Close()
	require.Equal(t, 200, response.StatusCode)
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	require.NoError(t, server.Shutdown(ctx))
}

// TestStops: the address is given back when the app stops.
func TestStops(t *testing.T) {
	s := start(t, admin.Config{Flight: off})
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	require.NoError(t, s.server.Shutdown(ctx))
	_, err := http.Get(s.side + "/")
	require.Error(t, err)
}

func TestProfiles(t *testing.T) {
	s := start(t, admin.Config{Flight: off})
	for path, want := range map[string]string{
		"/debug/pprof/":                        "goroutine",
		"/debug/pprof/goroutine?debug=2":       "goroutine ",
		"/debug/pprof/heap":                    "\x1f\x8b", // gzip
		"/debug/pprof/profile?seconds=0.05":    "\x1f\x8b",
		"/debug/pprof/trace?seconds=0.05":      "go 1.",
		"/debug/pprof/goroutine?debug=1&gc=no": "goroutine profile",
	} {
		status, text := s.do("GET", s.side+path, "")
		require.Equal(t, 200, status, path)
		require.Contains(t, text, want, path)
	}
	for path, want := range map[string]int{
		"/debug/pprof/none": 404, "/debug/pprof/heap?debug=9": 422, "/debug/pprof/profile?seconds=0": 422, "/debug/pprof/trace?seconds=NaN": 422,
		"/debug/pprof/profile?seconds=1e9": 422, "/flight": 404,
	} {
		status, _ := s.do("GET", s.side+path, "")
		require.Equal(t, want, status, path)
	}
}

func TestMain(m *testing.M) {
	os.Unsetenv("ADMIN_ADDR")
	os.Exit(m.Run())
}
