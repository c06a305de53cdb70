package pg

import (
	"time"

	"github.com/fasterapi/fasterapi/db"
)

// KnownShort has every core of p take what it has measured of sql for took. What
// it measures by itself holds the delays of a busy machine as well, and whether
// statements share a Sync depends on that: nine of 120 us are more than groupTime.
func KnownShort(p *db.Pool, sql string, took time.Duration) {
	p.Driver().(*database).bound.Load().each(func(c *core) {
		s := c.statement(sql)
		s.runs, s.average, s.proven = groupRuns, float64(took), groupRuns
	})
}
