package sqlite

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/fasterapi/fasterapi/db/internal/sqltext"
)

// A time.Time is an instant, and SQLite has no types that would tell how to write
// one: '2024-02-29 00:00:00' as CURRENT_TIMESTAMP does, or '2024-02-29' as date()
// does. As texts these are different. So a time that is midnight (UTC) is written as
// the date alone where it is compared with a column that is declared DATE, or stored
// in one:
//
//	WHERE day = $1, WHERE t.day NOT BETWEEN $1 AND $2, WHERE $1 > "day", day IN ($1, $2)
//	INSERT INTO t (id, day) VALUES ($1, $2), SET day = coalesce($1, day)
//
// Elsewhere date($1) says it. Nothing is lost either way: what is not midnight stays
// whole, and both forms are read as the same instant.

// datesOf returns which arguments of a statement stand beside a DATE, by index.
func (c *conn) datesOf(s *statement) ([]bool, error) {
	if s.dates != nil {
		return s.dates, nil
	}
	text := newDateText(s.sql)
	var tables []tableName
	code := c.patiently(nil, func() (code int32) {
		tables, code = c.handle.tables(s.sql)
		return code
	}, func() {})
	if err := c.check(nil, code, s.sql); err != nil {
		return nil, err
	}
	for _, t := range tables {
		columns, err := c.columnsOf(t)
		if err != nil {
			return nil, err
		}
		text.know(t.name, columns)
	}
	s.dates = text.find(s.want)
	return s.dates, nil
}

// tableName is a table that a statement reads or writes.
//
// Owner: any (a value).
type tableName struct{ schema, name string }

// column is a column of a table.
//
// Owner: any (a value).
type column struct {
	name string // in lower case
	date bool   // declared DATE
}

