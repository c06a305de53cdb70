package process_test

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/internal/process"
)

// TestTell: the last words of a process are waited for where its logger is late, and not for ever where it is stuck.
func TestTell(t *testing.T) {
	var told atomic.Bool
	process.Tell(func() {
		time.Sleep(700 * time.Millisecond) // as long as a process may wait for a processor
		told.Store(true)
	})
	require.True(t, told.Load())

	stuck := make(chan struct{})
	defer close(stuck)
	process.Tell(func() { <-stuck })
}
