package schema

import (
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// TestTagsOfOthers: the tags of other libraries are mistakes, not silence.
func TestTagsOfOthers(t *testing.T) {
	for tag, want := range renamed {
		_, err := TagsOf(reflect.TypeFor[int](), reflect.StructTag(tag+`:"1"`))
		require.ErrorContains(t, err, `the tag "`+tag+`" is called "`+want+`" here`)
	}
	for tag := range checkers {
		_, err := TagsOf(reflect.TypeFor[string](), reflect.StructTag(`json:"email" `+tag+`:"required,email"`))
		require.ErrorContains(t, err, `the tag "`+tag+`" is of another library and checks nothing here`)
	}
	for tag, want := range map[reflect.StructTag]string{
		`Validate:"required"`: `the tag "Validate" is of another library`, `GTE:"1"`: `the tag "GTE" is called "minimum" here`,
		`envDefault:"1"`: `the tag "envDefault" is called "default" here`,
	} {
		_, err := TagsOf(reflect.TypeFor[int](), tag)
		require.ErrorContains(t, err, want)
	}
	_, err := TagsOf(reflect.TypeFor[string](), `json:"id" bson:"_id" db:"id" xml:"id" yaml:"id" toml:"id" gorm:"primaryKey" sql:"id" dynamodbav:"id" mapstructure:"id"`)
	require.NoError(t, err)
}

// TestMisspelt: what is almost a tag is a mistake that names the tag.
func TestMisspelt(t *testing.T) {
	for tag, want := range map[string]string{
		"minLenght": "minLength", "minlength": "minLength", "MINLENGTH": "minLength", "min-length": "minLength", "maxLengt": "maxLength",
		"minLenth": "minLength", "patern": "pattern", "requird": "required", "require": "required", "fromat": "format", "fomrat": "format",
		"minimun": "minimum", "minium": "minimum", "maximun": "maximum", "defualt": "default", "defaults": "default",
		"enums": "enum", "sensitve": "sensitive", "uniqueItem": "uniqueItems", "exclusive_minimum": "exclusiveMinimum", "readonly": "readOnly",
		"jsno": "json", "josn": "json", "qeury": "query", "headers": "header", "from": "form", "docs": "doc", "injekt": "inject",
		"maxbytes": "maxBytes", "max_bytes": "maxBytes", "envprefix": "envPrefix", "env_prefix": "envPrefix",
	} {
		_, err := TagsOf(reflect.TypeFor[string](), reflect.StructTag(tag+`:"1"`))
		require.ErrorContains(t, err, `the tag "`+tag+`" is spelt "`+want+`"`)
	}
}

// TestMisspeltOptions: encoding/json reads over an option that it does not know.
func TestMisspeltOptions(t *testing.T) {
	for option, want := range map[string]string{
		"omitemtpy": "omitempty", "omitemty": "omitempty", "omit_empty": "omitempty", "omitzeros": "omitzero", "strin": "string", "case:ingore": "case:ignore",
	} {
		_, err := TagsOf(reflect.TypeFor[string](), reflect.StructTag(`json:"a,`+option+`"`))
		require.ErrorContains(t, err, `the option "`+option+`" of the tag json is spelt "`+want+`"`)
	}
	for _, tag := range []reflect.StructTag{`json:"a,omitempty,omitzero,string,case:ignore"`, `json:",embed"`, `json:",inline"`, `json:"omitemtpy"`, `json:"a,format:unix"`} {
		_, err := TagsOf(reflect.TypeFor[string](), tag)
		require.NoError(t, err, tag)
	}
}

// TestSpelledRight: no tag that the framework reads is taken for another one.
func TestSpelledRight(t *testing.T) {
	for _, name := range spelled {
		require.Equal(t, name, nearest(name))
		require.Empty(t, renamed[name])
	}
}

// TestTagsTwice: package reflect reads the first of two tags with one name, so the second checks nothing.
func TestTagsTwice(t *testing.T) {
	_, err := TagsOf(reflect.TypeFor[string](), `minLength:"1" json:"a" minLength:"3"`)
	require.EqualError(t, err, `the tag "minLength" is there twice: only the first one is read`)
	require.Len(t, Misspelt(`db:"a" db:"b" yaml:"x"`), 1)
	require.Empty(t, Misspelt(`json:"a" minLength:"1" db:"b"`))
}

// TestUnreadableTags: a tag of which package reflect sees nothing checks nothing,
// so it is a mistake.
func TestUnreadableTags(t *testing.T) {
	for _, tag := range []reflect.StructTag{
		`minLength: "3"`, `minLength:3`, `json:"a",minLength:"3"`, `json:"a" minLength`, `json:"a" minLength="3"`, `just words`, `json:'a'`, `min Length:"3"`, "json:`a`",
	} {
		_, err := TagsOf(reflect.TypeFor[string](), tag)
		require.ErrorContains(t, err, "cannot be read", "%s", tag)
		_, err = TagsOf(reflect.TypeFor[string](), WithoutTags(tag, "default", "example"))
		require.ErrorContains(t, err, "cannot be read", "%s", tag)
	}
}

// TestKeysAgree: keys are those that package reflect finds.
func TestKeysAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tag := reflect.StructTag(rapid.StringMatching(`( ?[a-c]{0,2}:?"?[x\\]{0,1}"? ?){0,4}`).Draw(t, "tag"))
		for key := range keys(tag) {
			if key != "" {
				_, ok := tag.Lookup(key)
				require.True(t, ok, "%q of %q", key, tag)
			}
		}
	})
}

// TestEdits: the distance is a distance, and its units are what they say.
func TestEdits(t *testing.T) {
	word := rapid.StringMatching(`[a-c]{0,6}`)
	rapid.Check(t, func(t *rapid.T) {
		a, b := word.Draw(t, "a"), word.Draw(t, "b")
		d := edits(a, b)
		require.Equal(t, d, edits(b, a))
		require.Equal(t, a == b, d == 0)
		require.LessOrEqual(t, d, max(len(a), len(b)))
		require.GreaterOrEqual(t, d, max(len(a), len(b))-min(len(a), len(b)))
	})
	for pair, want := range map[[2]string]int{{"ab", "ba"}: 1, {"abc", "abd"}: 1, {"abc", "ab"}: 1, {"abc", "xabc"}: 1, {"abcd", "badc"}: 2} {
		require.Equal(t, want, edits(pair[0], pair[1]), pair)
	}
}

// TestRightTagsAreNotCompared: an app has some thousand tags, nearly all of them right. To compare one with all others takes 20 us.
func TestRightTagsAreNotCompared(t *testing.T) {
	for _, name := range spelled {
		require.Zero(t, testing.AllocsPerRun(10, func() { nearest(name) }), name)
	}
}
