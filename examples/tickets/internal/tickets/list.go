package tickets

import (
	"context"
	"time"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/examples/tickets/internal/page"
	"github.com/fasterapi/fasterapi/examples/tickets/internal/storage"
	"github.com/fasterapi/fasterapi/examples/tickets/internal/users"
	"github.com/fasterapi/fasterapi/problem"
)

// Filter is what a list of tickets may be asked for. Each parameter may be absent.
type Filter struct {
	Status   []Status   `query:"status" doc:"one of these"`
	Priority []Priority `query:"priority" doc:"one of these"`
	Assignee *int64     `query:"assignee" minimum:"1"`
	Words    string     `query:"q" maxLength:"100" doc:"in the title or the text"`
	After    *time.Time `query:"created_after"`
	Before   *time.Time `query:"created_before"`
	Sort     string     `query:"sort" enum:"created,-created,updated,-updated,priority,-priority" default:"-updated" doc:"with a minus: the greatest first"`

	Cursor *page.Cursor `query:"cursor" doc:"the member next of the page before"`
	Limit  int          `query:"limit" default:"20" minimum:"1" maximum:"100"`
}

// Check refuses what could only be an empty list, or a wrong one.
func (f *Filter) Check(_ context.Context, faults *problem.Faults) {
	if f.After != nil && f.Before != nil && !f.Before.After(*f.After) {
		faults.At(&f.Before, "must be behind created_after")
	}
	if f.Cursor != nil && f.Cursor.Sort != f.Sort {
		faults.At(&f.Cursor, "is of a list with another order")
	}
}

// where are the conditions of a filter.
func (f *Filter) where(user users.User) *storage.Where {
	var where storage.Where
	if !user.IsStaff() {
		where.Add("requester = ?", user.ID)
	}
	storage.AddOneOf(&where, "status", f.Status)
	storage.AddOneOf(&where, "priority", f.Priority)
	if f.Assignee != nil {
		where.Add("assignee = ?", *f.Assignee)
	}
	if f.Words != "" {
		words := storage.Contains(f.Words)
		where.Add(`(lower(title) LIKE ? ESCAPE '\' OR lower(text) LIKE ? ESCAPE '\')`, words, words)
	}
	if f.After != nil {
		where.Add("created > ?", *f.After)
	}
	if f.Before != nil {
		where.Add("created < ?", *f.Before)
	}
	return &where
}

// order is how a list is sorted: a column, with the id where it is the same, and the place of a ticket in it.
type order struct {
	column     string
	descending bool
	key        func(page.Cursor) any
	cursor     func(Ticket) page.Cursor
}

func (f *Filter) order() order {
	var o order
	name := f.Sort
	if name[0] == '-' {
		name, o.descending = name[1:], true
	}
	o.key = func(c page.Cursor) any { return c.Time }
	switch name {
	case "created":
		o.column, o.cursor = "created", func(t Ticket) page.Cursor { return page.Cursor{Sort: f.Sort, Time: t.Created, ID: t.ID} }
	case "updated":
		o.column, o.cursor = "updated", func(t Ticket) page.Cursor { return page.Cursor{Sort: f.Sort, Time: t.Updated, ID: t.ID} }
	case "priority":
		o.column, o.cursor = "rank", func(t Ticket) page.Cursor { return page.Cursor{Sort: f.Sort, Rank: t.Priority.rank(), ID: t.ID} }
		o.key = func(c page.Cursor) any { return c.Rank }
	}
	return o
}

func list(c *fasterapi.Ctx, in struct {
	Filter
	User users.User `inject:""`
	DB   *db.Pool   `inject:""`
},
) (page.Page[Ticket], error) {
	where, order := in.where(in.User), in.order()
	compare, direction := ">", "ASC"
	if order.descending {
		compare, direction = "<", "DESC"
	}
	if in.Cursor != nil {
		where.Add("("+order.column+", id) "+compare+" (?, ?)", order.key(*in.Cursor), in.Cursor.ID)
	}
	limit := where.Param(in.Limit + 1)
	rows, err := in.DB.Query[Ticket](c, `SELECT `+columns+` FROM tickets`+where.String()+
		` ORDER BY `+order.column+` `+direction+`, id `+direction+` LIMIT `+limit, where.Args...).Await(c)
	return page.Of(rows, in.Limit, order.cursor), err
}
