// Command pg measures this framework's Postgres driver beside pgxpool, in one
// run: as a client (64 single-row queries at once, 20 queries per request), over
// HTTP beside fiber with pgxpool, and whether slow queries hold fast ones up.
//
// It starts a throw-away server (package pgtest), on the same cores. Each
// contestant is a process of its own; all are up at once and take turns of a
// second, in an order that turns round, those that wait being stopped. A figure
// comes from the better half of a contestant's turns: noise only adds. CPU is
// user and system time of the contestant's process, and of all of Postgres'
// processes beside it.
//
// Started with "client NAME URL" it is one of the clients.
package main
