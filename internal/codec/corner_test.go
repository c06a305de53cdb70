package codec

import (
	"encoding/json/v2"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/problem"
)

type badText string

func (b badText) AppendText(dst []byte) ([]byte, error) {
	switch b {
	case "error":
		return dst, errors.New("no text today")
	case "short":
		return nil, nil
	}
	return append(dst, b...), nil
}
func (b badText) MarshalText() ([]byte, error) { return b.AppendText(nil) }

func TestEncodeTextAppender(t *testing.T) {
	e, err := EncoderFor[badText]()
	require.NoError(t, err)
	for text, want := range map[badText]string{"plain": `"plain"`, "é\"\n\b\f\r\t\x01": `"é\"\n\b\f\r\t\u0001"`} {
		out, err := Append(e, nil, &text)
		require.NoError(t, err)
		require.Equal(t, want, string(out))
		sameAsV2(t, text)
	}
	for _, text := range []badText{"error", "short", "\xff"} {
		out, err := Append(e, []byte("kept"), &text)
		require.Error(t, err)
		require.Equal(t, "kept", string(out))
	}
	require.Equal(t, reflect.TypeFor[badText](), e.Type())
}

func TestEncodeErrorsInMaps(t *testing.T) {
	for _, v := range []any{
		map[string]string{"ok": "\xff"},
		map[string]string{"\xff": "ok"},
		map[string]any{"ok": math.NaN()},
		map[string]any{"\xff": 1},
		map[string]float64{"ok": math.Inf(1)},
		map[string]float64{"\xff": 1},
		map[int]any{1: "\xff"},
		map[badText]int{"error": 1},
	} {
		e, err := CompileEncoder(reflect.TypeOf(v))
		require.NoError(t, err)
		_, err = e.AppendAny(nil, v)
		require.Error(t, err, "%v", v)
	}
}

func faultsOf[T any](t *testing.T, doc string) (out []string) {
	_, faults := decodeAs[T](t, doc)
	for _, f := range faults {
		out = append(out, strings.TrimPrefix(f.Location, "body")+" "+f.Message)
	}
	return out
}

func TestDecodeListCorners(t *testing.T) {
	type lists struct {
		L []int     `json:"l" maxItems:"2" uniqueItems:"true" required:"false"`
		M [2]string `json:"m" required:"false"`
		B [2]byte   `json:"b" required:"false"`
		S []*item   `json:"s" required:"false"`
	}
	for doc, want := range map[string][]string{
		`{"l":[1,1,3]}`:        {".l must have at most 2 items", ".l must not have the same item twice"},
		`{"l":[1,2,[],{}]}`:    {".l must have at most 2 items"},
		`{"l":{}}`:             {".l must be an array"},
		`{"l":null}`:           {".l must be an array"},
		`{"l":[]}`:             nil,
		`{"m":["a"]}`:          {".m must have exactly 2 items"},
		`{"m":[]}`:             {".m must have exactly 2 items"},
		`{"m":["a",1,"c"]}`:    {".m[1] must be a string", ".m must have exactly 2 items"},
		`{"m":7}`:              {".m must be an array"},
		`{"b":"YWJj"}`:         {".b must be base64 of 2 bytes"},
		`{"b":[1,2]}`:          {".b must be base64"},
		`{"b":"YWI=\n"}`:       {".b must be base64"},
		`{"s":[null,{}]}`:      {".s[1].name is required", ".s[1].price is required"},
		`{"l":[1,2,3`:          {" is not valid JSON: it ends where a comma or ']' should be, at byte 11"},
		`{"l":[1,2,"\ud800"]}`: {" is not valid JSON: a string has half a surrogate pair at byte 11"},
		`{"m":["a","b",}`:      {" is not valid JSON: there should be a value at byte 14"},
		`{"m":["a" "b"]}`:      {" is not valid JSON: there should be a comma or ']' at byte 10"},
	} {
		require.Equal(t, want, faultsOf[lists](t, doc), "%s", doc)
	}
}

