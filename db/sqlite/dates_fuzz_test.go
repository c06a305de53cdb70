package sqlite

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzDates: whatever a text is, only parameters that are in it stand beside a date,
// and none without a column of that kind.
func FuzzDates(f *testing.F) {
	for _, sql := range append(sqlSeeds, "INSERT INTO t (id, day) VALUES ($1, $2), ($3", "day = $1", "day IN (($1, $2), coalesce(", "t.day BETWEEN $1 AND", "\"", "day = [", "$1 = `") {
		f.Add(sql, 3)
	}
	f.Fuzz(func(t *testing.T, sql string, params int) {
		params &= 7
		d := newDateText(sql)
		require.NotContains(t, d.find(params), true)
		d.know("t", []column{{"id", false}, {"day", true}})
		found := d.find(params)
		for i := range d.tokens {
			if n := d.param(i); n > 0 && n <= params {
				found[n-1] = false
			}
		}
		require.NotContains(t, found, true, "%q", sql)
	})
}
