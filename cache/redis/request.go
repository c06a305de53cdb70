package redis

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/rueidis"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/cache"
)

// request is what one load, or one Set, asks of Redis.
//
// Owner: one goroutine at a time.
type request[K comparable, V any] struct {
	*level[K, V]
	text         string // the key
	entry, lease string // the names
	older        time.Duration
	site         async.Site // of whoever asks
}

// answer is what Redis says to a miss.
//
// Owner: whoever asked.
type answer[V any] struct {
	found  bool
	loaded cache.Loaded[V]
	token  string // of the lease, "" without one
	begun  int64  // when it was granted, in microseconds of Redis's clock
}

// longestKept bounds the time to live of keys.
const longestKept = 10 * 365 * 24 * time.Hour

var errAnswer = errors.New("redis: an answer that makes no sense")

// ask returns the entry, or the lease, or nothing when Redis is out of order; it fails only with the end of ctx.
func (r *request[K, V]) ask(ctx context.Context) (answer[V], error) {
	s := r.store
	var wake chan struct{}
	for force := false; ; {
		token := rand.Text()
		t, err := r.take(ctx, token, force)
		switch {
		case ctx.Err() != nil:
			return answer[V]{}, context.Cause(ctx)
		case err != nil || t.code == full:
			return answer[V]{}, nil
		case t.code == found:
			loaded, err := r.read(ctx, t.text, t.now)
			if err == nil {
				s.counts.hits.Add(1)
				return answer[V]{found: true, loaded: loaded}, nil
			}
			if !errors.Is(err, errOver) {
				r.invalid(err)
			}
			force = true
		case t.code == granted:
			s.counts.misses.Add(1)
			return answer[V]{token: token, begun: t.now}, nil
		case t.code == loading:
			if wake == nil {
				s.counts.waits.Add(1)
				wake = make(chan struct{}, 1)
				r.wait(wake)
				defer r.waited(wake)
			}
			force = false
			pause(ctx, wake)
		}
	}
}

// pause waits until others have changed the key, or for a while.
func pause(ctx context.Context, wake <-chan struct{}) {
	timer := time.NewTimer(pollEvery)
	defer timer.Stop()
	select {
	case <-wake:
	case <-timer.C:
	case <-ctx.Done():
	}
}

func (r *request[K, V]) wait(wake chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.waiting[r.text] = append(r.waiting[r.text], wake)
}

func (r *request[K, V]) waited(wake chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	left := slices.DeleteFunc(r.waiting[r.text], func(c chan struct{}) bool { return c == wake })
	if r.waiting[r.text] = left; len(left) == 0 {
		delete(r.waiting, r.text)
	}
}

// taken is the answer of the script take.
//
// Owner: whoever asked.
type taken struct {
	code int64
	text string
	now  int64
}

// take runs the script.
func (r *request[K, V]) take(ctx context.Context, token string, force bool) (taken, error) {
	s := r.store
	return s.call(ctx, func(ctx context.Context, client rueidis.Client) (t taken, err error) {
		args := []string{token, millis(r.cfg.Lease), micros(r.older), flag(r.cfg.OneLoad), flag(force)}
		list, err := s.scripts.take.Exec(ctx, client, []string{r.entry, r.lease}, args).ToArray()
		if err != nil {
			return t, err
		}
		if len(list) != 3 {
			return t, errAnswer
		}
		var now string
		errs := [3]error{}
		t.code, errs[0] = list[0].AsInt64()
		t.text, errs[1] = list[1].ToString()
		now, errs[2] = list[2].ToString()
		if err := errors.Join(errs[:]...); err != nil {
			return t, err
		}
		if t.now, err = strconv.ParseInt(now, 10, 64); err != nil || t.code < found || t.code > full {
			return t, errAnswer
		}
		return t, nil
	})
}

// errOver is why an entry is a miss although nothing is wrong with it.
var errOver = errors.New("redis: a tag was invalidated")

// read makes a value of an entry, if that is what was stored and none of its tags was invalidated.
func (r *request[K, V]) read(ctx context.Context, text string, now int64) (l cache.Loaded[V], err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("redis: LevelConfig.Decode panicked: %v", v)
		}
	}()
	e, err := parse(text, r.entry+r.kind)
	if err != nil {
		return l, err
	}
	if len(e.tags) > 0 {
		marks, err := r.versions(ctx, e.tags)
		if err != nil || !slices.Equal(marks, e.marks) {
			return l, errOver
		}
	}
	l.Value, err = r.cfg.Decode(e.value)
	l.Life, l.Tags, l.Age = e.life, e.tags, max(1, time.Duration(now-e.loaded)*time.Microsecond)
	return l, err
}

// versions returns the versions of tags, "" for those that have none.
func (r *request[K, V]) versions(ctx context.Context, tags []string) ([]string, error) {
	return r.store.call(ctx, func(ctx context.Context, client rueidis.Client) ([]string, error) {
		cmds := make(rueidis.Commands, len(tags))
		for i, tag := range tags {
			cmds[i] = client.B().Get().Key(r.store.tagName(r.name, tag)).Build()
		}
		marks := make([]string, len(tags))
		for i, answer := range client.DoMulti(ctx, cmds...) {
			mark, err := answer.ToString()
			if err != nil && !rueidis.IsRedisNil(err) {
				return nil, err
			}
			marks[i] = mark
		}
		return marks, nil
	})
}

