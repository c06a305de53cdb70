package schedule_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/leader"
	"github.com/fasterapi/fasterapi/schedule"
)

// TestStats: what is to come, what goes on, what has failed and what took too long is seen from outside.
func TestStats(t *testing.T) {
	const period = 50 * time.Millisecond
	began, release := make(chan schedule.Run), make(chan error)
	jobs := schedule.New(schedule.Config{Logger: quiet})
	jobs.Add(schedule.Job{Name: "job", Every: period, Where: schedule.OnEach, Run: func(_ context.Context, r schedule.Run) error {
		began <- r
		return <-release
	}})
	jobs.Add(schedule.Job{Name: "yearly", Cron: "@yearly", Where: schedule.OnEach, Run: func(context.Context, schedule.Run) error { return nil }})
	require.Equal(t, []schedule.Stats{{Job: "job"}, {Job: "yearly"}}, jobs.Stats(), "it has not begun")
	start := time.Now().Round(0)
	require.NoError(t, jobs.Start())
	run := <-began
	s := jobs.Stats()[0]
	require.True(t, s.Running)
	require.Equal(t, run.Due.Add(period).UTC(), s.Next.UTC(), "behind the time that it runs for")
	require.WithinRange(t, s.Began, start, time.Now())
	require.Zero(t, s.Runs)
	require.Zero(t, s.Took)
	require.Eventually(t, func() bool { return time.Now().After(run.Due.Add(2 * period)) }, time.Minute, time.Millisecond)
	release <- errors.New("on purpose")
	second := <-began // the first has ended
	s = jobs.Stats()[0]
	require.Equal(t, run.Due.UTC(), s.Due.UTC())
	require.EqualValues(t, 1, s.Runs)
	require.EqualValues(t, 1, s.Failed)
	require.EqualValues(t, 1, s.Overrun)
	require.Positive(t, s.Took)
	require.Equal(t, s.Took, s.Total)
	require.Equal(t, "on purpose", s.Error)
	require.WithinRange(t, s.FailedAt, run.Due, time.Now())
	require.Zero(t, s.Succeeded)
	require.True(t, s.Running)
	release <- nil
	<-began
	s = jobs.Stats()[0]
	require.EqualValues(t, 2, s.Runs)
	require.EqualValues(t, 1, s.Failed)
	require.Equal(t, "on purpose", s.Error, "the last failure")
	require.WithinRange(t, s.Succeeded, second.Due, time.Now())
	require.Greater(t, s.Total, s.Took)
	go func() {
		for range began {
		}
	}()
	close(release)
	require.NoError(t, jobs.Stop(t.Context()))
	close(began)
	require.False(t, jobs.Stats()[0].Running)

	yearly := jobs.Stats()[1]
	require.Equal(t, time.Date(start.UTC().Year()+1, 1, 1, 0, 0, 0, 0, time.UTC), yearly.Next.UTC())
	require.Zero(t, yearly.Runs)
}

// TestInTime: a run that ends before its next time is no overrun, however it ends.
func TestInTime(t *testing.T) {
	jobs := schedule.New(schedule.Config{Logger: quiet})
	jobs.Add(schedule.Job{Name: "short", Every: time.Second, Where: schedule.OnEach, Run: func(context.Context, schedule.Run) error { panic("on purpose") }})
	require.NoError(t, jobs.Start())
	var s schedule.Stats
	require.Eventually(t, func() bool { s = jobs.Stats()[0]; return s.Failed > 0 }, time.Minute, time.Millisecond)
	require.NoError(t, jobs.Stop(t.Context()))
	require.Contains(t, s.Error, "panic: on purpose")
	if s.Failed == 1 && s.FailedAt.Before(s.Due.Add(time.Second)) { // unless the machine slept
		require.Zero(t, s.Overrun)
	}
}

// TestCouldNot: a time that cannot be noted in the database passes without a run, and that is seen.
func TestCouldNot(t *testing.T) {
	pool := open(t)
	role := leader.New(pool, "could not", leader.Config{Logger: quiet})
	jobs := schedule.New(schedule.Config{Leader: role, Pool: pool, Logger: quiet})
	jobs.Add(schedule.Job{Name: "blocked\x00", Every: 20 * time.Millisecond, Run: func(context.Context, schedule.Run) error { return nil }}) // no text of PostgreSQL
	require.NoError(t, role.Start())
	require.NoError(t, jobs.Start())
	var s schedule.Stats
	require.Eventually(t, func() bool { s = jobs.Stats()[0]; return s.Error != "" }, time.Minute, time.Millisecond)
	require.NoError(t, jobs.Stop(t.Context()))
	require.NoError(t, role.Stop(t.Context()))
	require.True(t, s.OnLeader)
	require.Positive(t, s.Missed)
	require.Zero(t, s.Runs)
	require.NotZero(t, s.FailedAt)
}
