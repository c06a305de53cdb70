package apidiff

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// service is a document of one operation, with a body and an answer of these schemas.
func service(body, answer string) string {
	return fmt.Sprintf(`{"openapi":"3.1.0","paths":{"/things/{id}":{"post":{
		"requestBody":{"required":true,"content":{"application/json":{"schema":%s}}},
		"responses":{"200":{"content":{"application/json":{"schema":%s}}},"404":{"description":"none"}}}}},
		"components":{"schemas":{"Node":{"type":"object","properties":{"next":{"$ref":"#/components/schemas/Node"},"name":{"type":"string"}}},
		"Cat":{"type":"object","properties":{"lives":{"type":"integer"}}},"Dog":{"type":"object"}}}}`, body, answer)
}

func texts(t *testing.T, before, after string) []string {
	t.Helper()
	changes, err := Compare([]byte(before), []byte(after))
	require.NoError(t, err)
	list := []string{}
	for _, c := range changes {
		list = append(list, strings.TrimPrefix(c.String(), "POST /things/{id}: "))
	}
	return list
}

// TestSchemas: each change, as it looks to who sends (body) and who reads (200).
func TestSchemas(t *testing.T) {
	for name, test := range map[string]struct{ was, is, body, answer string }{
		"same":               {`{"type":"string"}`, `{"type":"string"}`, "", ""},
		"other type":         {`{"type":"string"}`, `{"type":"integer"}`, "was string, and is integer", "was string, and is integer"},
		"wider type":         {`{"type":"integer"}`, `{"type":"number"}`, "", "was integer, and is number"},
		"narrower type":      {`{"type":["string","null"]}`, `{"type":"string"}`, "was string or null, and is string", ""},
		"no type":            {`{"type":"string"}`, `{}`, "", "was string, and is anything"},
		"value more":         {`{"enum":["a"]}`, `{"enum":["a","b"]}`, "", `may be "b" now`},
		"value less":         {`{"enum":["a","b"]}`, `{"enum":["a"]}`, `does not take "b" any more`, ""},
		"values":             {`{"type":"string"}`, `{"type":"string","enum":["a"]}`, `takes only these values now: "a"`, ""},
		"any value":          {`{"type":"string","const":"a"}`, `{"type":"string"}`, "", `may have other values than "a" now`},
		"higher minimum":     {`{"minimum":1}`, `{"minimum":2}`, "minimum is 2 now", ""},
		"lower minimum":      {`{"minimum":2}`, `{"minimum":1}`, "", ""},
		"a maximum":          {`{}`, `{"maxLength":10}`, "maxLength is 10 now", ""},
		"no minimum":         {`{}`, `{"minLength":0}`, "", ""},
		"minimum of uint":    {`{}`, `{"minimum":0}`, "minimum is 0 now", ""},
		"other pattern":      {`{"pattern":"a"}`, `{"pattern":"b"}`, "pattern is b now", ""},
		"member more":        {`{"properties":{}}`, `{"properties":{"a":{}}}`, "", ""},
		"required more":      {`{"properties":{}}`, `{"properties":{"a":{}},"required":["a"]}`, ".a: is new, and required", ""},
		"required now":       {`{"properties":{"a":{}}}`, `{"properties":{"a":{}},"required":["a"]}`, ".a: is required now", ""},
		"may be absent":      {`{"properties":{"a":{}},"required":["a"]}`, `{"properties":{"a":{}}}`, "", ".a: may be absent now"},
		"member less":        {`{"properties":{"a":{}}}`, `{"properties":{}}`, "", ".a: is gone"},
		"member refused":     {`{"properties":{"a":{}}}`, `{"properties":{},"additionalProperties":false}`, ".a: is refused now", ".a: is gone"},
		"deep":               {`{"properties":{"a":{"items":{"maximum":9}}}}`, `{"properties":{"a":{"items":{"maximum":8}}}}`, ".a[]: maximum is 8 now", ""},
		"map":                {`{"additionalProperties":{"type":"string"}}`, `{"additionalProperties":{"type":"null"}}`, "{}: was string, and is null", "{}: was string, and is null"},
		"reference":          {`{"type":"object","properties":{"lives":{"type":"integer"}}}`, `{"$ref":"#/components/schemas/Cat"}`, "", ""},
		"in itself":          {`{"$ref":"#/components/schemas/Node"}`, `{"$ref":"#/components/schemas/Node"}`, "", ""},
		"parts":              {`{"allOf":[{"$ref":"#/components/schemas/Cat"},{"properties":{"b":{}}}]}`, `{"$ref":"#/components/schemas/Cat"}`, "", ".b: is gone"},
		"variant more":       {`{"oneOf":[{"$ref":"#/components/schemas/Cat"}]}`, `{"oneOf":[{"$ref":"#/components/schemas/Cat"},{"$ref":"#/components/schemas/Dog"}]}`, "", "may be the variant Dog now"},
		"variant less":       {`{"oneOf":[{"$ref":"#/components/schemas/Cat"},{"$ref":"#/components/schemas/Dog"}]}`, `{"oneOf":[{"$ref":"#/components/schemas/Cat"}]}`, "does not take the variant Dog any more", ""},
		"nothing is allowed": {`{}`, `false`, "nothing is allowed any more", ""},
		"nothing was":        {`false`, `false`, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			expect := func(where, text string) []string {
				if text == "" {
					return []string{}
				}
				if text[0] != '.' && text[0] != '[' && text[0] != '{' {
					text = ": " + text
				}
				return []string{where + " " + text}
			}
			const any = `{}`
			require.Equal(t, expect("body", test.body), texts(t, service(test.was, any), service(test.is, any)))
			require.Equal(t, expect("200", test.answer), texts(t, service(any, test.was), service(any, test.is)))
		})
	}
}

