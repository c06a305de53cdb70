package codec

import (
	"encoding/json/jsontext"
	"encoding/json/v2"
	"fmt"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/internal/schema"
	"github.com/fasterapi/fasterapi/problem"
)

type color string

func (color) Enum() []any { return []any{"red", "green"} }

type item struct {
	Name  string  `json:"name" minLength:"1" maxLength:"8"`
	Price float64 `json:"price" exclusiveMinimum:"0" multipleOf:"0.01"`
	Color color   `json:"color" default:"red"`
}

type card struct {
	Kind string `json:"kind"`
	PAN  string `json:"pan" pattern:"^[0-9]{4}$" sensitive:"true"`
}
type transfer struct {
	Kind string `json:"kind"`
	IBAN string `json:"iban"`
}
type payment struct{ union[payment] }

func (payment) OneOf() schema.Choice {
	return schema.Choice{Discriminator: "kind", Variants: []schema.Variant{
		schema.VariantOf[card]("card"), schema.VariantOf[transfer]("transfer"),
	}}
}

type order struct {
	ID      int64              `json:"id" minimum:"1" maximum:"9007199254740993"`
	Level   uint8              `json:"level" enum:"1,2,3" default:"2"`
	Email   string             `json:"email" format:"email"`
	Items   []item             `json:"items" minItems:"1" maxItems:"3"`
	Tags    []string           `json:"tags" maxLength:"4" uniqueItems:"true" default:"a,b"`
	Meta    map[string]int     `json:"meta,omitempty" maximum:"9" maxProperties:"2"`
	Note    *string            `json:"note" minLength:"2"`
	Patch   schema.Opt[int]    `json:"patch,omitzero" minimum:"5"`
	Pay     *payment           `json:"pay"`
	When    time.Time          `json:"when,omitzero"`
	Pair    [2]int             `json:"pair,omitzero"`
	Address netip.Addr         `json:"address,omitzero"`
	Blob    []byte             `json:"blob,omitempty"`
	Count   int                `json:"count,string" required:"false"`
	Any     any                `json:"any" required:"false"`
	Levels  map[color][]uint16 `json:"levels" required:"false" maximum:"10"`
	Nested  *order             `json:"nested"`
}

const goodOrder = `{"id": 7, "email": "a@example.org", "items": [{"name": "x", "price": 1.25}]}`

// decodeAs decodes doc with default options.
func decodeAs[T any](t require.TestingT, doc string) (T, []problem.FieldError) {
	d, err := DecoderFor[T](Options{})
	require.NoError(t, err)
	var v T
	faults := Decode(d, []byte(doc), &v)
	return v, faults
}

func TestDecodeGood(t *testing.T) {
	got, faults := decodeAs[order](t, goodOrder)
	require.Empty(t, faults)
	require.Equal(t, order{
		ID: 7, Level: 2, Email: "a@example.org", Items: []item{{Name: "x", Price: 1.25, Color: "red"}}, Tags: []string{"a", "b"},
	}, got)

	got, faults = decodeAs[order](t, ` { "nested" : `+goodOrder+` , "\u0069d" : 9007199254740993 , "level":3,"email":"b@example.org",
		"items":[{"price":0.01,"color":"green","name":"\ud83d\ude00\n"},{"price":1e2,"name":"b"}],"tags":[],"meta":{"a":9,"b":-1},"note":"ok","patch":null,
		"pay":{"pan":"1234","kind":"card","more":[{}]},"when":"2026-11-22T10:00:00.5+01:00","pair":[1,2],"address":"::1","blob":"aGk=","count":"-12",
		"any":{"x":[1,"s",null,true,{"y":{}}]},"levels":{"red":[1,10]},"unknown":{"deep":[1,{"a":"b"}]}} `)
	require.Empty(t, faults)
	note := "ok"
	require.Equal(t, "ok", *got.Note)
	require.True(t, got.Patch.IsNull())
	require.True(t, got.When.Equal(time.Date(2026, 11, 22, 9, 0, 0, 5e8, time.UTC)))
	require.EqualValues(t, 7, got.Nested.ID)
	got.When, got.Nested = time.Time{}, nil
	require.Equal(t, order{
		ID: 9007199254740993, Level: 3, Email: "b@example.org", Items: []item{{"\U0001F600\n", 0.01, "green"}, {"b", 100, "red"}}, Tags: []string{},
		Meta: map[string]int{"a": 9, "b": -1}, Note: &note, Patch: schema.Null[int](), Pay: &payment{Of: card{"card", "1234"}}, Pair: [2]int{1, 2},
		Address: netip.MustParseAddr("::1"), Blob: []byte("hi"), Count: -12,
		Any: map[string]any{"x": []any{1.0, "s", nil, true, map[string]any{"y": map[string]any{}}}}, Levels: map[color][]uint16{"red": {1, 10}},
	}, got)
}

