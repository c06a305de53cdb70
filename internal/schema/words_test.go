package schema

import (
	"encoding/json/v2"
	"math/big"
	"net/netip"
	"reflect"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

type (
	shade  string
	sizeID int
	shadow string
	proto  int
)

func (shade) Enum() []shade    { return []shade{"light", "dark"} }
func (sizeID) Enum() []sizeID  { return []sizeID{1, 2} }
func (*shadow) Enum() []string { return []string{"long"} }
func (p proto) Enum() *proto   { return &p }

// TestEnumMethods: a list of the type itself, one of strings and a pointer
// receiver do as well as []any: an enum must not go unchecked. What protoc makes
// is no list.
func TestEnumMethods(t *testing.T) {
	for want, typ := range map[string]reflect.Type{
		`["light","dark"]`: reflect.TypeFor[shade](), `[1,2]`: reflect.TypeFor[sizeID](), `["long"]`: reflect.TypeFor[shadow](), `null`: reflect.TypeFor[proto](),
	} {
		tags, err := TagsOf(typ, "")
		require.NoError(t, err)
		text, err := json.Marshal(tags.enum, json.FormatNilSliceAsNull(true))
		require.NoError(t, err)
		require.Equal(t, want, string(text))
		require.Equal(t, want != "null", NewRegistry("#/", false).Of(typ, In).Ref != "", want)
	}
	tags, _ := TagsOf(reflect.TypeFor[shade](), "")
	require.Equal(t, []string{"must be one of: light, dark"}, tags.Rules.Text("black", nil))
}

// TestWords: what clients are told of well-known types has nothing of Go.
func TestWords(t *testing.T) {
	for typ, want := range map[reflect.Type]string{
		reflect.TypeFor[netip.Addr](): "must be an IP address", reflect.TypeFor[netip.Prefix](): "must be an IP network such as 192.0.2.0/24",
		reflect.TypeFor[netip.AddrPort](): "must be an IP address and a port such as 192.0.2.1:80", reflect.TypeFor[uuid.UUID](): "must be a UUID",
		reflect.TypeFor[big.Int](): "must be an integer", reflect.TypeFor[big.Rat](): "must be a number", reflect.TypeFor[shade](): "",
	} {
		require.Equal(t, want, Words(typ))
	}
}

// TestKeySchemas: what the names of a map must be like is said.
func TestKeySchemas(t *testing.T) {
	for typ, want := range map[reflect.Type]string{
		reflect.TypeFor[map[shade]int]():        `{"enum":["light","dark"]}`,
		reflect.TypeFor[map[sizeID]int]():       `{"enum":["1","2"]}`,
		reflect.TypeFor[map[uuid.UUID]int]():    `{"format":"uuid"}`,
		reflect.TypeFor[map[uint]int]():         `{"pattern":"^(0|[1-9][0-9]*)$"}`,
		reflect.TypeFor[map[string]int]():       `null`,
		reflect.TypeFor[map[netip.Prefix]int](): `null`,
	} {
		s := NewRegistry("#/", false).Of(typ, In)
		text, err := json.Marshal(s.PropertyNames)
		require.NoError(t, err)
		require.Equal(t, want, string(text))
		require.NotNil(t, s.AdditionalProperties, "%v", typ)
	}
}

// TestHasSecret looks into everything that a value is made of.
func TestHasSecret(t *testing.T) {
	type login struct {
		Pass string `format:"password"`
	}
	type open struct {
		Pass string `format:"password" sensitive:"false"`
		Self *open
	}
	type deep struct {
		Self  *deep
		Lists map[string][]*login
	}
	for _, typ := range []reflect.Type{
		reflect.TypeFor[login](), reflect.TypeFor[*login](), reflect.TypeFor[[]login](), reflect.TypeFor[[2]login](), reflect.TypeFor[map[int]login](),
		reflect.TypeFor[Opt[login]](), reflect.TypeFor[deep](), reflect.TypeFor[struct{ login }](), reflect.TypeFor[struct {
			Key int `sensitive:"true"`
		}](),
	} {
		require.True(t, HasSecret(typ), "%v", typ)
	}
	for _, typ := range []reflect.Type{reflect.TypeFor[open](), reflect.TypeFor[int](), reflect.TypeFor[any](), reflect.TypeFor[map[string]any]()} {
		require.False(t, HasSecret(typ), "%v", typ)
	}
}

// TestTooLarge: a few characters never become a megabyte, nor a second of work.
func TestTooLarge(t *testing.T) {
	for _, typ := range []reflect.Type{reflect.TypeFor[big.Rat](), reflect.TypeFor[big.Float]()} {
		for _, text := range []string{"1", "1/3", "-1.5e308", "1E-308", "0x1p10", "0x1e999", "1e+2", "abc", "0x1.8p-4", "-Inf"} {
			require.Empty(t, TooLarge(typ, []byte(text)), "%v %s", typ, text)
		}
		for _, text := range []string{"1e309", "1e-309", "1E999999", "0x1p100000", "1e9_99", "1e99999999999999999999999", "1e000000000000000000009999", "1e"} {
			require.NotEmpty(t, TooLarge(typ, []byte(text)), "%v %s", typ, text)
		}
	}
	require.Empty(t, TooLarge(reflect.TypeFor[big.Int](), []byte("1e999999")), "it has no exponents")
}

// TestEnumSeparators: an enum of one value that nobody means would refuse everything.
func TestEnumSeparators(t *testing.T) {
	for tag, want := range map[reflect.StructTag]string{
		`enum:"x|y|z"`:           `enum:"x|y|z": values stand between commas, as they are: enum:"open,closed"`,
		`enum:"x;y"`:             `enum:"x;y": values stand between commas, as they are: enum:"open,closed"`,
		`enum:"[\"x\", \"y\"]"`:  `enum:"[\"x\", \"y\"]": values stand between commas, as they are: enum:"open,closed"`,
		`enum:"open,shut,open"`:  `enum:"open,shut,open" has "open" twice`,
		`enum:"a|b,c"`:           "",
		`enum:"in progress"`:     "",
		`enum:"one, two, three"`: "",
	} {
		_, err := TagsOf(reflect.TypeFor[string](), tag)
		if want == "" {
			require.NoError(t, err, tag)
			continue
		}
		require.EqualError(t, err, want)
	}
}
