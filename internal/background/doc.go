// Package background runs what requests have left to do when they are answered.
//
//	var tasks background.Tasks        // one for each core
//	if !tasks.Reserve() {
//		return errFull
//	}
//	tasks.Start("GET /users", func() { … })   // or tasks.Release(1), when it is not to run
//	err := tasks.Drain(ctx)                   // at the end of the service
//
// A place is taken before the task is known to be wanted, so that a handler gets to know that
// there is none while it can still answer so. At most 64 tasks run at once and 4,096 more wait;
// beyond that Reserve refuses.
//
// Ownership: any goroutine may call everything. Cost: a goroutine for each task that runs, and
// two locks.
package background
