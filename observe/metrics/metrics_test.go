package metrics

import (
	"bytes"
	"context"
	"encoding/json/v2"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
	"pgregory.net/rapid"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/broadcast"
	"github.com/fasterapi/fasterapi/cache"
	"github.com/fasterapi/fasterapi/client"
	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/idempotency"
	"github.com/fasterapi/fasterapi/internal/test/needs"
	"github.com/fasterapi/fasterapi/observe"
	"github.com/fasterapi/fasterapi/resilience"
)

// service is an app with metrics, as an http.Handler.
func service(t testing.TB, more func(*fasterapi.App, *Metrics)) (http.Handler, *Metrics) {
	t.Helper()
	app := fasterapi.New(fasterapi.Config{Cores: 2})
	m := New(app)
	app.Get("/users/{id}", func(_ *fasterapi.Ctx, in struct {
		ID int `path:"id"`
	},
	) (fasterapi.Text, error) {
		return fasterapi.Text(strconv.Itoa(in.ID)), nil
	})
	app.Get("/fails", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Text, error) { return "", io.ErrUnexpectedEOF })
	app.Mount("/metrics", m.Handler())
	if more != nil {
		more(app, m)
	}
	h := app.Handler()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		require.NoError(t, app.Stop(ctx))
	})
	return h, m
}

func get(h http.Handler, method, path string) (status int, body string) {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(method, path, nil))
	return w.Code, w.Body.String()
}

// TestScrape: what was done is shown, and Prometheus's own tool finds nothing wrong with it.
func TestScrape(t *testing.T) {
	policies := &resilience.Registry{}
	h, _ := service(t, func(_ *fasterapi.App, m *Metrics) {
		m.Policies(policies)
		m.Counter("shop_orders_total", "Orders placed.", Values("channel", "web", "app")).Add(3, "web")
		m.Gauge("shop_carts", "Open carts.").Set(2.5)
		m.Histogram("shop_checkout_seconds", "Time of a checkout.", []float64{0.1, 1}, Values("kind", "gift")).Observe(0.5, "gift")
	})
	for path, status := range map[string]int{"/users/7": 200, "/users/8": 200, "/users/x": 422, "/fails": 500, "/a": 404, "/b": 404} {
		got, _ := get(h, "GET", path)
		require.Equal(t, status, got, path)
	}
	status, text := get(h, "GET", "/metrics")
	require.Equal(t, 200, status)
	for _, line := range []string{
		`http_server_request_duration_seconds_count{http_request_method="GET",http_response_status_code="200",http_route="/users/{id}"} 2`,
		`http_server_request_duration_seconds_count{http_request_method="GET",http_response_status_code="422",http_route="/users/{id}"} 1`,
		`http_server_request_duration_seconds_count{http_request_method="GET",http_response_status_code="500",http_route="/fails"} 1`,
		`http_server_request_duration_seconds_count{http_request_method="GET",http_response_status_code="404",http_route="unmatched"} 2`,
		`http_server_request_duration_seconds_bucket{http_request_method="GET",http_response_status_code="200",http_route="/users/{id}",le="+Inf"} 2`,
		`fasterapi_response_body_bytes_total{http_request_method="GET",http_response_status_code="200",http_route="/users/{id}"} 2`,
		`fasterapi_reactor_connections{core="1"}`,
		`fasterapi_reactor_stall_seconds_count{core="0"}`,
		`shop_orders_total{channel="web"} 3`,
		`shop_carts 2.5`,
		`shop_checkout_seconds_bucket{kind="gift",le="1"} 1`,
		`go_goroutines `, `process_open_fds `, `go_build_info{`,
	} {
		require.Contains(t, text, line)
	}
	require.NotContains(t, text, `http_route="/a"`)

	lint(t, text)
}

// every traces all requests.
//
// Owner: any (immutable after New).
type every struct{}

func (every) Sample(observe.Parent) bool            { return true }
func (every) Value(*observe.Trace, any) (value any) { return nil }
func (every) End(*observe.Record)                   {}

