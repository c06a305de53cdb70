package observe

import "time"

// JobStats is what has become of the runs of a job of package schedule in this instance. It stands here so that whoever shows it
// needs no driver of a database.
//
// Owner: any (a plain value).
type JobStats struct {
	// Job is the name of the job. OnLeader: the leader of a role runs it, and the counts of other instances stand still.
	Job      string
	OnLeader bool
	// Runs is how many have ended, Failed how many of them have failed, Missed how many times have passed without a run,
	// Overrun how many runs were still going on when the next time came.
	Runs, Failed, Missed, Overrun uint64
	// Running: one goes on, since Began.
	Running bool
	// Began is when the last run began, Due the time that the last run that has ended was for, Took how long that was.
	Began, Due time.Time
	Took       time.Duration
	// Total is how long all that have ended were.
	Total time.Duration
	// Succeeded is when a run last ended well.
	Succeeded time.Time
	// Next is the next time, of whoever runs the job then; zero before the start, and where there is none.
	Next time.Time
	// Error is what the last failure said, FailedAt when that was.
	Error    string
	FailedAt time.Time
}

// JobReporter is a *schedule.Schedule, as metrics see it.
type JobReporter interface {
	Stats() []JobStats
}
