package sqlite_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/dbtest"
	"github.com/stretchr/testify/require"
)

// soak is how long a model runs: SOAK in seconds, which `make soak` sets.
func soak(t *testing.T) time.Duration {
	text := os.Getenv("SOAK")
	if text == "" {
		return 2 * time.Second
	}
	d, err := time.ParseDuration(text + "s")
	require.NoError(t, err, "SOAK")
	return d
}

// TestModel: see dbtest.Model. Others change the schema and hold the lock meanwhile.
func TestModel(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	p, other := open(t, path, dbtest.Limits{}), open(t, path, dbtest.Limits{})
	m := &dbtest.Model{Pool: p}
	seed := dbtest.Seed(t)
	yes, no, unknown := 0, 0, 0
	// A busy machine may take long for a round: it goes on until all has happened that may.
	for begin := time.Now(); time.Since(begin) < soak(t) || yes*no*unknown == 0 && time.Since(begin) < soak(t)+patience; seed++ {
		m.Prepare(t)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		go disturb(ctx, t, other)
		m.Run(ctx, 8, seed)
		cancel()
		m.Settle(t)
		m.Check(t)
		yes, no, unknown = m.Counts()
	}
	t.Logf("%d stored, %d failed, %d unknown", yes, no, unknown)
	require.NotZero(t, yes*no*unknown)
}

// disturb is another process: it changes the schema and holds the lock for a while.
func disturb(ctx context.Context, t *testing.T, p *db.Pool) {
	for ctx.Err() == nil {
		_, _ = p.Exec(ctx, "ALTER TABLE log ADD COLUMN more INT").Await(ctx)
		_, _ = p.Tx(ctx, db.TxOptions{}, func(ctx context.Context, tx *db.Tx) (int, error) {
			_, err := tx.Exec(ctx, "CREATE INDEX by_step ON log (step)").Await(ctx)
			return 0, err
		}).Await(ctx)
		_, _ = p.Exec(ctx, "DROP INDEX by_step").Await(ctx)
		_, _ = p.Exec(ctx, "ALTER TABLE log DROP COLUMN more").Await(ctx)
	}
}
