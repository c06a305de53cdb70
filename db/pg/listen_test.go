package pg_test

import (
	"context"
	"testing"
	"time"

	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/pg"
	"github.com/stretchr/testify/require"
)

// TestListenBegun: what is sent once begun was called is heard, also on the connection after the first.
func TestListenBegun(t *testing.T) {
	p := open(t, plain(t), pg.Config{})
	ctx := background(t)
	begun, sent := 0, []string{"first", "second"}
	for n, err := range pg.ListenBegun(ctx, p, func() {
		exec(t, &p.Querier, "SELECT pg_notify('begun', $1)", sent[min(begun, 1)])
		begun++
	}, "begun") {
		require.NoError(t, err)
		switch {
		case n.Payload == "first":
			exec(t, &p.Querier, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%begun%'")
		case n.Payload == "second":
			require.Equal(t, 2, begun)
			return
		default:
			require.True(t, n.Gap)
		}
	}
}

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
	next := func() pg.Notification {
		select {
		case n := <-got:
			return n
		case err := <-ended:
			require.NoError(t, err, "it has ended")
			return pg.Notification{}
		}
	}
	for !n.Gap {
		n = next()
	}
	exec(t, &p.Querier, `SELECT pg_notify('odd "channel"', 'again')`)
	for n.Payload != "again" {
		n = next()
	}
	require.NoError(t, p.Close(ctx))
	require.ErrorIs(t, <-ended, db.ErrClosed)

	for _, err := range pg.Listen(context.Background(), p) {
		require.Error(t, err)
	}
}

// TestListenLeaves: who leaves the loop, or whose context ends, leaves no
// connection behind; the cause comes last.
func TestListenLeaves(t *testing.T) {
	p := open(t, plain(t), pg.Config{})
	listeners := func() int64 {
		return one[int64](t, &p.Querier, "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'LISTEN \"leaving%' AND state = 'idle'")
	}
	heard := make(chan string)
	go func() {
		defer close(heard)
		for n, err := range pg.Listen(background(t), p, "leaving", "leaving too") {
			if err != nil {
				heard <- err.Error()
				return
			}
			heard <- n.Channel
			break
		}
	}()
	require.Eventually(t, func() bool { return listeners() == 1 }, patience, time.Millisecond)
	exec(t, &p.Querier, `NOTIFY "leaving too"`)
	require.Equal(t, "leaving too", <-heard)
	_, more := <-heard
	require.False(t, more)
	require.Eventually(t, func() bool { return listeners() == 0 }, patience, time.Millisecond)

	ctx, cancel := context.WithCancelCause(background(t))
	last := make(chan error)
	go func() {
		var err error
		for _, err = range pg.Listen(ctx, p, "leaving") {
		}
		last <- err
	}()
	require.Eventually(t, func() bool { return listeners() == 1 }, patience, time.Millisecond)
	cancel(errPurpose)
	require.ErrorIs(t, <-last, errPurpose)
	require.Eventually(t, func() bool { return listeners() == 0 }, patience, time.Millisecond)
}
