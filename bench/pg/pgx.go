package main

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/fasterapi/fasterapi/bench/answers"
)

// viaPgx is pgxpool with a goroutine for each worker.
func viaPgx(url string, workers int, conns int32, ask func(context.Context, *pgxpool.Pool) error) (*client, error) {
	cfg, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, err
	}
	cfg.MinConns, cfg.MaxConns = conns, conns
	pool, err := pgxpool.NewWithConfig(context.Background(), cfg)
	if err != nil {
		return nil, err
	}
	return &client{workers: workers, ask: func(_ int, w *worker, done func()) {
		go func() {
			defer done()
			for more := true; more; {
				w.start()
				more = w.answered(ask(context.Background(), pool))
			}
		}()
	}}, nil
}

func pgxOne(ctx context.Context, pool *pgxpool.Pool) error {
	var w answers.World
	id := answers.RandomWorld()
	err := pool.QueryRow(ctx, answers.SelectWorld, id).Scan(&w.ID, &w.RandomNumber)
	if err == nil && w.ID != id {
		err = errWrongRow
	}
	return err
}

func pgxSequential(ctx context.Context, pool *pgxpool.Pool) error {
	for range perEach {
		if err := pgxOne(ctx, pool); err != nil {
			return err
		}
	}
	return nil
}

func pgxBatch(ctx context.Context, pool *pgxpool.Pool) error {
	var b pgx.Batch
	all := make([]answers.World, perEach)
	for i := range all {
		b.Queue(answers.SelectWorld, answers.RandomWorld()).QueryRow(func(row pgx.Row) error {
			return row.Scan(&all[i].ID, &all[i].RandomNumber)
		})
	}
	return pool.SendBatch(ctx, &b).Close()
}
