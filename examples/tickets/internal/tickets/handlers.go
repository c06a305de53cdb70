package tickets

import (
	"context"
	"errors"
	"time"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/examples/tickets/internal/audit"
	"github.com/fasterapi/fasterapi/examples/tickets/internal/events"
	"github.com/fasterapi/fasterapi/examples/tickets/internal/users"
	"github.com/fasterapi/fasterapi/problem"
)

// Routes registers the routes of tickets. admin is what it takes to remove one.
func Routes(g *fasterapi.Group, admin fasterapi.RouteOption) {
	missing := fasterapi.Returns[problem.Problem](404, "There is no such ticket, or it is of somebody else")
	changed := fasterapi.Returns[problem.Problem](412, "The ticket is not the version of If-Match any more")

	g.Get("/", list, fasterapi.Summary("Your tickets; for agents, all tickets"))
	g.Post("/", create, fasterapi.StrictBody(), fasterapi.Summary("Ask something"),
		fasterapi.RequestExample("a question", NewTicket{Title: "The printer is on fire", Text: "It burns since noon.", Priority: High}))
	g.Get("/{id}", get, missing, fasterapi.Summary("A ticket"),
		fasterapi.Returns[fasterapi.None](304, "The ticket is what If-None-Match says"))
	g.Patch("/{id}", patch, missing, changed, fasterapi.StrictBody(), fasterapi.Summary("Change what is asked"))
	g.Get("/{id}/actions", actions, missing, fasterapi.Summary("What was done about a ticket"))
	g.Post("/{id}/actions", do, missing, fasterapi.StrictBody(), fasterapi.Status(201), fasterapi.Summary("Do something about a ticket"),
		fasterapi.Returns[problem.Problem](409, "The ticket is closed, or is what the action would make it"),
		fasterapi.RequestExample("a comment", Action{Of: Comment{Text: "Have you tried water?"}}),
		fasterapi.RequestExample("an assignment", Action{Of: Assignment{To: new(int64(2))}}),
		fasterapi.RequestExample("the end", Action{Of: Move{Status: Closed, Reason: "It is ash."}}))
	g.Delete("/{id}", remove, admin, missing, fasterapi.Summary("Remove a ticket for good"))
}

// NewTicket is what a customer asks.
type NewTicket struct {
	Title    string     `json:"title" minLength:"1" maxLength:"200"`
	Text     string     `json:"text" minLength:"1" maxLength:"10000"`
	Priority Priority   `json:"priority" default:"normal"`
	Due      *time.Time `json:"due"`
}

// Check holds what is about several members.
func (t *NewTicket) Check(_ context.Context, faults *problem.Faults) {
	checkDue(faults, &t.Due, t.Priority, t.Due)
}

// checkDue is the rule about priority and due, for whoever changes one of them.
func checkDue(faults *problem.Faults, field any, priority Priority, due *time.Time) {
	switch {
	case priority == Urgent && due == nil:
		faults.At(field, "is required for urgent tickets")
	case due != nil && due.Before(time.Now()):
		faults.At(field, "must be in the future")
	}
}

// Out is a ticket with its entity tag.
type Out struct {
	ETag string `header:"ETag" doc:"Version of the ticket, for If-Match" example:"\"1\""`
	Body Ticket `body:""`
}

// CreatedOut is a new ticket, and where it is.
type CreatedOut struct {
	ETag     string `header:"ETag" doc:"Version of the ticket, for If-Match"`
	Location string `header:"Location" doc:"Where the ticket is"`
	Body     Ticket `body:"" status:"201"`
}

func create(c *fasterapi.Ctx, in struct {
	User   users.User `inject:""`
	Body   NewTicket  `body:""`
	Tx     *db.Tx     `inject:""`
	Audit  audit.Log  `inject:""`
	Events events.Log `inject:""`
},
) (CreatedOut, error) {
	ticket, err := add(c, in.Tx, in.Body, in.User.ID)
	if err != nil {
		return CreatedOut{}, err
	}
	return CreatedOut{ticket.tag(), Path(ticket.ID), ticket}, errors.Join(
		in.Events.Add(c, events.Created, ticket.About(), in.User.ID),
		in.Audit.Add(c, in.User.ID, "ticket.created", Path(ticket.ID), nil))
}

