package events

import (
	"context"
	"time"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/examples/tickets/internal/storage"
)

// Kind says what has happened.
type Kind string

// The kinds.
const (
	Created    Kind = "created"
	Changed    Kind = "changed"
	Removed    Kind = "removed"
	Commented  Kind = "commented"
	Assigned   Kind = "assigned"
	Moved      Kind = "moved" // to another status
	Attached   Kind = "attached"
	Unattached Kind = "unattached"
)

// Enum lists the kinds.
func (Kind) Enum() []any {
	return []any{Created, Changed, Removed, Commented, Assigned, Moved, Attached, Unattached}
}

// Event is something that has happened to a ticket.
type Event struct {
	ID     int64     `json:"id"`
	Kind   Kind      `json:"kind"`
	Ticket int64     `json:"ticket"`
	By     int64     `json:"by" doc:"id of the user"`
	At     time.Time `json:"at"`
}

// About is a ticket, and who may hear of it.
type About struct {
	Ticket    int64
	Requester int64
	Internal  bool // for agents only
}

// Log writes the events of one request.
type Log struct{ tx *db.Tx }

// Add writes an event. It is told when the request has succeeded.
func (l Log) Add(ctx context.Context, kind Kind, about About, by int64) error {
	id, err := l.tx.One[int64](ctx, `UPDATE event_counter SET last = last + 1 RETURNING last`).Await(ctx)
	if err != nil {
		return err
	}
	_, err = l.tx.Exec(ctx, `INSERT INTO events (id, kind, ticket, requester, by, at, internal) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		id, kind, about.Ticket, about.Requester, by, storage.Now(), about.Internal).Await(ctx)
	return err
}

// Provide provides the Log of each request that asks for one, and the bell of all streams.
func Provide(app *fasterapi.App, bell *Bell) {
	app.Provide(bell)
	app.ProvideFunc(func(_ *fasterapi.Ctx, in struct {
		Tx *db.Tx `inject:""`
	},
	) (Log, error) {
		return Log{in.Tx}, nil
	})
}
