package secrets

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json/v2"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/admin"
	"github.com/fasterapi/fasterapi/client"
	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/sqlite"
	"github.com/fasterapi/fasterapi/health"
	"github.com/fasterapi/fasterapi/logs"
	"github.com/fasterapi/fasterapi/middleware"
	"github.com/fasterapi/fasterapi/observe"
	"github.com/fasterapi/fasterapi/observe/metrics"
	"github.com/fasterapi/fasterapi/secret"
)

// core is in every secret here, with other characters around it; nothing else has it.
const core = "qzxvqzxvqz"

// address is the password of addresses in errors, which the pages of the second address leave out, and whoever logs such an error does not.
const address = "wkjxwkjxwk"

// spellings are core as it would be found in what comes out.
var spellings = func() (list []string) {
	list = append(list, core, strings.ToUpper(core), hex.EncodeToString([]byte(core)))
	for shift := range 3 { // of base64, without the ends, which depend on what is beside it
		text := base64.RawStdEncoding.EncodeToString([]byte(strings.Repeat("x", shift) + core))
		list = append(list, text[2:len(text)-2])
	}
	return list
}()

// watched is an app that observes everything it can, and all that comes out of it.
type watched struct {
	t         testing.TB
	app, side string // URLs
	log       logBuffer
	traced    traces
	held, end chan struct{}
	answers   []string
}

// traces has the records of traced requests, as an exporter gets them.
//
// Owner: mu.
type traces struct {
	mu   sync.Mutex
	text strings.Builder
}

func (*traces) Sample(observe.Parent) bool            { return true }
func (*traces) Value(*observe.Trace, any) (value any) { return nil }

func (tr *traces) End(r *observe.Record) {
	text, err := json.Marshal(r, json.WithMarshalers(json.MarshalFunc(func(d time.Duration) ([]byte, error) { return json.Marshal(d.String()) })))
	tr.mu.Lock()
	defer tr.mu.Unlock()
	fmt.Fprintf(&tr.text, "%s %v\n", text, err)
}

func (tr *traces) String() string {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	return tr.text.String()
}

// watchedSettings hold a secret in every way that is hidden.
func watchedSettings(text string) any {
	return struct {
		Type        secret.String
		Bytes       []byte
		Tagged      string `sensitive:"true"`
		Password    string `format:"password"`
		Pool, DSN   string
		Bare, Nodes string
	}{
		secret.Of(text), []byte(text), text, text,
		"postgres://ann:" + url.QueryEscape(text) + "@db/shop", "host=db user=ann password='" + text + "'", "ann:" + core + "@tcp(db)/shop", "nats://a@one,nats://b:" + core + "@two",
	}
}

func watch(t testing.TB, text string) *watched {
	w := &watched{t: t, held: make(chan struct{}), end: make(chan struct{})}
	log, err := logs.New(logs.Config{Writer: &w.log, Format: logs.JSON, Levels: &logs.Levels{}, Keep: 5000})
	require.NoError(t, err)
	levels := logs.LevelsOf(log)
	levels.Set("", -8)
	app := fasterapi.New(fasterapi.Config{
		Addr: "127.0.0.1:0", Cores: 2, Title: "Shop", Logger: log, DrainDelay: -1,
		Observe: observe.Config{SlowAfter: 1, Slow: 2000, Failed: 2000, Recent: 5000, Tracer: &w.traced},
	})
	m := metrics.New(app)
	panel := admin.Attach(app, admin.Config{
		Addr: "127.0.0.1:0", Settings: watchedSettings(text), Pages: map[string]http.Handler{"/metrics": m.Handler()},
		Roles: []observe.RoleReporter{watchedRole{}},
	})
	app.HealthCheck(health.Check{Name: "supplier", Run: func(context.Context) error {
		return errors.New("dial postgres://ann:" + address + "@db/shop: connection refused")
	}})
	app.Use(middleware.RequestID(middleware.RequestIDConfig{}), middleware.AccessLog(middleware.AccessLogConfig{}))
	pool, err := sqlite.Open(sqlite.Memory, sqlite.Config{})
	require.NoError(t, err)
	app.Provide(pool)
	w.routes(app)
	server, err := app.Start()
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		require.NoError(t, server.Shutdown(ctx))
		require.NoError(t, pool.Close(ctx))
	})
	w.app, w.side = "http://"+server.Addr().String(), "http://"+panel.Addr().String()
	return w
}

// watchedRole fails with an address in its error.
type watchedRole struct{}

func (watchedRole) Stats() observe.RoleStats {
	return observe.RoleStats{Role: "billing", Failures: 1, Error: "dial postgres://ann:" + address + "@db: refused"}
}

