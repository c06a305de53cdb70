package describe

import (
	"bytes"
	"encoding/json/jsontext"
	"encoding/json/v2"
	"reflect"

	"github.com/fasterapi/fasterapi/internal/bind"
	"github.com/fasterapi/fasterapi/internal/schema"
	"github.com/fasterapi/fasterapi/openapi"
)

// What a request shows has no members that are read only: clients must not send them
// (OpenAPI 3.0.3 section 4.7.24.1), and tools refuse examples that have them.

// withoutReadOnly takes the members off text, a value of t, that are read only.
func withoutReadOnly(text jsontext.Value, t reflect.Type) jsontext.Value {
	t, _ = schema.Strip(t)
	switch schema.ClassOf(t) {
	case schema.ClassList:
		return eachPart(text, func(string) (reflect.Type, bool) { return t.Elem(), true })
	case schema.ClassMap:
		return eachPart(text, func(string) (reflect.Type, bool) { return t.Elem(), true })
	case schema.ClassStruct:
		return structWithoutReadOnly(text, t)
	case schema.ClassChoice:
		c, _, _ := schema.ChoiceOf(t)
		var members map[string]jsontext.Value
		if json.Unmarshal(text, &members) != nil {
			return text
		}
		for _, v := range c.Variants {
			var name string
			if json.Unmarshal(members[c.Discriminator], &name) == nil && name == v.Name {
				return structWithoutReadOnly(text, v.Type)
			}
		}
	}
	return text
}

// body is the type of the JSON body; nil: there is none.
func (r *Route) body() reflect.Type {
	for _, f := range r.Fields {
		if f.In == bind.Body && !f.Raw {
			return f.Type
		}
	}
	return nil
}

func structWithoutReadOnly(text jsontext.Value, t reflect.Type) jsontext.Value {
	members, err := schema.MembersOf(t)
	if err != nil {
		return text // a mistake of the route already
	}
	types, hidden := map[string]reflect.Type{}, map[string]bool{}
	for i := range members.List {
		m := &members.List[i]
		plan, _ := schema.MemberPlan(m)
		types[m.Name], hidden[m.Name] = m.Type, plan.ReadOnly
	}
	return eachPart(text, func(name string) (reflect.Type, bool) { return types[name], !hidden[name] })
}

// eachPart writes the items or members of text again: those that typeOf keeps, without what
// is read only in their types; nil: any. Other values stay.
func eachPart(text jsontext.Value, typeOf func(name string) (t reflect.Type, keep bool)) jsontext.Value {
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
			value = withoutReadOnly(value, t)
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
