package schema

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// elsewhere are the tags that say from where a field of an input comes. No member of JSON comes from there.
var elsewhere = []string{"path", "query", "header", "cookie", "inject"}

// Checking returns those tags of a field that check its value, or let it be absent.
func Checking(tag reflect.StructTag) (names []string) {
	for _, name := range slices.Concat(numberTags, textTags, wordTags, itemTags, memberTags, []string{"default", "required"}) {
		if _, ok := tag.Lookup(name); ok {
			names = append(names, name)
		}
	}
	return names
}

// Unread finds fields of the struct t, and of those embedded in it, whose tags look as if something came of
// them, though JSON has no member for the field: it is not exported, or says json:"-".
func Unread(t reflect.Type) (mistakes []error) { return unread(t, map[reflect.Type]bool{}) }

func unread(t reflect.Type, seen map[reflect.Type]bool) (mistakes []error) {
	if seen[t] {
		return nil
	}
	seen[t] = true
	for f := range t.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		inner := f.Type
		if inner.Kind() == reflect.Pointer {
			inner = inner.Elem()
		}
		_, injected := f.Tag.Lookup("inject")
		switch {
		case f.Tag.Get("json") == "-":
			mistakes = append(mistakes, unreadField(&f, `json:"-"`)...)
		case f.Anonymous && name == "" && inner.Kind() == reflect.Struct:
			mistakes = append(mistakes, unread(inner, seen)...)
		case !f.IsExported() && !f.Anonymous:
			mistakes = append(mistakes, unreadField(&f, "a name that is not exported")...)
		case injected:
			mistakes = append(mistakes, fmt.Errorf("field %s is a member of JSON, and nothing is injected there: inject is for fields of an input", f.Name))
		}
	}
	return mistakes
}

// unreadField is what the tags of f promise in vain.
func unreadField(f *reflect.StructField, why string) (mistakes []error) {
	for _, name := range elsewhere {
		if _, ok := f.Tag.Lookup(name); ok {
			mistakes = append(mistakes, fmt.Errorf("field %s has %s and the tag %s, which is read in the input itself and not in a body: nothing fills it", f.Name, why, name))
		}
	}
	if names := Checking(f.Tag); len(names) > 0 {
		mistakes = append(mistakes, fmt.Errorf("field %s has %s, so nothing fills it, and these tags check nothing: %s", f.Name, why, strings.Join(names, ", ")))
	}
	for _, wrong := range Misspelt(f.Tag) {
		mistakes = append(mistakes, fmt.Errorf("field %s: %w", f.Name, wrong))
	}
	return mistakes
}
