// Package websocket is the server side of the WebSocket protocol, RFC 6455,
// with compression of messages, RFC 7692.
//
//	accepted, refused := policy.Accept(request)
//	conn := websocket.Open(r, fd, options, accepted.Deflate, rest) // once Response is sent
//	message, err := conn.Receive(ctx)
//	err = conn.Send(ctx, false, []byte("hello"))
//	conn.Close(1000, "")
//
// # What it is
//
// A decoder turns bytes into messages and control frames, and knows nothing of
// connections. A [Policy] accepts a handshake or refuses it, and [Accepted.Response]
// completes it. A [Conn] is one connection: on a descriptor of a reactor ([Open]),
// also through TLS, or on a net.Conn of a server of net/http ([OpenNet]). A
// [Set] are the connections of a core, which a shutdown closes together.
//
// # Who owns what
//
// mu guards a connection; it is never held while somebody waits. The reactor
// reads ahead at most one message: it answers pings and takes part in closing
// while the handler is busy, and reads no further until the message was taken,
// which holds the client back. Sending goes straight to the kernel, from any
// goroutine, and waits until the kernel took everything.
//
// Payloads are the receiver's to keep.
//
// # What it costs
//
// An idle connection on a reactor is one Conn, less than 1 KiB: no goroutine, no
// buffer. Buffers of 8 KiB are borrowed while bytes are in work. A caller of
// Receive adds a goroutine with its stack; a [Listener] is called on a pooled
// goroutine for each message instead. A received message is one allocation.
//
// # What it refuses
//
// Frames without mask, reserved bits and opcodes, lengths that are not minimal,
// fragmented or long control frames, text that is not UTF-8 (as soon as the
// bad byte arrives), close codes that must not be sent: 1002 or 1007. Messages above the
// limit, compressed or not: 1009, before memory is taken for them. Memory for a message
// grows with the bytes that have arrived, never with a length that was announced.
// Context takeover and small windows of compression are not negotiated, because
// both would cost an idle connection its memory.
package websocket
