package schema

import (
	"encoding/json/jsontext"
	"encoding/json/v2"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/fasterapi/fasterapi/openapi"
)

// A type that gives its own schema (openapi.Described) has it in the document, and the
// schema of a text or a number is checked too, like tags that stand at each field of the
// type. A tag of a field may narrow what the schema says, never widen it.

// describedBy returns the schema that t gives of itself, as a copy; nil: it gives none. It
// is asked of a zero value.
func describedBy(t reflect.Type) *openapi.Schema {
	s, _ := askSchema(t)
	return s
}

// askSchema is describedBy with the reason why the method of t gives none.
func askSchema(t reflect.Type) (s *openapi.Schema, err error) {
	if t.Kind() == reflect.Interface {
		return nil, nil
	}
	v := reflect.New(t)
	d, ok := v.Interface().(openapi.Described)
	if !ok {
		if m := v.MethodByName("JSONSchema"); m.IsValid() && m.Type().NumIn() == 0 && m.Type().NumOut() > 0 && m.Type().Out(0) == reflect.TypeFor[openapi.Schema]() {
			return nil, fmt.Errorf("it must return one *openapi.Schema, as openapi.Described has it, not %v", m.Type())
		}
		return nil, nil
	}
	defer func() { // of an embedded nil pointer, for one
		if r := recover(); r != nil {
			s, err = nil, fmt.Errorf("it panics on a zero value: %v", r)
		}
	}()
	own := d.JSONSchema()
	if own == nil {
		return &openapi.Schema{}, nil
	}
	return copySchema(own, maxNested)
}

// maxNested is how many schemas in schemas are copied: one may contain itself.
const maxNested = 64

var errNested = fmt.Errorf("it has more than %d schemas in schemas, or contains itself", maxNested)

// copySchema copies s with all schemas in it: the document changes its own.
func copySchema(s *openapi.Schema, deepest int) (*openapi.Schema, error) {
	if s == nil {
		return nil, nil
	}
	if deepest == 0 {
		return nil, errNested
	}
	own := *s
	own.Types, own.Enum, own.Examples, own.Required = slices.Clone(s.Types), slices.Clone(s.Enum), slices.Clone(s.Examples), slices.Clone(s.Required)
	own.Properties, own.Defs = slices.Clone(s.Properties), slices.Clone(s.Defs)
	own.AnyOf, own.OneOf, own.AllOf = slices.Clone(s.AnyOf), slices.Clone(s.OneOf), slices.Clone(s.AllOf)
	if s.Discriminator != nil {
		own.Discriminator = &openapi.Discriminator{PropertyName: s.Discriminator.PropertyName, Mapping: maps.Clone(s.Discriminator.Mapping)}
	}
	for _, part := range partsOf(&own) {
		inner, err := copySchema(*part, deepest-1)
		if err != nil {
			return nil, err
		}
		*part = inner
	}
	return &own, nil
}

// partsOf are the places of the schemas in s.
func partsOf(s *openapi.Schema) []**openapi.Schema {
	parts := []**openapi.Schema{&s.Items, &s.AdditionalProperties, &s.PropertyNames, &s.ContentSchema}
	for _, list := range [][]*openapi.Schema{s.AnyOf, s.OneOf, s.AllOf} {
		for i := range list {
			parts = append(parts, &list[i])
		}
	}
	for _, named := range []openapi.Map[*openapi.Schema]{s.Properties, s.Defs} {
		for i := range named {
			parts = append(parts, &named[i].Value)
		}
	}
	return parts
}

// checkedAs is the class by whose rules values of t are checked. That of types that read
// themselves as JSON is told by the schema that they give.
func checkedAs(t reflect.Type) Class {
	class := ClassOf(t)
	if class != ClassOther {
		return class
	}
	s := describedBy(t)
	if s == nil {
		return class
	}
	types := slices.DeleteFunc(slices.Clone(s.Types), func(name string) bool { return name == "null" })
	switch {
	case len(types) != 1:
	case types[0] == "string":
		return ClassText
	case types[0] == "number", types[0] == "integer":
		return ClassFloat
	}
	return class
}

