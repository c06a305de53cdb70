package async

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// wall is a lab with a clock that any goroutine may read.
type wall struct {
	*lab
	at time.Time
}

func (w *wall) WallTime() time.Time { return w.at }

func TestNowIsOfTheScheduler(t *testing.T) {
	w := &wall{newLab(1), time.Unix(500, 0)}
	require.Equal(t, w.now, Now(WithSite(t.Context(), Site{Scheduler: w, Direct: true})))
	require.Equal(t, w.at, Now(WithSite(t.Context(), Site{Scheduler: w})))
	require.WithinDuration(t, time.Now(), Now(WithSite(t.Context(), Site{Scheduler: w.lab})), time.Minute)
	require.WithinDuration(t, time.Now(), Now(context.Background()), time.Minute)
}

func TestAlarm(t *testing.T) {
	l := newLab(1)
	ctx := WithSite(t.Context(), Site{Scheduler: l, Direct: true})
	rang := 0
	var one, two, unset Alarm
	one.Set(ctx, time.Second, func() { rang++ })
	two.Set(ctx, time.Second, func() { rang += 100 })
	two.Stop()
	unset.Stop()
	l.advance(999 * time.Millisecond)
	require.Zero(t, rang)
	l.advance(time.Millisecond)
	l.advance(time.Hour)
	require.Equal(t, 1, rang)
	one.Stop()
}
