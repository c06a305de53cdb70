package broadcast_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/broadcast"
)

// TestStats: what subscribers took, refused and missed is counted.
func TestStats(t *testing.T) {
	topic := broadcast.New("room", broadcast.Config[int]{History: 4})
	all := topic.Subscribe(t.Context(), broadcast.Subscription[int]{})
	even := topic.Subscribe(t.Context(), broadcast.Subscription[int]{Where: func(n int) bool { return n%2 == 0 }})
	for i := range 10 {
		_, err := topic.Publish(t.Context(), i).Await(t.Context())
		require.NoError(t, err)
	}
	require.NoError(t, topic.Close())
	for range all { // 6 to 9
		require.Equal(t, 1, topic.Stats().Subscribers)
	}
	for range even { // 6 and 8
	}
	require.Equal(t, broadcast.Stats{Name: "room", Published: 10, Delivered: 4 + 2, Overtaken: 2, Dropped: 2 * 6, Connected: true}, topic.Stats())
}

// stub is a Link in the process that can be cut.
//
// Owner: mu.
type stub struct {
	mu    sync.Mutex
	down  chan struct{} // closed: it is cut
	store []broadcast.Stored
	wakes map[int]func()
	n     int
}

var errCut = errors.New("cut")

func newStub() *stub { return &stub{down: make(chan struct{}), wakes: map[int]func(){}} }

func (s *stub) cut(yes bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if yes {
		close(s.down)
	} else {
		s.down = make(chan struct{})
	}
}

func (s *stub) up() error {
	select {
	case <-s.down:
		return errCut
	default:
		return nil
	}
}

func (s *stub) last() broadcast.Position {
	return broadcast.Position{Epoch: "e", Seq: uint64(len(s.store))}
}

func (s *stub) Publish(_ context.Context, _ string, _ int, data []byte) (broadcast.Position, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.up(); err != nil {
		return broadcast.Position{}, err
	}
	s.store = append(s.store, broadcast.Stored{Seq: uint64(len(s.store)) + 1, Data: data})
	for _, wake := range s.wakes {
		wake()
	}
	return s.last(), nil
}

func (s *stub) Read(_ context.Context, _ string, after broadcast.Position) (broadcast.Page, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.up(); err != nil {
		return broadcast.Page{}, err
	}
	page := broadcast.Page{Last: s.last()}
	for _, m := range s.store {
		if after.Epoch != "e" || m.Seq > after.Seq {
			page.Messages = append(page.Messages, m)
		}
	}
	return page, nil
}

func (s *stub) Watch(ctx context.Context, _ string, wake func()) error {
	s.mu.Lock()
	down := s.down
	err := s.up()
	n := s.n
	s.n++
	if err == nil {
		s.wakes[n] = wake
		wake()
	}
	s.mu.Unlock()
	if err != nil {
		return err
	}
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.wakes, n)
	}()
	select {
	case <-down:
		return errCut
	case <-ctx.Done():
		return ctx.Err()
	}
}

// TestConnectionStats: a topic that nobody uses has lost nothing; each loss counts once, and so does each return.
func TestConnectionStats(t *testing.T) {
	link := newStub()
	topic := broadcast.New("room", broadcast.Config[int]{Link: link})
	require.Equal(t, broadcast.Stats{Name: "room"}, topic.Stats(), "nobody uses it")
	topic.Subscribe(t.Context(), broadcast.Subscription[int]{})
	connected := func(yes bool) (s broadcast.Stats) {
		t.Helper()
		require.Eventually(t, func() bool { s = topic.Stats(); return s.Connected == yes }, time.Minute, time.Millisecond)
		return s
	}
	require.Zero(t, connected(true).Losses)
	for n := range uint64(3) {
		link.cut(true) // many tries fail until it is back
		s := connected(false)
		require.Equal(t, n+1, s.Losses)
		require.Equal(t, s.Losses-1, s.Reconnects)
		time.Sleep(100 * time.Millisecond) // lets some tries fail; it decides nothing
		link.cut(false)
		s = connected(true)
		require.Equal(t, s.Losses, s.Reconnects)
	}
	require.NoError(t, topic.Close())
}

