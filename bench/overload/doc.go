// Command overload measures servers that get more work than they can do: this framework, net/http
// and fiber, each on one core, with 1 ms of processor time for each request.
//
//	make bench-overload   # about 160 s; writes the sections of bench/RESULTS.md
//
// The load is an open loop: requests come by a schedule, whatever became of those before, as users do, and
// the latency of each is measured from the time at which it was due. A generator that waits for answers
// would slow down with the server, and see nothing of what its users see.
//
// For each server, one after the other:
//
//  1. its peak: answers per second to as many clients as [peakClients], who wait for theirs;
//  2. 70 % of that, for the latency of a normal day;
//  3. three times as much as it can do;
//  4. 70 % again, for the time that it takes to be well.
//
// An answer counts as good when it is a 200 within [Load.Patience]; users do not wait longer, and close
// their connection. /health is asked 20 times a second in all phases.
//
// The server is a process of its own, on the first core (taskset) with GOMAXPROCS=1; the generator is
// on the others. The work is hashing, as many rounds as take 1 ms of the first core before anything begins, the
// same for all. With -database each request makes a query of one row before it computes: this framework
// by its own driver, the others by pgx, with as many connections.
package main
