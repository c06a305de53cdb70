package schema

import (
	"encoding/json/jsontext"
	"fmt"
	"reflect"
	"strconv"

	"github.com/fasterapi/fasterapi/openapi"
	"github.com/fasterapi/fasterapi/secret"
)

// inline makes the schema of t itself; pointers and Opt are off.
func (r *Registry) inline(t reflect.Type, tags *Tags, where string) *openapi.Schema {
	if own := describedBy(t); own != nil {
		return tags.describe(own, t)
	}
	if tags == nil {
		p := tagReader{}
		tags = p.rules(t)
	}
	s := &openapi.Schema{}
	if written := writtenClass(t); r.dir == Out && written != ClassOf(t) {
		if written == ClassText { // its checks are of what is read
			s.Types = openapi.Types{"string"}
		}
		return s
	}
	switch class := ClassOf(t); class {
	case ClassBool:
		s.Types = openapi.Types{"boolean"}
	case ClassInt, ClassUint:
		describeInteger(s, t, class)
	case ClassFloat:
		s.Types, s.Format = openapi.Types{"number"}, map[int]string{32: "float", 64: "double"}[t.Bits()]
	case ClassText:
		s.Types = openapi.Types{"string"}
		switch {
		case isUUIDType(t):
			s.Format = "uuid"
		case secret.Is(t):
			s.Format = "password"
		}
	case ClassTime:
		s.Types, s.Format = openapi.Types{"string"}, "date-time"
	case ClassDuration:
		s.Types, s.Pattern = openapi.Types{"string"}, durationPattern
		return s // its bounds are for numbers: the description tells them
	case ClassBytes:
		describeBytes(s, t)
	case ClassList:
		s.Types, s.Items = openapi.Types{"array"}, r.of(t.Elem(), tags.Elem, where+"[]")
		if t.Kind() == reflect.Array {
			n := t.Len()
			s.MinItems, s.MaxItems = &n, &n
		}
	case ClassMap:
		s.Types, s.AdditionalProperties = openapi.Types{"object"}, r.of(t.Elem(), tags.Elem, where+"{}")
		s.PropertyNames = r.keys(t.Key())
	case ClassStruct:
		r.object(s, t, where)
	case ClassChoice:
		r.choice(s, t, where)
	case ClassInvalid:
		r.mistake(where, fmt.Errorf("%v has no JSON form", t))
	}
	tags.constrain(s)
	return s
}

func describeInteger(s *openapi.Schema, t reflect.Type, class Class) {
	s.Types = openapi.Types{"integer"}
	bits := t.Bits()
	switch {
	case bits == 64 && class == ClassInt:
		s.Format = "int64"
	case bits == 64:
		s.Format, s.Minimum = "uint64", jsontext.Value("0")
	case class == ClassInt:
		s.Format = "int" + strconv.Itoa(bits)
		s.Minimum = strconv.AppendInt(nil, -1<<(bits-1), 10)
		s.Maximum = strconv.AppendInt(nil, 1<<(bits-1)-1, 10)
	default:
		s.Format = "uint" + strconv.Itoa(bits)
		s.Minimum = jsontext.Value("0")
		s.Maximum = strconv.AppendInt(nil, 1<<bits-1, 10)
	}
}

func describeBytes(s *openapi.Schema, t reflect.Type) {
	s.Types, s.ContentEncoding = openapi.Types{"string"}, "base64"
	if t.Kind() == reflect.Array { // padding tells how many bytes the last group has
		digits, padding := (t.Len()*8+5)/6, (3-t.Len()%3)%3
		n := digits + padding
		if s.MinLength, s.MaxLength = &n, &n; digits <= 1000 { // more repetitions than RE2 takes
			s.Pattern = fmt.Sprintf("^[A-Za-z0-9+/]{%d}={%d}$", digits, padding)
		}
	}
}

// keys says which member names a map has; nil: any.
func (r *Registry) keys(key reflect.Type) *openapi.Schema {
	if checkedAs(key) == ClassText && describedBy(key) != nil {
		return r.of(key, nil, key.String())
	}
	tags, _ := TagsOf(key, "")
	if tags.enum != nil {
		s := &openapi.Schema{}
		for _, v := range tags.enum {
			if v.Kind() != '"' {
				v = jsontext.Value(quote(string(v)))
			}
			s.Enum = append(s.Enum, v)
		}
		return s
	}
	switch KeyClass(key) {
	case ClassInt:
		return &openapi.Schema{Pattern: "^-?(0|[1-9][0-9]*)$"}
	case ClassUint:
		return &openapi.Schema{Pattern: "^(0|[1-9][0-9]*)$"}
	}
	switch {
	case isUUIDType(key):
		return &openapi.Schema{Format: "uuid"}
	case ClassOf(key) == ClassDuration:
		return &openapi.Schema{Pattern: durationPattern}
	}
	return nil
}

// isUUIDType tells what is written as a UUID.
func isUUIDType(t reflect.Type) bool {
	return t.Kind() == reflect.Array && t.Len() == 16 && t.Name() == "UUID" && ClassOf(t) == ClassText
}

