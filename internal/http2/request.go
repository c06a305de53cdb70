package http2

import (
	"strings"

	"golang.org/x/net/http2/hpack"

	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/internal/field"
	"github.com/fasterapi/fasterapi/internal/http1/wire"
)

// A request is checked as RFC 9113 8.1 to 8.3 ask for, written down as one of HTTP/1.1, and
// read by package wire. So there is one reader of targets, hosts, lengths and fields, and one
// opinion of what they may be.

// What makes a request malformed (RFC 9113 8.1.1).
var (
	badPseudo    = &wire.Error{Status: 400, Reason: "the pseudo-header fields are not those of a request"}     // 8.3.1
	badOrder     = &wire.Error{Status: 400, Reason: "a pseudo-header field comes behind another field"}        // 8.3
	badName      = &wire.Error{Status: 400, Reason: "header field name is not a token in lower case"}          // 8.2.1
	badValue     = &wire.Error{Status: 400, Reason: "header field value contains a control character"}         // 8.2.1
	badSpace     = &wire.Error{Status: 400, Reason: "header field value begins or ends with white space"}      // 8.2.1
	badHop       = &wire.Error{Status: 400, Reason: "a field is about a connection of HTTP/1.1"}               // 8.2.2
	badAuthority = &wire.Error{Status: 400, Reason: "the authority and the Host field are not the same"}       // 8.3.1
	badTarget    = &wire.Error{Status: 400, Reason: "request target has no form that is known for HTTP/2"}     // 8.3.1
	badLength    = &wire.Error{Status: 400, Reason: "the request body is not as long as its Content-Length"}   // 8.1.1
	badTrailer   = &wire.Error{Status: 400, Reason: "the trailer section is not valid"}                        // 8.1
	badProtocol  = &wire.Error{Status: 501, Reason: "the protocol of the tunnel is not known: WebSockets are"} // RFC 9220 3
	tooManyBytes = &wire.Error{Status: 431, Reason: "request head is too long"}                                // RFC 6585 5
	tooMany      = &wire.Error{Status: 431, Reason: "request head has too many fields"}                        // RFC 6585 5
)

// fieldBlock gathers the fields of a field block as they are decoded.
//
// Owner: reactor.
type fieldBlock struct {
	limits wire.Limits
	fields []hpack.HeaderField
	size   int // of fields, as lines of HTTP/1.1, in bytes
	bad    *wire.Error
	// tunnels: requests may ask for a tunnel. tunnel: this one does.
	tunnels, tunnel bool
}

// reset makes ready for the next block.
func (f *fieldBlock) reset() {
	clear(f.fields)
	f.fields, f.size, f.bad, f.tunnel = f.fields[:0], 0, nil, false
}

// add takes a field. One that is too long is not kept, nor are any beyond the limits.
func (f *fieldBlock) add(h hpack.HeaderField) {
	size := len(h.Name) + len(h.Value) + len(": \r\n")
	if f.size+size > f.limits.HeadBytes && f.bad == nil {
		f.bad = tooManyBytes
	}
	if len(f.fields) == f.limits.Headers+pseudoFields && f.bad == nil {
		f.bad = tooMany
	}
	if f.size+size <= f.limits.HeadBytes && len(f.fields) < f.limits.Headers+pseudoFields+refusedFields {
		f.size += size
		f.fields = append(f.fields, h)
	}
}

const (
	// pseudoFields is how many pseudo-header fields a request has.
	pseudoFields = 5
	// refusedFields is how many fields beyond the limit are kept of a request that is
	// refused for it: its answer goes by some of them (Origin, X-Request-ID), wherever
	// they stand.
	refusedFields = 32
)

// target is what the pseudo-header fields say.
//
// Owner: reactor.
type target struct {
	method, scheme, authority, path string
	protocol                        string // of a tunnel (RFC 8441 4); "": none is asked for
}

// pseudo reads the pseudo-header fields and returns what follows them.
func (f *fieldBlock) pseudo() (t target, rest []hpack.HeaderField, bad *wire.Error) {
	rest = f.fields
	for len(rest) > 0 && rest[0].IsPseudo() {
		var place *string
		switch rest[0].Name {
		case ":method":
			place = &t.method
		case ":scheme":
			place = &t.scheme
		case ":authority":
			place = &t.authority
		case ":path":
			place = &t.path
		case ":protocol":
			if f.tunnels {
				place = &t.protocol
			}
		}
		if place == nil || *place != "" || rest[0].Value == "" && place != &t.authority {
			return t, rest, badPseudo
		}
		*place = rest[0].Value
		rest = rest[1:]
	}
	return t, rest, t.check()
}

// check holds the fields against each other (RFC 9113 8.3.1, 8.5).
func (t target) check() *wire.Error {
	switch {
	case t.method == "", !field.IsToken(t.method):
		return badPseudo
	case t.protocol != "" && (t.method != "CONNECT" || t.authority == ""):
		return badPseudo
	case t.method == "CONNECT" && t.protocol == "":
		if t.scheme != "" || t.path != "" || t.authority == "" {
			return badPseudo
		}
	case t.scheme == "" || t.path == "":
		return badPseudo
	case t.path[0] != '/' && t.path != "*":
		return badTarget
	}
	if !printable(t.path) || !printable(t.authority) {
		return badTarget
	}
	return nil
}

