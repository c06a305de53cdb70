package links

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/broadcast"
)

// Backend is a server that a test disturbs.
type Backend struct {
	// Link returns a link as one more instance has it.
	Link func(t *testing.T) broadcast.Link
	// Kill ends the server, Start starts it again.
	Kill, Start func()
	// Forget loses all messages and their count, and the server goes on. Rewind takes a topic back by one message, as a backup does
	// that is restored.
	Forget func()
	Rewind func(topic string)
}

// Run runs the suite.
func Run(t *testing.T, b Backend) {
	t.Run("order", b.order)
	t.Run("history", b.history)
	t.Run("large", b.large)
	t.Run("forgets", b.forgets)
	t.Run("rewinds", b.rewinds)
	t.Run("dies", b.dies)
}

// topic is one of an instance of its own. A busy machine may be slow to answer.
func (b *Backend) topic(t *testing.T, name string, cfg broadcast.Config[string]) *broadcast.Topic[string] {
	cfg.Link = b.Link(t)
	if cfg.Timeout == 0 {
		cfg.Timeout = 20 * time.Second
	}
	topic := broadcast.New(name, cfg)
	require.NoError(t, topic.Mistake())
	t.Cleanup(func() { require.NoError(t, topic.Close()) })
	return topic
}

func publish(t *testing.T, topic *broadcast.Topic[string], text string) string {
	t.Helper()
	id, err := topic.Publish(t.Context(), text).Await(t.Context())
	require.NoError(t, err)
	return id
}

// inbox collects what a subscriber gets.
type inbox struct {
	t    *testing.T
	news chan broadcast.Message[string]
}

func follow(t *testing.T, topic *broadcast.Topic[string], after string) *inbox {
	in := &inbox{t: t, news: make(chan broadcast.Message[string], 1000)}
	messages := topic.Subscribe(t.Context(), broadcast.Subscription[string]{After: after})
	go func() {
		for m, err := range messages {
			if err != nil {
				return
			}
			in.news <- m
		}
	}()
	return in
}

// next waits for a message.
func (in *inbox) next() broadcast.Message[string] {
	in.t.Helper()
	select {
	case m := <-in.news:
		return m
	case <-time.After(time.Minute):
		in.t.Fatal("no message comes")
		panic("unreachable")
	}
}

// want waits for messages that come without a gap.
func (in *inbox) want(texts ...string) (id string) {
	in.t.Helper()
	for _, text := range texts {
		m := in.next()
		require.False(in.t, m.Gap, "a gap before %q", text)
		require.Equal(in.t, text, m.Data)
		id = m.ID
	}
	return id
}

// gapThen waits for a gap, perhaps several, and the message behind it.
func (in *inbox) gapThen(text string) {
	in.t.Helper()
	m := in.next()
	require.True(in.t, m.Gap, "no gap before %q", m.Data)
	for m.Gap {
		m = in.next()
	}
	require.Equal(in.t, text, m.Data)
}