func (r *Registry) object(s *openapi.Schema, t reflect.Type, where string) {
	s.Types = openapi.Types{"object"}
	members, err := MembersOf(t)
	if err != nil {
		if !implements(t, marshalers...) {
			r.mistake(where, err)
		}
		return
	}
	for i := range members.List {
		m := &members.List[i]
		place := where + "." + m.Go
		tags, err := MemberTags(m)
		if err != nil {
			r.mistake(place, err)
			continue
		}
		if tags.Hidden(r.dir) {
			continue
		}
		if r.dir == Out && !m.Stringed { // what is read is held against its own tags by who reads it
			if message := tags.Misfit(m.Type); message != "" {
				r.mistake(place, fmt.Errorf("example %s: %s", tags.Example, message))
			}
		}
		member := r.member(m, tags, place)
		s.Properties = append(s.Properties, openapi.Named[*openapi.Schema]{Name: m.Name, Value: member})
		if tags.required(m, r.dir) {
			s.Required = append(s.Required, m.Name)
		}
	}
	switch {
	case members.Rest != nil && r.dir == Out && IsWriteOnly(members.Rest.Field):
	case members.Rest != nil:
		s.AdditionalProperties = r.others(members.Rest, where)
	case r.strict:
		s.AdditionalProperties = &openapi.Schema{Never: true}
	}
}

// others is the schema of the members that an `embed` map takes; nil: any.
func (r *Registry) others(rest *Member, where string) *openapi.Schema {
	t, _ := Strip(rest.Type)
	if t.Kind() != reflect.Map || ClassOf(t.Elem()) == ClassOther {
		return nil
	}
	return r.of(t.Elem(), nil, where+"."+rest.Go+"{}")
}

func (r *Registry) member(m *Member, tags *Tags, where string) *openapi.Schema {
	if !m.Stringed {
		return r.of(m.Type, tags, where)
	}
	s := &openapi.Schema{Types: openapi.Types{"string"}} // a number in quotes
	inner, nullable := Strip(m.Type)
	nullable = nullable && !tags.NotNull
	switch ClassOf(inner) {
	case ClassInt:
		s.Pattern = "^-?(0|[1-9][0-9]*)$"
		if nullable {
			s = orNull(s)
		}
	case ClassUint:
		s.Pattern = "^(0|[1-9][0-9]*)$"
		if nullable {
			s = orNull(s)
		}
	case ClassFloat:
		s.Pattern = `^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?$`
		if nullable {
			s = orNull(s)
		}
	default:
		return r.of(m.Type, tags, where)
	}
	tags.annotate(s)
	return s
}

// constrain copies the checks into s.
func (tags *Tags) constrain(s *openapi.Schema) {
	if tags == nil {
		return
	}
	for tag, field := range map[string]*jsontext.Value{
		"exclusiveMinimum": &s.ExclusiveMinimum, "exclusiveMaximum": &s.ExclusiveMaximum, "multipleOf": &s.MultipleOf,
	} {
		if text, ok := tags.words[tag]; ok {
			*field = jsontext.Value(text)
		}
	}
	if text, ok := tags.words["minimum"]; ok && tighter(text, s.Minimum, 1) {
		s.Minimum = jsontext.Value(text)
	}
	if text, ok := tags.words["maximum"]; ok && tighter(text, s.Maximum, -1) {
		s.Maximum = jsontext.Value(text)
	}
	for tag, field := range map[string]**int{
		"minLength": &s.MinLength, "maxLength": &s.MaxLength, "minItems": &s.MinItems, "maxItems": &s.MaxItems,
		"minProperties": &s.MinProperties, "maxProperties": &s.MaxProperties,
	} {
		if n, err := strconv.Atoi(tags.words[tag]); err == nil {
			*field = &n
		}
	}
	if f, ok := tags.words["format"]; ok {
		s.Format = f
	}
	if pattern, ok := tags.words["pattern"]; ok {
		s.Pattern = pattern
	}
	if tags.Rules.Unique() {
		s.UniqueItems = true
	}
	if tags.enum != nil {
		s.Enum = append(s.Enum, tags.enum...)
	}
}

// tighter tells whether the bound text leaves less than the bound that the
// type sets; sign is 1 for lower bounds, -1 for upper ones.
func tighter(text string, typed jsontext.Value, sign int) bool {
	if typed == nil {
		return true
	}
	var p tagReader
	_, a := p.decimal("", text)
	_, b := p.decimal("", string(typed))
	return a.Cmp(b)*sign > 0
}

// annotate copies what a field says about itself into s.
func (tags *Tags) annotate(s *openapi.Schema) {
	if tags == nil {
		return
	}
	if text := tags.Description(); text != "" {
		s.Description = text
	}
	if tags.Title != "" {
		s.Title = tags.Title
	}
	if !tags.Sensitive {
		s.Default = tags.Default
	}
	if tags.Example != nil {
		s.Examples = []jsontext.Value{tags.Example}
	}
	s.Deprecated, s.ReadOnly, s.WriteOnly = tags.Deprecated, tags.ReadOnly, tags.WriteOnly
}
