package field_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/internal/field"
)

func TestReference(t *testing.T) {
	for in, want := range map[string]string{
		"":                                "",
		"/plain?a=b&c[]=d#e":              "/plain?a=b&c[]=d#e",
		"/café":                           "/caf%C3%A9",
		"/a b":                            "/a%20b",
		"/caf%c3%a9":                      "/caf%c3%a9",
		"/100%":                           "/100%25",
		"/100%zz%4":                       "/100%25zz%254",
		`/\evil.example/"x"`:              "/%5Cevil.example/%22x%22",
		"/a#b#c":                          "/a#b%23c",
		"https://münchen.example/<^`{|}>": "https://m%C3%BCnchen.example/%3C%5E%60%7B%7C%7D%3E",
		"http://[::1]:80/~u;v=1,2'()*!$@": "http://[::1]:80/~u;v=1,2'()*!$@",
		"/\xff":                           "/%FF",
	} {
		got, ok := field.Reference(in)
		require.True(t, ok, in)
		require.Equal(t, want, got)
	}
	for _, in := range []string{"/x\r\ny", "\t/x", "/x\x00", "/\x7f", "/é\n"} {
		_, ok := field.Reference(in)
		require.False(t, ok, "%q", in)
	}
}

// What Reference makes is one, stays what it is, and means what was given.
func FuzzReference(f *testing.F) {
	for _, s := range []string{"/café?a=b#c", "/a%", "//x\\y", "/%41%4", "a:b", "#a#b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, ok := field.Reference(s)
		require.Equal(t, !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f }), ok)
		if !ok {
			return
		}
		for i := range len(got) {
			require.True(t, got[i] > ' ' && got[i] < 0x7f && !strings.ContainsRune("\"<>\\^`{|}", rune(got[i])), "%q", got)
		}
		again, ok := field.Reference(got)
		require.True(t, ok)
		require.Equal(t, got, again)
		require.LessOrEqual(t, strings.Count(got, "#"), 1)
		if before, err := url.PathUnescape(s); err == nil {
			after, err := url.PathUnescape(got)
			require.NoError(t, err)
			require.Equal(t, before, after)
		}
	})
}
