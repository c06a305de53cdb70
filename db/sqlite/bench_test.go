package sqlite_test

import (
	"context"
	"database/sql"
	"path/filepath"
	"testing"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/dbtest"
	_ "modernc.org/sqlite" // the peer, through database/sql
)

type account struct {
	ID   int64
	Name string
}

const (
	seed   = "CREATE TABLE accounts (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO accounts VALUES (1000, 'some name here')"
	lookUp = "SELECT id, name FROM accounts WHERE id = $1"
)

func benchPool(b *testing.B) *db.Pool {
	p := open(b, filepath.Join(b.TempDir(), "bench.db"), dbtest.Limits{})
	run(b, p, seed)
	b.ReportAllocs()
	return p
}

// BenchmarkOne is a point query from a plain goroutine, awaited.
func BenchmarkOne(b *testing.B) {
	p := benchPool(b)
	ctx := b.Context()
	for b.Loop() {
		if a, err := p.One[account](ctx, lookUp, 1000).Await(ctx); err != nil || a.ID != 1000 {
			b.Fatal(err)
		}
	}
}

// BenchmarkOneParallel is the same from many goroutines.
func BenchmarkOneParallel(b *testing.B) {
	p := benchPool(b)
	b.SetParallelism(16)
	b.RunParallel(func(pb *testing.PB) {
		ctx := context.Background()
		for pb.Next() {
			if _, err := p.One[account](ctx, lookUp, 1000).Await(ctx); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkWhenAll is 20 point queries at once, per query group.
func BenchmarkWhenAll(b *testing.B) {
	p := benchPool(b)
	ctx := b.Context()
	for b.Loop() {
		var all [20]async.Future[account]
		for i := range all {
			all[i] = p.One[account](ctx, lookUp, 1000)
		}
		if _, err := async.WhenAll(all[:]...).Await(ctx); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkInsert is an autocommitted write.
func BenchmarkInsert(b *testing.B) {
	p := benchPool(b)
	ctx := b.Context()
	for b.Loop() {
		if _, err := p.Exec(ctx, "INSERT INTO accounts (name) VALUES ($1)", "ann").Await(ctx); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkTx is a transaction with one read and one write.
func BenchmarkTx(b *testing.B) {
	p := benchPool(b)
	ctx := b.Context()
	for b.Loop() {
		_, err := p.Tx(ctx, db.TxOptions{}, func(ctx context.Context, tx *db.Tx) (account, error) {
			if _, err := tx.Exec(ctx, "UPDATE accounts SET name = $1 WHERE id = 1000", "bob").Await(ctx); err != nil {
				return account{}, err
			}
			return tx.One[account](ctx, lookUp, 1000).Await(ctx)
		}).Await(ctx)
		if err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkEach streams 10,000 rows per operation.
func BenchmarkEach(b *testing.B) {
	p := benchPool(b)
	ctx := b.Context()
	for b.Loop() {
		n := 0
		for _, err := range p.Each[int64](ctx, "WITH RECURSIVE c (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 10000) SELECT x FROM c") {
			if err != nil {
				b.Fatal(err)
			}
			n++
		}
		if n != 10000 {
			b.Fatal(n)
		}
	}
}

// BenchmarkPeerOne is BenchmarkOne through database/sql with the driver that
// comes with the same SQLite, on a prepared statement.
func BenchmarkPeerOne(b *testing.B) {
	benchPeer(b, func(b *testing.B, st *sql.Stmt) {
		ctx := b.Context()
		for b.Loop() {
			var a account
			if err := st.QueryRowContext(ctx, 1000).Scan(&a.ID, &a.Name); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkPeerOneParallel is BenchmarkOneParallel through database/sql, with
// four connections.
func BenchmarkPeerOneParallel(b *testing.B) {
	benchPeer(b, func(b *testing.B, st *sql.Stmt) {
		b.SetParallelism(16)
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				var a account
				if err := st.QueryRowContext(context.Background(), 1000).Scan(&a.ID, &a.Name); err != nil {
					b.Fatal(err)
				}
			}
		})
	})
}

func benchPeer(b *testing.B, body func(*testing.B, *sql.Stmt)) {
	path := filepath.Join(b.TempDir(), "bench.db")
	p := open(b, path, dbtest.Limits{})
	run(b, p, seed)
	conns, err := sql.Open("sqlite", path)
	if err != nil {
		b.Fatal(err)
	}
	defer conns.Close()
	conns.SetMaxOpenConns(4)
	conns.SetMaxIdleConns(4)
	st, err := conns.Prepare(lookUp)
	if err != nil {
		b.Fatal(err)
	}
	defer st.Close()
	b.ReportAllocs()
	b.ResetTimer()
	body(b, st)
}