func TestDecodeMapCorners(t *testing.T) {
	type keyed struct {
		A map[string]string `json:"a" required:"false"`
		B map[int8]string   `json:"b" required:"false"`
		C map[uint8]*int    `json:"c" maxProperties:"1" required:"false"`
		D map[string]any    `json:"d" required:"false"`
	}
	long := strings.Repeat("n", 100)
	for doc, want := range map[string][]string{
		`{"a":{"x":1,"y":null}}`:           {".a.x must be a string", ".a.y must be a string"},
		`{"a":{"x":"1","x":"2"}}`:          {".a.x is given twice"},
		`{"a":[]}`:                         {".a must be an object"},
		`{"a":{"x"}}`:                      {" is not valid JSON: there should be a colon at byte 9"},
		`{"a":{"x":"1"]}`:                  {" is not valid JSON: there should be a comma or '}' at byte 13"},
		`{"a":{1:2}}`:                      {" is not valid JSON: there should be a string at byte 6"},
		`{"b":{"1":"a","01":"b"}}`:         {".b.01 is not an integer, which the name must be"},
		`{"b":{"128":"a","-128":""}}`:      {".b.128 is out of range as a name"},
		`{"b":{"1":"a","1":"b"}}`:          {".b.1 is given twice"},
		`{"b":{"1":"a","-0":"b","0":"c"}}`: {".b.0 is given twice"},
		`{"c":{"-1":null}}`:                {".c.-1 is out of range as a name"},
		`{"c":{"1":null,"2":3,"2":4}}`:     {" is not valid JSON: an object has a name twice at byte 24"},
		`{"c":{"1":"x","2":3}}`:            {".c.1 must be an integer", ".c must have at most 1 member"},
		`{"d":{"x":{"y":1,"y":2}}}`:        {".d.x.y is given twice"},
		`{"d":{"x":[1e999]}}`:              {".d.x[0] is out of range"},
		`{"d":{"` + long + `":1e999}}`:     {".d." + long[:64] + "... is out of range"},
		`{"d":{"x":tru}}`:                  {" is not valid JSON: there should be a value at byte 10"},
		`{"d":[1,x]}`:                      {" is not valid JSON: there should be a value at byte 8"},
		`{"d":{"x":[1,]}}`:                 {" is not valid JSON: there should be a value at byte 13"},
		`{"d":{"x":[1 2]}}`:                {" is not valid JSON: there should be a comma or ']' at byte 13"},
	} {
		require.Equal(t, want, faultsOf[keyed](t, doc), "%s", doc)
	}
}

func TestDecodeChoiceCorners(t *testing.T) {
	for doc, want := range map[string][]string{
		`{}`:                             {".kind is required"},
		`{"pan":"1234"}`:                 {".kind is required"},
		`{"kind":1}`:                     {".kind must be one of: card, transfer"},
		`{"kind":null,"pan":"1234"}`:     {".kind must be one of: card, transfer"},
		`{"kind":"cash","kind":"card"}`:  {" is not valid JSON: an object has a name twice at byte 21"},
		`{"kind":"cash","pan":1,}`:       {" is not valid JSON: there should be a string at byte 23"},
		`{"kind":"cash","pan":1`:         {" is not valid JSON: it ends where a comma or '}' should be, at byte 22"},
		`[]`:                             {" must be an object"},
		`{"kind":"card"}`:                {".pan is required"},
		`{"kind":"card","kind":"x"}`:     {".kind is given twice", ".pan is required"},
		`{"kind":"card","pan":"1234"`:    {" is not valid JSON: it ends where a comma or '}' should be, at byte 27"},
		`{"kind"}`:                       {" is not valid JSON: there should be a colon at byte 7"},
		`{"kind":}`:                      {" is not valid JSON: there should be a value at byte 8"},
		`{"kind":"card",`:                {" is not valid JSON: it ends where a string should be, at byte 15"},
		`{"iban":"x","kind":"transfer"}`: nil,
	} {
		require.Equal(t, want, faultsOf[payment](t, doc), "%s", doc)
	}
}

