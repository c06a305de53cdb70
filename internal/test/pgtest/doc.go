// Package pgtest starts throw-away PostgreSQL clusters for tests and for `make
// run-pg`: initdb and pg_ctl of the installed server, a socket folder and a free
// port of their own, no fsync. One takes about 2 s to start.
//
// The server refuses to run as root, so a root user's cluster runs as user
// postgres (runuser). A test on a machine without the server is skipped, and
// fails in CI (package needs).
package pgtest
