package main

import (
	"time"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/problem"
)

// Demo is the input of /pipeline/demo.
type Demo struct {
	DB *db.Pool `inject:""`
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
// a slow one is not waited for.
func pipelineDemo(c *fasterapi.Ctx, in Demo) async.Future[Report] {
	return async.Retry(c, async.RetryPolicy{If: db.SafeToRetry}, func() async.Future[[]Revenue] {
		return in.DB.Query[Revenue](c, selectRevenue)
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
