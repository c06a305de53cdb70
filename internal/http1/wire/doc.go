// Package wire is the codec of HTTP/1.1 (RFC 9112): bytes in, values out, and
// values in, bytes out. It does no I/O, starts no goroutine and reads no clock,
// so all of it can be fuzzed; connections are the business of package http1.
//
//   - [Head] parses request heads, as they come: call [Head.Parse] again when
//     more bytes are there. [Head.Body] says how the body is framed. [Head.ParsePart]
//     reads what there is of a head that was refused.
//   - [CheckRequest] holds a request that another parser has read against the same
//     grammar.
//   - [Chunks] decodes chunked bodies and their trailers, with a copy
//     ([Chunks.Decode]) or without ([Chunks.Next]).
//   - [AppendStatus], [AppendHeader], [AppendContentLength], [Date.Append],
//     [AppendChunk] and [AppendLastChunk] write responses.
//
// # Ownership and leases
//
// A Head, a Chunks and a Date belong to whoever owns the conn or, for Date, the
// reactor; none is for more than one goroutine. What a Head holds aliases the
// bytes that were parsed, and is leased until the caller reuses them. Trailers
// are leased until [Chunks.Reset]. Functions without a receiver are for any
// goroutine.
//
// # Costs
//
// Nothing allocates once warm, refusals included: errors are values made at
// start. (One exception: "OPTIONS http://host" has no byte to alias for its path
// "*".) On a shared 2.3 GHz core a 49-byte head takes 62 ns, a browser's of 490
// bytes 340 ns, a response head with Date 57 ns; net/http.ReadRequest needs
// 1.1 us and 3.3 us for the two. Bytes that come one at a time are not scanned
// again from the start: at most twice each. A Chunks keeps memory for the
// longest trailer section it has seen, at most [ChunkLimits].TrailerBytes; one
// that saw no trailers has none.
//
// # What it refuses
//
// Parse refuses, with the status in [Error], as soon as the byte is seen:
//
//	400  line ends other than CRLF; a control character (a TLS ClientHello at its
//	     first byte); a method that is no token; a target with a space, control
//	     character or '#', or with a bad percent escape in its path; a target of no
//	     form that fits its method; a URL with another scheme than http and https,
//	     or with user information; a line that is not "method SP target SP version";
//	     folded lines; white space before a colon; names that are no tokens; Host
//	     missing (HTTP/1.1), double or no uri-host of RFC 3986; Content-Length that is
//	     double, a list, signed, not decimal or 2^63 and more; Content-Length together
//	     with Transfer-Encoding; Transfer-Encoding in HTTP/1.0, or without chunked as
//	     its last coding, or with chunked twice
//	414  a target longer than its limit
//	417  an expectation other than 100-continue
//	431  too many bytes or fields
//	501  codings before a final chunked; a method of more than 32 bytes
//	505  a major version other than 1, HTTP/2's connection preface among them
//
// It accepts one empty line before the request line (RFC 9112 2.2), any HTTP/1.x
// as HTTP/1.1 (RFC 9110 2.5), an empty Host (RFC 9112 3.2), bytes outside ASCII
// in targets and field values, and the characters "<>\^`{|} in targets: clients
// send them, and net/http accepts them.
//
// Decode refuses chunk sizes that are not 1 to 16 hex digits or that exceed 63
// bits, white space and control characters around them, extensions that are not
// those of RFC 9112 7.1.1 or beyond their limit (of all chunks together, so that
// many small ones gain nothing), line ends
// other than CRLF, bodies beyond their limit (413), and trailer sections that
// break the rules of field lines, exceed their limits (431) or hold a field that
// frames or routes messages. Other fields that RFC 9110 6.5.1 forbids in trailers,
// such as Cookie and Authorization, are left out.
//
// testdata/request.abnf holds the grammar of the RFCs; TestLetter derives valid and
// near-valid requests from it, and holds what is accepted against it. The lines
// that differ from the letter say so.
//
// The writers refuse names that are no tokens and values with control characters
// (response splitting), and never write a chunk of size 0 but the last.
//
// # Differences to net/http
//
// The same bytes mean the same to this package and to net/http.ReadRequest (with
// the version check of its server), or one of these holds. The tables in
// fuzz_test.go give the reason of each, and a test shows each to be real.
//
// Only this package refuses: lines ended by LF alone; folded lines; white space
// before the colon and a wrong or missing Host (net/http's server looks at both
// later, and at Host less closely); '#' in targets; asterisk form without
// OPTIONS; CONNECT to nothing, to a path, without a port or to port 0; URLs of other schemes, with user
// information, zones in the host, or ports beyond 65535; equal
// duplicates of Content-Length; Content-Length beside Transfer-Encoding;
// Transfer-Encoding in HTTP/1.0; expectations; more than the limits allow. In
// chunked bodies: white space after the size, sizes of 2^63 and more,
// extensions that break their grammar.
//
// Only net/http refuses: an empty line before the request line; a Trailer field
// that announces a field which frames messages (here that field is refused when
// it comes); escapes and IPvFuture in the host of a URL, which RFC 3986 has.
package wire
