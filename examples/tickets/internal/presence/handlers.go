package presence

import (
	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/examples/tickets/internal/tickets"
	"github.com/fasterapi/fasterapi/examples/tickets/internal/users"
)

// State is what somebody does who looks at a ticket.
type State string

// The states.
const (
	Here    State = "here"
	Writing State = "writing"
	Gone    State = "gone"
)

// Enum lists the states.
func (State) Enum() []any { return []any{Here, Writing, Gone} }

// Say is what a client sends.
type Say struct {
	State State `json:"state" enum:"here,writing"`
}

// News is what a client hears: what one of the others does.
type News struct {
	User  int64  `json:"user" doc:"id"`
	Name  string `json:"name"`
	State State  `json:"state"`
}

// Routes registers the WebSocket below the routes of a ticket. origins are those of pages on other hosts that may open it.
func Routes(g *fasterapi.Group, origins []string) {
	g.WebSocket("/", look, fasterapi.Origins(origins...), fasterapi.Summary("Who looks at a ticket"))
}

func look(c *fasterapi.Ctx, in struct {
	ID    int64      `path:"id" minimum:"1"`
	User  users.User `inject:""`
	DB    *db.Pool   `inject:""`
	Rooms *Rooms     `inject:""`
}, ws *fasterapi.Socket[Say, News],
) error {
	if _, err := tickets.Find(c, &in.DB.Querier, in.ID, in.User); err != nil {
		return err
	}
	if err := ws.Accept(); err != nil {
		return err
	}
	me := in.Rooms.join(in.ID, News{in.User.ID, in.User.Name, Here})
	defer in.Rooms.leave(in.ID, me)
	go func() { // what the others do
		for {
			select {
			case <-c.Done():
				return
			case news := <-me.News:
				if ws.Send(c, news) != nil {
					return // the client is gone, and the loop below ends, too
				}
			}
		}
	}()
	for say, err := range ws.Messages(c) {
		if err != nil {
			return err
		}
		in.Rooms.is(in.ID, me, say.State)
	}
	return nil
}
