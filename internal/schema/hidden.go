package schema

import (
	"bytes"
	"encoding/json/jsontext"
	"encoding/json/v2"
	"reflect"
	"strconv"

	"github.com/fasterapi/fasterapi/openapi"
)

// IsWriteOnly tells whether a field is no part of answers: its tags say so, or it is a
// secret by its type.
func IsWriteOnly(f reflect.StructField) bool {
	v, err := strconv.ParseBool(f.Tag.Get("writeOnly"))
	return err == nil && v || isSecret(f.Type)
}

// HasWriteOnly tells whether a field of t, or of a type in it, is write only.
func HasWriteOnly(t reflect.Type) bool { return hasWriteOnly(t, map[reflect.Type]bool{}) }

func hasWriteOnly(t reflect.Type, seen map[reflect.Type]bool) bool {
	t, _ = Strip(t)
	if seen[t] {
		return false
	}
	seen[t] = true
	if choice, ok, _ := ChoiceOf(t); ok {
		for _, v := range choice.Variants {
			if v.Type != nil && hasWriteOnly(v.Type, seen) {
				return true
			}
		}
		return false
	}
	switch t.Kind() {
	case reflect.Slice, reflect.Array, reflect.Map:
		return hasWriteOnly(t.Elem(), seen)
	case reflect.Struct:
		for f := range t.Fields() {
			if IsWriteOnly(f) || hasWriteOnly(f.Type, seen) {
				return true
			}
		}
	}
	return false
}

// HoldsAnything tells whether t, or a type in it, is an interface.
func HoldsAnything(t reflect.Type) bool { return holdsAnything(t, map[reflect.Type]bool{}) }

func holdsAnything(t reflect.Type, seen map[reflect.Type]bool) bool {
	t, _ = Strip(t)
	if seen[t] {
		return false
	}
	seen[t] = true
	switch t.Kind() {
	case reflect.Interface:
		return true
	case reflect.Slice, reflect.Array, reflect.Map:
		return holdsAnything(t.Elem(), seen)
	case reflect.Struct:
		for f := range t.Fields() {
			if holdsAnything(f.Type, seen) {
				return true
			}
		}
	}
	return false
}

// Without takes the members off text, a value of t, that values which go this way do not
// have (Tags.Hidden), however deep. What is no value of t stays.
func Without(text jsontext.Value, t reflect.Type, d Direction) jsontext.Value {
	t, _ = Strip(t)
	switch ClassOf(t) {
	case ClassList, ClassMap:
		return eachPart(text, func(string) (reflect.Type, bool) { return t.Elem(), true }, d)
	case ClassStruct:
		return structWithout(text, t, d)
	case ClassChoice:
		c, _, _ := ChoiceOf(t)
		var members map[string]jsontext.Value
		if json.Unmarshal(text, &members) != nil {
			return text
		}
		for _, v := range c.Variants {
			var name string
			if json.Unmarshal(members[c.Discriminator], &name) == nil && name == v.Name {
				return structWithout(text, v.Type, d)
			}
		}
	}
	return text
}

func structWithout(text jsontext.Value, t reflect.Type, d Direction) jsontext.Value {
	members, err := MembersOf(t)
	if err != nil {
		return text // a mistake of the route already
	}
	types, hidden := map[string]reflect.Type{}, map[string]bool{}
	for i := range members.List {
		m := &members.List[i]
		tags, _ := MemberTags(m)
		types[m.Name], hidden[m.Name] = m.Type, tags.Hidden(d)
	}
	var others reflect.Type
	drop := false
	if rest := members.Rest; rest != nil {
		drop = d == Out && IsWriteOnly(rest.Field)
		if inner, _ := Strip(rest.Type); inner.Kind() == reflect.Map {
			others = inner.Elem()
		}
	}
	return eachPart(text, func(name string) (reflect.Type, bool) {
		if known, ok := types[name]; ok {
			return known, !hidden[name]
		}
		return others, !drop
	}, d)
}

// eachPart writes the items or members of text again: those that typeOf keeps, without what
// is hidden in their types; nil: any. Other values stay.
func eachPart(text jsontext.Value, typeOf func(name string) (t reflect.Type, keep bool), d Direction) jsontext.Value {
	kind := text.Kind()
	if kind != '{' && kind != '[' {
		return text
	}
	var items []jsontext.Value
	var members openapi.Map[jsontext.Value]
	dec := jsontext.NewDecoder(bytes.NewReader(text))
	if _, err := dec.ReadToken(); err != nil {
		return text
	}
	for dec.PeekKind() != '}' && dec.PeekKind() != ']' {
		name := ""
		if kind == '{' {
			token, err := dec.ReadToken()
			if err != nil {
				return text
			}
			name = token.String()
		}
		value, err := dec.ReadValue()
		if err != nil {
			return text
		}
		t, keep := typeOf(name)
		if !keep {
			continue
		}
		value = value.Clone()
		if t != nil {
			value = Without(value, t, d)
		}
		items, members = append(items, value), append(members, openapi.Named[jsontext.Value]{Name: name, Value: value})
	}
	var parts any = items
	if kind == '{' {
		parts = members
	}
	if again, err := json.Marshal(parts); err == nil {
		return again
	}
	return text
}
