package secret

import (
	"crypto/rand"
	"crypto/subtle"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"reflect"
	"strings"
)

// Hidden is what a secret is written as. One that is empty is written as the empty text, so
// that it shows what has not been set.
const Hidden = "***"

// Text is what can be secret.
type Text interface{ ~string | ~[]byte }

// Value is a text that is never printed. The zero value is empty. Two of the same text are
// equal to ==, which takes longer the more of them is equal: compare what a client sent with
// [Value.Equal].
//
// Owner: any (immutable after New).
type Value[T Text] struct{ masked string }

// String is a secret string.
type String = Value[string]

// Bytes is a secret of bytes, such as a key.
type Bytes = Value[[]byte]

// mask hides texts from code that looks into fields. It is made once, so that equal texts
// stay equal.
var mask = func() (m [256]byte) {
	_, _ = rand.Read(m[:]) // never fails
	return m
}()

// Of returns v as a secret. It copies v.
func Of[T Text](v T) Value[T] { return Value[T]{string(masked(string(v)))} }

// masked returns text with its mask put on, or taken off.
func masked(text string) []byte {
	out := []byte(text)
	for i := range out {
		out[i] ^= mask[i%len(mask)]
	}
	return out
}

// Reveal returns the text. Bytes are a copy.
func (s Value[T]) Reveal() T { return T(masked(s.masked)) }

// IsZero tells whether the text is empty.
func (s Value[T]) IsZero() bool { return s.masked == "" }

// Equal tells whether the text is v. The time that it takes tells only whether the lengths are
// the same.
func (s Value[T]) Equal(v T) bool {
	return subtle.ConstantTimeCompare(masked(s.masked), []byte(v)) == 1
}

// hidden is what s is written as.
func (s Value[T]) hidden() string {
	if s.IsZero() {
		return ""
	}
	return Hidden
}

// String returns [Hidden], or the empty text when s is empty.
func (s Value[T]) String() string { return s.hidden() }

// GoString returns what String returns, in quotes.
func (s Value[T]) GoString() string { return `"` + s.hidden() + `"` }

// Format implements [fmt.Formatter]: every verb writes what String returns, %q and %#v with quotes.
func (s Value[T]) Format(f fmt.State, verb rune) {
	text := s.hidden()
	if verb == 'q' || verb == 'v' && f.Flag('#') {
		text = s.GoString()
	}
	_, _ = io.WriteString(f, text)
}

// LogValue implements [slog.LogValuer] with what String returns.
func (s Value[T]) LogValue() slog.Value { return slog.StringValue(s.hidden()) }

// MarshalText implements [encoding.TextMarshaler], which JSON, XML and others use, with what
// String returns. The text itself cannot be written: a type that is sent or kept has a string
// for it.
func (s Value[T]) MarshalText() ([]byte, error) { return []byte(s.hidden()), nil }

// UnmarshalText implements [encoding.TextUnmarshaler]. It takes any text, and copies it.
func (s *Value[T]) UnmarshalText(text []byte) error {
	*s = Value[T]{string(masked(string(text)))}
	return nil
}

// Value implements [driver.Valuer]: as a parameter of a statement it is its text.
func (s Value[T]) Value() (driver.Value, error) {
	text := masked(s.masked)
	if reflect.TypeFor[T]().Kind() == reflect.String {
		return string(text), nil
	}
	return text, nil
}

var (
	errNull   = errors.New("secret: NULL is no text: scan into a pointer")
	errColumn = errors.New("secret: the column is neither a text nor bytes")
)

// Scan implements [database/sql.Scanner] for columns of texts and of bytes.
func (s *Value[T]) Scan(column any) error {
	switch v := column.(type) {
	case string:
		*s = Value[T]{string(masked(v))}
	case []byte:
		*s = Value[T]{string(masked(string(v)))}
	case nil:
		return errNull
	default:
		return errColumn
	}
	return nil
}

// Is tells whether values of t are secrets of this package.
func Is(t reflect.Type) bool {
	known := reflect.TypeFor[String]()
	return t.Kind() == reflect.Struct && t.PkgPath() == known.PkgPath() && strings.HasPrefix(t.Name(), "Value[")
}
