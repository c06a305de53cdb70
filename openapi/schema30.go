package openapi

import (
	"encoding/json/jsontext"
	"math/big"
	"reflect"
	"slices"
	"strings"
)

// schema30 is a schema of OpenAPI 3.0.3 section 4.7.24: JSON Schema of an old draft with
// words of its own. The schemas in it are written as in 3.0 when they are.
//
// Owner: one goroutine at a time.
type schema30 struct {
	Ref         string `json:"$ref,omitempty"` // alone
	Title       string `json:"title,omitempty"`
	Description string `json:"description,omitempty"`
	Type        string `json:"type,omitempty"`
	Nullable    bool   `json:"nullable,omitzero"`
	Format      string `json:"format,omitempty"`

	Enum []jsontext.Value `json:"enum,omitempty"`

	Minimum          jsontext.Value `json:"minimum,omitzero"`
	ExclusiveMinimum bool           `json:"exclusiveMinimum,omitzero"`
	Maximum          jsontext.Value `json:"maximum,omitzero"`
	ExclusiveMaximum bool           `json:"exclusiveMaximum,omitzero"`
	MultipleOf       jsontext.Value `json:"multipleOf,omitzero"`

	MinLength *int   `json:"minLength,omitzero"`
	MaxLength *int   `json:"maxLength,omitzero"`
	Pattern   string `json:"pattern,omitempty"`

	Items       *Schema `json:"items,omitzero"`
	MinItems    *int    `json:"minItems,omitzero"`
	MaxItems    *int    `json:"maxItems,omitzero"`
	UniqueItems bool    `json:"uniqueItems,omitzero"`

	Properties           Map[*Schema] `json:"properties,omitzero"`
	Required             []string     `json:"required,omitempty"`
	AdditionalProperties any          `json:"additionalProperties,omitzero"` // a *Schema or false
	MinProperties        *int         `json:"minProperties,omitzero"`
	MaxProperties        *int         `json:"maxProperties,omitzero"`

	AnyOf         []*Schema      `json:"anyOf,omitempty"`
	OneOf         []*Schema      `json:"oneOf,omitempty"`
	AllOf         []*Schema      `json:"allOf,omitempty"`
	Not           *Schema        `json:"not,omitzero"`
	Discriminator *Discriminator `json:"discriminator,omitzero"`

	Default    jsontext.Value `json:"default,omitzero"`
	Example    jsontext.Value `json:"example,omitzero"`
	Deprecated bool           `json:"deprecated,omitzero"`
	ReadOnly   bool           `json:"readOnly,omitzero"`
	WriteOnly  bool           `json:"writeOnly,omitzero"`
}

// to30 says what s says in the words of 3.0.
func (s *Schema) to30() *schema30 {
	if s.Never {
		return &schema30{Not: &Schema{}}
	}
	if s.Ref != "" { // in 3.0 a reference stands alone
		rest := *s
		if rest.Ref = ""; reflect.ValueOf(rest).IsZero() {
			return &schema30{Ref: s.Ref}
		}
		rest.AllOf = append([]*Schema{{Ref: s.Ref}}, s.AllOf...)
		return rest.to30()
	}
	old := &schema30{
		Title: s.Title, Description: s.Description, Format: s.Format, Enum: s.Enum,
		Minimum: s.Minimum, Maximum: s.Maximum, MultipleOf: s.MultipleOf,
		MinLength: s.MinLength, MaxLength: s.MaxLength, Pattern: s.Pattern,
		Items: s.Items, MinItems: s.MinItems, MaxItems: s.MaxItems, UniqueItems: s.UniqueItems,
		Properties: s.Properties, Required: s.Required, MinProperties: s.MinProperties, MaxProperties: s.MaxProperties,
		AnyOf: s.AnyOf, OneOf: s.OneOf, AllOf: s.AllOf, Discriminator: s.Discriminator,
		Default: s.Default, Deprecated: s.Deprecated, ReadOnly: s.ReadOnly, WriteOnly: s.WriteOnly,
	}
	if len(s.Examples) > 0 {
		old.Example = s.Examples[0]
	}
	if s.Const != nil {
		old.Enum = []jsontext.Value{s.Const}
	}
	if a := s.AdditionalProperties; a != nil {
		if old.AdditionalProperties = a; a.Never {
			old.AdditionalProperties = false
		}
	}
	old.bounds(s)
	old.content(s)
	old.types(s.Types)
	old.orNull()
	return old
}

