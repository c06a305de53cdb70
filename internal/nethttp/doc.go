// Package nethttp is the other engine: it carries exchanges over any net/http
// server, and so serves HTTP/2, h2c, platforms without epoll, and Apps
// that are mounted into another mux.
//
//	handler := nethttp.New(app, reactors, nethttp.Options{}) // an http.Handler, for any server
//	server, addr, err := nethttp.Start(nethttp.Config{Addr: ":8000", H2C: true}, handler)
//	err = server.Shutdown(ctx)
//
// # Who owns what
//
// net/http runs every request on a goroutine. Handlers that block run on it;
// handlers that belong on a reactor are posted to one, and the goroutine waits
// for the answer. Only the goroutine touches the http.ResponseWriter.
//
// # Cost
//
// What net/http costs, and a copy of the header fields; a request to a reactor
// handler costs two hand-overs more. The fast engine is internal/http1.
//
// # What it refuses
//
// Hijacking an HTTP/2 stream: exchange.ErrHijackUnsupported. Requests that the other
// engine refuses (refuse.go); the handler answers those, and where the server is ours
// also what net/http refuses by itself (watch.go).
package nethttp
