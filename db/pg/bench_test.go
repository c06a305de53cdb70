//go:build unix

package pg_test

import (
	"context"
	"fmt"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/pg"
	"github.com/fasterapi/fasterapi/reactor"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
)

// world is a row of the usual benchmark.
type world struct {
	ID           int32
	RandomNumber int32 `db:"randomnumber"`
}

const oneRow = "SELECT id, randomnumber FROM world WHERE id = $1"

const benchRows = 10_000

func worldTable(b testing.TB, p *db.Pool) {
	ctx := context.Background()
	for _, sql := range []string{
		"CREATE TABLE IF NOT EXISTS public.world (id integer PRIMARY KEY, randomnumber integer NOT NULL)",
		"TRUNCATE public.world",
		fmt.Sprintf("INSERT INTO public.world SELECT i, (i * 7919) %% 10000 FROM generate_series(1, %d) AS i", benchRows),
		"ANALYZE public.world",
	} {
		_, err := p.Exec(ctx, sql).Await(ctx)
		require.NoError(b, err)
	}
}

// cpu is the processor time that this process has used.
func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func report(b *testing.B, before time.Duration) {
	b.ReportMetric(float64(cpu()-before)/float64(b.N)/1000, "cpu-us/op")
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "q/s")
}

const concurrency = 64

// chain runs queries one after the other on a reactor, by continuations.
//
// Owner: reactor.
type chain struct {
	ctx  context.Context
	pool *db.Pool
	left int
	id   int32
	done *sync.WaitGroup
	b    *testing.B
}

func (c *chain) Run() { c.next() }

func (c *chain) next() {
	if c.left == 0 {
		c.done.Done()
		return
	}
	c.left--
	c.id = (c.id*31+7)%benchRows + 1
	c.pool.One[world](c.ctx, oneRow, c.id).OnDone(c.took)
}

func (c *chain) took(w world, err error) {
	if err != nil || w.ID != c.id {
		c.b.Errorf("%v %v", w, err)
		c.left = 0
	}
	c.next()
}

func BenchmarkReactor(b *testing.B) {
	for _, mode := range []struct {
		cores int
		reads pg.ShortReads
	}{{1, pg.ReadsAlone}, {2, pg.ReadsAlone}, {1, pg.ReadsShared}, {2, pg.ReadsShared}} {
		cores := mode.cores
		b.Run(fmt.Sprintf("cores=%d/reads=%s", cores, mode.reads), func(b *testing.B) {
			g, err := reactor.Start(reactor.Config{Cores: cores})
			require.NoError(b, err)
			defer func() { _ = g.Stop(context.Background()) }()
			p, err := pg.Open(context.Background(), pg.Config{URL: plain(b).URL(), Reactors: g, ShortReads: mode.reads})
			require.NoError(b, err)
			defer func() { _ = p.Close(context.Background()) }()
			worldTable(b, p)
			before := cpu()
			b.ReportAllocs()
			b.ResetTimer()
			var wg sync.WaitGroup
			for i := range concurrency {
				wg.Add(1)
				r := g.Reactor(i % cores)
				r.Post(&chain{
					ctx: async.WithSite(context.Background(), r.Site()), pool: p, id: int32(i), done: &wg, b: b,
					left: b.N/concurrency + min(1, max(0, b.N%concurrency-i)),
				})
			}
			wg.Wait()
			report(b, before)
			b.Logf("%+v", p.Stats())
		})
	}
}

func BenchmarkGoroutines(b *testing.B) {
	g, err := reactor.Start(reactor.Config{Cores: 2})
	require.NoError(b, err)
	defer func() { _ = g.Stop(context.Background()) }()
	p, err := pg.Open(context.Background(), pg.Config{URL: plain(b).URL(), Reactors: g})
	require.NoError(b, err)
	defer func() { _ = p.Close(context.Background()) }()
	worldTable(b, p)
	before := cpu()
	b.ReportAllocs()
	b.ResetTimer()
	var wg sync.WaitGroup
	for i := range concurrency {
		ctx := async.WithSite(context.Background(), async.Site{Scheduler: g.Reactor(i % 2)})
		left := b.N/concurrency + min(1, max(0, b.N%concurrency-i))
		wg.Go(func() {
			id := int32(i)
			for range left {
				id = (id*31+7)%benchRows + 1
				w, err := p.One[world](ctx, oneRow, id).Await(ctx)
				if err != nil || w.ID != id {
					b.Errorf("%v %v", w, err)
					return
				}
			}
		})
	}
	wg.Wait()
	report(b, before)
}

