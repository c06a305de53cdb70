package schema

import (
	"encoding/json/jsontext"
	"encoding/json/v2"
	"errors"
	"fmt"
	"path"
	"reflect"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/fasterapi/fasterapi/openapi"
)

// Registry makes the schemas of types and collects the named ones. Use it at
// start-up.
//
// Owner: one goroutine at a time.
type Registry struct {
	prefix   string // of references: "#/$defs/"
	strict   bool
	defs     openapi.Map[*openapi.Schema]
	names    map[reflect.Type]string
	taken    map[string]reflect.Type
	mistakes []error
	variants variantNames
}

// NewRegistry returns an empty registry whose references begin with prefix,
// such as "#/$defs/" or "#/components/schemas/". With strict, objects refuse
// members that they do not name.
func NewRegistry(prefix string, strict bool) *Registry {
	return &Registry{prefix: prefix, strict: strict, names: map[reflect.Type]string{}, taken: map[string]reflect.Type{}}
}

// Reserve keeps names away from types: for schemas that are not made of types.
func (r *Registry) Reserve(names ...string) {
	for _, name := range names {
		r.taken[name] = reflect.TypeFor[Registry]()
	}
}

// Of returns the schema to put where a value of t stands: a reference for
// named structs, lists, maps and enums, else the schema itself.
func (r *Registry) Of(t reflect.Type) *openapi.Schema { return r.of(t, nil, t.String()) }

// Parameter returns the schema of a path, query, header or cookie value of
// type t with the tags of its field. Mistakes in the tags are left to the
// binder; a default that is not written as in JSON is left out.
func (r *Registry) Parameter(t reflect.Type, tag reflect.StructTag) *openapi.Schema {
	plan, _ := PlanOf(t, tag)
	inner, _ := Strip(t) // text has no null: the value is there or not
	return r.of(inner, plan, t.String())
}

// Defs returns the named schemas, in the order in which they were met.
func (r *Registry) Defs() openapi.Map[*openapi.Schema] { return r.defs }

// Err returns all mistakes in the types seen so far, each with the Go path of
// its field, joined; nil when there are none.
func (r *Registry) Err() error { return errors.Join(r.mistakes...) }

// Document returns the schema of t as a document of its own.
func Document(t reflect.Type, strict bool) ([]byte, error) {
	r := NewRegistry("#/$defs/", strict)
	s := r.Of(t)
	if again := r.Again(); again != nil {
		r, s = again, again.Of(t)
	}
	if err := r.Err(); err != nil {
		return nil, err
	}
	s.Dialect, s.Defs = "https://json-schema.org/draft/2020-12/schema", r.Defs()
	return json.Marshal(s, json.Deterministic(true))
}

func (r *Registry) mistake(where string, err error) {
	r.mistakes = append(r.mistakes, fmt.Errorf("schema: %s: %w", where, err))
}

// of makes the schema of t with the rules of plan, which may be nil.
func (r *Registry) of(t reflect.Type, plan *Plan, where string) *openapi.Schema {
	inner, nullable := Strip(t)
	var s *openapi.Schema
	if r.named(inner) && !plan.Constrained() {
		s = r.reference(inner)
	} else {
		s = r.inline(inner, plan, where)
	}
	plan.annotate(s)
	if nullable && (plan == nil || !plan.NotNull) {
		s = orNull(s)
	}
	return s
}

// orNull makes s accept null too.
func orNull(s *openapi.Schema) *openapi.Schema {
	null := &openapi.Schema{Types: openapi.Types{"null"}}
	switch {
	case s.Ref != "" || len(s.OneOf) > 0:
		outer := &openapi.Schema{AnyOf: []*openapi.Schema{{Ref: s.Ref, OneOf: s.OneOf, Discriminator: s.Discriminator}, null}}
		outer.Description, outer.Title, outer.Default, outer.Examples = s.Description, s.Title, s.Default, s.Examples
		outer.Deprecated, outer.ReadOnly, outer.WriteOnly = s.Deprecated, s.ReadOnly, s.WriteOnly
		return outer
	case len(s.Types) > 0:
		s.Types = append(s.Types, "null")
	}
	if len(s.Enum) > 0 {
		s.Enum = append(s.Enum, jsontext.Value("null"))
	}
	return s // without types it accepts everything already
}

// named tells whether t gets a definition of its own.
func (r *Registry) named(t reflect.Type) bool {
	if t.Name() == "" || t.PkgPath() == "" {
		return false
	}
	if own, err := askSchema(t); own != nil || err != nil {
		return true
	}
	switch ClassOf(t) {
	case ClassStruct, ClassList, ClassMap, ClassChoice:
		return true
	case ClassText, ClassInt, ClassUint:
		return enumOf(t) != nil
	}
	return false
}

func (r *Registry) reference(t reflect.Type) *openapi.Schema {
	r.variants.note(t, variantUse{})
	name, ok := r.names[t]
	if !ok {
		name = r.name(spell(t.Name()), t)
		r.names[t] = name
		r.define(name, t)
	}
	return &openapi.Schema{Ref: r.prefix + name}
}

// define makes the definition of t.
func (r *Registry) define(name string, t reflect.Type) *openapi.Schema {
	r.taken[name] = t
	at := len(r.defs)
	r.defs = append(r.defs, openapi.Named[*openapi.Schema]{Name: name}) // in place before its parts: a type may contain itself
	p := planner{}
	plan := p.rules(t)
	if len(p.mistakes) > 0 {
		r.mistake(t.String(), errors.Join(p.mistakes...))
	}
	r.defs[at].Value = r.inline(t, plan, t.String())
	return r.defs[at].Value
}

// name makes a name for t that fits components of OpenAPI: letters, digits,
// underscores. Type arguments are written behind: Page[User] is PageUser.
// A second type of the same name gets its package in front.
func (r *Registry) name(name string, t reflect.Type) string {
	for _, candidate := range []string{name, title(path.Base(t.PkgPath())) + name} {
		if r.taken[candidate] == nil {
			return candidate
		}
	}
	for n := 2; ; n++ {
		if candidate := name + strconv.Itoa(n); r.taken[candidate] == nil {
			return candidate
		}
	}
}

// spell turns the name of a type, "Page[example.org/a.User,[]int]", into
// "PageUserListInt": every package path goes, every word gets a capital.
func spell(name string) string {
	var b strings.Builder
	for word := range strings.FieldsFuncSeq(name, func(c rune) bool {
		return c == '[' || c == ',' || c == ']' || c == '*' || c == ' ' || c == '{' || c == '}' || c == ';' || c == '"'
	}) {
		if i := strings.LastIndexByte(word, '/'); i >= 0 {
			word = word[i+1:]
		}
		if i := strings.LastIndexByte(word, '.'); i >= 0 {
			word = word[i+1:]
		}
		b.WriteString(title(word))
	}
	return b.String()
}

// title keeps letters, digits and underscores of word, the first one upper case.
func title(word string) string {
	word = strings.Map(func(c rune) rune {
		if c == '_' || unicode.IsLetter(c) || unicode.IsDigit(c) {
			return c
		}
		return -1
	}, word)
	first, n := utf8.DecodeRuneInString(word)
	if n == 0 {
		return ""
	}
	return string(unicode.ToUpper(first)) + word[n:]
}
