package describe

import (
	"encoding/json/jsontext"
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/internal/bind"
	"github.com/fasterapi/fasterapi/internal/schema"
)

type (
	base struct {
		ID int64 `json:"id" readOnly:"true"`
	}
	leaf struct {
		base
		Kind string          `json:"kind"`
		Many []leaf          `json:"many"`
		By   map[string]leaf `json:"by"`
		One  *leaf           `json:"one"`
		Or   schema.Opt[any] `json:"or,omitzero"`
		Of   either          `json:"of"`
	}
	either      struct{ held[either] }
	held[S any] struct {
		_  schema.Holder[S]
		Of any
	}
)

func (either) OneOf() schema.Choice {
	return schema.Choice{Discriminator: "kind", Variants: []schema.Variant{schema.VariantOf[leaf]("leaf")}}
}

// TestWithoutReadOnly: what a request shows has nothing that clients must not send, however
// deep; what an answer shows has it.
func TestWithoutReadOnly(t *testing.T) {
	for text, want := range map[string]string{
		`{"id":1,"kind":"a"}`: `{"kind":"a"}`,
		`{"kind":"a","many":[{"id":2},{"id":3,"many":[]}],"by":{"id":{"id":4,"kind":"b"}}}`: `{"kind":"a","many":[{},{"many":[]}],"by":{"id":{"kind":"b"}}}`,
		`{"one":{"id":1},"or":{"id":1},"other":{"id":1}}`:                                   `{"one":{},"or":{"id":1},"other":{"id":1}}`,
		`{"of":{"kind":"leaf","id":1}}`:                                                     `{"of":{"kind":"leaf"}}`,
		`{"of":{"kind":"none","id":1}}`:                                                     `{"of":{"kind":"none","id":1}}`,
		`{"one":null,"many":"no list"}`:                                                     `{"one":null,"many":"no list"}`,
		`[1]`:                                                                               `[1]`,
		`7`:                                                                                 `7`,
	} {
		require.JSONEq(t, want, string(schema.Without(jsontext.Value(text), reflect.TypeFor[leaf](), schema.In)), text)
	}
	r := route("POST", "/leaves", &bind.Field{Name: "Body", In: bind.Body, Type: reflect.TypeFor[base]()})
	r.Answers[0].Type = reflect.TypeFor[base]()
	r.Details.BodyExamples = []NamedExample{{"a", base{7}}}
	r.Details.AnswerExamples = []AnswerExample{{NamedExample: NamedExample{"a", base{7}}}}
	op := build(t, false, r).Paths.Get("/leaves").Post
	require.JSONEq(t, `{}`, string(op.RequestBody.Content[0].Value.Examples[0].Value.Value))
	require.JSONEq(t, `{"id":7}`, string(op.Responses[0].Value.Content[0].Value.Examples[0].Value.Value))
}
