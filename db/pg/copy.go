package pg

import (
	"context"
	"iter"
	"strings"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/db"
)

// CopyFrom loads rows into a table with COPY, the fastest way in: all of them or
// none. It runs on a connection of its own, or inside a transaction:
//
//	n, err := pg.CopyFrom(c, &pool.Querier, "users", []string{"id", "name"}, rows).Await(c)
//	n, err := pg.CopyFrom(c, &tx.Querier, "users", []string{"id", "name"}, rows).Await(c)
//
// table may be qualified ("audit.users"). rows runs on a goroutine of its own
// and may block; it is slowed down to what the server takes. A pair with an error
// ends the load with that error. The values are as for parameters of statements.
// The result is the number of rows.
func CopyFrom(
	ctx context.Context, to *db.Querier, table string, columns []string, rows iter.Seq2[[]any, error],
) async.Future[int64] {
	c := &copySource{table: quoteTable(table), columns: quoteAll(columns), width: len(columns), rows: rows, ctx: ctx}
	return to.Custom(ctx, c.sql(), c).Then(func(r db.Result) int64 { return r.RowsAffected })
}

// copySource is what CopyFrom is given.
//
// Owner: any (immutable once made).
type copySource struct {
	table   string
	columns string
	width   int
	rows    iter.Seq2[[]any, error]
	ctx     context.Context
}

func (s *copySource) sql() string { return "COPY " + s.table + " (" + s.columns + ") FROM STDIN" }

// types is a statement that is never run: its description tells the columns'
// types.
func (s *copySource) types() string { return "SELECT " + s.columns + " FROM " + s.table }

func quoteAll(names []string) string {
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = quote(n)
	}
	return strings.Join(quoted, ", ")
}

func quoteTable(name string) string {
	schema, table, qualified := strings.Cut(name, ".")
	if !qualified {
		return quote(name)
	}
	return quote(schema) + "." + quote(table)
}

// quote makes an SQL identifier.
func quote(name string) string {
	return `"` + strings.ReplaceAll(strings.ReplaceAll(name, "\x00", ""), `"`, `""`) + `"`
}
