package bind

import (
	"encoding"
	"fmt"
	"reflect"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/fasterapi/fasterapi/internal/schema"
)

// setter parses raw and stores the result at p; the returned message says what is
// wrong, or is empty. It copies what it keeps of raw.
type setter func(p Pointer, raw []byte) string

// parsers are the setters of one element type.
type parsers struct {
	set     setter         // into a T
	push    setter         // onto a []T
	fresh   func() Pointer // a new T
	copy    func(dst, src Pointer)
	foreign bool // runs code of the type, which sees addresses
}

// parser reads a T; the message is empty on success.
type parser[T any] func(raw []byte) (T, string)

// native makes the parsers of a type that this package parses itself.
func native[T any](parse parser[T]) parsers {
	return parsers{
		set: func(p Pointer, raw []byte) string {
			v, msg := parse(raw)
			if msg == "" {
				*as[T](p) = v
			}
			return msg
		},
		push: func(p Pointer, raw []byte) string {
			v, msg := parse(raw)
			if msg == "" {
				list := as[[]T](p)
				*list = append(*list, v)
			}
			return msg
		},
		fresh: func() Pointer { return addressOf(new(T)) },
		copy:  func(dst, src Pointer) { *as[T](dst) = *as[T](src) },
	}
}

// parsersOf finds how values of type t are parsed: the well-known types, then the
// type's own method, then its kind.
func parsersOf(t reflect.Type) (parsers, error) {
	switch {
	case t == reflect.TypeFor[time.Time]():
		return native(parseTime), nil
	case t == reflect.TypeFor[time.Duration]():
		return native(parseDuration), nil
	case isUUID(t):
		return native(parseUUID), nil
	case isForeign(t):
		return foreign(t), nil
	}
	if c, ok := kindParsers(t.Kind()); ok {
		return c, nil
	}
	return parsers{}, fmt.Errorf("the type %v is not supported", t)
}

// kindParsers covers the basic kinds and with them all types named after them.
func kindParsers(k reflect.Kind) (parsers, bool) {
	switch k {
	case reflect.String:
		return native(parseString), true
	case reflect.Bool:
		return native(parseBool), true
	case reflect.Int:
		return native(signed[int]()), true
	case reflect.Int8:
		return native(signed[int8]()), true
	case reflect.Int16:
		return native(signed[int16]()), true
	case reflect.Int32:
		return native(signed[int32]()), true
	case reflect.Int64:
		return native(signed[int64]()), true
	case reflect.Uint:
		return native(unsigned[uint]()), true
	case reflect.Uint8:
		return native(unsigned[uint8]()), true
	case reflect.Uint16:
		return native(unsigned[uint16]()), true
	case reflect.Uint32:
		return native(unsigned[uint32]()), true
	case reflect.Uint64:
		return native(unsigned[uint64]()), true
	case reflect.Float32:
		return native(float[float32](32)), true
	case reflect.Float64:
		return native(float[float64](64)), true
	}
	return parsers{}, false
}

// isUUID recognises github.com/google/uuid.UUID without importing it: sixteen
// bytes, so parseUUID may fill it.
func isUUID(t reflect.Type) bool {
	return t.PkgPath() == "github.com/google/uuid" && t.Name() == "UUID" && t.Kind() == reflect.Array &&
		t.Len() == len(uuid{}) && t.Elem().Kind() == reflect.Uint8
}

// isForeign tells types that read their own text.
func isForeign(t reflect.Type) bool {
	return t.Kind() != reflect.Interface && t != reflect.TypeFor[time.Time]() && !isUUID(t) &&
		reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
}

// foreign makes the parsers of a type that unmarshals its own text.
func foreign(t reflect.Type) parsers {
	slice := reflect.SliceOf(t)
	return parsers{
		foreign: true,
		set: func(p Pointer, raw []byte) string {
			return unmarshalText(valueAt(p, t).Addr(), raw)
		},
		push: func(p Pointer, raw []byte) string {
			elem := reflect.New(t)
			if msg := unmarshalText(elem, raw); msg != "" {
				return msg
			}
			list := valueAt(p, slice)
			list.Set(reflect.Append(list, elem.Elem()))
			return ""
		},
		fresh: func() Pointer { return newOf(t) },
	}
}

// maxMessage is how many bytes of a TextUnmarshaler's error are shown.
const maxMessage = 200

func unmarshalText(v reflect.Value, raw []byte) string {
	if !utf8.Valid(raw) {
		return msgUTF8
	}
	if words := schema.TooLarge(v.Type().Elem(), raw); words != "" {
		return words
	}
	err := v.Interface().(encoding.TextUnmarshaler).UnmarshalText(append([]byte(nil), raw...))
	if err == nil {
		return ""
	}
	if words := schema.Words(v.Type().Elem()); words != "" {
		return words
	}
	msg := err.Error()
	if msg == "" {
		return msgInvalid
	}
	return strings.ToValidUTF8(msg[:min(len(msg), maxMessage)], "")
}

// discreet hides the messages of a secret's own unmarshaler, which like to quote
// what they were given.
func discreet(set setter) setter {
	return func(p Pointer, raw []byte) string {
		if set(p, raw) != "" {
			return msgInvalid
		}
		return ""
	}
}

// throughPointer makes a setter of *T from one of T. The pointer is set only when
// the value is good.
func throughPointer(c parsers) setter {
	return func(p Pointer, raw []byte) string {
		v := c.fresh()
		msg := c.set(v, raw)
		if msg == "" {
			*as[Pointer](p) = v
		}
		return msg
	}
}

// throughOpt makes a setter of Opt[T] from one of T.
func throughOpt(layout schema.OptLayout, c parsers) setter {
	return func(p Pointer, raw []byte) string {
		msg := c.set(at(p, layout.Value), raw)
		if msg == "" {
			*as[schema.OptState](at(p, layout.State)) = schema.OptSet
		}
		return msg
	}
}
