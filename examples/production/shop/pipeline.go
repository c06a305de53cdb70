package shop

import (
	"context"
	"time"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/cache"
	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/problem"
	"github.com/fasterapi/fasterapi/reactor"
)

// Demo is the input of /pipeline/demo.
type Demo struct {
	DB      *db.Pool `inject:""`
	Reports *Reports `inject:""`
}

// Reports is the cache of reports: there is one, of all products.
type Reports = cache.Cache[string, Report]

// newReports keeps a report for a few seconds: it reads all orders, and many look at it. While the database is down the
// last one is shown, for an hour at most.
func newReports(clock *reactor.ManualClock) *Reports {
	cfg := cache.Config[string, Report]{
		TTL: 5 * time.Second, StaleWhileRevalidate: 5 * time.Second, StaleIfError: time.Hour, SoftTimeout: 500 * time.Millisecond,
		Life: func(_ string, r Report, life cache.Life) cache.Life {
			if r.Source != "database" {
				return cache.Life{} // an answer for want of a better one is not kept
			}
			return life
		},
	}
	if clock != nil { // in tests
		cfg.Clock = clock
	}
	return cache.New("reports", cfg)
}

// Revenue is what a product has earned.
type Revenue struct {
	Product string `json:"product"`
	Orders  int64  `json:"orders"`
	Total   int64  `json:"total"` // cents
}

// Report is the answer of /pipeline/demo.
type Report struct {
	Revenue []Revenue `json:"revenue"`
	Total   int64     `json:"total"`  // cents
	Source  string    `json:"source"` // "database", or "fallback" when that did not answer in time
}

const selectRevenue = `SELECT p.name AS product, count(o.id) AS orders, CAST(coalesce(sum(o.total), 0) AS BIGINT) AS total
	FROM products p LEFT JOIN orders o ON o.product_id = p.id GROUP BY p.id, p.name ORDER BY total DESC, p.name`

// pipelineDemo is a chain: it runs on the reactor, each step when the one
// before is done, without a goroutine. A failing database is asked twice more,
// a slow one is not waited for, and those who ask at the same time share one report.
func pipelineDemo(c *fasterapi.Ctx, in Demo) async.Future[Report] {
	return in.Reports.GetOrLoadFuture(c, "all products", func(ctx context.Context) async.Future[Report] {
		return makeReport(ctx, in.DB)
	})
}

// makeReport asks the database.
func makeReport(ctx context.Context, pool *db.Pool) async.Future[Report] {
	return async.Retry(ctx, async.RetryPolicy{If: db.SafeToRetry}, func() async.Future[[]Revenue] {
		return pool.Query[Revenue](ctx, selectRevenue)
	}).
		Timeout(2 * time.Second).
		Then(report).
		Recover(withoutDatabase)
}

// report sums the revenue up.
func report(rows []Revenue) Report {
	r := Report{Revenue: rows, Source: "database"}
	for _, row := range rows {
		r.Total += row.Total
	}
	return r
}

// withoutDatabase is the answer to a slow database; other failures stay
// failures.
func withoutDatabase(err error) (Report, error) {
	if db.KindOf(err) == db.Timeout {
		return Report{Source: "fallback"}, nil
	}
	return Report{}, problem.Wrap(err, 503, "the report cannot be made right now")
}
