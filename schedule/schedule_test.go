package schedule_test

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/pg"
	"github.com/fasterapi/fasterapi/internal/test/pgtest"
	"github.com/fasterapi/fasterapi/leader"
	"github.com/fasterapi/fasterapi/schedule"
)

var clusters pgtest.Shared

func TestMain(m *testing.M) { os.Exit(clusters.Run(m)) }

func open(t *testing.T) *db.Pool {
	t.Helper()
	pool, err := pg.Open(t.Context(), pg.Config{URL: clusters.Plain(t).URL(), MaxConns: 3})
	require.NoError(t, err)
	t.Cleanup(func() { _ = pool.Close(context.Background()) })
	_, err = pool.Exec(t.Context(), leader.Schema+";"+schedule.Schema).Await(t.Context())
	require.NoError(t, err)
	return pool
}

var quiet = slog.New(slog.DiscardHandler)

// times collects the runs of a job.
type times struct {
	mu   sync.Mutex
	runs []schedule.Run
}

func (l *times) add(_ context.Context, r schedule.Run) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.runs = append(l.runs, r)
	return nil
}

func (l *times) all() []schedule.Run {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]schedule.Run(nil), l.runs...)
}

// TestLeader: of three instances one runs the job for each time, also while leaders change; no time is run twice.
func TestLeader(t *testing.T) {
	pool := open(t)
	var log times
	for range 3 {
		role := leader.New(pool, "jobs", leader.Config{Check: 20 * time.Millisecond, Logger: quiet})
		require.NoError(t, role.Start())
		jobs := schedule.New(schedule.Config{Leader: role, Pool: pool, Logger: quiet})
		jobs.Add(schedule.Job{Name: "tick", Every: 20 * time.Millisecond, Run: log.add})
		require.NoError(t, jobs.Start())
		t.Cleanup(func() { _ = role.Stop(context.Background()) })
		t.Cleanup(func() { _ = jobs.Stop(context.Background()) })
	}
	for range 3 {
		before := len(log.all())
		require.Eventually(t, func() bool { return len(log.all()) > before+5 }, time.Minute, time.Millisecond)
		_, err := pool.Exec(t.Context(), `SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted`).Await(t.Context())
		require.NoError(t, err)
	}
	seen, term, runs := map[time.Time]bool{}, int64(0), log.all()
	// A former leader may come late to what it has taken, when the next one is at work already.
	slices.SortFunc(runs, func(a, b schedule.Run) int { return a.Due.Compare(b.Due) })
	for _, run := range runs {
		require.False(t, seen[run.Due], "twice for %v", run.Due)
		seen[run.Due] = true
		require.GreaterOrEqual(t, run.Term.Number, term)
		term = run.Term.Number
	}
	require.Greater(t, term, int64(1))
}

// TestMissed: what was missed while no instance ran is done once by the next one, or left out.
func TestMissed(t *testing.T) {
	pool := open(t)
	started := time.Now()
	long := started.Add(-100 * time.Hour)
	_, err := pool.Exec(t.Context(), "DELETE FROM schedule_runs").Await(t.Context()) // of an earlier run of this test
	require.NoError(t, err)
	for _, name := range []string{"once", "skip"} {
		_, err := pool.Exec(t.Context(), "INSERT INTO schedule_runs VALUES ($1, $2)", name, long.UnixMicro()).Await(t.Context())
		require.NoError(t, err)
	}
	role := leader.New(pool, "missed", leader.Config{Check: 20 * time.Millisecond, Logger: quiet})
	var once, skip, fresh times
	jobs := schedule.New(schedule.Config{Leader: role, Pool: pool, Logger: quiet})
	jobs.Add(schedule.Job{Name: "once", Cron: "@daily", Misfire: schedule.RunOnce, Run: once.add})
	jobs.Add(schedule.Job{Name: "skip", Cron: "@daily", Run: skip.add})
	jobs.Add(schedule.Job{Name: "fresh", Cron: "@daily", Misfire: schedule.RunOnce, Run: fresh.add})
	require.NoError(t, jobs.Start())
	require.NoError(t, role.Start())
	require.Eventually(t, func() bool { s := jobs.Stats(); return len(once.all()) == 1 && s[1].Missed >= 4 }, time.Minute, time.Millisecond)
	require.NoError(t, jobs.Stop(t.Context()))
	require.NoError(t, role.Stop(t.Context()))
	require.Len(t, once.all(), 1)
	require.WithinRange(t, once.all()[0].Due, started.UTC().Truncate(24*time.Hour), time.Now(), "for the latest of them")
	require.Empty(t, skip.all())
	require.Empty(t, fresh.all())
}

