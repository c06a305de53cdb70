package bind

import (
	"bytes"
	"io"
	"reflect"
	"slices"
	"strings"

	"github.com/fasterapi/fasterapi/internal/codec"
	"github.com/fasterapi/fasterapi/internal/field"
	"github.com/fasterapi/fasterapi/problem"
)

// jsonBody decodes with the compiled codec, which leaves types that read themselves
// to encoding/json/v2.
//
// Owner: any (immutable after New).
type jsonBody struct {
	typ     reflect.Type
	decoder *codec.Decoder
}

func newJSONBody(f *Field, strict bool) (*jsonBody, error) {
	d, err := codec.CompileDecoder(f.Type, codec.Options{
		Strict: strict, Secret: f.Sensitive, Limits: codec.Limits{Errors: MaxErrors}, Tags: f.Tags,
	})
	if err != nil {
		return nil, err
	}
	return &jsonBody{typ: f.Type, decoder: d}, nil
}

// maxBodyMessage bounds in bytes what a type that reads itself has to say.
const maxBodyMessage = 512

// decode reads body, which is not empty and leased until it returns, into the zero
// value at dst, and appends to errs what is wrong, at locations that begin with
// "body".
func (d *jsonBody) decode(dst Pointer, body []byte, errs []problem.FieldError) []problem.FieldError {
	bad := d.decoder.DecodeInto(body, valueAt(dst, d.typ).Addr().Interface())
	for i := range bad {
		if msg := bad[i].Message; len(msg) > maxBodyMessage {
			bad[i].Message = strings.ToValidUTF8(msg[:maxBodyMessage], "")
		}
	}
	if len(errs) == 0 {
		return bad
	}
	return append(errs, bad...)
}

// bodySlot fills the body field.
type bodySlot struct {
	field   *Field
	decoder *jsonBody // nil: a raw body
}

func (c *compiler) compileBody(f *Field) {
	s := &bodySlot{field: f}
	c.plan.body = s
	if f.Raw {
		if k := f.Type.Kind(); !f.Streamed && k != reflect.String && (k != reflect.Slice || f.Type.Elem().Kind() != reflect.Uint8) {
			c.fail(f.Name, "a raw body is a []byte, a string or an io.Reader, not %v", f.Type)
		}
		c.refuseChecks(f, "a raw body")
		return
	}
	if !c.readBodyRules(f) {
		return
	}
	decoder, err := newJSONBody(f, c.opts.StrictBody)
	if err != nil {
		for _, mistake := range unjoin(err) {
			c.fail(f.Name, "%v", mistake)
		}
		return
	}
	if f.Example != "" {
		for _, bad := range decoder.decode(newOf(f.Type), []byte(f.Example), nil) {
			c.fail(f.Name, "the example: %s", bad.String())
		}
	}
	s.decoder = decoder
	if !decoder.decoder.Plain() {
		c.plan.confined = false
	}
}

func (s *bodySlot) bind(dst Pointer, src Source, f *faults) {
	body := src.Body()
	p := at(dst, s.field.Offset)
	switch {
	case len(body) == 0 && !hasBody(src):
		if s.field.Required {
			f.missing(s.field)
		}
		if s.field.Streamed {
			*as[io.Reader](p) = strings.NewReader("")
		}
	case s.field.Media != nil && !s.takes(src.ContentType()):
		accepted := strings.Join(s.field.Media, ", ")
		f.unsupported(src.ContentType(), accepted, strings.Join(s.field.Media, " or "))
	case s.field.Streamed:
		if from, ok := src.(FormSource); ok {
			*as[io.Reader](p) = from.Reader()
		} else {
			*as[io.Reader](p) = bytes.NewReader(bytes.Clone(body))
		}
	case s.decoder == nil && s.field.Type.Kind() == reflect.String:
		*as[string](p) = string(body)
	case s.decoder == nil:
		*as[[]byte](p) = append([]byte(nil), body...)
	case !isJSON(src.ContentType()):
		f.unsupported(src.ContentType(), "application/json", "application/json")
	default:
		before := len(f.list)
		f.list = s.decoder.decode(p, body, f.list)
		f.list = f.list[:min(len(f.list), max(before, MaxErrors))]
	}
}

// takes tells whether a content type is one of the media types of the field.
func (s *bodySlot) takes(contentType []byte) bool {
	media, _, ok := field.CutMedia(contentType)
	return ok && slices.ContainsFunc(s.field.Media, func(one string) bool {
		kind, all := strings.CutSuffix(one, "*")
		return field.EqualFold(media, one) || all && (kind == "*/" || len(media) >= len(kind) && field.EqualFold(media[:len(kind)], kind))
	})
}

// isJSON reports whether a content type is application/json or has the suffix +json
// (RFC 6839); parameters are ignored, as RFC 8259 gives them no meaning.
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