// TestExemplars: the histogram names the trace of the latest request that was traced.
func TestExemplars(t *testing.T) {
	app := fasterapi.New(fasterapi.Config{Cores: 1, Observe: observe.Config{Tracer: every{}}})
	m := New(app)
	app.Get("/tea", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.Text, error) {
		return fasterapi.Text(c.TraceID()), nil
	})
	h := app.Handler()
	t.Cleanup(func() { require.NoError(t, app.Stop(context.Background())) })
	_, trace := get(h, "GET", "/tea")
	require.Len(t, trace, 32)
	w := httptest.NewRecorder()
	request := httptest.NewRequest("GET", "/metrics", nil)
	request.Header.Set("Accept", "application/openmetrics-text")
	m.Handler().ServeHTTP(w, request)
	require.Regexp(t, `http_server_request_duration_seconds_bucket\{[^}]*http_route="/tea"[^}]*\} 1 # \{trace_id="`+trace+`"\}`, w.Body.String())
}

// TestNativeHistogram: a scraper that asks for protobuf gets native buckets beside the
// classic ones, which say the same, and the trace.
func TestNativeHistogram(t *testing.T) {
	app := fasterapi.New(fasterapi.Config{Cores: 2, Observe: observe.Config{Tracer: every{}}})
	m := New(app)
	app.Get("/tea", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Text, error) { return "", nil })
	h := app.Handler()
	t.Cleanup(func() { require.NoError(t, app.Stop(context.Background())) })
	const requests = 50
	for range requests {
		get(h, "GET", "/tea")
	}
	families := scrapeProtobuf(t, m.Handler())
	all := families["http_server_request_duration_seconds"].GetMetric()
	require.Len(t, all, 1)
	histogram := all[0].GetHistogram()
	require.EqualValues(t, requests, histogram.GetSampleCount())
	require.Len(t, histogram.GetBucket(), len(observe.Bounds()))
	require.EqualValues(t, observe.NativeSchema, histogram.GetSchema())
	require.Equal(t, observe.NativeZero.Seconds(), histogram.GetZeroThreshold())
	require.Nil(t, histogram.GetCreatedTimestamp())
	require.Len(t, histogram.GetExemplars(), 1)

	// What the classic buckets count up to 1 s, a bound of both, is in native buckets up to index 0.
	upTo1s := int64(histogram.GetZeroCount())
	index, count, delta := int32(0), int64(0), histogram.GetPositiveDelta()
	for _, span := range histogram.GetPositiveSpan() {
		index += span.GetOffset()
		for range span.GetLength() {
			count, delta = count+delta[0], delta[1:]
			if index <= 0 {
				upTo1s += count
			}
			index++
		}
	}
	require.Empty(t, delta)
	for _, b := range histogram.GetBucket() {
		if b.GetUpperBound() == 1 {
			require.EqualValues(t, b.GetCumulativeCount(), upTo1s)
		}
	}
}

// scrapeProtobuf asks as Prometheus does when native histograms are switched on.
func scrapeProtobuf(t *testing.T, h http.Handler) map[string]*dto.MetricFamily {
	t.Helper()
	w := httptest.NewRecorder()
	request := httptest.NewRequest("GET", "/metrics", nil)
	request.Header.Set("Accept", "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited")
	h.ServeHTTP(w, request)
	out := map[string]*dto.MetricFamily{}
	decoder := expfmt.NewDecoder(w.Body, expfmt.ResponseFormat(w.Header()))
	for {
		var family dto.MetricFamily
		err := decoder.Decode(&family)
		if err == io.EOF {
			return out
		}
		require.NoError(t, err)
		out[family.GetName()] = &family
	}
}

// TestOverload: what the protection from overload has let start is counted.
func TestOverload(t *testing.T) {
	t.Setenv("OVERLOAD_PROTECTION", "on")
	h, _ := service(t, nil)
	get(h, "GET", "/users/7")
	_, text := get(h, "GET", "/metrics")
	require.Regexp(t, `fasterapi_overload_started_total\{core="[01]"\} [1-9]`, text)
	for _, line := range []string{`fasterapi_overload_active{core="1"} 0`, `fasterapi_overload_delay_seconds{core="0"} 0`, `fasterapi_overload_refused_total{class="batch",core="0"} 0`} {
		require.Contains(t, text, line)
	}
}

