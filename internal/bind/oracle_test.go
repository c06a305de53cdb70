package bind_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

type queryInput struct {
	A     *string  `query:"a"`
	List  []string `query:"list,repeat"`
	Comma []string `query:"comma"`
	Space *string  `query:"a b"`
}

// checkQuery compares with url.ParseQuery: the same values, also when other pairs
// are malformed, and an error only where ParseQuery has one or a value is not
// UTF-8.
func checkQuery(t require.TestingT, tb testing.TB, raw string) {
	in, prob := bindBoth[queryInput](tb, query(raw))
	want, err := url.ParseQuery(raw)
	if err == nil && textsOf(want) {
		require.Nil(t, prob, raw)
	}
	first := func(key string) *string {
		if !want.Has(key) {
			return nil
		}
		v := want.Get(key)
		return &v
	}
	if prob == nil || !strings.Contains(prob.Error(), "query.a ") { // a bad first value hides a good second one
		require.Equal(t, first("a"), in.A, raw)
	}
	if prob == nil || !strings.Contains(prob.Error(), "query.a b ") {
		require.Equal(t, first("a b"), in.Space, raw)
	}
	list := slices.DeleteFunc(want["list"], notText)
	require.True(t, slices.Equal(list, in.List), "%q: %q", raw, in.List)
	if prob == nil && !strings.Contains(strings.ToUpper(raw), "%2C") {
		var split []string
		for _, v := range want["comma"] {
			split = append(split, strings.Split(v, ",")...)
		}
		require.Equal(t, split, in.Comma, raw)
	}
	// Malformed pairs are reported when their key is ours, or cannot be read.
	if err != nil && prob == nil {
		for pair := range strings.SplitSeq(raw, "&") {
			key, value, _ := strings.Cut(pair, "=")
			decoded, keyErr := url.QueryUnescape(key)
			require.NoError(t, keyErr, raw)
			require.NotContains(t, key, ";", raw)
			if slices.Contains([]string{"a", "list", "comma", "a b"}, decoded) {
				_, valueErr := url.QueryUnescape(value)
				require.NoError(t, valueErr, raw)
				require.NotContains(t, value, ";", raw)
			}
		}
	}
}

func notText(s string) bool { return !utf8.ValidString(s) }

// textsOf tells whether all values of our keys are UTF-8, and those between commas too.
func textsOf(values url.Values) bool {
	return !slices.ContainsFunc(slices.Concat(values["a"], values["list"], values["comma"], values["a b"]), notText)
}

func TestQueryLikeParseQuery(t *testing.T) {
	for _, raw := range []string{"a&a=%", "a=1&a=%zz", "a=1&a=1;2", "a+b=1&a%20b=%4"} { // what follows the value that counts
		checkQuery(t, t, raw)
		_, prob := bindBoth[queryInput](t, query(raw))
		require.NotNil(t, prob, raw)
	}
	rapid.Check(t, func(rt *rapid.T) {
		piece := rapid.SampledFrom([]string{
			"a", "list", "comma", "a+b", "a%20b", "%61", "x", "=", "=", "&", "&", ";", "%", "+", ",", "%2C", "%2c", "%z", "%4", "%ff", "é", "\x00", "1",
		})
		checkQuery(rt, t, strings.Join(rapid.SliceOfN(piece, 0, 16).Draw(rt, "query"), ""))
	})
}

func FuzzQuery(f *testing.F) {
	for _, s := range []string{"a=1&list=2&list=3", "a+b=%20", "a=%zz", "a;b=1", "list=%2C;", "&&=&a", "a=b=c", "comma=1,2%2C3"} {
		f.Add(s)
	}
	f.Add(strings.Repeat("%61", 200) + "%=1&a=2")
	f.Fuzz(func(t *testing.T, raw string) { checkQuery(t, t, raw) })
}

type cookieInput struct {
	A   *string `cookie:"a"`
	SID *string `cookie:"sid"`
}

// checkCookies compares with http.Request.Cookie for the lines of a request.
func checkCookies(t require.TestingT, tb testing.TB, lines ...string) {
	in, prob := bindBoth[cookieInput](tb, header("Cookie", lines...))
	require.Nil(t, prob)
	r := http.Request{Header: http.Header{"Cookie": lines}}
	for name, got := range map[string]*string{"a": in.A, "sid": in.SID} {
		c, err := r.Cookie(name)
		if err != nil {
			require.Nil(t, got, "%q", lines)
			continue
		}
		require.NotNil(t, got, "%q", lines)
		require.Equal(t, c.Value, *got, "%q", lines)
	}
}

func TestCookiesLikeNetHTTP(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		piece := rapid.SampledFrom([]string{
			"a", "sid", "=", "=", ";", ";", "; ", " ", "\t", "\"", "\\", ",", "v", "1", "\x7f", "é", "\n", "\r", "\x01", "(",
		})
		line := rapid.Map(rapid.SliceOfN(piece, 0, 12), func(s []string) string { return strings.Join(s, "") })
		checkCookies(rt, t, rapid.SliceOfN(line, 0, 3).Draw(rt, "lines")...)
	})
}

func FuzzCookies(f *testing.F) {
	f.Add("a=1; sid=2", "sid=3")
	f.Add(`a="1"; sid="`, "a=")
	f.Add(" ; =x;a ;sid=\\", "")
	f.Fuzz(func(t *testing.T, first, second string) { checkCookies(t, t, first, second) })
}
