package bind

import (
	"bytes"
	"encoding/json/jsontext"
	"encoding/json/v2"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/fasterapi/fasterapi/problem"
)

// jsonBody decodes with encoding/json/v2, which stops at the first error. Immutable.
type jsonBody struct {
	typ    reflect.Type
	secret bool // values must not be echoed
}

func newJSONBody(t reflect.Type, secret bool) *jsonBody {
	return &jsonBody{typ: t, secret: secret || hasSecret(t, map[reflect.Type]bool{})}
}

// DecodeBody implements BodyDecoder.
func (d *jsonBody) DecodeBody(dst Pointer, body []byte, errs []problem.FieldError) []problem.FieldError {
	err := json.Unmarshal(body, valueAt(dst, d.typ).Addr().Interface())
	if err == nil {
		return errs
	}
	return append(errs, d.describe(err, body))
}

// describe turns an error of json.Unmarshal into one for the client.
func (d *jsonBody) describe(err error, body []byte) problem.FieldError {
	if syntax, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		return problem.FieldError{
			Location: bodyLocation(d.typ, syntax.JSONPointer),
			Message:  syntaxMessage(syntax),
		}
	}
	semantic, ok := errors.AsType[*json.SemanticError](err)
	if !ok {
		return problem.FieldError{Location: "body", Message: "is not valid JSON"}
	}
	e := problem.FieldError{
		Location:  bodyLocation(d.typ, semantic.JSONPointer),
		Message:   semanticMessage(semantic, d.secret),
		Sensitive: d.secret,
	}
	if !d.secret {
		e.Value = scalarAt(body, semantic.ByteOffset)
	}
	return e
}

func syntaxMessage(err *jsontext.SyntacticError) string {
	switch {
	case errors.Is(err.Err, jsontext.ErrDuplicateName):
		return "is a duplicate name"
	case errors.Is(err.Err, io.ErrUnexpectedEOF):
		return fmt.Sprintf("is malformed JSON: it ends early, after %d bytes", err.ByteOffset)
	}
	return fmt.Sprintf("is malformed JSON at byte %d", err.ByteOffset)
}

// semanticMessage says what the Go type wanted. The text of an error of the type's own unmarshaler is shown, unless the
// body holds a secret, which the text might quote.
func semanticMessage(err *json.SemanticError, secret bool) string {
	own := err.Err != nil && !errors.Is(err.Err, strconv.ErrSyntax) && !errors.Is(err.Err, strconv.ErrRange)
	t := err.GoType
	if t == nil {
		return msgInvalid
	}
	want, plain := wanted(t)
	switch {
	case errors.Is(err.Err, strconv.ErrRange):
		return fmt.Sprintf("is out of the range of %v", t.Kind())
	case plain, !own:
		return want
	case secret:
		return msgInvalid
	}
	text := err.Err.Error()
	return strings.ToValidUTF8(text[:min(len(text), maxMessage)], "")
}

// wanted describes values of t; plain: json itself decodes them, so that its own error says nothing more.
func wanted(t reflect.Type) (msg string, plain bool) {
	switch t {
	case reflect.TypeFor[time.Time]():
		return msgTime, true
	}
	if hasOwnDecoder(t) {
		return msgInvalid, false
	}
	switch t.Kind() {
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return msgInteger, true
	case reflect.Float32, reflect.Float64:
		return msgNumber, true
	case reflect.Bool:
		return msgBool, true
	case reflect.String:
		return "must be a string", true
	case reflect.Slice, reflect.Array:
		if t.Elem().Kind() == reflect.Uint8 {
			return "must be a base64 string", true
		}
		return "must be an array", true
	case reflect.Struct, reflect.Map:
		return "must be an object", true
	}
	return msgInvalid, false
}

// maxScalar bounds the part of a body that is looked at for the value of an error.
const maxScalar = 4 * problem.MaxValue

// scalarAt returns the JSON string, number, boolean or null at or after offset, a string without its quotes; nil if
// there is an object, an array or something long.
func scalarAt(body []byte, offset int64) any {
	rest := body[min(max(offset, 0), int64(len(body))):]
	rest = bytes.TrimLeft(rest, " \t\r\n:,")
	if len(rest) == 0 || rest[0] == '{' || rest[0] == '[' {
		return nil
	}
	v, err := jsontext.NewDecoder(bytes.NewReader(rest[:min(len(rest), maxScalar)])).ReadValue()
	if err != nil {
		return nil
	}
	if v.Kind() != '"' {
		return v.Clone()
	}
	text, err := jsontext.AppendUnquote(nil, v)
	if err != nil {
		return nil
	}
	return shown(text)
}
