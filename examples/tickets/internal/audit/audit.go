package audit

import (
	"context"
	"time"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/examples/tickets/internal/page"
	"github.com/fasterapi/fasterapi/examples/tickets/internal/storage"
)

// Entry is what somebody has done.
type Entry struct {
	ID      int64             `json:"id"`
	At      time.Time         `json:"at"`
	Actor   int64             `json:"actor" doc:"id of the user"`
	Action  string            `json:"action" example:"ticket.change"`
	Object  string            `json:"object" example:"/v1/tickets/7"`
	Details map[string]string `json:"details"`
	Request string            `json:"request" doc:"id of the request, as the log has it"`
}

// Log writes the entries of one request.
type Log struct {
	tx      *db.Tx
	request string
}

// Provide provides the Log of each request that asks for one.
func Provide(app *fasterapi.App) {
	app.ProvideFunc(func(c *fasterapi.Ctx, in struct {
		Tx *db.Tx `inject:""`
	},
	) (Log, error) {
		return Log{in.Tx, c.RequestID()}, nil
	})
}

// Add notes what an actor does to an object. It is kept if the request succeeds.
func (l Log) Add(ctx context.Context, actor int64, action, object string, details map[string]string) error {
	if details == nil {
		details = map[string]string{}
	}
	_, err := l.tx.Exec(ctx, `INSERT INTO audit (at, actor, action, object, details, request) VALUES ($1, $2, $3, $4, $5, $6)`,
		storage.Now(), actor, action, object, details, l.request).Await(ctx)
	return err
}

// Routes registers the list of all entries, for whoever the options of the group let in.
func Routes(audit *fasterapi.Group) {
	audit.Get("/", list, fasterapi.Summary("Who has changed what, the latest first"))
}

func list(c *fasterapi.Ctx, in struct {
	Actor  *int64       `query:"actor" minimum:"1"`
	Cursor *page.Cursor `query:"cursor"`
	Limit  int          `query:"limit" default:"50" minimum:"1" maximum:"200"`
	DB     *db.Pool     `inject:""`
},
) (page.Page[Entry], error) {
	var where storage.Where
	if in.Actor != nil {
		where.Add("actor = ?", *in.Actor)
	}
	if in.Cursor != nil {
		where.Add("id < ?", in.Cursor.ID)
	}
	limit := where.Param(in.Limit + 1)
	rows, err := in.DB.Query[Entry](c, `SELECT id, at, actor, action, object, details, request FROM audit`+where.String()+
		` ORDER BY id DESC LIMIT `+limit, where.Args...).Await(c)
	return page.Of(rows, in.Limit, func(e Entry) page.Cursor { return page.Cursor{ID: e.ID} }), err
}
