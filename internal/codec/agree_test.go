package codec

import (
	"encoding/json"
	"errors"
	"math/big"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fasterapi/fasterapi/internal/schema"
)

// The schema that is published and the decoder agree on every document, but
// for these differences; TestSchemaDifferences shows each.
//
//   - 1.0 and 1e2 are integers for JSON Schema, and none for the decoder;
//     neither is -0 an unsigned one. encoding/json/v2 says the same.
//   - The decoder refuses names given twice; a JSON Schema never sees them.
//   - date-time of a time.Time: no leap seconds, no lower case t and z,
//     because package time reads none.
//   - A time.Duration must fit in 64 bits of nanoseconds, and its bounds are in
//     the description only: JSON Schema compares numbers.
//   - Types with text or JSON methods refuse what they like.
//   - The names of a map[int8]T must fit in an int8; the schema only says that
//     they are integers.
//   - Numbers in strings (the json option string) must be in range; the schema
//     only says how they are written.
//   - uniqueItems compares what was decoded: unknown members do not count.

type tiny struct {
	S string `json:"s" minLength:"1" maxLength:"3"`
	N *int8  `json:"n"`
}

type pageOf[T any] struct {
	Items []T         `json:"items" minItems:"1" maxItems:"3"`
	Next  *string     `json:"next"`
	More  []pageOf[T] `json:"more,omitempty"`
}

type wide struct {
	B     bool                  `json:"b" required:"false"`
	I     int                   `json:"i" minimum:"-3" exclusiveMaximum:"5" required:"false"`
	I64   int64                 `json:"i64" required:"false"`
	U64   uint64                `json:"u64" multipleOf:"3" required:"false"`
	U8    uint8                 `json:"u8" required:"false"`
	I16   int16                 `json:"i16" minimum:"-40000" required:"false"`
	F     float64               `json:"f" exclusiveMinimum:"0" maximum:"10" multipleOf:"0.1" required:"false"`
	F32   float32               `json:"f32" required:"false"`
	S     string                `json:"s" minLength:"2" maxLength:"3" required:"false"`
	P     string                `json:"p" pattern:"^[a-c]+$" required:"false"`
	E     color                 `json:"e" required:"false"`
	E2    *color                `json:"e2"`
	EI    int                   `json:"ei" enum:"1,2" required:"false"`
	UUID  string                `json:"uuid" format:"uuid" required:"false"`
	Mail  string                `json:"mail" format:"email" required:"false"`
	DT    string                `json:"dt" format:"date-time" required:"false"`
	D     string                `json:"d" format:"date" required:"false"`
	T     string                `json:"t" format:"time" required:"false"`
	URI   string                `json:"uri" format:"uri" required:"false"`
	V4    string                `json:"v4" format:"ipv4" required:"false"`
	V6    string                `json:"v6" format:"ipv6" required:"false"`
	Host  string                `json:"host" format:"hostname" required:"false"`
	Dur   string                `json:"dur" format:"duration" required:"false"`
	When  time.Time             `json:"when,omitzero"`
	L     []int                 `json:"l" minItems:"1" maxItems:"2" uniqueItems:"true" required:"false"`
	LS    []*string             `json:"ls" maxLength:"2" required:"false"`
	A     [2]bool               `json:"a" required:"false"`
	M     map[string]uint16     `json:"m" minProperties:"1" maxProperties:"2" maximum:"9" required:"false"`
	MI    map[int32]tiny        `json:"mi" required:"false"`
	MU    map[uint8]any         `json:"mu" required:"false"`
	Bytes []byte                `json:"bytes" required:"false"`
	Arr   [3]byte               `json:"arr" required:"false"`
	Opt   schema.Opt[int]       `json:"opt" minimum:"1"`
	OptS  schema.Opt[tiny]      `json:"optS"`
	Any   any                   `json:"any" required:"false"`
	Q     int                   `json:"q,string" required:"false"`
	QF    *float64              `json:"qf,string"`
	Pay   payment               `json:"pay" required:"false"`
	PayP  *payment              `json:"payp"`
	Page  *pageOf[tiny]         `json:"page"`
	Deep  map[string][][]uint16 `json:"deep" maximum:"3" required:"false"`
	Def   int                   `json:"def" default:"3" minimum:"2"`
	Wait  time.Duration         `json:"wait" required:"false"`
	Waits []*time.Duration      `json:"waits" required:"false" maxItems:"2"`
	base
}

