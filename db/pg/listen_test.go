package pg_test

import (
	"context"
	"testing"

	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/pg"
	"github.com/stretchr/testify/require"
)

func TestListen(t *testing.T) {
	p := open(t, plain(t), pg.Config{})
	ctx := background(t)
	got := make(chan pg.Notification)
	ended := make(chan error, 1)
	go func() {
		for n, err := range pg.Listen(ctx, p, `odd "channel"`) {
			if err != nil {
				ended <- err
				return
			}
			got <- n
		}
	}()
	// The listener may not be there yet: say it until it answers.
	var n pg.Notification
	for said := false; !said; {
		exec(t, &p.Querier, `SELECT pg_notify('odd "channel"', 'hello')`)
		select {
		case n = <-got:
			said = true
		default:
		}
	}
	require.Equal(t, "hello", n.Payload)
	require.Equal(t, `odd "channel"`, n.Channel)

	kill := one[int64](t, &p.Querier, "SELECT count(pg_terminate_backend($1))", n.PID)
	require.EqualValues(t, 1, kill) // that was the sender's own process, a connection of the pool
	exec(t, &p.Querier, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'")
	for !n.Gap {
		n = <-got
	}
	exec(t, &p.Querier, `SELECT pg_notify('odd "channel"', 'again')`)
	for n.Payload != "again" {
		n = <-got
	}
	require.NoError(t, p.Close(ctx))
	require.ErrorIs(t, <-ended, db.ErrClosed)

	for _, err := range pg.Listen(context.Background(), p) {
		require.Error(t, err)
	}
}
