package broadcast

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json/v2"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/fasterapi/fasterapi/async"
)

// Link connects the topics of many instances. Packages broadcast/redislink and broadcast/pglink have some. Its methods are called from
// many goroutines.
type Link interface {
	// Publish stores a message behind the others of a topic, keeps at least the last keep of them, and announces it.
	// Positions of an epoch are counted without a hole.
	Publish(ctx context.Context, topic string, keep int, data []byte) (Position, error)
	// Read returns the oldest messages behind after, or the oldest that are kept when its epoch is not that of the topic.
	// When the topic has no epoch, or has lost messages that a reader has seen (its last one is before after), it begins a new one:
	// whoever has seen another epoch has missed something.
	Read(ctx context.Context, topic string, after Position) (Page, error)
	// Watch calls wake when it begins to hear announcements, and for each. It returns when it cannot hear them any more.
	Watch(ctx context.Context, topic string, wake func()) error
}

// Page is a part of a topic.
//
// Owner: whoever has read it.
type Page struct {
	// Last is the position of the last message of the topic; its Seq is 0 when there was none.
	Last Position
	// Messages are in order. There are none only where none are kept behind what was asked for.
	Messages []Stored
}

// Stored is a message as a Link has it, in the epoch of Page.Last.
//
// Owner: whoever has read it.
type Stored struct {
	Seq  uint64
	Data []byte
}

// record is what a Link stores: whose message it is, and the message. Without data it says that its instance has told
// messages to its own subscribers only.
//
// Owner: any (a value).
type record struct {
	instance string
	n        uint64
	data     []byte
}

// append writes "INSTANCE N\nDATA".
func (r record) append(dst []byte) []byte {
	dst = append(append(dst, r.instance...), ' ')
	dst = append(strconv.AppendUint(dst, r.n, 10), '\n')
	return append(dst, r.data...)
}

var errRecord = errors.New("broadcast: what the backend has is no message of a topic")

func parseRecord(text []byte) (r record, err error) {
	head, data, ok := bytes.Cut(text, []byte("\n"))
	instance, number, spaced := bytes.Cut(head, []byte(" "))
	n, err := strconv.ParseUint(string(number), 10, 64)
	if !ok || !spaced || err != nil || len(instance) == 0 {
		return record{}, errRecord
	}
	return record{instance: string(instance), n: n, data: data}, nil
}

// start begins to follow the Link, once. What fails is logged where ctx is, unless Config.Logger is set.
func (t *Topic[T]) start(ctx context.Context) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return ErrClosed
	}
	if t.cfg.Link != nil {
		t.begin.Do(func() {
			t.logger = cmp.Or(t.cfg.Logger, async.SiteOf(ctx).Logger())
			t.running.Go(t.watch)
			t.running.Go(t.follow)
		})
	}
	return nil
}

const (
	firstPause = 20 * time.Millisecond
	mostPause  = time.Second
)

// watch hears announcements, on one connection after the other.
func (t *Topic[T]) watch() {
	pause := firstPause
	for first := true; t.ctx.Err() == nil; first = false {
		var heard atomic.Bool
		err := t.cfg.Link.Watch(t.ctx, t.name, func() {
			if !heard.Swap(true) {
				t.hear(true)
			}
			t.nudge()
		})
		if t.ctx.Err() != nil {
			return
		}
		t.hear(false)
		t.logger.Warn("broadcast: the backend is not heard", slog.String("topic", t.name), slog.Any("error", err))
		if heard.Load() || first { // else nothing was there that could be lost: what is stored is read all the same
			t.lose()
		}
		if heard.Load() {
			pause = firstPause
		}
		select {
		case <-time.After(pause):
		case <-t.ctx.Done():
		}
		pause = min(2*pause, mostPause)
	}
}

// hear notes whether announcements are heard.
func (t *Topic[T]) hear(yes bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.heard = yes
}

// lose notes that the backend was lost.
func (t *Topic[T]) lose() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.away {
		t.stats.Losses++
	}
	t.away, t.lost = true, true
	t.losing++
	t.settle()
}

// settle lets those go on who wait for the first connection. Under mu.
func (t *Topic[T]) settle() {
	if !t.counted {
		t.counted = true
		close(t.ready)
	}
}

