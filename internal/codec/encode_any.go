package codec

import (
	"encoding"
	"encoding/json/jsontext"
	"encoding/json/v2"
	"errors"
	"reflect"
	"strconv"

	"github.com/fasterapi/fasterapi/internal/noescape"
	"github.com/fasterapi/fasterapi/internal/schema"
)

// appendInterface plans an interface type: what it holds decides.
func appendInterface(t reflect.Type) appendFunc {
	methods := t.NumMethod() > 0
	return func(dst []byte, p ptr, depth int) ([]byte, error) {
		return appendValue(dst, loadAny(p, methods), depth)
	}
}

// appendValue appends what an interface holds.
func appendValue(dst []byte, v any, depth int) ([]byte, error) {
	switch v := v.(type) {
	case nil:
		return append(dst, "null"...), nil
	case string:
		dst, err := appendString(dst, v)
		if err != nil {
			err = failed(typeString, err)
		}
		return dst, err
	case bool:
		return strconv.AppendBool(dst, v), nil
	case int:
		return strconv.AppendInt(dst, int64(v), 10), nil
	case float64:
		dst, err := appendFloat(dst, v)
		if err != nil {
			err = failed(reflect.TypeFor[float64](), err)
		}
		return dst, err
	case map[string]any:
		return appendObject(dst, addressOf(&v), depth)
	case []any:
		return appendArray(dst, v, depth)
	}
	return appendDynamic(dst, v, depth)
}

func appendArray(dst []byte, list []any, depth int) ([]byte, error) {
	if depth >= maxDepth {
		return dst, errDepth
	}
	dst = append(dst, '[')
	for i, v := range list {
		if i > 0 {
			dst = append(dst, ',')
		}
		var err error
		if dst, err = appendValue(dst, v, depth+1); err != nil {
			return dst, below(strconv.Itoa(i), err)
		}
	}
	return append(dst, ']'), nil
}

// appendDynamic appends a value by the encoder of its type. Types with
// methods get a copy, so that they cannot change what the interface holds.
func appendDynamic(dst []byte, v any, depth int) ([]byte, error) {
	return dynamic.append(dst, v, depth)
}

func (c *Encoders) append(dst []byte, v any, depth int) ([]byte, error) {
	t := reflect.TypeOf(v)
	e, err := c.Of(t)
	if err != nil {
		return dst, failed(t, err)
	}
	if depth > maxDepth {
		return dst, errDepth
	}
	if t.Kind() == reflect.Pointer {
		depth++ // an interface that points to itself is a cycle without a container
	}
	if e.plain {
		return e.fn(dst, noescape.Pointer(dataOf(&v, e.direct)), depth)
	}
	held := reflect.New(t)
	held.Elem().Set(reflect.ValueOf(v))
	return e.fn(dst, held.UnsafePointer(), depth)
}

// sink collects what encoding/json/v2 writes.
type sink struct{ b []byte }

func (s *sink) Write(p []byte) (int, error) {
	s.b = append(s.b, p...)
	return len(p), nil
}

// appendFallback plans a type that encoding/json/v2 has to write.
func appendFallback(t reflect.Type) appendFunc {
	return appendBy(t, durations)
}

// appendBy is appendFallback with other options.
func appendBy(t reflect.Type, options json.Options) appendFunc {
	return func(dst []byte, p ptr, depth int) ([]byte, error) {
		if depth >= maxDepth {
			return dst, errDepth
		}
		s := &sink{dst}
		err := json.MarshalWrite(s, pointerAt(p, t).Interface(), json.Deterministic(true), options)
		if err != nil {
			return dst, failed(t, err)
		}
		return s.b, nil
	}
}

// visible is appendFallback, for a type without methods of its own, without what is write
// only, which encoding/json does not know of.
func (c *encodeCompiler) visible(t reflect.Type) appendFunc {
	if c.whole || !schema.HasWriteOnly(t) && !schema.HoldsAnything(t) {
		return appendFallback(t)
	}
	all := appendBy(t, visibleParts(t))
	return func(dst []byte, p ptr, depth int) ([]byte, error) {
		text, err := all(nil, p, depth)
		if err != nil {
			return dst, err
		}
		return append(dst, schema.Without(text, t, schema.Out)...), nil
	}
}

// visibleParts makes encoding/json write structs and unions in a value of type whole as this package
// does: who knows what interfaces hold.
func visibleParts(whole reflect.Type) json.Options {
	parts := json.MarshalToFunc(func(enc *jsontext.Encoder, v any) error {
		held := reflect.ValueOf(v)
		if held.Kind() == reflect.Pointer && !held.IsNil() {
			held = held.Elem() // encoding/json tells about addresses
		}
		if !held.IsValid() {
			return errors.ErrUnsupported
		}
		t := held.Type()
		if t == whole || t.Kind() != reflect.Struct || t == typeTime || !schema.HasWriteOnly(t) {
			return errors.ErrUnsupported
		}
		if class := schema.ClassOf(t); class != schema.ClassStruct && class != schema.ClassChoice {
			return errors.ErrUnsupported // an Opt, whose value comes next, or a method of its own
		}
		text, err := appendDynamic(nil, held.Interface(), 0)
		if err != nil {
			return err
		}
		return enc.WriteValue(text)
	})
	return json.JoinOptions(durations, json.WithMarshalers(json.JoinMarshalers(parts, durationMarshaler)))
}

var errText = errors.New("AppendText returned less than it was given")

// appendTextAppender plans a type that writes itself as text.
func appendTextAppender(t reflect.Type) appendFunc {
	return func(dst []byte, p ptr, _ int) ([]byte, error) {
		start := len(dst)
		out, err := pointerAt(p, t).Interface().(encoding.TextAppender).AppendText(append(dst, '"'))
		if err != nil {
			return dst, failed(t, err)
		}
		if len(out) <= start {
			return dst, failed(t, errText)
		}
		text := out[start+1:]
		if n, ascii := clean(text); n == len(text) && ascii {
			return append(out, '"'), nil
		}
		return appendString(out[:start], string(text))
	}
}

// appendTextMarshaler plans a type that has MarshalText only.
func appendTextMarshaler(t reflect.Type) appendFunc {
	return func(dst []byte, p ptr, _ int) ([]byte, error) {
		text, err := pointerAt(p, t).Interface().(encoding.TextMarshaler).MarshalText()
		if err != nil {
			return dst, failed(t, err)
		}
		return appendString(dst, stringOf(text))
	}
}