// TestOverrun: a job runs once at a time, and what it misses by that is run once or left out.
func TestOverrun(t *testing.T) {
	jobs := schedule.New(schedule.Config{Logger: quiet})
	release := make(chan struct{})
	began := make(chan schedule.Run)
	work := func(context.Context, schedule.Run) error {
		<-release
		return errors.New("on purpose")
	}
	jobs.Add(schedule.Job{Name: "skip", Every: 20 * time.Millisecond, Where: schedule.OnEach, Run: work})
	jobs.Add(schedule.Job{Name: "once", Every: 20 * time.Millisecond, Where: schedule.OnEach, Misfire: schedule.RunOnce, Run: func(ctx context.Context, r schedule.Run) error {
		began <- r
		return work(ctx, r)
	}})
	jobs.Add(schedule.Job{Name: "panics", Every: 20 * time.Millisecond, Where: schedule.OnEach, Run: func(context.Context, schedule.Run) error { panic("on purpose") }})
	require.NoError(t, jobs.Start())
	first := <-began
	for begin := time.Now(); time.Since(begin) < 150*time.Millisecond; { // times pass
		time.Sleep(10 * time.Millisecond)
	}
	close(release)
	second := <-began
	require.Greater(t, second.Due.Sub(first.Due), 100*time.Millisecond, "the latest one")
	go func() {
		for range began {
		}
	}()
	require.Eventually(t, func() bool {
		s := jobs.Stats()
		return s[0].Missed > 2 && s[0].Runs > 1 && s[0].Failed > 1 && s[1].Missed > 2 && s[2].Failed > 2
	}, time.Minute, time.Millisecond)
	require.NoError(t, jobs.Stop(t.Context()))
	close(began)
}

// TestStop: a stop waits for what runs, and ends it when it may not wait any longer; nothing starts behind it.
func TestStop(t *testing.T) {
	for _, patient := range []bool{true, false} {
		jobs := schedule.New(schedule.Config{Logger: quiet})
		began, release := make(chan struct{}, 1000), make(chan struct{})
		ended := make(chan error, 1000)
		jobs.Add(schedule.Job{Name: "job", Every: 5 * time.Millisecond, Where: schedule.OnEach, Run: func(ctx context.Context, _ schedule.Run) error {
			began <- struct{}{}
			select {
			case <-release:
			case <-ctx.Done():
			}
			ended <- ctx.Err()
			return ctx.Err()
		}})
		app := fasterapi.New(fasterapi.Config{Addr: "127.0.0.1:0"})
		jobs.Attach(app)
		server, err := app.Start()
		require.NoError(t, err)
		<-began
		ctx, cancel := context.WithCancel(t.Context())
		if patient {
			stopped := make(chan error, 1)
			go func() { stopped <- server.Shutdown(ctx) }()
			<-jobs.Stopping() // if this run ended before, the next one might begin
			close(release)
			require.NoError(t, <-stopped)
			require.NoError(t, <-ended)
		} else {
			cancel()
			require.Error(t, jobs.Stop(ctx))
			require.ErrorIs(t, <-ended, context.Canceled)
			_ = server.Shutdown(t.Context())
		}
		cancel()
		require.Empty(t, began, "nothing starts any more")
	}
}