// TestParts: what policies, bulkheads, budgets and an upstream count is shown by their names.
func TestParts(t *testing.T) {
	down := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/down" {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, "3")
	}))
	defer down.Close()
	spare := resilience.NewBudget("spare", resilience.BudgetConfig{Share: -1, PerSecond: -1})
	policy := resilience.New("supplier", resilience.Config{
		Timeout: 20 * time.Second, Retry: resilience.Retry{Attempts: 2, Budget: spare},
		Bulkhead: resilience.NewBulkhead("supplier", resilience.BulkheadConfig{Concurrent: 7}),
	})
	supplier := client.New("supplier", client.Config{BaseURL: down.URL, Policy: policy})
	defer func() { require.NoError(t, supplier.Close()) }()
	h, _ := service(t, func(_ *fasterapi.App, m *Metrics) {
		m.Policies(resilience.NewRegistry(supplier.Policy()))
		m.Upstream(supplier)
	})
	price, err := supplier.Get[int](t.Context(), "/").Await(t.Context())
	require.NoError(t, err)
	require.Equal(t, 3, price)
	_, err = supplier.Get[int](t.Context(), "/down").Await(t.Context())
	require.Error(t, err)

	_, text := get(h, "GET", "/metrics")
	for _, line := range []string{
		`fasterapi_policy_calls_total{policy="supplier"} 2`,
		`fasterapi_policy_unpaid_total{policy="supplier"} 1`,
		`fasterapi_policy_late_total{policy="supplier"} 0`,
		`fasterapi_policy_hedges_won_total{policy="supplier"} 0`,
		`fasterapi_budget_paid_total{budget="spare"} 0`,
		`fasterapi_budget_unpaid_total{budget="spare"} 1`,
		`fasterapi_bulkhead_places{bulkhead="supplier"} 7`,
		`fasterapi_bulkhead_places_free{bulkhead="supplier"} 7`,
		`fasterapi_bulkhead_entered_total{bulkhead="supplier"} 2`,
		`fasterapi_bulkhead_full_total{bulkhead="supplier"} 0`,
		`fasterapi_upstream_attempts_total{upstream="supplier"} 2`,
		`fasterapi_upstream_answers_total{upstream="supplier"} 2`,
		`fasterapi_upstream_failures_total{upstream="supplier"} 1`,
		`fasterapi_upstream_attempts_in_flight{upstream="supplier"} 0`,
		`fasterapi_upstream_dialled_total{upstream="supplier"}`,
		`fasterapi_upstream_connections{upstream="supplier"}`,
	} {
		require.Contains(t, text, line)
	}
}

// TestLabelsAreBounded: whatever paths, methods and hosts come, the labels are patterns,
// methods of a list and statuses.
func TestLabelsAreBounded(t *testing.T) {
	h, m := service(t, nil)
	routes := []string{unmatched, "/users/{id}", "/fails", "/metrics", "/metrics/{path...}", "/docs", "/openapi.json", "/health", "/live", "/ready"}
	rapid.Check(t, func(rt *rapid.T) {
		r := httptest.NewRequest("GET", "/", nil)
		r.Method = rapid.OneOf(rapid.SampledFrom(observe.Methods()), rapid.StringMatching(`[A-Z]{1,12}`)).Draw(rt, "method")
		r.URL.Path = "/" + rapid.OneOf(rapid.StringMatching(`(users/)?[a-z0-9%]{0,9}`), rapid.String()).Draw(rt, "path")
		r.Host = rapid.StringMatching(`[a-z.]{1,20}`).Draw(rt, "host")
		if r.Method == http.MethodConnect || strings.HasPrefix(r.URL.Path, "/metrics") {
			return
		}
		h.ServeHTTP(httptest.NewRecorder(), r)
	})
	families, err := m.Gatherer().Gather()
	require.NoError(t, err)
	for _, f := range families {
		for _, one := range f.GetMetric() {
			for _, l := range one.GetLabel() {
				switch l.GetName() {
				case "http_route":
					if !strings.HasPrefix(l.GetValue(), "/openapi") && !strings.HasPrefix(l.GetValue(), "/docs") {
						require.Contains(t, routes, l.GetValue())
					}
				case "http_request_method":
					require.Contains(t, observe.Methods(), l.GetValue())
				case "http_response_status_code":
					require.Regexp(t, `^[1-5]\d\d$`, l.GetValue())
				}
			}
		}
	}
}

