package sqltext

import "strings"

// statement is what is seen of one statement while its tokens pass.
type statement struct {
	from, to int // of its tokens in the text
	end      int // behind its semicolon
	tokens   int
	first    [6]string // the first tokens: words in lower case, symbols; "" for anything else
	third    kind
	verb     string // the first word, behind parentheses
	main     string // the first word that is a verb of its own, outside of parentheses: behind WITH, for example

	calls   bool // it calls something that may do more than compute
	into    bool
	locks   bool // FOR UPDATE, or anything else with FOR
	changes bool // INSERT, UPDATE, DELETE or MERGE somewhere, as a word
	runs    bool // ANALYZE, somewhere
	client  bool // FROM STDIN or TO STDOUT
}

// reader cuts a text into statements.
type reader struct {
	scanner
	st     statement
	parens int

	// Inside of a body, of a routine (BEGIN ATOMIC) or of a trigger, a semicolon
	// ends a statement of the body.
	bodies int
	head   [4]string // the first words of the innermost statement
	inner  int       // how many tokens it has

	last      string // the token before: a word in lower case, or a symbol
	lastKind  kind
	qualified bool // there is a dot before it
}

// next returns the next statement that is not empty; false at the end.
func (r *reader) next() (statement, bool) {
	r.st, r.parens, r.bodies = statement{}, 0, 0
	r.begin()
	for {
		t, ok := r.scanner.next()
		switch {
		case !ok:
			r.st.end = r.at
			return r.st, r.st.tokens > 0
		case t.kind != symbol || r.sql[t.from] != ';' || !r.ends():
			r.take(t)
		case r.st.tokens > 0:
			r.st.end = t.to
			return r.st, true
		}
	}
}

// begin makes ready for the first token of a statement, at the top or in a body.
func (r *reader) begin() {
	r.head, r.inner, r.last, r.lastKind, r.qualified = [4]string{}, 0, "", symbol, false
}

// ends tells whether a semicolon ends the statement.
func (r *reader) ends() bool {
	switch {
	case r.st.tokens == 0:
		return true
	case r.sqlite && isTrigger(r.st.first):
		// The body is a list of statements, each with its semicolon, and END.
		return r.bodies > 0 && r.inner == 1 && r.head[0] == "end"
	}
	return r.sqlite || r.bodies == 0 && r.parens == 0
}

// take looks at a token that belongs to the statement.
func (r *reader) take(t token) {
	st := &r.st
	s := ""
	switch t.kind {
	case word:
		s = strings.ToLower(r.sql[t.from:t.to])
		r.word(s)
	case symbol:
		s = r.sql[t.from:t.to]
		r.symbol(s)
	}
	if st.tokens == 0 {
		st.from = t.from
	}
	if st.tokens < len(st.first) {
		st.first[st.tokens] = s
	}
	if st.tokens == 2 {
		st.third = t.kind
	}
	if r.inner < len(r.head) {
		r.head[r.inner] = s
	}
	st.to = t.to
	st.tokens++
	r.inner++
	r.qualified = r.lastKind == symbol && r.last == "."
	enters := r.entersBody(s)
	r.last, r.lastKind = s, t.kind
	switch {
	case enters:
		r.bodies++
		r.begin()
	case s == ";":
		if r.sqlite {
			r.bodies = 1 // of the trigger: it begins somewhere before the first semicolon
		}
		r.begin()
	case r.leavesBody():
		r.bodies--
	}
}

// entersBody tells whether a token begins the body of a routine: BEGIN ATOMIC, which
// nowhere else stand side by side outside of parentheses.
func (r *reader) entersBody(s string) bool {
	return !r.sqlite && s == "atomic" && r.last == "begin" && r.lastKind == word && r.parens == 0 && isRoutine(r.head)
}

// leavesBody tells whether the token that was taken is the END of a routine's body:
// the first of a statement there, as no other begins with it.
func (r *reader) leavesBody() bool {
	return !r.sqlite && r.bodies > 0 && r.inner == 1 && r.parens == 0 && r.last == "end"
}

func (r *reader) symbol(s string) {
	switch s {
	case "(":
		switch {
		case r.lastKind == name, r.lastKind == word && (r.qualified || !computes(r.last)):
			r.st.calls = true
		}
		r.parens++
	case ")":
		r.parens = max(0, r.parens-1)
	}
}

func (r *reader) word(s string) {
	st := &r.st
	if st.verb == "" {
		st.verb = s
	}
	if st.main == "" && r.parens == 0 && isMain(s) {
		st.main = s
	}
	switch s {
	case "into":
		st.into = true
	case "for":
		st.locks = true
	case "update":
		st.changes = st.changes || r.last != "for" && r.last != "key" // FOR UPDATE, FOR NO KEY UPDATE
	case "insert", "delete", "merge":
		st.changes = true
	case "analyze", "analyse":
		st.runs = true
	case "stdin":
		st.client = st.client || r.parens == 0 && r.last == "from"
	case "stdout":
		st.client = st.client || r.parens == 0 && r.last == "to"
	}
}

// isMain tells whether a word may be the verb of a statement that begins with WITH.
func isMain(word string) bool {
	switch word {
	case "select", "insert", "update", "delete", "merge", "replace", "values", "table":
		return true
	}
	return false
}

// isRoutine tells whether a statement is CREATE [OR REPLACE] FUNCTION or PROCEDURE.
func isRoutine(first [4]string) bool {
	what := first[1]
	if what == "or" && first[2] == "replace" {
		what = first[3]
	}
	return first[0] == "create" && (what == "function" || what == "procedure")
}

// isTrigger tells whether a statement is CREATE TRIGGER, with TEMP or without, explained or not.
func isTrigger(first [6]string) bool {
	rest := first[:]
	if rest[0] == "explain" {
		if rest = rest[1:]; rest[0] == "query" && rest[1] == "plan" {
			rest = rest[2:]
		}
	}
	if rest[0] != "create" {
		return false
	}
	return rest[1] == "trigger" || (rest[1] == "temp" || rest[1] == "temporary") && rest[2] == "trigger"
}

// controls tells whether the statement begins or ends a transaction, or a part of
// one.
func (st *statement) controls(d Dialect) bool {
	switch st.verb {
	case "begin", "commit", "end", "rollback", "savepoint", "release":
		return true
	case "abort", "start":
		return d == Postgres
	case "prepare": // PREPARE transaction AS ... is a statement of that name
		return d == Postgres && st.first[1] == "transaction" && st.third == text
	}
	return false
}

// opens tells whether the statement is a BEGIN and nothing more.
func (st *statement) opens(d Dialect) bool {
	rest := st.first[:min(st.tokens, len(st.first))]
	switch {
	case rest[0] == "begin":
		rest = rest[1:]
	case d == Postgres && rest[0] == "start" && st.first[1] == "transaction":
		return st.tokens == 2
	default:
		return false
	}
	if d == SQLite && len(rest) > 0 && (rest[0] == "deferred" || rest[0] == "immediate" || rest[0] == "exclusive") {
		rest = rest[1:]
	}
	return noise(d, rest)
}

// closes tells whether the statement is a COMMIT and nothing more.
func (st *statement) closes(d Dialect) bool {
	rest := st.first[:min(st.tokens, len(st.first))]
	return (rest[0] == "commit" || rest[0] == "end") && noise(d, rest[1:])
}

// noise tells whether words behind BEGIN or COMMIT mean nothing.
func noise(d Dialect, words []string) bool {
	return len(words) == 0 || len(words) == 1 && (words[0] == "transaction" || d == Postgres && words[0] == "work")
}
