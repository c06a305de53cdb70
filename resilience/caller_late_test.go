package resilience_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/resilience"
)

// TestCallerOutOfTime: work that is told to stop because the time of its caller is over has
// taken too long, however it says that it stopped.
func TestCallerOutOfTime(t *testing.T) {
	p := resilience.New("late", resilience.Config{Timeout: time.Hour})
	never := func(context.Context) async.Future[int] {
		_, f := async.NewPromise[int](nil)
		return f
	}
	var calls sync.WaitGroup
	for range 500 { // whoever waits for the end of the context may be the first to hear of it
		calls.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
			defer cancel()
			_, err := p.DoFuture(ctx, never).Await(t.Context())
			assert.ErrorIs(t, err, context.DeadlineExceeded)
			assert.NotErrorIs(t, err, context.Canceled)
		})
	}
	calls.Wait()

	ctx, cancel := context.WithCancel(t.Context())
	f := p.DoFuture(ctx, never)
	cancel()
	_, err := f.Await(t.Context())
	require.ErrorIs(t, err, context.Canceled, "a caller who leaves is something else")
}