// bounds makes the exclusive bounds flags of the others. Of two lower bounds only the
// tighter one counts, and so of upper ones.
func (old *schema30) bounds(s *Schema) {
	if s.ExclusiveMinimum != nil && (s.Minimum == nil || compare(s.ExclusiveMinimum, s.Minimum) >= 0) {
		old.Minimum, old.ExclusiveMinimum = s.ExclusiveMinimum, true
	}
	if s.ExclusiveMaximum != nil && (s.Maximum == nil || compare(s.ExclusiveMaximum, s.Maximum) <= 0) {
		old.Maximum, old.ExclusiveMaximum = s.ExclusiveMaximum, true
	}
}

// compare compares two JSON numbers; what is none is 0.
func compare(a, b jsontext.Value) int {
	x, _ := new(big.Rat).SetString(string(a))
	y, _ := new(big.Rat).SetString(string(b))
	if x == nil || y == nil {
		return 0
	}
	return x.Cmp(y)
}

// content tells of texts that hold bytes by their format.
func (old *schema30) content(s *Schema) {
	switch {
	case old.Format != "":
	case strings.HasPrefix(s.ContentEncoding, "base64"):
		old.Format = "byte"
	case s.ContentEncoding == "" && s.ContentMediaType == "application/octet-stream":
		old.Format = "binary"
	}
}

// types writes names of types: null is a flag of another, and several are alternatives.
func (old *schema30) types(names Types) {
	nullable := slices.Contains(names, "null")
	names = slices.DeleteFunc(slices.Clone(names), func(name string) bool { return name == "null" })
	switch {
	case len(names) == 1:
		if old.Type, old.Nullable = names[0], nullable; old.Type == "array" && old.Items == nil {
			old.Items = &Schema{} // 3.0 asks for one
		}
	case len(names) == 0 && nullable:
		old.Nullable = true
		if old.Enum == nil {
			old.Enum = []jsontext.Value{jsontext.Value("null")}
		}
	case len(names) > 1:
		var choice []*Schema
		for _, name := range names {
			one := &Schema{Types: Types{name}}
			if nullable {
				one.Types = Types{name, "null"}
			}
			if name == "array" {
				one.Items = old.Items
			}
			choice = append(choice, one)
		}
		if old.AnyOf == nil {
			old.AnyOf = choice
		} else {
			old.AllOf = append(slices.Clip(old.AllOf), &Schema{AnyOf: choice})
		}
	}
}

// orNull makes a flag of the alternative null, as the generators of clients for 3.0 know
// it: {allOf: [a reference], nullable: true}.
func (old *schema30) orNull() {
	others := slices.DeleteFunc(slices.Clone(old.AnyOf), isNull)
	if len(others) == len(old.AnyOf) || len(others) == 0 {
		return
	}
	old.Nullable, old.AnyOf = true, others
	if len(others) > 1 {
		return
	}
	old.AnyOf = nil
	only := *others[0]
	if union := (Schema{OneOf: only.OneOf, Discriminator: only.Discriminator}); old.OneOf == nil && only.OneOf != nil && same(&only, &union) {
		old.OneOf, old.Discriminator = only.OneOf, only.Discriminator
		return
	}
	old.AllOf = append(slices.Clip(old.AllOf), &only)
}

// isNull tells whether s accepts null and nothing else.
func isNull(s *Schema) bool { return same(s, &Schema{Types: Types{"null"}}) }

func same(a, b *Schema) bool { return reflect.DeepEqual(a, b) }