// TestStopInTime: a stop ends with its context, whatever the jobs do, and says which of them were not done and where they were added.
func TestStopInTime(t *testing.T) {
	jobs := schedule.New(schedule.Config{Logger: quiet})
	began, release := make(chan struct{}, 2), make(chan struct{})
	jobs.Add(schedule.Job{Name: "deaf", Every: time.Millisecond, Where: schedule.OnEach, Run: func(context.Context, schedule.Run) error {
		began <- struct{}{}
		<-release
		return nil
	}})
	jobs.Add(schedule.Job{Name: "listens", Every: time.Millisecond, Where: schedule.OnEach, Run: func(ctx context.Context, _ schedule.Run) error {
		began <- struct{}{}
		<-ctx.Done()
		return ctx.Err()
	}})
	jobs.Add(schedule.Job{Name: "idle", Cron: "@yearly", Where: schedule.OnEach, Run: func(context.Context, schedule.Run) error { return nil }})
	require.NoError(t, jobs.Start())
	<-began
	<-began
	now, cancel := context.WithCancel(t.Context())
	cancel()
	stopped := make(chan error, 1)
	go func() { stopped <- jobs.Stop(now) }()
	select {
	case err := <-stopped:
		require.ErrorIs(t, err, context.Canceled)
		require.ErrorContains(t, err, "jobs still run")
		require.Regexp(t, `"deaf" \(.*schedule_test\.go:\d+\), for `, err.Error())
		require.NotContains(t, err.Error(), "idle")
	case <-time.After(30 * time.Second):
		t.Fatal("the stop waits for a job that does not look at its context")
	}
	close(release)
	require.NoError(t, jobs.Stop(t.Context()), "now they are done")
}

// TestStopNamesJobs: the shutdown of an app that has no time left says which jobs were not done.
func TestStopNamesJobs(t *testing.T) {
	jobs := schedule.New(schedule.Config{Logger: quiet})
	began := make(chan struct{}, 1)
	jobs.Add(schedule.Job{Name: "import", Every: time.Millisecond, Where: schedule.OnEach, Run: func(ctx context.Context, _ schedule.Run) error {
		began <- struct{}{}
		<-ctx.Done()
		return ctx.Err()
	}})
	app := fasterapi.New(fasterapi.Config{Addr: "127.0.0.1:0"})
	app.OnStart(func(context.Context) error { return jobs.Start() })
	app.OnStop(jobs.Stop, fasterapi.Within(20*time.Millisecond))
	server, err := app.Start()
	require.NoError(t, err)
	<-began
	err = server.Shutdown(t.Context())
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Regexp(t, `schedule: jobs .*"import" \(.*schedule_test\.go:\d+\), for `, err.Error())
}

// TestMistakes: all that is wrong is said when the app starts.
func TestMistakes(t *testing.T) {
	jobs := schedule.New(schedule.Config{Late: -1})
	jobs.Add(schedule.Job{})
	run := func(context.Context, schedule.Run) error { return nil }
	jobs.Add(schedule.Job{Name: "a", Every: 1, Cron: "* * * * *", Run: run, Where: schedule.OnEach})
	jobs.Add(schedule.Job{Name: "a", Cron: "x", Run: run})
	app := fasterapi.New(fasterapi.Config{Addr: "127.0.0.1:0"})
	jobs.Attach(app)
	_, err := app.Start()
	for _, what := range []string{"Late", "needs a Name", "something to Run", "not both", "1 ms", "two of this name", "five", "Config.Leader"} {
		require.ErrorContains(t, err, what)
	}
	require.Equal(t, jobs.Mistake().Error(), jobs.Start().Error())
}

// TestAddLate: a job that comes behind the start would never run, so it is a panic at its line.
func TestAddLate(t *testing.T) {
	run := func(context.Context, schedule.Run) error { return nil }
	jobs := schedule.New(schedule.Config{})
	jobs.Add(schedule.Job{Name: "early", Cron: "@daily", Run: run, Where: schedule.OnEach})
	require.NoError(t, jobs.Start())
	t.Cleanup(func() { require.NoError(t, jobs.Stop(context.Background())) })
	defer func() {
		late, _ := recover().(error)
		var wrong *fasterapi.RegistrationError
		require.ErrorAs(t, late, &wrong)
		require.Regexp(t, `^fasterapi: schedule.Schedule.Add \(.*schedule_test.go:\d+\): job "late": the schedule has started, so it would never run$`, late.Error())
		require.Len(t, jobs.Stats(), 1)
	}()
	jobs.Add(schedule.Job{Name: "late", Cron: "@daily", Run: run, Where: schedule.OnEach})
}