// TestDecodeFaults: one document, all of its errors, in order.
func TestDecodeFaults(t *testing.T) {
	_, faults := decodeAs[order](t, `{"id":0,"level":4,"email":"no","items":[{"name":"","price":0},{"name":"muchtoolong","price":0.001,"color":"blue"},7,{},{}],
		"tags":["a","toolong","a"],"meta":{"a":10,"b":"x","c":1},"note":"n","patch":4,"pay":{"kind":"card","pan":"secret"},"when":"yesterday","pair":[1],
		"address":"::x","blob":"a","count":"x","id":5,"levels":{"blue":[1],"green":[11,-1,70000]},"nested":{"id":1.0,"email":null,"items":[],"pay":{"kind":"cash"}}}`)
	var got []string
	for _, f := range faults {
		got = append(got, fmt.Sprintf("%s %s (%v)", f.Location, f.Message, f.Value))
	}
	want := []string{
		"body.id must be at least 1 (0)",
		"body.level must be one of: 1, 2, 3 (4)",
		"body.email must be an email address (no)",
		"body.items[0].name must have at least 1 character ()",
		"body.items[0].price must be greater than 0 (0)",
		"body.items[1].name must have at most 8 characters (muchtoolong)",
		"body.items[1].price must be a multiple of 0.01 (0.001)",
		"body.items[1].color must be one of: red, green (blue)",
		"body.items[2] must be an object (7)",
		"body.items must have at most 3 items (<nil>)",
		"body.tags[1] must have at most 4 characters (toolong)",
		"body.tags must not have the same item twice (<nil>)",
		"body.meta.a must be at most 9 (10)",
		"body.meta.b must be an integer (x)",
		"body.meta must have at most 2 members (<nil>)",
		"body.note must have at least 2 characters (n)",
		"body.patch must be at least 5 (4)",
		"body.pay.pan must match the pattern ^[0-9]{4}$ (<nil>)",
		"body.when " + msgTime + " (yesterday)",
		"body.pair must have exactly 2 items (<nil>)",
		"body.address must be an IP address (::x)",
		"body.blob must be base64 (a)",
		"body.count must be a number in a string (x)",
		"body.id is given twice (<nil>)",
		"body.levels.blue must be one of: red, green, as a name (<nil>)",
		"body.levels.green[0] must be at most 10 (11)",
		"body.levels.green[1] must be an integer from 0 to 65535 (-1)",
		"body.levels.green[2] must be an integer from 0 to 65535 (70000)",
		"body.nested.id must be an integer (1)",
		"body.nested.email must be a string (<nil>)",
		"body.nested.items must have at least 1 item (<nil>)",
		"body.nested.pay.kind must be one of: card, transfer (<nil>)",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatal(diff)
	}
	for _, f := range faults {
		require.Equal(t, f.Location == "body.pay.pan", f.Sensitive, f.Location)
	}
}

