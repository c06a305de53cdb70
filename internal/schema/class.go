package schema

import (
	"reflect"
	"time"
)

// Class is what a Go type is in JSON.
type Class uint8

// The classes of types.
const (
	ClassOther    Class = iota // any JSON value: interfaces, types with JSON methods
	ClassBool                  // true, false
	ClassInt                   // signed integers
	ClassUint                  // unsigned integers
	ClassFloat                 // float32, float64
	ClassText                  // strings and types with text methods
	ClassTime                  // time.Time
	ClassDuration              // time.Duration, written as package time writes it: "1h30m0s"
	ClassBytes                 // []byte and [N]byte: base64
	ClassList                  // slices and arrays
	ClassMap                   // maps; the names are strings, numbers or texts
	ClassStruct                // structs
	ClassChoice                // unions: structs with a OneOf method
	ClassInvalid               // no JSON form
)

// ClassOf classifies t. Pointers and Opt must have been taken off.
func ClassOf(t reflect.Type) Class {
	switch {
	case t == reflect.TypeFor[time.Time]():
		return ClassTime
	case t == reflect.TypeFor[time.Duration]():
		return ClassDuration
	case t.Kind() == reflect.Interface:
		return ClassOther
	}
	if _, ok, _ := ChoiceOf(t); ok {
		return ClassChoice
	}
	switch {
	case implements(t, unmarshalers[:2]...):
		return ClassOther
	case implements(t, unmarshalers[2]):
		return ClassText
	}
	switch t.Kind() {
	case reflect.Bool:
		return ClassBool
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return ClassInt
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return ClassUint
	case reflect.Float32, reflect.Float64:
		return ClassFloat
	case reflect.String:
		return ClassText
	case reflect.Struct:
		return ClassStruct
	case reflect.Slice, reflect.Array:
		if t.Elem().Kind() == reflect.Uint8 && t.Elem().PkgPath() == "" {
			return ClassBytes
		}
		return ClassList
	case reflect.Map:
		return classOfMap(t)
	}
	return ClassInvalid
}

func classOfMap(t reflect.Type) Class {
	k := t.Key()
	if looksLikeChoice(k, 0) {
		return ClassInvalid // its JSON methods make objects
	}
	if implements(k, unmarshalers...) {
		return ClassMap
	}
	switch ClassOf(k) {
	case ClassText, ClassInt, ClassUint, ClassFloat, ClassDuration:
		return ClassMap
	}
	return ClassInvalid
}

// KeyClass classifies the type of a map's names. ClassOther are those that
// encoding/json/v2 turns into keys: types with methods of their own, floats,
// durations.
func KeyClass(k reflect.Type) Class {
	if implements(k, unmarshalers...) {
		return ClassOther
	}
	switch class := ClassOf(k); class {
	case ClassText, ClassInt, ClassUint:
		return class
	}
	return ClassOther
}

// Strip takes pointers and Opt off t. It tells whether null is a value.
func Strip(t reflect.Type) (inner reflect.Type, nullable bool) {
	for range 8 { // type P *P has no end
		if o, ok := OptOf(t); ok {
			t, nullable = o.Elem, nullable || !o.NotNull
			continue
		}
		if t.Kind() != reflect.Pointer {
			break
		}
		t, nullable = t.Elem(), true
	}
	return t, nullable
}
