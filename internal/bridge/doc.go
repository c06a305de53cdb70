// Package bridge is an exchange as handlers and middleware for net/http read and write
// it. Package nethttp is the other direction: it makes exchanges of what net/http
// servers receive.
//
//	r, err := bridge.NewRequest(ctx, ctx, 1) // below /legacy, say
//	if err == nil {
//		err = bridge.Serve(ctx, legacy, r)
//	}
//
// ctx is the [Holder] of the exchange, a Ctx.
//
// # Reading order
//
//   - holder.go: [Holder], what this package needs of a Ctx;
//   - request.go, trailer.go: [NewRequest], and what comes behind its body;
//   - writer.go: [Writer], the response as it is written; [Serve];
//   - wrap.go: middleware around a handler that answers an exchange.
//
// # How it works
//
// A request that came through net/http is handed on as it came: with its TLS state,
// protocol and address. Any other one is made of the head.
// What a handler writes is held back, up to 4 KiB, so that a short answer is staged
// like any other and goes out in one piece with its length; a longer one, and one that
// is flushed, opens a stream.
//
// # Who owns what
//
// The goroutine of the handler. Handlers for net/http may leave goroutines behind that
// still have the request and the writer: these fail with [exchange.ErrOver] from the
// end of the handler on.
//
// # Cost
//
// What a net/http handler costs anyhow: a request, its URL, a copy of each header
// field, and a writer with its header. What is longer than 4 KiB costs a stream.
//
// # What it refuses
//
// Streaming and taking over on a reactor, and taking over from inside of net/http
// middleware: [net/http.ErrNotSupported]. Informational responses but 103 are not sent.
package bridge