// agreeTypes are the types of the agreement test.
var agreeTypes = []reflect.Type{
	reflect.TypeFor[wide](), reflect.TypeFor[tiny](), reflect.TypeFor[pageOf[tiny]](), reflect.TypeFor[pageOf[pageOf[int]]](), reflect.TypeFor[order](), reflect.TypeFor[item](), reflect.TypeFor[payment](),
	reflect.TypeFor[[]color](), reflect.TypeFor[map[string]*tiny](), reflect.TypeFor[*tiny](), reflect.TypeFor[[]*payment](), reflect.TypeFor[schema.Opt[[]uint8p]](), reflect.TypeFor[flat](),
}

// oracle compiles the published schema of t for the other validator.
func oracle(t require.TestingT, typ reflect.Type, strict bool) *jsonschema.Schema {
	text, err := schema.Document(typ, strict)
	require.NoError(t, err)
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(string(text)))
	require.NoError(t, err)
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	c.AssertContent()
	for name, limits := range map[string][2]string{
		"int64": {"-9223372036854775808", "9223372036854775807"}, "uint64": {"0", "18446744073709551615"},
		"double": {"-1.797693134862315708e308", "1.797693134862315708e308"}, "float": {"-3.4028235e38", "3.4028235e38"},
	} { // OpenAPI's registry of formats: assertions about numbers
		c.RegisterFormat(&jsonschema.Format{Name: name, Validate: within(limits[0], limits[1])})
	}
	require.NoError(t, c.AddResource("type.json", doc))
	s, err := c.Compile("type.json")
	require.NoError(t, err, "%s", text)
	return s
}

func within(low, high string) func(any) error {
	lo, _ := new(big.Rat).SetString(low)
	hi, _ := new(big.Rat).SetString(high)
	return func(v any) error {
		n, ok := v.(json.Number)
		if !ok {
			return nil
		}
		if len(n) > 400 || strings.Contains(string(n), "e400") {
			return errors.New("out of range")
		}
		if r, ok := new(big.Rat).SetString(string(n)); ok && (r.Cmp(lo) < 0 || r.Cmp(hi) > 0) {
			return errors.New("out of range")
		}
		return nil
	}
}

