// Package restart starts the program of this process anew and hands it the listeners,
// so that no connection is refused or reset meanwhile.
//
//	given, err := restart.Take()         // at the start: what was handed to this process
//	…                                    // listen on given.Listeners, or anew
//	given.Ready()                        // the old process may go
//
//	child, err := restart.Start(fds, nil) // in the old process
//	err = child.AwaitReady(ctx)          // nil: stop accepting, and drain
//
// Both processes hold the same sockets, so that what waits in their queues is accepted
// by either of them. Descriptors are passed by number from 3 on, as systemd does for
// sockets that it has opened (sd_listen_fds(3)), which Take takes too. A pipe behind
// them, and before those of further addresses, tells whether the new process has become ready: one that ends, or takes too long
// and is killed, has changed nothing.
//
// Notify tells the service manager of it (sd_notify(3)).
//
// Ownership: Take is called once, before other goroutines start processes. All else may be
// called by any goroutine. Cost: a process. It refuses nothing but what the system does;
// where there are no Unix descriptors there is nothing to take, and Start fails.
package restart
