package schema

import (
	"encoding"
	"encoding/json/v2"
	"reflect"
)

var (
	marshalers = []reflect.Type{
		reflect.TypeFor[json.MarshalerTo](), reflect.TypeFor[json.Marshaler](),
		reflect.TypeFor[encoding.TextAppender](), reflect.TypeFor[encoding.TextMarshaler](),
	}
	unmarshalers = []reflect.Type{
		reflect.TypeFor[json.UnmarshalerFrom](), reflect.TypeFor[json.Unmarshaler](),
		reflect.TypeFor[encoding.TextUnmarshaler](),
	}
)

// hasMethods tells whether encoding/json/v2 would call a method of t or *t
// in either direction.
func hasMethods(t reflect.Type) bool {
	return implements(t, marshalers...) || implements(t, unmarshalers...)
}

// implements tells whether t or *t implements one of the interfaces, which is
// how encoding/json/v2 looks for methods: every value there is addressable.
func implements(t reflect.Type, interfaces ...reflect.Type) bool {
	for _, i := range interfaces {
		if t.Implements(i) || reflect.PointerTo(t).Implements(i) {
			return true
		}
	}
	return false
}
