package schema

import (
	"encoding/json/jsontext"
	"encoding/json/v2"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/fasterapi/fasterapi/openapi"
)

// Registry makes the schemas of types and collects the named ones. Use it at
// start-up.
//
// Owner: one goroutine at a time.
type Registry struct {
	prefix   string // of references: "#/$defs/"
	strict   bool
	dir      Direction
	defs     openapi.Map[*openapi.Schema]
	index    map[definition]int // of defs
	unions   map[definition][]reflect.Type
	differ   map[typeUse]bool
	names    map[definition]string // nil: the first time, see names.go
	reserved []string
	taken    map[string]bool
	mistakes []error
	told     int // mistakes that Mistakes has returned
}

const mistakePrefix = "schema: "

// NewRegistry returns an empty registry whose references begin with prefix,
// such as "#/$defs/" or "#/components/schemas/". With strict, objects refuse
// members that they do not name.
func NewRegistry(prefix string, strict bool) *Registry {
	return &Registry{
		prefix: prefix, strict: strict, dir: In, index: map[definition]int{}, unions: map[definition][]reflect.Type{},
		differ: map[typeUse]bool{}, taken: map[string]bool{},
	}
}

// Reserve keeps names away from types: for schemas that are not made of types.
func (r *Registry) Reserve(names ...string) {
	r.reserved = append(r.reserved, names...)
	for _, name := range names {
		r.taken[folded(name)] = true
	}
}

// Again returns an empty registry for the same types, with the names that these turned out
// to have; nil when they have them already. Ask it when all types have been seen.
func (r *Registry) Again() *Registry {
	if r.names != nil {
		return nil
	}
	again := NewRegistry(r.prefix, r.strict)
	again.names = r.planNames()
	again.Reserve(r.reserved...)
	return again
}

// Of returns the schema to put where a value of t stands that goes this way: a reference for
// named structs, lists, maps and enums, else the schema itself.
func (r *Registry) Of(t reflect.Type, d Direction) *openapi.Schema { return r.towards(d, t, nil) }

// Parameter returns the schema of a value in the head of a request or an answer, or in a form, of
// type t with the tags of its field. Mistakes in the tags are left to the
// binder; a default that is not written as in JSON is left out.
func (r *Registry) Parameter(t reflect.Type, tag reflect.StructTag, d Direction) *openapi.Schema {
	tags, _ := TagsOf(t, tag)
	inner, _ := Strip(t) // text has no null: the value is there or not
	return r.towards(d, inner, tags)
}

// Body returns the schema of a body of type t, whose field has this tag: what the tag says of the
// field itself is left to who describes that. A body is there or not, and null is not meant.
func (r *Registry) Body(t reflect.Type, tag reflect.StructTag, d Direction) *openapi.Schema {
	inner, _ := Strip(t)
	tags, _ := TagsOf(inner, WithoutTags(tag, "default", "example", "doc", "title", "deprecated", "nullable", "sensitive"))
	if !tags.Constrained() {
		return r.Of(inner, d)
	}
	return r.towards(d, inner, tags)
}

func (r *Registry) towards(d Direction, t reflect.Type, tags *Tags) *openapi.Schema {
	r.dir = d
	return r.of(t, tags, t.String())
}

// Defs returns the named schemas, in the order in which they were met.
func (r *Registry) Defs() openapi.Map[*openapi.Schema] { return r.defs }

// Err returns all mistakes in the types seen so far, each with the Go path of
// its field, joined; nil when there are none.
func (r *Registry) Err() error {
	seen := map[string]bool{} // a type with two definitions has its mistakes twice
	return errors.Join(slices.DeleteFunc(slices.Clone(r.mistakes), func(err error) bool {
		known := seen[err.Error()]
		seen[err.Error()] = true
		return known
	})...)
}

// Mistakes returns what has been found wrong since it was last asked: the Go path of a field or the name of
// its type, a colon, and what is wrong.
func (r *Registry) Mistakes() (texts []string) {
	for _, err := range r.mistakes[r.told:] {
		texts = append(texts, strings.TrimPrefix(err.Error(), mistakePrefix))
	}
	r.told = len(r.mistakes)
	return texts
}

// Document returns the schema of t, as it is read, as a document of its own.
func Document(t reflect.Type, strict bool) ([]byte, error) {
	r := NewRegistry("#/$defs/", strict)
	r.Of(t, In)
	r = r.Again()
	s := r.Of(t, In)
	if err := r.Err(); err != nil {
		return nil, err
	}
	s.Dialect, s.Defs = "https://json-schema.org/draft/2020-12/schema", r.Defs()
	return json.Marshal(s, json.Deterministic(true))
}

func (r *Registry) mistake(where string, err error) {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, one := range joined.Unwrap() {
			r.mistake(where, one)
		}
		return
	}
	r.mistakes = append(r.mistakes, fmt.Errorf(mistakePrefix+"%s: %w", where, err))
}

// of makes the schema of t under what tags ask for, which may be nil.
func (r *Registry) of(t reflect.Type, tags *Tags, where string) *openapi.Schema {
	inner, nullable := Strip(t)
	var s *openapi.Schema
	if r.named(inner) && !tags.Constrained() {
		s = r.reference(inner)
	} else {
		s = r.inline(inner, tags, where)
	}
	tags.annotate(s)
	if nullable && (tags == nil || !tags.NotNull) {
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
	return &openapi.Schema{Ref: r.prefix + r.defined(r.definition(typeUse{typ: t}, variantUse{}))}
}

// definition is what t is defined as when its values go the way of the moment.
func (r *Registry) definition(as typeUse, use variantUse) definition {
	d := definition{typ: as.typ, use: use}
	differ, known := r.differ[as]
	if !known {
		differ = differs(as)
		r.differ[as] = differ
	}
	if differ {
		d.dir = r.dir
	}
	return d
}

// defined returns the name of a definition, which is made when it is first asked for.
func (r *Registry) defined(d definition) string {
	if at, ok := r.index[d]; ok {
		return r.defs[at].Name
	}
	name, planned := r.names[d]
	if !planned {
		name = free(stem{typ: d.typ}.spell(0), r.taken)
	}
	at := len(r.defs)
	r.index[d] = at
	r.defs = append(r.defs, openapi.Named[*openapi.Schema]{Name: name}) // in place before its parts: a type may contain itself
	p := tagReader{}
	tags := p.rules(d.typ)
	if len(p.mistakes) > 0 {
		r.mistake(d.typ.String(), errors.Join(p.mistakes...))
	}
	r.defs[at].Value = r.inline(d.typ, tags, d.typ.String())
	return name
}
