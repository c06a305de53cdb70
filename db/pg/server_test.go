package pg_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/db"
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

// TestSerialization: transactions that the server really refuses because others
// ran at the same time are run again until they fit.
func TestSerialization(t *testing.T) {
	p := open(t, plain(t), pg.Config{})
	exec(t, &p.Querier, "CREATE TABLE counter (n bigint); INSERT INTO counter VALUES (0)")
	ctx := background(t)
	const writers = 4
	var attempts atomic.Int64
	var met sync.WaitGroup // in the first attempt all have read before one writes
	met.Add(writers)
	all := make([]async.Future[int64], writers)
	for i := range all {
		first := true
		options := db.TxOptions{Isolation: db.Serializable, Retries: 50}
		all[i] = async.Go(ctx, func(ctx context.Context) (int64, error) {
			return p.Tx(ctx, options, func(ctx context.Context, tx *db.Tx) (int64, error) {
				attempts.Add(1)
				n, err := tx.One[int64](ctx, "SELECT n FROM counter").Await(ctx)
				if first {
					first = false
					met.Done()
					met.Wait()
				}
				if err == nil {
					_, err = tx.Exec(ctx, "UPDATE counter SET n = $1", n+1).Await(ctx)
				}
				return n, err
			}).Await(ctx)
		})
	}
	seen, err := async.WhenAll(all...).Await(ctx)
	require.NoError(t, err)
	require.ElementsMatch(t, []int64{0, 1, 2, 3}, seen, "as if one after the other")
	require.EqualValues(t, writers, one[int64](t, &p.Querier, "SELECT n FROM counter"))
	require.Greater(t, attempts.Load(), int64(writers))
}
