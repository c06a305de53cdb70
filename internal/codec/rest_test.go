package codec

import (
	"encoding/json/jsontext"
	"encoding/json/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

type restPart struct {
	SKU string `json:"sku" minLength:"2"`
}

type restMap struct {
	ID    int                 `json:"id" minimum:"1"`
	Kind  string              `json:"kind" default:"plain"`
	Part  *restPart           `json:"part"`
	Parts map[string]restPart `json:",embed"`
}

type restAny struct {
	Part restPart       `json:"part"`
	More jsontext.Value `json:",embed"`
}

type restBehind struct {
	*RestInner
	ID int `json:"id"`
}

// RestInner is embedded by a pointer.
type RestInner struct {
	More map[string]any `json:",embed"`
}

// TestRest: a struct with an `embed` field is read like any other: what its
// fields take is checked, and so is what the embedded map takes.
func TestRest(t *testing.T) {
	d, err := DecoderFor[restMap](Options{Strict: true})
	require.NoError(t, err)
	var v restMap
	require.Empty(t, Decode(d, []byte(`{"x":{"sku":"ab"}, "id":3,"y" : {"sku":"cd"}}`), &v))
	require.Equal(t, restMap{ID: 3, Kind: "plain", Parts: map[string]restPart{"x": {"ab"}, "y": {"cd"}}}, v)
	for doc, want := range map[string][]string{
		`{"id":0}`:           {"body.id must be at least 1"},
		`{}`:                 {"body.id is required"},
		`{"id":1,"part":{}}`: {"body.part.sku is required"},
		`{"x":{"sku":"a"},"id":1,"part":{"sku":"a"},"y":3}`: {"body.part.sku must have at least 2 characters", "body.x.sku must have at least 2 characters", "body.y must be an object"},
		`{"id":1,"x":{"sku":"ab"},"x":{"sku":"ab"}}`:        {"body.x is given twice"},
		`{"id":1,"x":{"sku":"ab","z":1}}`:                   {"body.x.z is not known"},
	} {
		var got []string
		for _, f := range Decode(d, []byte(doc), &v) {
			got = append(got, f.String())
		}
		require.Equal(t, want, got, doc)
	}
}

// TestRestLikeV2: what encoding/json/v2 reads into such structs is what we read.
func TestRestLikeV2(t *testing.T) {
	for _, doc := range []string{
		`{"part":{"sku":"ab"},"a":[1,{"b":null}],"\u00e9":"\n"}`, `{"part":{"sku":"ab"}}`, `{"id":1,"z":{"y":[[]]},"a":1.5}`, `{"a":{},"part":{"sku":"ab"}}`,
	} {
		readAsV2[restAny](t, doc)
		readAsV2[restBehind](t, doc)
	}
}

func readAsV2[T any](t *testing.T, doc string) {
	t.Helper()
	d, err := DecoderFor[T](Options{})
	require.NoError(t, err)
	var got, want T
	faults := Decode(d, []byte(doc), &got)
	require.NoError(t, json.Unmarshal([]byte(doc), &want))
	for _, f := range faults {
		require.Contains(t, f.Message, "is required", doc) // encoding/json/v2 requires nothing
		return
	}
	a, err := json.Marshal(got, json.Deterministic(true))
	require.NoError(t, err)
	b, err := json.Marshal(want, json.Deterministic(true))
	require.NoError(t, err)
	require.Equal(t, string(b), string(a), doc)
}
