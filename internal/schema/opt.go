package schema

import (
	"encoding/json/jsontext"
	"encoding/json/v2"
	"errors"
	"reflect"
	"strings"
)

// Opt is a member that may be absent, null, or hold a T. The zero value is
// absent. With the json option `omitzero` an absent one is left out when
// written; without it, it is written as null.
//
//	type UserPatch struct {
//		Name schema.Opt[string] `json:"name,omitzero" maxLength:"80"`
//	}
//
// Owner: one goroutine at a time.
type Opt[T any] struct {
	value T
	state OptState
}

// OptState says which of the three an [Opt] is.
type OptState uint8

// The states of an Opt.
const (
	OptAbsent OptState = iota // the document does not have the member
	OptNull                   // the member is null
	OptSet                    // the member has a value
)

// Some returns an Opt that holds v.
func Some[T any](v T) Opt[T] { return Opt[T]{v, OptSet} }

// Null returns an Opt that is null.
func Null[T any]() Opt[T] { return Opt[T]{state: OptNull} }

// Get returns the value and whether there is one.
func (o Opt[T]) Get() (T, bool) { return o.value, o.state == OptSet }

// Or returns the value, or fallback when there is none.
func (o Opt[T]) Or(fallback T) T {
	if o.state == OptSet {
		return o.value
	}
	return fallback
}

// IsZero tells whether o is absent; encoding/json's omitzero asks it.
func (o Opt[T]) IsZero() bool { return o.state == OptAbsent }

// IsNull tells whether o is null.
func (o Opt[T]) IsNull() bool { return o.state == OptNull }

// MarshalJSONTo writes the value, or null.
func (o Opt[T]) MarshalJSONTo(enc *jsontext.Encoder) error {
	if o.state != OptSet {
		return enc.WriteToken(jsontext.Null)
	}
	return json.MarshalEncode(enc, &o.value)
}

// UnmarshalJSONFrom reads null or a value.
func (o *Opt[T]) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	*o = Opt[T]{}
	if dec.PeekKind() == 'n' {
		o.state = OptNull
		_, err := dec.ReadToken()
		return err
	}
	if err := json.UnmarshalDecode(dec, &o.value); err != nil {
		return err
	}
	o.state = OptSet
	return nil
}

// OptLayout says where the parts of an Opt are, for code that works on
// addresses.
//
// Owner: any (immutable after New).
type OptLayout struct {
	Elem  reflect.Type // T
	Value uintptr      // offset of the T, in bytes
	State uintptr      // offset of the OptState, in bytes
	// NotNull: it is a Maybe, which null is no value of.
	NotNull bool
}

// Maybe is a member that may be absent or hold a T, and is never null. The zero value is
// absent, and can only be written with the json option `omitzero`, which leaves it out.
//
// Owner: one goroutine at a time.
type Maybe[T any] struct {
	value T
	state OptState
}

// Just returns a Maybe that holds v.
func Just[T any](v T) Maybe[T] { return Maybe[T]{v, OptSet} }

// Get returns the value and whether there is one.
func (m Maybe[T]) Get() (T, bool) { return m.value, m.state == OptSet }

// IsZero tells whether m is absent; encoding/json's omitzero asks it.
func (m Maybe[T]) IsZero() bool { return m.state == OptAbsent }

// ErrAbsent is why an absent Maybe has no JSON.
var ErrAbsent = errors.New("an absent Maybe has no JSON: give its member the option omitzero")

var errNull = errors.New("must not be null")

// MarshalJSONTo writes the value.
func (m Maybe[T]) MarshalJSONTo(enc *jsontext.Encoder) error {
	if m.state != OptSet {
		return ErrAbsent
	}
	return json.MarshalEncode(enc, &m.value)
}

// UnmarshalJSONFrom reads a value.
func (m *Maybe[T]) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	*m = Maybe[T]{}
	if dec.PeekKind() == 'n' {
		return errNull
	}
	if err := json.UnmarshalDecode(dec, &m.value); err != nil {
		return err
	}
	m.state = OptSet
	return nil
}

// OptOf returns the layout of t when it is an Opt or a Maybe, or a struct of one, not exported, as
// that of the root package is. A struct that embeds one has its methods, but is none.
func OptOf(t reflect.Type) (OptLayout, bool) {
	state := reflect.TypeFor[OptState]()
	if t.Kind() == reflect.Struct && t.NumField() == 1 && !t.Field(0).IsExported() && !t.Field(0).Anonymous {
		t = t.Field(0).Type
	}
	notNull := strings.HasPrefix(t.Name(), "Maybe[")
	if t.Kind() != reflect.Struct || t.PkgPath() != state.PkgPath() || !notNull && !strings.HasPrefix(t.Name(), "Opt[") {
		return OptLayout{}, false
	}
	return OptLayout{Elem: t.Field(0).Type, Value: t.Field(0).Offset, State: t.Field(1).Offset, NotNull: notNull}, true
}

// enumOf returns what the method Enum of t lists, nil when it has none. One that
// returns no slice is something else, as in code made by protoc.
func enumOf(t reflect.Type) (values []reflect.Value) {
	enum := reflect.New(t).MethodByName("Enum")
	if !enum.IsValid() || enum.Type().NumIn() != 0 || enum.Type().NumOut() != 1 || enum.Type().Out(0).Kind() != reflect.Slice {
		return nil
	}
	list := enum.Call(nil)[0]
	for i := range list.Len() {
		v := list.Index(i)
		if v.Kind() == reflect.Interface {
			v = v.Elem()
		}
		values = append(values, v)
	}
	return values
}