// columnsOf returns the columns that an INSERT without a list of them means.
func (c *conn) columnsOf(t tableName) ([]column, error) {
	quote := func(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
	sql := fmt.Sprintf("SELECT name, type FROM pragma_table_xinfo(%s, %s) WHERE hidden = 0 ORDER BY cid", quote(t.name), quote(t.schema))
	s, err := c.compile(nil, key{sql, byItself})
	if err != nil {
		return nil, err
	}
	defer c.handle.finalize(s.ptr)
	var out []column
	code := c.firstStep(nil, s.ptr)
	for ; code == codeRow; code = c.handle.step(s.ptr) {
		name, kind := string(c.handle.columnText(s.ptr, 0)), string(c.handle.columnText(s.ptr, 1))
		out = append(out, column{strings.ToLower(name), strings.EqualFold(strings.TrimSpace(kind), "date")})
	}
	return out, c.check(nil, code, sql)
}

// dateText finds out what stands beside a parameter.
//
// Owner: its caller.
type dateText struct {
	tokens []string
	dates  map[string]bool     // of a column's name: all columns of that name are dates
	tables map[string][]column // by lower-case name
}

func newDateText(sql string) *dateText {
	return &dateText{tokens: sqltext.Tokens(sqltext.SQLite, sql), dates: map[string]bool{}, tables: map[string][]column{}}
}

func (d *dateText) know(table string, columns []column) {
	d.tables[strings.ToLower(table)] = columns
	for _, c := range columns {
		if all, known := d.dates[c.name]; known {
			c.date = c.date && all
		}
		d.dates[c.name] = c.date
	}
}

// find returns which of so many parameters stand beside a date.
func (d *dateText) find(params int) []bool {
	found := make([]bool, params)
	mark := func(n int) {
		if n >= 1 && n <= params {
			found[n-1] = true
		}
	}
	for i := range d.tokens {
		if n := d.param(i); n > 0 && d.beside(i) {
			mark(n)
		}
	}
	d.values(mark)
	return found
}

// param returns the number of the parameter at i, 0 if there is none.
func (d *dateText) param(i int) int {
	digits, ok := strings.CutPrefix(d.at(i), "$")
	n, err := strconv.Atoi(digits)
	if !ok || err != nil {
		return 0
	}
	return n
}

// at returns a token in lower case, "" outside of the text.
func (d *dateText) at(i int) string {
	if i < 0 || i >= len(d.tokens) {
		return ""
	}
	return strings.ToLower(d.tokens[i])
}

// name returns the name at i without its quotes; "" if there is none.
func (d *dateText) name(i int) string {
	t := d.at(i)
	switch {
	case len(t) < 2 && (t == "" || strings.Contains("\"`[", t)): // a quote that does not end
		return ""
	case t[0] == '"' || t[0] == '`':
		return strings.ReplaceAll(t[1:len(t)-1], t[:1]+t[:1], t[:1])
	case t[0] == '[':
		return t[1 : len(t)-1]
	case t[0] == '_' || t[0] >= 'a' && t[0] <= 'z' || t[0] >= 0x80:
		return t
	}
	return ""
}

// operates tells whether a token makes what is beside it part of an expression.
func operates(token string) bool {
	return token != "" && strings.Contains("+-*/%|&~", token)
}

// ends tells whether a column's name ends at i and is all of its side: t.day.
func (d *dateText) ends(i int) bool {
	if !d.dates[d.name(i)] {
		return false
	}
	for d.at(i-1) == "." {
		i -= 2
	}
	return !operates(d.at(i - 1))
}

// starts is the same for a name that starts at i.
func (d *dateText) starts(i int) bool {
	for d.at(i+1) == "." {
		i += 2
	}
	return d.dates[d.name(i)] && d.at(i+1) != "(" && !operates(d.at(i+1))
}

// beside tells whether the expression that starts at i, a parameter or a call of
// coalesce, is compared with a date or assigned to one.
func (d *dateText) beside(i int) bool {
	if after := d.closing(i) + 1; operates(d.at(after)) {
		return false
	} else if n := d.comparison(after, 1); n > 0 && d.starts(after+n) {
		return true
	}
	if n := d.comparison(i-1, -1); n > 0 {
		return d.ends(i - 1 - n)
	}
	switch d.at(i - 1) {
	case "between":
		return d.endsBefore(i-1, "not")
	case "and":
		return d.at(i-3) == "between" && d.endsBefore(i-3, "not")
	case "(", ",":
		return d.inside(i - 1)
	}
	return false
}

// endsBefore is ends for what stands before i, and before a word there.
func (d *dateText) endsBefore(i int, word string) bool {
	if d.at(i-1) == word {
		i--
	}
	return d.ends(i - 1)
}

// inside is beside for an expression in a list, whose last token before it is at i:
// day IN ($1, $2), day = coalesce($1, day), day = ($1).
func (d *dateText) inside(i int) bool {
	for depth := 0; depth > 0 || d.at(i) != "("; i-- {
		switch d.at(i) {
		case "":
			return false
		case ")":
			depth++
		case "(":
			depth--
		}
	}
	switch d.at(i - 1) {
	case "in":
		return d.endsBefore(i-1, "not")
	case "coalesce", "ifnull":
		return d.beside(i - 1)
	default:
		return d.comparison(i-1, -1) > 0 && d.beside(i)
	}
}

// closing returns where the expression that starts at i ends: i, or the parenthesis
// behind.
func (d *dateText) closing(i int) int {
	if d.at(i) != "(" {
		if d.at(i+1) != "(" {
			return i
		}
		i++
	}
	for depth := 0; i < len(d.tokens); i++ {
		switch d.at(i) {
		case "(":
			depth++
		case ")":
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return i
}

// comparison returns how many tokens at i, in a direction, are a comparison.
func (d *dateText) comparison(i, step int) int {
	for n := 0; ; n++ {
		at := i + n*step
		switch t := d.at(at); t {
		case "=", "<", ">", "!", "is", "not", "distinct":
		case "from":
			if d.at(at-1) != "distinct" {
				return n
			}
		default:
			return n
		}
	}
}

// values calls found with the parameters that are values of an INSERT for a date.
func (d *dateText) values(found func(n int)) {
	i := slices.IndexFunc(d.tokens, func(t string) bool { return strings.EqualFold(t, "into") }) + 1
	if i == 0 {
		return
	}
	for d.at(i+1) == "." {
		i += 2
	}
	columns := d.tables[d.name(i)]
	if i++; d.at(i) == "as" {
		i += 2
	}
	if d.at(i) == "(" {
		var listed []column
		for i++; d.at(i) != ")" && d.at(i) != ""; i++ {
			if name := d.name(i); name != "" {
				at := slices.IndexFunc(columns, func(c column) bool { return c.name == name })
				listed = append(listed, column{name, at >= 0 && columns[at].date})
			}
		}
		columns = listed
		i++
	}
	if d.at(i) == "values" {
		d.rows(i+1, columns, found)
	}
}

// rows reads ($1, now()), ($2, NULL) at i.
func (d *dateText) rows(i int, columns []column, found func(n int)) {
	depth, k := 0, 0
	for ; i < len(d.tokens); i++ {
		switch t := d.at(i); {
		case t == "(":
			if depth++; depth == 1 {
				k = 0
			}
		case t == ")":
			depth--
		case t == "," && depth == 1:
			k++
		case depth == 0 && t != ",":
			return
		case depth == 1 && d.param(i) > 0 && k < len(columns) && columns[k].date:
			if before, after := d.at(i-1), d.at(i+1); (before == "(" || before == ",") && (after == ")" || after == ",") {
				found(d.param(i))
			}
		}
	}
}
