package broadcast

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fasterapi/fasterapi/resilience"
)

// backend is a store that a test disturbs.
type backend struct {
	mu       sync.Mutex
	epoch    string
	epochs   int
	first    uint64 // the sequence number of stored[0]
	stored   [][]byte
	watchers map[*wire]func()
}

// wire is the Link of one instance.
type wire struct {
	b    *backend
	mu   sync.Mutex
	down bool
	deaf chan struct{} // closed when the connection is lost
	lie  bool          // the next Publish stores, and fails
}

var errDown = errors.New("the backend is down")

func newBackend() *backend { return &backend{watchers: map[*wire]func(){}, first: 1} }

func (b *backend) wire() *wire { return &wire{b: b, deaf: make(chan struct{})} }

// begin begins an epoch where there is none. Under mu.
func (b *backend) begin() {
	if b.epoch == "" {
		b.epochs++
		b.epoch, b.first, b.stored = fmt.Sprint("E", b.epochs), 1, nil
	}
}

func (w *wire) Publish(_ context.Context, _ string, keep int, data []byte) (Position, error) {
	w.mu.Lock()
	down, lie := w.down, w.lie
	w.lie = false
	w.mu.Unlock()
	if down {
		return Position{}, errDown
	}
	b := w.b
	b.mu.Lock()
	b.begin()
	b.stored = append(b.stored, slices.Clone(data))
	if more := len(b.stored) - keep; more > 0 {
		b.stored, b.first = b.stored[more:], b.first+uint64(more)
	}
	at := Position{b.epoch, b.first + uint64(len(b.stored)) - 1}
	for _, wake := range b.watchers {
		wake()
	}
	b.mu.Unlock()
	if lie {
		time.Sleep(time.Millisecond) // the echo may be there before the answer
		return Position{}, errDown
	}
	return at, nil
}

func (w *wire) Read(_ context.Context, _ string, after Position) (Page, error) {
	w.mu.Lock()
	down := w.down
	w.mu.Unlock()
	if down {
		return Page{}, errDown
	}
	b := w.b
	b.mu.Lock()
	defer b.mu.Unlock()
	b.begin()
	page := Page{Last: Position{b.epoch, b.first + uint64(len(b.stored)) - 1}}
	for i, data := range b.stored {
		seq := b.first + uint64(i)
		if (after.Epoch != b.epoch || seq > after.Seq) && len(page.Messages) < 3 {
			page.Messages = append(page.Messages, Stored{seq, data})
		}
	}
	return page, nil
}

func (w *wire) Watch(ctx context.Context, _ string, wake func()) error {
	w.mu.Lock()
	down, deaf := w.down, w.deaf
	w.mu.Unlock()
	if down {
		return errDown
	}
	w.b.mu.Lock()
	w.b.watchers[w] = wake
	w.b.mu.Unlock()
	wake()
	defer func() {
		w.b.mu.Lock()
		defer w.b.mu.Unlock()
		delete(w.b.watchers, w)
	}()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-deaf:
		return errDown
	}
}

func (w *wire) set(down bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.down = down; down {
		close(w.deaf)
		w.deaf = make(chan struct{})
	}
}

// client is one who follows, and comes back with the ID it has seen last.
type client struct {
	on     int
	r      reader
	lastID string
	from   int // messages before it were published when it was not there
	got    []Message[int]
}

// told is what the model knows of a published message.
type told struct {
	by      int
	global  int         // its number among those that all get; 0: one instance was told only
	seen    map[int]int // by client: how many it had got then
	clients map[int]int // by client: the instance it was on
	unsure  bool        // stored although Publish failed
}

// TestModel: random programs of publications, losses of connections, of data and of answers, slow and returning clients. In what a client got
// between two gaps nothing is missing, nothing comes twice and all have the same order.
func TestModel(t *testing.T) { rapid.Check(t, runModel) }

type model struct {
	*rapid.T
	b       *backend
	wires   []*wire
	topics  []*Topic[int]
	clients []*client
	told    []told // by value - 1
	globals int
}

func runModel(rt *rapid.T) {
	m := &model{T: rt, b: newBackend()}
	defer m.end()
	for range 3 {
		w := m.b.wire()
		m.wires = append(m.wires, w)
		m.topics = append(m.topics, New("numbers", Config[int]{
			Link: w, History: 6, Timeout: time.Minute, Check: 2 * time.Millisecond, Logger: slog.New(slog.DiscardHandler),
		}))
		m.topics[len(m.topics)-1].breaker = resilience.NewBreaker("numbers", resilience.BreakerConfig{Failures: 1 << 20})
	}
	for i := range 4 {
		c := &client{on: i % 3}
		m.clients = append(m.clients, c)
		m.stand(c, "")
	}
	for range rapid.IntRange(5, 40).Draw(rt, "steps") {
		m.step()
	}
	for _, w := range m.wires {
		w.set(false)
	}
	m.calm()
	for _, c := range m.clients {
		m.drain(c, 1<<20)
	}
	m.publish(0, false)
	m.calm()
	for i, c := range m.clients {
		m.drain(c, 1<<20)
		m.judge(i, c)
	}
}