// TestDecodeSensitive: neither values nor the text of errors repeat a secret.
func TestDecodeSensitive(t *testing.T) {
	type login struct {
		Token upper          `json:"token" sensitive:"true"`
		Addr  netip.Addr     `json:"addr" sensitive:"true"`
		Keys  map[string]int `json:"keys" sensitive:"true" maximum:"1"`
		List  []item         `json:"list" sensitive:"true"`
		Plain string         `json:"plain" maxLength:"1"`
	}
	_, faults := decodeAs[login](t, `{"token":7,"addr":"hunter2","keys":{"a":4711},"list":[{"name":"hunter2hunter2","price":-4711}],"plain":"open"}`)
	require.Len(t, faults, 6)
	for _, f := range faults {
		require.NotContains(t, fmt.Sprint(f), "hunter2")
		require.NotContains(t, fmt.Sprint(f), "4711")
		require.Equal(t, f.Location != "body.plain", f.Sensitive, f.Location)
	}
	require.Equal(t, "open", faults[5].Value)
}

func TestDecodeRequired(t *testing.T) {
	_, faults := decodeAs[order](t, `{}`)
	require.Equal(t, []problem.FieldError{
		{Location: "body.id", Message: schema.Required}, {Location: "body.email", Message: schema.Required}, {Location: "body.items", Message: schema.Required},
	}, faults)
}

