package schema

import (
	"math"
	"math/big"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func rulesOf(t require.TestingT, typ reflect.Type, tag string) *Rules {
	tags, err := TagsOf(typ, reflect.StructTag(tag))
	require.NoError(t, err)
	return tags.Rules
}

func TestTextRules(t *testing.T) {
	r := rulesOf(t, reflect.TypeFor[string](), `minLength:"2" maxLength:"3" pattern:"^[a-zé]*$"`)
	for text, want := range map[string][]string{
		"ab": nil, "éé": nil, "ééé": nil,
		"é":    {"must have at least 2 characters"},
		"éééé": {"must have at most 3 characters"},
		"":     {"must have at least 2 characters"},
		"A":    {"must have at least 2 characters", "must match the pattern ^[a-zé]*$"},
	} {
		require.Equal(t, want, r.Text(text, nil), "%q", text)
	}
	many := rulesOf(t, reflect.TypeFor[string](), `enum:"a,b,c,d,e,f,g,h,i,j"`)
	require.Nil(t, many.Text("j", nil))
	require.Equal(t, []string{"must be one of: a, b, c, d, e, f, g, h, i, j"}, many.Text("k", nil))
	require.Nil(t, rulesOf(t, reflect.TypeFor[string](), `doc:"x"`))
	var none *Rules
	require.Nil(t, none.Text("", nil))
	require.Nil(t, none.Int(1, nil))
	require.Nil(t, none.Uint(1, nil))
	require.Nil(t, none.Float(1, nil))
	require.Nil(t, none.Count(1, nil))
	require.Equal(t, -1, none.Most())
	require.False(t, none.Unique())
}

func TestNumberRules(t *testing.T) {
	signed := rulesOf(t, reflect.TypeFor[int](), `minimum:"-2" exclusiveMaximum:"5" multipleOf:"2"`)
	require.Nil(t, signed.Int(-2, nil))
	require.Nil(t, signed.Int(4, nil))
	require.Equal(t, []string{"must be less than 5", "must be a multiple of 2"}, signed.Int(5, nil))
	require.Equal(t, []string{"must be at least -2"}, signed.Int(math.MinInt64, nil))

	big := rulesOf(t, reflect.TypeFor[uint64](), `minimum:"9007199254740993" maximum:"18446744073709551614"`)
	require.Nil(t, big.Uint(9007199254740993, nil))
	require.NotNil(t, big.Uint(9007199254740992, nil), "bounds are exact above 2^53")
	require.NotNil(t, big.Uint(math.MaxUint64, nil))

	half := rulesOf(t, reflect.TypeFor[int](), `multipleOf:"1.5" minimum:"0.5"`)
	require.Nil(t, half.Int(3, nil))
	require.Equal(t, []string{"must be a multiple of 1.5"}, half.Int(4, nil))
	require.Equal(t, []string{"must be at least 0.5"}, half.Int(0, nil))

	float := rulesOf(t, reflect.TypeFor[float64](), `exclusiveMinimum:"0" maximum:"1" multipleOf:"0.1"`)
	require.Nil(t, float.Float(0.3, nil))
	require.Equal(t, []string{"must be greater than 0"}, float.Float(0, nil))
	require.Equal(t, []string{"must be at most 1", "must be a multiple of 0.1"}, float.Float(1.05, nil))

	enum := rulesOf(t, reflect.TypeFor[float64](), `enum:"0.5,1"`)
	require.Nil(t, enum.Float(0.5, nil))
	require.NotNil(t, enum.Float(0.6, nil))

	_, err := TagsOf(reflect.TypeFor[int64](), `minimum:"1e30"`)
	require.ErrorContains(t, err, "no integer is within")
	between := rulesOf(t, reflect.TypeFor[float64](), `exclusiveMinimum:"0.2" maximum:"0.4"`)
	require.Nil(t, between.Float(0.3, nil), "no integer is needed there")
	require.NotNil(t, between.Float(0.2, nil))
	beyond := rulesOf(t, reflect.TypeFor[int64](), `minimum:"9223372036854775808"`)
	require.NotNil(t, beyond.Int(math.MaxInt64, nil))
	below := rulesOf(t, reflect.TypeFor[uint64](), `maximum:"-1"`)
	require.NotNil(t, below.Uint(0, nil))
	least := rulesOf(t, reflect.TypeFor[int64](), `minimum:"-1e30" maximum:"1e30"`)
	require.Nil(t, least.Int(math.MinInt64, nil))
	require.Nil(t, least.Uint(math.MaxUint64, nil))
}

// TestIntegerBoundsAreExact: the compiled bounds say what arithmetic without
// limits says.
func TestIntegerBoundsAreExact(t *testing.T) {
	bounds := []string{"0", "-0.5", "0.5", "-1", "1", "127", "-128", "9223372036854775807", "9223372036854775808", "-9223372036854775808", "-9223372036854775809", "18446744073709551615", "18446744073709551616", "1e19", "-1e25"}
	rapid.Check(t, func(t *rapid.T) {
		tag := rapid.SampledFrom([]string{"minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum"}).Draw(t, "tag")
		text := rapid.SampledFrom(bounds).Draw(t, "bound")
		tags, err := TagsOf(reflect.TypeFor[int64](), reflect.StructTag(tag+":"+strconv.Quote(text)))
		if err != nil {
			t.Skip("no integer fits")
		}
		limit, _ := new(big.Rat).SetString(text)
		holds := func(v *big.Rat) bool {
			switch c := v.Cmp(limit); tag {
			case "minimum":
				return c >= 0
			case "exclusiveMinimum":
				return c > 0
			case "maximum":
				return c <= 0
			default:
				return c < 0
			}
		}
		i := rapid.OneOf(rapid.Int64(), rapid.SampledFrom([]int64{0, 1, -1, math.MaxInt64, math.MinInt64, 127, -128})).Draw(t, "i")
		require.Equal(t, holds(new(big.Rat).SetInt64(i)), tags.Rules.Int(i, nil) == nil, "%s %s %d", tag, text, i)
		u := rapid.OneOf(rapid.Uint64(), rapid.SampledFrom([]uint64{0, 1, math.MaxInt64, math.MaxUint64})).Draw(t, "u")
		require.Equal(t, holds(new(big.Rat).SetUint64(u)), tags.Rules.Uint(u, nil) == nil, "%s %s %d", tag, text, u)
	})
}

func TestCountRules(t *testing.T) {
	r := rulesOf(t, reflect.TypeFor[[]string](), `minItems:"1" maxItems:"2" uniqueItems:"true"`)
	require.True(t, r.Unique())
	require.Equal(t, 2, r.Most())
	require.Equal(t, []string{"must have at least 1 item"}, r.Count(0, nil))
	require.Equal(t, []string{"must have at most 2 items"}, r.Count(3, nil))
	m := rulesOf(t, reflect.TypeFor[map[string]int](), `maxProperties:"1"`)
	require.Equal(t, []string{"must have at most 1 member"}, m.Count(2, nil))
}

func TestFormats(t *testing.T) {
	for name, cases := range map[string][2][]string{
		"email":     {{"a@b", "a.b+c@example.org", "a@[127.0.0.1]", "a@[IPv6:::1]", "o'hara@x.org"}, {"", "@", "a@", "@b", "a b@c", "a..b@c", ".a@c", "a.@c", "a@b.", "a@-b", `"a"@b`, "A <a@b>", "é@b", strings.Repeat("a", 65) + "@b", "a@" + strings.Repeat("b.", 126) + "cc", "a@[::1]"}},
		"uuid":      {{"f81d4fae-7dec-11d0-a765-00A0c91e6bf6"}, {"", "f81d4fae7dec11d0a76500a0c91e6bf6", "{f81d4fae-7dec-11d0-a765-00a0c91e6bf6}", "f81d4fae-7dec-11d0-a765-00a0c91e6bfg", "f81d4fae-7dec-11d0-a765_00a0c91e6bf6"}},
		"date-time": {{"2026-11-22T10:00:00Z", "2026-11-22t10:00:00.5z", "2026-12-31T23:59:60Z", "2027-01-01T00:59:60+01:00"}, {"", "2026-11-22", "2026-11-22 10:00:00Z", "2026-02-29T10:00:00Z", "2026-11-22T10:00:00", "2026-11-22T10:00Z"}},
		"date":      {{"2024-02-29"}, {"2026-02-29", "26-01-01", "2026-1-1", ""}},
		"time":      {{"10:00:00Z", "10:00:00.123-23:59", "23:59:60Z"}, {"10:00:00", "24:00:00Z", "10:60:00Z", "10:00:61Z", "10:00:60Z", "10:00:00.Z", "10:00:00+24:00", "10:00:00+1:00", "x0:00:00Z", "10:00:00 Z"}},
		"uri":       {{"https://a/b?c#d", "mailto:a@b", "urn:x:y"}, {"", "/a", "a", "http://a b", "http://é", "http://a/\\", ":", "http://[::1"}},
		"ipv4":      {{"127.0.0.1"}, {"", "1.2.3", "1.2.3.256", "01.2.3.4", "::1"}},
		"ipv6":      {{"::1", "2001:db8::1", "::ffff:1.2.3.4"}, {"", "127.0.0.1", "fe80::1%eth0", "1::2::3"}},
		"hostname":  {{"a", "a.b-c.d", "1.example", "localhost."}, {"", ".", "-a", "a-", "a..b", "a_b", strings.Repeat("a", 64), "a.-b", "a-.b"}},
		"duration":  {{"P1D", "PT1H30M5S", "P1Y2M3DT4H", "P2W", "P1M"}, {"", "P", "PT", "1D", "P1H", "P1S", "PT1D", "P1DT", "P1D2Y", "P1Y2D", "PT1.5S", "P1W1D", "P-1D"}},
	} {
		f := formats[name]
		for _, good := range cases[0] {
			require.True(t, f.check(good), "%s %q", name, good)
		}
		for _, bad := range cases[1] {
			require.False(t, f.check(bad), "%s %q", name, bad)
		}
	}
}

func FuzzFormats(f *testing.F) {
	f.Add("a@b")
	f.Add("2026-11-22T10:00:00Z")
	f.Add("10:00:00+01:00")
	f.Add("P1Y2M")
	f.Add("f81d4fae-7dec-11d0-a765-00A0c91e6bf6")
	f.Fuzz(func(t *testing.T, s string) {
		for name, format := range formats {
			if format.check != nil && format.check(s) && name != "uri" {
				require.NotContains(t, s, "\n", name)
				require.LessOrEqual(t, len(s), 1<<16, name)
			}
		}
	})
}

func TestDefaultsAndExamples(t *testing.T) {
	for _, c := range []struct {
		typ        reflect.Type
		text, want string
	}{
		{reflect.TypeFor[string](), `a"b`, `"a\"b"`},
		{reflect.TypeFor[int](), `3`, `3`},
		{reflect.TypeFor[[]string](), `a, b`, `["a","b"]`},
		{reflect.TypeFor[[]int](), `[1, 2]`, `[1, 2]`},
		{reflect.TypeFor[*int](), `null`, `null`},
		{reflect.TypeFor[map[string]int](), `{"a":1}`, `{"a":1}`},
		{reflect.TypeFor[[]string](), ``, `[]`},
		{reflect.TypeFor[Money](), `1.50`, `"1.50"`},
		{reflect.TypeFor[bool](), `true`, `true`},
	} {
		tags, err := TagsOf(c.typ, reflect.StructTag("default:"+strconv.Quote(c.text)))
		require.NoError(t, err)
		require.Equal(t, c.want, string(tags.Default))
	}
}

func BenchmarkText(b *testing.B) {
	r := rulesOf(b, reflect.TypeFor[string](), `minLength:"3" maxLength:"80" format:"email"`)
	b.ReportAllocs()
	for b.Loop() {
		if r.Text("ada.lovelace@example.org", nil) != nil {
			b.Fatal("refused")
		}
	}
}
