// Package result reads what the fields of an output struct say of a response: its header
// fields, its status, and which field is the body.
//
//	type Out struct {
//		ETag     string    `header:"ETag" doc:"version of the article"`
//		Modified time.Time `header:"Last-Modified"`
//		Body     Article   `body:"" status:"200"`
//	}
//
//	plan, errs := result.Compile(reflect.TypeFor[Out]())
//	for i := range plan.Fields {
//		values, err := plan.Fields[i].Values(reflect.ValueOf(&out).Elem())
//	}
//
// # Fields
//
// The tag header names a field of the response, body the one field that is the content,
// status the status, on whichever field it stands (a blank one does: _ struct{}). Fields
// of embedded structs count. There are no other fields.
//
// A header field is a string, a bool, a number, a time.Time, a time.Duration, a type that
// writes its own text, or a pointer to, an Opt of or a list of these. A time is written as
// an HTTP date (RFC 9110 5.6.7) with the tag format:"http-date" and in the fields that are
// dates, such as Last-Modified, and by RFC 3339 elsewhere.
//
// # What is absent
//
// An empty text, a zero time, a nil pointer, an empty list, and an Opt that is absent or null
// are not sent. What a pointer or an Opt holds is, also when it is empty. Numbers, bools and durations are, unless the tag says omitzero: `header:"X-Left,omitzero"`. The
// tag required:"true" makes it an error that a field is absent.
//
// # What it costs
//
// Reflection on the fields of one struct for each response of such a type. Owner: a Plan is
// immutable, any goroutine uses it.
//
// # What it refuses
//
// Fields without a meaning, two of one name, types that have no text, fields that are the
// server's (Content-Length, Date), a content with a status that has none. Compile reports all at once.
package result
