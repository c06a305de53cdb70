package schema

import (
	"reflect"
	"strconv"

	"github.com/fasterapi/fasterapi/secret"
)

// HasSecret tells whether a value of type t has a sensitive part somewhere:
// when it is not what it should be, nothing of it may be repeated, because the
// part may stand in its place. {"login": "hunter2"} is a wrong login.
func HasSecret(t reflect.Type) bool { return hasSecret(t, map[reflect.Type]bool{}) }

func hasSecret(t reflect.Type, seen map[reflect.Type]bool) bool {
	t, _ = Strip(t)
	if secret.Is(t) {
		return true
	}
	if seen[t] {
		return false // looked at already, or being looked at: a type may contain itself
	}
	seen[t] = true
	if choice, ok, _ := ChoiceOf(t); ok {
		for _, v := range choice.Variants {
			if v.Type != nil && hasSecret(v.Type, seen) {
				return true
			}
		}
		return false
	}
	switch t.Kind() {
	case reflect.Slice, reflect.Array:
		return hasSecret(t.Elem(), seen)
	case reflect.Map:
		return hasSecret(t.Key(), seen) || hasSecret(t.Elem(), seen)
	case reflect.Struct:
		for f := range t.Fields() {
			if IsSensitive(f) || hasSecret(f.Type, seen) {
				return true
			}
		}
	}
	return false
}

// IsSensitive tells whether the type of a field, or its tags, say that its value must
// not be repeated.
func IsSensitive(f reflect.StructField) bool {
	if isSecret(f.Type) {
		return true
	}
	if v, err := strconv.ParseBool(f.Tag.Get("sensitive")); err == nil {
		return v
	}
	return IsPassword(f.Tag)
}

// isSecret tells whether values of t are secrets of package secret, or lists or maps of
// nothing else.
func isSecret(t reflect.Type) bool {
	for range 8 { // type L []L has no end
		t, _ = Strip(t)
		switch t.Kind() {
		case reflect.Slice, reflect.Array, reflect.Map:
			t = t.Elem()
		default:
			return secret.Is(t)
		}
	}
	return false
}
