package schema

import (
	"encoding/json/jsontext"
	"errors"
	"reflect"
	"slices"
	"strings"

	"github.com/fasterapi/fasterapi/openapi"
)

// A variant is a definition of its own, in which the discriminator is required and has the
// values that stand for it, so that a union is a list of plain references: tools that make
// clients refuse anything else. One type can be used in several ways, though: in unions
// that give it other values, or by itself, where the member may be any string. Then each
// union has its variant under a name of its own, ShapeCircle, and Circle is the type by
// itself. That is known when all types have been seen, so such a document is made twice.

// variantUse is one way of using a type: as a variant of these kinds, or by itself.
type variantUse struct {
	discriminator string // "": by itself
	kinds         string // separated by zero bytes
}

// variantNames are the definitions of variants.
//
// Owner: one goroutine at a time.
type variantNames struct {
	uses   map[reflect.Type][]variantUse
	names  map[reflect.Type]map[variantUse]string
	shared map[reflect.Type]bool // known from the first time: used in several ways
}

func (v *variantNames) note(t reflect.Type, use variantUse) {
	if v.uses == nil {
		v.uses, v.names = map[reflect.Type][]variantUse{}, map[reflect.Type]map[variantUse]string{}
	}
	if !slices.Contains(v.uses[t], use) {
		v.uses[t] = append(v.uses[t], use)
	}
}

// Again returns an empty registry for the same types when their names turned out to be
// taken twice, nil when they are right. Ask it once, when all types have been seen.
func (r *Registry) Again() *Registry {
	if r.variants.shared != nil {
		return nil
	}
	shared := map[reflect.Type]bool{}
	for t, uses := range r.variants.uses {
		if len(uses) > 1 {
			shared[t] = true
		}
	}
	if len(shared) == 0 {
		return nil
	}
	again := NewRegistry(r.prefix, r.strict)
	for name, t := range r.taken {
		if t == reflect.TypeFor[Registry]() {
			again.Reserve(name)
		}
	}
	again.variants.shared = shared
	return again
}

func (r *Registry) choice(s *openapi.Schema, t reflect.Type, where string) {
	c, _, err := ChoiceOf(t)
	if err != nil {
		r.mistake(where, err)
		return
	}
	s.Discriminator = &openapi.Discriminator{PropertyName: c.Discriminator, Mapping: map[string]string{}}
	refs := map[reflect.Type]string{}
	for _, v := range c.Variants {
		if !r.named(v.Type) {
			r.mistake(where, errors.New("the variants of a union must be named types"))
			continue
		}
		ref, listed := refs[v.Type]
		if !listed {
			ref = r.variant(t, v.Type, &c)
			refs[v.Type] = ref
			s.OneOf = append(s.OneOf, &openapi.Schema{Ref: ref})
		}
		s.Discriminator.Mapping[v.Name] = ref
	}
}

// variant returns the reference to the definition of t as a variant of union.
func (r *Registry) variant(union, t reflect.Type, c *Choice) string {
	kinds := c.Names(t)
	if says(t, c, kinds) {
		return r.reference(t).Ref
	}
	use := variantUse{c.Discriminator, strings.Join(kinds, "\x00")}
	r.variants.note(t, use)
	name, ok := r.variants.names[t][use]
	if !ok {
		name = spell(t.Name())
		if r.variants.shared[t] {
			name = spell(union.Name()) + name
		}
		name = r.name(name, t)
		if r.variants.names[t] == nil {
			r.variants.names[t] = map[variantUse]string{}
		}
		r.variants.names[t][use] = name
		narrow(r.define(name, t), c.Discriminator, kinds)
	}
	return r.prefix + name
}

// says tells whether t requires exactly these kinds by its own tags or methods: then it is the same
// by itself.
func says(t reflect.Type, c *Choice, kinds []string) bool {
	m, err := c.Kind(t)
	if err != nil {
		return false
	}
	plan, err := MemberPlan(m)
	if err != nil || !plan.Required || len(plan.enum) != len(kinds) {
		return false
	}
	for _, kind := range kinds {
		if !slices.ContainsFunc(plan.enum, func(v jsontext.Value) bool { return string(v) == quote(kind) }) {
			return false
		}
	}
	return true
}

// narrow gives a variant its kinds.
func narrow(s *openapi.Schema, discriminator string, kinds []string) {
	old := s.Properties.Get(discriminator)
	if old == nil {
		return // a schema of the user's own
	}
	kind := &openapi.Schema{Types: openapi.Types{"string"}, Title: old.Title, Description: old.Description}
	if len(kinds) == 1 {
		kind.Const = jsontext.Value(quote(kinds[0]))
	} else {
		for _, name := range kinds {
			kind.Enum = append(kind.Enum, jsontext.Value(quote(name)))
		}
	}
	s.Properties.Set(discriminator, kind)
	if !slices.Contains(s.Required, discriminator) {
		s.Required = append(s.Required, discriminator)
	}
}
