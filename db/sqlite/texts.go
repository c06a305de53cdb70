package sqlite

import (
	"sync"

	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/driver"
	"github.com/fasterapi/fasterapi/db/internal/sqltext"
)

const (
	// maxTexts is how many texts texts keeps: more than services have, few enough to
	// do no harm to one that makes them at run time.
	maxTexts = 2048
	// maxTextSize is how long, in bytes, a text is that is kept. Longer ones are
	// scripts, which mostly run once.
	maxTextSize = 8 << 10
)

// texts is what is known of the texts of calls: reading one takes longer than
// looking it up, about 50 ns.
//
// Owner: mu.
type texts struct {
	mu    sync.RWMutex
	known map[string]*sqltext.Traits
}

// of returns the traits of a text. Any goroutine.
func (t *texts) of(sql string) *sqltext.Traits {
	t.mu.RLock()
	traits := t.known[sql]
	t.mu.RUnlock()
	if traits != nil {
		return traits
	}
	traits = new(sqltext.Of(sqltext.SQLite, sql))
	if len(sql) > maxTextSize {
		return traits
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.known) >= maxTexts || t.known == nil {
		t.known = make(map[string]*sqltext.Traits)
	}
	t.known[sql] = traits
	return traits
}

// refused is why q may not run, whatever SQLite would make of it; nil if it may.
// inside: q is part of a transaction of the user.
func (d *database) refused(q *driver.Query, inside bool) error {
	switch q.Op {
	case driver.OpOne, driver.OpQuery, driver.OpExec, driver.OpStream:
		return d.refusedAs(q, sqltext.Use{Exec: q.Op == driver.OpExec, Params: len(q.Params()), Inside: inside})
	case driver.OpBatch:
		for i, item := range q.Items {
			u := sqltext.Use{Exec: item.Op == driver.OpExec, Params: len(item.Params()), Inside: inside, Item: true}
			if err := d.refusedAs(item, u); err != nil {
				return &db.BatchError{Index: i, SQL: item.SQL, Err: err}
			}
		}
	}
	return nil
}

func (d *database) refusedAs(q *driver.Query, u sqltext.Use) error {
	t := d.texts.of(q.SQL)
	if t.Script() && u.Exec && u.Params == 0 && !u.Item {
		return nil // refuseEarly names the statement of the script that is refused
	}
	if r := t.Refused(u); r != nil {
		return &db.Error{Kind: db.Invalid, Message: r.Message, SQL: q.SQL}
	}
	return nil
}
