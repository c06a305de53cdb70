package pg_test

import (
	"testing"

	"github.com/fasterapi/fasterapi/db/pg"
	"github.com/stretchr/testify/require"
)

// TestEachBackpressure: the server computes the rows of a stream as they are
// read, a portion ahead at most.
func TestEachBackpressure(t *testing.T) {
	for name, c := range targets(t) {
		t.Run(name, func(t *testing.T) {
			p := open(t, c, pg.Config{})
			exec(t, &p.Querier, "CREATE SEQUENCE computed")
			computed := func() int64 { return one[int64](t, &p.Querier, "SELECT last_value FROM computed") }
			const portion = 128
			read := int64(0)
			for n, err := range p.Each[int64](background(t), "SELECT nextval('computed') FROM generate_series(1, 100000)") {
				require.NoError(t, err)
				read++
				require.Equal(t, read, n)
				if read%100 == 0 {
					require.LessOrEqual(t, computed(), read+portion+1)
				}
				if read == 1000 {
					break
				}
			}
			idle(t, p)
			require.LessOrEqual(t, computed(), read+portion+1)
		})
	}
}