func BenchmarkPgxpool(b *testing.B) {
	for _, conns := range []int32{4, 8, 16} {
		b.Run(fmt.Sprintf("conns=%d", conns), func(b *testing.B) {
			cfg, err := pgxpool.ParseConfig(plain(b).URL())
			require.NoError(b, err)
			cfg.MaxConns = conns
			pool, err := pgxpool.NewWithConfig(context.Background(), cfg)
			require.NoError(b, err)
			defer pool.Close()
			before := cpu()
			b.ReportAllocs()
			b.ResetTimer()
			var wg sync.WaitGroup
			for i := range concurrency {
				left := b.N/concurrency + min(1, max(0, b.N%concurrency-i))
				wg.Go(func() {
					ctx := context.Background()
					id := int32(i)
					for range left {
						id = (id*31+7)%benchRows + 1
						var w world
						if err := pool.QueryRow(ctx, oneRow, id).Scan(&w.ID, &w.RandomNumber); err != nil || w.ID != id {
							b.Errorf("%v %v", w, err)
							return
						}
					}
				})
			}
			wg.Wait()
			report(b, before)
		})
	}
}

// BenchmarkTwenty runs 20 queries per operation: at the same time here, one after
// the other and as a batch in pgx, by 16 callers.
func BenchmarkTwenty(b *testing.B) {
	const callers, each = 16, 20
	ctx := context.Background()
	parallel := func(b *testing.B, op func(id int32) error) {
		before := cpu()
		b.ResetTimer()
		var wg sync.WaitGroup
		for i := range callers {
			left := b.N/callers + min(1, max(0, b.N%callers-i))
			wg.Go(func() {
				for n := range left {
					if err := op(int32((i*31+n*each)%(benchRows-each) + 1)); err != nil {
						b.Errorf("%v", err)
						return
					}
				}
			})
		}
		wg.Wait()
		report(b, before)
	}
	whenAll := func(b *testing.B, reads pg.ShortReads) {
		g, err := reactor.Start(reactor.Config{Cores: 1})
		require.NoError(b, err)
		defer func() { _ = g.Stop(ctx) }()
		p, err := pg.Open(ctx, pg.Config{URL: plain(b).URL(), Reactors: g, ShortReads: reads})
		require.NoError(b, err)
		defer func() { _ = p.Close(ctx) }()
		worldTable(b, p)
		ctx := async.WithSite(ctx, async.Site{Scheduler: g.Reactor(0)})
		parallel(b, func(id int32) error {
			var all [each]async.Future[world]
			for i := range all {
				all[i] = p.One[world](ctx, oneRow, id+int32(i))
			}
			_, err := async.WhenAll(all[:]...).Await(ctx)
			return err
		})
	}
	for _, reads := range []pg.ShortReads{pg.ReadsAlone, pg.ReadsShared} {
		b.Run("WhenAll/reads="+string(reads), func(b *testing.B) { whenAll(b, reads) })
	}
	pool, err := pgxpool.New(ctx, plain(b).URL()+"&pool_max_conns=16")
	require.NoError(b, err)
	defer pool.Close()
	b.Run("PgxSequential", func(b *testing.B) {
		parallel(b, func(id int32) error {
			for i := range each {
				var w world
				if err := pool.QueryRow(ctx, oneRow, id+int32(i)).Scan(&w.ID, &w.RandomNumber); err != nil {
					return err
				}
			}
			return nil
		})
	})
	b.Run("PgxBatch", func(b *testing.B) {
		parallel(b, func(id int32) error {
			batch := &pgx.Batch{}
			for i := range each {
				batch.Queue(oneRow, id+int32(i))
			}
			r := pool.SendBatch(ctx, batch)
			for range each {
				var w world
				if err := r.QueryRow().Scan(&w.ID, &w.RandomNumber); err != nil {
					return err
				}
			}
			return r.Close()
		})
	})
}
