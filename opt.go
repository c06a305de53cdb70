package fasterapi

import (
	"encoding/json/jsontext"
	"reflect"

	"github.com/fasterapi/fasterapi/internal/schema"
)

// Opt is a member of a body, or a parameter, that may be absent, null or a T.
// The zero value is absent. With the json option omitzero an absent one is left
// out of responses; without it, it is written as null.
//
//	type PatchUser struct {
//		Name fasterapi.Opt[string] `json:"name,omitzero" maxLength:"80"`
//	}
type Opt[T any] struct{ held schema.Opt[T] }

// Some returns an Opt that holds v.
func Some[T any](v T) Opt[T] { return Opt[T]{schema.Some(v)} }

// Null returns an Opt that is null.
func Null[T any]() Opt[T] { return Opt[T]{schema.Null[T]()} }

// Get returns the value and whether there is one.
func (o Opt[T]) Get() (T, bool) { return o.held.Get() }

// Or returns the value, or fallback when there is none.
func (o Opt[T]) Or(fallback T) T { return o.held.Or(fallback) }

// IsZero tells whether o is absent; encoding/json's omitzero asks it.
func (o Opt[T]) IsZero() bool { return o.held.IsZero() }

// IsNull tells whether o is null.
func (o Opt[T]) IsNull() bool { return o.held.IsNull() }

// MarshalJSONTo writes the value, or null.
func (o Opt[T]) MarshalJSONTo(enc *jsontext.Encoder) error { return o.held.MarshalJSONTo(enc) }

// UnmarshalJSONFrom reads null or a value.
func (o *Opt[T]) UnmarshalJSONFrom(dec *jsontext.Decoder) error { return o.held.UnmarshalJSONFrom(dec) }

// Maybe is a member of a body, or a parameter, that may be absent or a T, and never null,
// as those of a merge patch whose members can be changed but not removed:
//
//	type PatchUser struct {
//		Name fasterapi.Maybe[string] `json:"name,omitzero" maxLength:"80"`
//	}
//
// null is refused, and the document says so; encoding/json does the same. The zero value
// is absent. In a response a member must have the json option omitzero: an absent one can
// only be left out. The tag nullable:"false" makes the framework refuse null of an [Opt]
// or a pointer too.
type Maybe[T any] struct{ held schema.Maybe[T] }

// Just returns a Maybe that holds v.
func Just[T any](v T) Maybe[T] { return Maybe[T]{schema.Just(v)} }

// Get returns the value and whether there is one.
func (m Maybe[T]) Get() (T, bool) { return m.held.Get() }

// Or returns the value, or fallback when there is none.
func (m Maybe[T]) Or(fallback T) T {
	if v, ok := m.held.Get(); ok {
		return v
	}
	return fallback
}

// IsZero tells whether m is absent; encoding/json's omitzero asks it.
func (m Maybe[T]) IsZero() bool { return m.held.IsZero() }

// MarshalJSONTo writes the value.
func (m Maybe[T]) MarshalJSONTo(enc *jsontext.Encoder) error { return m.held.MarshalJSONTo(enc) }

// UnmarshalJSONFrom reads a value.
func (m *Maybe[T]) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	return m.held.UnmarshalJSONFrom(dec)
}

// Choice lists the types that a struct with the method OneOf() Choice stands for:
// the document holds one of the variants, told apart by the member Discriminator.
// The struct has one exported field, of an interface type that all variants
// implement.
//
//	type Payment struct{ Method any }
//
//	func (Payment) OneOf() fasterapi.Choice {
//		return fasterapi.Choice{Discriminator: "kind", Variants: []fasterapi.Variant{
//			fasterapi.VariantOf[Card]("card"), fasterapi.VariantOf[Transfer]("transfer"),
//		}}
//	}
type Choice struct {
	Discriminator string    // name of the string member that tells the variants apart; every variant has it
	Variants      []Variant // at least one
}

// Variant is one alternative of a [Choice].
type Variant struct {
	Name string       // value of the discriminator
	Type reflect.Type // struct type
}

// VariantOf is the variant that holds a T when the discriminator is name.
func VariantOf[T any](name string) Variant { return Variant{Name: name, Type: reflect.TypeFor[T]()} }
