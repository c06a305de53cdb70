package health

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/internal/test/leaks"
)

func TestMain(m *testing.M) { leaks.Main(m) }

var errDown = errors.New("down")

// checks returns checks, and the log of what they find.
func checks(t *testing.T, all ...Check) (*Checks, *bytes.Buffer) {
	t.Helper()
	log := &bytes.Buffer{}
	c, err := New(slog.New(slog.NewTextHandler(log, nil)), all...)
	require.NoError(t, err)
	return c, log
}

// counted is a check that counts its runs, which end as it says.
func counted(name string, critical bool, runs *atomic.Int32, end func() error) Check {
	return Check{Name: name, Critical: critical, Run: func(context.Context) error { runs.Add(1); return end() }}
}

func TestReport(t *testing.T) {
	for name, test := range map[string]struct {
		critical, optional error
		want               Status
	}{
		"all well":          {nil, nil, OK},
		"optional one down": {nil, errDown, Degraded},
		"critical one down": {errDown, nil, Failing},
		"both down":         {errDown, errDown, Failing},
	} {
		t.Run(name, func(t *testing.T) {
			var runs atomic.Int32
			c, _ := checks(t,
				counted("database", true, &runs, func() error { return test.critical }),
				counted("mail", false, &runs, func() error { return test.optional }),
			)
			report := c.Report(t.Context())
			require.Equal(t, test.want, report.Status)
			require.Len(t, report.Results, 2)
			require.Equal(t, "database", report.Results[0].Name)
			require.ErrorIs(t, report.Results[0].Err, test.critical)
			require.ErrorIs(t, report.Results[1].Err, test.optional)
			require.EqualValues(t, 2, runs.Load())
		})
	}
}

// TestResultsAreKept: for MaxAge, and not longer; one run serves all who ask meanwhile.
func TestResultsAreKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var runs atomic.Int32
		check := counted("database", true, &runs, func() error { time.Sleep(100 * time.Millisecond); return nil })
		check.MaxAge = 10 * time.Second
		c, _ := checks(t, check)
		for range 3 {
			done := make(chan Report, 20)
			for range cap(done) {
				go func() { done <- c.Report(t.Context()) }()
			}
			for range cap(done) {
				require.Equal(t, OK, (<-done).Status)
			}
			time.Sleep(9 * time.Second)
			report := c.Report(t.Context())
			require.Equal(t, 100*time.Millisecond, report.Results[0].Took)
			require.Equal(t, 9*time.Second, time.Since(report.Results[0].At))
			time.Sleep(time.Second)
		}
		require.EqualValues(t, 3, runs.Load())
	})
}

// TestLateChecks: one that does not come back fails in time, and is not started again
// before it has.
func TestLateChecks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var runs atomic.Int32
		release := make(chan struct{})
		c, log := checks(t, counted("disk", true, &runs, func() error { <-release; return nil }))
		for range 5 {
			began := time.Now()
			report := c.Report(t.Context())
			require.Equal(t, Failing, report.Status)
			require.ErrorIs(t, report.Results[0].Err, ErrTimeout)
			require.LessOrEqual(t, time.Since(began), defaultTimeout)
			time.Sleep(time.Minute)
		}
		require.EqualValues(t, 1, runs.Load())
		close(release)
		synctest.Wait()
		require.Equal(t, Failing, c.Report(t.Context()).Status, "it took four minutes")
		time.Sleep(defaultMaxAge)
		require.Equal(t, OK, c.Report(t.Context()).Status)
		require.EqualValues(t, 2, runs.Load())
		synctest.Wait() // for the log
		require.Equal(t, 1, bytes.Count(log.Bytes(), []byte("a check fails")), log)
		require.Equal(t, 1, bytes.Count(log.Bytes(), []byte("works again")), log)
	})
}

// TestContextsOfChecks: a check has nothing of whoever asked, and time to the end of its
// timeout, also when that one leaves.
func TestContextsOfChecks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		type key struct{}
		ended := make(chan error, 1)
		c, _ := checks(t, Check{Name: "slow", Timeout: 3 * time.Second, Run: func(ctx context.Context) error {
			if ctx.Value(key{}) != nil {
				panic("the value of somebody")
			}
			<-ctx.Done()
			ended <- context.Cause(ctx)
			return ctx.Err()
		}})
		ctx, cancel := context.WithCancelCause(context.WithValue(t.Context(), key{}, "value"))
		time.AfterFunc(time.Second, func() { cancel(errDown) })
		began := time.Now()
		report := c.Report(ctx)
		require.Equal(t, time.Second, time.Since(began))
		require.ErrorIs(t, report.Results[0].Err, errDown)
		require.Equal(t, context.DeadlineExceeded, <-ended)
		require.Equal(t, 3*time.Second, time.Since(began))
		report = c.Report(t.Context())
		require.ErrorIs(t, report.Results[0].Err, ErrTimeout)
	})
}

// TestChecksThatEndOddly: by a panic or runtime.Goexit.
func TestChecksThatEndOddly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, log := checks(t,
			Check{Name: "panics", Critical: true, Run: func(context.Context) error { panic("no luck") }},
			Check{Name: "works", Critical: true, Run: func(context.Context) error { return nil }},
		)
		report := c.Report(t.Context())
		require.Equal(t, Failing, report.Status)
		require.ErrorContains(t, report.Results[0].Err, "no luck")
		require.NoError(t, report.Results[1].Err)
		synctest.Wait()
		require.Contains(t, log.String(), "no luck")

		c, _ = checks(t, Check{Name: "exits", Run: func(context.Context) error { runtime.Goexit(); return nil }})
		report = c.Report(t.Context())
		require.Equal(t, Degraded, report.Status)
		require.ErrorContains(t, report.Results[0].Err, "ended its goroutine")
		synctest.Wait()
	})
}

func TestMistakesOfChecks(t *testing.T) {
	run := func(context.Context) error { return nil }
	_, err := New(slog.Default(), Check{Run: run}, Check{Name: "a"}, Check{Name: "b", Run: run, Timeout: -1}, Check{Name: "b", Run: run, MaxAge: -1})
	for _, want := range []string{`needs a Name`, `"a" needs a function Run`, `"b" must not have a negative Timeout or MaxAge`, `two health checks named "b"`} {
		require.ErrorContains(t, err, want)
	}
}

// TestUsage: a process that has computed has used its processor.
func TestUsage(t *testing.T) {
	var u Usage
	require.Zero(t, u.Look().CPUPercent)
	for u.used == cpuTime() { // compute
	}
	p := u.Look()
	require.Positive(t, p.CPUPercent)
	require.LessOrEqual(t, p.CPUPercent, 100.0)
	require.Positive(t, p.MemoryBytes)
	require.Positive(t, p.Goroutines)
}
