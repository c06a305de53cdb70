package sqltext

import "strings"

// Dialect is whose SQL it is.
type Dialect uint8

// The dialects.
const (
	Postgres Dialect = iota
	SQLite
)

// Traits is what a text is. The zero value is that of a text without a statement.
// What concerns several statements errs on the side of caution: a trait that allows
// something is only set for what is known.
type Traits struct {
	// Verb is the first word of the first statement, in lower case: "select". An
	// opening parenthesis before it does not count.
	Verb string
	// Main is the same, but of a statement that begins with WITH the verb behind
	// the common table expressions: "insert".
	Main string
	// Statements is how many there are; empty ones do not count.
	Statements int
	// Control: a statement begins or ends a transaction, or a part of one (BEGIN,
	// COMMIT, SAVEPOINT, PREPARE TRANSACTION and so on).
	Control bool
	// Framed: the first statement is a plain BEGIN, the last one a plain COMMIT, and
	// no other one is Control. Body is what is between them.
	Framed bool
	// Reads: all statements read, lock rows at most, and call only functions that
	// compute (SQLite: any function). The frame of a Framed text does not count.
	Reads bool
	// Shareable: it is one SELECT that calls only functions that compute, locks no
	// rows and makes no table, so it may share a transaction with others, and run
	// twice, without anyone noticing. PostgreSQL only.
	Shareable bool
	// Repeatable: when the server stops the text, or ends with a shutdown, it is
	// rolled back as a whole. Procedures and DO blocks may have committed in the
	// middle; commands like CREATE INDEX CONCURRENTLY leave something behind. The
	// frame of one that is Framed does not count.
	Repeatable bool
	// Copies: a statement is a COPY from or to its client.
	Copies bool
	// Listens: a statement is a LISTEN.
	Listens bool
	// Zero: the text holds a zero byte.
	Zero bool
	// Timeout: the text names statement_timeout, be it in a string, so it may change
	// how long statements may take. PostgreSQL only.
	Timeout bool
	// Unprepares: the text names DEALLOCATE or DISCARD, be it in a string, so it may
	// drop prepared statements. PostgreSQL only.
	Unprepares bool

	body span
}

// span is a part of a text.
type span struct{ from, to int }

// Of reads a text.
func Of(d Dialect, sql string) Traits {
	t, r := read(d, sql, false)
	if !r.backslash {
		return t
	}
	// What a plain string with a backslash is depends on a setting of the session.
	other, o := read(d, sql, true)
	switch {
	case o.broken:
		return t
	case r.broken:
		return other
	}
	return t.or(other)
}

// Split returns the statements of a text, without the semicolons between them and
// what is around those.
func Split(d Dialect, sql string) []string {
	var out []string
	r := reader{scanner: scanner{sql: sql, sqlite: d == SQLite}}
	for st, ok := r.next(); ok; st, ok = r.next() {
		out = append(out, sql[st.from:st.to])
	}
	return out
}

// Body is the text without the BEGIN and COMMIT that frame it.
func (t Traits) Body(sql string) string {
	if !t.Framed {
		return sql
	}
	return sql[t.body.from:t.body.to]
}

// Script tells whether the text is more than one statement.
func (t Traits) Script() bool { return t.Statements > 1 }

func read(d Dialect, sql string, escapes bool) (Traits, *reader) {
	r := &reader{scanner: scanner{sql: sql, sqlite: d == SQLite, escapes: escapes}}
	t := Traits{Reads: true, Shareable: true, Repeatable: true, Zero: strings.IndexByte(sql, 0) >= 0}
	controls, opened, closed := 0, false, false
	for st, ok := r.next(); ok; st, ok = r.next() {
		t.Statements++
		if t.Statements == 1 {
			t.Verb, t.Main = st.verb, st.verb
			if st.verb == "with" {
				t.Main = st.main
			}
			opened = st.opens(d)
			t.body.from = st.end
		}
		closed = st.closes(d)
		t.body.to = st.from
		t.Shareable = t.Shareable && t.Statements == 1 && d == Postgres && st.shareable()
		if st.controls(d) {
			controls++
			continue
		}
		t.Reads = t.Reads && st.reads(d)
		t.Repeatable = t.Repeatable && st.repeatable()
		t.Copies = t.Copies || d == Postgres && st.verb == "copy" && st.client
		t.Listens = t.Listens || d == Postgres && st.verb == "listen"
	}
	if t.Statements == 0 {
		t.Shareable = false
	}
	if d == Postgres {
		lower := strings.ToLower(sql)
		t.Timeout = strings.Contains(lower, "statement_timeout")
		t.Unprepares = strings.Contains(lower, "deallocate") || strings.Contains(lower, "discard")
	}
	t.Control = controls > 0
	t.Framed = opened && closed && t.Statements > 1 && controls == 2
	t.Reads = t.Reads && (controls == 0 || t.Framed)
	t.Repeatable = t.Repeatable && (controls == 0 || t.Framed)
	return t, r
}

// or is the traits of a text that is either t or o.
func (t Traits) or(o Traits) Traits {
	t.Statements = max(t.Statements, o.Statements)
	t.Control = t.Control || o.Control
	t.Framed = t.Framed && o.Framed && t.body == o.body
	t.Reads = t.Reads && o.Reads
	t.Shareable = t.Shareable && o.Shareable
	t.Repeatable = t.Repeatable && o.Repeatable
	t.Copies = t.Copies || o.Copies
	t.Listens = t.Listens || o.Listens
	return t
}

func (st *statement) reads(d Dialect) bool {
	switch st.verb {
	case "select", "values", "table":
		return d == SQLite || !st.calls && !st.into
	case "with":
		if d == SQLite {
			return st.main == "select" || st.main == "values"
		}
		return !st.calls && !st.into && !st.changes
	case "show":
		return d == Postgres
	case "explain":
		return d == SQLite || !st.runs
	}
	return false
}

func (st *statement) shareable() bool {
	return st.verb == "select" && !st.calls && !st.into && !st.locks
}

func (st *statement) repeatable() bool {
	switch st.verb {
	case "select", "insert", "update", "delete", "with", "values", "merge", "table", "show", "explain":
		return true
	}
	return false
}
