// Package field reads the values of header fields of RFC 9110 and RFC 6265, one
// parser per field, for every package that looks at one:
//
//	for line := range head.Values("Cookie") {
//		for name, value := range field.Cookies(line) { … }
//	}
//	kept := field.Quality(c.Headers("Accept-Encoding"), "gzip") > 0
//	outcome := field.ReadConditions(c.Headers).Evaluate("GET", known)
//	ranges, status := field.Ranges("bytes=0-99", size)
//
// Two readings of one field are a hole: what one of them has checked, the other
// does not use. So whoever needs a field that is read here reads it with this
// package, and whoever needs another adds it here.
//
//   - token.go: tokens, white space, lists of tokens and of quoted strings
//   - cookie.go: Cookie (RFC 6265 section 5.4)
//   - tag.go: entity tags (RFC 9110 section 8.8.3)
//   - conditions.go: If-Match, If-None-Match, If-Modified-Since,
//     If-Unmodified-Since and If-Range (RFC 9110 section 13)
//   - ranges.go: Range and Content-Range (RFC 9110 section 14)
//   - quality.go: Accept and Accept-Encoding (RFC 9110 section 12)
//   - origin.go: Origin (RFC 6454 section 7)
//   - host.go: Host (RFC 9110 section 7.2, RFC 3986 section 3.2.2)
//   - entire.go: what a 304, a part or a head stands for
//   - media.go: the media type in Content-Type (RFC 9110 section 8.3)
//   - disposition.go: Content-Disposition of the parts of a form (RFC 7578 section 4.2)
//   - forwarded.go: Forwarded (RFC 7239) and X-Forwarded-For
//   - reference.go: what may stand in Location (RFC 9110 section 10.2.2, RFC 3986)
//   - repetition.go: which fields of a response may occur once, and which are lists
//   - content.go: which fields of a response are about its content
//   - trace.go: traceparent (W3C Trace Context)
//   - incoming.go: what calls made for a request pass on of its fields
//
// # Ownership and cost
//
// All functions are pure and for any goroutine; there is no I/O and no clock.
// Results are pieces of what was given, with its lease; nothing is copied and,
// but for ranges and the lists of conditions, nothing allocates. Time grows with
// the length of the field.
//
// # What it refuses
//
// An item of a list that is malformed is left out and the others are read: a
// field is filled by several hands (cookies of other subdomains, tags of caches
// on the way), and one of them must not hide what the others say. What decides
// about safety fails closed: a malformed If-Match matches nothing, a malformed
// weight is no wish. Lists are read up to a number of items that no honest client
// needs.
package field
