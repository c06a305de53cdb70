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
// itself.

// variantUse is one way of using a type: as a variant of these kinds, or by itself.
type variantUse struct {
	discriminator string // "": by itself
	kinds         string // separated by zero bytes
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
	d := r.definition(typeUse{t, c.Discriminator}, variantUse{c.Discriminator, strings.Join(kinds, "\x00")})
	r.unions[d] = append(r.unions[d], union)
	_, known := r.index[d]
	name := r.defined(d)
	if !known {
		narrow(r.defs[r.index[d]].Value, c.Discriminator, kinds)
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
	tags, err := MemberTags(m)
	if err != nil || !tags.Required || len(tags.enum) != len(kinds) {
		return false
	}
	for _, kind := range kinds {
		if !slices.ContainsFunc(tags.enum, func(v jsontext.Value) bool { return string(v) == quote(kind) }) {
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
