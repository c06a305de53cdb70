package broadcast

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json/v2"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/internal/mistake"
	"github.com/fasterapi/fasterapi/internal/safelog"
	"github.com/fasterapi/fasterapi/resilience"
	"github.com/fasterapi/fasterapi/secret"
)

const (
	defaultHistory = 256
	mostHistory    = 1 << 20
	defaultTimeout = time.Second
	longest        = time.Minute
	defaultCheck   = 2 * time.Second
	// mostAlone is how many messages that reached this instance only are remembered, because the backend may have them all the same.
	mostAlone = 4096
	// instanceLength is that of the names of instances and epochs: 50 bits of chance, in base 32.
	instanceLength = 10
)

// Slow says what happens to a subscriber that is overtaken: a message that it has not taken is no longer kept.
type Slow uint8

const (
	// MarkGap tells the subscriber of the gap, and goes on with the oldest message that is kept.
	MarkGap Slow = iota
	// Disconnect ends the subscription with ErrSlow: event streams end, and browsers come back with a Last-Event-ID; WebSockets
	// are closed with 1013.
	Disconnect
)

// Config configures New. The zero value is ready, for one process.
//
// Owner: any (a plain value).
type Config[T any] struct {
	// Link connects the instances of a service. Default: none.
	Link Link
	// History is how many messages are kept for those who come back and those who are slow. Default 256, at most 1,048,576.
	History int
	// Slow is for subscribers who are overtaken. Default MarkGap.
	Slow Slow
	// Timeout bounds one call of the Link, and how long a new subscriber waits for the first connection. Default 1 s, at most 1 minute.
	Timeout time.Duration
	// Check is how often the Link is read although it has announced nothing. Default 2 s.
	Check time.Duration
	// Logger takes what fails. Default: that of the app whose request first uses the topic, else slog.Default().
	Logger *slog.Logger
}

var (
	// ErrClosed is returned for a topic that was closed.
	ErrClosed = errors.New("broadcast: the topic is closed")
	// ErrSlow ends the subscription of a subscriber that was overtaken, where Config.Slow is Disconnect.
	ErrSlow = errors.New("broadcast: the subscriber is too slow")
	// ErrLocalOnly says that a message has reached the subscribers of this instance only, because the backend could not be told.
	ErrLocalOnly = errors.New("broadcast: only this instance was told")
)

// Topic is a stream of messages that many follow. Any goroutine may use it.
//
// Owner: mu; name, cfg, wrong, instance, breaker, ctx: immutable after New, logger after begin; delivered: any (atomic).
type Topic[T any] struct {
	name     string
	cfg      Config[T]
	wrong    mistake.List
	instance string
	breaker  *resilience.Breaker
	ctx      context.Context
	cancel   context.CancelFunc
	begin    sync.Once
	logger   *slog.Logger
	running  sync.WaitGroup
	wake     chan struct{} // there may be something to read
	ready    chan struct{} // closed when the first connection was made or has failed
	// delivered is Stats.Delivered.
	delivered atomic.Uint64

	mu      sync.Mutex
	log     history[T]
	more    chan struct{} // closed with the next entry
	closed  bool
	counted bool   // ready is closed
	started bool   // the history begins where the Link's did
	heard   bool   // announcements are heard
	away    bool   // the backend was lost, and is not both heard and read again
	lost    bool   // the connection was lost since the last entry
	losing  uint64 // how often that was noticed
	owes    bool   // others are to be told of a gap
	n       uint64
	own     map[uint64]fate // the messages of this instance whose fate is open
	alone   []uint64        // those of own that were told here only, the oldest first
	stats   Stats
}

// fate is what is known of a message of this instance. Zero: it is on its way.
//
// Owner: mu of the topic.
type fate struct {
	stored Position // set: it came back from the Link
	local  bool     // it was told here only
}

// New returns a topic. All instances that share a Link know it by its name. What is wrong with the settings is the topic's
// [Topic.Mistake], and an error of all that is done with it.
func New[T any](name string, cfg Config[T]) *Topic[T] {
	t := &Topic[T]{
		name: name, instance: newName(), more: make(chan struct{}), ready: make(chan struct{}), wake: make(chan struct{}, 1),
		own: map[uint64]fate{},
	}
	cfg.History = cmp.Or(cfg.History, defaultHistory)
	cfg.Timeout = cmp.Or(cfg.Timeout, defaultTimeout)
	cfg.Check = cmp.Or(cfg.Check, defaultCheck)
	if cfg.Logger != nil {
		cfg.Logger = safelog.Of(cfg.Logger)
	}
	t.wrong.Unless(name != "" && len(name) <= 200, "a topic needs a name of up to 200 bytes")
	t.wrong.Unless(cfg.History > 0 && cfg.History <= mostHistory, fmt.Sprintf("Config.History must be 1 to %d, it is %d", mostHistory, cfg.History))
	t.wrong.Unless(cfg.Slow <= Disconnect, "Config.Slow is MarkGap or Disconnect")
	t.wrong.Unless(cfg.Timeout > 0 && cfg.Timeout <= longest, fmt.Sprintf("Config.Timeout must be above zero and at most %v, it is %v", longest, cfg.Timeout))
	t.wrong.Unless(cfg.Check > 0, "Config.Check must be positive")
	t.cfg = cfg
	t.ctx, t.cancel = context.WithCancel(context.Background())
	t.log = newHistory[T](max(1, min(cfg.History, mostHistory)))
	if cfg.Link == nil {
		t.log.begin(Position{Epoch: newName()})
		t.counted, t.started = true, true
		close(t.ready)
		return t
	}
	t.breaker = resilience.NewBreaker("broadcast "+name, resilience.BreakerConfig{Failures: 3, OpenFor: time.Second})
	return t
}

