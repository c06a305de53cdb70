package events

import (
	"context"
	"strconv"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/examples/tickets/internal/users"
	"github.com/fasterapi/fasterapi/problem"
)

// Routes registers the stream.
func Routes(g *fasterapi.Group) {
	g.Get("/", follow, fasterapi.Summary("What happens to your tickets; for agents, to all"),
		fasterapi.Description("Server-sent events. Browsers give the token in the query: `new EventSource('/v1/events?access_token=…')`."),
		fasterapi.Returns[problem.Problem](400, "Last-Event-ID is not one of ours"))
}

// portion is how many events are read at once.
const portion = 100

func follow(c *fasterapi.Ctx, in struct {
	User users.User `inject:""`
	DB   *db.Pool   `inject:""`
	Bell *Bell      `inject:""`
},
) (fasterapi.SSE[Event], error) {
	seen, err := lastSeen(c, in.DB)
	if err != nil {
		return fasterapi.SSE[Event]{}, err
	}
	return fasterapi.SSE[Event]{Send: func(s *fasterapi.EventSender[Event]) error {
		for {
			next := in.Bell.Next()
			events, err := after(c, in.DB, seen, in.User.ID)
			if err != nil {
				return err // the client connects again, and misses nothing
			}
			for _, event := range events {
				if err := s.Send(fasterapi.Event[Event]{ID: strconv.FormatInt(event.ID, 10), Name: string(event.Kind), Data: event}); err != nil {
					return err
				}
				seen = event.ID
			}
			if len(events) == portion {
				continue
			}
			select {
			case <-c.Done(): // the client has left, or the app stops
				return nil
			case <-next:
			}
		}
	}}, nil
}

// lastSeen is the number of the event that the client has seen last: for a new client the last one that there is.
func lastSeen(c *fasterapi.Ctx, pool *db.Pool) (int64, error) {
	last, err := pool.One[int64](c, `SELECT last FROM event_counter`).Await(c)
	if err != nil || c.LastEventID() == "" {
		return last, err
	}
	seen, err := strconv.ParseInt(c.LastEventID(), 10, 64)
	if err != nil || seen < 0 || seen > last {
		return 0, problem.BadRequest("Last-Event-ID is not one of ours")
	}
	return seen, nil
}

// after returns the events behind one that the user may hear of. What that is says the database, as long as the stream may last: to a
// user whose account was closed, nothing.
func after(ctx context.Context, pool *db.Pool, seen, user int64) ([]Event, error) {
	return pool.Query[Event](ctx, `SELECT events.id, kind, ticket, by, at FROM events JOIN users ON users.id = $2 AND users.active
		WHERE events.id > $1 AND (users.role <> 'customer' OR (requester = users.id AND NOT internal))
		ORDER BY events.id LIMIT $3`, seen, user, portion).Await(ctx)
}
