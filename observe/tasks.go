package observe

import "sync/atomic"

// Tasks are the background tasks of requests (Ctx.After) on one core.
//
// Owner: whoever asked for it.
type Tasks struct {
	Waiting, Running int64
	// Done are those that have returned nil, Failed those that have ended otherwise, and
	// Refused those for which there was no place.
	Done, Failed, Refused int64
}

// taskCounts are the counts behind Tasks.
//
// Owner: any (atomic).
type taskCounts struct {
	waiting, running, done, failed, refused atomic.Int64
}

func (t *taskCounts) read() Tasks {
	return Tasks{t.waiting.Load(), t.running.Load(), t.done.Load(), t.failed.Load(), t.refused.Load()}
}

// TaskQueued counts a background task of a core, which is to start.
func (r *Recorder) TaskQueued(core int) { r.cores[core].tasks.waiting.Add(1) }

// TaskStarted counts one that was queued and begins. TaskEnded must follow, once.
func (r *Recorder) TaskStarted(core int) {
	t := &r.cores[core].tasks
	t.waiting.Add(-1)
	t.running.Add(1)
}

// TaskEnded counts the end of one that was started.
func (r *Recorder) TaskEnded(core int, failed bool) {
	t := &r.cores[core].tasks
	t.running.Add(-1)
	if failed {
		t.failed.Add(1)
	} else {
		t.done.Add(1)
	}
}

// TaskRefused counts one for which there is no place.
func (r *Recorder) TaskRefused(core int) { r.cores[core].tasks.refused.Add(1) }

// Delayed counts for how long a request of a core, in ns, has waited for the processor when
// its handler starts.
func (r *Recorder) Delayed(core int, ns int64) { r.cores[core].delays.RecordShared(ns) }