// newName is the name of an instance or an epoch.
func newName() string { return rand.Text()[:instanceLength] }

// Name returns the name of the topic.
func (t *Topic[T]) Name() string { return t.name }

// Mistake returns every setting that is wrong, nil when none is.
func (t *Topic[T]) Mistake() error { return t.wrong.Err() }

// Publish tells all subscribers, and returns the ID of the message. It has been stored in the backend when the future is
// settled; subscribers hear of it then, or a little before. It does not end with ctx: once it is called, subscribers are told.
//
// When the backend does not answer, the subscribers of this instance are told, and the future fails with [ErrLocalOnly]: others
// are told of a gap when it is back. Callers that do not look at the future find that in the log.
func (t *Topic[T]) Publish(ctx context.Context, value T) async.Future[string] {
	if err := t.wrong.Err(); err != nil {
		return async.Failed[string](err)
	}
	if t.cfg.Link == nil {
		return async.Of(t.publishHere(value))
	}
	data, err := json.Marshal(value, json.WithMarshalers(secret.Refusing()))
	if err != nil {
		return async.Failed[string](fmt.Errorf("broadcast: %w", err))
	}
	if err := t.start(ctx); err != nil {
		return async.Failed[string](err)
	}
	return async.Go(ctx, func(context.Context) (string, error) { return t.publish(data) })
}

// publishHere tells the subscribers of a topic without a Link.
func (t *Topic[T]) publishHere(value T) (string, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return "", ErrClosed
	}
	at := place{Position: Position{Epoch: t.log.head.Epoch, Seq: t.log.head.Seq + 1}}
	t.add(entry[T]{at: at, value: value})
	t.stats.Published++
	return at.String(), nil
}

// publish stores a message in the Link, or else tells those who are here.
func (t *Topic[T]) publish(data []byte) (string, error) {
	t.mu.Lock()
	t.n++
	n := t.n
	t.own[n] = fate{}
	t.mu.Unlock()
	at, err := t.send(record{instance: t.instance, n: n, data: data})
	t.mu.Lock()
	defer t.mu.Unlock()
	if stored := t.own[n].stored; err == nil || stored != (Position{}) { // it is there, whatever the answer was
		if err != nil {
			at = stored
		}
		delete(t.own, n)
		t.stats.Published++
		t.nudge()
		return place{Position: at}.String(), nil
	}
	return t.tellHere(n, data, err)
}

// tellHere tells the subscribers of this instance of a message that others do not get. Under mu.
func (t *Topic[T]) tellHere(n uint64, data []byte, why error) (string, error) {
	if t.closed {
		delete(t.own, n)
		return "", ErrClosed
	}
	var value T
	if err := json.Unmarshal(data, &value); err != nil {
		delete(t.own, n)
		return "", fmt.Errorf("broadcast: %w", err)
	}
	t.own[n] = fate{local: true}
	if t.alone = append(t.alone, n); len(t.alone) > mostAlone {
		delete(t.own, t.alone[0])
		t.alone = t.alone[1:]
	}
	at := place{Position: t.log.head.Position, instance: t.instance, n: n}
	if at.Epoch == "" { // nothing is known of the backend yet
		at.Epoch = t.instance
	}
	t.add(entry[T]{at: at, value: value})
	t.owes = true
	t.stats.LocalOnly++
	t.nudge()
	return at.String(), fmt.Errorf("%w: %w", ErrLocalOnly, why)
}

// send stores a record in the Link.
func (t *Topic[T]) send(r record) (Position, error) {
	ctx, cancel := context.WithTimeout(t.ctx, t.cfg.Timeout)
	defer cancel()
	return t.breaker.Do(ctx, func(ctx context.Context) (Position, error) {
		return t.cfg.Link.Publish(ctx, t.name, t.cfg.History, r.append(nil))
	})
}

// add appends an entry and wakes all subscribers. Under mu.
func (t *Topic[T]) add(e entry[T]) {
	t.log.add(e)
	t.announce()
}

// announce wakes all subscribers. Under mu.
func (t *Topic[T]) announce() {
	close(t.more)
	t.more = make(chan struct{})
}

// nudge has the Link read.
func (t *Topic[T]) nudge() {
	select {
	case t.wake <- struct{}{}:
	default:
	}
}

// Close ends all subscriptions with ErrClosed. It does not close the Link.
func (t *Topic[T]) Close() error {
	t.mu.Lock()
	if !t.closed {
		t.closed = true
		t.announce()
	}
	t.mu.Unlock()
	t.cancel()
	t.running.Wait()
	return nil
}