// one is the input of the routes of one ticket.
type one struct {
	ID   int64      `path:"id" minimum:"1"`
	User users.User `inject:""`
}

func get(c *fasterapi.Ctx, in struct {
	one
	DB *db.Pool `inject:""`
},
) (Out, error) {
	ticket, err := Find(c, &in.DB.Querier, in.ID, in.User)
	return Out{ticket.tag(), ticket}, err
}

// Patch names what is to change; what is absent stays.
type Patch struct {
	Title    fasterapi.Maybe[string]   `json:"title,omitzero" minLength:"1" maxLength:"200"`
	Text     fasterapi.Maybe[string]   `json:"text,omitzero" minLength:"1" maxLength:"10000"`
	Priority fasterapi.Maybe[Priority] `json:"priority,omitzero"`
	Due      fasterapi.Opt[time.Time]  `json:"due,omitzero" doc:"null: it has time"`
}

func (p Patch) apply(t *Ticket) error {
	t.Title, t.Text, t.Priority = p.Title.Or(t.Title), p.Text.Or(t.Text), p.Priority.Or(t.Priority)
	if due, ok := p.Due.Get(); ok {
		t.Due = &due
	} else if p.Due.IsNull() {
		t.Due = nil
	}
	if t.Priority == Urgent && t.Due == nil {
		return problem.Validation(problem.FieldError{Location: "body.due", Message: "is required for urgent tickets"})
	}
	return nil
}

// Check holds for what the body itself says. What it makes of the ticket is known when that was read: see apply.
func (p *Patch) Check(_ context.Context, faults *problem.Faults) {
	if due, ok := p.Due.Get(); ok {
		checkDue(faults, &p.Due, p.Priority.Or(Normal), &due)
	}
}

func patch(c *fasterapi.Ctx, in struct {
	one
	IfMatch string     `header:"If-Match" doc:"the ETag of what you have read: 412 when it was changed since"`
	Body    Patch      `body:""`
	Tx      *db.Tx     `inject:""`
	Audit   audit.Log  `inject:""`
	Events  events.Log `inject:""`
},
) (Out, error) {
	ticket, err := Lock(c, in.Tx, in.ID, in.User)
	if err != nil {
		return Out{}, err
	}
	if before := (Ticket{Version: ticket.Version - 1}); in.IfMatch != "" && in.IfMatch != "*" && in.IfMatch != before.tag() {
		return Out{}, problem.PreconditionFailed("the ticket was changed meanwhile")
	}
	if err := in.Body.apply(&ticket); err != nil {
		return Out{}, err
	}
	if ticket, err = save(c, in.Tx, ticket); err != nil {
		return Out{}, err
	}
	return Out{ticket.tag(), ticket}, errors.Join(
		in.Events.Add(c, events.Changed, ticket.About(), in.User.ID),
		in.Audit.Add(c, in.User.ID, "ticket.changed", Path(ticket.ID), nil))
}

func remove(c *fasterapi.Ctx, in struct {
	one
	Tx     *db.Tx     `inject:""`
	Audit  audit.Log  `inject:""`
	Events events.Log `inject:""`
},
) (fasterapi.None, error) {
	var none fasterapi.None
	ticket, err := in.Tx.One[Ticket](c, `DELETE FROM tickets WHERE id = $1 RETURNING `+columns, in.ID).Await(c)
	if err != nil {
		return none, notFound(err)
	}
	return none, errors.Join(
		in.Events.Add(c, events.Removed, ticket.About(), in.User.ID),
		in.Audit.Add(c, in.User.ID, "ticket.removed", Path(ticket.ID), nil))
}
