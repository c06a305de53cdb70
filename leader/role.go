package leader

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strconv"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/pg"
	"github.com/fasterapi/fasterapi/internal/mistake"
	"github.com/fasterapi/fasterapi/internal/safelog"
)

// Schema makes the table of terms where it is missing.
const Schema = `CREATE TABLE IF NOT EXISTS leader_terms (role text PRIMARY KEY, term bigint NOT NULL, since timestamptz NOT NULL)`

// Config configures New. The zero value is ready.
//
// Owner: any (a plain value).
type Config struct {
	// Check is how often a follower tries to become the leader, and how often the leader looks whether a silent connection is alive, which may
	// take as long again. Default 1 s.
	Check time.Duration
	// Logger takes who is the leader, and what fails. Default: that of the app that the role is attached to, else slog.Default().
	Logger *slog.Logger
}

var (
	// ErrNotLeader is returned for work of a role that this instance does not have, or not any more.
	ErrNotLeader = errors.New("leader: another instance has the role, or none")
	// ErrStopped is returned by a role that was stopped.
	ErrStopped = errors.New("leader: the role was stopped")
)

// Role is a task of the service that one instance at a time has. Any goroutine may use it.
//
// Owner: mu; pool, name, wrong: immutable after New, cfg after Start.
type Role struct {
	pool  *db.Pool
	name  string
	cfg   Config
	wrong mistake.List

	mu       sync.Mutex
	term     Term            // Number 0: not the leader
	leading  context.Context // of the term; ends when the role is lost
	changed  chan struct{}   // closed when term changes
	stats    Stats
	cancel   context.CancelFunc
	ended    chan struct{}
	stopping bool
	working  sync.WaitGroup // Do
}

// New returns a role that the instances know by its name. [Role.Start] or [Role.Attach] begin to compete for it.
func New(pool *db.Pool, name string, cfg Config) *Role {
	r := &Role{pool: pool, name: name, changed: make(chan struct{}), stats: Stats{Role: name}}
	cfg.Check = cmp.Or(cfg.Check, time.Second)
	r.wrong.Unless(pool != nil, "leader.New needs a pool")
	r.wrong.Unless(name != "", "leader.New needs a name")
	r.wrong.Unless(cfg.Check > 0, "leader.Config.Check must be positive")
	r.cfg = cfg
	return r
}

// Name returns the name of the role.
func (r *Role) Name() string { return r.name }

// Mistake returns what is wrong with the settings, nil when nothing is.
func (r *Role) Mistake() error { return r.wrong.Err() }

// Attach starts the role with the app, and stops it when the app stops: behind what was attached later.
func (r *Role) Attach(app *fasterapi.App) {
	r.mu.Lock()
	if r.cancel == nil { // else it has started
		r.cfg.Logger = cmp.Or(r.cfg.Logger, app.Config().Logger)
	}
	r.mu.Unlock()
	app.OnStart(func(context.Context) error { return r.Start() })
	app.OnStop(r.Stop)
}

// Start begins to compete for the role. It does not wait.
func (r *Role) Start() error {
	if err := r.wrong.Err(); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stopping {
		return ErrStopped
	}
	if r.cancel == nil {
		var ctx context.Context
		ctx, r.cancel = context.WithCancel(context.Background())
		r.ended = make(chan struct{})
		r.cfg.Logger = safelog.Of(r.cfg.Logger)
		go r.run(ctx)
	}
	return nil
}

// lastMoment is for how long Stop waits beyond its context for the connection to end, and with it the lock.
const lastMoment = 50 * time.Millisecond

// Stop gives the role up once the functions that Do runs have returned. When ctx ends first their contexts end, and Stop waits no longer than
// 50 ms for the connection to end.
func (r *Role) Stop(ctx context.Context) error {
	r.mu.Lock()
	r.stopping = true
	cancel, ended := r.cancel, r.ended
	r.mu.Unlock()
	if cancel == nil {
		return nil
	}
	idle := make(chan struct{})
	go func() {
		r.working.Wait()
		close(idle)
	}()
	var err error
	select {
	case <-idle:
	case <-ctx.Done():
		err = fmt.Errorf("leader: what role %s does was cut off: %w", r.name, context.Cause(ctx))
	}
	cancel()
	return errors.Join(err, r.awaitEnd(ctx, ended))
}

// awaitEnd waits until the connection has ended, or a moment longer than ctx.
func (r *Role) awaitEnd(ctx context.Context, ended <-chan struct{}) error {
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
	}
	moment := time.NewTimer(lastMoment)
	defer moment.Stop()
	select {
	case <-ended:
		return nil
	case <-moment.C:
		return fmt.Errorf("leader: the connection of role %s has not ended yet: %w", r.name, context.Cause(ctx))
	}
}

