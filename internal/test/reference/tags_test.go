package reference

import (
	"encoding/json/v2"
	"net/netip"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/internal/bind"
	"github.com/fasterapi/fasterapi/internal/schema"
)

// check is a tag that checks values: wrong is a value that it refuses, right one that it lets in.
type check struct {
	tag, fits, means string
	example          string
	right, wrong     any
}

var checks = []check{
	{"minimum", "numbers, durations", "the least value", `minimum:"18"`, 18, 17},
	{"maximum", "numbers, durations", "the greatest value", `maximum:"1h30m"`, time.Hour, 2 * time.Hour},
	{"exclusiveMinimum", "numbers, durations", "a bound that is itself refused", `exclusiveMinimum:"0"`, 0.5, 0.0},
	{"exclusiveMaximum", "numbers, durations", "a bound that is itself refused", `exclusiveMaximum:"100"`, 99, 100},
	{"multipleOf", "numbers, durations", "the value divides by it without a rest", `multipleOf:"0.05"`, 0.15, 0.12},
	{"minLength", "strings, types with text methods", "the least number of characters (code points, not bytes)", `minLength:"2"`, "ab", "a"},
	{"maxLength", "strings, types with text methods", "the greatest number of characters", `maxLength:"3"`, "añb", "abcd"},
	{"pattern", "strings, types with text methods", "a regular expression (RE2) that matches somewhere in the text: `^` and `$` hold it to all of it", `pattern:"^[A-Z]{2,5}$"`, "ABC", "abc"},
	{"format", "strings, types with text methods", "a named check, [below](#formats)", `format:"email"`, "ann@example.com", "ann"},
	{"enum", "strings, numbers, types with text methods", "the values that there are, between commas", `enum:"open,closed"`, "open", "shut"},
	{"minItems", "lists", "the least number of items", `minItems:"1"`, []string{"a"}, []string{}},
	{"maxItems", "lists", "the greatest number of items", `maxItems:"2"`, []string{"a"}, []string{"a", "b", "c"}},
	{"uniqueItems", "lists", "no item twice", `uniqueItems:"true"`, []int{1, 2}, []int{1, 1}},
	{"minProperties", "maps", "the least number of members", `minProperties:"1"`, map[string]int{"a": 1}, map[string]int{}},
	{"maxProperties", "maps", "the greatest number of members", `maxProperties:"1"`, map[string]int{"a": 1}, map[string]int{"a": 1, "b": 2}},
}

// planOf compiles the tags for the type of a value.
func tagsOf(t *testing.T, tag string, value any) *schema.Tags {
	t.Helper()
	tags, err := schema.TagsOf(reflect.TypeOf(value), reflect.StructTag(tag))
	require.NoError(t, err, tag)
	return tags
}

func checkTable(t *testing.T) string {
	var b strings.Builder
	b.WriteString(head("tag", "fits", "means", "example", "refused", "with"))
	for _, c := range checks {
		require.Empty(t, tagsOf(t, c.example, c.right).Check(reflect.ValueOf(c.right)), c.example)
		messages := tagsOf(t, c.example, c.wrong).Check(reflect.ValueOf(c.wrong))
		require.Len(t, messages, 1, c.example)
		b.WriteString(row(code(c.tag), c.fits, c.means, code(c.example), code(valueText(c.wrong)), messages[0]))
	}
	return b.String()
}

