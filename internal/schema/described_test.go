package schema

import (
	"encoding/json/jsontext"
	"encoding/json/v2"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/openapi"
)

func raw(values ...string) (list []jsontext.Value) {
	for _, v := range values {
		list = append(list, jsontext.Value(v))
	}
	return list
}

// shared is returned by a method again and again: nobody may change it.
var shared = &openapi.Schema{Types: openapi.Types{"string"}, Pattern: "^[A-Z]+$", Enum: nil, Examples: raw(`"DOCS"`)}

type Key string

func (Key) JSONSchema() *openapi.Schema { return shared }

type Size int

func (*Size) JSONSchema() *openapi.Schema {
	return &openapi.Schema{Types: openapi.Types{"integer"}, Minimum: jsontext.Value("1"), Enum: raw("1", "2", "3")}
}

type Stamp struct{}

func (Stamp) MarshalText() ([]byte, error) { return []byte("s"), nil }

func (s *Stamp) UnmarshalText(text []byte) error {
	if !strings.HasPrefix(string(text), "s") {
		return errors.New("must begin with s")
	}
	return nil
}

func (Stamp) JSONSchema() *openapi.Schema {
	n := 3
	return &openapi.Schema{Types: openapi.Types{"string"}, Format: "stamp", MaxLength: &n, Examples: raw(`"s1"`)}
}

type uses struct {
	Key    Key            `json:"key" doc:"of the project"`
	Keys   []Key          `json:"keys"`
	Maybe  *Key           `json:"maybe"`
	Short  Key            `json:"short" maxLength:"2"`
	Small  Size           `json:"small" maximum:"2"`
	By     map[string]Key `json:"by"`
	Stamp  Stamp          `json:"stamp"`
	Other  Size           `json:"other" enum:"2,3" minimum:"2"`
	Option Opt[Size]      `json:"option,omitzero"`
}

// TestDescribed: a named type has its schema once, fields refer to it or narrow it.
func TestDescribed(t *testing.T) {
	text, err := Document(reflect.TypeFor[uses](), false)
	require.NoError(t, err)
	var got struct {
		Defs map[string]jsontext.Value `json:"$defs"`
	}
	require.NoError(t, json.Unmarshal(text, &got, json.RejectUnknownMembers(false)))
	require.JSONEq(t, `{"type":"string","pattern":"^[A-Z]+$","examples":["DOCS"]}`, string(got.Defs["Key"]))
	require.JSONEq(t, `{"type":"integer","minimum":1,"enum":[1,2,3]}`, string(got.Defs["Size"]))
	require.JSONEq(t, `{"type":"string","format":"stamp","maxLength":3,"examples":["s1"]}`, string(got.Defs["Stamp"]))
	require.JSONEq(t, `{"type":"object","properties":{
		"key":{"$ref":"#/$defs/Key","description":"of the project"},
		"keys":{"type":"array","items":{"$ref":"#/$defs/Key"}},
		"maybe":{"anyOf":[{"$ref":"#/$defs/Key"},{"type":"null"}]},
		"short":{"type":"string","pattern":"^[A-Z]+$","maxLength":2},
		"small":{"type":"integer","minimum":1,"maximum":2,"enum":[1,2,3]},
		"by":{"type":"object","additionalProperties":{"$ref":"#/$defs/Key"}},
		"stamp":{"$ref":"#/$defs/Stamp"},
		"other":{"type":"integer","minimum":2,"enum":[2,3]},
		"option":{"anyOf":[{"$ref":"#/$defs/Size"},{"type":"null"}]}
	},"required":["key","keys","short","small","by","stamp","other"]}`, string(got.Defs["uses"])+string(got.Defs["Uses"]))
	require.Equal(t, &openapi.Schema{Types: openapi.Types{"string"}, Pattern: "^[A-Z]+$", Examples: raw(`"DOCS"`)}, shared)

	check := func(v any, tag reflect.StructTag) []string {
		tags, err := TagsOf(reflect.TypeOf(v), tag)
		require.NoError(t, err)
		return tags.Check(reflect.ValueOf(v))
	}
	require.Empty(t, check(Key("DOCS"), ""))
	require.Equal(t, []string{"must match the pattern ^[A-Z]+$"}, check(Key("docs"), ""))
	require.Equal(t, []string{"[1] must match the pattern ^[A-Z]+$"}, check([]Key{"A", "b"}, ""))
	require.Len(t, check(Key("DOCS"), `maxLength:"2"`), 1)
	require.Equal(t, []string{"must be at least 1", "must be one of: 1, 2, 3"}, check(Size(0), ""))
	require.Equal(t, []string{"must be at least 2", "must be one of: 2, 3"}, check(Size(1), `enum:"2,3" minimum:"2"`))
}

