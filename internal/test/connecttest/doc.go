// Package connecttest lets clients and handlers of connect-go talk through an app: gRPC and Connect, over HTTP/2
// and HTTP/1.1 of the reactors. It is a module of its own, so that nobody who uses the framework has connect-go in
// its module graph.
package connecttest