// appendHead writes the request down as one of HTTP/1.1. Where it is malformed only what is
// sound of it is written.
func (f *fieldBlock) appendHead(b []byte) ([]byte, *wire.Error) {
	t, rest, bad := f.pseudo()
	if f.bad != nil && bad == nil {
		bad = f.bad
	}
	if t.check() != nil {
		return b, bad
	}
	switch f.tunnel = t.protocol != ""; {
	case f.tunnel: // as the request would be over HTTP/1.1
		if t.protocol != "websocket" && bad == nil {
			bad = badProtocol
		}
		b = append(append(b, "GET "...), t.path...)
	case t.method == "CONNECT":
		b = append(append(b, "CONNECT "...), t.authority...)
	default:
		b = append(append(append(b, t.method...), ' '), t.path...)
	}
	b = append(b, " HTTP/1.1\r\n"...)
	if t.authority != "" {
		b = appendLine(b, "host", t.authority)
	}
	b, broken := appendFields(b, rest, t.authority)
	if bad == nil {
		bad = broken
	}
	return append(b, "\r\n"...), bad
}

// appendFields appends the field lines up to the first that is not sound. Cookies are one
// line (RFC 9113 8.2.3).
func appendFields(b []byte, fields []hpack.HeaderField, authority string) ([]byte, *wire.Error) {
	cookies := 0
	for _, h := range fields {
		if bad := checkField(h); bad != nil {
			return b, bad
		}
		switch h.Name {
		case "cookie":
			cookies++
			continue
		case "host":
			if authority != "" {
				if !strings.EqualFold(h.Value, authority) {
					return b, badAuthority
				}
				continue
			}
		}
		b = appendLine(b, h.Name, h.Value)
	}
	if cookies > 0 {
		b = appendCookies(b, fields)
	}
	return b, nil
}

func appendLine(b []byte, name, value string) []byte {
	b = append(append(b, name...), ": "...)
	return append(append(b, value...), "\r\n"...)
}

func appendCookies(b []byte, fields []hpack.HeaderField) []byte {
	b = append(b, "cookie: "...)
	separator := ""
	for _, h := range fields {
		if h.Name == "cookie" {
			b = append(append(b, separator...), h.Value...)
			separator = "; "
		}
	}
	return append(b, "\r\n"...)
}

// checkField tells what RFC 9113 8.2 forbids.
func checkField(h hpack.HeaderField) *wire.Error {
	switch {
	case h.IsPseudo():
		return badOrder
	case !field.IsToken(h.Name) || strings.IndexFunc(h.Name, upper) >= 0:
		return badName
	case !wire.ValidHeader("x", h.Value):
		return badValue
	case h.Value != "" && (white(h.Value[0]) || white(h.Value[len(h.Value)-1])):
		return badSpace
	}
	switch h.Name {
	case "connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade":
		return badHop
	case "te":
		if h.Value != "trailers" {
			return badHop
		}
	}
	return nil
}

func white(c byte) bool { return c == ' ' || c == '\t' }

func upper(r rune) bool { return 'A' <= r && r <= 'Z' }

// printable tells whether s has neither white space nor control characters, which would end a
// request line.
func printable(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] == 0x7f {
			return false
		}
	}
	return true
}

// trailers copies the fields of a trailer section; false: it is not valid.
func (f *fieldBlock) trailers() (list []wire.Header, ok bool) {
	if f.bad != nil {
		return nil, false
	}
	for _, h := range f.fields {
		if checkField(h) != nil {
			return nil, false
		}
		if wire.KeepsTrailer(h.Name) {
			list = append(list, wire.Header{Name: []byte(h.Name), Value: []byte(h.Value)})
		}
	}
	return list, true
}

// readHead makes x the request of the block, and tells what is wrong with it. text is where
// its fields lie.
func (f *fieldBlock) readHead(x *exchange.Exchange, text []byte) ([]byte, *wire.Error) {
	if x.Head.Headers == nil { // a stream that is new: it may wait for long
		x.Head.Headers = make([]wire.Header, 0, len(f.fields))
		text = make([]byte, 0, f.size)
	}
	text, bad := f.appendHead(text[:0])
	x.Tunnel = f.tunnel
	limits := f.limits
	limits.HeadBytes += len(" HTTP/1.1\r\n\r\n") // what it is longer for being written down
	n, err := x.Head.Parse(text, limits)
	if bad == nil && err != nil {
		if bad, _ = err.(*wire.Error); bad == nil {
			bad = exchange.Unreadable
		}
	}
	if bad == nil && n != len(text) {
		bad = exchange.Unreadable
	}
	if bad != nil {
		limits.Headers += refusedFields
		x.Head.ParsePart(text, limits)
	}
	return text, bad
}
