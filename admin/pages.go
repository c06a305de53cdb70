package admin

import (
	"encoding/json/v2"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/fasterapi/fasterapi/logs"
	"github.com/fasterapi/fasterapi/observe"
)

// page is one page of the listener.
type page struct {
	method, path string
	about        string
	serve        func(l *Listener, w http.ResponseWriter, r *http.Request)
}

// pages are those of the listener itself.
func pages() []page {
	return []page{
		{"GET", "/dashboard/", "all of it as a page", (*Listener).dashboard},
		{"GET", "/dashboard/{file}", "", (*Listener).dashboardFile},
		{"GET", "/dashboard/events", "", (*Listener).events},
		{"GET", "/routes", "the routes, each with its compiled plan", (*Listener).routes},
		{"GET", "/explain", "a route with its plan, step by step; route=GET /users/{id}, format=text", (*Listener).explain},
		{"GET", "/config", "the configuration, with secrets hidden", (*Listener).config},
		{"GET", "/reactors", "what each core has done", (*Listener).reactors},
		{"GET", "/stalls", "the latest stalls: file, line, stack, and what to do", (*Listener).stallsPage},
		{"GET", "/overload", "what the protection from overload has seen, by core", (*Listener).overloadPage},
		{"GET", "/health", "the health checks, with their errors", (*Listener).healthPage},
		{"GET", "/parts", "pools, caches, upstreams, policies, topics, idempotency keys, roles, jobs", (*Listener).partsPage},
		{"GET", "/checklist", "the production checklist, as this process stands", (*Listener).checklist},
		{"GET", "/snapshot", "what the dashboard shows, with rates since the start", (*Listener).snapshotNow},
		{"GET", "/requests", "the latest requests; limit=50", requests((*observe.Recorder).Recent)},
		{"GET", "/requests/live", "those that have not ended, the oldest first", (*Listener).livePage},
		{"GET", "/requests/slow", "the latest slow ones, with all that is kept", requests((*observe.Recorder).Slow)},
		{"GET", "/requests/failed", "the latest failed ones, with their errors", requests((*observe.Recorder).Failed)},
		{"GET", "/requests/counts", "counts and latencies by route, method and status", (*Listener).counts},
		{"GET", "/requests/id/{id}", "", (*Listener).oneRequest},
		{"GET", "/requests/id/{id}/logs", "", (*Listener).requestLogs},
		{"GET", "/logs/levels", "the levels of loggers", (*Listener).levels},
		{"PUT", "/logs/levels", `{"name": "db", "level": "DEBUG"} sets one, "level": null clears it`, (*Listener).setLevel},
		{"GET", "/debug/pprof/", "profiles, for go tool pprof", (*Listener).profiles},
		{"GET", "/debug/pprof/{profile}", "", (*Listener).profile},
		{"GET", "/flight", "the execution trace of the last seconds, for go tool trace", (*Listener).flightNow},
		{"GET", "/flight/dumps", "traces that were kept", (*Listener).flightDumps},
		{"GET", "/flight/dumps/{number}", "", (*Listener).flightDump},
	}
}

// ownPath tells whether the listener has a page there.
func ownPath(path string) bool {
	return strings.HasPrefix(path, "/debug/pprof") || strings.HasPrefix(path, "/dashboard") || slices.ContainsFunc(pages(), func(p page) bool { return p.path == path || strings.HasPrefix(path, p.path+"/") })
}

// handler serves all pages.
func (l *Listener) handler() http.Handler {
	mux := http.NewServeMux()
	for _, p := range pages() {
		pattern := p.method + " " + p.path
		if strings.HasSuffix(p.path, "/") {
			pattern += "{$}"
		}
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) { p.serve(l, w, r) })
	}
	for path, h := range l.cfg.Pages {
		if path == "/metrics" {
			h = l.countScrapes(h)
		}
		mux.Handle(path, h)
	}
	mux.HandleFunc("GET /{$}", l.index)
	return l.guard(mux)
}