// TestOperations: what is about them and not about schemas.
func TestOperations(t *testing.T) {
	base := service("{}", "{}")
	edit := func(pairs ...string) string { return strings.NewReplacer(pairs...).Replace(base) }
	with := func(operation string) string {
		return `{"openapi":"3.1.0","paths":{"/things/{id}":{"post":` + operation + `}}}`
	}
	require.Equal(t, []string{"is gone"}, texts(t, base, `{"openapi":"3.1.0","paths":{}}`))
	require.Empty(t, texts(t, base, edit("{id}", "{number}")), "the name of a wildcard is nobody's business")
	require.Empty(t, texts(t, base, edit(`"404"`, `"410"`)), "an error is no promise")
	require.Equal(t, []string{"200: is no answer any more"}, texts(t, base, edit(`"200"`, `"201"`)))
	require.Equal(t, []string{"200: application/json is gone", "body: application/json is gone"}, sorted(texts(t, base, edit("application/json", "text/plain"))))
	require.Equal(t, []string{"body: is required now"}, texts(t, edit(`"required":true`, `"required":false`), base))
	secured := with(`{"security":[{"login":[]}]}`)
	require.Equal(t, []string{"needs a scheme of security now"}, texts(t, with(`{"security":[{},{"login":[]}]}`), secured))
	require.Empty(t, texts(t, secured, with(`{}`)))
	parameters := func(p string) string { return with(`{"parameters":[` + p + `]}`) }
	require.Equal(t, []string{"query limit: is new, and required"}, texts(t, with(`{}`), parameters(`{"in":"query","name":"limit","required":true}`)))
	require.Empty(t, texts(t, with(`{}`), parameters(`{"in":"query","name":"limit"}`)))
	require.Empty(t, texts(t, parameters(`{"in":"query","name":"limit"}`), with(`{}`)), "it is ignored")
	require.Equal(t, []string{"query limit: is required now", "query limit: maximum is 5 now"},
		texts(t, parameters(`{"in":"query","name":"limit","schema":{}}`), parameters(`{"in":"query","name":"limit","required":true,"schema":{"maximum":5}}`)))
}

func sorted(texts []string) []string {
	if len(texts) == 2 && texts[0] > texts[1] {
		texts[0], texts[1] = texts[1], texts[0]
	}
	return texts
}

// TestNoDocument: a text that is none is said to be, and references that lead nowhere or in a
// circle do no harm.
func TestNoDocument(t *testing.T) {
	good := service("{}", "{}")
	for _, bad := range []string{"", "[]", `{"swagger":"2.0"}`} {
		_, err := Compare([]byte(bad), []byte(good))
		require.ErrorContains(t, err, "the old document")
		_, err = Compare([]byte(good), []byte(bad))
		require.ErrorContains(t, err, "the new document")
	}
	for _, odd := range []string{`{"$ref":"#/nowhere/at/all"}`, `{"$ref":"other.json"}`, `{"allOf":[{"$ref":"#/components/schemas/Odd"}]}`, `[]`, `{"type":7,"enum":{},"required":[1],"pattern":{}}`} {
		text := strings.Replace(service(odd, odd), `"schemas":{`, `"schemas":{"Odd":{"$ref":"#/components/schemas/Odd"},`, 1)
		_, err := Compare([]byte(text), []byte(text))
		require.NoError(t, err)
	}
}

// FuzzCompare: nothing makes it panic, and a document does not differ from itself.
func FuzzCompare(f *testing.F) {
	f.Add([]byte(service(`{"type":["string","null"]}`, `{"$ref":"#/components/schemas/Node"}`)))
	f.Fuzz(func(t *testing.T, text []byte) {
		changes, err := Compare(text, text)
		if err == nil {
			require.Empty(t, changes)
		}
	})
}
