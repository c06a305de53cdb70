// Package ports finds ports for servers that tests start as processes, or start again.
//
// Who listens itself listens at port 0 and asks which it became. A port that is found so and
// closed again is anybody's: a connection or a server of a test beside takes it before the
// server that was told of it does, or while that is down.
package ports
