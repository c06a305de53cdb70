package fasterapi

import "github.com/fasterapi/fasterapi/internal/schema"

// Opt is a member of a body, or a parameter, that may be absent, null or a T.
// The zero value is absent. Get returns the value and whether there is one, Or
// the value or another; IsZero tells whether it is absent and IsNull whether it
// is null. With the json option omitzero an absent one is left out of responses.
//
//	type PatchUser struct {
//		Name fasterapi.Opt[string] `json:"name,omitzero" maxLength:"80"`
//	}
type Opt[T any] = schema.Opt[T]

// Some returns an Opt that holds v.
func Some[T any](v T) Opt[T] { return schema.Some(v) }

// Null returns an Opt that is null.
func Null[T any]() Opt[T] { return schema.Null[T]() }

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
type Choice = schema.Choice

// Variant is one alternative of a [Choice].
type Variant = schema.Variant

// VariantOf is the variant that holds a T when the discriminator is name.
func VariantOf[T any](name string) Variant { return schema.VariantOf[T](name) }
