// Package devserver is what stands before a service while it is being written: it builds the service when a file changes, and
// starts it anew.
//
//	s, err := devserver.New(devserver.Config{Address: "127.0.0.1:8000", Package: "."})
//	err = s.Run(ctx)
//
// # How it works
//
// The address is this process's own all the time, so the port is never busy and no request is refused. The service gets a socket of
// its own (LISTEN_FDS) and says on another one when it serves (NOTIFY_SOCKET); requests are passed on to it.
// front.go does that, [Status] is what it goes by, server.go is the loop that changes it, watch.go says when, build.go
// builds, child_unix.go starts and ends the service.
//
// A request waits while the service is built or started, for Config.Wait at most. When a build fails the old program goes on. A page
// of a browser then shows the mistakes instead, and everything else is answered by the old program; where there is none, by a
// problem document with the mistakes: docs/decisions/0027-dev-stands-before-the-service.md.
//
// # Who owns what
//
// The goroutine of Run owns the service, the builds and the files that are watched. The front has its own goroutines, which read the
// status. The service is ended when Run returns.
//
// # What it refuses
//
// Nothing but an address that is not free and a folder without a module. A service whose main does not come to App.Run is told so.
package devserver
