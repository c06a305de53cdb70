package pg

import (
	"context"
	"log/slog"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/pg/internal/wire"
	"github.com/fasterapi/fasterapi/reactor"
)

// MaxConnsPerCore is Config.MaxConns, for tools that compute what the server must allow.
func (d *database) MaxConnsPerCore() int { return d.cfg.MaxConns }

// UseReactors moves the pool to the reactors of g: new calls run there; those
// that run already end where they are. An app calls it when it starts.
func (d *database) UseReactors(g *reactor.Group) error {
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
func (d *database) LeaveReactors(ctx context.Context, g *reactor.Group) error {
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
func (d *database) bindOwn() error {
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
func (d *database) bind(g *reactor.Group, own bool) {
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
	d.warnFewConns(g.Len())
	for _, c := range b.cores {
		c.r.Post(&opener{c, d.first})
		d.first = nil
	}
	if old != nil {
		d.retired.Go(func() { _ = old.close(context.Background()) })
	}
}

// unbind forgets a binding that takes no more queries.
func (d *database) unbind(b *binding) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.bound.CompareAndSwap(b, nil)
}

// warnFewConns says when the server has not got enough connections for these cores.
func (d *database) warnFewConns(cores int) {
	if may := d.cfg.MaxConns * cores; d.free > 0 && may > d.free {
		d.log().Warn("pg: the pool may open more connections than the server has left",
			slog.Int("max_conns_per_core", d.cfg.MaxConns), slog.Int("cores", cores),
			slog.Int("may_open", may), slog.Int("server_has_left", d.free))
	}
}

func newCore(d *database, b *binding, r *reactor.Reactor) *core {
	c := &core{d: d, b: b, r: r, cfg: &d.cfg, types: wire.NewTypes(d.cfg.Types)}
	c.shares = d.cfg.ShortReads == ReadsShared
	c.statements = statements{bySQL: map[string]*statement{}, limit: d.cfg.StatementCache}
	c.read = make([]byte, 0, readSize)
	c.keeper.Task = async.TaskFunc(c.tick)
	return c
}
