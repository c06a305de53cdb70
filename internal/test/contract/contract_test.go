package contract_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/internal/test/contract"
)

const document = `{"openapi":"3.1.1","info":{"title":"t","version":"1"},"paths":{"/users/{id}":{"get":{
	"parameters":[{"name":"id","in":"path","required":true,"schema":{"type":"integer","minimum":1}}],
	"responses":{"200":{"description":"ok","content":{"application/json":{"schema":{"$ref":"#/components/schemas/User"}}}},
		"4XX":{"description":"no","content":{"application/problem+json":{"schema":{"type":"object","required":["status"]}}}}}}}},
	"components":{"schemas":{"User":{"type":"object","properties":{"name":{"type":["string","null"]},"age":{"type":"integer","exclusiveMinimum":0}},"required":["name"]}}}}`

func answer(status int, contentType, body string) contract.Answer {
	return contract.Answer{Status: status, Header: http.Header{"Content-Type": {contentType}}, Body: []byte(body)}
}

// TestCheck: the judge lets right answers pass and no other.
func TestCheck(t *testing.T) {
	c, err := contract.New([]byte(document))
	require.NoError(t, err)
	request := httptest.NewRequest("GET", "http://example.org/users/7", nil)

	require.NoError(t, c.Check(request, answer(200, "application/json", `{"name":null,"age":1}`)))
	require.NoError(t, c.Check(request, answer(404, "application/problem+json", `{"status":404}`)))
	require.Error(t, c.Check(request, answer(200, "application/json", `{"name":1}`)), "wrong type")
	require.Error(t, c.Check(request, answer(200, "application/json", `{"age":1}`)), "missing member")
	require.Error(t, c.Check(request, answer(200, "application/json", `{"name":"a","age":0}`)), "keyword of 3.1")
	require.Error(t, c.Check(request, answer(200, "text/plain", `{"name":"a"}`)), "wrong content type")
	require.ErrorIs(t, c.Check(request, answer(201, "application/json", `{"name":"a"}`)), contract.ErrStatus)
	require.Error(t, c.Check(request, answer(500, "text/plain", "oh")), "status not promised")
	require.Error(t, c.Check(request, answer(404, "application/problem+json", `{}`)), "range of statuses")
	require.ErrorIs(t, c.Check(httptest.NewRequest("GET", "/nowhere", nil), answer(200, "", "")), contract.ErrNoOperation)

	require.NoError(t, c.CheckRequest(request))
	require.Error(t, c.CheckRequest(httptest.NewRequest("GET", "/users/0", nil)))
}

// TestNew: documents that are not valid are refused.
func TestNew(t *testing.T) {
	for name, text := range map[string]string{
		"not JSON":     `{`,
		"no responses": `{"openapi":"3.1.1","info":{"title":"t","version":"1"},"paths":{"/":{"get":{"parameters":[{"name":"a"}]}}}}`,
		"schema":       `{"openapi":"3.1.1","info":{"title":"t","version":"1"},"paths":{},"components":{"schemas":{"A":{"type":"text"}}}}`,
		"reference":    `{"openapi":"3.1.1","info":{"title":"t","version":"1"},"paths":{},"components":{"schemas":{"A":{"$ref":"#/components/schemas/B"}}}}`,
	} {
		_, err := contract.New([]byte(text))
		require.Error(t, err, name)
	}
	n, err := contract.Operations([]byte(document))
	require.NoError(t, err)
	require.Equal(t, 1, n)
}

// TestValid30: a document of 3.1 is none of 3.0, nor one with words of 3.1 in it.
func TestValid30(t *testing.T) {
	old := strings.NewReplacer(`"3.1.1"`, `"3.0.3"`, `["string","null"]`, `"string"`, `"exclusiveMinimum":0`, `"minimum":0,"exclusiveMinimum":true`)
	require.NoError(t, contract.Valid30([]byte(old.Replace(document))))
	require.Error(t, contract.Valid30([]byte(document)))
	require.Error(t, contract.Valid30([]byte(strings.Replace(document, `"3.1.1"`, `"3.0.3"`, 1))))
	require.Error(t, contract.Valid30([]byte("{")))
}