// valueText is a value as a client would write it.
func valueText(v any) string {
	switch v := v.(type) {
	case string:
		return `"` + v + `"`
	case time.Duration:
		return `"` + v.String() + `"`
	}
	text, err := json.Marshal(v, json.Deterministic(true))
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// formatRows are the formats with values that they let in and refuse; without values
// a format is a hint for clients.
var formatRows = []struct{ name, is, right, wrong string }{
	{"email", "an address of ASCII characters (RFC 5321) without quotes: at most 64 bytes before the @ and 254 in all", "ann@example.com", "Ann <ann@example.com>"},
	{"uuid", "the 36 characters of RFC 9562, in either case", "01890a5d-ac96-774b-bcce-b302099a8057", "01890a5dac96774bbcceb302099a8057"},
	{"date-time", "RFC 3339", "2006-01-02T15:04:05Z", "2006-01-02 15:04"},
	{"date", "the date of RFC 3339, and one that exists", "2024-02-29", "2023-02-29"},
	{"time", "the time of RFC 3339, with its zone", "15:04:05Z", "15:04"},
	{"uri", "an address with a scheme (RFC 3986)", "https://example.com/a?b=c", "/a"},
	{"ipv4", "four numbers", "192.0.2.1", "192.0.2.256"},
	{"ipv6", "RFC 4291, without a zone", "2001:db8::1", "192.0.2.1"},
	{"hostname", "labels of letters, digits and hyphens (RFC 1123), 253 bytes", "api.example.com", "a_b.example"},
	{"duration", "ISO 8601; a `time.Duration` needs no format, and is written `1h30m`", "P1DT2H", "26h"},
	{"password", "a hint that pages show dots; makes the value `sensitive`", "", ""},
	{"byte", "a hint: base64", "", ""},
	{"binary", "a hint: bytes", "", ""},
	{"markdown", "a hint", "", ""},
	{"html", "a hint", "", ""},
	{"color", "a hint: pages show a field for colours", "", ""},
	{"decimal", "a hint: a number in a text, exact", "", ""},
}

func formatTable(t *testing.T) string {
	var b strings.Builder
	b.WriteString(head("format", "is", "takes", "refuses", "with"))
	known := schema.Formats()
	for _, f := range formatRows {
		checked, found := known[f.name]
		require.True(t, found, "there is no format %s any more", f.name)
		delete(known, f.name)
		require.Equal(t, checked, f.wrong != "", f.name)
		if !checked {
			b.WriteString(row(code(f.name), f.is, "anything", "", ""))
			continue
		}
		tags := tagsOf(t, `format:"`+f.name+`"`, "")
		require.Empty(t, tags.Check(reflect.ValueOf(f.right)), f.right)
		messages := tags.Check(reflect.ValueOf(f.wrong))
		require.Len(t, messages, 1, f.wrong)
		b.WriteString(row(code(f.name), f.is, code(f.right), code(f.wrong), messages[0]))
	}
	require.Empty(t, known, "these formats have no row: formatRows")
	return b.String()
}

// mistake is a field that a start refuses.
type mistake struct {
	field string // as it is written
	typ   any    // a value of its type
}

var mistakes = []mistake{
	{"Age int `query:\"age\" min:\"18\"`", 0},
	{"Age int `query:\"age\" minumum:\"18\"`", 0},
	{"Age int `query:\"age\" binding:\"required\"`", 0},
	{"Age int `query:\"age\" minimum:\"many\"`", 0},
	{"Age int `query:\"age\" minimum:\"9\" maximum:\"3\"`", 0},
	{"Name string `query:\"name\" minimum:\"3\"`", ""},
	{"Name string `query:\"name\" format:\"mail\"`", ""},
	{"Name string `query:\"name\" pattern:\"[\"`", ""},
	{"Name string `query:\"name\" required:\"yes\"`", ""},
	{"Age int `query:\"age\" default:\"young\"`", 0},
	{"Age int `query:\"age\" minimum:\"18\" default:\"17\"`", 0},
	{"Age int `query:\"age\" minimum:\"18\" example:\"17\"`", 0},
	{"Age int `query:\"age\" default:\"20\" required:\"true\"`", 0},
	{"ID int `path:\"id\" default:\"1\"`", 0},
	{"ID int `path:\"key\"`", 0},
	{"ID int", 0},
	{"ID int `path:\"id\" query:\"id\"`", 0},
	{"Tag string `query:\"tag,repeat\"`", ""},
	{"Tags []string `query:\"tag,explode\"`", []string{}},
	{"Trace string `header:\"X Trace\"`", ""},
	{"Data string `body:\"text\"`", ""},
	{"Orders []int `body:\"\" minItem:\"1\"`", []int{}},
	{"Note string `body:\"raw\" maxLength:\"80\"`", ""},
	{"Note string `form:\"note\" accept:\"text/plain\"`", ""},
	{"Sort string `query:\"sort\" enum:\"name|age\"`", ""},
	{"Sort string `query:\"sort\" readOnly:\"true\"`", ""},
	{"Sort string `query:\"sort\" minLength:\"1\" minLength:\"2\"`", ""},
	{"Network netip.Prefix `query:\"network\" minItems:\"1\"`", netip.Prefix{}},
}

func mistakeTable(t *testing.T) string {
	var b strings.Builder
	b.WriteString(head("field of an input of `/users/{id}`", "the start says"))
	for _, m := range mistakes {
		name, rest, _ := strings.Cut(m.field, " ")
		_, tag, _ := strings.Cut(rest, "`")
		typ := reflect.StructOf([]reflect.StructField{
			{Name: name, Type: reflect.TypeOf(m.typ), Tag: reflect.StructTag(strings.TrimSuffix(tag, "`"))},
		})
		_, errs := bind.Compile(typ, bind.Options{PathParams: []string{"id"}})
		require.Len(t, errs, 1, m.field)
		b.WriteString(row(code(m.field), strings.ReplaceAll(errs[0].Error(), "|", `\|`)))
	}
	return b.String()
}

// TestTagsAreComplete: every tag that the framework reads has a line on the page of
// tags, and every line is about a tag that it reads.
func TestTagsAreComplete(t *testing.T) {
	text, err := os.ReadFile(root + "/docs/reference/tags.md")
	require.NoError(t, err)
	written := map[string]bool{}
	for line := range strings.SplitSeq(string(text), "\n") {
		if after, ok := strings.CutPrefix(line, "| `"); ok {
			name, _, _ := strings.Cut(after, "`")
			name, _, _ = strings.Cut(name, ":")
			written[name] = true
		}
	}
	doc, err := os.ReadFile(root + "/doc.go")
	require.NoError(t, err)
	known := append(schema.TagNames(), bind.SourceTags()...)
	known = append(known, "env", "envPrefix", "db", "json", "bind")
	for _, name := range known {
		require.True(t, written[name], "docs/reference/tags.md has no line for the tag %s", name)
		require.Regexp(t, `\b`+name+`\b`, string(doc), "the package documentation of fasterapi does not name the tag")
	}
	for _, c := range checks {
		require.Contains(t, known, c.tag)
	}
}
