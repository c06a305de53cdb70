package field

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func cookiesOf(line string) (got []string) {
	for name, value := range Cookies(line) {
		got = append(got, name+"="+value)
	}
	return got
}

// TestCookies: one malformed pair hides none of the others.
func TestCookies(t *testing.T) {
	for line, want := range map[string][]string{
		"":                                nil,
		"a=1":                             {"a=1"},
		"a=1; b=2":                        {"a=1", "b=2"},
		"a=1;b=2":                         {"a=1", "b=2"},
		`prefs={"a":1}; session=abc`:      {"session=abc"},
		"session=abc;":                    {"session=abc"},
		"session=abc; flag":               {"session=abc", "flag="},
		"theme=\xc3\xa9; session=abc":     {"session=abc"},
		"=v; session=abc":                 {"session=abc"},
		"a b=1; session=abc":              {"session=abc"},
		"; ;;session=abc":                 {"session=abc"},
		`q="x y, z"; session=abc`:         {"q=x y, z", "session=abc"},
		`q="; session=abc`:                {"session=abc"},
		"a=b=c":                           {"a=b=c"},
		"a=1, b=2":                        {"a=1, b=2"},
		"a=1; a=2":                        {"a=1", "a=2"},
		"a = 1 ;\tb=2":                    {"a= 1", "b=2"},
		"\x00=1; c=\x01; session=abc\r\n": {"session=abc"},
	} {
		require.Equal(t, want, cookiesOf(line), "%q", line)
	}
}

func FuzzCookies(f *testing.F) {
	for _, seed := range []string{"a=1; b=2", `prefs={"a":1}; session=abc`, ";;a;=;\"=\"", "a=\"b\"", "a=\"", "a=\\", " a = b "} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, line string) {
		r := http.Request{Header: http.Header{"Cookie": {line}}}
		var theirs []string
		for _, cookie := range r.Cookies() {
			theirs = append(theirs, cookie.Name+"="+cookie.Value)
		}
		require.Equal(t, theirs, cookiesOf(line))
		var bytes []string
		for name, value := range Cookies([]byte(line)) {
			bytes = append(bytes, string(name)+"="+string(value))
		}
		require.Equal(t, theirs, bytes)
	})
}

func TestTags(t *testing.T) {
	strong, weak := Tag{Opaque: `"a"`}, Tag{Opaque: `"a"`, Weak: true}
	for _, c := range []struct {
		lines            []string
		weakly, strongly bool
	}{
		{[]string{`"a"`}, true, true},
		{[]string{`W/"a"`}, true, false},
		{[]string{`"x", "a"`}, true, true},
		{[]string{`"x"`, `"a"`}, true, true},
		{[]string{`"x","a"`}, true, true},
		{[]string{`, "x",, "a" ,`}, true, true},
		{[]string{`"x,y", "a"`}, true, true},
		{[]string{`"x\", "a"`}, true, true},
		{[]string{`bare, "a"`}, true, true},
		{[]string{`w/"a"`}, false, false},
		{[]string{`"a"x`}, false, false},
		{[]string{`"a" "b"`}, false, false},
		{[]string{`"a`}, false, false},
		{[]string{`a`}, false, false},
		{[]string{`"A"`}, false, false},
		{[]string{`"aa"`}, false, false},
		{[]string{``}, false, false},
		{[]string{`*`}, true, true},
		{[]string{` * `}, true, true},
		{[]string{`"*"`}, false, false},
		{[]string{`*, "x"`}, false, false},
		{[]string{`*`, `"x"`}, false, false},
	} {
		tags := ParseTags(c.lines)
		require.Equal(t, c.weakly, tags.Weakly(strong), "%q", c.lines)
		require.Equal(t, c.strongly, tags.Strongly(strong), "%q", c.lines)
		require.Equal(t, c.weakly, tags.Weakly(weak), "%q", c.lines)
		require.Equal(t, tags.Any, tags.Strongly(weak), "a weak tag is the same as none: %q", c.lines)
	}
	require.False(t, Tag{}.Alike(Tag{}))
	require.True(t, ParseTags([]string{`"x", W/"a"`}).Names(weak))
	require.False(t, ParseTags([]string{`"x", W/"a"`}).Names(strong))
	for _, wrong := range []string{"", `"`, `a`, `"a`, `"a b"`, `"a""`, `W/`, `w/"a"`, "\"\x7f\"", `"a", "b"`} {
		_, ok := ParseTag(wrong)
		require.False(t, ok, "%q", wrong)
	}
	tag, ok := ParseTag(" W/\"\xff!\" ")
	require.True(t, ok)
	require.Equal(t, "W/\"\xff!\"", tag.String())
}