// TestDownFromTheBeginning: a backend that is not there at first is one loss, and one return.
func TestDownFromTheBeginning(t *testing.T) {
	link := newStub()
	link.cut(true)
	topic := broadcast.New("room", broadcast.Config[int]{Link: link})
	topic.Subscribe(t.Context(), broadcast.Subscription[int]{})
	require.Eventually(t, func() bool { return topic.Stats().Losses == 1 }, time.Minute, time.Millisecond)
	require.False(t, topic.Stats().Connected)
	link.cut(false)
	require.Eventually(t, func() bool { return topic.Stats().Connected }, time.Minute, time.Millisecond)
	s := topic.Stats()
	require.Equal(t, s.Losses, s.Reconnects)
	require.NoError(t, topic.Close())
}

// late is a Link whose next answer to Read can be held back.
//
// Owner: any; hold: whoever reads takes what is in it.
type late struct {
	*stub
	hold chan chan struct{} // one that is in it is closed when the answer may come
}

func (l *late) Read(ctx context.Context, topic string, after broadcast.Position) (broadcast.Page, error) {
	page, err := l.stub.Read(ctx, topic, after)
	select {
	case free := <-l.hold:
		<-free
	default:
	}
	return page, err
}

// TestLateAnswer: what the Link said before it was lost does not tell that it is back.
func TestLateAnswer(t *testing.T) {
	link := &late{newStub(), make(chan chan struct{})}
	topic := broadcast.New("room", broadcast.Config[int]{Link: link, Check: time.Millisecond})
	news := topic.Subscribe(t.Context(), broadcast.Subscription[int]{})
	is := func(connected bool) func() bool { return func() bool { return topic.Stats().Connected == connected } }
	require.Eventually(t, is(true), time.Minute, time.Millisecond)
	free := make(chan struct{})
	link.hold <- free
	link.cut(true)
	require.Eventually(t, is(false), time.Minute, time.Millisecond)
	close(free)
	link.hold <- free // the next answer: that one was heard
	require.Zero(t, topic.Stats().Reconnects)
	require.False(t, topic.Stats().Connected)
	_, err := topic.Publish(t.Context(), 1).Await(t.Context())
	require.ErrorIs(t, err, broadcast.ErrLocalOnly)
	for m, err := range news {
		require.NoError(t, err)
		require.Equal(t, 1, m.Data, "no gap: nobody else can have told anything")
		break
	}
	link.cut(false)
	require.Eventually(t, is(true), time.Minute, time.Millisecond)
	s := topic.Stats()
	require.EqualValues(t, []uint64{1, 1}, []uint64{s.Losses, s.Reconnects})
	require.NoError(t, topic.Close())
}

// deaf is a Link that can be read, and not heard until it is healed.
//
// Owner: any (healed, tries: atomic).
type deaf struct {
	*stub
	healed atomic.Bool
	tries  atomic.Int64
}

func (d *deaf) Watch(ctx context.Context, topic string, wake func()) error {
	d.tries.Add(1)
	if !d.healed.Load() {
		return errCut
	}
	return d.stub.Watch(ctx, topic, wake)
}

// TestNotHeard: a backend that can be read and not heard, since it lets nobody subscribe, is lost once, and clients are told of no
// gap with each new try.
func TestNotHeard(t *testing.T) {
	link := &deaf{stub: newStub()}
	topic := broadcast.New("room", broadcast.Config[int]{Link: link, Check: time.Millisecond})
	news := topic.Subscribe(t.Context(), broadcast.Subscription[int]{})
	require.Eventually(t, func() bool { s := topic.Stats(); return s.Losses == 1 && s.Gaps > 0 }, time.Minute, time.Millisecond, "lost, and read")
	for i := range 4 {
		before := link.tries.Load()
		_, err := topic.Publish(t.Context(), i+1).Await(t.Context())
		require.NoError(t, err)
		require.Eventually(t, func() bool { return topic.Stats().Received == uint64(i+1) && link.tries.Load() > before }, time.Minute, time.Millisecond)
	}
	n := 0
	for m, err := range news {
		require.NoError(t, err)
		if m.Gap && n == 0 {
			continue // that of the beginning
		}
		n++
		require.False(t, m.Gap, "before message %d", n)
		require.Equal(t, n, m.Data)
		if n == 4 {
			break
		}
	}
	s := topic.Stats()
	require.Equal(t, []uint64{1, 0}, []uint64{s.Losses, s.Reconnects})
	require.False(t, s.Connected)
	link.healed.Store(true)
	require.Eventually(t, func() bool { return topic.Stats().Connected }, time.Minute, time.Millisecond)
	s = topic.Stats()
	require.Equal(t, []uint64{1, 1}, []uint64{s.Losses, s.Reconnects})
	require.NoError(t, topic.Close())
}
