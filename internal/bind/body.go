package bind

import (
	"bytes"
	"reflect"

	"github.com/fasterapi/fasterapi/problem"
)

// BodyDecoder decodes JSON into values of one type. It is used by many goroutines at once.
type BodyDecoder interface {
	// DecodeBody decodes body, which is not empty and leased until it returns, into the zero value at
	// dst, and appends to errs what is wrong, each error with a Location that begins with "body". It appends
	// nothing when all is well.
	DecodeBody(dst Pointer, body []byte, errs []problem.FieldError) []problem.FieldError
}

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
	c.plan.confined = false
	if c.opts.Body == nil {
		s.decoder = newJSONBody(f.Type, f.Sensitive)
		return
	}
	decoder, err := c.opts.Body(f.Type)
	if err != nil {
		c.fail(f.Name, "%v", err)
		return
	}
	s.decoder = decoder
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
		f.mediaType = true
		f.append(problem.FieldError{
			Location: "header.Content-Type",
			Message:  "must be application/json",
			Value:    shown(src.ContentType()),
		})
	default:
		before := len(f.list)
		f.list = s.decoder.DecodeBody(p, body, f.list)
		f.list = f.list[:min(len(f.list), max(before, MaxErrors))]
	}
}

// isJSON reports whether a content type is application/json or has the suffix +json (RFC 6839); parameters are
// ignored, as RFC 8259 gives them no meaning.
func isJSON(contentType []byte) bool {
	media, _, _ := bytes.Cut(contentType, []byte{';'})
	media = trimBlanks(media)
	if len(media) == len("application/json") && bytes.EqualFold(media, []byte("application/json")) {
		return true
	}
	const prefix, suffix = "application/", "+json"
	if len(media) <= len(prefix)+len(suffix) || !bytes.EqualFold(media[:len(prefix)], []byte(prefix)) {
		return false
	}
	return bytes.EqualFold(media[len(media)-len(suffix):], []byte(suffix)) && isToken(media[len(prefix):])
}
