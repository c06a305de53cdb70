package redislink_test

import (
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/rueidis"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/fasterapi/fasterapi/broadcast"
	"github.com/fasterapi/fasterapi/broadcast/redislink"
	"github.com/fasterapi/fasterapi/client/redisclient"
	"github.com/fasterapi/fasterapi/internal/test/leaks"
	"github.com/fasterapi/fasterapi/internal/test/redistest"
)

// TestRedisFaults: with a Redis that is killed and started again, full, slow, silent, cut off, or answers nonsense, an instance tells its own subscribers, and
// whoever publishes that the others were not told. When Redis is well they are again, what they missed is there or a gap is told of, and nothing is left
// behind.
func TestRedisFaults(t *testing.T) {
	current := goleak.IgnoreCurrent()
	t.Cleanup(func() { leaks.None(t, current) })
	server := redistest.Start(t)
	var topics [2]*broadcast.Topic[string]
	var inboxes [2]chan broadcast.Message[string]
	for i := range topics {
		client, err := redisclient.Open(server.URL())
		require.NoError(t, err)
		t.Cleanup(client.Close)
		topics[i] = broadcast.New("news", broadcast.Config[string]{
			Link: redislink.New(client, redislink.Config{}), Timeout: redistest.Slow / 3, Logger: slog.New(slog.DiscardHandler),
		})
		t.Cleanup(func() { require.NoError(t, topics[i].Close()) })
		in := make(chan broadcast.Message[string], 10_000)
		inboxes[i] = in
		messages := topics[i].Subscribe(t.Context(), broadcast.Subscription[string]{})
		go func() {
			for m, err := range messages {
				if err != nil {
					return
				}
				in <- m
			}
		}()
	}
	// comes tells whether a text comes to an instance, perhaps behind others and gaps.
	comes := func(to int, text string, within time.Duration) bool {
		for late := time.After(within); ; {
			select {
			case m := <-inboxes[to]:
				if m.Data == text {
					return true
				}
			case <-late:
				return false
			}
		}
	}
	var n atomic.Int64
	publish := func(from int) (text string, err error) {
		text = fmt.Sprint("text ", n.Add(1))
		begun := time.Now()
		_, err = topics[from].Publish(t.Context(), text).Await(t.Context())
		require.Less(t, time.Since(begun), 20*time.Second, "it hangs")
		require.True(t, err == nil || errors.Is(err, broadcast.ErrLocalOnly), "%v", err)
		return text, err
	}
	well := func() bool {
		for from := range topics {
			text, err := publish(from)
			if err != nil || !comes(1-from, text, time.Second) {
				return false
			}
		}
		return topics[0].Stats().Connected && topics[1].Stats().Connected
	}
	server.Suffer(t, well, func(t *testing.T, f redistest.Fault) {
		for range 2 {
			text, err := publish(0)
			require.True(t, comes(0, text, 20*time.Second), "its own subscribers are told")
			if f.Lasts || f.Full {
				require.ErrorIs(t, err, broadcast.ErrLocalOnly)
			} else if err == nil {
				require.True(t, comes(1, text, time.Minute), "it was said that the others are told")
			}
		}
	})
}

// TestAstray: an answer of the right form that is that to another call is no position of a message, and no page.
func TestAstray(t *testing.T) {
	server := redistest.Start(t)
	client, err := redisclient.New(rueidis.ClientOption{
		InitAddress: []string{server.Proxy.Address()}, ForceSingleClient: true, PipelineMultiplex: -1, DisableCache: true, DisableRetry: true,
	})
	require.NoError(t, err)
	defer client.Close()
	link := redislink.New(client, redislink.Config{})
	for name, ask := range map[string]func() error{
		"publish": func() error { _, err := link.Publish(t.Context(), "topic", 10, []byte("x")); return err },
		"read":    func() error { _, err := link.Read(t.Context(), "topic", broadcast.Position{}); return err },
	} {
		for _, says := range []string{"*3\r\n+other\r\n+epoch\r\n+1\r\n", "*2\r\n+epoch\r\n+1\r\n", "*0\r\n", "+OK\r\n"} {
			require.Eventually(t, func() bool { return ask() == nil }, time.Minute, time.Millisecond)
			err := server.Astray(says, ask)
			require.Error(t, err, "%s, %q", name, says)
		}
	}
}
