package pg

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/fasterapi/fasterapi/async"
	"github.com/jackc/pgx/v5/pgconn"
)

// The hooks of Config run on goroutines of their own: they are the user's
// code, which may block, panic, or never come back, and a reactor, a call of Open or
// the pool must not go down with it.

// hookError is why a hook has failed.
//
// Owner: any (immutable once made).
type hookError struct {
	hook string
	err  error
}

func (e *hookError) Error() string { return "the hook " + e.hook + " failed: " + e.err.Error() }

func (e *hookError) Unwrap() error { return e.err }

var (
	errHookLate   = errors.New("it did not return in time (ConnectTimeout)")
	errHookExit   = errors.New("it ended its goroutine (runtime.Goexit)")
	errHookPooled = errors.New("there is a pooler before the server that may give each transaction to another session, so what the hook sets " +
		"would be somebody else's: connect to the server itself, or set SessionPooler if the pooler keeps sessions apart")
	errHookTx      = errors.New("it left a transaction open")
	errHookResults = errors.New("it left results unread: Close or ReadAll what Exec returns")
	errHookClosed  = errors.New("it closed the connection, or took it over")
)

// hook runs fn, which has until ctx ends. One that does not return by then is given
// up: late is called, which may be nil, and nobody waits for its end.
func hook(ctx context.Context, name string, fn func() error, late func()) error {
	done := make(chan error, 1)
	go func() {
		err := error(errHookExit)
		defer func() {
			if v := recover(); v != nil {
				err = &async.PanicError{Value: v, Stack: debug.Stack()}
			}
			done <- err
		}()
		err = fn()
	}()
	var err error
	select {
	case err = <-done:
	case <-ctx.Done():
		select {
		case err = <-done: // mostly it returns because ctx has ended
		default:
			err = fmt.Errorf("%w: %w", errHookLate, ctx.Err())
			if late != nil {
				late()
			}
		}
	}
	if err != nil {
		return &hookError{name, err}
	}
	return nil
}

// configure makes the configuration of one connection.
func (d *database) configure(ctx context.Context) (*pgconn.Config, error) {
	cfg := d.target.Copy()
	cfg.DialFunc = dial
	if before := d.cfg.BeforeConnect; before != nil {
		ctx, cancel := d.limited(ctx, 1)
		defer cancel()
		mine := cfg
		err := hook(ctx, "BeforeConnect", func() error { return before(ctx, mine) }, nil)
		if err == nil {
			err = d.changed(mine)
		}
		if err != nil {
			return nil, redact(err, d.target, d.cfg.URL)
		}
	}
	cfg.DialFunc = inMemory(cfg.DialFunc)
	cfg.OnNotice = func(_ *pgconn.PgConn, n *pgconn.Notice) { d.notice(n, "") }
	return cfg, nil
}

// changed refuses what BeforeConnect must not change: it would have no effect, or
// the pool would go by something else than the server.
func (d *database) changed(cfg *pgconn.Config) error {
	refuse := func(what string) error { return &hookError{"BeforeConnect", errors.New(what)} }
	for _, param := range []string{timeoutParam, encodingParam} {
		if cfg.RuntimeParams[param] != d.target.RuntimeParams[param] {
			return refuse("it changed " + param + ": set that in the URL, or in Config")
		}
	}
	switch {
	case cfg.OnNotice != nil:
		return refuse("it set OnNotice, which Config has")
	case cfg.OnNotification != nil:
		return refuse("it set OnNotification: use pg.Listen")
	case cfg.DialFunc == nil:
		return refuse("it took DialFunc away")
	}
	return nil
}

// afterConnect has AfterConnect set a connection up, and checks that what the pool
// relies on is as before.
func (d *database) afterConnect(ctx context.Context, pc *pgconn.PgConn, pooled bool) error {
	after := d.cfg.AfterConnect
	if after == nil {
		return nil
	}
	const name = "AfterConnect"
	if pooled && !d.cfg.SessionPooler {
		return &hookError{name, errHookPooled}
	}
	ctx, cancel := d.limited(ctx, 1)
	defer cancel()
	const show = "SHOW " + timeoutParam
	limit, err := ask(ctx, pc, show)
	if err != nil {
		return err
	}
	encoding := pc.ParameterStatus(encodingParam)
	socket := pc.Conn()
	if err := hook(ctx, name, func() error { return after(ctx, pc) }, func() { _ = socket.Close() }); err != nil {
		return err
	}
	switch {
	case pc.IsClosed():
		return &hookError{name, errHookClosed}
	case pc.IsBusy():
		return &hookError{name, errHookResults}
	case pc.TxStatus() != 'I':
		return &hookError{name, errHookTx}
	case pc.ParameterStatus(encodingParam) != encoding:
		return &hookError{name, errors.New("it changed " + encodingParam + ": set that in the URL")}
	}
	now, err := ask(ctx, pc, show)
	if err == nil && now != limit {
		err = &hookError{name, errors.New("it changed " + timeoutParam + ": that is Config.StatementTimeout")}
	}
	return err
}