// order: many instances publish at the same time, and all get all in one order.
func (b *Backend) order(t *testing.T) {
	const each = 40
	var topics [3]*broadcast.Topic[string]
	var inboxes [3]*inbox
	for i := range topics {
		topics[i] = b.topic(t, "order", broadcast.Config[string]{})
		inboxes[i] = follow(t, topics[i], "")
	}
	var all sync.WaitGroup
	for i, topic := range topics {
		all.Go(func() {
			for n := range each {
				_, err := topic.Publish(t.Context(), fmt.Sprint(i, " ", n)).Await(t.Context())
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	var got [3][]broadcast.Message[string]
	for i, in := range inboxes {
		for range len(topics) * each {
			got[i] = append(got[i], in.next())
		}
		require.Equal(t, got[0], got[i])
	}
	middle := got[0][each]
	for _, topic := range topics {
		back := follow(t, topic, middle.ID)
		for _, want := range got[0][each+1:] {
			require.Equal(t, want, back.next())
		}
	}
}

// history: an instance that starts later knows what was before, in many pages, and new subscribers do not get it as news.
func (b *Backend) history(t *testing.T) {
	first := b.topic(t, "history", broadcast.Config[string]{History: 1000})
	var ids []string
	for i := range 600 {
		ids = append(ids, publish(t, first, fmt.Sprint(i)))
	}
	second := b.topic(t, "history", broadcast.Config[string]{History: 1000})
	fresh, back := follow(t, second, ""), follow(t, second, ids[9])
	for i := 10; i < 600; i++ {
		back.want(fmt.Sprint(i))
	}
	follow(t, second, ids[599]) // is up to date
	small := b.topic(t, "history", broadcast.Config[string]{History: 5})
	follow(t, small, ids[9]).gapThen("595")
	publish(t, first, "news")
	fresh.want("news")
	back.want("news")
}

// large: messages are as large as they are.
func (b *Backend) large(t *testing.T) {
	one, two := b.topic(t, "large", broadcast.Config[string]{}), b.topic(t, "large", broadcast.Config[string]{})
	in := follow(t, two, "")
	text := strings.Repeat("ä\n\x01", 50_000)
	publish(t, one, text)
	publish(t, one, "")
	in.want(text, "")
}

// forgets: a backend that has lost everything is a gap for all, before anything else comes.
func (b *Backend) forgets(t *testing.T) {
	one, two := b.topic(t, "forgets", broadcast.Config[string]{}), b.topic(t, "forgets", broadcast.Config[string]{})
	in := follow(t, two, "")
	publish(t, one, "a")
	id := in.want("a")
	b.Forget()
	publish(t, one, "b")
	in.gapThen("b")
	late := b.topic(t, "forgets", broadcast.Config[string]{})
	follow(t, late, id).gapThen("b")
}

// rewinds: a backend that has an older state than before is a gap, and what comes then is not taken for what was.
func (b *Backend) rewinds(t *testing.T) {
	one := b.topic(t, "rewinds", broadcast.Config[string]{Check: 20 * time.Millisecond})
	in := follow(t, one, "")
	publish(t, one, "a")
	publish(t, one, "b")
	in.want("a", "b")
	b.Rewind("rewinds")
	require.True(t, in.next().Gap)
	publish(t, one, "c")
	in.want("c")
}

// dies: without the backend every instance goes on for itself; when it is back, all are told of a gap and go on together.
func (b *Backend) dies(t *testing.T) {
	cfg := broadcast.Config[string]{Timeout: 2 * time.Second}
	one, two := b.topic(t, "dies", cfg), b.topic(t, "dies", cfg)
	inOne, inTwo := follow(t, one, ""), follow(t, two, "")
	publish(t, one, "together")
	inOne.want("together")
	inTwo.want("together")
	b.Kill()
	_, err := one.Publish(t.Context(), "alone").Await(t.Context())
	require.ErrorIs(t, err, broadcast.ErrLocalOnly)
	id := inOne.want("alone")
	connected := func(yes bool) (s broadcast.Stats) {
		require.Eventually(t, func() bool { s = two.Stats(); return s.Connected == yes }, time.Minute, 5*time.Millisecond)
		return s
	}
	lost := connected(false)
	require.Positive(t, lost.Losses)
	require.Equal(t, lost.Losses-1, lost.Reconnects)
	b.Start()
	for begin := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		_, err = one.Publish(context.Background(), "again").Await(context.Background())
		if err == nil {
			break
		}
		require.True(t, errors.Is(err, broadcast.ErrLocalOnly), err)
		require.Less(t, time.Since(begin), time.Minute)
	}
	for m := inOne.next(); !m.Gap; m = inOne.next() {
		require.Equal(t, "again", m.Data) // those that were not stored
	}
	// Which it hears of first, the message or that something was missed, is a matter of its connections.
	for gap, again := false, false; !gap || !again; {
		m := inTwo.next()
		require.True(t, m.Gap || m.Data == "again", "the other instance got a message that was not for it: %v", m)
		gap, again = gap || m.Gap, again || !m.Gap
	}
	require.Greater(t, connected(true).Reconnects, lost.Reconnects)
	back := follow(t, two, id)
	require.True(t, back.next().Gap, "the ID of a message that the other instance never had")
}
