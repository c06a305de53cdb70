package wire_test

import (
	"context"
	"testing"
	"time"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/driver"
	"github.com/fasterapi/fasterapi/db/pg/internal/wire"
	"github.com/stretchr/testify/require"
)

// fake is a driver that only keeps the last call; the test answers it.
type fake struct{ last *driver.Query }

func (f *fake) Start(q *driver.Query)       { f.last = q }
func (f *fake) Cancel(*driver.Query)        {}
func (f *fake) Close(context.Context) error { return nil }

// still is a scheduler that runs nothing: the test looks at the future.
type still struct{}

func (still) Schedule(async.Task)                         {}
func (still) Post(async.Task) bool                        { return true }
func (still) Now() time.Time                              { return time.Time{} }
func (still) After(time.Duration, async.Task) async.Timer { return nil }

// call is a query for one row of T with these parameters.
func call[T any](args ...any) (*driver.Query, async.Future[T]) {
	f := &fake{}
	ctx := async.WithSite(context.Background(), async.Site{Scheduler: still{}, Direct: true})
	future := db.New(f, func() db.Stats { return db.Stats{} }).One[T](ctx, "SELECT", args...)
	return f.last, future
}

// decode is the row of T that a DataRow becomes.
func decode[T any](t require.TestingT, s *wire.Shape, body []byte) (T, error) {
	q, future := call[T]()
	require.NoError(t, q.Describe(s.Description()))
	if err := s.DecodeRow(q.Next(), body); err != nil {
		q.FinishHere(err)
		_, _, _ = future.Result()
		return *new(T), err
	}
	q.FinishHere(nil)
	v, err, ended := future.Result()
	require.True(t, ended)
	return v, err
}

// next is the only message in buf.
func next(t testing.TB, buf []byte, kind byte) []byte {
	t.Helper()
	m, n, err := wire.Next(buf)
	require.NoError(t, err)
	require.Equal(t, len(buf), n)
	require.Equal(t, kind, m.Kind)
	return m.Body
}
