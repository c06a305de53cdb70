package codec

import (
	"encoding/json/jsontext"
	"encoding/json/v2"
	"errors"
	"math"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/internal/schema"
)

type (
	base struct {
		ID   int    `json:"id"`
		Note string `json:"note,omitempty"`
	}
	inner struct {
		A int
		B *string `json:",omitempty"`
	}
	hidden struct{ Deep bool }
	tree   struct {
		Name string           `json:"name"`
		Kids []tree           `json:"kids"`
		Next *tree            `json:"next,omitempty"`
		By   map[string]*tree `json:"by,omitempty"`
	}
	namedByte byte
	upper     string
	point     struct{ X, Y int }
	onlyIn    struct{ V int }
	zeroable  struct{ N int }
	loop      *loop
)

func (u upper) MarshalText() ([]byte, error) {
	if u == "bad" {
		return nil, errors.New("bad text")
	}
	return []byte(strings.ToUpper(string(u))), nil
}
func (u *upper) UnmarshalText(b []byte) error { *u = upper(strings.ToLower(string(b))); return nil }

func (p *point) MarshalJSON() ([]byte, error) {
	return []byte(" [ " + string(rune('0'+p.X)) + " ] "), nil
}
func (o *onlyIn) UnmarshalJSON([]byte) error { o.V = 7; return nil }
func (z zeroable) IsZero() bool              { return z.N == 7 }

type scalars struct {
	Bool    bool
	Int     int
	Int8    int8
	Int16   int16
	Int32   int32
	Int64   int64
	Uint    uint
	Uint8   uint8
	Uint16  uint16
	Uint32  uint32
	Uint64  uint64
	Uintptr uintptr
	Float32 float32
	Float64 float64
	String  string
	Time    time.Time
	Bytes   []byte
	Array   [3]byte
	Named   []namedByte
	Matrix  [2][2]int
	Text    upper
	Addr    netip.Addr
}

type options struct {
	Z1 int         `json:",omitzero"`
	Z2 string      `json:",omitzero"`
	Z3 *int        `json:",omitzero"`
	Z4 []int       `json:",omitzero"`
	Z5 time.Time   `json:",omitzero"`
	Z6 zeroable    `json:",omitzero"`
	Z7 inner       `json:",omitzero"`
	Z8 any         `json:",omitzero"`
	Z9 float64     `json:",omitzero"`
	E1 string      `json:",omitempty"`
	E2 []int       `json:",omitempty"`
	E3 map[int]int `json:",omitempty"`
	E4 *string     `json:",omitempty"`
	E5 inner       `json:",omitempty"`
	E6 any         `json:",omitempty"`
	E7 point       `json:",omitempty"`
	E8 upper       `json:",omitempty"`
	S1 int         `json:",string"`
	S2 *float64    `json:"s-2,string"`
	S3 uint8       `json:"<s&3>\u2028,string"`
	No int         `json:"-"`
	//lint:ignore U1000 it must not be written
	no int
}

type embeds struct {
	base
	*inner
	*hidden
	Note  string
	Outer struct{ base } `json:"outer"`
}

type rest struct {
	A int
	X map[string]int `json:",embed"`
}

type maps struct {
	S  map[string]string
	A  map[string]any
	I  map[int8]string
	U  map[uint]bool
	T  map[upper]int
	N  map[string]inner
	P  map[string]*inner
	F  map[float64]int
	Na map[namedString]string
}
type namedString string

type anyones struct {
	A any
	B []any
	S interface{ String() string }
	V jsontext.Value
	P *point
	O onlyIn
}

// encodeTypes are the types of the differential tests.
var encodeTypes = []reflect.Type{
	reflect.TypeFor[scalars](), reflect.TypeFor[options](), reflect.TypeFor[embeds](), reflect.TypeFor[tree](),
	reflect.TypeFor[rest](), reflect.TypeFor[maps](), reflect.TypeFor[anyones](), reflect.TypeFor[any](),
	reflect.TypeFor[*int](), reflect.TypeFor[[]string](), reflect.TypeFor[map[string]any](), reflect.TypeFor[point](),
	reflect.TypeFor[[]*tree](), reflect.TypeFor[**[]*string](), reflect.TypeFor[struct{}](), reflect.TypeFor[[0]int](),
	reflect.TypeFor[struct{ P *int }](), reflect.TypeFor[map[upper][]point](), reflect.TypeFor[[]upper](),
	reflect.TypeFor[struct{ time.Time }](), reflect.TypeFor[[3]struct{ M map[string]string }](),
}

