package browsertest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/admin"
	"github.com/fasterapi/fasterapi/broadcast"
	"github.com/fasterapi/fasterapi/client"
	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/sqlite"
	"github.com/fasterapi/fasterapi/health"
	"github.com/fasterapi/fasterapi/idempotency"
	"github.com/fasterapi/fasterapi/internal/test/ports"
	"github.com/fasterapi/fasterapi/logs"
	"github.com/fasterapi/fasterapi/middleware"
	"github.com/fasterapi/fasterapi/observe"
	"github.com/fasterapi/fasterapi/resilience"
	"github.com/fasterapi/fasterapi/secret"
)

// evil is what no text of a service may become: markup that runs.
const evil = `<script>document.title='owned'</script><img src=x onerror="document.title='owned'">`

// operated is an app with a second address and something to see.
type operated struct {
	t        *testing.T
	app      string
	panel    string
	shutdown func()
	release  chan struct{}
	down     *switchable
}

// switchable is a health check that can fail.
type switchable struct {
	mu  sync.Mutex
	err error
}

func (s *switchable) check(context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

func (s *switchable) set(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = err
}

// operate starts one on addr, "" for any.
func operate(t *testing.T, addr string, cfg admin.Config) *operated {
	t.Helper()
	o := &operated{t: t, release: make(chan struct{}), down: &switchable{}}
	log, err := logs.New(logs.Config{Writer: io.Discard, Format: logs.JSON, Levels: &logs.Levels{}, Keep: 1000})
	require.NoError(t, err)
	app := fasterapi.New(fasterapi.Config{
		Addr: "127.0.0.1:0", Cores: 2, Title: "Bookshop", Version: "1.4.2", Logger: log, DrainDelay: -1,
		Observe: observe.Config{SlowAfter: 150 * time.Millisecond},
	})
	cfg.Addr, cfg.Flight = addr, admin.FlightConfig{Off: true}
	if addr == "" {
		port := ports.Free(t) // which is still free when another process takes its place
		cfg.Addr = fmt.Sprintf("127.0.0.1:%d", port)
	}
	cfg.Pools = map[string]*db.Pool{"orders": db.New(nil, func() db.Stats {
		return db.Stats{Driver: "postgres", Open: 8, Idle: 5, Busy: 3, InFlight: 4, Queries: 182_334, Errors: 12, Waits: 310, Broken: 1}
	})}
	breaker := resilience.NewBreaker("supplier "+evil, resilience.BreakerConfig{})
	app.Provide(resilience.NewRegistry(resilience.New("supplier", resilience.Config{
		Breaker: breaker, Timeout: time.Second, Retry: resilience.Retry{Attempts: 2, Budget: resilience.NewBudget("spare", resilience.BudgetConfig{})},
	})))
	cfg.Upstreams = []*client.Upstream{client.New("stock", client.Config{BaseURL: "http://stock.invalid"})}
	app.Provide(broadcast.New("news "+evil, broadcast.Config[string]{}))
	cfg.Keys = []*idempotency.Keys{idempotency.New(nil, idempotency.Config{Name: "payments " + evil})}
	cfg.Roles = []observe.RoleReporter{role{Role: "billing " + evil, Leads: true, Term: 7, Since: time.Now(), Failures: 1, Error: "no route to host " + evil, FailedAt: time.Now()}}
	cfg.Schedules = []observe.JobReporter{&jobs{
		{Job: "report " + evil, Runs: 12_345, Failed: 1, Took: 1500 * time.Millisecond, Next: time.Now().Add(time.Hour), Began: time.Now(), Error: "no printer " + evil, FailedAt: time.Now()},
		{Job: "sweep", Running: true, Began: time.Now()},
	}}
	app.HealthCheck(health.Check{Name: "orders", Critical: true, MaxAge: 100 * time.Millisecond, Run: o.down.check})
	app.Use(middleware.RequestID(middleware.RequestIDConfig{}))
	shelves, err := sqlite.Open(sqlite.Memory, sqlite.Config{})
	require.NoError(t, err)
	app.Provide(shelves)
	panel := admin.Attach(app, cfg)
	o.routes(app)
	server, err := app.Start()
	require.NoError(t, err)
	o.app, o.panel = "http://"+server.Addr().String(), "http://"+panel.Addr().String()
	var once sync.Once
	o.shutdown = func() {
		once.Do(func() {
			ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
			defer cancel()
			require.NoError(t, server.Shutdown(ctx))
		})
	}
	t.Cleanup(o.shutdown)
	return o
}

// role is one that stands still.
type role observe.RoleStats

func (r role) Stats() observe.RoleStats { return observe.RoleStats(r) }

// jobs are some that stand still.
type jobs []observe.JobStats

func (j *jobs) Stats() []observe.JobStats { return *j }

func (o *operated) routes(app *fasterapi.App) {
	type id struct {
		ID string `path:"id" doc:"the number of the book" maxLength:"200"`
	}
	ok := func(*fasterapi.Ctx, id) (fasterapi.Text, error) { return "here", nil }
	app.Get("/books/{id}", ok, fasterapi.OnReactor())
	app.Put("/books/{id}", func(*fasterapi.Ctx, struct {
		ID   string `path:"id"`
		Body struct {
			Title string `json:"title" minLength:"1"`
		} `body:""`
	},
	) (fasterapi.None, error) {
		return fasterapi.None{}, nil
	})
	app.Get("/books/{id}/slow", func(*fasterapi.Ctx, id) (fasterapi.Text, error) {
		time.Sleep(200 * time.Millisecond)
		return "slow", nil
	})
	app.Get("/books/{id}/broken", func(c *fasterapi.Ctx, in struct {
		ID string   `path:"id"`
		DB *db.Pool `inject:""`
	},
	) (fasterapi.Text, error) {
		for range 14 { // a book's shelves, one by one
			if _, err := in.DB.One[int](c, "SELECT 1 AS shelf").Await(c); err != nil {
				return "", err
			}
		}
		return "", errors.New("no such table: " + evil)
	})
	app.Get("/held", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Text, error) { <-o.release; return "", nil })
	for i := range 20 { // a route that stalls again and again is moved off its core
		app.Get(fmt.Sprintf("/stall-%d", i), func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Text, error) {
			time.Sleep(200 * time.Millisecond)
			return "", nil
		}, fasterapi.OnReactor())
	}
	for i := range 200 {
		app.Get(fmt.Sprintf("/api/v2/organisations/{organisation}/warehouses/{warehouse}/shelves/{shelf}/positions/kind-%d", i),
			func(*fasterapi.Ctx, fasterapi.None) (fasterapi.None, error) { return fasterapi.None{}, nil })
	}
}

