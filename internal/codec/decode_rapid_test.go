package codec

import (
	"bytes"
	"encoding/json/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fasterapi/fasterapi/internal/schema"
	"github.com/fasterapi/fasterapi/problem"
)

// Decoder and encoding/json/v2 differ in what they accept, always in one
// direction: the decoder refuses more.
//
//   - null, where the type is no pointer, Opt, interface or type with
//     UnmarshalJSON. encoding/json/v2 takes it as the zero value; the schema
//     says that it is not allowed.
//   - Members that are missing and required. encoding/json/v2 knows no such
//     thing.
//   - Documents nested deeper than Limits.Depth.
//   - What the rules of tags refuse (no tags here).
//
// explained tells whether all faults are of these kinds.
func explained(doc []byte, faults []problem.FieldError) bool {
	for _, f := range faults {
		switch {
		case f.Message == schema.Required:
		case f.Value == nil && bytes.Contains(doc, []byte("null")):
		case strings.Contains(f.Message, "nested too deeply") && bytes.Count(doc, []byte("["))+bytes.Count(doc, []byte("{")) > 256:
		default:
			return false
		}
	}
	return true
}

// sameDecode holds the decoder of t against encoding/json/v2 on doc.
func sameDecode(t require.TestingT, d *Decoder, doc []byte) {
	want, got := reflect.New(d.Type()), reflect.New(d.Type())
	wantErr := json.Unmarshal(doc, want.Interface())
	faults := d.DecodeInto(bytes.Clone(doc), got.Interface())
	if wantErr != nil {
		require.NotEmpty(t, faults, "%v: encoding/json/v2 refuses %q: %v", d.Type(), doc, wantErr)
		return
	}
	if len(faults) > 0 {
		require.True(t, explained(doc, faults), "%v: encoding/json/v2 accepts %q, but %v", d.Type(), doc, faults)
		for _, f := range faults {
			if f.Message != schema.Required {
				return
			}
		} // nothing but missing members: the rest must be the same
	}
	if !reflect.DeepEqual(want.Interface(), got.Interface()) {
		require.Fail(t, "values differ", "%v from %q: %s", d.Type(), doc, cmp.Diff(want.Interface(), got.Interface(), cmp.Exporter(func(reflect.Type) bool { return true })))
	}
}

// mutate changes doc a little.
func mutate(t *rapid.T, doc []byte) []byte {
	doc = bytes.Clone(doc)
	for range rapid.IntRange(0, 2).Draw(t, "mutations") {
		if len(doc) == 0 {
			break
		}
		at := rapid.IntRange(0, len(doc)-1).Draw(t, "at")
		switch rapid.IntRange(0, 3).Draw(t, "how") {
		case 0:
			doc = append(doc[:at:at], doc[at+1:]...)
		case 1:
			doc[at] = rapid.SampledFrom([]byte("0123456789-+.eE\"\\/{}[],: \tntfu\x00\x80\xff")).Draw(t, "byte")
		case 2:
			piece := rapid.SampledFrom([]string{"null", "true", "-0", "1.5", "1e400", "\"\\u00e9\"", "{}", "[]", "{\"a\":1}", " ", ",", "\"id\":1,", "18446744073709551615", "\"\""}).Draw(t, "piece")
			doc = append(doc[:at:at], append([]byte(piece), doc[at:]...)...)
		case 3:
			end := rapid.IntRange(at, len(doc)).Draw(t, "end")
			doc = append(doc[:end:end], append(bytes.Clone(doc[at:end]), doc[end:]...)...)
		}
	}
	return doc
}

func TestDecodeRandomLikeV2(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		typ := drawType(t, 3)
		if rapid.Bool().Draw(t, "listed") {
			typ = rapid.SampledFrom(encodeTypes).Draw(t, "type")
		}
		d, err := CompileDecoder(typ, Options{})
		if err != nil {
			t.Skip("refused when compiled")
		}
		v := reflect.New(typ)
		drawInto(t, v.Elem(), 6)
		doc, err := json.Marshal(v.Interface())
		if err != nil {
			t.Skip("no document")
		}
		sameDecode(t, d, mutate(t, doc))
	})
}

// Inner is exported, so that an embedded pointer to it can be set.
type Inner struct {
	A    int `required:"false"`
	Note string
	Deep *bool
}

type embedsIn struct {
	base
	*Inner
	Note  string `required:"false"`
	Outer struct {
		base
		*Inner
	} `json:"outer"`
}

// relaxed are types for fuzzing with raw documents.
var relaxed = []reflect.Type{
	reflect.TypeFor[any](), reflect.TypeFor[scalars](), reflect.TypeFor[options](), reflect.TypeFor[embedsIn](), reflect.TypeFor[tree](),
	reflect.TypeFor[maps](), reflect.TypeFor[rest](), reflect.TypeFor[[]int](), reflect.TypeFor[map[int]any](), reflect.TypeFor[struct {
		A int    `json:"a-b,case:ignore" required:"false"`
		B string `json:"AB" required:"false"`
		C bool   `json:"c,case:ignore" required:"false"`
	}](), reflect.TypeFor[float32](), reflect.TypeFor[string](), reflect.TypeFor[embedsIn](), reflect.TypeFor[struct{}](),
}

func FuzzDecodeLikeV2(f *testing.F) {
	for _, doc := range []string{
		goodOrder, `{"Bool":true,"Int":-1,"Int8":127,"Uint64":18446744073709551615,"Float32":1e38,"Float64":0.1,"String":"\u00e9\ud83d\ude00","Time":"2026-01-02T03:04:05Z","Bytes":"aGk=","Array":"YWJj","Named":[1,2],"Matrix":[[1,2],[3,4]],"Text":"A","Addr":"::1"}`,
		`{"name":"a","kids":[{"name":"b","kids":[]}],"next":{"name":"","kids":[]},"by":{"x":null}}`, `[1,-0,1.5,1e2,null]`, `{"S":{"a":"b"},"A":{"x":[1]},"I":{"-1":"c"},"U":{"1":true},"F":{"1.5":1}}`,
		`{"S1":"12","s-2":"1.5","Z1":1,"E1":"x"}`, `{"id":1,"note":"x","A":1,"B":"y","Deep":true,"outer":{"id":2}}`, `"\ud800"`, "\"\xff\"", `{"a":1,"a":2}`, `{"A_B":1,"ab":2,"C":true}`, `1e999`, `{"A":1,"x":2}`,
	} {
		f.Add([]byte(doc))
	}
	var decoders []*Decoder
	for _, t := range relaxed {
		d, err := CompileDecoder(t, Options{})
		require.NoError(f, err)
		decoders = append(decoders, d)
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		for _, d := range decoders {
			sameDecode(t, d, doc)
		}
	})
}
