package schedule

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/leader"
)

// longestSleep is after how long the clock is looked at again, which may have been set, or gone on while the machine slept.
const longestSleep = time.Minute

// loop runs a job at its times. last is the time up to which all is done.
func (s *Schedule) loop(j *job) {
	changed := s.changed(j)
	last := wall()
	if j.Where == OnLeader {
		last = s.resume(j, last)
	}
	for {
		due := j.plan.next(last)
		s.waitsFor(j, due)
		switch s.wait(due, changed) {
		case over:
			return
		case turned:
			changed = s.changed(j) // before the term is looked at, so that no change is missed
			if _, leads := s.cfg.Leader.Term(); leads {
				last = s.resume(j, wall())
			}
			continue
		case early:
			continue
		}
		now := wall()
		latest, passed := latestOf(j.plan, due, now)
		last = latest
		if passed > 1 || now.Sub(due) > s.cfg.Late {
			if s.misfire(j, latest, passed); j.Misfire == Skip {
				continue
			}
		}
		s.waitsFor(j, j.plan.next(latest))
		s.once(j, latest)
	}
}

// latestOf returns the last time from due to now, and how many there are.
func latestOf(p plan, due, now time.Time) (latest time.Time, passed uint64) {
	if g, ok := p.(grid); ok { // there may be very many
		more := max(0, now.Sub(due)/time.Duration(g))
		return due.Add(more * time.Duration(g)), uint64(more) + 1
	}
	latest, passed = due, 1
	for next := p.next(due); !next.IsZero() && !next.After(now); next = p.next(next) {
		latest, passed = next, passed+1
	}
	return latest, passed
}

// wall is the time without the monotonic clock, which may stand still while the machine sleeps.
func wall() time.Time { return time.Now().Round(0) }

// woken says why a job was woken.
type woken uint8

const (
	timely woken = iota // its time has come
	early               // to look at the clock
	turned              // this instance has become the leader, or is it no more, since it was last looked at
	over                // the schedule stops
)

// changed is closed when the leader of the job changes; nil for one that each instance runs.
func (s *Schedule) changed(j *job) <-chan struct{} {
	if j.Where == OnLeader {
		return s.cfg.Leader.Changed()
	}
	return nil
}

// wait waits for a time, a part of that, or something else. A change that has been comes before the time.
func (s *Schedule) wait(due time.Time, changed <-chan struct{}) woken {
	left := due.Sub(wall())
	if due.IsZero() {
		left = longestSleep
	}
	timer := time.NewTimer(min(left, longestSleep))
	defer timer.Stop()
	select {
	case <-s.quit:
		return over
	case <-changed:
		return turned
	case <-timer.C:
	}
	select {
	case <-s.quit:
		return over
	case <-changed:
		return turned
	default:
	}
	if due.IsZero() || wall().Before(due) {
		return early
	}
	return timely
}

func (s *Schedule) misfire(j *job, latest time.Time, passed uint64) {
	if j.Where == OnLeader {
		if _, leads := s.cfg.Leader.Term(); !leads {
			return
		}
	}
	missed := passed
	if j.Misfire == RunOnce {
		missed--
	}
	s.count(j, func(st *Stats) { st.Missed += missed })
	s.cfg.Logger.Warn("schedule: a job was not run in time", slog.String("job", j.Name), slog.Time("due", latest), slog.Uint64("times", passed))
}

// once runs the job for a time, on the leader only if it is one of those, and nobody has run it for that time.
func (s *Schedule) once(j *job, due time.Time) {
	if j.Where == OnEach {
		s.do(s.ctx, j, Run{Due: due})
		return
	}
	err := s.cfg.Leader.Do(s.ctx, func(ctx context.Context, term leader.Term) error {
		if fresh, err := s.take(ctx, j, due); err != nil || !fresh {
			return err
		}
		s.do(ctx, j, Run{Due: due, Term: term})
		return nil
	})
	if err != nil && !errors.Is(err, leader.ErrNotLeader) && !errors.Is(err, leader.ErrStopped) {
		s.couldNot(j, err)
		s.cfg.Logger.Error("schedule: a job could not be run", slog.String("job", j.Name), slog.Time("due", due), slog.Any("error", err))
	}
}

const (
	takeSQL = `INSERT INTO schedule_runs AS r (job, due) VALUES ($1, $2) ON CONFLICT (job) DO UPDATE SET due = excluded.due WHERE r.due < excluded.due`
	lastSQL = `SELECT due FROM schedule_runs WHERE job = $1`
)

// take notes that the job runs for a time; false: it has.
func (s *Schedule) take(ctx context.Context, j *job, due time.Time) (bool, error) {
	if s.cfg.Pool == nil {
		return true, nil
	}
	result, err := s.cfg.Pool.Exec(ctx, takeSQL, j.Name, due.UnixMicro()).Await(ctx)
	return result.RowsAffected == 1, err
}

// resume returns the last time that a leader has run the job for, now where that is not known: a job that is new has missed nothing.
func (s *Schedule) resume(j *job, now time.Time) time.Time {
	if s.cfg.Pool == nil {
		return now
	}
	ctx, cancel := context.WithTimeout(s.ctx, s.cfg.Late)
	defer cancel()
	due, err := s.cfg.Pool.One[int64](ctx, lastSQL, j.Name).Await(ctx)
	switch {
	case err == nil && due < now.UnixMicro():
		return time.UnixMicro(due)
	case err != nil && !errors.Is(err, db.ErrNoRows):
		s.cfg.Logger.Error("schedule: the last run of a job is not known", slog.String("job", j.Name), slog.Any("error", err))
	}
	return now
}
