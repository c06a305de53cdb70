package schema

import (
	"reflect"
	"strconv"
)

// HasSecret tells whether a value of type t has a sensitive part somewhere:
// when it is not what it should be, nothing of it may be repeated, because the
// part may stand in its place. {"login": "hunter2"} is a wrong login.
func HasSecret(t reflect.Type) bool { return hasSecret(t, map[reflect.Type]bool{}) }

func hasSecret(t reflect.Type, seen map[reflect.Type]bool) bool {
	t, _ = Strip(t)
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
			if IsSensitive(f.Tag) || hasSecret(f.Type, seen) {
				return true
			}
		}
	}
	return false
}

// IsSensitive tells what the tags of a field say: its value must not be
// repeated.
func IsSensitive(tag reflect.StructTag) bool {
	if v, err := strconv.ParseBool(tag.Get("sensitive")); err == nil {
		return v
	}
	return IsPassword(tag)
}
