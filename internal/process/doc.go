// Package process is what the operating system and a service have to say to each other
// about the process as a whole.
//
//	orders := process.TakeSignals(log)     // SIGTERM, SIGINT, SIGUSR2 from here on
//	process.LimitMemory(log, memlimit.FromCgroup)
//	process.WatchStuck(reactors, limit, log)
//	…                                      // serve
//	<-orders.Stop.Done()                   // told to stop: drain, within orders.Force
//
// The files: orders.go (what it is told by signals), memory.go (what its container lets it
// have), stuck.go (it ends when a reactor is held for too long).
//
// Ownership: the functions are called once, by who runs the process; Orders and Tell are
// for any goroutine. Cost: a goroutine that waits for signals. They refuse nothing: what
// the system does not have is logged or does not happen.
package process
