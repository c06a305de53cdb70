// Package events tells clients what happens, as a stream of server-sent events.
//
// An event is a row that is written in the transaction of what it tells, so there is one if and only if that has happened. A stream
// reads the rows behind the last one that its client has seen: a client that has lost its connection, or whose server was replaced, goes on
// where it was (Last-Event-ID). The Bell wakes streams when there is something to read.
//
// An event says what has changed, not how: clients ask for the ticket. So an event never shows anything that its reader must not see.
package events
