package broadcast_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/broadcast"
	"github.com/fasterapi/fasterapi/fasterapitest"
	"github.com/fasterapi/fasterapi/internal/test/leaks"
)

type said struct {
	Text string `json:"text"`
}

// room is an app with a topic, both ways to follow it, and one to publish.
func room(cfg fasterapi.Config, topic *broadcast.Topic[said]) *fasterapi.App {
	app := fasterapi.New(cfg)
	app.Provide(topic, fasterapi.CloseOnStop())
	type input struct {
		Topic *broadcast.Topic[said] `inject:""`
		After string                 `query:"after"`
		Only  string                 `query:"only"`
	}
	subscription := func(in input) (s broadcast.Subscription[said]) {
		s.After = in.After
		if in.Only != "" {
			s.Where = func(m said) bool { return strings.HasPrefix(m.Text, in.Only) }
		}
		return s
	}
	app.Get("/events", func(c *fasterapi.Ctx, in input) (fasterapi.SSE[said], error) {
		return in.Topic.SSE(c, subscription(in))
	})
	app.WebSocket("/socket", func(c *fasterapi.Ctx, in input, ws *fasterapi.Socket[string, broadcast.Message[said]]) error {
		return in.Topic.Serve(c, ws, subscription(in))
	})
	say := func(c *fasterapi.Ctx, in struct {
		Topic *broadcast.Topic[said] `inject:""`
		Text  string                 `query:"text"`
	},
	) (fasterapi.Text, error) {
		id, err := in.Topic.Publish(c, said{in.Text}).Await(c)
		return fasterapi.Text(id), err
	}
	app.Post("/say", say)
	app.Post("/say/reactor", say, fasterapi.OnReactor())
	return app
}

// TestFollow: an event stream and a WebSocket get what was published, and one who comes back what it has missed.
func TestFollow(t *testing.T) {
	fasterapitest.Run(t, func(cfg fasterapi.Config) *fasterapi.App {
		return room(cfg, broadcast.New("room", broadcast.Config[said]{History: 3}))
	}, func(t *testing.T, c *fasterapitest.Client) {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodHead, c.URL("/events"), http.NoBody)
		require.NoError(t, err)
		response, err := c.HTTP().Do(request)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())

		events, only, socket := c.Events("/events"), c.Events("/events?only=b"), c.WebSocket("/socket")
		id := c.Post("/say?text=a", nil).Expect(200).Text()
		c.Post("/say/reactor?text=b", nil).Expect(200)
		for _, want := range []string{"a", "b"} {
			event, ok := events.Next()
			require.True(t, ok)
			require.Equal(t, said{want}, event.JSON[said](t))
			require.Empty(t, event.Name)
			require.Equal(t, said{want}, socket.JSON[broadcast.Message[said]]().Data)
		}
		event, ok := only.Next()
		require.True(t, ok)
		require.Equal(t, said{"b"}, event.JSON[said](t))

		back := c.With("Last-Event-ID", id).Events("/events")
		event, _ = back.Next()
		require.Equal(t, said{"b"}, event.JSON[said](t))
		require.Equal(t, said{"b"}, c.WebSocket("/socket?after=" + id).JSON[broadcast.Message[said]]().Data)

		for _, text := range []string{"c", "d", "e"} {
			c.Post("/say?text="+text, nil).Expect(200)
		}
		for _, unknown := range []string{id, "nonsense", "X-1", "X-1-Y-2", "--", "a-b", "a-1-b", "a-1-b-c"} {
			late := c.With("Last-Event-ID", unknown).Events("/events")
			event, ok = late.Next()
			require.True(t, ok)
			require.Equal(t, "gap", event.Name, unknown)
			for _, want := range []string{"c", "d", "e"} {
				event, _ = late.Next()
				require.Equal(t, said{want}, event.JSON[said](t))
			}
			late.Close()
		}
		lateSocket := c.WebSocket("/socket?after=" + id)
		require.True(t, lateSocket.JSON[broadcast.Message[said]]().Gap)
		require.Equal(t, said{"c"}, lateSocket.JSON[broadcast.Message[said]]().Data)
	})
}

// TestSlow: one who is overtaken is told of it, or disconnected; publishing does not wait, and costs no memory for each.
func TestSlow(t *testing.T) {
	for _, slow := range []broadcast.Slow{broadcast.MarkGap, broadcast.Disconnect} {
		topic := broadcast.New("room", broadcast.Config[int]{History: 4, Slow: slow})
		messages := topic.Subscribe(t.Context(), broadcast.Subscription[int]{})
		for i := range 10 {
			_, err := topic.Publish(t.Context(), i).Await(t.Context())
			require.NoError(t, err)
		}
		require.NoError(t, topic.Close())
		var got []string
		for m, err := range messages {
			switch {
			case err != nil:
				got = append(got, err.Error())
			case m.Gap:
				got = append(got, "gap")
			default:
				got = append(got, fmt.Sprint(m.Data))
			}
		}
		if slow == broadcast.Disconnect {
			require.Equal(t, []string{broadcast.ErrSlow.Error()}, got)
		} else {
			require.Equal(t, []string{"gap", "6", "7", "8", "9", broadcast.ErrClosed.Error()}, got)
		}
		require.EqualValues(t, 1, topic.Stats().Overtaken)
		require.EqualValues(t, 10, topic.Stats().Published)
	}
}

