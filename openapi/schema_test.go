package openapi

import (
	"encoding/json/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSchemaJSON(t *testing.T) {
	for want, s := range map[string]*Schema{
		`{}`:                               {},
		`false`:                            {Never: true},
		`{"type":"string"}`:                {Types: Types{"string"}},
		`{"type":["string","null"]}`:       {Types: Types{"string", "null"}},
		`{"additionalProperties":false}`:   {AdditionalProperties: &Schema{Never: true}},
		`{"properties":{"b":{},"a":{}}}`:   {Properties: Map[*Schema]{{"b", &Schema{}}, {"a", &Schema{}}}},
		`{"$defs":{"User":{"title":"a"}}}`: {Defs: Map[*Schema]{{"User", &Schema{Title: "a"}}}},
	} {
		text, err := json.Marshal(s)
		require.NoError(t, err)
		require.Equal(t, want, string(text))
	}
}

func TestMap(t *testing.T) {
	var m Map[int]
	m.Set("b", 1)
	m.Set("a", 2)
	m.Set("b", 3)
	require.Equal(t, Map[int]{{"b", 3}, {"a", 2}}, m)
	require.Equal(t, 3, m.Get("b"))
	require.Zero(t, m.Get("c"))
	require.True(t, m.Has("a"))
	require.False(t, m.Has("c"))
}
