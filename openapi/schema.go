package openapi

import (
	"encoding/json/jsontext"
	"encoding/json/v2"
)

// Schema is a JSON Schema, draft 2020-12, with the keywords that this project
// uses. The zero value accepts everything.
//
// Owner: one goroutine at a time.
type Schema struct {
	Dialect     string `json:"$schema,omitempty"`
	Ref         string `json:"$ref,omitempty"`
	Title       string `json:"title,omitempty"`
	Description string `json:"description,omitempty"`
	Types       Types  `json:"type,omitempty"`
	Format      string `json:"format,omitempty"`

	Enum  []jsontext.Value `json:"enum,omitempty"`
	Const jsontext.Value   `json:"const,omitzero"`

	Minimum          jsontext.Value `json:"minimum,omitzero"`
	Maximum          jsontext.Value `json:"maximum,omitzero"`
	ExclusiveMinimum jsontext.Value `json:"exclusiveMinimum,omitzero"`
	ExclusiveMaximum jsontext.Value `json:"exclusiveMaximum,omitzero"`
	MultipleOf       jsontext.Value `json:"multipleOf,omitzero"`

	MinLength       *int   `json:"minLength,omitzero"`
	MaxLength       *int   `json:"maxLength,omitzero"`
	Pattern         string `json:"pattern,omitempty"`
	ContentEncoding string `json:"contentEncoding,omitempty"`

	ContentMediaType string  `json:"contentMediaType,omitempty"`
	ContentSchema    *Schema `json:"contentSchema,omitzero"` // of the text, once decoded

	Items       *Schema `json:"items,omitzero"`
	MinItems    *int    `json:"minItems,omitzero"`
	MaxItems    *int    `json:"maxItems,omitzero"`
	UniqueItems bool    `json:"uniqueItems,omitzero"`

	Properties           Map[*Schema] `json:"properties,omitzero"`
	Required             []string     `json:"required,omitempty"`
	AdditionalProperties *Schema      `json:"additionalProperties,omitzero"`
	PropertyNames        *Schema      `json:"propertyNames,omitzero"`
	MinProperties        *int         `json:"minProperties,omitzero"`
	MaxProperties        *int         `json:"maxProperties,omitzero"`
	Never                bool         `json:"-"` // the schema `false`, which accepts nothing

	AnyOf         []*Schema      `json:"anyOf,omitempty"`
	OneOf         []*Schema      `json:"oneOf,omitempty"`
	AllOf         []*Schema      `json:"allOf,omitempty"`
	Discriminator *Discriminator `json:"discriminator,omitzero"`

	Default    jsontext.Value   `json:"default,omitzero"`
	Examples   []jsontext.Value `json:"examples,omitempty"`
	Deprecated bool             `json:"deprecated,omitzero"`
	ReadOnly   bool             `json:"readOnly,omitzero"`
	WriteOnly  bool             `json:"writeOnly,omitzero"`

	Defs Map[*Schema] `json:"$defs,omitzero"`
}

// Described is implemented by types that give their own schema: what a text with
// UnmarshalText, a number, or a type with JSON methods looks like to clients. A type with a
// name gets it as a component of the document, to which all its uses refer. It is asked at
// start-up, of a zero value.
//
//	type ProjectKey string
//
//	func (ProjectKey) JSONSchema() *openapi.Schema {
//		return &openapi.Schema{
//			Types: openapi.Types{"string"}, Pattern: "^[A-Z]{2,8}$",
//			Description: "The short name of a project.", Examples: []jsontext.Value{jsontext.Value(`"DOCS"`)},
//		}
//	}
//
// The lengths, pattern, format, bounds and values that the schema of a text or a number
// gives are checked in requests, like tags at each field of the type; a tag of a field may
// narrow them. So are those of types with JSON methods that are written as a text or a
// number, before the method reads it. Of other types the schema is documentation: their own
// methods check. A schema that does not fit its type is a mistake at start-up: another type
// than it is written as, a pattern that is none, an example that would be refused.
type Described interface{ JSONSchema() *Schema }

// Enumerated is implemented by named types that list the values that they may have:
// strings for string types, whole numbers for integer types. Requests with others are
// refused, and the document has the list. It is asked at start-up, of a zero value. A method that
// returns another slice, such as one of the type itself, does as well.
type Enumerated interface{ Enum() []any }

// MarshalJSONTo writes the schema as an object, or as false.
func (s *Schema) MarshalJSONTo(enc *jsontext.Encoder) error {
	if s.Never {
		return enc.WriteToken(jsontext.False)
	}
	type plain Schema
	return json.MarshalEncode(enc, (*plain)(s))
}

// Types are the names of JSON types; one alone is written as a string.
type Types []string

// MarshalJSONTo writes one name or the list of them.
func (t Types) MarshalJSONTo(enc *jsontext.Encoder) error {
	if len(t) == 1 {
		return enc.WriteToken(jsontext.String(t[0]))
	}
	return json.MarshalEncode(enc, []string(t))
}

// Discriminator is the OpenAPI hint for oneOf.
//
// Owner: one goroutine at a time.
type Discriminator struct {
	PropertyName string            `json:"propertyName"`
	Mapping      map[string]string `json:"mapping,omitempty"`
}