// drawJSON makes a document that mostly fits t.
func drawJSON(t *rapid.T, typ reflect.Type, depth int) string {
	if rapid.IntRange(0, 40).Draw(t, "any") == 0 {
		return rapid.SampledFrom([]string{"null", "true", "0", "-1", "1.5", `""`, `"abc"`, "[]", "{}", `[1]`, `{"kind":"card"}`, `{"s":"x"}`, "1e400"}).Draw(t, "odd")
	}
	inner, nullable := schema.Strip(typ)
	if nullable && rapid.IntRange(0, 4).Draw(t, "null") == 0 {
		return "null"
	}
	switch schema.ClassOf(inner) {
	case schema.ClassBool:
		return rapid.SampledFrom([]string{"true", "false"}).Draw(t, "bool")
	case schema.ClassInt, schema.ClassUint:
		return rapid.SampledFrom([]string{"0", "1", "2", "3", "4", "5", "9", "10", "-1", "-3", "-4", "127", "128", "255", "256", "-32768", "-32769", "65535", "65536", "9223372036854775807", "9223372036854775808", "18446744073709551615", "18446744073709551616", "-9223372036854775809"}).Draw(t, "int")
	case schema.ClassFloat:
		return rapid.SampledFrom([]string{"0", "0.1", "0.3", "1", "10", "10.1", "0.05", "-1", "1e1", "1E-1", "3.5e38", "1e308", "1e400", "9.9"}).Draw(t, "float")
	case schema.ClassText, schema.ClassTime:
		return drawText(t)
	case schema.ClassDuration:
		return strconv.Quote(rapid.SampledFrom([]string{"1h30m", "0", "-1.5s", "+.5ms", "1.µs", "2μs", "", "1", "1d", "s", "1 s", "1e3s", "PT1H", "1s"}).Draw(t, "duration"))
	case schema.ClassBytes:
		return rapid.SampledFrom([]string{`""`, `"YWJj"`, `"YWI="`, `"YWI"`, `"!"`, `"YWJjZA=="`}).Draw(t, "base64")
	case schema.ClassList:
		return drawArray(t, inner.Elem(), depth)
	case schema.ClassMap:
		var members []string
		for range rapid.IntRange(0, 3).Draw(t, "members") {
			name := rapid.SampledFrom([]string{"1", "-1", "x", "256", "0", "007", "1.0"}).Draw(t, "name")
			members = append(members, strconv.Quote(name)+":"+drawJSON(t, inner.Elem(), depth-1))
		}
		return "{" + strings.Join(dedupe(members), ",") + "}"
	case schema.ClassStruct:
		return drawObject(t, inner, "", depth)
	case schema.ClassChoice:
		return drawChoice(t, inner, depth)
	}
	return rapid.SampledFrom([]string{"1", `"x"`, "[1,{}]", "null"}).Draw(t, "value")
}

func drawArray(t *rapid.T, elem reflect.Type, depth int) string {
	var items []string
	for range rapid.IntRange(0, min(4, max(depth, 0))).Draw(t, "items") {
		items = append(items, drawJSON(t, elem, depth-1))
	}
	return "[" + strings.Join(items, ",") + "]"
}

func drawObject(t *rapid.T, typ reflect.Type, without string, depth int) string {
	members, err := schema.MembersOf(typ)
	require.NoError(t, err)
	var list []string
	for i := range members.List {
		m := &members.List[i]
		if m.Name == without {
			continue
		}
		tags, _ := schema.MemberTags(m)
		often := 8
		if len(members.List) > 20 && !tags.Required {
			often = 1 // most members of the wide struct absent, so that good documents are met
		}
		if tags.Required && rapid.IntRange(0, 20).Draw(t, "miss") > 0 || depth > 0 && rapid.IntRange(0, 9).Draw(t, "member") < often {
			value := drawJSON(t, m.Type, depth-1)
			if m.Stringed && rapid.IntRange(0, 5).Draw(t, "quote") > 0 && !strings.Contains(value, `"`) {
				value = strconv.Quote(value)
			}
			list = append(list, m.Quoted+":"+value)
		}
	}
	if rapid.IntRange(0, 5).Draw(t, "unknown") == 0 {
		list = append(list, `"unknown":{"x":[1]}`)
	}
	return "{" + strings.Join(list, ",") + "}"
}

func drawChoice(t *rapid.T, typ reflect.Type, depth int) string {
	choice, _, err := schema.ChoiceOf(typ)
	require.NoError(t, err)
	v := rapid.SampledFrom(choice.Variants).Draw(t, "variant")
	kind := rapid.SampledFrom([]string{v.Name, v.Name, v.Name, v.Name, "other"}).Draw(t, "kind")
	body := strings.TrimPrefix(drawObject(t, v.Type, "kind", depth), "{")
	return strings.Replace(`{"kind":`+strconv.Quote(kind)+","+body, ",}", "}", 1)
}

func dedupe(members []string) (unique []string) {
	seen := map[string]bool{}
	for _, m := range members {
		name, _, _ := strings.Cut(m, ":")
		if !seen[name] {
			unique = append(unique, m)
		}
		seen[name] = true
	}
	return unique
}

