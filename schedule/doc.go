// Package schedule runs work again and again: in each instance, or on the leader of a role only.
//
//	jobs := schedule.New(schedule.Config{Leader: role, Pool: pool})
//	jobs.Add(schedule.Job{Name: "sweep", Every: 10 * time.Minute, Run: sweep, Where: schedule.OnEach})
//	jobs.Add(schedule.Job{Name: "report", Cron: "0 6 * * 1-5", Run: report, Misfire: schedule.RunOnce})
//	jobs.Attach(app)
//
// A job runs once at a time. A time that has passed without a run, because the last one took too long, the machine slept, or there was no leader, is a
// misfire: Job.Misfire says whether it is skipped, or whether the job runs once for all of them, at once.
//
// When the app stops no job starts, those that run get the time that OnStop hooks have, and then their contexts end. The error of
// the shutdown names those that were not done, and where they were added; one that does not look at its context is left behind. A job that fails or panics is
// logged, and runs again at its next time.
//
// # On the leader
//
// A job with a Pool notes each time for which it runs in the table of [Schema] before it runs: after a change of the leader no time is run twice, and with
// RunOnce the new leader does what was missed while there was none, also when that was while the service was not running. A run that its instance does not
// survive is not repeated. Without a Pool a new leader begins with the next time. What must not be done by a leader that does not
// know yet that it is none checks [Run.Term].
//
// # Who owns what
//
// A Schedule is for any goroutine; jobs are added before it starts. Each job has a goroutine.
//
// # What it costs
//
// A timer for each job, and with a Pool a statement for each run.
//
// # What it refuses
//
// Jobs without a name or with the name of another, without work, with both or neither of Every and Cron, or with a Cron that never comes.
package schedule