// follow reads what was announced, and looks from time to time whether an announcement was lost.
func (t *Topic[T]) follow() {
	check := time.NewTicker(t.cfg.Check)
	defer check.Stop()
	for {
		select {
		case <-t.ctx.Done():
			return
		case <-t.wake:
		case <-check.C:
		}
		if err := t.catchUp(); err != nil && t.ctx.Err() == nil {
			t.lose()
			select { // a new try soon, whatever is announced
			case <-time.After(firstPause):
				t.nudge()
			case <-t.ctx.Done():
			}
		}
	}
}

// catchUp reads all there is, and then tells others of what they have missed from here.
func (t *Topic[T]) catchUp() error {
	for {
		more, err := t.readPage()
		if err != nil {
			return err
		}
		if !more {
			break
		}
	}
	t.mu.Lock()
	owes := t.owes
	t.owes = false
	t.mu.Unlock()
	if !owes {
		return nil
	}
	if _, err := t.send(record{instance: t.instance}); err != nil {
		t.mu.Lock()
		t.owes = true
		t.mu.Unlock()
		return err
	}
	return nil
}

// readPage reads one page; more: there may be another.
func (t *Topic[T]) readPage() (more bool, err error) {
	t.mu.Lock()
	after, losing := t.log.head.Position, t.losing
	t.mu.Unlock()
	ctx, cancel := context.WithTimeout(t.ctx, t.cfg.Timeout)
	defer cancel()
	page, err := t.cfg.Link.Read(ctx, t.name, after)
	if err != nil {
		return false, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	defer t.announce()
	back := losing == t.losing // else the answer may be from before it was lost
	if t.away && back && t.heard {
		t.stats.Reconnects++
		t.away = false
	}
	if !t.started {
		t.startAt(&page)
	}
	if t.lost && back {
		t.lost = false
		t.gap(t.log.head)
	}
	for _, m := range page.Messages {
		t.take(Position{Epoch: page.Last.Epoch, Seq: m.Seq}, m.Data)
	}
	if len(page.Messages) == 0 && page.Last != t.log.head.Position {
		t.gap(place{Position: page.Last}) // what was between is gone
	}
	if more = len(page.Messages) > 0; !more {
		t.settle() // all that was there before is history, and no news
	}
	return more, nil
}

// startAt begins the history with the first page that was read: with its messages, or behind all where somebody has
// subscribed already and been told nothing of the past. Under mu.
func (t *Topic[T]) startAt(page *Page) {
	t.started = true
	at := page.Last
	switch {
	case t.counted:
		page.Messages = nil
		t.log.head = place{Position: at}
		t.lost = true
		return
	case len(page.Messages) > 0:
		at.Seq = page.Messages[0].Seq - 1
	}
	t.log.begin(at)
}

// take adds a message of the Link. Under mu.
func (t *Topic[T]) take(at Position, data []byte) {
	head := t.log.head.Position
	if at.Epoch == head.Epoch && at.Seq <= head.Seq {
		return
	}
	if at.Epoch != head.Epoch || at.Seq != head.Seq+1 {
		t.gap(place{Position: Position{Epoch: at.Epoch, Seq: at.Seq - 1}})
	}
	t.stats.Received++
	r, err := parseRecord(data)
	e := entry[T]{at: place{Position: at}}
	switch {
	case err == nil && len(r.data) == 0:
		e.kind = void
		if r.instance != t.instance {
			t.gap(t.log.head)
		}
	case err == nil && r.instance == t.instance && t.known(r.n, at):
		e.kind = void
	case err == nil:
		err = json.Unmarshal(r.data, &e.value)
	}
	if err != nil {
		t.logger.Error("broadcast: a message cannot be read", slog.String("topic", t.name), slog.String("id", e.at.String()), slog.String("error", fmt.Sprint(err)))
		t.gap(t.log.head)
		e = entry[T]{kind: void, at: e.at}
	}
	t.log.add(e)
}

// known tells whether subscribers have had a message of this instance that comes from the Link. Under mu.
func (t *Topic[T]) known(n uint64, at Position) bool {
	f, open := t.own[n]
	if open && !f.local {
		t.own[n] = fate{stored: at}
	}
	return f.local
}

// gap marks one. Under mu.
func (t *Topic[T]) gap(at place) {
	t.log.mark(at)
	t.stats.Gaps++
}
