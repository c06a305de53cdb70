package pg

import (
	"context"
	"fmt"
	"strconv"

	"github.com/fasterapi/fasterapi/db"
	"github.com/jackc/pgx/v5/pgconn"
)

// Open checks that the database can be reached and returns a pool for it. The
// connections belong to reactors: to cfg.Reactors, else to those of the app that
// the pool is provided to, once it starts, and until then, or without an app, to
// one that the pool starts when it is first used.
//
// It fails when the configuration is bad, the server cannot be reached or does
// not let us in; the error never holds the password.
func Open(ctx context.Context, cfg Config) (*db.Pool, error) {
	cfg, err := cfg.resolve()
	if err != nil {
		return nil, err
	}
	target, err := cfg.target()
	if err != nil {
		return nil, err
	}
	d := &database{cfg: cfg, target: target}
	d.cores.Store(new([]*core))
	d.dialing, d.stopDialing = context.WithCancel(context.Background())
	if err := d.probe(ctx); err != nil {
		return nil, fmt.Errorf("pg: open: %w", err)
	}
	if cfg.Reactors != nil {
		if err := d.UseReactors(cfg.Reactors); err != nil {
			return nil, err
		}
	}
	return db.New(d, d.Stats), nil
}

// probe connects once and asks how many connections the server has left. The
// connection becomes the pool's first.
func (d *database) probe(ctx context.Context) error {
	pc, pooled, err := d.connect(ctx, nil)
	if err != nil {
		return connectError(redact(err, d.target, d.cfg.URL))
	}
	if pooled {
		err = d.statementMode(ctx, pc)
	}
	if err == nil && !pooled {
		const room = "SELECT current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int" +
			" - (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend')::int + 1"
		d.free = d.askNumber(ctx, pc, room)
	}
	if err == nil {
		d.first, err = d.hijack(ctx, pc, pooled)
	}
	if err != nil {
		d.discard(ctx, pc)
		return connectError(redact(err, d.target, d.cfg.URL))
	}
	return nil
}

// askNumber asks for a number, 0 when there is none.
func (d *database) askNumber(ctx context.Context, pc *pgconn.PgConn, sql string) int {
	ctx, cancel := d.limited(ctx, 1)
	defer cancel()
	text, err := ask(ctx, pc, sql)
	if err != nil {
		return 0
	}
	n, _ := strconv.Atoi(text)
	return n
}
