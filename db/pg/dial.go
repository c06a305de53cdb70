package pg

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"
)

// dial connects, authenticates and takes the descriptor over. It blocks.
func (d *database) dial() (*link, error) {
	pc, pooled, err := d.connect(d.dialing, nil)
	if err != nil {
		return nil, err
	}
	l, err := d.hijack(d.dialing, pc, pooled)
	if err != nil {
		d.discard(d.dialing, pc)
		return nil, err
	}
	return l, nil
}

// A pooler in transaction mode, such as PgBouncer, gives each transaction to any
// of its server connections. Statements prepared with a name, and settings, are
// then somewhere else the next time. So before a connection is used it is found
// out whether there is a pooler before the server: one has a number of its own in
// BackendKeyData, not that of the server process, and mostly refuses settings
// that it does not know in the startup message.

// connect connects in a way that hijack can take over, with the hooks, and tells
// whether there is a pooler before the server. change, which may be nil, is for what
// a connection needs beside that.
func (d *database) connect(ctx context.Context, change func(*pgconn.Config)) (pc *pgconn.PgConn, pooled bool, err error) {
	cfg, err := d.configure(ctx)
	if err != nil {
		return nil, false, err
	}
	defer func() {
		if err != nil && cfg.Password != d.target.Password {
			err = redact(err, cfg, "")
		}
	}()
	if change != nil {
		change(cfg)
	}
	if pc, err = d.handshake(ctx, cfg); err != nil {
		return nil, false, err
	}
	if pooled, err = d.inspect(ctx, pc); err == nil {
		err = d.afterConnect(ctx, pc, pooled)
	}
	if err == nil {
		return pc, pooled, nil
	}
	if !errors.Is(err, errHookLate) { // or the hook has it still; its socket is closed
		d.discard(ctx, pc)
	}
	return nil, false, err
}

// handshake goes through the hosts until one lets us in.
func (d *database) handshake(ctx context.Context, cfg *pgconn.Config) (*pgconn.PgConn, error) {
	ctx, cancel := d.limited(ctx, hosts(cfg))
	defer cancel()
	if d.limitRefused.Load() {
		delete(cfg.RuntimeParams, timeoutParam)
	}
	pc, err := pgconn.ConnectConfig(ctx, cfg)
	if err != nil && cfg.RuntimeParams[timeoutParam] != "" && unknownParam(err) {
		delete(cfg.RuntimeParams, timeoutParam)
		pc, err = pgconn.ConnectConfig(ctx, cfg)
		d.limitRefused.Store(true)
	}
	return pc, err
}

// hosts is how many hosts a configuration names. Each of them has ConnectTimeout: one
// that says nothing must not take the time of the next.
func hosts(cfg *pgconn.Config) int {
	type host struct {
		name string
		port uint16
	}
	all := map[host]bool{{cfg.Host, cfg.Port}: true}
	for _, f := range cfg.Fallbacks {
		all[host{f.Host, f.Port}] = true
	}
	return len(all)
}

// hijack takes the descriptor of a connection over. Nothing that the server sent
// may be left in pgconn's buffer.
func (d *database) hijack(ctx context.Context, pc *pgconn.PgConn, pooled bool) (*link, error) {
	ctx, cancel := d.limited(ctx, 1)
	defer cancel()
	if err := pc.SyncConn(ctx); err != nil {
		return nil, err
	}
	h, err := pc.Hijack()
	if err != nil {
		return nil, err
	}
	if h.Frontend.ReadBufferLen() != 0 {
		_ = h.Conn.Close()
		return nil, errors.New("pg: the server sent more than the handshake")
	}
	l := &link{hijacked: h, pid: h.PID, pooled: pooled, unnamed: pooled && !d.cfg.SessionPooler}
	if !l.unnamed { // behind a pooler a connection says nothing about the next transaction
		l.wants = wantsOf(h.Config)
	}
	base := h.Conn
	if l.tls, _ = h.Conn.(*tls.Conn); l.tls != nil {
		base = l.tls.NetConn()
	}
	m, ok := base.(*memoryConn)
	if !ok {
		_ = h.Conn.Close()
		return nil, fmt.Errorf("pg: cannot take over a %T", base)
	}
	l.memory = m
	if l.fd, err = m.takeOver(); err != nil {
		_ = m.Conn.Close()
		return nil, err
	}
	return l, nil
}