// sameAsV2 compares the encoder of v's type with encoding/json/v2.
func sameAsV2(t require.TestingT, v any) {
	e, err := CompileEncoder(reflect.TypeOf(v))
	require.NoError(t, err)
	want, wantErr := json.Marshal(v, json.Deterministic(true), Durations())
	got, gotErr := e.AppendAny([]byte("before"), v)
	if wantErr != nil {
		require.Error(t, gotErr, "%T: encoding/json/v2 says %v", v, wantErr)
		require.Equal(t, "before", string(got))
		return
	}
	require.NoError(t, gotErr, "%T", v)
	require.Equal(t, "before"+string(want), string(got), "%T", v)
}

func TestEncodeLikeV2(t *testing.T) {
	text, seven, half := "x", 7, 0.5
	addr := netip.MustParseAddr("::1")
	for _, v := range []any{
		scalars{},
		options{},
		embeds{},
		tree{},
		rest{},
		maps{},
		anyones{},
		struct{}{},
		[0]int{},
		true, -1, uint8(255),
		scalars{Bool: true, Int: math.MinInt, Uint64: math.MaxUint64, Float32: 1.1, Float64: 1e21, String: "a\"b\\c\x00\x1f\x7f<>&\u2028é\U0001F600", Time: time.Unix(0, 123).UTC(), Bytes: []byte("hello"), Text: "up\n", Addr: addr},
		scalars{Time: time.Date(2026, 1, 2, 3, 4, 5, 6, time.FixedZone("", 5*3600+1800))},
		scalars{Time: time.Date(10000, 1, 2, 3, 4, 5, 6, time.UTC)},
		scalars{Time: time.Date(2026, 1, 2, 3, 4, 5, 6, time.FixedZone("", 24*3600))},
		scalars{Time: time.Date(-5, 1, 2, 3, 4, 5, 6, time.UTC)},
		scalars{String: "bad \xff utf-8"},
		scalars{Float64: math.NaN()},
		scalars{Float32: float32(math.Inf(1))},
		scalars{Text: "bad"},
		options{Z1: 1, Z2: "z", Z3: &seven, Z4: []int{}, Z5: time.Unix(0, 0), Z6: zeroable{7}, Z7: inner{A: 1}, Z8: 0, Z9: math.Copysign(0, -1)},
		options{E1: "\"", E2: []int{1}, E3: map[int]int{10: 1, 9: 2, -1: 3}, E4: new(string), E5: inner{A: 1, B: new(string)}, E6: "", E7: point{X: 3}, E8: "u"},
		options{E4: &text, E6: []int{}, S2: &half, S3: 3},
		options{E6: `""`},
		options{E6: "null"},
		options{E6: map[string]int{}},
		options{E6: (*int)(nil)},
		embeds{base: base{ID: 1, Note: "hid"}, inner: &inner{A: 2, B: &text}, hidden: &hidden{true}, Note: "n"},
		tree{Name: "a", Kids: []tree{{Name: "b", Next: &tree{}}}, By: map[string]*tree{"z": nil, "a": {}, "\u00e9": {}}},
		rest{A: 1, X: map[string]int{"b": 1, "a": 2}},
		rest{A: 1, X: map[string]int{"A": 1}},
		maps{S: map[string]string{"b": "1", "a": "\xff"}},
		maps{
			S: map[string]string{"b": "1", "a": "2"}, A: map[string]any{"x": []any{1, 2.5, nil, true, "s", map[string]any{"y": uint8(1)}}},
			I: map[int8]string{10: "a", 9: "b", -1: "c"}, U: map[uint]bool{1: true}, T: map[upper]int{"k": 1},
			N: map[string]inner{"n": {}}, P: map[string]*inner{"p": nil, "q": {A: 2}}, F: map[float64]int{1.5: 1}, Na: map[namedString]string{"a": "b"},
		},
		anyones{A: scalars{Int: 3}, B: []any{&seven, point{X: 1}, &point{X: 2}, map[int]int{1: 2}, [2]bool{true}, &text, struct{ P *int }{&seven}, float32(2.25), []byte("x")}, S: addr, V: jsontext.Value(` {"a" : 1 } `), P: &point{X: 5}},
		anyones{V: jsontext.Value(`{"a":1,"a":2}`)},
		anyones{V: jsontext.Value(`{`)},
		anyones{A: math.Inf(-1)},
		anyones{A: time.Second},
		anyones{A: make(chan int)},
		struct{ P *int }{&seven},
		map[string]any{"k": jsontext.Value("1")},
		[]any{},
		[]any(nil), map[string]any(nil), (*int)(nil), (*point)(nil), &point{X: 4},
		map[upper][]point{"a": {{X: 1}}},
		struct{ time.Time }{time.Unix(1, 0).UTC()},
	} {
		sameAsV2(t, v)
	}
}