// TestTagsNarrow: a tag that would let in more than the type has of its own is a mistake.
func TestTagsNarrow(t *testing.T) {
	for _, c := range []struct {
		of   any
		tag  reflect.StructTag
		want string
	}{
		{Size(0), `minimum:"0"`, `minimum:"0" is below the 1 that the type has of its own`},
		{Size(0), `minimum:"2"`, ""},
		{Size(0), `enum:"3,4"`, "enum value 4 is not one of those that the type has of its own: 1, 2, 3"},
		{Stamp{}, `maxLength:"4"`, `maxLength:"4" is above the 3`},
		{Stamp{}, `maxLength:"3"`, ""},
		{Stamp{}, `minLength:"1"`, ""},
		{Key(""), `pattern:"^[A-Z]+$"`, ""},
		{Key(""), `pattern:"^D"`, `pattern:"^D" does not go with the pattern "^[A-Z]+$" that the type has of its own`},
		{[]Key{}, `pattern:"^D"`, "does not go with the pattern"},
		{amount{}, `pattern:"^D"`, "does not go with the pattern"},
		{amount{}, `maxLength:"7"`, ""},
		{amount{}, `maxLength:"9"`, `maxLength:"9" is above the 8`},
		{amount{}, `minimum:"1"`, "minimum is for numbers"},
		{ratio{}, `maximum:"0.5"`, ""},
		{ratio{}, `maximum:"2"`, `maximum:"2" is above the 1`},
		{ratio{}, `pattern:"x"`, "pattern is for strings"},
	} {
		_, err := TagsOf(reflect.TypeOf(c.of), c.tag)
		if c.want == "" {
			require.NoError(t, err, "%T %s", c.of, c.tag)
			continue
		}
		require.ErrorContains(t, err, c.want, "%T %s", c.of, c.tag)
	}
	_, err := Document(reflect.TypeFor[struct {
		A Size `json:",string"`
	}](), false)
	require.ErrorContains(t, err, "checks of numbers do not go with the json option `string`")
}

// amount is JSON by methods of its own, and a text.
type amount struct{ text string }

func (a amount) MarshalJSON() ([]byte, error)  { return json.Marshal(a.text) }
func (a *amount) UnmarshalJSON(b []byte) error { return json.Unmarshal(b, &a.text) }
func (amount) JSONSchema() *openapi.Schema {
	n := 8
	return &openapi.Schema{Types: openapi.Types{"string"}, Pattern: `^[0-9]+\.[0-9]{2}$`, MaxLength: &n, Examples: raw(`"1.50"`)}
}

// ratio is JSON by methods of its own, and a number.
type ratio struct{ v float64 }

func (r ratio) MarshalJSON() ([]byte, error)  { return json.Marshal(r.v) }
func (r *ratio) UnmarshalJSON(b []byte) error { return json.Unmarshal(b, &r.v) }
func (ratio) JSONSchema() *openapi.Schema {
	return &openapi.Schema{Types: openapi.Types{"number"}, Minimum: jsontext.Value("0"), Maximum: jsontext.Value("1")}
}

// TestDescribedJSON: of types that read themselves the value is checked as it is written.
func TestDescribedJSON(t *testing.T) {
	for _, c := range []struct {
		of   any
		text string
		want []string
	}{
		{amount{}, `"1.50"`, nil},
		{amount{}, `"1.5"`, []string{`must match the pattern ^[0-9]+\.[0-9]{2}$`}},
		{amount{}, `"\u0031.50"`, nil},
		{amount{}, `7`, nil}, // the method decides
		{ratio{}, `0.5`, nil},
		{ratio{}, `1e0`, nil},
		{ratio{}, `1.5`, []string{"must be at most 1"}},
		{ratio{}, `-1`, []string{"must be at least 0"}},
		{ratio{}, `"x"`, nil},
	} {
		tags, err := TagsOf(reflect.TypeOf(c.of), "")
		require.NoError(t, err)
		require.Equal(t, c.want, tags.Rules.JSON(jsontext.Value(c.text), nil), c.text)
	}
	for _, of := range []any{[]amount{}, map[string]amount{}, &amount{}, Opt[amount]{}} {
		tags, err := TagsOf(reflect.TypeOf(of), `maxLength:"4"`)
		require.NoError(t, err)
		if tags.Elem != nil {
			tags = tags.Elem
		}
		require.Len(t, tags.Rules.JSON(jsontext.Value(`"10.50"`), nil), 1, "%T", of)
	}
}

// TestDescribedKeys: what the names of a map must be is said in the document too.
func TestDescribedKeys(t *testing.T) {
	text, err := Document(reflect.TypeFor[map[Key]Size](), false)
	require.NoError(t, err)
	require.Contains(t, string(text), `"propertyNames":{"$ref":"#/$defs/Key"}`)
	text, err = Document(reflect.TypeFor[map[Size]Key](), false)
	require.NoError(t, err)
	require.Contains(t, string(text), `"propertyNames":{"enum":["1","2","3"]}`)
}

