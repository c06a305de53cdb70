package schedule_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/schedule"
)

// noReason is an error as a job returns it that gives back a nil pointer.
type noReason struct{ text string }

func (n *noReason) Error() string { return n.text }

// TestFailureWithoutText: an error that panics when it is asked what it says fails its run, and not the process.
func TestFailureWithoutText(t *testing.T) {
	jobs := schedule.New(schedule.Config{Logger: quiet})
	jobs.Add(schedule.Job{Name: "job", Every: 20 * time.Millisecond, Where: schedule.OnEach, Run: func(context.Context, schedule.Run) error {
		var none *noReason
		return none
	}})
	require.NoError(t, jobs.Start())
	require.Eventually(t, func() bool { return jobs.Stats()[0].Failed >= 2 }, time.Minute, time.Millisecond)
	require.Equal(t, "<nil>", jobs.Stats()[0].Error)
	require.NoError(t, jobs.Stop(t.Context()))
}