func TestOwnMetrics(t *testing.T) {
	var orders *Counter
	var depth *Gauge
	var took *Histogram
	_, m := service(t, func(_ *fasterapi.App, m *Metrics) {
		orders = m.Counter("shop_orders_total", "Orders.", Values("channel", "web", "app"), Values("paid", "yes", "no"))
		depth = m.Gauge("shop_depth", "Depth.", Values("queue", "mail"))
		took = m.Histogram("shop_seconds", "Time.", nil)
	})
	orders.Add(2, "web", "yes")
	orders.Add(-5, "web", "yes")
	orders.Add(1, "fax", "no", "what is too much")
	orders.Add(1)
	depth.Add(3, "mail")
	depth.Add(-1, "mail")
	took.Observe(0.004)
	took.Observe(0.005)
	took.Observe(100)
	families, err := m.Gatherer().Gather()
	require.NoError(t, err)
	got := map[string]float64{}
	for _, f := range families {
		if !strings.HasPrefix(f.GetName(), "shop_") {
			continue
		}
		for _, one := range f.GetMetric() {
			key := f.GetName()
			for _, l := range one.GetLabel() {
				key += " " + l.GetName() + "=" + l.GetValue()
			}
			switch {
			case one.Counter != nil:
				got[key] = one.Counter.GetValue()
			case one.Gauge != nil:
				got[key] = one.Gauge.GetValue()
			default:
				got[key] = float64(one.Histogram.GetSampleCount())
				got[key+" first"] = float64(one.Histogram.GetBucket()[0].GetCumulativeCount())
			}
		}
	}
	require.Equal(t, map[string]float64{
		"shop_orders_total channel=web paid=yes": 2, "shop_orders_total channel=other paid=no": 1,
		"shop_orders_total channel=other paid=other": 1, "shop_depth queue=mail": 2, "shop_depth queue=other": 0,
		"shop_seconds": 3, "shop_seconds first": 2,
	}, got)
	require.Zero(t, testing.AllocsPerRun(100, func() {
		orders.Add(1, "web", "yes")
		took.Observe(0.1)
	}))
}

// TestBackgroundTasks: what becomes of each task is counted, those too that end their goroutine.
func TestBackgroundTasks(t *testing.T) {
	hold := make(chan struct{})
	h, m := service(t, func(app *fasterapi.App, _ *Metrics) {
		app.Get("/tasks", func(c *fasterapi.Ctx, _ fasterapi.None) (none fasterapi.None, err error) {
			for _, task := range []func(context.Context) error{
				func(context.Context) error { return nil },
				func(context.Context) error { return io.ErrUnexpectedEOF },
				func(context.Context) error { panic("a task") },
				func(context.Context) error { runtime.Goexit(); return nil },
				func(context.Context) error { <-hold; return nil },
			} {
				err = errors.Join(err, c.After(task))
			}
			return none, err
		})
		app.Get("/many", func(c *fasterapi.Ctx, _ fasterapi.None) (none fasterapi.None, err error) {
			for err == nil {
				err = c.After(func(context.Context) error { return nil })
			}
			return none, err
		})
	})
	got := func() map[string]float64 {
		families, err := m.Gatherer().Gather()
		require.NoError(t, err)
		all := map[string]float64{}
		for _, f := range families {
			if !strings.HasPrefix(f.GetName(), "fasterapi_background_tasks") {
				continue
			}
			for _, one := range f.GetMetric() {
				require.Equal(t, "core", one.GetLabel()[0].GetName())
				all[one.GetLabel()[1].GetValue()] += one.GetGauge().GetValue() + one.GetCounter().GetValue()
			}
		}
		return all
	}
	require.Equal(t, map[string]float64{"waiting": 0, "running": 0, "done": 0, "failed": 0, "refused": 0}, got())
	status, _ := get(h, "GET", "/tasks")
	require.Equal(t, 204, status)
	become := func(want map[string]float64, what string) { // each task begins and ends in its own time
		t.Helper()
		require.Eventually(t, func() bool { return maps.Equal(want, got()) }, 20*time.Second, time.Millisecond, what)
	}
	become(map[string]float64{"waiting": 0, "running": 1, "done": 1, "failed": 3, "refused": 0}, "four of five have ended")
	status, _ = get(h, "GET", "/many")
	require.Equal(t, 503, status)
	close(hold)
	become(map[string]float64{"waiting": 0, "running": 0, "done": 2, "failed": 3, "refused": 1}, "tasks of a request that failed are none")
}

