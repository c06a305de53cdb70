package resilience_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/internal/test/leaks"
	"github.com/fasterapi/fasterapi/reactor/virtual"
)

func TestMain(m *testing.M) { leaks.Main(m) }

var errBad = errors.New("bad")

// lab is a virtual reactor, and a context whose holder runs on it.
type lab struct {
	*virtual.Loop
	t   *testing.T
	ctx context.Context
}

func newLab(t *testing.T, seed uint64) *lab {
	v := virtual.New(seed)
	t.Cleanup(v.Close)
	return &lab{v, t, async.WithSite(t.Context(), v.Reactor.Site())}
}

// cancelled returns a context below that of the lab, and what cancels it.
func (l *lab) cancelled() (context.Context, context.CancelFunc) {
	return context.WithCancel(l.ctx)
}

// settle runs what is due and returns the result of f, which must be there.
func settle[T any](l *lab, f async.Future[T]) (T, error) {
	l.t.Helper()
	l.RunUntilIdle()
	require.True(l.t, l.RunUntil(f.Ready), "the future is pending")
	v, err, _ := f.Result()
	return v, err
}

// never returns a future that is settled only by its cancellation.
func never[T any](ctx context.Context) async.Future[T] {
	_, f := async.NewPromise[T](async.SiteOf(ctx).Scheduler)
	return f
}

// fails is work that fails.
func fails(err error) func(context.Context) (int, error) {
	return func(context.Context) (int, error) { return 0, err }
}

// works is work that succeeds.
func works(context.Context) (int, error) { return 1, nil }

// safe is an error of work that had no effect.
type safe struct{ after time.Duration }

func (safe) Error() string               { return "safe" }
func (safe) SafeToRetry() bool           { return true }
func (s safe) RetryAfter() time.Duration { return s.after }

// status is an error with an HTTP status.
type status int

func (status) Error() string     { return "status" }
func (s status) HTTPStatus() int { return int(s) }
