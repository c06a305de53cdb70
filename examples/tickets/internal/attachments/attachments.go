package attachments

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"mime"
	"net/http"
	"strconv"
	"time"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/examples/tickets/internal/audit"
	"github.com/fasterapi/fasterapi/examples/tickets/internal/events"
	"github.com/fasterapi/fasterapi/examples/tickets/internal/storage"
	"github.com/fasterapi/fasterapi/examples/tickets/internal/tickets"
	"github.com/fasterapi/fasterapi/examples/tickets/internal/users"
	"github.com/fasterapi/fasterapi/problem"
)

// most is how many files a ticket may have.
const most = 10

// Attachment is what is known of a file.
type Attachment struct {
	ID     int64     `json:"id"`
	Ticket int64     `json:"ticket"`
	By     int64     `json:"by" doc:"id of the user"`
	At     time.Time `json:"at"`
	Name   string    `json:"name"`
	Type   string    `json:"type" example:"image/png"`
	Size   int64     `json:"size" doc:"bytes"`
	SHA256 string    `json:"sha256"`
}

const columns = `id, ticket, by, at, name, type, size, sha256`

// path is where the attachment is found.
func (a Attachment) path() string {
	return tickets.Path(a.Ticket) + "/attachments/" + strconv.FormatInt(a.ID, 10)
}

// Routes registers the routes of attachments below those of a ticket.
func Routes(g *fasterapi.Group) {
	missing := fasterapi.Returns[problem.Problem](404, "There is no such ticket or file, or it is of somebody else")
	g.Get("/", list, missing, fasterapi.Summary("The files of a ticket"))
	// The form is the file and what is around it. A larger one is refused with 413 before it is received.
	g.Post("/", attach, missing, fasterapi.MaxBody(1_100_000), fasterapi.Summary("Attach a file"),
		fasterapi.Returns[problem.Problem](409, "The ticket is closed, or has too many files"))
	g.Get("/{file}", download, missing, fasterapi.Summary("The content of a file"))
	g.Delete("/{file}", remove, missing, fasterapi.Summary("Remove a file"),
		fasterapi.Returns[problem.Problem](403, "Somebody else has attached it"))
}

// ofTicket is the input of all routes here.
type ofTicket struct {
	ID   int64      `path:"id" minimum:"1"`
	User users.User `inject:""`
}

func list(c *fasterapi.Ctx, in struct {
	ofTicket
	DB *db.Pool `inject:""`
},
) ([]Attachment, error) {
	if _, err := tickets.Find(c, &in.DB.Querier, in.ID, in.User); err != nil {
		return nil, err
	}
	return in.DB.Query[Attachment](c, `SELECT `+columns+` FROM attachments WHERE ticket = $1 ORDER BY id`, in.ID).Await(c)
}

func attach(c *fasterapi.Ctx, in struct {
	ofTicket
	File   fasterapi.Upload `file:"file" accept:"image/png, image/jpeg, application/pdf, text/plain" maxBytes:"1000000"`
	Tx     *db.Tx           `inject:""`
	Audit  audit.Log        `inject:""`
	Events events.Log       `inject:""`
},
) (fasterapi.Created[Attachment], error) {
	var out fasterapi.Created[Attachment]
	content, err := in.File.Bytes()
	if err != nil {
		return out, err
	}
	kind, err := kindOf(in.File.ContentType, content)
	if err != nil {
		return out, err
	}
	ticket, err := tickets.Lock(c, in.Tx, in.ID, in.User)
	if err != nil {
		return out, err
	}
	there, err := in.Tx.One[int](c, `SELECT count(*) FROM attachments WHERE ticket = $1`, in.ID).Await(c)
	if err != nil {
		return out, err
	}
	if there >= most {
		return out, problem.Conflict("a ticket has at most " + strconv.Itoa(most) + " files")
	}
	sum := sha256.Sum256(content)
	out.Body, err = in.Tx.One[Attachment](c, `INSERT INTO attachments (ticket, by, at, name, type, size, sha256, content)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING `+columns,
		in.ID, in.User.ID, storage.Now(), in.File.Name, kind, len(content), hex.EncodeToString(sum[:]), content).Await(c)
	if err != nil {
		return out, err
	}
	out.Location = out.Body.path()
	return out, errors.Join(
		in.Events.Add(c, events.Attached, ticket.About(), in.User.ID),
		in.Audit.Add(c, in.User.ID, "ticket.attached", out.Location, map[string]string{"name": out.Body.Name}))
}

// kindOf is the media type of a file, if the content looks like it.
func kindOf(said string, content []byte) (string, error) {
	kind, _, err := mime.ParseMediaType(said)
	seen, _, _ := mime.ParseMediaType(http.DetectContentType(content))
	if err != nil || kind != seen {
		return "", problem.Validation(problem.FieldError{Location: "file.file", Message: "is said to be " + said + " and looks like " + seen})
	}
	return kind, nil
}

// oneFile is the input of the routes of one file.
type oneFile struct {
	ofTicket
	File int64 `path:"file" minimum:"1"`
}

func download(c *fasterapi.Ctx, in struct {
	oneFile
	DB *db.Pool `inject:""`
},
) (fasterapi.File, error) {
	if _, err := tickets.Find(c, &in.DB.Querier, in.ID, in.User); err != nil {
		return fasterapi.File{}, err
	}
	file, err := in.DB.One[struct {
		Attachment
		Content []byte
	}](c, `SELECT `+columns+`, content FROM attachments WHERE id = $1 AND ticket = $2`, in.File, in.ID).Await(c)
	return fasterapi.File{
		Content: bytes.NewReader(file.Content), ContentType: file.Type, ModTime: file.At, ETag: strconv.Quote(file.SHA256),
		CacheControl: "private, no-cache", Download: file.Name,
	}, notFound(err)
}

func remove(c *fasterapi.Ctx, in struct {
	oneFile
	Tx     *db.Tx     `inject:""`
	Audit  audit.Log  `inject:""`
	Events events.Log `inject:""`
},
) (fasterapi.None, error) {
	var none fasterapi.None
	ticket, err := tickets.Lock(c, in.Tx, in.ID, in.User)
	if err != nil {
		return none, err
	}
	file, err := find(c, in.Tx, in.oneFile)
	if err != nil {
		return none, err
	}
	if file.By != in.User.ID && !in.User.IsStaff() {
		return none, problem.Forbidden("somebody else has attached it")
	}
	if _, err := in.Tx.Exec(c, `DELETE FROM attachments WHERE id = $1`, file.ID).Await(c); err != nil {
		return none, err
	}
	return none, errors.Join(
		in.Events.Add(c, events.Unattached, ticket.About(), in.User.ID),
		in.Audit.Add(c, in.User.ID, "ticket.unattached", file.path(), map[string]string{"name": file.Name}))
}

func find(ctx context.Context, tx *db.Tx, in oneFile) (Attachment, error) {
	file, err := tx.One[Attachment](ctx, `SELECT `+columns+` FROM attachments WHERE id = $1 AND ticket = $2`, in.File, in.ID).Await(ctx)
	return file, notFound(err)
}

func notFound(err error) error {
	if errors.Is(err, db.ErrNoRows) {
		return problem.NotFound("there is no such file")
	}
	return err
}