// everywhere takes a secret in each place of a request.
type everywhere struct {
	Path   secret.String `path:"token"`
	Query  secret.String `query:"key"`
	Header secret.String `header:"X-Key"`
	Cookie secret.String `cookie:"sid"`
	Body   struct {
		Password secret.String   `json:"password"`
		List     []secret.String `json:"list"`
	} `body:""`
	DB *db.Pool `inject:""`
}

func (w *watched) routes(app *fasterapi.App) {
	supplier := httptest.NewServer(http.NotFoundHandler())
	w.t.Cleanup(supplier.Close)
	upstream := client.New("supplier", client.Config{BaseURL: supplier.URL})
	app.OnStop(func(context.Context) error { return upstream.Close() })
	app.Post("/whole/{token}", func(c *fasterapi.Ctx, in everywhere) (fasterapi.Text, error) {
		c.Logger().Info("came", "in", in, "all", []any{in.Body, &in.Header})
		return "", nil
	})
	app.Post("/fails/{token}", func(_ *fasterapi.Ctx, in everywhere) (fasterapi.Text, error) {
		return "", fmt.Errorf("%v %+v %#v is in the way of postgres://ann:%s@db", in.Query, in.Body, in.Body, address)
	})
	app.Post("/panics/{token}", func(_ *fasterapi.Ctx, in everywhere) (fasterapi.Text, error) { panic(&in) }, fasterapi.OnReactor())
	app.Post("/asks/{token}", func(c *fasterapi.Ctx, in everywhere) (fasterapi.Text, error) {
		for range 12 {
			if _, err := in.DB.One[string](c, "SELECT $1", in.Query).Await(c); err != nil {
				return "", err
			}
		}
		_, err := in.DB.One[int](c, "SELECT $1 FROM none", in.Query).Await(c)
		_, called := upstream.Get[string](c, "/things/{key}", client.Path("key", in.Query.Reveal()), client.Query("q", in.Query.Reveal()), client.Header("X-Key", in.Header.Reveal())).Await(c)
		return "", errors.Join(err, called)
	})
	app.Post("/later/{token}", func(c *fasterapi.Ctx, in everywhere) (fasterapi.Text, error) {
		return "", errors.Join(
			c.After(func(context.Context) error { return fmt.Errorf("cannot tell %v", in.Body) }),
			c.After(func(context.Context) error { panic(in) }),
		)
	})
	app.Get("/held/{token}", func(c *fasterapi.Ctx, in struct {
		Token secret.String `path:"token"`
	},
	) (fasterapi.Text, error) {
		w.held <- struct{}{}
		<-w.end
		return "", nil
	})
	app.Get("/stalls/{token}", func(_ *fasterapi.Ctx, in struct {
		Token secret.String `path:"token"`
	},
	) (fasterapi.Text, error) {
		stall(in.Token.Reveal())
		return "", nil
	}, fasterapi.OnReactor())
	app.Get("/tagged/{token...}", func(*fasterapi.Ctx, struct {
		Token string `path:"token" sensitive:"true"`
	},
	) (fasterapi.Text, error) {
		return "", nil
	})
}

// stall has a secret among its arguments while it holds its core.
//
//go:noinline
func stall(text string) {
	time.Sleep(60 * time.Millisecond)
	_ = text
}

// send sends a secret in every place of a request.
func (w *watched) send(method, path, text string) {
	escaped := url.PathEscape(text)
	body, err := json.Marshal(map[string]any{"password": text, "list": []string{text}})
	require.NoError(w.t, err)
	request, err := http.NewRequestWithContext(w.t.Context(), method, w.app+path+escaped+"?key="+url.QueryEscape(text), bytes.NewReader(body))
	require.NoError(w.t, err)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("X-Key", url.QueryEscape(text))
	request.Header.Set("Cookie", "sid="+url.QueryEscape(text))
	request.Header.Set("Authorization", "Bearer "+url.QueryEscape(text))
	response, err := http.DefaultClient.Do(request)
	require.NoError(w.t, err)
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	require.NoError(w.t, err)
	w.answers = append(w.answers, fmt.Sprintf("%s %s: %d %v\n%s", method, path, response.StatusCode, response.Header, answer))
}

// page is one of the second address.
func (w *watched) page(path string, header ...string) string {
	request, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, w.side+path, http.NoBody)
	require.NoError(w.t, err)
	for i := 0; i < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	response, err := http.DefaultClient.Do(request)
	require.NoError(w.t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	require.NoError(w.t, err)
	require.Equal(w.t, http.StatusOK, response.StatusCode, "%s: %.500s", path, text)
	if unzipped, err := gzip.NewReader(bytes.NewReader(text)); err == nil {
		if inner, err := io.ReadAll(unzipped); err == nil {
			text = append(text, inner...)
		}
	}
	return string(text)
}

