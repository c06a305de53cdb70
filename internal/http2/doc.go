// Package http2 serves HTTP/2 (RFC 9113) on the sockets of reactors.
//
// Package http1 accepts connections and makes their TLS handshakes; those whose clients have
// chosen HTTP/2 it hands over ([Server.Take]). A request is an exchange like any other, so
// that handlers, limits and refusals are those of HTTP/1.1.
//
// # The way of a request
//
//	server.go     a connection is taken over; the end of a server
//	core.go       what a reactor has of the server
//	conn.go       its events arrive, its bytes are read
//	parse.go      they become frames (package frame), which are given to:
//	control.go      settings, pings, windows, resets
//	block.go        field blocks, which begin a stream or end its body
//	data.go         the body of a request: collected (collect.go: how much of all), or
//	                streamed (bodyreader.go)
//	request.go    a field block becomes a request head (package http1/wire checks it)
//	stream.go     a stream begins, its handler serves it, wherever that runs
//	answer.go     its response becomes frames (fields.go: fields; writer.go: when it
//	              comes in pieces)
//	tunnel.go       a WebSocket takes its stream over
//	send.go       whose turn it is to send, as windows and priorities say
//	patience.go   deadlines
//	calm.go       what a client may cost for nothing
//	close.go      the connection ends
//	state.go      the states of connections and streams, and which go together
//
// # Who owns what
//
// The reactor owns a connection and all its streams, always: reading, windows and the order
// of frames are one thing for all of them. A handler of the goroutine style runs beside it,
// with the exchange and with the reader and the writer of its stream, each of which has a
// lock; the end of Serve is posted to the reactor. A request that waits for a goroutine is in the
// queue of the core ([exchange.Queue]), with the connections of HTTP/1.1. So the streams of a connection run in
// parallel where their handlers may, and in turn on their core otherwise, and the responses
// of one turn leave in one write.
//
// # Cost
//
// An idle connection holds its decoder's table and no buffer. Bodies that are collected take
// 64 KiB for each stream and 8 MiB for the connection, and one of them whatever its limit is. A request costs what the
// decoder allocates for fields that were not in its table.
//
// # What it refuses
//
// What RFC 9113 calls a connection error ends the connection, with a GOAWAY that says why. A
// malformed request is answered by the handler, like all refusals, and its stream is reset
// behind the answer. Streams beyond MaxStreams are refused, and clients that make work for
// nothing are told to calm down (calm.go). Priorities are those of RFC 9218; those of RFC
// 7540 are read over.
package http2