// index lists the pages.
func (l *Listener) index(w http.ResponseWriter, r *http.Request) {
	if strings.Contains(r.Header.Get("Accept"), "text/html") { // a browser
		http.Redirect(w, r, "dashboard/", http.StatusSeeOther)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	cfg := l.app.Config()
	var b strings.Builder
	b.WriteString(strings.TrimSpace(cfg.Title+" "+cfg.Version) + "\n\n")
	for _, p := range pages() {
		if p.about != "" {
			b.WriteString(p.method + strings.Repeat(" ", 5-len(p.method)) + p.path + strings.Repeat(" ", max(1, 20-len(p.path))) + p.about + "\n")
		}
	}
	for _, path := range slices.Sorted(maps.Keys(l.cfg.Pages)) {
		b.WriteString("GET  " + path + "\n")
	}
	_, _ = w.Write([]byte(b.String()))
}

// countScrapes notes when somebody has read the metrics.
func (l *Listener) countScrapes(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		l.scraped.Store(time.Now().UnixNano())
		h.ServeHTTP(w, r)
	})
}

// write answers with v as JSON.
func write(w http.ResponseWriter, v any) {
	text, err := json.Marshal(v, json.Deterministic(true), texts)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(append(text, '\n'))
}

// routePlan is what an operator is told of a route.
type routePlan struct {
	Route      string   `json:"route"`
	Handler    string   `json:"handler,omitzero"`
	Place      string   `json:"place"`
	Style      string   `json:"style"`
	Middleware int      `json:"middleware"`
	Inputs     []string `json:"inputs"`
	Operation  string   `json:"operation,omitzero"`
	Tags       []string `json:"tags,omitzero"`
	Deprecated bool     `json:"deprecated,omitzero"`
	Hidden     bool     `json:"hidden,omitzero"`
}

func (l *Listener) routes(w http.ResponseWriter, _ *http.Request) {
	list := []routePlan{}
	for _, r := range l.app.Routes() {
		p := routePlan{
			Route: r.String(), Place: r.File + ":" + strconv.Itoa(r.Line), Style: r.Style, Middleware: r.Middleware, Inputs: r.Inputs,
			Operation: r.OperationID, Tags: r.Tags, Deprecated: r.Deprecated, Hidden: r.Hidden,
		}
		if r.Handler != "" {
			p.Handler = r.Package + "." + r.Handler
		}
		list = append(list, p)
	}
	write(w, list)
}

func (l *Listener) config(w http.ResponseWriter, _ *http.Request) {
	write(w, map[string]any{"app": shown(l.app.Config()), "settings": shown(l.cfg.Settings), "admin": shown(l.cfg)})
}

// level is what a client sends to change one.
type level struct {
	Name  string  `json:"name"`
	Level *string `json:"level"`
}

const noLevels = "the app's logger has no levels that can be changed: package logs makes one that has, or set admin.Config.Levels"

func (l *Listener) levels(w http.ResponseWriter, _ *http.Request) {
	if l.cfg.Levels == nil {
		http.Error(w, noLevels, http.StatusNotFound)
		return
	}
	write(w, map[string][]logs.NamedLevel{"levels": l.cfg.Levels.All()})
}

// maxLevelBody bounds the body of a change, in bytes.
const maxLevelBody = 4 << 10

func (l *Listener) setLevel(w http.ResponseWriter, r *http.Request) {
	if l.cfg.Levels == nil {
		http.Error(w, noLevels, http.StatusNotFound)
		return
	}
	var wanted level
	var to slog.Level
	err := json.UnmarshalRead(http.MaxBytesReader(w, r.Body, maxLevelBody), &wanted, json.RejectUnknownMembers(true))
	if err == nil && wanted.Level != nil {
		err = to.UnmarshalText([]byte(*wanted.Level))
	}
	if err != nil {
		http.Error(w, `the body must be {"name": "db", "level": "DEBUG"}, with DEBUG, INFO, WARN, ERROR or null`, http.StatusUnprocessableEntity)
		return
	}
	if wanted.Level == nil {
		l.cfg.Levels.Clear(wanted.Name)
	} else if !l.cfg.Levels.Set(wanted.Name, to) {
		http.Error(w, "there are too many names", http.StatusConflict)
		return
	}
	l.log.Info("the level of a logger was changed", slog.String("name", wanted.Name), slog.String("level", l.cfg.Levels.Of(wanted.Name).String()))
	l.levels(w, r)
}
