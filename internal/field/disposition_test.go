package field

import (
	"mime"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

func TestDispositions(t *testing.T) {
	for in, want := range map[string]Disposition{
		`form-data; name="a"`:                                           {Name: "a"},
		`FORM-DATA ;name=a ; filename=""`:                               {Name: "a", IsFile: true},
		`form-data; name="a"; filename="x.txt"`:                         {"a", "x.txt", true},
		`form-data; filename="x.txt"; name="a"`:                         {"a", "x.txt", true},
		`form-data; name="a"; filename="a;b=c.txt"`:                     {"a", "a;b=c.txt", true},
		`form-data; name="a"; filename="say \"hi\".txt"`:                {"a", `say "hi".txt`, true},
		`form-data; name="a"; filename="C:\dir\x.txt"`:                  {"a", `C:\dir\x.txt`, true},
		`form-data; name="a"; filename="C:\\dir\\x.txt"`:                {"a", `C:\dir\x.txt`, true},
		`form-data; name="a"; filename=two words.txt`:                   {"a", "two words.txt", true},
		`form-data; name="a"; filename=käse.txt`:                        {"a", "käse.txt", true},
		`form-data; name="a"; filename="a"b.txt"`:                       {"a", `a"b.txt`, true},
		`form-data; name="a"; filename="open`:                           {"a", "open", true},
		`form-data; name="a"; filename="%22.txt"`:                       {"a", "%22.txt", true},
		`form-data; name="a"; filename=x; filename=y`:                   {"a", "x", true},
		`form-data; name="a"; name="b"`:                                 {Name: "a"},
		`form-data; junk; =; name="a"; ="x`:                             {Name: "a"},
		`form-data; name="a"; size=; filename*=UTF-8''na%C3%AFve.txt`:   {"a", "naïve.txt", true},
		`form-data; name="a"; filename="n.txt"; filename*=utf-8'en'%41`: {"a", "A", true},
		`form-data; name="a"; filename="n.txt"; filename*=utf-8''%4`:    {"a", "n.txt", true},
		`form-data; name="a"; filename="n.txt"; filename*=utf-8''%ff`:   {"a", "n.txt", true},
		`form-data; name="a"; filename="n.txt"; filename*=latin1''%ff`:  {"a", "n.txt", true},
		`form-data; name="a"; filename="n.txt"; filename*=x`:            {"a", "n.txt", true},
		`form-data`: {},
	} {
		got, ok := ParseDisposition(in)
		require.True(t, ok, in)
		require.Equal(t, want, got, in)
	}
	for _, in := range []string{"", `attachment; name="a"`, `; name="a"`, `"form-data"; name=a`, "form-data name=a"} {
		_, ok := ParseDisposition(in)
		require.False(t, ok, in)
	}
}

// FuzzDisposition: what the mime package understands is read in the same way, and a
// parameter in front of whatever comes keeps its value.
func FuzzDisposition(f *testing.F) {
	for _, seed := range []string{
		`form-data; name="a"; filename="x\"\\.txt"`, `form-data; name=a; filename*=UTF-8''%41`, `form-data; name="`, `form-data; a="\`, `;;=`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, ok := ParseDisposition(s)
		kind, params, err := mime.ParseMediaType(s)
		// Continuations (RFC 2231 section 3) and escapes that are none are not for forms.
		if err == nil && kind == "form-data" && !strings.ContainsAny(s, `*\`) && strings.TrimFunc(s, isASCIISpace) == s && !oddSpace(s) {
			name, isFile := params["filename"]
			require.True(t, ok, "%q", s)
			require.Equal(t, Disposition{params["name"], name, isFile}, got, "%q", s)
		}
		near, ok := ParseDisposition(`form-data; name="n"; filename="f";` + s)
		require.True(t, ok)
		require.Equal(t, "n", near.Name)
		require.True(t, near.IsFile)
		if !strings.Contains(s, "*") {
			require.Equal(t, "f", near.FileName)
		}
	})
}

func isASCIISpace(r rune) bool { return r == ' ' || r == '\t' }

// oddSpace tells white space that is none in HTTP, RFC 9110 section 5.6.3.
func oddSpace(s string) bool {
	return strings.ContainsAny(s, "\n\v\f\r\u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000") ||
		!utf8.ValidString(s)
}