// typeWords are the words of a described type that are checked, as tags have them.
func typeWords(t reflect.Type) map[string]string {
	s := describedBy(t)
	if s == nil {
		return nil
	}
	words := map[string]string{}
	for name, v := range map[string]jsontext.Value{
		"minimum": s.Minimum, "maximum": s.Maximum, "exclusiveMinimum": s.ExclusiveMinimum, "exclusiveMaximum": s.ExclusiveMaximum, "multipleOf": s.MultipleOf,
	} {
		if v != nil {
			words[name] = string(v)
		}
	}
	if s.MinLength != nil {
		words["minLength"] = strconv.Itoa(*s.MinLength)
	}
	if s.MaxLength != nil {
		words["maxLength"] = strconv.Itoa(*s.MaxLength)
	}
	if _, err := regexp.Compile(s.Pattern); s.Pattern != "" && err == nil { // else a mistake by itself
		words["pattern"] = s.Pattern
	}
	if formats[s.Format].check != nil { // others are for people
		words["format"] = s.Format
	}
	return words
}

// describedEnum are the values that the schema of t lists, as the tag enum has them.
func describedEnum(t reflect.Type) (words []string) {
	s := describedBy(t)
	if s == nil {
		return nil
	}
	for _, v := range append(s.Enum, appendSet(nil, s.Const)...) {
		var text string
		if json.Unmarshal(v, &text) != nil {
			text = string(v)
		}
		words = append(words, text)
	}
	return words
}

// narrowed checks that the word of a tag says more than that of the type, and not less.
func (p *tagReader) narrowed(name, tag, typed string) {
	if tag == typed {
		return
	}
	switch name {
	case "pattern", "format", "multipleOf":
		p.mistake("%s:%q does not go with the %s %q that the type has of its own: both would have to hold", name, tag, name, typed)
	case "minimum", "exclusiveMinimum", "minLength":
		if !tighter(tag, jsontext.Value(typed), 1) {
			p.mistake("%s:%q is below the %s that the type has of its own", name, tag, typed)
		}
	case "maximum", "exclusiveMaximum", "maxLength":
		if !tighter(tag, jsontext.Value(typed), -1) {
			p.mistake("%s:%q is above the %s that the type has of its own", name, tag, typed)
		}
	}
}

// describe makes s, the schema that t gives of itself, that of a field with words of its own.
func (tags *Tags) describe(s *openapi.Schema, t reflect.Type) *openapi.Schema {
	if !tags.Constrained() {
		return s
	}
	s.Examples = slices.DeleteFunc(s.Examples, func(v jsontext.Value) bool { return misfit(tags, s, t, v) != "" })
	if _, ok := tags.words["enum"]; ok {
		s.Enum, s.Const = nil, nil
		tags.constrain(s)
		return s
	}
	values := s.Enum
	s.Enum = nil
	tags.constrain(s)
	s.Enum = values
	return s
}

// schemaMistakes reports what is wrong with the schema that t gives of itself.
func (p *tagReader) schemaMistakes(tags *Tags, t reflect.Type) {
	s, err := askSchema(t)
	if s == nil && err == nil {
		return
	}
	if p.tag != "" { // what the type says is judged without the tags of a field
		own := tagReader{}
		own.rules(t)
		for _, err := range own.mistakes {
			if !slices.ContainsFunc(p.mistakes, func(known error) bool { return known.Error() == err.Error() }) {
				p.mistakes = append(p.mistakes, err)
			}
		}
		return
	}
	wrong := func(format string, args ...any) {
		p.mistake("JSONSchema of %v: %s", t, fmt.Sprintf(format, args...))
	}
	if err != nil {
		wrong("%v", err)
		return
	}
	if embedded := lentBy(t); embedded != nil {
		wrong("it is that of %v, which %v embeds: give %v a method of its own, or the field a name", embedded, t, t)
		return
	}
	if _, err := regexp.Compile(s.Pattern); err != nil {
		wrong("pattern %q: %v", s.Pattern, err)
	}
	written := writtenAs(t, ClassOf(t))
	for _, name := range s.Types {
		if written != "" && name != "null" && name != written && (written != "integer" || name != "number") {
			wrong("the type is %q, but %v is written as %s", name, t, article(written))
		}
	}
	if len(s.Defs) > 0 {
		wrong("$defs have no place in an OpenAPI document: put their schemas where they are used")
	}
	for _, list := range []struct {
		name   string
		values []jsontext.Value
	}{{"example", s.Examples}, {"enum value", s.Enum}, {"default", appendSet(nil, s.Default)}, {"const", appendSet(nil, s.Const)}} {
		for _, v := range list.values {
			if message := misfit(tags, s, t, v); message != "" {
				wrong("the %s %s %s", list.name, v, message)
			}
		}
	}
}