func (o *operated) get(path string) {
	o.t.Helper()
	response, err := http.Get(o.app + path)
	require.NoError(o.t, err)
	response.Body.Close()
}

// load asks for something of everything.
func (o *operated) load() {
	for i := range 40 {
		o.get(fmt.Sprintf("/books/%d", i))
	}
	for i := range 60 {
		o.get(fmt.Sprintf("/api/v2/organisations/o/warehouses/w/shelves/s/positions/kind-%d", i))
	}
	for _, path := range []string{"/books/7/broken", "/books/%3Cscript%3E/broken", "/books/7/slow", "/stall-0", "/none"} {
		o.get(path)
	}
}

func evaluate[T any](t *testing.T, b *browser, expression string) T {
	t.Helper()
	got, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](expression))
	require.NoError(t, err, expression)
	return got
}

// show makes the window a size and a scheme.
func (b *browser) show(t *testing.T, width int64, scheme string) {
	t.Helper()
	b.do(t, chromedp.EmulateViewport(width, 900))
	_, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
	require.NoError(t, err)
}

// shoot writes a picture of the whole page to the folder that the variable SCREENSHOTS names, for people.
func (b *browser) shoot(t *testing.T, name string, height int64) {
	t.Helper()
	folder := os.Getenv("SCREENSHOTS")
	if folder == "" {
		return
	}
	b.do(t, chromedp.EmulateViewport(evaluate[int64](t, b, "innerWidth"), height))
	picture, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(folder, name+".png"), picture, 0o600))
}

// contrast is the least contrast (WCAG 2.2, 1.4.3) of a text on what is behind it, with the text.
const contrast = `(() => {
	const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
	const rgb = (c) => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = c; canvas.fillRect(0, 0, 1, 1); return [...canvas.getImageData(0, 0, 1, 1).data]; };
	const light = ([r, g, b]) => { const f = (v) => (v /= 255) <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4; return .2126 * f(r) + .7152 * f(g) + .0722 * f(b); };
	const behind = (e) => { for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor); if (c[3] === 255) return c; } return [255, 255, 255]; };
	let least = [99, ""];
	for (const e of document.querySelectorAll("body *")) {
		if (![...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()) || !e.checkVisibility({ checkOpacity: true }) || e.closest(".skip")) continue;
		const [a, b] = [light(rgb(getComputedStyle(e).color)), light(behind(e))];
		const c = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
		if (c < least[0]) least = [c, e.textContent.slice(0, 60)];
	}
	return least[0].toFixed(2) + " " + least[1];
})()`

// wider are the elements that stick out of the window.
const wider = `[...document.querySelectorAll("body *")].filter((e) => e.checkVisibility() && !e.closest(".skip, .scroll, .stack, pre, svg, .tabs") && e.getBoundingClientRect().right > innerWidth + 1).map((e) => e.tagName + "." + e.className + " " + e.textContent.slice(0, 40)).join("; ")`

