package pg_test

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/dbtest"
	"github.com/fasterapi/fasterapi/db/pg"
	"github.com/fasterapi/fasterapi/internal/test/leaks"
	"github.com/fasterapi/fasterapi/internal/test/pgtest"
)

// slow sleeps for a minute.
const slow = "SELECT CAST(1 AS BIGINT) FROM (SELECT pg_sleep(60)) AS s"

// controls are PostgreSQL's own ways to begin and end transactions.
var controls = []string{
	"START TRANSACTION", "start transaction isolation level serializable", "ABORT", "COMMIT AND CHAIN", "ROLLBACK AND CHAIN", "PREPARE TRANSACTION 'a'",
	"COMMIT PREPARED 'a'", "ROLLBACK PREPARED $$a$$", "BEGIN READ ONLY; INSERT INTO notes VALUES (1); COMMIT",
}

func conform(t *testing.T, c *pgtest.Cluster, cfg pg.Config) {
	dbtest.Run(t, dbtest.Subject{Slow: slow, Controls: controls, Open: func(t testing.TB, l dbtest.Limits) *db.Pool {
		cfg := cfg
		cfg.MaxConns, cfg.MaxWaiting, cfg.AcquireTimeout = l.Connections, l.Waiting, l.AcquireTimeout
		if l.Waiting > 0 {
			cfg.MaxPipeline = 1 // what is pipelined does not wait
		}
		return open(t, c, cfg)
	}})
}

func TestConformance(t *testing.T) {
	c := plain(t)
	defer leaks.None(t, goleak.IgnoreCurrent())
	t.Run("plain", func(t *testing.T) { conform(t, c, pg.Config{}) })
}

func TestConformanceTLS(t *testing.T) {
	c := encrypted(t)
	defer leaks.None(t, goleak.IgnoreCurrent())
	conform(t, c, pg.Config{ShortReads: pg.ReadsShared})
}