func appendSet(list []jsontext.Value, v jsontext.Value) []jsontext.Value {
	if v == nil {
		return list
	}
	return append(list, v)
}

// writtenAs is the JSON type of values of t, "" where only the value tells.
func writtenAs(t reflect.Type, class Class) string {
	if implements(t, marshalers[:2]...) || implements(t, marshalers[2:]...) != implements(t, unmarshalers[2]) {
		return ""
	}
	switch class {
	case ClassBool:
		return "boolean"
	case ClassInt, ClassUint:
		return "integer"
	case ClassFloat:
		return "number"
	case ClassText, ClassTime, ClassDuration, ClassBytes:
		return "string"
	case ClassList:
		return "array"
	case ClassMap, ClassStruct, ClassChoice:
		return "object"
	}
	return ""
}

func article(kind string) string {
	if strings.ContainsRune("aeiou", rune(kind[0])) {
		return "an " + kind
	}
	return "a " + kind
}

// misfit tells why v, of the schema that t gives, is no value of t; "" if it is one.
func misfit(tags *Tags, s *openapi.Schema, t reflect.Type, v jsontext.Value) string {
	if !v.IsValid() {
		return "is no JSON"
	}
	if len(s.Types) > 0 && !slices.ContainsFunc(s.Types, func(name string) bool { return isOf(v, name) }) {
		return "is not of the type " + strings.Join(s.Types, " or ")
	}
	switch ClassOf(t) {
	case ClassBool, ClassInt, ClassUint, ClassFloat, ClassText, ClassOther:
	default:
		return "" // its parts are not this method's
	}
	if v.Kind() == 'n' || implements(t, marshalers[:2]...) && !implements(t, unmarshalers[:2]...) {
		return "" // it is written only
	}
	value := reflect.New(t)
	if err := json.Unmarshal(v, value.Interface()); err != nil {
		return "is not a value: " + err.Error()
	}
	switch ClassOf(t) {
	case ClassInt, ClassUint, ClassFloat:
		return strings.Join(tags.Check(value.Elem()), ", ")
	}
	return strings.Join(tags.Rules.JSON(v, nil), ", ")
}

// isOf tells whether v is of a JSON type.
func isOf(v jsontext.Value, name string) bool {
	switch v.Kind() {
	case 'n':
		return name == "null"
	case 't', 'f':
		return name == "boolean"
	case '"':
		return name == "string"
	case '[':
		return name == "array"
	case '{':
		return name == "object"
	}
	return name == "number" || name == "integer" && !strings.ContainsAny(string(v), ".eE")
}

// lentBy is the embedded type whose method JSONSchema stands for the struct t, though t
// is written with all its members; nil: there is none.
func lentBy(t reflect.Type) reflect.Type {
	if ClassOf(t) != ClassStruct {
		return nil
	}
	whole := describedBy(t)
	for f := range t.Fields() {
		inner := f.Type
		if inner.Kind() == reflect.Pointer {
			inner = inner.Elem()
		}
		if f.Anonymous && reflect.DeepEqual(describedBy(inner), whole) {
			return inner
		}
	}
	return nil
}
