package tickets

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/examples/tickets/internal/audit"
	"github.com/fasterapi/fasterapi/examples/tickets/internal/events"
	"github.com/fasterapi/fasterapi/examples/tickets/internal/page"
	"github.com/fasterapi/fasterapi/examples/tickets/internal/storage"
	"github.com/fasterapi/fasterapi/examples/tickets/internal/users"
	"github.com/fasterapi/fasterapi/problem"
)

// Action is what somebody does about a ticket: a Comment, an Assignment or a Move. It is the body of a request, a column of the
// database, and a part of answers, and the same JSON in all of them.
type Action struct{ fasterapi.UnionOf[Action, act] }

// OneOf lists the kinds.
func (Action) OneOf() fasterapi.Choice {
	return fasterapi.Choice{Discriminator: "kind", Variants: []fasterapi.Variant{
		fasterapi.VariantOf[Comment]("comment"), fasterapi.VariantOf[Assignment]("assign"), fasterapi.VariantOf[Move]("move"),
	}}
}

// act is what each kind of action can do.
type act interface {
	// apply does it to a ticket that is locked, or says why not.
	apply(ctx context.Context, tx *db.Tx, t *Ticket, by users.User) error
	// internal tells whether customers must not see it.
	internal() bool
	// event is how those hear of it who follow the ticket.
	event() events.Kind
}

// Comment says something.
type Comment struct {
	Kind     string `json:"kind"`
	Text     string `json:"text" minLength:"1" maxLength:"10000"`
	Internal bool   `json:"internal" default:"false" doc:"for agents only"`
}

func (a Comment) internal() bool   { return a.Internal }
func (Comment) event() events.Kind { return events.Commented }

func (a Comment) apply(_ context.Context, _ *db.Tx, t *Ticket, by users.User) error {
	switch {
	case a.Internal && !by.IsStaff():
		return problem.Forbidden("internal comments are for agents")
	case a.Internal:
	case by.ID == t.Requester:
		t.Status = Open // it waits for an agent again
	case t.Status == Open:
		t.Status = Pending
	}
	return nil
}

// Assignment gives the ticket to an agent.
type Assignment struct {
	Kind string `json:"kind"`
	To   *int64 `json:"to" required:"true" minimum:"1" doc:"id of an agent; null: nobody"`
}

func (Assignment) internal() bool     { return false }
func (Assignment) event() events.Kind { return events.Assigned }

func (a Assignment) apply(ctx context.Context, tx *db.Tx, t *Ticket, by users.User) error {
	if !by.IsStaff() {
		return problem.Forbidden("agents give tickets to each other")
	}
	if a.To != nil {
		ok, err := users.IsAgent(ctx, &tx.Querier, *a.To)
		if err != nil {
			return err
		}
		if !ok {
			return problem.Validation(problem.FieldError{Location: "body.to", Message: "is not the id of an agent", Value: *a.To})
		}
	}
	t.Assignee = a.To
	return nil
}

// Move changes the status.
type Move struct {
	Kind   string `json:"kind"`
	Status Status `json:"status"`
	Reason string `json:"reason,omitzero" maxLength:"1000"`
}

// Check says what the members have to do with each other.
func (a *Move) Check(_ context.Context, faults *problem.Faults) {
	if a.Status == Closed && strings.TrimSpace(a.Reason) == "" {
		faults.At(&a.Reason, "is required to close a ticket")
	}
}

func (Move) internal() bool     { return false }
func (Move) event() events.Kind { return events.Moved }

func (a Move) apply(_ context.Context, _ *db.Tx, t *Ticket, by users.User) error {
	mine := a.Status == Closed || a.Status == Open && t.Status == Solved // what customers may do: give up, and ask again
	if !by.IsStaff() && !mine {
		return problem.Forbidden("agents decide that")
	}
	if t.Status == a.Status {
		return problem.Conflict("the ticket is " + string(t.Status) + " already")
	}
	t.Status = a.Status
	return nil
}

// Entry is an action that was done.
type Entry struct {
	ID     int64     `json:"id"`
	Ticket int64     `json:"ticket"`
	By     int64     `json:"by" doc:"id of the user"`
	At     time.Time `json:"at"`
	Action Action    `json:"action"`
}

func do(c *fasterapi.Ctx, in struct {
	one
	Body   Action     `body:""`
	Tx     *db.Tx     `inject:""`
	Audit  audit.Log  `inject:""`
	Events events.Log `inject:""`
},
) (Entry, error) {
	ticket, err := Lock(c, in.Tx, in.ID, in.User)
	if err != nil {
		return Entry{}, err
	}
	var act act = in.Body.Of
	if err := act.apply(c, in.Tx, &ticket, in.User); err != nil {
		return Entry{}, err
	}
	if _, err := save(c, in.Tx, ticket); err != nil {
		return Entry{}, err
	}
	entry, err := in.Tx.One[Entry](c, `INSERT INTO actions (ticket, by, at, internal, action) VALUES ($1, $2, $3, $4, $5)
		RETURNING id, ticket, by, at, action`, ticket.ID, in.User.ID, storage.Now(), act.internal(), in.Body).Await(c)
	if err != nil {
		return entry, err
	}
	about := ticket.About()
	about.Internal = act.internal()
	kind := act.event()
	return entry, errors.Join(
		in.Events.Add(c, kind, about, in.User.ID),
		in.Audit.Add(c, in.User.ID, "ticket."+string(kind), Path(ticket.ID), nil))
}

func actions(c *fasterapi.Ctx, in struct {
	one
	Cursor *page.Cursor `query:"cursor"`
	Limit  int          `query:"limit" default:"50" minimum:"1" maximum:"200"`
	DB     *db.Pool     `inject:""`
},
) (page.Page[Entry], error) {
	if _, err := Find(c, &in.DB.Querier, in.ID, in.User); err != nil {
		return page.Page[Entry]{}, err
	}
	var where storage.Where
	where.Add("ticket = ?", in.ID)
	if !in.User.IsStaff() {
		where.Add("NOT internal")
	}
	if in.Cursor != nil {
		where.Add("id > ?", in.Cursor.ID)
	}
	limit := where.Param(in.Limit + 1)
	rows, err := in.DB.Query[Entry](c, `SELECT id, ticket, by, at, action FROM actions`+where.String()+` ORDER BY id LIMIT `+limit,
		where.Args...).Await(c)
	return page.Of(rows, in.Limit, func(e Entry) page.Cursor { return page.Cursor{ID: e.ID} }), err
}
