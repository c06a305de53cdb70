package background

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/internal/test/leaks"
)

func TestMain(m *testing.M) { leaks.Main(m) }

// TestPlaces: there are as many as may run and wait, and those that are given back are free again.
func TestPlaces(t *testing.T) {
	var tasks Tasks
	for range mostRunning + mostQueued {
		require.True(t, tasks.Reserve())
	}
	require.False(t, tasks.Reserve())
	tasks.Release(2)
	require.True(t, tasks.Reserve())
	require.True(t, tasks.Reserve())
	require.False(t, tasks.Reserve())
	tasks.Release(mostRunning + mostQueued)
	require.NoError(t, tasks.Drain(t.Context()))
}

// TestTurns: no more than mostRunning run at once, each runs once, and one that ends its goroutine starts the
// next one too.
func TestTurns(t *testing.T) {
	const all = 3 * mostRunning
	var tasks Tasks
	var mu sync.Mutex
	runs, now, most := 0, 0, 0
	full, goOn := make(chan struct{}), make(chan struct{})
	for i := range all {
		require.True(t, tasks.Reserve())
		tasks.Start("GET /", func() {
			mu.Lock()
			runs, now = runs+1, now+1
			if most = max(most, now); runs == mostRunning {
				close(full)
			}
			mu.Unlock()
			<-goOn
			mu.Lock()
			now--
			if mu.Unlock(); i%2 == 0 {
				runtime.Goexit()
			}
		})
	}
	<-full
	mu.Lock()
	require.Equal(t, mostRunning, runs, "the others wait")
	mu.Unlock()
	close(goOn)
	require.NoError(t, tasks.Drain(t.Context()))
	require.Equal(t, all, runs)
	require.Equal(t, mostRunning, most)
}

// TestDrainNamesWhatIsCutOff: by the routes, when there is no time left.
func TestDrainNamesWhatIsCutOff(t *testing.T) {
	var tasks Tasks
	over := make(chan struct{})
	for _, route := range []string{"GET /a", "POST /b", "GET /a"} {
		require.True(t, tasks.Reserve())
		tasks.Start(route, func() { <-over })
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("out of time"))
	require.EqualError(t, tasks.Drain(ctx), "shutdown: 3 background tasks were cut off: out of time: GET /a (2), POST /b")
	close(over)
	require.NoError(t, tasks.Drain(t.Context()))
	require.NoError(t, tasks.Drain(ctx), "nothing is left")
}
