package pg

import (
	"context"
	"errors"
	"iter"
	"log/slog"
	"strings"
	"time"

	"github.com/fasterapi/fasterapi/db"
	"github.com/jackc/pgx/v5/pgconn"
)

// Notification is what NOTIFY sent, or a note that some may have been missed.
//
// Owner: any (a plain value).
type Notification struct {
	Channel string
	Payload string
	PID     uint32 // of the server process that sent it
	// Gap: the connection was lost and made again. What was sent in between is
	// lost: look at the tables. The other fields are empty.
	Gap bool
}

// Listen returns the notifications of channels as they come, until ctx ends, the
// pool is closed or the loop is left:
//
//	for n, err := range pg.Listen(ctx, pool, "orders") { ... }
//
// It blocks between them, so it is for a goroutine of its own. It has a
// connection of its own beside the pool's, and makes it again when it breaks,
// with growing pauses; then a Notification with Gap set comes first. An error
// comes last: when the first connection cannot be made, or the cause of ctx, or
// db.ErrClosed. Through a pooler that is not said to keep sessions
// (Config.SessionPooler) it is refused: LISTEN would reach a server connection that
// may serve another client the next moment.
//
// Names of channels are taken as they are, with their case: Listen "Jobs" hears
// NOTIFY "Jobs", not NOTIFY Jobs, which the server takes for "jobs".
func Listen(ctx context.Context, pool *db.Pool, channels ...string) iter.Seq2[Notification, error] {
	return ListenBegun(ctx, pool, func() {}, channels...)
}

// ListenBegun is [Listen] that calls begun whenever it begins to hear: on the first connection, and on each that is made again. What
// is sent once begun was called is not missed, unless a Gap follows.
func ListenBegun(ctx context.Context, pool *db.Pool, begun func(), channels ...string) iter.Seq2[Notification, error] {
	return func(yield func(Notification, error) bool) {
		d, ok := pool.Driver().(*database)
		if !ok || len(channels) == 0 {
			yield(Notification{}, errors.New("pg: Listen takes a pool of this package and a channel or more"))
			return
		}
		ctx, cancel := context.WithCancelCause(ctx)
		defer cancel(nil)
		defer context.AfterFunc(d.dialing, func() { cancel(db.ErrClosed) })()
		l := &listener{d: d, channels: channels, yield: yield, begun: begun}
		if err := l.run(ctx); err != nil && !l.left {
			if ctx.Err() != nil {
				err = context.Cause(ctx)
			}
			yield(Notification{}, err)
		}
	}
}

// errListenPooled: notifications would never come.
var errListenPooled = &db.Error{Kind: db.Invalid, Message: "Listen does not work through a pooler that shares server connections: " +
	"connect to the server itself, or set SessionPooler if it is in session mode"}

// listener is one call of Listen.
//
// Owner: the goroutine that ranges.
type listener struct {
	d        *database
	channels []string
	yield    func(Notification, error) bool
	begun    func()
	left     bool // the loop was left
	queue    []Notification
}

// run goes through one connection after the other.
func (l *listener) run(ctx context.Context) error {
	for first, tries := true, 0; ; {
		err := l.connection(ctx, first, func() { first, tries = false, 0 })
		if l.left || ctx.Err() != nil || first {
			return err
		}
		l.d.log().Warn("pg: a listening connection broke", slog.Any("error", redact(err, l.d.target, l.d.cfg.URL)))
		pause := pauseAfter(tries)
		tries++
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// connection makes one and listens until it breaks.
func (l *listener) connection(ctx context.Context, first bool, connected func()) error {
	pc, err := l.connect(ctx)
	if errors.Is(err, errListenPooled) {
		return err
	}
	if err != nil {
		return connectError(redact(err, l.d.target, l.d.cfg.URL))
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = pc.Close(ctx)
	}()
	connected()
	l.begun()
	if !first {
		l.queue = append(l.queue, Notification{Gap: true})
	}
	for {
		for _, n := range l.queue {
			if !l.yield(n, nil) {
				l.left = true
				return nil
			}
		}
		l.queue = l.queue[:0]
		if err := l.wait(ctx, pc); err != nil {
			return err
		}
	}
}

func (l *listener) connect(ctx context.Context) (*pgconn.PgConn, error) {
	pc, pooled, err := l.d.connect(ctx, func(cfg *pgconn.Config) {
		cfg.OnNotification = func(_ *pgconn.PgConn, n *pgconn.Notification) {
			l.queue = append(l.queue, Notification{Channel: n.Channel, Payload: n.Payload, PID: n.PID})
		}
	})
	if err != nil {
		return nil, err
	}
	if pooled && !l.d.cfg.SessionPooler {
		l.d.discard(ctx, pc)
		return nil, errListenPooled
	}
	var listen strings.Builder // in one round trip: all of them or none
	for _, channel := range l.channels {
		listen.WriteString("LISTEN " + quote(channel) + ";")
	}
	limited, cancel := l.d.limited(ctx, 1)
	defer cancel()
	if _, err = pc.Exec(limited, listen.String()).ReadAll(); err != nil {
		l.d.discard(ctx, pc)
		return nil, err
	}
	return pc, nil
}

// wait blocks until something has come, and checks a silent connection from time
// to time.
func (l *listener) wait(ctx context.Context, pc *pgconn.PgConn) error {
	short, cancel := context.WithTimeout(ctx, l.d.cfg.HealthCheckInterval)
	defer cancel()
	err := pc.WaitForNotification(short)
	if err == nil || ctx.Err() != nil || short.Err() == nil {
		return err
	}
	check, end := context.WithTimeout(ctx, l.d.target.ConnectTimeout)
	defer end()
	return pc.Ping(check)
}
