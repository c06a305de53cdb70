package exchange

import "github.com/fasterapi/fasterapi/internal/http1/wire"

// A response may have trailer fields, which come behind its content (RFC 9110 6.5). They are
// staged like the rest of it, until EndStream if it is a stream. What would be about the head
// or the framing is left out, as a client would ignore or refuse it.

// Announce says which fields are going to come behind a streamed body, in the Trailer field of
// its head. Names that may not come there are left out.
func (x *Exchange) Announce(names []string) {
	x.announced = ""
	for _, name := range names {
		if wire.KeepsTrailer(name) && wire.ValidHeader(name, "") {
			x.announced = appendName(x.announced, name)
		}
	}
}

// SetTrailing makes list, but for what may not come there, the fields behind the body.
func (x *Exchange) SetTrailing(list []Field) {
	x.trailing = nil
	for _, f := range list {
		if wire.KeepsTrailer(f.Name) && wire.ValidHeader(f.Name, f.Value) {
			x.trailing = append(x.trailing, f)
		}
	}
}

// Restage changes the status and the content of the response that is staged, and leaves the rest of it,
// also what comes behind its content.
func (x *Exchange) Restage(status int, payload []byte) {
	trailing, announced := x.trailing, x.announced
	x.Respond(status, x.ContentType, payload)
	x.trailing, x.announced = trailing, announced
}

// Trailing are the fields behind the body; none where the response has no content, nor for
// HTTP/1.0. They must not be changed.
func (x *Exchange) Trailing() []Field {
	if x.trailing == nil || !x.WantsContent() || x.Head.Minor == 0 {
		return nil
	}
	return x.trailing
}

// Announced is the value of the Trailer field: the names of Trailing, or, while there are none
// yet, those of Announce. "": it has none.
func (x *Exchange) Announced() string {
	if x.trailing == nil {
		if x.announced != "" && x.WantsContent() {
			return x.announced
		}
		return ""
	}
	names := ""
	for i, f := range x.Trailing() {
		if i == 0 || x.trailing[i-1].Name != f.Name {
			names = appendName(names, f.Name)
		}
	}
	return names
}

func appendName(list, name string) string {
	if list == "" {
		return name
	}
	return list + ", " + name
}
