package describe

import (
	"encoding/json/v2"
	"maps"
	"slices"

	"github.com/fasterapi/fasterapi/openapi"
)

// require adds alternatives of security schemes to op: each element of
// alternatives is enough.
func (b *Builder) require(op *openapi.Operation, alternatives [][]openapi.SecurityUse, where string) {
	for _, uses := range alternatives {
		for _, use := range uses {
			b.scheme(use, where)
			for _, other := range use.Or {
				b.scheme(other, where)
			}
		}
		op.Security = append(op.Security, needs(uses)...)
	}
}

// needs lists the requirements that each meet all of uses: one of every use and
// what it may be replaced by. What needs more than another one is left out: (A or
// B) and B is B.
func needs(uses []openapi.SecurityUse) []map[string][]string {
	list := []map[string][]string{{}}
	for _, use := range uses {
		if use.Optional {
			continue
		}
		var more []map[string][]string
		for _, choice := range append([]openapi.SecurityUse{use}, use.Or...) {
			for _, need := range list {
				more = append(more, with(need, choice))
			}
		}
		list = more
	}
	var least []map[string][]string
	for i, need := range list {
		redundant := false
		for j, other := range list {
			redundant = redundant || i != j && includes(need, other) && (j < i || !includes(other, need))
		}
		if !redundant {
			least = append(least, need)
		}
	}
	return withOptional(least, uses)
}

// withOptional adds what a client may show besides. OpenAPI says that it may show nothing by an empty
// requirement, which is the first one then.
func withOptional(list []map[string][]string, uses []openapi.SecurityUse) []map[string][]string {
	for _, use := range uses {
		if !use.Optional {
			continue
		}
		needed := list
		for _, choice := range append([]openapi.SecurityUse{use}, use.Or...) {
			for _, need := range needed {
				if more := with(need, choice); !slices.ContainsFunc(list, func(known map[string][]string) bool { return includes(known, more) && includes(more, known) }) {
					list = append(list, more)
				}
			}
		}
	}
	return list
}

// with returns need and use.
func with(need map[string][]string, use openapi.SecurityUse) map[string][]string {
	more := maps.Clone(need)
	scopes := append([]string{}, need[use.Name]...)
	for _, scope := range use.Scopes {
		if !slices.Contains(scopes, scope) {
			scopes = append(scopes, scope)
		}
	}
	more[use.Name] = scopes
	return more
}

// includes tells whether need asks for all that other asks for.
func includes(need, other map[string][]string) bool {
	for name, scopes := range other {
		has, ok := need[name]
		if !ok {
			return false
		}
		for _, scope := range scopes {
			if !slices.Contains(has, scope) {
				return false
			}
		}
	}
	return true
}

// scheme adds the scheme of use to the components.
func (b *Builder) scheme(use openapi.SecurityUse, where string) {
	schemes := &b.doc.Components.SecuritySchemes
	if use.Name == "" {
		b.mistake(where, "a security scheme has no name")
		return
	}
	known := schemes.Get(use.Name)
	if known == nil {
		schemes.Set(use.Name, &use.Scheme)
		return
	}
	if fingerprint(known) != fingerprint(&use.Scheme) {
		b.mistake(where, "the security scheme %q is described in another way elsewhere", use.Name)
	}
}

func fingerprint(s *openapi.SecurityScheme) string {
	text, err := json.Marshal(s, json.Deterministic(true))
	if err != nil {
		return err.Error()
	}
	return string(text)
}
