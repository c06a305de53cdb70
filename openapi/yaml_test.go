package openapi

import (
	"encoding/json/v2"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
	"pgregory.net/rapid"
)

func TestYAML(t *testing.T) {
	text, err := toYAML([]byte(`{"a":{"b":[1,-2.5e3,true,null,"x"],"c":{},"d":[]},"list":[[1,2],[],{"e":"f","g":[{"h":1}]}],` +
		`"lines":"one\n\n  two\n","no end":"one\ntwo","words":["null","Yes","1","1.5","0x1f","a: b","a #b","#a","- a"," a","a ","","é","a\tb","2020-01-01","@a","$ref"]}`))
	require.NoError(t, err)
	require.Equal(t, `a:
  b:
    - 1
    - -2.5e3
    - true
    - null
    - x
  c: {}
  d: []
list:
  -
    - 1
    - 2
  - []
  - e: f
    g:
      - h: 1
lines: |
  one

    two
no end: |-
  one
  two
words:
  - "null"
  - "Yes"
  - "1"
  - "1.5"
  - "0x1f"
  - "a: b"
  - "a #b"
  - "#a"
  - "- a"
  - " a"
  - "a "
  - ""
  - "é"
  - "a\tb"
  - "2020-01-01"
  - "@a"
  - $ref
`, string(text))
	_, err = toYAML([]byte(`{"a":`))
	require.Error(t, err)
}

// TestYAMLReadsAsJSON: another reader finds in the YAML what was in the JSON.
func TestYAMLReadsAsJSON(t *testing.T) {
	texts := rapid.OneOf(
		rapid.String(), rapid.StringMatching(`[ a-z:#\-\n"'{}\[\],&*?|>%@0-9.~$/_\\]{0,12}`), rapid.StringMatching(`( ?[a-c]\n?){0,6}`),
		rapid.SampledFrom([]string{"\u0085", "\u2028", "\ufeff", "a\u00a0", "\x7f", "\r\n", "a\r\nb", "\n", "\n\n", "a\n\n", "a\n \n", "---", "...", "=", "<<", "0o7", "1_000", ".inf", "!a"}))
	rapid.Check(t, func(t *rapid.T) {
		v := map[string]any{}
		for i := range rapid.IntRange(0, 4).Draw(t, "members") {
			name := texts.Draw(t, "name") + fmt.Sprint(i)
			switch rapid.IntRange(0, 4).Draw(t, "kind") {
			case 0:
				v[name] = texts.Draw(t, "text")
			case 1:
				v[name] = []any{texts.Draw(t, "item"), []any{texts.Draw(t, "inner")}, map[string]any{texts.Draw(t, "key"): texts.Draw(t, "deep")}}
			case 2:
				v[name] = map[string]any{texts.Draw(t, "key"): []any{map[string]any{}, []any{}}}
			case 3:
				v[name] = rapid.SampledFrom([]any{nil, true, false}).Draw(t, "word")
			default:
				v[name] = rapid.IntRange(-1_000_000, 1_000_000).Draw(t, "number")
			}
		}
		text, err := json.Marshal(v, json.Deterministic(true))
		if err != nil {
			t.Fatal(err)
		}
		got, err := toYAML(text)
		if err != nil {
			t.Fatal(err)
		}
		back := map[string]any{}
		if err := yaml.Unmarshal(got, &back); err != nil {
			t.Fatalf("%v in\n%s", err, got)
		}
		require.Equal(t, v, back, "%s", got)
	})
}
