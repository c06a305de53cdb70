package fasterapi

import "time"

// The limits of WebSockets unless options say otherwise.
const (
	socketMaxMessage = 1 << 20
	socketPing       = 30 * time.Second
	socketPong       = 15 * time.Second
	socketClose      = 5 * time.Second
	socketWrite      = 30 * time.Second
	socketsMost      = 65_536 // of one core
)

// socketOptions are the options of a WebSocket's route.
type socketOptions struct {
	maxMessage   int64
	ping, pong   time.Duration
	origins      []string
	subprotocols []string
	compress     bool
}

// MaxMessage bounds a received message of a WebSocket, in bytes after
// decompression. A longer one closes it with 1009. Default 1 MiB.
func MaxMessage(bytes int64) RouteOption {
	return func(o *options) { o.socket.maxMessage = bytes }
}

// PingEvery sets how long a WebSocket may be silent before a ping is sent, and
// how long the answer may take before the connection is given up. Default 30 s
// and 15 s.
func PingEvery(silence, answer time.Duration) RouteOption {
	return func(o *options) { o.socket.ping, o.socket.pong = silence, answer }
}

// Origins lets pages of other hosts connect to a WebSocket: "example.com",
// "localhost:5173", "*.example.com" for all hosts below, "*" for any page,
// which is safe only when no cookie says who the user is. Without it only
// pages of the service's own host may, and programs, which send no Origin.
func Origins(hosts ...string) RouteOption {
	return func(o *options) { o.socket.origins = append(o.socket.origins, hosts...) }
}

// Subprotocols names the subprotocols that a WebSocket speaks, the preferred
// one first; [Socket.Subprotocol] is the one that the client offered too.
func Subprotocols(names ...string) RouteOption {
	return func(o *options) { o.socket.subprotocols = append(o.socket.subprotocols, names...) }
}

// CompressMessages lets clients negotiate permessage-deflate: messages from 1
// KiB on are compressed, each by itself, so that idle connections hold no
// window.
func CompressMessages() RouteOption { return func(o *options) { o.socket.compress = true } }