func drawText(t *rapid.T) string {
	return strconv.Quote(rapid.SampledFrom([]string{
		"", "a", "ab", "abc", "abcd", "red", "green", "blue", "é世\U0001F600", "1", "-1", "1.5", "card",
		"f81d4fae-7dec-11d0-a765-00a0c91e6bf6", "F81D4FAE-7DEC-11D0-A765-00A0C91E6BF6", "f81d4fae7dec11d0a76500a0c91e6bf6", "g81d4fae-7dec-11d0-a765-00a0c91e6bf6",
		"a@example.org", "a.b+c@x", "a@", "@b", "a@-x.org", ".a@x.org", "a@[127.0.0.1]", "a@x..org",
		"2026-11-22T10:00:00Z", "2026-11-22T10:00:00.123+01:00", "2026-02-30T10:00:00Z", "2026-11-22 10:00:00Z", "2026-11-22T24:00:00Z", "2026-11-22T10:00:00", "2026-11-22T10:00:00+24:00", "2026-11-22T10:00:00.Z",
		"2026-11-22", "2026-13-01", "10:00:00Z", "10:00:00+01:00", "23:59:60Z", "22:59:60Z", "10:00", "10:00:00",
		"https://example.org/a?b=c#d", "mailto:a@b", "/relative", "http://[::1]:80/", "http://a b", "x",
		"127.0.0.1", "256.0.0.1", "127.0.0.01", "::1", "1::2::3", "fe80::1%eth0", "::ffff:1.2.3.4", "12345::",
		"example.org", "a-b.c", "-a.b", "a_b", strings.Repeat("a", 64) + ".org", "localhost",
		"P1D", "PT1H30M", "P1Y2M3DT4H5M6S", "P2W", "P", "PT", "P1H", "1D", "P1Y2D", "PT1.5S", "P1W2D", "P1DT",
	}).Draw(t, "text"))
}

// TestSchemaAgreesWithDecoder: what one accepts, the other accepts.
func TestSchemaAgreesWithDecoder(t *testing.T) {
	type pair struct {
		decoder *Decoder
		oracle  *jsonschema.Schema
	}
	pairs := map[reflect.Type][2]pair{}
	for _, typ := range agreeTypes {
		var both [2]pair
		for i, strict := range []bool{false, true} {
			d, err := CompileDecoder(typ, Options{Strict: strict})
			require.NoError(t, err)
			both[i] = pair{d, oracle(t, typ, strict)}
		}
		pairs[typ] = both
	}
	good, bad := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		typ := rapid.SampledFrom(agreeTypes).Draw(t, "type")
		p := pairs[typ][rapid.IntRange(0, 1).Draw(t, "strict")]
		doc := drawJSON(t, typ, 5)
		faults := p.decoder.DecodeInto([]byte(doc), reflect.New(typ).Interface())
		value, err := jsonschema.UnmarshalJSON(strings.NewReader(doc))
		require.NoError(t, err, "%s", doc)
		verdict := p.oracle.Validate(value)
		for _, f := range faults {
			if differs(f.Location, f.Message) {
				return
			}
		}
		if len(faults) == 0 {
			good++
			require.NoError(t, verdict, "%v: decoder accepts %s", typ, doc)
		} else {
			bad++
			require.Error(t, verdict, "%v: decoder refuses %s: %v", typ, doc, faults)
		}
	})
	t.Logf("%d accepted, %d refused", good, bad)
	require.Positive(t, good)
	require.Positive(t, bad)
}

// differs tells whether a fault is one of the listed differences.
func differs(location, message string) bool {
	return strings.HasSuffix(location, ".address") || // netip.Addr decides for itself
		message == "is out of range as a name" ||
		(strings.HasSuffix(location, ".q") || strings.HasSuffix(location, ".qf") || strings.HasSuffix(location, ".count")) && message != msgQuoted
}