var tabs = []string{"overview", "routes", "requests", "resources", "stalls", "checklist"}

// TestDashboard: the page is live, fits at three sizes in light and dark, can be read and used by keyboard, asks nobody
// else, and runs nothing of what the service says.
func TestDashboard(t *testing.T) {
	o := operate(t, "", admin.Config{})
	o.load()
	var held sync.WaitGroup
	held.Go(func() { o.get("/held") })
	defer held.Wait()
	defer close(o.release)
	b := open(t)
	b.do(t, chromedp.Navigate(o.panel+"/"))
	b.waitForText(t, "#link", "Live")
	b.waitForText(t, "#panel-overview", "/books/{id}/broken")
	require.Equal(t, o.panel+"/dashboard/#overview", evaluate[string](t, b, "location.href"))
	o.load()
	b.waitFor(t, "document.querySelector('.tile .value').innerText !== '–/s'")
	for _, width := range []int64{390, 820, 1440} {
		for _, scheme := range []string{"light", "dark"} {
			if scheme == "dark" && width < 1440 && os.Getenv("SCREENSHOTS") == "" {
				continue // what is where does not depend on it
			}
			b.show(t, width, scheme)
			for _, tab := range tabs {
				b.looksRight(t, tab, width, scheme)
			}
		}
	}
	o.reading(b)
	b.requireLocal(t, o.panel)
	require.NotContains(t, evaluate[string](t, b, "document.title"), "owned")
	require.Empty(t, evaluate[int](t, b, "document.querySelectorAll('main script, main img, dialog script, dialog img').length"))
}

// looksRight looks at one tab: nothing sticks out of the window, and every text can be read.
func (b *browser) looksRight(t *testing.T, tab string, width int64, scheme string) {
	t.Helper()
	evaluate[any](t, b, "document.getElementById('tab-"+tab+"').click()")
	b.waitFor(t, "document.getElementById('panel-"+tab+"')?.checkVisibility()")
	if tab == "checklist" {
		b.waitForText(t, "#panel-checklist", "Graceful shutdown")
	}
	b.shoot(t, fmt.Sprintf("%s-%d-%s", tab, width, scheme), 1000)
	require.Empty(t, evaluate[string](t, b, wider), "%s at %d", tab, width)
	if width < 1440 {
		return
	}
	text := evaluate[string](t, b, contrast)
	var least float64
	_, err := fmt.Sscan(text, &least)
	require.NoError(t, err)
	require.GreaterOrEqual(t, least, 4.5, "%s in %s: %s", tab, scheme, text)
}

