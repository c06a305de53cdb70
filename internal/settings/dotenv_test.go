package settings

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func lookupNone(string) (string, bool) { return "", false }

func TestParseDotEnv(t *testing.T) {
	for text, want := range map[string]string{
		"":                                 "",
		"\n  \n# A=1\n   # B=2":            "",
		"A=1":                              "A|1",
		"\ufeffA=1\r\nB=2\r\n":             "A|1 B|2",
		"  export A = 1  ":                 "A|1",
		"export\tA=1":                      "A|1",
		"exported=1":                       "exported|1",
		"export=1":                         "export|1",
		"A=":                               "A|",
		"A=# none":                         "A|",
		"A=a#b # c":                        "A|a#b",
		"A=a'b\"c":                         `A|a'b"c`,
		`A=C:\dir`:                         `A|C:\dir`,
		"A=pa$s$$":                         "A|pa$s$$",
		`A="a b" # c`:                      "A|a b",
		`A=""`:                             "A|",
		`A="a\nb\t\"\\\$\r"`:               "A|a\nb\t\"\\$\r",
		"A='a\\n${B}#$'":                   `A|a\n${B}#$`,
		"A=\"one\ntwo # three\"\nB=2":      "A|one\ntwo # three B|2",
		"A=\"one\\\ntwo\"":                 "A|onetwo",
		"A='one\r\ntwo'":                   "A|one\ntwo",
		"A=1\nB=${A}2\nC=\"x${B}\"":        "A|1 B|12 C|x12",
		`A=1` + "\n" + `B="\${A}"`:         "A|1 B|${A}",
		"A=http://host/?a=b&c=d":           "A|http://host/?a=b&c=d",
		"A=über":                           "A|über",
		"HOME_OF=${OUTSIDE}/x\nOUTSIDE=no": "HOME_OF|out/x OUTSIDE|no",
	} {
		list, mistakes := ParseDotEnv(".env", text, func(name string) (string, bool) { return "out", name == "OUTSIDE" })
		require.Empty(t, mistakes, "%q", text)
		var got []string
		for _, v := range list {
			got = append(got, v.Name+"|"+v.Value)
		}
		require.Equal(t, want, strings.Join(got, " "), "%q", text)
	}
}

// TestDotEnvMistakes: all at once, each with its line, and never with a value.
func TestDotEnvMistakes(t *testing.T) {
	for text, want := range map[string]string{
		"\nsecret":               "dir/.env:2: there is no =",
		"export secret":          "dir/.env:1: there is no =",
		"A: secret":              "dir/.env:1: there is no =",
		"A-B=secret":             "dir/.env:1: what stands in front of = is not a name",
		"1A=secret":              "dir/.env:1: what stands in front of = is not a name",
		"=secret":                "dir/.env:1: what stands in front of = is not a name",
		"export =secret":         "", // the name export
		"A=1\nB=\"secret\nC=2":   "dir/.env:2: the quote is not closed",
		`A="secret\"`:            "dir/.env:1: the quote is not closed",
		"A='secret":              "dir/.env:1: the quote is not closed",
		"A='x' secret":           "dir/.env:1: there is something behind the closing quote",
		`A="x"secret`:            "dir/.env:1: there is something behind the closing quote",
		`A="\secret"`:            "dir/.env:1: in double quotes",
		"A=${secret":             "dir/.env:1: ${ begins a variable",
		"A=${}":                  "dir/.env:1: ${ begins a variable",
		"A=secret${NOT_THERE}":   "dir/.env:1: ${NOT_THERE} is not set",
		"A=secret\n\nA=secret":   "dir/.env:3: A is in line 1 already",
		"A=\"secret\x00\"":       "dir/.env:1: the value of A has a NUL byte",
		"A='a\nb\nc'\nB='secret": "dir/.env:4: the quote is not closed",
	} {
		_, mistakes := ParseDotEnv("dir/.env", text, lookupNone)
		if want == "" {
			require.Empty(t, mistakes, "%q", text)
			continue
		}
		require.Len(t, mistakes, 1, "%q", text)
		require.Contains(t, mistakes[0], want, "%q", text)
		require.NotContains(t, mistakes[0], "secret", "%q", text)
	}
	_, mistakes := ParseDotEnv(".env", "one\nB=1\n2=3\nC=\"", lookupNone)
	require.Len(t, mistakes, 3)
}

// FuzzParseDotEnv: no text is too strange, and a quoted value is read as it was.
func FuzzParseDotEnv(f *testing.F) {
	f.Add("A=1\nexport B='x y'\n# c\nC=\"a\\n${A}\"")
	f.Fuzz(func(t *testing.T, text string) {
		list, mistakes := ParseDotEnv("f", text, lookupNone)
		for _, m := range mistakes {
			require.True(t, strings.HasPrefix(m, "f:"), m)
		}
		for _, v := range list {
			require.True(t, isName(v.Name), v.Name)
		}
		value := strings.NewReplacer("\x00", "", "\r\n", "\n").Replace(text)
		value = strings.ReplaceAll(value, "\r\n", "\n")
		quoted := strings.NewReplacer(`\`, `\\`, `"`, `\"`, `$`, `\$`).Replace(value)
		list, mistakes = ParseDotEnv("f", `A="`+quoted+`"`, lookupNone)
		require.Empty(t, mistakes)
		require.Equal(t, strings.ReplaceAll(value, "\r\n", "\n"), list[0].Value)
	})
}
