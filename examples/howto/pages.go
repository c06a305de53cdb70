package howto

import (
	"strconv"
	"strings"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/db"
)

// Song is a row of the table songs.
type Song struct {
	ID    int64  `json:"id"`
	Title string `json:"title"`
	Genre string `json:"genre"`
	Year  int    `json:"year"`
}

// snippet: page
// Page is a part of a list, and where the next one begins.
type Page[T any] struct {
	Items []T    `json:"items"`
	Next  *int64 `json:"next" doc:"the parameter after of the next page; null: this was the last one"`
}

// Paging are the parameters of every list: embed it.
type Paging struct {
	After int64 `query:"after" minimum:"0"`
	Limit int   `query:"limit" default:"20" minimum:"1" maximum:"100"`
}

// pageOf makes a page of the rows of a query that asked for one more than Limit.
func pageOf[T any](p Paging, rows []T, id func(T) int64) Page[T] {
	if len(rows) <= p.Limit {
		return Page[T]{Items: rows}
	}
	rows = rows[:p.Limit]
	next := id(rows[p.Limit-1])
	return Page[T]{Items: rows, Next: &next}
}

// end snippet

// snippet: fixed
// listSongs has two optional filters in one statement: a pointer that is nil is NULL, and lets all rows pass.
func listSongs(c *fasterapi.Ctx, in struct {
	Paging
	Genre *string  `query:"genre"`
	Since *int     `query:"since"`
	DB    *db.Pool `inject:""`
},
) (Page[Song], error) {
	rows, err := in.DB.Query[Song](c, `SELECT id, title, genre, year FROM songs
		WHERE id > $1 AND (genre = $2 OR $2 IS NULL) AND (year >= $3 OR $3 IS NULL)
		ORDER BY id LIMIT $4`, in.After, in.Genre, in.Since, in.Limit+1).Await(c)
	return pageOf(in.Paging, rows, func(s Song) int64 { return s.ID }), err
}

// end snippet

// snippet: filter
// filter collects the conditions of a statement. The texts are the program's own; what clients
// send goes into parameters only.
type filter struct {
	conditions []string
	args       []any
}

// add adds a condition, whose "?" is the parameter.
func (f *filter) add(condition string, arg any) {
	f.args = append(f.args, arg)
	f.conditions = append(f.conditions, strings.ReplaceAll(condition, "?", "$"+strconv.Itoa(len(f.args))))
}

func (f *filter) where() string {
	if len(f.conditions) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(f.conditions, " AND ")
}

// end snippet

// snippet: search
// searchSongs builds its statement from what the client asks for. A list is one parameter, so that there
// is one text for lists of every length.
func searchSongs(c *fasterapi.Ctx, in struct {
	Words  string   `query:"q" maxLength:"50"`
	Genres []string `query:"genre" maxItems:"10"`
	Sort   string   `query:"sort" enum:"title,-year" default:"title"`
	Limit  int      `query:"limit" default:"20" minimum:"1" maximum:"100"`
	DB     *db.Pool `inject:""`
},
) ([]Song, error) {
	var f filter
	if in.Words != "" {
		f.add(`instr(lower(title), lower(?)) > 0`, in.Words)
	}
	if len(in.Genres) > 0 {
		f.add(`genre IN (SELECT value FROM json_each(?))`, in.Genres) // Postgres: genre = ANY(?)
	}
	order := map[string]string{"title": "title, id", "-year": "year DESC, id"}[in.Sort]
	f.args = append(f.args, in.Limit)
	limit := " LIMIT $" + strconv.Itoa(len(f.args))
	return in.DB.Query[Song](c, `SELECT id, title, genre, year FROM songs`+f.where()+` ORDER BY `+order+limit, f.args...).Await(c)
}

// end snippet
