package db_test

import (
	"context"
	"time"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/driver"
)

// fake is a driver whose answers the test gives, as a reactor's driver would: on
// the caller's scheduler.
type fake struct {
	last *driver.Query
	desc *driver.Description
}

func (f *fake) Start(q *driver.Query)       { f.last = q }
func (f *fake) Cancel(*driver.Query)        {}
func (f *fake) Close(context.Context) error { return nil }

// turn is a scheduler that runs nothing: the test looks at the future.
type turn struct{}

func (turn) Schedule(async.Task)                         {}
func (turn) Post(async.Task) bool                        { return true }
func (turn) Now() time.Time                              { return time.Time{} }
func (turn) After(time.Duration, async.Task) async.Timer { return nil }
func direct(ctx context.Context) context.Context {
	return async.WithSite(ctx, async.Site{Scheduler: turn{}, Direct: true})
}

type user struct {
	ID   int64
	Name string
}

var name = []byte("some name")

func newFake() (*fake, *db.Pool) {
	f := &fake{desc: driver.NewDescription([]driver.Column{
		{Name: "id", Type: "int8", Class: driver.ClassInt}, {Name: "name", Type: "text", Class: driver.ClassText},
	})}
	return f, db.New(f, func() db.Stats { return db.Stats{} })
}

// answer delivers one row.
func (f *fake) answer() {
	q := f.last
	_ = q.Describe(f.desc)
	row := q.Next()
	row.Int64(0, q.Params()[0].Int())
	row.Text(1, name)
	q.FinishHere(nil)
}