func FuzzTags(f *testing.F) {
	f.Add(`"a", W/"b"`, "b")
	f.Add(`*`, "b")
	f.Add(`"a,`, `\`)
	f.Fuzz(func(t *testing.T, list, text string) {
		tag, ok := ParseTag(`"` + text + `"`)
		if !ok {
			require.True(t, strings.IndexFunc(text, func(r rune) bool { return r <= ' ' || r == '"' || r == 0x7f }) >= 0)
			return
		}
		require.True(t, ParseTags([]string{`"x\" , W/"` + text + `"`}).Weakly(tag))
		require.True(t, ParseTags([]string{list, `"` + text + `"`}).Strongly(tag), "a line of its own is found behind any")
		if tags := ParseTags([]string{list}); tags.Weakly(tag) {
			require.True(t, tags.Any || strings.Contains(list, tag.Opaque))
		}
	})
}

const (
	before = "Sun, 06 Nov 1994 08:49:36 GMT"
	date   = "Sun, 06 Nov 1994 08:49:37 GMT"
	after  = "Sun, 06 Nov 1994 08:49:38 GMT"
)

// known was changed half a second after date, which no HTTP-date can say.
var known = Known{Tag: Tag{Opaque: `"a"`}, Modified: time.Date(1994, 11, 6, 8, 49, 37, 5e8, time.UTC), Settled: true}

func conditions(fields ...string) *Conditions {
	h := http.Header{}
	for i := 0; i < len(fields); i += 2 {
		h.Add(fields[i], fields[i+1])
	}
	c := ReadConditions(h.Values)
	return &c
}

// TestConditions goes through RFC 9110 section 13.2.2 step by step.
func TestConditions(t *testing.T) {
	for _, c := range []struct {
		get, put Outcome
		fields   []string
	}{
		{Proceed, Proceed, nil},
		{Proceed, Proceed, []string{"If-Match", `"a"`}},
		{Proceed, Proceed, []string{"If-Match", `"x"`, "If-Match", `"a"`}},
		{Proceed, Proceed, []string{"If-Match", `*`}},
		{Failed, Failed, []string{"If-Match", `"x"`}},
		{Failed, Failed, []string{"If-Match", `W/"a"`}},
		{Failed, Failed, []string{"If-Match", ``}},
		{Failed, Failed, []string{"If-Match", `a`}},
		{Proceed, Proceed, []string{"If-Match", `"a"`, "If-Unmodified-Since", before}}, // the tag decides
		{Failed, Failed, []string{"If-Match", `"x"`, "If-Unmodified-Since", after}},
		{Failed, Failed, []string{"If-Unmodified-Since", before}},
		{Proceed, Proceed, []string{"If-Unmodified-Since", date}},
		{Proceed, Proceed, []string{"If-Unmodified-Since", "yesterday"}},
		{Proceed, Proceed, []string{"If-Unmodified-Since", before, "If-Unmodified-Since", before}},
		{NotModified, Failed, []string{"If-None-Match", `"a"`}},
		{NotModified, Failed, []string{"If-None-Match", `W/"a"`}},
		{NotModified, Failed, []string{"If-None-Match", `"x"`, "If-None-Match", `"a"`}},
		{NotModified, Failed, []string{"If-None-Match", `*`}},
		{Proceed, Proceed, []string{"If-None-Match", `"x"`}},
		{Proceed, Proceed, []string{"If-None-Match", `a`}},
		{Proceed, Proceed, []string{"If-None-Match", `"x"`, "If-Modified-Since", after}}, // the tag decides
		{NotModified, Proceed, []string{"If-Modified-Since", date}},
		{NotModified, Proceed, []string{"If-Modified-Since", after}},
		{NotModified, Proceed, []string{"If-Modified-Since", "Sunday, 06-Nov-94 08:49:37 GMT"}},
		{NotModified, Proceed, []string{"If-Modified-Since", "Sun Nov  6 08:49:37 1994"}},
		{Proceed, Proceed, []string{"If-Modified-Since", before}},
		{Proceed, Proceed, []string{"If-Modified-Since", "1994"}},
		{Failed, Failed, []string{"If-Match", `"x"`, "If-None-Match", `"a"`}},
		{NotModified, Failed, []string{"If-Match", `"a"`, "If-None-Match", `"a"`}},
		{NotModified, Failed, []string{"If-Unmodified-Since", date, "If-None-Match", `"a"`}},
	} {
		require.Equal(t, c.get, conditions(c.fields...).Evaluate("GET", known), "GET %q", c.fields)
		require.Equal(t, c.get, conditions(c.fields...).Evaluate("HEAD", known), "HEAD %q", c.fields)
		require.Equal(t, c.put, conditions(c.fields...).Evaluate("PUT", known), "PUT %q", c.fields)
	}
	for _, fields := range [][]string{
		{"If-Modified-Since", after}, {"If-Unmodified-Since", before}, {"If-None-Match", `"a"`},
	} {
		require.Equal(t, Proceed, conditions(fields...).Evaluate("GET", Known{}), "nothing is known: %q", fields)
	}
	require.Equal(t, Failed, conditions("If-Match", `"a"`).Evaluate("GET", Known{}))
}

