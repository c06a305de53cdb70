package schedule

import (
	"fmt"
	"time"

	"github.com/fasterapi/fasterapi/observe"
)

// Stats is what has become of the runs of a job in this instance.
type Stats = observe.JobStats

// Stats returns what has become of the jobs, in the order in which they were added.
func (s *Schedule) Stats() []Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Stats, len(s.jobs))
	for i, j := range s.jobs {
		out[i] = j.stats
	}
	return out
}

func (s *Schedule) count(j *job, change func(*Stats)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&j.stats)
}

// waitsFor notes the next time of a job.
func (s *Schedule) waitsFor(j *job, next time.Time) {
	s.count(j, func(st *Stats) { st.Next = next })
}

// begins notes that a run of the job goes on.
func (s *Schedule) begins(j *job, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	j.since = now
	j.stats.Running, j.stats.Began = true, now.Round(0)
}

// ended counts a run. One whose next time has come in the meantime was too long.
func (s *Schedule) ended(j *job, run Run, began time.Time, err error) {
	took := time.Since(began)
	now := wall()
	next := j.plan.next(run.Due)
	said := fmt.Sprint(err) // unlike Error it survives an error that panics, such as a nil pointer
	s.mu.Lock()
	defer s.mu.Unlock()
	j.since = time.Time{}
	st := &j.stats
	st.Running = false
	st.Runs++
	st.Due, st.Took = run.Due, took
	st.Total += took
	if !next.IsZero() && !now.Before(next) {
		st.Overrun++
	}
	if err == nil {
		st.Succeeded = now
		return
	}
	st.Failed++
	st.Error, st.FailedAt = said, now
}

// couldNot counts a time that has passed because the job could not be run.
func (s *Schedule) couldNot(j *job, err error) {
	said := fmt.Sprint(err)
	s.count(j, func(st *Stats) {
		st.Missed++
		st.Error, st.FailedAt = said, wall()
	})
}
