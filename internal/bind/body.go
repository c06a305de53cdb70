package bind

import (
	"reflect"
	"strings"

	jsoncodec "github.com/fasterapi/fasterapi/internal/codec"
	"github.com/fasterapi/fasterapi/internal/field"
	"github.com/fasterapi/fasterapi/problem"
)

// BodyDecoder decodes JSON into values of one type. It is used by many goroutines at once.
type BodyDecoder interface {
	// DecodeBody decodes body, which is not empty and leased until it returns, into the zero value at
	// dst, and appends to errs what is wrong, each error with a Location that begins with "body". It appends
	// nothing when all is well.
	DecodeBody(dst Pointer, body []byte, errs []problem.FieldError) []problem.FieldError
}

// jsonBody decodes with the compiled codec, which leaves types that read themselves to encoding/json/v2.
//
// Owner: any (immutable after New).
type jsonBody struct {
	typ     reflect.Type
	decoder *jsoncodec.Decoder
	secret  bool // values must not be echoed
}

func newJSONBody(t reflect.Type, secret, strict bool) (*jsonBody, error) {
	d, err := jsoncodec.CompileDecoder(t, jsoncodec.Options{Strict: strict, Limits: jsoncodec.Limits{Errors: MaxErrors}})
	if err != nil {
		return nil, err
	}
	return &jsonBody{typ: t, decoder: d, secret: secret}, nil
}

// maxBodyMessage bounds in bytes what a type that reads itself has to say.
const maxBodyMessage = 512

// DecodeBody implements BodyDecoder.
func (d *jsonBody) DecodeBody(dst Pointer, body []byte, errs []problem.FieldError) []problem.FieldError {
	bad := d.decoder.DecodeInto(body, valueAt(dst, d.typ).Addr().Interface())
	for i := range bad {
		if d.secret {
			bad[i].Value, bad[i].Sensitive = nil, true
			bad[i].Message = withoutQuotes(bad[i].Message)
		}
		if msg := bad[i].Message; len(msg) > maxBodyMessage {
			bad[i].Message = strings.ToValidUTF8(msg[:maxBodyMessage], "")
		}
	}
	if len(errs) == 0 {
		return bad
	}
	return append(errs, bad...)
}

// withoutQuotes keeps a message about a secret body when it is one of the codec's; a type that reads itself likes to
// quote what it was given.
func withoutQuotes(msg string) string {
	switch msg {
	case "is required", "is not known", "is given twice", "must be an array", "must be an object", "must be a string",
		"must be a number", "must be an integer", "must be a boolean":
		return msg
	}
	for _, rule := range [...]string{"must have at ", "must be at ", "must match the pattern ", "must be one of: ", "is not valid JSON"} {
		if strings.HasPrefix(msg, rule) {
			return msg
		}
	}
	return msgInvalid
}

// Confined implements confined.
func (d *jsonBody) Confined() bool { return d.decoder.Plain() }

// confined is implemented by decoders that tell whether the address of the value stays inside of them.
type confined interface{ Confined() bool }

// bodySlot fills the body field.
type bodySlot struct {
	field   *Field
	decoder BodyDecoder // nil: a raw body
}

func (c *compiler) compileBody(f *Field) {
	s := &bodySlot{field: f}
	c.plan.body = s
	if f.Raw {
		if k := f.Type.Kind(); k != reflect.String && (k != reflect.Slice || f.Type.Elem().Kind() != reflect.Uint8) {
			c.fail(f.Name, "a raw body is a []byte or a string, not %v", f.Type)
		}
		return
	}
	decoder, err := c.bodyDecoder(f)
	if err != nil {
		for _, mistake := range unjoin(err) {
			c.fail(f.Name, "%v", mistake)
		}
		return
	}
	s.decoder = decoder
	if d, ok := decoder.(confined); !ok || !d.Confined() {
		c.plan.confined = false
	}
}

func (c *compiler) bodyDecoder(f *Field) (BodyDecoder, error) {
	if c.opts.Body != nil {
		return c.opts.Body(f.Type)
	}
	return newJSONBody(f.Type, f.Sensitive, c.opts.StrictBody)
}

func (s *bodySlot) bind(dst Pointer, src Source, f *faults) {
	body := src.Body()
	p := add(dst, s.field.Offset)
	switch {
	case len(body) == 0:
		if s.field.Required {
			f.missing(s.field)
		}
	case s.decoder == nil && s.field.Type.Kind() == reflect.String:
		*at[string](p) = string(body)
	case s.decoder == nil:
		*at[[]byte](p) = append([]byte(nil), body...)
	case !isJSON(src.ContentType()):
		f.unsupported(src.ContentType(), "application/json", "application/json")
	default:
		before := len(f.list)
		f.list = s.decoder.DecodeBody(p, body, f.list)
		f.list = f.list[:min(len(f.list), max(before, MaxErrors))]
	}
}

// isJSON reports whether a content type is application/json or has the suffix +json (RFC 6839); parameters are
// ignored, as RFC 8259 gives them no meaning.
func isJSON(contentType []byte) bool {
	media, _, ok := field.CutMedia(contentType)
	const prefix, suffix = "application/", "+json"
	switch {
	case !ok || len(media) < len(prefix) || !field.EqualFold(media[:len(prefix)], prefix):
		return false
	case field.EqualFold(media[len(prefix):], "json"):
		return true
	}
	return len(media) > len(prefix)+len(suffix) && field.EqualFold(media[len(media)-len(suffix):], suffix)
}