// Term returns the present term of this instance; false: it is not the leader.
func (r *Role) Term() (Term, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.term, r.term.Number != 0
}

// Changed is closed when this instance becomes the leader, or ceases to be.
func (r *Role) Changed() <-chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.changed
}

// Do calls fn if this instance is the leader, else it fails with ErrNotLeader. The context of fn ends with ctx, and with ErrNotLeader as its cause when the
// role is lost.
func (r *Role) Do(ctx context.Context, fn func(ctx context.Context, term Term) error) error {
	r.mu.Lock()
	term, leading, stopping := r.term, r.leading, r.stopping
	if !stopping && term.Number != 0 {
		r.working.Add(1)
	}
	r.mu.Unlock()
	switch {
	case stopping:
		return ErrStopped
	case term.Number == 0:
		return ErrNotLeader
	}
	defer r.working.Done()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(leading, func() { cancel(ErrNotLeader) })()
	return fn(ctx, term)
}

// run competes for the role until ctx ends.
func (r *Role) run(ctx context.Context) {
	defer close(r.ended)
	for ctx.Err() == nil {
		err := pg.Alone(ctx, r.pool, r.compete)
		if ctx.Err() != nil {
			return
		}
		r.failed(err)
		r.cfg.Logger.Warn("leader: the connection was lost", slog.String("role", r.name), slog.Any("error", err))
		if errors.Is(err, db.ErrClosed) {
			return
		}
		pause(ctx, r.cfg.Check)
	}
}

// pause waits for about d.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d/2 + rand.N(d)):
	case <-ctx.Done():
	}
}

// compete tries to get the lock until the connection ends, or the lock was had and lost.
func (r *Role) compete(ctx context.Context, conn *pgconn.PgConn) error {
	for ctx.Err() == nil {
		number, err := r.try(ctx, conn)
		switch {
		case err != nil:
			return err
		case number > 0:
			return r.lead(ctx, conn, number)
		}
		pause(ctx, r.cfg.Check)
	}
	return ctx.Err()
}

// begin counts the term on the connection that has the lock: an instance that has lost it cannot count any more.
const (
	lock  = `SELECT pg_try_advisory_lock(hashtextextended('fasterapi leader ' || $1, 0))`
	begin = `INSERT INTO leader_terms AS t (role, term, since) VALUES ($1, 1, now()) ON CONFLICT (role) DO UPDATE SET term = t.term + 1, since = now() RETURNING term`
)

// patience bounds a statement of the role: one that takes longer is as good as lost.
const patience = 5 * time.Second

// try returns the number of the new term, 0 when another instance has the lock.
func (r *Role) try(ctx context.Context, conn *pgconn.PgConn) (int64, error) {
	ctx, cancel := context.WithTimeout(ctx, max(patience, r.cfg.Check))
	defer cancel()
	held, err := r.ask(ctx, conn, lock)
	if err != nil || held != "t" {
		return 0, err
	}
	number, err := r.ask(ctx, conn, begin)
	if err != nil {
		return 0, err
	}
	return strconv.ParseInt(number, 10, 64)
}

// ask returns the only value of a statement about the role.
func (r *Role) ask(ctx context.Context, conn *pgconn.PgConn, sql string) (string, error) {
	result := conn.ExecParams(ctx, sql, [][]byte{[]byte(r.name)}, nil, nil, nil).Read()
	if result.Err != nil || len(result.Rows) != 1 {
		return "", cmp.Or(result.Err, errors.New("leader: no answer"))
	}
	return string(result.Rows[0][0]), nil
}

// lead has the role until the connection is lost or ctx ends.
func (r *Role) lead(ctx context.Context, conn *pgconn.PgConn, number int64) error {
	leading, lose := context.WithCancel(ctx)
	r.set(Term{Role: r.name, Number: number}, leading)
	r.cfg.Logger.Info("leader: this instance has the role", slog.String("role", r.name), slog.Int64("term", number))
	err := r.watch(ctx, conn)
	lose() // before anything else
	r.set(Term{}, nil)
	r.cfg.Logger.Info("leader: this instance has the role no more", slog.String("role", r.name), slog.Int64("term", number))
	return err
}

func (r *Role) set(t Term, leading context.Context) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.term, r.leading = t, leading
	r.note(t)
	close(r.changed)
	r.changed = make(chan struct{})
}

// watch returns when the connection is lost: it reads all the time, and asks a silent one.
func (r *Role) watch(ctx context.Context, conn *pgconn.PgConn) error {
	for {
		short, cancel := context.WithTimeout(ctx, r.cfg.Check)
		err := conn.WaitForNotification(short)
		over := short.Err() != nil
		cancel()
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil && !over:
			return err
		}
		check, end := context.WithTimeout(ctx, r.cfg.Check)
		err = conn.Ping(check)
		end()
		if err != nil {
			return err
		}
	}
}
