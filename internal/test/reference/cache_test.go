package reference

import (
	"context"
	"errors"
	"go/ast"
	"log/slog"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/cache"
	"github.com/fasterapi/fasterapi/problem"
	"github.com/fasterapi/fasterapi/reactor"
)

// cacheLife are the settings of the table of docs/reference/cache.md.
var cacheLife = cache.Config[string, string]{
	TTL: 60 * time.Second, EarlyRefresh: 0.5, StaleWhileRevalidate: 60 * time.Second, StaleIfError: 120 * time.Second, NegativeTTL: 5 * time.Second,
}

// agedCache is a cache with one entry of an age.
type agedCache struct {
	*cache.Cache[string, string]

	loads int
	err   error // of the next loads
}

func newAgedCache(t *testing.T, first error, age time.Duration) *agedCache {
	a := &agedCache{err: first}
	cfg, clock, value := cacheLife, reactor.NewManualClock(time.Time{}), "old"
	cfg.Clock, cfg.Logger = clock, slog.New(slog.DiscardHandler)
	cfg.LoadFuture = func(context.Context, string) async.Future[string] { // in the caller
		a.loads++
		if a.err != nil {
			return async.Failed[string](a.err)
		}
		return async.Ready(value)
	}
	a.Cache = cache.New("aged", cfg)
	require.NoError(t, a.Mistake())
	_, _ = a.Load(t.Context(), "key")
	a.quiet(t)
	a.loads, a.err, value = 0, nil, "new"
	clock.Advance(age)
	return a
}

func (a *agedCache) quiet(t *testing.T) {
	require.Eventually(t, func() bool { return a.Stats().Loading == 0 }, 10*time.Second, 100*time.Microsecond)
}

// got says what a caller of Load gets while the loader works, or fails.
func (a *agedCache) got(t *testing.T, err error) string {
	a.err = err
	v, err := a.Load(t.Context(), "key")
	a.quiet(t)
	said := v
	switch {
	case errors.Is(err, errNothing):
		said = "404"
	case err != nil:
		said = "the error"
	}
	if a.loads > 0 && said == "old" && a.Stats().Refreshes > 0 {
		said += "; a load in the background"
	}
	return said
}

var (
	errDown    = errors.New("it is down")
	errNothing = problem.NotFound("there is none")
)

func cacheLifeTable(t *testing.T) string {
	out := head("age of the entry", "`Get`", "`Load`, the loader works", "the loader fails", "the loader says 404")
	line := func(what string, first error, age time.Duration) {
		found := "nothing"
		if v, ok := newAgedCache(t, first, age).Get(t.Context(), "key"); ok {
			found = v
		}
		out += row(what, found, newAgedCache(t, first, age).got(t, nil), newAgedCache(t, first, age).got(t, errDown), newAgedCache(t, first, age).got(t, errNothing))
	}
	const last = time.Second
	line("below 30 s: fresh", nil, 30*time.Second-last)
	line("from 30 s: fresh, in the last half of its time", nil, 60*time.Second-last)
	line("from 60 s: stale, within `StaleWhileRevalidate`", nil, 120*time.Second-last)
	line("from 120 s: stale, within `StaleIfError`", nil, 180*time.Second-last)
	line("from 180 s: over", nil, 180*time.Second)
	line("a 404, below 5 s", errNothing, 5*time.Second-last)
	line("a 404, from 5 s", errNothing, 5*time.Second)
	return out
}

// cacheErrorTable has every exported error of the package, with what is written about it.
func cacheErrorTable(t *testing.T) string {
	values := map[string]error{"ErrBusy": cache.ErrBusy, "ErrLoadTimeout": cache.ErrLoadTimeout, "ErrNoLoader": cache.ErrNoLoader}
	out := head("error", "when", "HTTP")
	for _, file := range parseFolder(t, "cache").files {
		for _, d := range file.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok {
				continue
			}
			for _, spec := range g.Specs {
				v, ok := spec.(*ast.ValueSpec)
				if !ok || len(v.Names[0].Name) < 4 || v.Names[0].Name[:3] != "Err" {
					continue
				}
				name := v.Names[0].Name
				require.NotNil(t, values[name], "the table has no %s", name)
				status := 500
				if s, ok := values[name].(interface{ HTTPStatus() int }); ok {
					status = s.HTTPStatus()
				}
				out += row(code("cache."+name), flat(g.Doc.Text()), strconv.Itoa(status))
				delete(values, name)
			}
		}
	}
	require.Empty(t, values)
	return out
}

// statsTable has the fields of a struct of counters.
func statsTable(dir, name string) func(*testing.T) string {
	return func(t *testing.T) string {
		f := parseFolder(t, dir)
		s, _ := f.structOf(t, name)
		out := head("field", "counts")
		for _, line := range fieldsOf(t, f, s) {
			if slices.Equal(line.names, []string{"Name"}) || line.text == "" && len(line.names) == 1 {
				continue
			}
			for _, name := range line.names {
				out += row(code(name), flat(line.text))
			}
		}
		return out
	}
}
