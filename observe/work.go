package observe

import (
	"fmt"
	"strings"
	"time"
)

// maxStatement is how many bytes of a statement are kept.
const maxStatement = 1 << 10

// Work is what others did for a request: databases, caches, policies, other services. What runs at
// the same time counts in full, so that QueryTime may be more than Record.Took. A request that is
// over counts nothing more.
//
// Owner: whoever asked for it.
type Work struct {
	// Queries is how many statements of package db have ended, with those that begin and end transactions; a batch counts
	// as one. QueryTime is the time of all, with waiting for a connection.
	Queries   int           `json:",omitzero"`
	QueryTime time.Duration `json:",omitzero"`
	// Slowest is the statement that took longest, without its values, at most 1 KiB, and SlowestTime how
	// long. A batch is named by its first statement.
	Slowest     string        `json:",omitzero"`
	SlowestTime time.Duration `json:",omitzero"`
	// Repeated is the statement that ran most often, if that was more than Config.Repeats.
	Repeated Repeated `json:",omitzero"`
	// Calls are those of package client to other services, by attempts, and CallTime the time of all.
	Calls    int           `json:",omitzero"`
	CallTime time.Duration `json:",omitzero"`
	// CacheHits, CacheMisses and CacheStale are what caches answered: with a fresh value, with none,
	// and with an old one.
	CacheHits, CacheMisses, CacheStale int `json:",omitzero"`
	// Queued and Limited are how often a limiter or bulkhead made the request wait, and refused it; Broken how often
	// a breaker did; Retries the attempts of policies after the first.
	Queued, Limited, Broken, Retries int `json:",omitzero"`
}

// Repeated is a statement that one request ran many times: often once for each row of another one's
// result, where one query would do for all ("N+1").
//
// Owner: any (a plain value).
type Repeated struct {
	SQL   string // without values, at most 1 KiB; "" for none
	Count int
	// Site is the place that ran it, file:line: the innermost one outside of the framework.
	Site string
}

// Repeats counts the requests of a route in which a statement was repeated.
//
// Owner: whoever asked for it.
type Repeats struct {
	Route string
	Count int64
}

// Queried is what the requests of a route asked of databases.
//
// Owner: whoever asked for it.
type Queried struct {
	Route   string
	Queries int64
	Time    time.Duration
}

// work adds what databases did for a request of the route.
func (t *tally) work(w *Work) {
	if w.Queries != 0 {
		t.queries.Add(int64(w.Queries))
		t.queryTime.Add(int64(w.QueryTime))
	}
	if w.Repeated.Count != 0 {
		t.repeated.Add(1)
	}
}

// String is w in a line for logs, of what is not zero:
//
//	queries 14 312ms, slowest 290ms "SELECT ...", repeated 12 "SELECT ..." at /srv/shop.go:41, cache_hits 2
func (w Work) String() string {
	var parts []string
	add := func(wanted bool, format string, args ...any) {
		if wanted {
			parts = append(parts, fmt.Sprintf(format, args...))
		}
	}
	add(w.Queries > 0, "queries %d %v", w.Queries, w.QueryTime.Round(time.Microsecond))
	add(w.Slowest != "", "slowest %v %q", w.SlowestTime.Round(time.Microsecond), w.Slowest)
	add(w.Repeated.Count > 0, "repeated %d %q at %s", w.Repeated.Count, w.Repeated.SQL, w.Repeated.Site)
	add(w.Calls > 0, "calls %d %v", w.Calls, w.CallTime.Round(time.Microsecond))
	for _, n := range []struct {
		name  string
		count int
	}{
		{"cache_hits", w.CacheHits},
		{"cache_misses", w.CacheMisses},
		{"cache_stale", w.CacheStale},
		{"queued", w.Queued},
		{"limited", w.Limited},
		{"broken", w.Broken},
		{"retries", w.Retries},
	} {
		add(n.count > 0, "%s %d", n.name, n.count)
	}
	return strings.Join(parts, ", ")
}