// TestSlowSocket: a WebSocket that is overtaken is closed with 1013, and one of a topic that is closed with 1001.
func TestSlowSocket(t *testing.T) {
	topic := broadcast.New("room", broadcast.Config[said]{History: 1, Slow: broadcast.Disconnect})
	hold := make(chan struct{})
	app := fasterapi.New(fasterapi.Config{})
	app.WebSocket("/socket", func(c *fasterapi.Ctx, _ struct{}, ws *fasterapi.Socket[string, broadcast.Message[said]]) error {
		return topic.Serve(c, ws, broadcast.Subscription[said]{Where: func(said) bool { <-hold; return false }})
	})
	c := fasterapitest.New(t, app)
	ws := c.WebSocket("/socket")
	subscribed := func() bool { return topic.Stats().Subscribers == 1 } // the WebSocket is open before that
	require.Eventually(t, subscribed, time.Minute, time.Millisecond)
	for range 4 {
		_, err := topic.Publish(t.Context(), said{"x"}).Await(t.Context())
		require.NoError(t, err)
	}
	close(hold)
	code, _ := ws.Closed()
	require.Equal(t, 1013, code)
	require.Eventually(t, func() bool { return topic.Stats().Subscribers == 0 }, time.Minute, time.Millisecond)
	other := c.WebSocket("/socket")
	require.Eventually(t, subscribed, time.Minute, time.Millisecond)
	require.NoError(t, topic.Close())
	code, _ = other.Closed()
	require.Equal(t, 1001, code)
}

// TestMany: many publish and many follow, and each follower gets all in the same order.
func TestMany(t *testing.T) {
	const publishers, each, followers = 8, 50, 16
	topic := broadcast.New("room", broadcast.Config[int]{History: publishers * each})
	var all sync.WaitGroup
	got := make([][]int, followers)
	for i := range followers {
		messages := topic.Subscribe(t.Context(), broadcast.Subscription[int]{})
		all.Go(func() {
			for m, err := range messages {
				if err != nil || m.Gap {
					return
				}
				if got[i] = append(got[i], m.Data); len(got[i]) == publishers*each {
					return
				}
			}
		})
	}
	for p := range publishers {
		all.Go(func() {
			for i := range each {
				_, _ = topic.Publish(t.Context(), p*each+i).Await(t.Context())
			}
		})
	}
	all.Wait()
	for i := range followers {
		require.Len(t, got[i], publishers*each)
		require.Equal(t, got[0], got[i])
	}
	require.Zero(t, topic.Stats().Subscribers)
}

// TestEnds: a subscription ends with its context, and says why; a closed topic refuses.
func TestEnds(t *testing.T) {
	defer leaks.None(t, goleak.IgnoreCurrent())
	why := errors.New("the reason")
	ctx, cancel := context.WithCancelCause(t.Context())
	topic := broadcast.New("room", broadcast.Config[int]{})
	messages := topic.Subscribe(ctx, broadcast.Subscription[int]{})
	cancel(why)
	for _, err := range messages {
		require.ErrorIs(t, err, why)
	}
	require.NoError(t, topic.Close())
	require.NoError(t, topic.Close())
	_, err := topic.Publish(t.Context(), 1).Await(t.Context())
	require.ErrorIs(t, err, broadcast.ErrClosed)
	for _, err := range topic.Subscribe(t.Context(), broadcast.Subscription[int]{}) {
		require.ErrorIs(t, err, broadcast.ErrClosed)
	}
}

// TestMistakes: all that is wrong is said at once.
func TestMistakes(t *testing.T) {
	topic := broadcast.New("", broadcast.Config[int]{History: -1, Slow: 7, Timeout: -1, Check: -1})
	for _, what := range []string{"needs a name", "Config.History", "Config.Slow", "Config.Timeout", "Config.Check"} {
		require.ErrorContains(t, topic.Mistake(), what)
	}
	_, err := topic.Publish(t.Context(), 1).Await(t.Context())
	require.ErrorContains(t, err, "needs a name")
	app := fasterapi.New(fasterapi.Config{})
	app.Provide(topic)
	_, err = app.Start()
	require.ErrorContains(t, err, "Config.History")
}