// keep stores what was loaded under a lease, unless something was changed meanwhile.
func (r *request[K, V]) keep(v cache.Loaded[V], under answer[V]) {
	s, ctx := r.store, context.Background()
	kept, err := int64(0), error(nil)
	if b, ok := r.encode(ctx, v, under.begun); ok {
		kept, err = s.call(ctx, func(ctx context.Context, client rueidis.Client) (int64, error) {
			return s.scripts.keep.Exec(ctx, client, []string{r.entry, r.lease}, []string{under.token, string(b), lifetime(v.Life.TTL)}).AsInt64()
		})
	} else {
		r.leave(under)
	}
	if err == nil && kept == 1 {
		s.counts.stored.Add(1)
	} else {
		s.counts.lost.Add(1)
	}
}

// leave gives the lease back, so that others need not wait for its end.
func (r *request[K, V]) leave(under answer[V]) {
	s := r.store
	_, _ = s.call(context.Background(), func(ctx context.Context, client rueidis.Client) (int64, error) {
		return s.scripts.leave.Exec(ctx, client, []string{r.lease}, []string{under.token}).AsInt64()
	})
}

// put stores a value in any case, or, when it cannot be stored, removes what there is.
func (r *request[K, V]) put(ctx context.Context, v cache.Loaded[V]) error {
	s := r.store
	now, err := s.call(ctx, clockOf)
	if err != nil {
		return err
	}
	b, ok := r.encode(ctx, v, now)
	if !ok {
		return s.drop(ctx, r.entry, r.lease)
	}
	_, err = s.call(ctx, func(ctx context.Context, client rueidis.Client) (int64, error) {
		return s.scripts.put.Exec(ctx, client, []string{r.entry, r.lease}, []string{string(b), lifetime(v.Life.TTL)}).AsInt64()
	})
	return err
}

// encode makes the entry of what was loaded from the time begun on; false: it is not to be kept.
func (r *request[K, V]) encode(ctx context.Context, v cache.Loaded[V], begun int64) (b []byte, ok bool) {
	defer func() {
		if p := recover(); p != nil {
			r.invalid(fmt.Errorf("redis: LevelConfig.Encode panicked: %v", p))
			b, ok = nil, false
		}
	}()
	if v.Life.TTL <= 0 {
		return nil, false
	}
	value, err := r.cfg.Encode(v.Value)
	if err != nil {
		r.invalid(err)
		return nil, false
	}
	marks, err := r.marks(ctx, v.Tags, begun)
	if err != nil {
		return nil, false
	}
	e := stored{name: r.entry + r.kind, loaded: begun, life: v.Life, tags: v.Tags, marks: marks, value: value}
	return e.append(nil), true
}

// marks returns the versions of tags, and gives those that have none one. It fails when a tag was invalidated after
// begun.
func (r *request[K, V]) marks(ctx context.Context, tags []string, begun int64) ([]string, error) {
	if len(tags) == 0 {
		return nil, nil
	}
	_, err := r.store.call(ctx, func(ctx context.Context, client rueidis.Client) (struct{}, error) {
		var cmds rueidis.Commands
		for _, tag := range tags {
			cmds = append(cmds, client.B().Set().Key(r.store.tagName(r.name, tag)).Value(versionOf(begun)).Nx().Px(tagLife).Build())
		}
		for _, answer := range client.DoMulti(ctx, cmds...) {
			if err := answer.Error(); err != nil && !rueidis.IsRedisNil(err) {
				return struct{}{}, err
			}
		}
		return struct{}{}, nil
	})
	if err != nil {
		return nil, err
	}
	marks, err := r.versions(ctx, tags)
	for _, mark := range marks {
		at, _, _ := strings.Cut(mark, "-")
		if when, bad := strconv.ParseInt(at, 10, 64); bad != nil || when > begun {
			return nil, errOver
		}
	}
	return marks, err
}

// versionOf is a new version of a tag at a time of Redis's clock.
func versionOf(now int64) string { return strconv.FormatInt(now, 10) + "-" + rand.Text()[:8] }

// clockOf returns the time of Redis in microseconds.
func clockOf(ctx context.Context, client rueidis.Client) (int64, error) {
	t, err := client.Do(ctx, client.B().Time().Build()).AsIntSlice()
	if err != nil {
		return 0, err
	}
	if len(t) != 2 {
		return 0, errAnswer
	}
	return t[0]*1_000_000 + t[1], nil
}

// lifetime is d as the time to live of a key.
func lifetime(d time.Duration) string { return millis(max(time.Millisecond, min(d, longestKept))) }
func millis(d time.Duration) string   { return strconv.FormatInt(d.Milliseconds(), 10) }
func micros(d time.Duration) string   { return strconv.FormatInt(d.Microseconds(), 10) }

func flag(on bool) string {
	if on {
		return "1"
	}
	return "0"
}