func TestDecodeNumberCorners(t *testing.T) {
	type numbers struct {
		I int64   `json:"i" required:"false"`
		J int8    `json:"j" required:"false"`
		U uint64  `json:"u" required:"false"`
		F float32 `json:"f" multipleOf:"0.1" required:"false"`
		D float64 `json:"d" required:"false"`
		Q uint8   `json:"q,string" required:"false"`
		B bool    `json:"b" required:"false"`
	}
	const outI = "must be an integer from -9223372036854775808 to 9223372036854775807"
	for doc, want := range map[string][]string{
		`{"i":-9223372036854775808}`:   nil,
		`{"i":9223372036854775807}`:    nil,
		`{"i":9223372036854775808}`:    {".i " + outI},
		`{"i":-9223372036854775809}`:   {".i " + outI},
		`{"i":1000000000000000000000}`: {".i " + outI},
		`{"j":-129}`:                   {".j must be an integer from -128 to 127"},
		`{"j":1.0}`:                    {".j must be an integer"},
		`{"j":"1"}`:                    {".j must be an integer"},
		`{"j":-}`:                      {" is not valid JSON: there should be a number at byte 6"},
		`{"u":18446744073709551615}`:   nil,
		`{"u":18446744073709551616}`:   {".u must be an integer from 0 to 18446744073709551615"},
		`{"u":-0}`:                     {".u must be an integer from 0 to 18446744073709551615"},
		`{"u":1e1}`:                    {".u must be an integer"},
		`{"u":null}`:                   {".u must be an integer"},
		`{"u":+1}`:                     {" is not valid JSON: there should be a value at byte 5"},
		`{"f":0.3}`:                    nil,
		`{"f":0.35}`:                   {".f must be a multiple of 0.1"},
		`{"f":1e39}`:                   {".f is out of range"},
		`{"f":true}`:                   {".f must be a number"},
		`{"d":1e309}`:                  {".d is out of range"},
		`{"d":"NaN"}`:                  {".d must be a number"},
		`{"q":"255"}`:                  nil,
		`{"q":"256"}`:                  {".q must be an integer from 0 to 255"},
		`{"q":" 1"}`:                   {".q must be a number in a string"},
		`{"q":"1 "}`:                   {".q must be a number in a string"},
		`{"q":""}`:                     {".q must be a number in a string"},
		`{"q":1}`:                      {".q must be a number in a string"},
		`{"b":1}`:                      {".b must be a boolean"},
		`{"b":falsy}`:                  {" is not valid JSON: there should be a value at byte 5"},
	} {
		require.Equal(t, want, faultsOf[numbers](t, doc), "%s", doc)
	}
	v, _ := decodeAs[numbers](t, `{"i":-9223372036854775808,"u":18446744073709551615,"d":-0.0,"q":"7"}`)
	require.Equal(t, int64(math.MinInt64), v.I)
	require.Equal(t, uint64(math.MaxUint64), v.U)
	require.True(t, math.Signbit(v.D))
	require.EqualValues(t, 7, v.Q)
}

// TestDecodeFloatsLikeStrconv: the fast path rounds like package strconv.
func TestDecodeFloatsLikeStrconv(t *testing.T) {
	for _, text := range []string{
		"0", "-0", "0.1", "0.3", "1e22", "1e23", "1e-22", "1e-23", "9007199254740993", "9007199254740992e22", "123456789012345678901234567890", "0.000000000000000000000000000001",
		"1.7976931348623157e308", "5e-324", "2.2250738585072011e-308", "4.35", "99.99", "1E+5", "123.456e-7", "8.41e21", "9.5367431640625e-7",
	} {
		got, faults := decodeAs[float64](t, text)
		require.Empty(t, faults)
		var want float64
		require.NoError(t, json.Unmarshal([]byte(text), &want))
		require.Equal(t, math.Float64bits(want), math.Float64bits(got), text)
	}
}

func TestDecodeFolding(t *testing.T) {
	type folded struct {
		UserName string `json:"user_name,case:ignore" required:"false"`
		Key      string `json:"key" required:"false"`
		A        int    `json:"a-b,case:ignore" required:"false"`
		B        int    `json:"AB,case:ignore" required:"false"`
	}
	v, faults := decodeAs[folded](t, `{"UserName":"x","KEY":"ignored","AB":1,"a-b":2}`)
	require.Empty(t, faults)
	require.Equal(t, folded{UserName: "x", A: 2, B: 1}, v)
	require.Equal(t, []string{".aB fits more than one member", ".USER-NAME is given twice"}[:1], faultsOf[folded](t, `{"aB":1}`))
	require.Equal(t, []string{".user_name is given twice"}, faultsOf[folded](t, `{"user_name":"x","USER-NAME":"y"}`))
}

func TestDecodeLongNamesAreCut(t *testing.T) {
	d, err := DecoderFor[struct{}](Options{Strict: true})
	require.NoError(t, err)
	var v struct{}
	faults := Decode(d, fmt.Appendf(nil, `{%q:1}`, strings.Repeat("é", 40)+"x"), &v)
	require.Equal(t, []problem.FieldError{{Location: "body." + strings.Repeat("é", 32) + "...", Message: msgUnknown}}, faults)
}

type endless *endless

func TestDecodeEndlessPointerIsAMistake(t *testing.T) {
	_, err := DecoderFor[endless](Options{})
	require.ErrorContains(t, err, "pointer to itself")
}

// TestDecodeDeepInput: depth costs no more than the limit allows.
func TestDecodeDeepInput(t *testing.T) {
	deep := strings.Repeat("[", 1<<20)
	for _, typ := range []reflect.Type{reflect.TypeFor[any](), reflect.TypeFor[struct{}](), reflect.TypeFor[tree](), reflect.TypeFor[[]any](), reflect.TypeFor[map[string]any]()} {
		d, err := CompileDecoder(typ, Options{})
		require.NoError(t, err)
		faults := d.DecodeInto([]byte(deep), reflect.New(typ).Interface())
		require.Len(t, faults, 1)
		require.Contains(t, faults[0].Message, "nested too deeply at byte 256")
	}
}
