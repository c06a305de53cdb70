package server

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/examples/tickets/internal/events"
	"github.com/fasterapi/fasterapi/examples/tickets/internal/tickets"
	"github.com/fasterapi/fasterapi/fasterapitest"
)

// next waits for an event, and shows it in short.
func next(t *testing.T, stream *fasterapitest.Events) string {
	t.Helper()
	event, ok := stream.Next()
	require.True(t, ok, "the stream has ended: %v", stream.Err())
	data := event.JSON[events.Event](t)
	require.Equal(t, event.ID, fmt.Sprint(data.ID))
	require.Equal(t, event.Name, string(data.Kind))
	require.WithinDuration(t, time.Now(), data.At, time.Minute)
	return fmt.Sprintf("%s %s %d by %d", event.ID, data.Kind, data.Ticket, data.By)
}

// TestEvents: everybody hears of what they may see, and misses nothing while they are away.
func TestEvents(t *testing.T) {
	onBoth(t, func(t *testing.T, p people) {
		ada, agent, bob := p.ada.Events("/v1/events"), p.agent.Events("/v1/events"), p.bob.Events("/v1/events")
		p.ada.Post("/v1/tickets", `{"title": "Fire", "text": "It burns."}`).Expect(201)
		p.ada.Post("/v1/tickets", `{"title": "Fire"}`).Expect(422)
		p.agent.Post("/v1/tickets/1/actions", tickets.Action{Of: tickets.Comment{Text: "a joker", Internal: true}}).Expect(201)
		p.agent.Post("/v1/tickets/1/actions", `{"kind": "move", "status": "open"}`).Expect(409)
		p.agent.Post("/v1/tickets/1/actions", `{"kind": "comment", "text": "Water?"}`).Expect(201)
		for _, want := range []string{"1 created 1 by 3", "2 commented 1 by 2", "3 commented 1 by 2"} {
			require.Equal(t, want, next(t, agent))
		}
		require.Equal(t, "1 created 1 by 3", next(t, ada))
		require.Equal(t, "3 commented 1 by 2", next(t, ada))

		ada.Close()
		p.ada.Patch("/v1/tickets/1", `{"title": "Smoke"}`).Expect(200)
		p.bob.Post("/v1/tickets", `{"title": "Screen", "text": "dark"}`).Expect(201)
		p.admin.Delete("/v1/tickets/1").Expect(204)
		ada = p.ada.With("Last-Event-ID", "3").Events("/v1/events")
		require.Equal(t, "4 changed 1 by 3", next(t, ada))
		require.Equal(t, "6 removed 1 by 1", next(t, ada))
		require.Equal(t, "5 created 2 by 4", next(t, bob), "nothing before that was his")

		for _, id := range []string{"x", "-1", "7", "9223372036854775808"} {
			p.ada.With("Last-Event-ID", id).Get("/v1/events").Expect(400)
		}
		p.nobody.Get("/v1/events").Expect(401)
	})
}

// TestEventSource: browsers have the token in the query.
func TestEventSource(t *testing.T) {
	onBoth(t, func(t *testing.T, p people) {
		stream := p.nobody.Events("/v1/events?access_token=" + token(p.nobody, "ada", password).AccessToken)
		p.ada.Post("/v1/tickets", `{"title": "Fire", "text": "It burns."}`).Expect(201)
		require.Equal(t, "1 created 1 by 3", next(t, stream))
		p.nobody.Get("/v1/events?access_token=forged").Expect(401)
	})
}

// TestEventsInOrder: many write at once, and a reader who goes from one event to the next sees all of them.
func TestEventsInOrder(t *testing.T) {
	onBoth(t, func(t *testing.T, p people) {
		const writers, each = 4, 10
		stream := p.agent.Events("/v1/events")
		var running sync.WaitGroup
		for range writers {
			running.Go(func() {
				for range each {
					p.ada.Post("/v1/tickets", `{"title": "x", "text": "y"}`)
				}
			})
		}
		for i := range writers * each {
			event, ok := stream.Next()
			require.True(t, ok)
			require.Equal(t, fmt.Sprint(i+1), event.ID)
		}
		running.Wait()
	})
}

// TestEventsOfAnotherProcess: two services on one Postgres hear of each other.
func TestEventsOfAnotherProcess(t *testing.T) {
	s := settings(onPostgres(t))
	here := meet(fasterapitest.New(t, newApp(t, fasterapi.Config{}, s)))
	there := fasterapitest.New(t, newApp(t, fasterapi.Config{}, s))
	stream := login(there, "agent").Events("/v1/events")
	here.ada.Post("/v1/tickets", `{"title": "Fire", "text": "It burns."}`).Expect(201)
	require.Equal(t, "1 created 1 by 3", next(t, stream))
}

// TestStop: a stream that is open does not keep the service from stopping, and its client is told of the end.
func TestStop(t *testing.T) {
	app := newApp(t, fasterapi.Config{}, settings(onSQLite(t)))
	c := fasterapitest.New(t, app)
	stream := login(c, "admin").Events("/v1/events")
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	require.NoError(t, app.Stop(ctx))
	_, ok := stream.Next()
	require.False(t, ok)
	require.NoError(t, stream.Err(), "it was completed")
}
