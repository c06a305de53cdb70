package schedule_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/leader"
	"github.com/fasterapi/fasterapi/schedule"
)

// TestBack: an instance that lost the role while its job ran, and has it again by the end of that, knows what the leader between has done.
func TestBack(t *testing.T) {
	pool := open(t)
	const period = 50 * time.Millisecond
	instance := func(check time.Duration, run func(context.Context, schedule.Run) error) (*leader.Role, *schedule.Schedule) {
		role := leader.New(pool, "back", leader.Config{Check: check, Logger: quiet})
		jobs := schedule.New(schedule.Config{Leader: role, Pool: pool, Logger: quiet})
		jobs.Add(schedule.Job{Name: "tick", Every: period, Misfire: schedule.RunOnce, Run: run})
		require.NoError(t, role.Start())
		require.NoError(t, jobs.Start())
		t.Cleanup(func() { _ = role.Stop(context.Background()) })
		return role, jobs
	}
	began, release, done := make(chan schedule.Run), make(chan struct{}), make(chan struct{})
	first, jobs := instance(500*time.Millisecond, func(_ context.Context, r schedule.Run) error {
		select {
		case began <- r:
		case <-done:
		}
		select {
		case <-release:
		case <-done:
		}
		return nil
	})
	t.Cleanup(func() {
		close(done)
		_ = jobs.Stop(context.Background())
	})
	<-began
	var between times
	second, others := instance(time.Millisecond, between.add)
	require.Eventually(t, func() bool { // the second is the quicker one, sooner or later
		if _, leads := second.Term(); !leads {
			_, err := pool.Exec(t.Context(), `SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted`).Await(t.Context())
			require.NoError(t, err)
		}
		return len(between.all()) >= 10
	}, time.Minute, 50*time.Millisecond)
	require.NoError(t, others.Stop(t.Context()))
	require.NoError(t, second.Stop(t.Context()))
	require.Eventually(t, func() bool { _, leads := first.Term(); return leads }, time.Minute, time.Millisecond)
	release <- struct{}{}
	next := <-began
	runs := between.all()
	require.LessOrEqual(t, jobs.Stats()[0].Missed, uint64(next.Due.Sub(runs[len(runs)-1].Due)/period), "what the other has done was not missed")
}
