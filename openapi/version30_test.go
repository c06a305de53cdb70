package openapi

import (
	"bytes"
	"context"
	"encoding/json/jsontext"
	"encoding/json/v2"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// in30 writes s as in 3.0.
func in30(t *testing.T, s *Schema) string {
	t.Helper()
	text, err := json.Marshal(s, json.Deterministic(true), (&Document{}).marshalers30())
	require.NoError(t, err)
	return string(text)
}

func TestSchema30(t *testing.T) {
	n, null := 3, &Schema{Types: Types{"null"}}
	number := func(text string) jsontext.Value { return jsontext.Value(text) }
	for want, s := range map[string]*Schema{
		`{}`:           {Dialect: "x", PropertyNames: &Schema{}, Defs: Map[*Schema]{{"A", &Schema{}}}},
		`{"not":{}}`:   {Never: true},
		`{"$ref":"A"}`: {Ref: "A"},
		`{"description":"a","allOf":[{"$ref":"A"}]}`:                                                {Ref: "A", Description: "a"},
		`{"allOf":[{"$ref":"A"},{"title":"b"}],"deprecated":true}`:                                  {Ref: "A", AllOf: []*Schema{{Title: "b"}}, Deprecated: true},
		`{"type":"string","nullable":true}`:                                                         {Types: Types{"string", "null"}},
		`{"type":"string","nullable":true,"enum":["a",null]}`:                                       {Types: Types{"string", "null"}, Enum: []jsontext.Value{number(`"a"`), number(`null`)}},
		`{"nullable":true,"enum":[null]}`:                                                           null,
		`{"anyOf":[{"type":"string"},{"type":"integer"}]}`:                                          {Types: Types{"string", "integer"}},
		`{"anyOf":[{"type":"array","nullable":true,"items":{}},{"type":"object","nullable":true}]}`: {Types: Types{"array", "object", "null"}},
		`{"type":"array","items":{}}`:                                                               {Types: Types{"array"}},
		`{"nullable":true,"allOf":[{"$ref":"A"}]}`:                                                  {AnyOf: []*Schema{{Ref: "A"}, null}},
		`{"nullable":true,"anyOf":[{"$ref":"A"},{"$ref":"B"}]}`:                                     {AnyOf: []*Schema{{Ref: "A"}, null, {Ref: "B"}}},
		`{"nullable":true,"oneOf":[{"$ref":"A"},{"$ref":"B"}],"discriminator":{"propertyName":"k"}}`: {AnyOf: []*Schema{{
			OneOf: []*Schema{{Ref: "A"}, {Ref: "B"}}, Discriminator: &Discriminator{PropertyName: "k"},
		}, null}},
		`{"enum":["a"]}`: {Const: number(`"a"`)},
		`{"minimum":1,"exclusiveMinimum":true,"maximum":9,"exclusiveMaximum":true}`: {ExclusiveMinimum: number("1"), ExclusiveMaximum: number("9")},
		`{"minimum":2,"maximum":8}`: {Minimum: number("2"), ExclusiveMinimum: number("1.5"), Maximum: number("8"), ExclusiveMaximum: number("1e1")},
		`{"minimum":2,"exclusiveMinimum":true,"maximum":8,"exclusiveMaximum":true}`:      {Minimum: number("2"), ExclusiveMinimum: number("2.0"), Maximum: number("8"), ExclusiveMaximum: number("8")}, // written as it was
		`{"type":"string","format":"byte"}`:                                              {Types: Types{"string"}, ContentEncoding: "base64"},
		`{"type":"string","format":"binary"}`:                                            {Types: Types{"string"}, ContentMediaType: "application/octet-stream"},
		`{"type":"string"}`:                                                              {Types: Types{"string"}, ContentMediaType: "application/json", ContentSchema: &Schema{Ref: "A"}},
		`{"additionalProperties":false}`:                                                 {AdditionalProperties: &Schema{Never: true}},
		`{"additionalProperties":{"type":"string","nullable":true}}`:                     {AdditionalProperties: &Schema{Types: Types{"string", "null"}}},
		`{"properties":{"a":{"nullable":true,"allOf":[{"$ref":"A"}]}},"required":["a"]}`: {Properties: Map[*Schema]{{"a", &Schema{AnyOf: []*Schema{{Ref: "A"}, null}}}}, Required: []string{"a"}},
		`{"minLength":3,"example":1}`:                                                    {MinLength: &n, Examples: []jsontext.Value{number("1"), number("2")}},
	} {
		if s.ExclusiveMinimum != nil && string(s.ExclusiveMinimum) == "2.0" {
			want = `{"minimum":2.0,"exclusiveMinimum":true,"maximum":8,"exclusiveMaximum":true}`
		}
		before, err := json.Marshal(s)
		require.NoError(t, err)
		require.Equal(t, want, in30(t, s))
		after, err := json.Marshal(s)
		require.NoError(t, err)
		require.Equal(t, string(before), string(after), "the schema itself stays")
	}
}

// TestDocument30: what stands around the schemas.
func TestDocument30(t *testing.T) {
	value := &Schema{AnyOf: []*Schema{{Ref: "#/components/schemas/A"}, {Types: Types{"null"}}}}
	op := func(id string, security []map[string][]string) *Operation {
		return &Operation{OperationID: id, Security: security, Extensions: map[string]any{"x-websocket": map[string]any{"fromClient": value}}}
	}
	d := &Document{
		OpenAPI: Version, Info: Info{Title: "t", Version: "1", Summary: "Short.", Description: "Long.", License: &License{Name: "MIT", Identifier: "MIT"}},
		Paths: Map[*PathItem]{{"/a", &PathItem{
			Get:   op("a", []map[string][]string{{"tls": {}}, {"key": {"admin"}}, {"oauth": {"read"}}}),
			Query: op("q", []map[string][]string{}), Post: op("p", []map[string][]string{{"tls": {}, "key": {}}}),
		}}},
		Webhooks: Map[*PathItem]{{"paid", &PathItem{Post: op("w", nil)}}},
	}
	d.Components.Schemas.Set("A", &Schema{Types: Types{"object"}})
	for name, scheme := range map[string]string{"tls": mutualTLS, "oauth": "oauth2", "key": "apiKey"} {
		d.Components.SecuritySchemes.Set(name, &SecurityScheme{Type: scheme, Name: "k", In: "header", Flows: &OAuthFlows{Password: &OAuthFlow{TokenURL: "/t", Scopes: map[string]string{}}}})
	}
	d.Paths[0].Value.Post.Responses.Set("200", &Response{Content: Map[*MediaType]{{"application/jsonl", &MediaType{ItemSchema: value}}}})
	before, err := d.JSON()
	require.NoError(t, err)
	text, err := d.JSON30()
	require.NoError(t, err)
	block, err := d.YAML30()
	require.NoError(t, err)
	require.Contains(t, string(block), `openapi: "3.0.3"`)
	after, err := d.JSON()
	require.NoError(t, err)
	require.Equal(t, string(before), string(after), "the document itself stays")

	var got map[string]any
	require.NoError(t, json.Unmarshal(text, &got))
	path := got["paths"].(map[string]any)["/a"].(map[string]any)
	a := path["get"].(map[string]any)
	require.Equal(t, map[string]any{"title": "t", "version": "1", "description": "Short.\n\nLong.", "license": map[string]any{"name": "MIT", "url": "https://spdx.org/licenses/MIT.html"}}, got["info"])
	require.Equal(t, []any{"tls"}, got["x-mutualTLS"])
	require.NotContains(t, got, "webhooks")
	require.Equal(t, "w", got["x-webhooks"].(map[string]any)["paid"].(map[string]any)["post"].(map[string]any)["operationId"])
	require.Equal(t, []any{map[string]any{"key": []any{}}, map[string]any{"oauth": []any{"read"}}}, a["security"])
	require.Equal(t, []any{map[string]any{"tls": []any{}}}, a["x-security"])
	require.Equal(t, map[string]any{"default": map[string]any{"description": "Any response"}}, a["responses"])
	require.Equal(t, map[string]any{"nullable": true, "allOf": []any{map[string]any{"$ref": "#/components/schemas/A"}}}, a["x-websocket"].(map[string]any)["fromClient"])
	require.Equal(t, []any{}, path["x-query"].(map[string]any)["security"], "nobody need sign in")
	post := path["post"].(map[string]any)
	require.NotContains(t, post, "security")
	require.Len(t, post["x-security"], 1)
	require.Equal(t, map[string]any{"application/jsonl": map[string]any{}}, post["responses"].(map[string]any)["200"].(map[string]any)["content"])
}

// anySchema draws schemas that documents may hold, some of them references to A.
func anySchema(depth int) *rapid.Generator[*Schema] {
	return rapid.Custom(func(t *rapid.T) *Schema {
		s := &Schema{Description: rapid.SampledFrom([]string{"", "d"}).Draw(t, "description")}
		kind := rapid.SampledFrom([]string{"ref", "string", "integer", "number", "boolean", "array", "object", "any", "const", "orNull", "oneOf"}).Draw(t, "kind")
		part := func(name string) *Schema {
			if depth == 0 {
				return &Schema{Types: Types{"boolean"}}
			}
			return anySchema(depth-1).Draw(t, name)
		}
		limit := func(name string) jsontext.Value {
			return jsontext.Value(rapid.SampledFrom([]string{"", "0", "1", "1.5", "-3", "2e0"}).Draw(t, name))
		}
		switch kind {
		case "ref":
			s.Ref = "#/components/schemas/A"
			return s
		case "any":
			return s
		case "const":
			s.Const = jsontext.Value(rapid.SampledFrom([]string{`"a"`, `1`, `true`}).Draw(t, "const"))
			return s
		case "orNull":
			s.AnyOf = []*Schema{part("value"), {Types: Types{"null"}}}
			return s
		case "oneOf":
			s.OneOf = []*Schema{part("one"), part("other")}
			if acceptsAll(s.OneOf[0]) && acceptsAll(s.OneOf[1]) {
				s.OneOf[1] = &Schema{Types: Types{"boolean"}} // kin-openapi takes oneOf: [{}, {}] for {}
			}
			return s
		case "string":
			s.Pattern = rapid.SampledFrom([]string{"", "^a"}).Draw(t, "pattern")
			s.ContentEncoding = rapid.SampledFrom([]string{"", "", "base64"}).Draw(t, "encoding")
		case "integer", "number":
			s.Minimum, s.ExclusiveMinimum = limit("minimum"), limit("exclusiveMinimum")
			s.Maximum, s.ExclusiveMaximum = limit("maximum"), limit("exclusiveMaximum")
			for _, bound := range []*jsontext.Value{&s.Minimum, &s.ExclusiveMinimum, &s.Maximum, &s.ExclusiveMaximum} {
				if len(*bound) == 0 {
					*bound = nil
				}
			}
		case "array":
			s.Items, s.UniqueItems = part("items"), rapid.Bool().Draw(t, "unique")
		case "object":
			s.Properties = Map[*Schema]{{"a", part("a")}, {"b", part("b")}}
			s.Required = rapid.SampledFrom([][]string{nil, {"a"}, {"a", "b"}}).Draw(t, "required")
			s.AdditionalProperties = rapid.SampledFrom([]*Schema{nil, {Never: true}, {Types: Types{"string"}}}).Draw(t, "others")
		}
		s.Types = Types{kind}
		for _, more := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"null", "string", "boolean"}), 0, 2, rapid.ID).Draw(t, "more") {
			if more != kind {
				s.Types = append(s.Types, more)
			}
		}
		return s
	})
}

