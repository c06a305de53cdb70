package main

import (
	"context"
	"errors"
	"runtime"
	"time"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/bench/answers"
	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/pg"
	"github.com/fasterapi/fasterapi/reactor"
)

var errWrongRow = errors.New("the row of another query")

// openOurs starts as many reactors as there are cores, with 8 connections in
// all, as many as the peers' best.
func openOurs(url string, reads pg.ShortReads) (*reactor.Group, *db.Pool, error) {
	cores := runtime.GOMAXPROCS(0)
	g, err := reactor.Start(reactor.Config{Cores: cores})
	if err != nil {
		return nil, nil, err
	}
	p, err := pg.Open(context.Background(), pg.Config{URL: url, Reactors: g, MaxConns: max(1, 8/cores), ShortReads: reads})
	return g, p, err
}

// loop is a chain of queries on a reactor: each answer starts the next query.
type loop struct {
	*worker
	ctx  context.Context
	pool *db.Pool
	id   int32
	done func()
	next func(*loop)
}

func (l *loop) Run() { l.start(); l.next(l) }

func (l *loop) one() {
	l.id = answers.RandomWorld()
	l.pool.One[answers.World](l.ctx, answers.SelectWorld, l.id).OnDone(l.got)
}

func (l *loop) got(w answers.World, err error) {
	if err == nil && w.ID != l.id {
		err = errWrongRow
	}
	l.again(err)
}

func (l *loop) twenty() {
	futures := make([]async.Future[answers.World], perEach)
	for i := range futures {
		futures[i] = l.pool.One[answers.World](l.ctx, answers.SelectWorld, answers.RandomWorld())
	}
	async.WhenAll(futures...).OnDone(func(_ []answers.World, err error) { l.again(err) })
}

func (l *loop) again(err error) {
	if l.answered(err) {
		l.Run()
		return
	}
	l.done()
}

// ours is the driver on reactors, in chains.
func ours(url string, reads pg.ShortReads, workers int, next func(*loop)) (*client, error) {
	g, p, err := openOurs(url, reads)
	if err != nil {
		return nil, err
	}
	return &client{workers: workers, ask: func(i int, w *worker, done func()) {
		r := g.Reactor(i % g.Len())
		r.Post(&loop{worker: w, ctx: async.WithSite(context.Background(), r.Site()), pool: p, done: done, next: next})
	}}, nil
}

// oursGoroutines is the driver as straight-line code uses it.
func oursGoroutines(url string, reads pg.ShortReads) (*client, error) {
	g, p, err := openOurs(url, reads)
	if err != nil {
		return nil, err
	}
	return &client{workers: singles, ask: func(i int, w *worker, done func()) {
		ctx := async.WithSite(context.Background(), async.Site{Scheduler: g.Reactor(i % g.Len())})
		go func() {
			defer done()
			for more := true; more; {
				w.start()
				id := answers.RandomWorld()
				row, err := p.One[answers.World](ctx, answers.SelectWorld, id).Await(ctx)
				if err == nil && row.ID != id {
					err = errWrongRow
				}
				more = w.answered(err)
			}
		}()
	}}, nil
}

// besideSleep is a few fast queries at once, with or without a statement of one
// second each second on each core.
func besideSleep(url string, sleep bool) (*client, error) {
	g, p, err := openOurs(url, pg.ReadsAlone)
	if err != nil {
		return nil, err
	}
	c := &client{workers: 8, ask: func(i int, w *worker, done func()) {
		r := g.Reactor(i % g.Len())
		r.Post(&loop{worker: w, ctx: async.WithSite(context.Background(), r.Site()), pool: p, done: done, next: (*loop).one})
	}}
	if sleep {
		turn := 0
		c.beside = func(ctx context.Context) {
			for ; ctx.Err() == nil; turn++ {
				at := async.WithSite(ctx, async.Site{Scheduler: g.Reactor(turn % g.Len())})
				if _, err := p.One[int](at, "SELECT 1 FROM pg_sleep(1)").Await(at); err != nil {
					time.Sleep(time.Millisecond)
				}
			}
		}
	}
	return c, nil
}