// TestQueueDelay: each request is counted once, by the time that it waited for the processor.
func TestQueueDelay(t *testing.T) {
	t.Setenv("OVERLOAD_PROTECTION", "on")
	h, m := service(t, nil)
	for range 5 {
		get(h, "GET", "/users/7")
	}
	families, err := m.Gatherer().Gather()
	require.NoError(t, err)
	count, sum := uint64(0), 0.0
	for _, f := range families {
		if f.GetName() == "fasterapi_queue_delay_seconds" {
			for _, one := range f.GetMetric() {
				count += one.GetHistogram().GetSampleCount()
				sum += one.GetHistogram().GetSampleSum()
				require.Len(t, one.GetHistogram().GetBucket(), len(delayBounds))
			}
		}
	}
	require.EqualValues(t, 5, count)
	require.Positive(t, sum)
}

// shared is a store of caches that does nothing.
type shared struct{ name string }

func (s *shared) Name() string            { return s.name }
func (s *shared) Stats() cache.StoreStats { return cache.StoreStats{Name: s.name} }

// What cannot work ends the start, all of it at once.
func TestMistakes(t *testing.T) {
	app := fasterapi.New(fasterapi.Config{Addr: "127.0.0.1:0", Cores: 1})
	m := New(app)
	m.Counter("orders total", "A name with a space.")
	m.Counter("fine_total", "A label with a dash.", Values("a-b", "x"))
	m.Counter("twice_total", "Twice.")
	m.Counter("twice_total", "Twice.")
	m.Counter("mute_total", "")
	m.Histogram("down_seconds", "Bounds that do not ascend.", []float64{2, 1})
	many := make([]string, 200)
	for i := range many {
		many[i] = strconv.Itoa(i)
	}
	m.Gauge("wide", "Too many combinations.", Values("a", many...), Values("b", many...))
	m.Pool("main", nil)
	m.Pool("main", new(db.Pool))
	m.Pool("main", new(db.Pool))
	m.Cache((*cache.Cache[string, int])(nil))
	m.Store((*shared)(nil))
	m.Store(&shared{"redis"})
	m.Store(&shared{"redis"})
	m.Topic(nil)
	m.Topic((*broadcast.Topic[int])(nil))
	m.Topic(broadcast.New("news", broadcast.Config[int]{}))
	m.Topic(broadcast.New("news", broadcast.Config[string]{}))
	m.Keys(nil)
	m.Keys(idempotency.New(nil, idempotency.Config{}))
	m.Keys(idempotency.New(nil, idempotency.Config{Name: "main"}))
	m.Role(nil)
	m.Role((*role)(nil))
	m.Role(role{Role: "billing"})
	m.Role(role{Role: "billing"})
	m.Schedule(nil)
	m.Schedule((*jobs)(nil))
	m.Schedule(&jobs{})
	m.Upstream(nil)
	m.Upstream(client.New("supplier", client.Config{BaseURL: "http://a.example"}))
	m.Upstream(client.New("supplier", client.Config{BaseURL: "http://b.example"}))
	_, err := app.Start()
	require.Equal(t, 2, strings.Count(err.Error(), "a schedule is nil"))
	for _, text := range []string{"orders total", `"a-b" is no name of a label`, "twice_total: duplicate", "mute_total needs a sentence", "bounds of down_seconds", "wide has more than 10000", `the pool "main" is nil`, `two pools are called "main"`, "a cache is nil", "a store of caches is nil", `two stores of caches are called "redis"`, "a topic is nil", `two topics are called "news"`, "a schedule is nil", "a role is nil", `two roles are called "billing"`, "idempotency keys are nil", `two of the idempotency keys are called "main"`, "an upstream is nil", `two upstreams are called "supplier"`} {
		require.ErrorContains(t, err, text)
	}
}

// TestMistakesLate: what is wrong behind the start, when nobody asks any more, is a panic at its line.
func TestMistakesLate(t *testing.T) {
	app := fasterapi.New(fasterapi.Config{Addr: "127.0.0.1:0", Cores: 1})
	m := New(app)
	server, err := app.Start()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Shutdown(context.Background())) })
	m.Counter("late_total", "It is counted all the same.").Add(1)
	defer func() {
		late, _ := recover().(error)
		var wrong *fasterapi.RegistrationError
		require.ErrorAs(t, late, &wrong)
		require.Regexp(t, `^fasterapi: metrics.Metrics.Counter \(.*metrics_test.go:\d+\): declared behind the start: metrics: late_total: `, late.Error())
	}()
	m.Counter("late_total", "Twice.")
}