func TestIfRange(t *testing.T) {
	weak := Known{Tag: Tag{Opaque: `"a"`, Weak: true}, Modified: known.Modified, Settled: true}
	for value, want := range map[string]bool{
		`"a"`: true, `"x"`: false, `W/"a"`: false, date: true, before: false, after: false, "": false, "a": false, "*": false, `"a", "x"`: false,
	} {
		require.Equal(t, want, conditions("If-Range", value).TakesRange(known), "%q", value)
	}
	require.True(t, conditions().TakesRange(known))
	require.False(t, conditions("If-Range", `"a"`, "If-Range", `"a"`).TakesRange(known))
	require.False(t, conditions("If-Range", `"a"`).TakesRange(weak))
	require.False(t, conditions("If-Range", `W/"a"`).TakesRange(weak))
	require.False(t, conditions("If-Range", date).TakesRange(Known{}))
}

// TestStrongDates: a date is a validator for ranges once its second is over; until then
// the file may change again and keep it (RFC 9110 sections 8.8.2.2 and 13.1.5).
func TestStrongDates(t *testing.T) {
	second := time.Date(1994, 11, 6, 8, 49, 37, 0, time.UTC)
	for _, c := range []struct {
		modified, now time.Duration // behind second
		strong        bool
	}{
		{0, 0, false},
		{0, 999 * time.Millisecond, false},
		{0, time.Second, true},
		{999 * time.Millisecond, time.Second, true},
		{999 * time.Millisecond, 999 * time.Millisecond, false},
		{0, time.Hour, true},
		{time.Hour, 0, false}, // it lies ahead, and the response has said its own date
		{500 * time.Millisecond, 0, false},
	} {
		var k Known
		k.ModifiedAt(second.Add(c.modified), second.Add(c.now))
		require.Equal(t, c.strong, conditions("If-Range", date).TakesRange(k), "%v at %v", c.modified, c.now)
		require.False(t, k.Modified.After(second.Add(c.now)), "no date is later than the response")
		k.Tag = known.Tag
		require.True(t, conditions("If-Range", `"a"`).TakesRange(k), "tags do not wait")
	}
}