// TestCopyOfDescribed: the document changes its own copy, also of schemas in schemas.
func TestCopyOfDescribed(t *testing.T) {
	inner := &openapi.Schema{Types: openapi.Types{"string"}}
	whole := &openapi.Schema{
		Items: inner, AdditionalProperties: inner, PropertyNames: inner, ContentSchema: inner,
		AnyOf: []*openapi.Schema{inner}, OneOf: []*openapi.Schema{inner}, AllOf: []*openapi.Schema{inner},
		Properties: openapi.Map[*openapi.Schema]{{Name: "a", Value: inner}}, Defs: openapi.Map[*openapi.Schema]{{Name: "a", Value: inner}},
		Discriminator: &openapi.Discriminator{PropertyName: "a", Mapping: map[string]string{"b": "c"}},
	}
	own, err := copySchema(whole, maxNested)
	require.NoError(t, err)
	require.Equal(t, whole, own)
	for _, part := range partsOf(own) {
		require.NotSame(t, inner, *part)
	}
	own.Properties.Set("a", nil)
	own.Discriminator.Mapping["b"] = ""
	require.Same(t, inner, whole.Properties.Get("a"))
	require.Equal(t, "c", whole.Discriminator.Mapping["b"])
	// Every field that holds schemas is in partsOf.
	places := 0
	for f := range reflect.TypeFor[openapi.Schema]().Fields() {
		if strings.Contains(f.Type.String(), "openapi.Schema") {
			places++
		}
	}
	require.Len(t, partsOf(own), places)
}

type (
	badType      string
	badPattern   string
	badExample   string
	badRange     int
	badDefault   int
	nothing      string
	embedsObject struct {
		object
		More int
	}
	object   struct{ A int }
	holds    struct{ Stamp }
	written  int
	badJSON  struct{}
	byValue  string
	panics   struct{ *object }
	circular map[string]int
)

func (byValue) JSONSchema() openapi.Schema { return openapi.Schema{} }

func (circular) JSONSchema() *openapi.Schema {
	s := &openapi.Schema{}
	s.AdditionalProperties = s
	return s
}

func (badType) JSONSchema() *openapi.Schema {
	return &openapi.Schema{Types: openapi.Types{"integer"}}
}

func (badPattern) JSONSchema() *openapi.Schema {
	return &openapi.Schema{Pattern: "(", Defs: openapi.Map[*openapi.Schema]{{Name: "A"}}}
}

func (badExample) JSONSchema() *openapi.Schema {
	return &openapi.Schema{Types: openapi.Types{"string"}, Pattern: "^a", Format: "email", Examples: raw(`"b"`, `7`, `{`)}
}

func (badRange) JSONSchema() *openapi.Schema {
	return &openapi.Schema{Minimum: jsontext.Value("5"), Maximum: jsontext.Value("4")}
}

func (badDefault) JSONSchema() *openapi.Schema {
	return &openapi.Schema{Maximum: jsontext.Value("4"), Default: jsontext.Value("5"), Enum: raw("1.5")}
}
func (nothing) JSONSchema() *openapi.Schema  { return nil }
func (object) JSONSchema() *openapi.Schema   { return &openapi.Schema{Types: openapi.Types{"object"}} }
func (written) MarshalJSON() ([]byte, error) { return []byte(`"1"`), nil }
func (written) JSONSchema() *openapi.Schema {
	return &openapi.Schema{Types: openapi.Types{"string"}, Examples: raw(`"1"`)}
}
func (badJSON) UnmarshalJSON(text []byte) error { return errors.New("never") }
func (badJSON) JSONSchema() *openapi.Schema     { return &openapi.Schema{Examples: raw(`"1"`)} }

// TestDescribedMistakes: a schema that does not fit its type is found at the start.
func TestDescribedMistakes(t *testing.T) {
	for _, c := range []struct {
		of   any
		want []string
	}{
		{badType(""), []string{`the type is "integer", but schema.badType is written as a string`}},
		{badPattern(""), []string{`pattern "(": error parsing regexp`, "$defs have no place"}},
		{badExample(""), []string{`the example "b" must match the pattern ^a, must be an email address`, "the example 7 is not of the type string", "the example { is no JSON"}},
		{badRange(0), []string{"no integer is within minimum and maximum"}},
		{badDefault(0), []string{"the default 5 must be at most 4", "the enum value 1.5 is not a value"}},
		{nothing(""), nil},
		{embedsObject{}, []string{"it is that of schema.object, which schema.embedsObject embeds"}},
		{holds{}, nil},
		{written(0), nil},
		{byValue(""), []string{"it must return one *openapi.Schema, as openapi.Described has it, not func() openapi.Schema"}},
		{panics{}, []string{"it panics on a zero value: "}},
		{circular{}, []string{"it has more than 64 schemas in schemas, or contains itself"}},
		{badJSON{}, []string{`the example "1" is not a value: `}},
		{Stamp{}, nil},
		{Key(""), nil},
		{Size(0), nil},
	} {
		typ := reflect.TypeOf(c.of)
		r := NewRegistry("#/", false)
		r.Of(typ, In)
		_, err := TagsOf(typ, "")
		if c.want == nil {
			require.NoError(t, r.Err(), typ)
			require.NoError(t, err, typ)
			continue
		}
		for _, want := range c.want {
			require.ErrorContains(t, r.Err(), want, typ)
			require.ErrorContains(t, err, want, typ)
		}
	}
}
