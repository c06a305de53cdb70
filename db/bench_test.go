package db_test

import (
	"context"
	"testing"
)

// BenchmarkOne is the facade alone: call, plan, one row of two columns, result.
func BenchmarkOne(b *testing.B) {
	f, p := newFake()
	ctx := direct(context.Background())
	b.ReportAllocs()
	id := int64(1_000_000)
	for b.Loop() {
		id++
		future := p.One[user](ctx, "SELECT id, name FROM users WHERE id = $1", id)
		f.answer()
		if _, err, _ := future.Result(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkQuery is 100 rows of two columns.
func BenchmarkQuery(b *testing.B) {
	f, p := newFake()
	ctx := direct(context.Background())
	b.ReportAllocs()
	for b.Loop() {
		future := p.Query[user](ctx, "SELECT id, name FROM users")
		q := f.last
		_ = q.Describe(f.desc)
		for i := range 100 {
			row := q.Next()
			row.Int64(0, int64(i))
			row.Text(1, name)
		}
		q.FinishHere(nil)
		if users, err, _ := future.Result(); err != nil || len(users) != 100 {
			b.Fatal(err)
		}
	}
}