func TestDecodeSyntax(t *testing.T) {
	for doc, want := range map[string]string{
		"":                     "must not be empty",
		" \n":                  "must not be empty",
		"{":                    "is not valid JSON: it ends where a string should be, at byte 1",
		`{"a"}`:                "is not valid JSON: there should be a colon at byte 4",
		`{"a":1,}`:             "is not valid JSON: there should be a string at byte 7",
		`{"a":1 "b":2}`:        "is not valid JSON: there should be a comma or '}' at byte 7",
		`{"a":[1,]}`:           "is not valid JSON: there should be a value at byte 8",
		`{"a":01}`:             "is not valid JSON: there should be a number at byte 7",
		`{"a":-}`:              "is not valid JSON: there should be a number at byte 6",
		`{"a":1.}`:             "is not valid JSON: there should be a digit at byte 7",
		`{"a":1e+}`:            "is not valid JSON: an exponent has no digits at byte 9",
		`{"a":tru}`:            "is not valid JSON: there should be a value at byte 5",
		`{"a":"\x"}`:           "is not valid JSON: a string has an unknown escape at byte 6",
		`{"a":"\u12g4"}`:       "is not valid JSON: a string has an unknown escape at byte 6",
		`{"a":"\ud800"}`:       "is not valid JSON: a string has half a surrogate pair at byte 6",
		`{"a":"\udc00\ud800"}`: "is not valid JSON: a string has half a surrogate pair at byte 6",
		"{\"a\":\"\n\"}":       "is not valid JSON: a string has a control character at byte 6",
		"{\"a\":\"\xff\"}":     "is not valid JSON: a string is not UTF-8 at byte 7",
		"{\"a\":\"\xff\\n\"}":  "is not valid JSON: a string is not UTF-8 at byte 9",
		`{"a":"`:               "is not valid JSON: a string does not end, at byte 6",
		`{"a":"\`:              "is not valid JSON: a string does not end, at byte 6",
		`{"a":1} x`:            "is not valid JSON: there is something behind the value, at byte 8",
		`{"a":{"b":1,"b":2}}`:  "is not valid JSON: an object has a name twice at byte 15",
		`nul`:                  "is not valid JSON: there should be a value at byte 0",
		"\ufeff{}":             "is not valid JSON: there should be a value at byte 0",
	} {
		_, faults := decodeAs[struct{}](t, doc)
		require.Equal(t, []problem.FieldError{{Location: "body", Message: want}}, faults, "%s", doc)
		require.Error(t, json.Unmarshal([]byte(doc), new(struct{})), "%s", doc)
	}
	_, faults := decodeAs[struct{}](t, `{"a":1,"a":2}`)
	require.Equal(t, []problem.FieldError{{Location: "body.a", Message: msgTwice}}, faults)
	_, faults = decodeAs[struct{}](t, `null`)
	require.Equal(t, []problem.FieldError{{Location: "body", Message: msgObject}}, faults)
}

func TestDecodeKeepsErrorsBeforeASyntaxError(t *testing.T) {
	_, faults := decodeAs[order](t, `{"items":[{"price":-1,"name":"a"},{"name":`)
	require.Equal(t, []problem.FieldError{
		{Location: "body.items[0].price", Message: "must be greater than 0", Value: int64(-1)},
		{Location: "body", Message: "is not valid JSON: there should be a value at byte 42"},
	}[0], faults[0])
	require.Len(t, faults, 2)
	require.Contains(t, faults[1].Message, "at byte 42")
}

func TestDecodeOptions(t *testing.T) {
	type small struct {
		A []int `json:"a"`
	}
	strict, err := DecoderFor[small](Options{Strict: true, Location: "message", Limits: Limits{Depth: 3, Errors: 2, Bytes: 40}})
	require.NoError(t, err)
	var v small
	require.Empty(t, Decode(strict, []byte(`{"a":[1]}`), &v))
	require.Equal(t, []problem.FieldError{{Location: "message.b", Message: msgUnknown}}, Decode(strict, []byte(`{"a":[1],"b":{}}`), &v))
	require.Equal(t, []problem.FieldError{
		{Location: "message.a[0]", Message: msgInteger, Value: "x"}, {Location: "message.a[2]", Message: msgInteger, Value: true},
	}, Decode(strict, []byte(`{"a":["x",1,true,false]}`), &v))
	require.Equal(t, []problem.FieldError{{Location: "message", Message: "must have at most 40 bytes"}}, Decode(strict, make([]byte, 41), &v))
	require.Empty(t, Decode(strict, []byte(`{"a":[1]}`), &v))
	faults := Decode(strict, []byte(`{"a":[1],"b":[[[]]]}`), &v)
	require.Contains(t, faults[len(faults)-1].Message, "nested too deeply")

	var other int
	require.Len(t, Decode(strict, []byte(`1`), &other), 1)
	require.Empty(t, strict.DecodeInto([]byte(`{"a":[3]}`), &v))
	_, err = DecoderFor[int](Options{Limits: Limits{Depth: -1, Errors: -2}})
	require.ErrorContains(t, err, "Limits.Depth")
	require.ErrorContains(t, err, "Limits.Errors")
}

func TestCompileDecoderListsMistakes(t *testing.T) {
	type self struct{ *hidden }
	_, err := DecoderFor[struct {
		C chan int
		D time.Duration `minimum:"1 minute" maximum:"3"`
		G time.Duration `enum:"1s"`
		O time.Duration `json:",string"`
		I fmt.Stringer
		A int    `default:"x"`
		B int    `default:"3" maximum:"2"`
		P string `pattern:"("`
		M string `minLength:"3" maxLength:"2"`
		N string `minimum:"1"`
		F string `format:"emial"`
		Q int    `json:",string" minimum:"1"`
		R struct {
			X bool `json:",string"`
		}
		L []int `minitems:"1" maxLength:"2"`
		E struct{ self }
		U int  `minimum:"1.5" maximum:"1.6"`
		V bool `default:"true" required:"true"`
		W int  `enum:"1,x"`
	}](Options{})
	require.Error(t, err)
	for _, want := range []string{
		".C: chan int has no JSON form", `.D: minimum:"1 minute" must be a duration such as 1h30m`, `maximum:"3" must be a duration`, ".G: enum is for strings and numbers, not for time.Duration", ".O: the json option `string` is for numbers, not for time.Duration", ".I: fmt.Stringer cannot be decoded", `.A: default:"x"`, ".P: pattern:", ".M: minLength is above maxLength",
		".N: minimum is for numbers, not for string", `.F: format:"emial" is not known`, ".Q: checks of numbers", ".R.X: the json option `string`", `.L: the tag "minitems" is spelt "minItems"`, "\nmaxLength is for strings",
		".E.self.hidden.Deep: it is behind an embedded pointer", ".U: no integer is within", ".V: a member with a default", `.W: enum:"x" must be a number`,
	} {
		require.ErrorContains(t, err, want)
	}
	_, err = DecoderFor[struct {
		B int           `default:"3" maximum:"2"`
		E time.Duration `default:"2h" maximum:"1h"`
		F time.Duration `default:"soon"`
		C struct {
			D []uint8p `default:"1,-2"`
		}
	}](Options{})
	require.ErrorContains(t, err, ".B: default 3: must be at most 2")
	require.ErrorContains(t, err, `.E: default "2h": must be at most 1h`)
	require.ErrorContains(t, err, `.F: default "soon": must be a duration`)
	require.ErrorContains(t, err, ".C.D: default [1,-2]: [1] must be an integer from 0 to 255")
}

// TestExampleMistakes: an example in a tag is a value that the checks let in, of what comes in and of what goes out.
func TestExampleMistakes(t *testing.T) {
	type inner struct {
		D []string `example:"a,abc" maxLength:"2"`
	}
	type bad struct {
		A string               `example:"a" minLength:"2"`
		B *int                 `example:"9" maximum:"8"`
		C time.Time            `example:"today"`
		E []inner              `json:"e"`
		F map[string]time.Time `example:"{}"`
		G int                  `json:",string" example:"\"3\""`
		H any                  `example:"{\"a\":1}"`
		I inner                `example:"{\"D\":[\"abc\"]}"`
	}
	_, in := DecoderFor[bad](Options{})
	_, out := EncoderFor[bad]()
	for _, err := range []error{in, out} {
		for _, want := range []string{
			`.A: example "a": must have at least 2 characters`, `.B: example 9: must be at most 8`,
			`.C: example "today": must be an RFC 3339 time`, `.D: example ["a","abc"]: [1] must have at most 2 characters`,
			`.I: example {"D":["abc"]}: .D[0] must have at most 2 characters`,
		} {
			require.ErrorContains(t, err, want)
		}
		require.Equal(t, 5, strings.Count(err.Error(), "example"), "%v", err)
	}
}

type uint8p uint8

// TestDecodeStringsAreCopies: nothing that was decoded changes with the input.
func TestDecodeStringsAreCopies(t *testing.T) {
	doc := []byte(`{"short":"abc","esc":"a\nb","long":"` + strings.Repeat("x", 300) + `","any":["s"],"raw": {"a":1},"m":{"k":"v"},"b":"aGk="}`)
	type all struct {
		Short string            `json:"short"`
		Esc   string            `json:"esc"`
		Long  string            `json:"long"`
		Any   any               `json:"any"`
		Raw   jsontext.Value    `json:"raw"`
		M     map[string]string `json:"m"`
		B     []byte            `json:"b"`
	}
	d, err := DecoderFor[all](Options{})
	require.NoError(t, err)
	var got all
	require.Empty(t, Decode(d, doc, &got))
	for i := range doc {
		doc[i] = 0xDB
	}
	require.Equal(t, fmt.Sprintf("{abc a\nb %s [s] {\"a\":1} map[k:v] [104 105]}", strings.Repeat("x", 300)), fmt.Sprint(got))
}

func TestDecodeManyFields(t *testing.T) {
	var fields []reflect.StructField
	var doc strings.Builder
	for i := range 200 {
		name := fmt.Sprintf("F%d", i)
		fields = append(fields, reflect.StructField{Name: name, Type: reflect.TypeFor[int]()})
		fmt.Fprintf(&doc, `,%q:%d`, name, i)
	}
	d, err := CompileDecoder(reflect.StructOf(fields), Options{})
	require.NoError(t, err)
	v := reflect.New(d.Type())
	require.Empty(t, d.DecodeInto([]byte("{"+doc.String()[1:]+"}"), v.Interface()))
	require.EqualValues(t, 199, v.Elem().Field(199).Int())
	require.Len(t, d.DecodeInto([]byte("{"+doc.String()[1:]+`,"F70":1}`), reflect.New(d.Type()).Interface()), 1)
	require.Len(t, d.DecodeInto([]byte("{}"), reflect.New(d.Type()).Interface()), 100, "the limit of errors")
}
