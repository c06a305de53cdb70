package fasterapi

import (
	"database/sql/driver"
	"encoding/json/jsontext"
	"reflect"

	"github.com/fasterapi/fasterapi/internal/codec"
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

// Value implements [driver.Valuer]: the value as drivers take it, nil when there is none.
func (o Opt[T]) Value() (driver.Value, error) { return columnOf(o.Get()) }

// Scan implements sql.Scanner: a column that is NULL is read as null. It fails with an
// error when the column does not fit into a T.
func (o *Opt[T]) Scan(column any) error {
	*o = Null[T]()
	v, ok, err := scanned[T](column)
	if ok {
		*o = Some(v)
	}
	return err
}

// scanned is a column as a T; ok is false when it is NULL or does not fit.
func scanned[T any](column any) (v T, ok bool, err error) {
	if column == nil {
		return v, false, nil
	}
	err = schema.ScanColumn(&v, column)
	return v, err == nil, err
}

// columnOf is a value as drivers of databases take it.
func columnOf[T any](v T, ok bool) (driver.Value, error) {
	if !ok {
		return nil, nil
	}
	return schema.ColumnValue(v)
}

// Maybe is a member of a body, or a parameter, that may be absent or a T, and never null,
// as those of a merge patch whose members can be changed but not removed:
//
//	type PatchUser struct {
//		Name fasterapi.Maybe[string] `json:"name,omitzero" maxLength:"80"`
//	}
//
// null is refused, and the document says so; encoding/json does the same. The zero value
// is absent. As a parameter of a statement it is its value, and NULL when it is absent; a column that
// is NULL is read as absent. In a response a member must have the json option omitzero: an absent one can
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

// Value implements [driver.Valuer]: the value as drivers take it, nil when it is absent.
func (m Maybe[T]) Value() (driver.Value, error) { return columnOf(m.Get()) }

// Scan implements sql.Scanner: a column that is NULL is read as absent. It fails with an
// error when the column does not fit into a T.
func (m *Maybe[T]) Scan(column any) error {
	*m = Maybe[T]{}
	v, ok, err := scanned[T](column)
	if ok {
		*m = Just(v)
	}
	return err
}

// Union is JSON that is one of several types: what Python writes as Circle | Square. The
// type of a union embeds it, with itself as the argument, and lists its types in a method
// OneOf:
//
//	type Shape struct{ fasterapi.Union[Shape] }
//
//	func (Shape) OneOf() fasterapi.Choice {
//		return fasterapi.Choice{Discriminator: "kind", Variants: []fasterapi.Variant{
//			fasterapi.VariantOf[Circle]("circle"), fasterapi.VariantOf[Square]("square"),
//		}}
//	}
//
//	shape := Shape{Of: Circle{Radius: 2}}	// {"kind":"circle","radius":2}
//
// Of holds a Circle or a Square, never a pointer once it has been read. The member "kind" says
// which it is: a variant without one is written with its own, and one with another's is an error,
// as is a Shape that holds nothing or something else. Where there may be none, say so with
// *Shape, Opt[Shape] or the json option omitzero.
//
// A union is read and written in the same way, and checked, wherever JSON is: in bodies,
// answers, streams and messages, in columns of a database, and by encoding/json and
// encoding/json/v2 anywhere else. It refuses an unknown kind and what the tags of its variants refuse; members
// that a variant does not have are skipped, unless the reader is to refuse them
// ([StrictBody], json.RejectUnknownMembers, Decoder.DisallowUnknownFields).
//
// [UnionOf] is a union whose variants share an interface.
type Union[S interface {
	~struct{ Union[S] }
	OneOf() Choice
}] struct {
	_ schema.Holder[S]
	// Of is the variant: a struct of one of the types that OneOf lists.
	Of any
}

// MarshalJSONTo writes the variant.
func (u Union[S]) MarshalJSONTo(enc *jsontext.Encoder) error {
	s := S(struct{ Union[S] }{u})
	return codec.MarshalTo(enc, &s)
}

// UnmarshalJSONFrom reads a variant and checks it. When it fails, u is as it was.
func (u *Union[S]) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	s := S(struct{ Union[S] }{*u})
	err := codec.UnmarshalFrom(dec, &s)
	*u = (struct{ Union[S] })(s).Union
	return err
}

// MarshalJSON returns the variant as JSON, for libraries that do not know MarshalJSONTo.
func (u Union[S]) MarshalJSON() ([]byte, error) {
	s := S(struct{ Union[S] }{u})
	return codec.Marshal(&s)
}

// UnmarshalJSON reads a variant and checks it, for libraries that do not know
// UnmarshalJSONFrom. When it fails, u is as it was.
func (u *Union[S]) UnmarshalJSON(text []byte) error {
	s := S(struct{ Union[S] }{*u})
	err := codec.Unmarshal(text, &s, false)
	*u = (struct{ Union[S] })(s).Union
	return err
}

// UnionOf is a [Union] whose variants implement I, so that the compiler refuses everything
// else in Of:
//
//	type method interface{ fee() int }
//
//	type Payment struct{ fasterapi.UnionOf[Payment, method] }
type UnionOf[S interface {
	~struct{ UnionOf[S, I] }
	OneOf() Choice
}, I any] struct {
	_ schema.Holder[S]
	// Of is the variant: a struct of one of the types that OneOf lists.
	Of I
}

// MarshalJSONTo writes the variant.
func (u UnionOf[S, I]) MarshalJSONTo(enc *jsontext.Encoder) error {
	s := S(struct{ UnionOf[S, I] }{u})
	return codec.MarshalTo(enc, &s)
}

// UnmarshalJSONFrom reads a variant and checks it. When it fails, u is as it was.
func (u *UnionOf[S, I]) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	s := S(struct{ UnionOf[S, I] }{*u})
	err := codec.UnmarshalFrom(dec, &s)
	*u = (struct{ UnionOf[S, I] })(s).UnionOf
	return err
}

// MarshalJSON returns the variant as JSON, for libraries that do not know MarshalJSONTo.
func (u UnionOf[S, I]) MarshalJSON() ([]byte, error) {
	s := S(struct{ UnionOf[S, I] }{u})
	return codec.Marshal(&s)
}

// UnmarshalJSON reads a variant and checks it, for libraries that do not know
// UnmarshalJSONFrom. When it fails, u is as it was.
func (u *UnionOf[S, I]) UnmarshalJSON(text []byte) error {
	s := S(struct{ UnionOf[S, I] }{*u})
	err := codec.Unmarshal(text, &s, false)
	*u = (struct{ UnionOf[S, I] })(s).UnionOf
	return err
}

// Choice lists the types of a [Union]: the member Discriminator tells them apart.
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
