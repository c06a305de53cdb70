package leader

import (
	"fmt"
	"time"

	"github.com/fasterapi/fasterapi/observe"
)

// Stats is what this instance knows of the role.
type Stats = observe.RoleStats

// Stats returns who has the role here, and what has failed.
func (r *Role) Stats() Stats {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.stats
}

// note counts the begin of a term, or its end. Under mu.
func (r *Role) note(t Term) {
	s := &r.stats
	s.Leads = t.Number != 0
	if !s.Leads {
		s.Lost++
		s.Since = time.Time{}
		return
	}
	s.Gained++
	s.Term, s.Since = t.Number, time.Now().Round(0)
}

// failed counts a failure of the connection.
func (r *Role) failed(err error) {
	said := ""
	if err != nil {
		said = fmt.Sprint(err) // unlike Error it survives an error that panics, which a hook of the pool may return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stats.Failures++
	r.stats.Error, r.stats.FailedAt = said, time.Now().Round(0)
}
