package schema

import (
	"net/netip"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestCheck: rules hold for values that are there already.
func TestCheck(t *testing.T) {
	five := 5
	for _, c := range []struct {
		value any
		tag   string
		want  []string
	}{
		{6, `maximum:"5"`, []string{"must be at most 5"}},
		{uint8(2), `multipleOf:"2"`, nil},
		{float32(0.1), `multipleOf:"0.1"`, nil},
		{0.25, `multipleOf:"0.1" minimum:"1"`, []string{"must be at least 1", "must be a multiple of 0.1"}},
		{time.Second, `minimum:"1m"`, []string{"must be at least 1m"}},
		{"x", `format:"email" minLength:"2"`, []string{"must have at least 2 characters", "must be an email address"}},
		{netip.MustParseAddr("::1"), `format:"ipv4"`, []string{"must be an IPv4 address"}},
		{&five, `maximum:"4"`, []string{"must be at most 4"}},
		{(*int)(nil), `minimum:"4"`, nil},
		{[]int{1, 7, 7}, `maxItems:"2" uniqueItems:"true" maximum:"6"`, []string{"must have at most 2 items", "[1] must be at most 6", "[2] must be at most 6", NotUnique}},
		{map[string][]int{"a": {0}}, `minimum:"1" minProperties:"2"`, []string{"must have at least 2 members", "[a][0] must be at least 1"}},
		{struct{}{}, ``, nil},
	} {
		tags, err := TagsOf(reflect.TypeOf(c.value), reflect.StructTag(c.tag))
		require.NoError(t, err)
		require.Equal(t, c.want, tags.Check(reflect.ValueOf(c.value)), "%v %s", c.value, c.tag)
	}
	var none *Tags
	require.Empty(t, none.Check(reflect.ValueOf(1)))
}

// TestPasswords: the format makes a field sensitive, unless its tag says otherwise.
func TestPasswords(t *testing.T) {
	for tag, want := range map[string]bool{
		`format:"password"`: true, `format:"password" sensitive:"false"`: false, `sensitive:"true"`: true, `format:"email"`: false,
	} {
		tags, err := TagsOf(reflect.TypeFor[string](), reflect.StructTag(tag))
		require.NoError(t, err)
		require.Equal(t, want, tags.Sensitive, tag)
	}
}
