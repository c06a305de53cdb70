// Package presence shows who is looking at a ticket, so that two agents do not answer it at the same time. It is a WebSocket: clients say that
// they write, and hear of the others.
//
// Who is there is known to one process only. Several processes would share it through Redis, or Postgres' NOTIFY as package events does.
package presence