// acceptsAll tells whether s, of anySchema, refuses nothing.
func acceptsAll(s *Schema) bool {
	return s.Ref == "" && len(s.Types) == 0 && s.Const == nil && s.OneOf == nil && (s.AnyOf == nil || acceptsAll(s.AnyOf[0]))
}

// anyValue draws JSON values, many of them near to what schemas ask for. None is null:
// kin-openapi does not let {} accept it, as OpenAPI 3.0.3 does; see TestSchema30.
func anyValue(depth int) *rapid.Generator[any] {
	return rapid.Custom(func(t *rapid.T) any {
		if depth > 0 && rapid.Bool().Draw(t, "deep") {
			if rapid.Bool().Draw(t, "list") {
				list := rapid.SliceOfN(anyValue(depth-1), 0, 2).Draw(t, "items")
				return append([]any{}, list...)
			}
			members := map[string]any{}
			for _, name := range []string{"a", "b", "c"} {
				if rapid.Bool().Draw(t, name) {
					members[name] = anyValue(depth-1).Draw(t, "member")
				}
			}
			return members
		}
		return rapid.SampledFrom([]any{true, "a", "", "b", 0.0, 1.0, 1.5, 2.0, -3.0}).Draw(t, "scalar")
	})
}

// TestSchemas30AreValid: any document is one of OpenAPI 3.0 to others, and its schemas
// accept what those of 3.1 accept.
func TestSchemas30AreValid(t *testing.T) {
	accepted := 0
	rapid.Check(t, func(t *rapid.T) {
		d := &Document{OpenAPI: Version, Info: Info{Title: "t", Version: "1"}}
		d.Components.Schemas = Map[*Schema]{{"A", &Schema{
			Types: Types{"object", "null"}, Properties: Map[*Schema]{{"a", &Schema{Types: Types{"string"}}}}, Required: []string{"a"},
		}}, {"S", anySchema(3).Draw(t, "schema")}}
		text, err := d.JSON()
		require.NoError(t, err)
		text30, err := d.JSON30()
		require.NoError(t, err)

		document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		require.NoError(t, err)
		compiler := jsonschema.NewCompiler()
		require.NoError(t, compiler.AddResource("mem:///d", document))
		now, err := compiler.Compile("mem:///d#/components/schemas/S")
		require.NoError(t, err)
		loaded, err := openapi3.NewLoader().LoadFromData(text30)
		require.NoError(t, err)
		require.NoError(t, loaded.Validate(context.Background()), "%s", text30)
		require.NotContains(t, string(text30), `"null"`)
		old := loaded.Components.Schemas["S"].Value

		for range 8 {
			v := anyValue(3).Draw(t, "value")
			got, want := old.VisitJSON(v), now.Validate(v)
			require.Equal(t, want == nil, got == nil, "%v: 3.1 says %v, 3.0 says %v\n%s\n%s", v, want, got, text, text30)
			if want == nil {
				accepted++
			}
		}
	})
	require.Positive(t, accepted)
}