func (m *model) end() {
	for _, t := range m.topics {
		_ = t.Close()
	}
}

func (m *model) step() {
	i := rapid.IntRange(0, 2).Draw(m.T, "instance")
	c := m.clients[rapid.IntRange(0, len(m.clients)-1).Draw(m.T, "client")]
	switch rapid.SampledFrom([]string{"publish", "publish", "publish", "publish", "lie", "down", "up", "lose data", "lose count", "drain", "drain", "come back", "calm"}).Draw(m.T, "step") {
	case "publish":
		m.publish(i, false)
	case "lie":
		m.publish(i, true)
	case "down":
		m.wires[i].set(true)
	case "up":
		m.wires[i].set(false)
	case "lose data":
		m.b.mu.Lock()
		m.b.first, m.b.stored = m.b.first+uint64(len(m.b.stored)), nil
		m.b.mu.Unlock()
	case "lose count":
		m.b.mu.Lock()
		m.b.epoch = ""
		m.b.mu.Unlock()
	case "drain":
		m.drain(c, rapid.IntRange(1, 8).Draw(m.T, "messages"))
	case "come back":
		c.on = i
		m.stand(c, c.lastID)
	case "calm":
		m.calm()
	}
}

func (m *model) stand(c *client, after string) {
	r, err := m.topics[c.on].stand(context.Background(), after)
	require.NoError(m.T, err)
	c.r = r
	if after == "" {
		c.from = len(m.told)
	}
}

func (m *model) publish(i int, lie bool) {
	m.wires[i].mu.Lock()
	m.wires[i].lie = lie
	down := m.wires[i].down
	m.wires[i].mu.Unlock()
	value := len(m.told) + 1
	e := told{by: i, seen: map[int]int{}, clients: map[int]int{}, unsure: lie && !down}
	for n, c := range m.clients {
		e.seen[n], e.clients[n] = len(c.got), c.on
	}
	m.told = append(m.told, e)
	_, err := m.topics[i].Publish(context.Background(), value).Await(context.Background())
	if err == nil {
		m.globals++
		m.told[value-1].global = m.globals
		m.told[value-1].unsure = false
		return
	}
	require.ErrorIs(m.T, err, ErrLocalOnly)
	m.wires[i].mu.Lock()
	m.wires[i].lie = false
	m.wires[i].mu.Unlock()
}

// calm waits until every instance that can has read all, and told others of gaps.
func (m *model) calm() {
	for i, t := range m.topics {
		for begin := time.Now(); ; time.Sleep(100 * time.Microsecond) {
			m.wires[i].mu.Lock()
			down := m.wires[i].down
			m.wires[i].mu.Unlock()
			m.b.mu.Lock()
			last := Position{m.b.epoch, m.b.first + uint64(len(m.b.stored)) - 1}
			_, hears := m.b.watchers[m.wires[i]]
			m.b.mu.Unlock()
			t.mu.Lock()
			done := hears && t.started && !t.lost && !t.owes && last.Epoch != "" && t.log.head.Position == last
			t.mu.Unlock()
			if down || done {
				break
			}
			require.Less(m.T, time.Since(begin), 30*time.Second, "instance %d does not come to rest", i)
		}
	}
}

// drain takes what is there.
func (m *model) drain(c *client, most int) {
	t := m.topics[c.on]
	for range most {
		t.mu.Lock()
		e, ok, _ := t.log.read(&c.r)
		t.mu.Unlock()
		if !ok {
			return
		}
		if e.kind == gap {
			c.got = append(c.got, Message[int]{Gap: true})
			continue
		}
		c.lastID = e.at.String()
		c.got = append(c.got, Message[int]{ID: c.lastID, Data: e.value})
	}
}

func (m *model) judge(n int, c *client) {
	text := fmt.Sprintf("client %d got %v of %+v", n, c.got, m.told)
	seen, last := map[int]bool{}, 0
	for _, got := range c.got {
		if got.Gap {
			seen, last = map[int]bool{}, 0
			continue
		}
		require.False(m.T, seen[got.Data], "twice: %d: %s", got.Data, text)
		seen[got.Data] = true
		if global := m.told[got.Data-1].global; global > 0 {
			require.True(m.T, last == 0 || global == last+1, "%d is not the next: %s", got.Data, text)
			last = global
		}
	}
	messages := slices.DeleteFunc(slices.Clone(c.got), func(got Message[int]) bool { return got.Gap })
	require.NotEmpty(m.T, messages, text)
	require.Equal(m.T, len(m.told), messages[len(messages)-1].Data, "the last message: %s", text)
	for i, e := range m.told {
		if i < c.from {
			continue
		}
		rest := c.got[e.seen[n]:]
		has := slices.ContainsFunc(rest, func(got Message[int]) bool { return got.Gap || got.Data == i+1 })
		require.True(m.T, has, "message %d is missing without a mark: %s", i+1, text)
	}
}
