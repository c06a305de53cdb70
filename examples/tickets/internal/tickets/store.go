package tickets

import (
	"context"
	"errors"

	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/examples/tickets/internal/storage"
	"github.com/fasterapi/fasterapi/examples/tickets/internal/users"
	"github.com/fasterapi/fasterapi/problem"
)

const columns = `id, requester, assignee, title, text, status, priority, due, version, created, updated`

// The functions take a *db.Querier: that of a transaction, or of the pool. Customers see their own tickets; those of others are not
// there for them.

// Find returns a ticket that the user may see, or a 404.
func Find(ctx context.Context, q *db.Querier, id int64, user users.User) (Ticket, error) {
	ticket, err := q.One[Ticket](ctx, `SELECT `+columns+` FROM tickets WHERE id = $1 AND ($2 OR requester = $3)`,
		id, user.IsStaff(), user.ID).Await(ctx)
	return ticket, notFound(err)
}

// Lock is Find for those who go on to change the ticket, unless it is closed: until the transaction ends nobody else does. It is the next
// version already.
func Lock(ctx context.Context, tx *db.Tx, id int64, user users.User) (Ticket, error) {
	ticket, err := tx.One[Ticket](ctx, `UPDATE tickets SET version = version + 1, updated = $4
		WHERE id = $1 AND ($2 OR requester = $3) RETURNING `+columns, id, user.IsStaff(), user.ID, storage.Now()).Await(ctx)
	if err == nil && ticket.Status == Closed {
		err = problem.Conflict("the ticket is closed")
	}
	return ticket, notFound(err)
}

func add(ctx context.Context, tx *db.Tx, t NewTicket, requester int64) (Ticket, error) {
	now := storage.Now()
	return tx.One[Ticket](ctx, `INSERT INTO tickets (requester, title, text, status, priority, due, created, updated)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $7) RETURNING `+columns,
		requester, t.Title, t.Text, Open, t.Priority, storage.Kept(t.Due), now).Await(ctx)
}

// save writes a ticket that was locked, and returns it as it is stored.
func save(ctx context.Context, tx *db.Tx, t Ticket) (Ticket, error) {
	return tx.One[Ticket](ctx, `UPDATE tickets SET assignee = $2, title = $3, text = $4, status = $5, priority = $6, due = $7
		WHERE id = $1 RETURNING `+columns,
		t.ID, t.Assignee, t.Title, t.Text, t.Status, t.Priority, storage.Kept(t.Due)).Await(ctx)
}

func notFound(err error) error {
	if errors.Is(err, db.ErrNoRows) {
		return problem.NotFound("there is no such ticket")
	}
	return err
}
