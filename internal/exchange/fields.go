package exchange

import (
	"net/textproto"
	"slices"

	"github.com/fasterapi/fasterapi/internal/field"
)

// Field is one header field of a response. Name and value must be valid field
// text: the root package checks what users give it.
type Field struct{ Name, Value string }

// The header fields of a response have one way in, so that a field that may occur
// once cannot occur twice (RFC 9110 5.3): what is set last takes the place of what
// was there, and nobody but this file appends to the list. The media type lies apart
// (ContentType), and what is about the connection or the framing is never staged: it
// is the engine's.

// Fields are the staged fields, without Content-Type. They must not be changed, and
// are good until the next change.
func (x *Exchange) Fields() []Field { return x.fields }

// FieldValue is the first value of a staged field, "" when there is none.
func (x *Exchange) FieldValue(name string) string {
	if field.EqualFold(name, "Content-Type") {
		return x.ContentType
	}
	if i := x.indexOf(name, 0); i >= 0 {
		return x.fields[i].Value
	}
	return ""
}

// OwnField is the last value of a field that was set inside of Within, "" when there
// is none.
func (x *Exchange) OwnField(name string) string {
	if field.EqualFold(name, "Content-Type") {
		if x.typed {
			return x.ContentType
		}
		return ""
	}
	for i := len(x.fields) - 1; i >= x.outer; i-- {
		if field.EqualFold(x.fields[i].Name, name) {
			return x.fields[i].Value
		}
	}
	return ""
}

// AddField adds a field. One that may occur once takes the place of an earlier one,
// a list goes on in its line, and any other field gets a line of its own. Of
// Connection only close is heard.
func (x *Exchange) AddField(name, value string) {
	switch field.RepetitionOf(name) {
	case field.Never:
		if field.EqualFold(name, "Connection") {
			x.CloseAfter = x.CloseAfter || field.Lists(value, "close")
		}
	case field.Once:
		x.SetField(name, value)
	case field.OneLine:
		i := x.indexOf(name, 0)
		switch {
		case i < 0:
			x.fields = append(x.fields, Field{name, value})
		case x.fields[i].Value == "":
			x.fields[i].Value = value
		case value != "":
			x.fields[i].Value += ", " + value
		}
	default:
		x.fields = append(x.fields, Field{name, value})
	}
}

// SetField sets a field, in the place of all of this name.
func (x *Exchange) SetField(name, value string) {
	x.DeleteField(name)
	switch {
	case field.EqualFold(name, "Content-Type"):
		x.ContentType, x.typed = value, true
	case field.RepetitionOf(name) == field.Never:
		x.AddField(name, value)
	default:
		x.fields = append(x.fields, Field{name, value})
	}
}

// PutField sets the values of a field as the header of a response, a problem or an
// http.Handler gives them: in the place of all of this name, unless it is a field to
// which every layer adds (Set-Cookie, Vary).
func (x *Exchange) PutField(name string, values []string) {
	if !field.Adds(name) {
		x.DeleteField(name)
	}
	for _, value := range values {
		x.AddField(name, value)
	}
}

// PutFields is PutField for each field of a header, by name: a map has no order, and an
// answer that is the same has the same bytes.
func (x *Exchange) PutFields(header map[string][]string) {
	for _, name := range namesOf(make([]string, 0, usualFields), header) {
		x.PutField(name, header[name])
	}
}

// usualFields is how many names a header may have whose order costs no allocation.
const usualFields = 16

// namesOf appends the names of a header, in order.
func namesOf(names []string, header map[string][]string) []string {
	for name := range header {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// DeleteField removes the fields of this name.
func (x *Exchange) DeleteField(name string) {
	switch len(name) {
	case len("Content-Type"):
		if field.EqualFold(name, "Content-Type") {
			x.ContentType, x.typed = "", false
			return
		}
	case len("Connection"):
		if field.EqualFold(name, "Connection") {
			x.CloseAfter = false
			return
		}
	}
	x.DeleteFields(func(f Field, _ bool) bool { return field.EqualFold(f.Name, name) })
}

// DeleteFields removes the fields that drop tells to; own: it was set inside of
// Within.
func (x *Exchange) DeleteFields(drop func(f Field, own bool) bool) {
	kept, outer := x.fields[:0], x.outer
	for i, f := range x.fields {
		switch {
		case !drop(f, i >= outer):
			kept = append(kept, f)
		case i < outer:
			x.outer--
		}
	}
	clear(x.fields[len(kept):])
	x.fields = kept
}

// Within begins the innermost handler: what is set from now on is its own, and
// goes before what the framework would set for it.
func (x *Exchange) Within() { x.outer, x.typed = len(x.fields), false }

// Typed tells whether the media type was set as a field inside of Within.
func (x *Exchange) Typed() bool { return x.typed }

// Load makes the fields those of header, a http.Header. What is the same in both
// stays where it is; the others come behind, by name.
func (x *Exchange) Load(header map[string][]string) {
	x.DeleteFields(func(f Field, _ bool) bool { return !x.agrees(f.Name, header) })
	for _, name := range namesOf(make([]string, 0, usualFields), header) {
		switch {
		case field.EqualFold(name, "Content-Type"):
			continue
		case field.RepetitionOf(name) != field.Never && x.indexOf(name, 0) >= 0 && x.agrees(name, header):
			continue
		}
		for _, value := range header[name] {
			x.AddField(name, value)
		}
	}
	switch values := header["Content-Type"]; {
	case len(values) == 0:
		x.ContentType, x.typed = "", false
	case values[len(values)-1] != x.ContentType:
		x.SetField("Content-Type", values[len(values)-1])
	}
}

// agrees tells whether header has the values of a staged field.
func (x *Exchange) agrees(name string, header map[string][]string) bool {
	values := header[textproto.CanonicalMIMEHeaderKey(name)]
	for i := x.indexOf(name, 0); i >= 0; i = x.indexOf(name, i+1) {
		if len(values) == 0 || values[0] != x.fields[i].Value {
			return false
		}
		values = values[1:]
	}
	return len(values) == 0
}

// Store makes header, a http.Header, have the fields and the media type, and none
// else but those of the engine.
func (x *Exchange) Store(header map[string][]string) {
	for name := range header {
		if field.RepetitionOf(name) != field.Never && x.indexOf(name, 0) < 0 {
			delete(header, name)
		}
	}
	for i, f := range x.fields {
		name := textproto.CanonicalMIMEHeaderKey(f.Name)
		if x.indexOf(f.Name, 0) == i {
			header[name] = []string{f.Value}
		} else {
			header[name] = append(header[name], f.Value)
		}
	}
	if x.ContentType != "" {
		header["Content-Type"] = []string{x.ContentType}
	}
	if x.CloseAfter {
		header["Connection"] = []string{"close"}
	}
}

// indexOf finds a field from index from on, -1 for none.
func (x *Exchange) indexOf(name string, from int) int {
	for i := from; i < len(x.fields); i++ {
		if field.EqualFold(x.fields[i].Name, name) {
			return i
		}
	}
	return -1
}