// name is a metric in a query.
var name = regexp.MustCompile(`\b(http_server|fasterapi|go|process|shop)_[a-z0-9_]+`)

// shown are the names of everything that a service may show, and whether it is a histogram.
func shown(t *testing.T) map[string]bool {
	names := map[string]bool{}
	descs := make(chan *prometheus.Desc)
	go func() {
		defer close(descs)
		for _, c := range []prometheus.Collector{&requests{}, &cores{}, &parts{}} {
			c.Describe(descs)
		}
	}()
	for d := range descs {
		names[nameOf(d)] = true
	}
	_, m := service(t, nil)
	families, err := m.Gatherer().Gather()
	require.NoError(t, err)
	for _, f := range families {
		names[f.GetName()] = true
	}
	for n := range names {
		if strings.HasSuffix(n, "_seconds") {
			names[n+"_count"], names[n+"_bucket"], names[n+"_sum"] = true, true, true
		}
	}
	return names
}

var descName = regexp.MustCompile(`fqName: "([^"]+)", help: "([^"]*)"`)

func nameOf(d *prometheus.Desc) string { return descName.FindStringSubmatch(d.String())[1] }

// TestQueries: the dashboard and the alerts ask for metrics that there are.
func TestQueries(t *testing.T) {
	names := shown(t)
	var queries []string

	var board struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
	}
	text, err := os.ReadFile("grafana/fasterapi.json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &board, json.MatchCaseInsensitiveNames(true)))
	for _, p := range board.Panels {
		require.NotEmpty(t, p.Targets, p.Title)
		for _, target := range p.Targets {
			queries = append(queries, target.Expr)
		}
	}
	var rules struct {
		Groups []struct {
			Rules []struct{ Expr string }
		}
	}
	text, err = os.ReadFile("prometheus/rules.yml")
	require.NoError(t, err)
	require.NoError(t, yaml.Unmarshal(text, &rules))
	for _, g := range rules.Groups {
		for _, r := range g.Rules {
			queries = append(queries, r.Expr)
		}
	}
	require.Greater(t, len(queries), 30)
	for _, q := range queries {
		found := name.FindAllString(q, -1)
		require.NotEmpty(t, found, q)
		for _, n := range found {
			require.True(t, names[n], "%s is no metric: %s", n, q)
		}
	}
	out, err := exec.Command(needs.Program(t, "promtool"), "check", "rules", "prometheus/rules.yml").CombinedOutput()
	require.NoError(t, err, "%s", out)
}

// TestReference: the page has a line for each metric, with its help.
func TestReference(t *testing.T) {
	page, err := os.ReadFile("../../docs/reference/metrics.md")
	require.NoError(t, err)
	descs := make(chan *prometheus.Desc)
	go func() {
		defer close(descs)
		for _, c := range []prometheus.Collector{&requests{}, &cores{}, &parts{}} {
			c.Describe(descs)
		}
	}()
	lines := 0
	for d := range descs {
		m := descName.FindStringSubmatch(d.String())
		row := regexp.MustCompile("(?m)^\\| `" + m[1] + "` \\| (counter|gauge|histogram) \\| .* \\| " + regexp.QuoteMeta(m[2]) + " \\|$")
		require.Regexp(t, row, string(page))
		lines++
	}
	require.Equal(t, lines, bytes.Count(page, []byte("\n| `")), "the page has lines of metrics that are not there")
}

func BenchmarkScrape200Routes(b *testing.B) {
	h, m := service(b, func(app *fasterapi.App, _ *Metrics) {
		for i := range 200 {
			app.Get("/route/"+strconv.Itoa(i), func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Text, error) { return "", nil })
		}
	})
	for i := range 400 {
		get(h, "GET", "/route/"+strconv.Itoa(i%200))
	}
	scrape := m.Handler()
	for b.Loop() {
		scrape.ServeHTTP(discarded{}, httptest.NewRequest("GET", "/", nil))
	}
}

// discarded is a response that nobody reads.
type discarded struct{}

func (discarded) Header() http.Header         { return http.Header{} }
func (discarded) Write(p []byte) (int, error) { return len(p), nil }
func (discarded) WriteHeader(int)             {}
