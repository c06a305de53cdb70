package driver

import "github.com/fasterapi/fasterapi/internal/note"

// Systemic is a [Driver] that says what its database is called in traces: "postgresql", "sqlite" and so on, the values of
// db.system.name in OpenTelemetry's semantic conventions.
type Systemic interface{ System() string }

// text is the statement as records name it, "" for what is none. repeats tells whether repeating it
// says something.
func (q *Query) text() (sql string, repeats bool) {
	switch q.Op {
	case OpOne, OpQuery, OpExec, OpStream, OpCustom:
		return q.SQL, true
	case OpBatch:
		if len(q.Items) > 0 {
			return q.Items[0].SQL, false
		}
	case OpBegin:
		return "BEGIN", false
	case OpCommit:
		return "COMMIT", false
	case OpRollback:
		return "ROLLBACK", false
	case OpSavepoint:
		return q.SQL, false
	}
	return "", false
}

// noteBegin tells the request that the query begins. It runs where the caller is.
func (q *Query) noteBegin() {
	sql, repeats := q.text()
	if sql == "" {
		return
	}
	if q.notes = note.Of(q.ctx); q.notes != nil {
		q.mark = q.notes.Begin(note.Query, sql, repeats)
	}
}

func (q *Query) noteEnd(err error) {
	o := note.Outcome{Kind: note.Query, Err: err}
	o.What, _ = q.text()
	if s, ok := q.driver.(Systemic); ok && q.mark.Span != 0 {
		o.System = s.System()
	}
	q.notes.End(q.mark, o)
}