// event is the first one of the dashboard that has health checks in it.
func (w *watched) event() string {
	response, err := http.Get(w.side + "/dashboard/events")
	require.NoError(w.t, err)
	defer response.Body.Close()
	for lines := bufio.NewReader(response.Body); ; {
		line, err := lines.ReadString('\n')
		require.NoError(w.t, err)
		if strings.Contains(line, `"supplier"`) && strings.Contains(line, `"error"`) {
			return line
		}
	}
}

// outputs are all that come out, by where from.
func (w *watched) outputs() map[string]string {
	out := map[string]string{"log": w.log.String(), "traces": w.traced.String(), "answers": strings.Join(w.answers, "\n"), "/dashboard/events": w.event()}
	for _, path := range []string{
		"/", "/routes", "/explain", "/explain?format=text", "/config", "/reactors", "/stalls", "/overload", "/health", "/parts", "/checklist", "/snapshot",
		"/requests?limit=10000", "/requests/live", "/requests/slow?limit=10000", "/requests/failed?limit=10000", "/requests/counts", "/logs/levels",
		"/debug/pprof/", "/debug/pprof/goroutine?debug=1", "/debug/pprof/goroutine?debug=2", "/debug/pprof/heap", "/debug/pprof/heap?debug=1", "/debug/pprof/profile?seconds=0.1",
		"/debug/pprof/trace?seconds=0.1", "/flight", "/flight/dumps", "/flight/dumps/1", "/metrics",
	} {
		out[path] = w.page(path)
	}
	out["/metrics in OpenMetrics"] = w.page("/metrics", "Accept", "application/openmetrics-text")
	out["/metrics in protobuf"] = w.page("/metrics", "Accept", "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited")
	var records []struct{ RequestID string }
	require.NoError(w.t, json.Unmarshal([]byte(out["/requests?limit=10000"]), &records))
	for _, r := range records[:min(20, len(records))] {
		out["one request"] += w.page("/requests/id/" + url.PathEscape(r.RequestID))
		out["logs of one request"] += w.page("/requests/id/" + url.PathEscape(r.RequestID) + "/logs")
	}
	return out
}

// TestNoOutputHasASecret: whatever a secret is made of and wherever it comes in, it is in nothing that comes out: answers, log, traces,
// metrics, every page of the second address, profiles and the dump of the flight recorder.
func TestNoOutputHasASecret(t *testing.T) {
	w := watch(t, core)
	rapid.Check(t, func(rt *rapid.T) {
		text := rapid.StringMatching(`["'\\<&é ;%/=@:?#]{0,4}`).Draw(rt, "before") + core + rapid.StringMatching(`["'\\<&é ;%/=@:?#]{0,4}`).Draw(rt, "behind")
		path := rapid.SampledFrom([]string{"/whole/", "/fails/", "/panics/", "/asks/", "/later/", "/tagged/", "/tagged/a/"}).Draw(rt, "path")
		w.send(rapid.SampledFrom([]string{"POST", "POST", "POST", "GET", "PUT", "BREW"}).Draw(rt, "method"), path, text)
	})
	w.send("GET", "/stalls/", core)
	held := make(chan struct{})
	go func() {
		defer close(held)
		if response, err := http.Get(w.app + "/held/" + core); err == nil {
			_ = response.Body.Close()
		}
	}()
	<-w.held
	require.Eventually(t, func() bool { return w.page("/flight/dumps") != "[]\n" }, 20*time.Second, 50*time.Millisecond)
	all := w.outputs()
	close(w.end)
	<-held
	require.Contains(t, all["/requests/live"], "/held/***")
	require.Contains(t, all["/requests/failed?limit=10000"], "/panics/***")
	require.Contains(t, all["log"], "***")
	require.Contains(t, all["traces"], "SELECT $1", "statements are there, without their values")
	for _, from := range slices.Sorted(maps.Keys(all)) {
		require.NotEmpty(t, all[from], from)
		for _, spelled := range spellings {
			if at := strings.Index(all[from], spelled); at >= 0 {
				t.Errorf("%s has %q: %q", from, spelled, all[from][max(0, at-300):min(len(all[from]), at+100)])
			}
		}
		if from != "log" && from != "logs of one request" && from != "traces" && strings.Contains(all[from], address) {
			t.Errorf("%s has the password of an address", from)
		}
	}
}