// FuzzConditions: whatever the fields hold, HEAD answers as GET, and a method that
// changes something is never told that nothing has changed.
func FuzzConditions(f *testing.F) {
	f.Add(`"a"`, `"x"`, date, date, date)
	f.Add(`*`, `*`, "", "1", `W/"a"`)
	f.Fuzz(func(t *testing.T, match, noneMatch, modified, unmodified, ifRange string) {
		c := conditions("If-Match", match, "If-None-Match", noneMatch, "If-Modified-Since", modified,
			"If-Unmodified-Since", unmodified, "If-Range", ifRange)
		get := c.Evaluate("GET", known)
		require.Equal(t, get, c.Evaluate("HEAD", known))
		require.NotEqual(t, NotModified, c.Evaluate("PUT", known))
		require.Equal(t, get == Proceed, c.Evaluate("PUT", known) == Proceed, "If-None-Match goes before dates")
		if c.TakesRange(known) {
			tag, ok := ParseTag(ifRange)
			when, err := http.ParseTime(Trim(ifRange))
			require.True(t, ok && tag == known.Tag || err == nil && when.Equal(known.Modified.Truncate(time.Second)))
		}
	})
}

func TestRanges(t *testing.T) {
	parts := func(ranges ...Range) string { return fmt.Sprint(ranges) }
	const none = "416"
	for value, want := range map[string]string{
		"bytes=0-0":                    parts(Range{0, 1}),
		"bytes=0-9":                    parts(Range{0, 10}),
		"bytes=0-99":                   parts(Range{0, 10}),
		"bytes=5-":                     parts(Range{5, 5}),
		"bytes=-3":                     parts(Range{7, 3}),
		"bytes=-99":                    parts(Range{0, 10}),
		"Bytes=1-2":                    parts(Range{1, 2}),
		"bytes=0-1,4-5":                parts(Range{0, 2}, Range{4, 2}),
		"bytes=4-5, 0-1":               parts(Range{4, 2}, Range{0, 2}),
		"bytes= , 0-1 ,,":              parts(Range{0, 2}),
		"bytes=0-1, 20-30":             parts(Range{0, 2}),
		"bytes=0-4,4-5":                parts(Range{0, 5}, Range{4, 2}),
		"bytes=0-18446744073709551616": parts(Range{0, 10}),
		"bytes=10-":                    none,
		"bytes=18446744073709551616-":  none,
		"bytes=-0":                     none,
		"bytes=10-20, -0":              none,
		"":                             "",
		"bytes":                        none,
		"bytes=":                       "",
		"bytes=,":                      "",
		"bytes =0-1":                   "",
		"items=0-1":                    "",
		"bytes=a-b":                    none,
		"bytes=0-1,x":                  none,
		"bytes=2-1":                    none,
		"bytes=-":                      none,
		"bytes=--1":                    none,
		"bytes=+1-2":                   none,
		"bytes=1 - 2":                  none,
		"bytes=0-1 2-3":                none,
		"bytes=0-,0-":                  "",
		"bytes=0-3,1-4,2-5":            "",
		"bytes=0-0" + strings.Repeat(",0-0", maxRanges): "",
	} {
		ranges, selection := Ranges(value, 10)
		got := ""
		switch selection {
		case Parts:
			got = fmt.Sprint(ranges)
		case Unsatisfiable:
			got = none
		}
		require.Equal(t, want, got, "%q", value)
	}
	_, selection := Ranges("bytes=0-", 0)
	require.Equal(t, Whole, selection)
	require.Equal(t, "bytes 2-4/10", Range{2, 3}.ContentRange(10))
	require.Equal(t, "bytes */10", Unsatisfied(10))
}

// FuzzRanges: parts lie within the representation, have bytes, are bounded in
// number, and together are no more than the whole.
func FuzzRanges(f *testing.F) {
	f.Add("bytes=0-1,-5,7-", int64(10))
	f.Add("bytes=9223372036854775807-9223372036854775807", int64(1)<<62)
	f.Fuzz(func(t *testing.T, value string, size int64) {
		ranges, selection := Ranges(value, size)
		require.Equal(t, selection == Parts, len(ranges) > 0)
		require.LessOrEqual(t, len(ranges), maxRanges)
		total := int64(0)
		for _, r := range ranges {
			require.True(t, r.Start >= 0 && r.Length > 0 && r.Length <= size && r.Start <= size-r.Length)
			total += r.Length
		}
		require.True(t, selection != Parts || total <= size)
	})
}
