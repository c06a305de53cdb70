// Package bind fills typed input structs from requests.
//
// # What it is
//
// [Compile] turns a struct type into a [Plan], once, at registration. [Plan.Bind]
// then fills such a struct from a [Source] without reflection. Every exported field
// says where it comes from:
//
//	ID    int64         `path:"id"`
//	Page  int           `query:"page" default:"1"`
//	Tags  []string      `query:"tag"`
//	Trace uuid.UUID     `header:"X-Trace" required:"true"`
//	SID   string        `cookie:"sid"`
//	Order NewOrder      `body:""`
//	Note  string        `form:"note"`
//	Photo Upload        `file:"photo"`
//	DB    *db.Pool      `inject:""`
//	Cache any           `bind:"-"`
//
// Fields of embedded structs count as the outer struct's own. Types: bool, every
// int, uint and float, string, time.Time (RFC 3339), time.Duration (as
// time.ParseDuration reads it), uuid.UUID, every encoding.TextUnmarshaler, types
// named after these, slices of them, pointers to all of these, which are nil when
// the request does not have the value, and schema.Opt of them, which is then
// absent. Further tags: default, required, doc, example, sensitive, and the
// constraints of internal/schema (minimum, maxLength, pattern, enum, format,
// minItems, uniqueItems and so on), which mean the same as in a body.
//
// # How values are read
//
//   - A path value is percent-decoded. It is always required. A slice takes its
//     elements between commas.
//   - A query is read like url.ParseQuery. When a key repeats, a scalar takes its
//     first value, like url.Values.Get. A slice takes all values, each also split
//     at commas; an encoded comma (%2C) is data. The option `query:"tag,repeat"`
//     turns the splitting off. Unknown keys are ignored.
//   - A header or cookie scalar takes the first value; a slice of a header takes
//     the comma-separated elements of all lines. Cookies are read as net/http reads
//     them. Header bytes that are no UTF-8 are ISO-8859-1.
//   - A bool is 1, 0, true, false, t, f, yes, no, y, n, on or off in any case.
//     Numbers have no spaces, underscores or base prefixes; NaN and infinities are
//     refused.
//   - The body is JSON, decoded and checked in one pass by internal/codec
//     (case-sensitive names, duplicate names refused, unknown names ignored unless
//     Options.StrictBody), and required, unless the field is a pointer or says
//     required:"false". `body:"raw"` gives a []byte or string field a copy of the
//     body whatever its content type, `body:"image/png, image/*"` one of these media
//     types. A field of type io.Reader gets the body while it comes.
//   - A form is application/x-www-form-urlencoded or multipart/form-data; a key
//     repeats for a list. Uploads are read while they come, into memory as far as
//     FormLimits.MemoryBytes goes, then into temporary files. An input has a body
//     or a form.
//   - A blank value of a query or form is absent when the field cannot hold "":
//     browsers send every text input, also one that was left blank. So it is for
//     numbers, times and booleans, for texts whose type or rules refuse "", and for
//     slices of these; a string without rules takes it.
//   - A body with a content coding other than identity is refused with 415 and
//     Accept-Encoding, unless it is raw and the input has a field for the header
//     Content-Encoding: then the handler decodes it.
//   - A default is used when the value is absent. A list that is absent is not
//     counted: minItems is for lists that the request has.
//
// # Errors
//
// All that is wrong with a request is reported in one problem with located errors:
// path.id, query.page, header.X-Thing, cookie.sid, body.items[3].price. The status
// is 422, malformed JSON included (as FastAPI does), or 415 when the body has no
// JSON content type. The text of an error returned by a TextUnmarshaler is shown to
// the client. Cookies, credentials in headers (Authorization, Api-Key, names that
// end in -Token, -Secret or -Password) and what is tagged sensitive:"true", fields,
// members or whole embedded structs, are never echoed: neither values nor names of
// members that the client chose, nor what a type says of them.
//
// # Who owns what
//
// A Plan is immutable: any goroutine may use it. A Source is read during Bind only.
// Every string and slice given to the user is a copy: nothing aliases the request's
// leased memory.
//
// # What it costs
//
// No allocation but for the copies of strings and slices, pointer fields, the body,
// and errors.
//
// # What it refuses
//
// Mistakes in the struct are found by Compile, all at once. At most [MaxErrors]
// errors are reported for one request.
package bind