func TestSchemaDifferences(t *testing.T) {
	check := func(typ reflect.Type, doc string) {
		d, err := CompileDecoder(typ, Options{})
		require.NoError(t, err)
		require.NotEmpty(t, d.DecodeInto([]byte(doc), reflect.New(typ).Interface()), "%s", doc)
		value, err := jsonschema.UnmarshalJSON(strings.NewReader(doc))
		require.NoError(t, err)
		require.NoError(t, oracle(t, typ, false).Validate(value), "%s", doc)
	}
	check(reflect.TypeFor[int](), "1.0")
	check(reflect.TypeFor[int](), "1e2")
	check(reflect.TypeFor[uint8](), "-0")
	check(reflect.TypeFor[map[int8]int](), `{"128":1}`)
	check(reflect.TypeFor[struct {
		Q int8 `json:",string"`
	}](), `{"Q":"128"}`)
	check(reflect.TypeFor[map[string]int](), `{"a":1,"a":2}`)
	check(reflect.TypeFor[time.Time](), `"2026-12-31T23:59:60Z"`)
	check(reflect.TypeFor[time.Duration](), `"3000000h"`)
	check(reflect.TypeFor[struct {
		D time.Duration `minimum:"1s"`
	}](), `{"D":"0s"}`)
	check(reflect.TypeFor[time.Time](), `"2026-12-31t23:59:59z"`)
	check(reflect.TypeFor[order](), strings.Replace(goodOrder, `"id"`, `"address":"nowhere","id"`, 1))
	check(reflect.TypeFor[struct {
		L []tiny `uniqueItems:"true"`
	}](), `{"L":[{"s":"a","x":1},{"s":"a","x":2}]}`)
}

// FuzzDecodeAgrees: what the decoder accepts is valid by the published schema,
// and an order survives being written and read again.
func FuzzDecodeAgrees(f *testing.F) {
	type pair struct {
		decoder *Decoder
		oracle  *jsonschema.Schema
	}
	var pairs []pair
	for _, typ := range agreeTypes {
		d, err := CompileDecoder(typ, Options{})
		require.NoError(f, err)
		pairs = append(pairs, pair{d, oracle(f, typ, false)})
	}
	orders, err := DecoderFor[order](Options{})
	require.NoError(f, err)
	writer, err := EncoderFor[order]()
	require.NoError(f, err)
	f.Add([]byte(goodOrder))
	f.Add([]byte(`{"id":2,"email":"a@b","items":[{"name":"x","price":1}],"pay":{"kind":"card","pan":"1234"},"patch":7,"meta":{"a":1},"count":"3","levels":{"red":[1]},"when":"2026-01-02T03:04:05Z"}`))
	f.Add([]byte(`{"id":1,"def":2,"u64":3,"f":0.3,"mail":"a@b","dur":"P1D","l":[1,2],"m":{"x":9},"arr":"YWJj","pay":{"kind":"transfer","iban":"x"},"page":{"items":[{"s":"a"}]}}`))
	f.Add([]byte(`{"items":[{"items":[1,2]}],"more":[{"items":[{"items":[3]}],"next":"x"}]}`))
	f.Add([]byte(`["red","green"]`))
	f.Add([]byte(`[{"kind":"card","pan":"1234"},null]`))
	f.Fuzz(func(t *testing.T, doc []byte) {
		for _, p := range pairs {
			if faults := p.decoder.DecodeInto(doc, reflect.New(p.decoder.Type()).Interface()); faults != nil {
				continue
			}
			value, err := jsonschema.UnmarshalJSON(strings.NewReader(string(doc)))
			require.NoError(t, err, "%q", doc)
			require.NoError(t, p.oracle.Validate(value), "%v: %q", p.decoder.Type(), doc)
		}
		var v, again order
		if Decode(orders, doc, &v) != nil {
			return
		}
		first, err := Append(writer, nil, &v)
		require.NoError(t, err)
		require.Empty(t, Decode(orders, first, &again), "%q", first)
		second, err := Append(writer, nil, &again)
		require.NoError(t, err)
		require.Equal(t, string(first), string(second))
	})
}
