package pg

import (
	"context"
	"fmt"
	"log/slog"
	"strconv"

	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/reactor"
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
	cfg, err := cfg.validate()
	if err != nil {
		return nil, err
	}
	target, err := cfg.target()
	if err != nil {
		return nil, err
	}
	d := &driver{cfg: cfg, target: target}
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
	return db.New(d), nil
}

// probe connects once and asks how many connections the server has left. The
// connection becomes the pool's first.
func (d *driver) probe(ctx context.Context) error {
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
func (d *driver) askNumber(ctx context.Context, pc *pgconn.PgConn, sql string) int {
	ctx, cancel := d.limited(ctx, 1)
	defer cancel()
	text, err := ask(ctx, pc, sql)
	if err != nil {
		return 0
	}
	n, _ := strconv.Atoi(text)
	return n
}

// warnFewConns says when the server has not got enough connections for these cores.
func (d *driver) warnFewConns(cores int) {
	if may := d.cfg.MaxConns * cores; d.free > 0 && may > d.free {
		d.cfg.Logger.Warn("pg: the pool may open more connections than the server has left",
			slog.Int("max_conns_per_core", d.cfg.MaxConns), slog.Int("cores", cores),
			slog.Int("may_open", may), slog.Int("server_has_left", d.free))
	}
}

// UseReactors moves the pool to the reactors of g: new calls run there; those
// that run already end where they are. An app calls it when it starts.
func (d *driver) UseReactors(g *reactor.Group) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed.Load() {
		return db.ErrClosed
	}
	d.bind(g, false)
	return nil
}

// LeaveReactors moves the pool off the reactors of g, which are about to stop,
// and returns when nothing of it is left there, or ctx ends. The pool stays
// usable, on a reactor of its own. An app calls it when it has drained.
func (d *driver) LeaveReactors(ctx context.Context, g *reactor.Group) error {
	d.mu.Lock()
	b := d.bound.Load()
	if b == nil || b.group != g || d.closed.Load() {
		d.mu.Unlock()
		return nil
	}
	d.bound.CompareAndSwap(b, nil)
	d.mu.Unlock()
	return b.close(ctx)
}

// bindOwn starts a reactor for a pool that has none.
func (d *driver) bindOwn() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.bound.Load() != nil || d.closed.Load() {
		return nil
	}
	g, err := reactor.Start(reactor.Config{Cores: 1, Logger: d.cfg.Logger})
	if err != nil {
		return err
	}
	d.bind(g, true)
	return nil
}

// bind makes the cores over g the current ones. mu is held.
func (d *driver) bind(g *reactor.Group, own bool) {
	d.warnFewConns(g.Len())
	old := d.bound.Load()
	b := &binding{d: d, group: g, own: own, drained: make(chan struct{})}
	all := append([]*core(nil), *d.cores.Load()...)
	for i := range g.Len() {
		c := newCore(d, b, g.Reactor(i))
		all = append(all, c)
		c.id, c.index = int32(len(all)), i
		b.cores = append(b.cores, c)
	}
	d.cores.Store(&all)
	d.bound.Store(b)
	for _, c := range b.cores {
		c.r.Post(&opener{c, d.first})
		d.first = nil
	}
	if old != nil {
		d.retired.Go(func() { _ = old.close(context.Background()) })
	}
}

// unbind forgets a binding that takes no more queries.
func (d *driver) unbind(b *binding) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.bound.CompareAndSwap(b, nil)
}