// reading goes through what can be opened.
func (o *operated) reading(b *browser) {
	t := o.t
	// The tabs by keyboard.
	evaluate[any](t, b, "document.getElementById('tab-checklist').focus()")
	b.do(t, chromedp.KeyEvent(kb.Home))
	b.waitFor(t, "document.activeElement.id === 'tab-overview' && document.activeElement.ariaSelected === 'true'")
	// A route with its plan.
	evaluate[any](t, b, "document.getElementById('tab-routes').click()")
	b.waitForText(t, "#panel-routes", "/books/{id}")
	evaluate[any](t, b, "(() => { const f = document.querySelector('#panel-routes input'); f.value = 'get /books/{id}'; f.dispatchEvent(new Event('input')); })()")
	b.waitFor(t, "document.querySelectorAll('#panel-routes tbody tr').length === 3")
	evaluate[any](t, b, "[...document.querySelectorAll('#panel-routes .link')].find((e) => e.innerText.endsWith('/books/{id}')).click()")
	b.waitForText(t, "#detail", "path id")
	b.waitForText(t, "#detail", "dashboard_test.go:")
	b.shoot(t, "explain", 1000)
	b.do(t, chromedp.KeyEvent(kb.Escape))
	b.waitFor(t, "!document.getElementById('detail').open")
	// What is being answered now.
	evaluate[any](t, b, "document.getElementById('tab-requests').click()")
	b.waitForText(t, "#panel-requests", "/held")
	b.waitForText(t, "#panel-requests", "handler")
	// A failed request, with its record.
	evaluate[any](t, b, "[...document.querySelectorAll('#panel-requests .seg button')].find((e) => e.innerText === 'Failed').click()")
	b.waitFor(t, "[...document.querySelectorAll('#panel-requests .link')].some((e) => e.checkVisibility())")
	evaluate[any](t, b, "[...document.querySelectorAll('#panel-requests .link')].find((e) => e.checkVisibility()).click()")
	b.waitForText(t, "#detail", "Where the time went")
	b.waitForText(t, "#detail", "no such table: <script>")
	b.waitForText(t, "#detail", "curl -i 'http")
	b.waitFor(t, "document.querySelector('#detail pre[aria-label=\"log lines\"]')?.innerText.includes('\"request\":')")
	b.shoot(t, "request", 1000)
	require.GreaterOrEqual(t, evaluate[int](t, b, "document.querySelectorAll('#detail .fall .track').length"), 3)
	// What its statements took lies within the handler, and which one it ran again and again, and where.
	b.waitFor(t, "document.querySelector('#detail .fall [aria-label^=\"SQL: \"] .work').getBoundingClientRect().right <= document.querySelector('#detail .fall .handler').getBoundingClientRect().right + 3")
	b.waitForText(t, "#detail", "14 in ")
	b.waitForText(t, "#detail", "SELECT 1 AS shelf")
	b.waitForText(t, "#detail", "14 times")
	b.waitForText(t, "#detail", "dashboard_test.go:")
	evaluate[any](t, b, "document.getElementById('detail-close').click()")
	evaluate[any](t, b, "document.getElementById('tab-stalls').click()")
	for i := 1; i < 20; i++ { // where nobody is late to look for the place of one
		if strings.Contains(b.text(t, "#panel-stalls"), "async.Sleep") {
			break
		}
		o.get(fmt.Sprintf("/stall-%d", i))
		time.Sleep(time.Second) // the page asks again
	}
	b.waitForText(t, "#panel-stalls", "dashboard_test.go:")
	b.waitForText(t, "#panel-stalls", "async.Sleep")
	evaluate[any](t, b, "document.getElementById('tab-resources').click()")
	b.waitForText(t, "#panel-resources", "supplier <script>")
	b.waitForText(t, "#panel-resources", "182,334")
	b.waitForText(t, "#panel-resources", "Connections open, made")
	b.waitForText(t, "#panel-resources", "Not paid")
	b.waitForText(t, "#panel-resources", "news <script>")
	b.waitForText(t, "#panel-resources", "Dropped, of slow subscribers")
	b.waitForText(t, "#panel-resources", "payments <script>")
	b.waitForText(t, "#panel-resources", "Calls of the store that failed")
	b.waitForText(t, "#panel-resources", "billing <script>")
	b.waitForText(t, "#panel-resources", "leads here")
	b.waitForText(t, "#panel-resources", "report <script>")
	b.waitForText(t, "#panel-resources", "12,345")
	b.waitFor(t, "[...document.querySelectorAll('#panel-resources .card-head')].some((e) => e.innerText.includes('report') && e.innerText.includes('failed'))")
	b.waitForText(t, "#panel-resources", ": no printer <script>")
	// A long error leaves room for the names beside it, and stays within its card.
	b.waitFor(t, "[...document.querySelectorAll('#panel-resources .pairs')].every((e) => [...e.querySelectorAll('dt')].every((dt) => dt.offsetWidth > e.clientWidth * .25) && e.scrollWidth <= e.clientWidth)")
	b.waitForText(t, "#panel-resources", ": no route to host <script>")
	// Something fails, and works again.
	o.down.set(errors.New("connection refused"))
	b.waitForText(t, "#notices", "Not working: orders (critical)")
	b.waitForText(t, "#panel-resources", "connection refused")
	b.shoot(t, "down", 1000)
	o.down.set(nil)
	b.waitFor(t, "!document.querySelector('#notices .bad')")
}

// TestDashboardOfAnotherProcess: the page says that it has lost its service, finds the one that takes its place, and
// says that it is another one.
func TestDashboardOfAnotherProcess(t *testing.T) {
	first := operate(t, "", admin.Config{})
	b := open(t)
	b.do(t, chromedp.Navigate(first.panel+"/dashboard/"))
	b.waitForText(t, "#link", "Live")
	first.shutdown()
	b.waitForText(t, "#link", "lost")
	b.waitForText(t, "#notices", "The process is leaving")
	b.shoot(t, "lost", 1000)
	operate(t, strings.TrimPrefix(first.panel, "http://"), admin.Config{})
	b.waitForText(t, "#link", "Live")
	b.waitForText(t, "#notices", "The process has restarted")
}

// TestDashboardWithAToken: the page asks for it, says when it is wrong, and shows nothing before.
func TestDashboardWithAToken(t *testing.T) {
	o := operate(t, "", admin.Config{Token: secret.Of("sixteen characters")})
	b := open(t)
	b.do(t, chromedp.Navigate(o.panel+"/dashboard/"))
	enter := func(token string) {
		b.waitFor(t, "document.getElementById('login').open")
		evaluate[any](t, b, "document.getElementById('token').value = "+quote(token)+", document.querySelector('#login button').click()")
	}
	enter("something that is wrong")
	b.waitForText(t, "#login-error", "not the right one")
	require.Equal(t, "Dashboard", b.text(t, "#title"))
	enter("sixteen characters")
	b.waitForText(t, "#title", "Bookshop")
}
