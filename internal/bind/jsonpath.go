package bind

import (
	"encoding"
	"encoding/json/jsontext"
	"encoding/json/v2"
	"reflect"
	"strings"

	"github.com/fasterapi/fasterapi/problem"
)

// bodyLocation renders a JSON pointer (RFC 6901) below a value of type t: /items/3/price is body.items[3].price.
// The type tells an array index from an object name that is a number.
func bodyLocation(t reflect.Type, ptr jsontext.Pointer) string {
	var b strings.Builder
	b.WriteString("body")
	for token := range ptr.Tokens() {
		if len(token) > problem.MaxValue {
			token = token[:problem.MaxValue]
		}
		t = pointee(t)
		switch {
		case t == nil && isIndex(token), t != nil && (t.Kind() == reflect.Slice || t.Kind() == reflect.Array):
			b.WriteString("[" + token + "]")
		default:
			b.WriteString("." + token)
		}
		t = child(t, token)
	}
	return b.String()
}

// pointee follows pointers; nil stands for a type whose JSON form is unknown.
func pointee(t reflect.Type) reflect.Type {
	for t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t == nil || t.Kind() == reflect.Interface || hasOwnDecoder(t) {
		return nil
	}
	return t
}

// child returns the type below a name or index, or nil when it is not known.
func child(t reflect.Type, token string) reflect.Type {
	if t == nil {
		return nil
	}
	switch t.Kind() {
	case reflect.Slice, reflect.Array, reflect.Map:
		return t.Elem()
	case reflect.Struct:
		for _, f := range reflect.VisibleFields(t) {
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if name == "" {
				name = f.Name
			}
			if name == token && f.IsExported() {
				return f.Type
			}
		}
	}
	return nil
}

func isIndex(token string) bool {
	for _, c := range token {
		if c < '0' || c > '9' {
			return false
		}
	}
	return token != ""
}

// hasOwnDecoder reports whether json leaves the decoding of t to t.
func hasOwnDecoder(t reflect.Type) bool {
	p := reflect.PointerTo(t)
	return p.Implements(reflect.TypeFor[json.UnmarshalerFrom]()) ||
		p.Implements(reflect.TypeFor[json.Unmarshaler]()) ||
		p.Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
}

// hasSecret reports whether a value of type t can hold a field tagged sensitive:"true".
func hasSecret(t reflect.Type, seen map[reflect.Type]bool) bool {
	if seen[t] {
		return false
	}
	seen[t] = true
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
		return hasSecret(t.Elem(), seen)
	case reflect.Struct:
		for i := range t.NumField() {
			f := t.Field(i)
			if f.Tag.Get("sensitive") == "true" || hasSecret(f.Type, seen) {
				return true
			}
		}
	}
	return false
}