func TestEncodeFloatLikeV2(t *testing.T) {
	for _, f := range []float64{
		0, math.Copysign(0, -1), 1, -1, 0.1, -0.1, 0.5, 1.25, 99.99, 19.90, 1e-4, 1.00005, 123456789.1234, 1e-6, 9.99e-7, 1e-7, 1e20, 1e21, 1e22, 5e-324,
		math.MaxFloat64, math.MaxInt64, math.MinInt64, 999999999999999, 1e15, 1e15 + 1, 1 << 53, 0.30000000000000004, 100.00010000000001, 4.35, 1.005, -1234.5678, 0.00004, 0.00005,
	} {
		sameAsV2(t, f)
		sameAsV2(t, float32(f))
	}
}

func TestEncodeOptAndOneOf(t *testing.T) {
	type optional struct {
		A schema.Opt[int]             `json:"a,omitzero"`
		B schema.Opt[string]          `json:"b"`
		C schema.Opt[[]uint8p]        `json:"c,omitzero"`
		D schema.Opt[schema.Opt[int]] `json:"d,omitempty"`
	}
	for _, v := range []optional{
		{}, {A: schema.Null[int](), B: schema.Some("x")}, {A: schema.Some(0), C: schema.Some[[]uint8p](nil), D: schema.Some(schema.Null[int]())},
	} {
		sameAsV2(t, v)
	}
	e, err := EncoderFor[optional]()
	require.NoError(t, err)
	require.True(t, e.Plain())

	o, faults := decodeAs[order](t, strings.Replace(goodOrder, `"id"`, `"pay":{"kind":"card","pan":"1234"},"patch":7,"id"`, 1))
	require.Empty(t, faults)
	orders, err := EncoderFor[order]()
	require.NoError(t, err)
	out, err := Append(orders, nil, &o)
	require.NoError(t, err)
	require.Contains(t, string(out), `"patch":7,"pay":{"kind":"card","pan":"1234"}`)
	again, faults := decodeAs[order](t, string(out))
	require.Empty(t, faults)
	again.Levels = nil // a nil map is written as {}
	require.Equal(t, o, again)
}

func TestEncodeErrors(t *testing.T) {
	type row struct {
		Ok  int
		Val []any `json:"val/ue"`
	}
	e, err := EncoderFor[map[string][]row]()
	require.NoError(t, err)
	v := map[string][]row{"a~b": {{}, {Val: []any{0, math.NaN()}}}}
	out, err := Append(e, []byte("kept"), &v)
	require.Equal(t, "kept", string(out))
	var failure *EncodeError
	require.ErrorAs(t, err, &failure)
	require.Equal(t, "/a~0b/1/val~1ue/1", failure.Pointer)
	require.Equal(t, reflect.TypeFor[float64](), failure.GoType)
	require.EqualError(t, err, "codec: cannot encode float64 at /a~0b/1/val~1ue/1: unsupported value: NaN")

	wrong := 1
	_, err = Append(e, nil, &wrong)
	require.ErrorContains(t, err, "the encoder is for map[string][]codec.row")
	_, err = e.AppendAny(nil, 1)
	require.Error(t, err)
}

func TestCompileEncoderListsMistakes(t *testing.T) {
	_, err := EncoderFor[struct {
		C chan int
		D time.Duration `json:",string"`
		B bool          `json:",string"`
		M map[bool]int
		X struct {
			F func()
			Y complex64
		}
		T struct {
			//lint:ignore SA5008 the mistake is the test
			A int `json:"a,omitEmpty"`
		}
		F time.Time `json:",format:RFC3339"`
	}]()
	require.Error(t, err)
	for _, want := range []string{"format"} {
		require.ErrorContains(t, err, want)
	}
	_, err = EncoderFor[struct {
		C chan int
		D time.Duration `json:",string"`
		B bool          `json:",string"`
		M map[bool]int
		X struct {
			F func()
			Y complex64
		}
		T []struct {
			//lint:ignore SA5008 the mistake is the test
			A int `json:"a,omitEmpty"`
		}
	}]()
	for _, want := range []string{".C: chan int", ".D: the json option `string`", ".B: the json option `string`", ".M: bool cannot", ".X.F: func()", ".X.Y: complex64", "T[]: Go struct field A has invalid appearance"} {
		require.ErrorContains(t, err, want)
	}
}

func TestEncodeCyclesFail(t *testing.T) {
	ring := &tree{}
	ring.Next = ring
	var self any
	self = &self
	list := []any{nil}
	list[0] = list
	object := map[string]any{}
	object["o"] = object
	var p loop
	p = &p
	for _, v := range []any{ring, self, list, object, p} {
		e, err := CompileEncoder(reflect.TypeOf(v))
		require.NoError(t, err)
		_, err = e.AppendAny(nil, v)
		require.ErrorIs(t, err, errDepth, "%T", v)
	}
}

func TestEncodeDepthLimitIsThatOfJSONText(t *testing.T) {
	for _, n := range []int{maxDepth, maxDepth + 1} {
		var v any = []any{1} // encoding/json/v2 does not count an empty array
		for range n - 1 {
			v = []any{v}
		}
		sameAsV2(t, v)
	}
}
