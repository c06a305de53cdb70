package bind_test

import (
	"fmt"
	"math/big"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/fasterapi/fasterapi/problem"
	"github.com/stretchr/testify/require"
)

type (
	item struct {
		Name  string   `json:"name,omitzero"`
		Price float64  `json:"price,omitzero"`
		Size  uint8    `json:"size,omitzero"`
		Tags  []string `json:"tags,omitzero"`
		Grade grade    `json:"grade,omitzero"`
	}
	order struct {
		ID    int64            `json:"id,omitzero"`
		Items []item           `json:"items,omitzero"`
		ByKey map[string]*item `json:"by_key,omitzero"`
		When  time.Time        `json:"when,omitzero"`
		Any   any              `json:"any,omitzero"`
		Big   *big.Int         `json:"big,omitzero"`
		Plain bool             `json:",omitzero"`
	}
	orderInput struct {
		Order order `body:""`
	}
)

func TestBody(t *testing.T) {
	for _, contentType := range []string{
		"application/json", "Application/JSON; charset=utf-8", "application/json;", " application/vnd.order+json ; v=1",
	} {
		in := mustBind[orderInput](t, typedBody(contentType, `{"id":7,"items":[{"name":"é\n","price":1.5}],"unknown":[1]}`))
		require.Equal(t, order{ID: 7, Items: []item{{Name: "é\n", Price: 1.5}}}, in.Order)
	}
}

func TestBodyErrors(t *testing.T) {
	for _, c := range []struct{ body, want string }{
		{`{"items":[{},{"price":"x"}]}`, `{"location":"body.items[1].price","message":"must be a number","value":"x"}`},
		{`{"id":1.5}`, `{"location":"body.id","message":"must be an integer","value":1.5}`},
		{`{"items":[{"size":256}]}`, `{"location":"body.items[0].size","message":"must be an integer from 0 to 255","value":256}`},
		{`{"items":[{"tags":"x"}]}`, `{"location":"body.items[0].tags","message":"must be an array","value":"x"}`},
		{`{"by_key":{"7":{"name":1}}}`, `{"location":"body.by_key.7.name","message":"must be a string","value":1}`},
		{`{"by_key":[]}`, `{"location":"body.by_key","message":"must be an object"}`},
		{`{"Plain":"yes"}`, `{"location":"body.Plain","message":"must be a boolean","value":"yes"}`},
		{`{"when":"now"}`, `{"location":"body.when","message":"must be an RFC 3339 time such as 2006-01-02T15:04:05Z","value":"now"}`},
		{`{"items":[{"grade":"X"}]}`, `{"location":"body.items[0].grade","message":"must be a grade from A to F","value":"X"}`},
		{`[]`, `{"location":"body","message":"must be an object"}`},
		{`{"id":1,"id":2}`, `{"location":"body.id","message":"is given twice"}`},
		{`{"any":[{"0":1,"0":2}]}`, `{"location":"body.any[0].0","message":"is given twice"}`},
		{`{"id":`, `{"location":"body","message":"is not valid JSON: it ends where a value should be, at byte 6"}`},
		{`{"id":1}}`, `{"location":"body","message":"is not valid JSON: there is something behind the value, at byte 8"}`},
		{`{"id":01}`, `{"location":"body","message":"is not valid JSON: there should be a number at byte 8"}`},
		{"{\"any\":\"\xff\"}", `{"location":"body","message":"is not valid JSON: a string is not UTF-8 at byte 9"}`},
		{` `, `{"location":"body","message":"must not be empty"}`},
		{``, `{"location":"body","message":"is required"}`},
	} {
		t.Run(c.body, func(t *testing.T) {
			require.Equal(t, c.want, failures[orderInput](t, jsonBody(c.body)))
		})
	}
}

// TestBadBodies: nothing that a client sends as JSON is more than a 422, however
// deep, large or broken.
func TestBadBodies(t *testing.T) {
	type input struct {
		Body any `body:""`
	}
	for body, want := range map[string]string{
		strings.Repeat("[", 100_000):                                        "too deep",
		`{"a":` + strings.Repeat("[", 300) + strings.Repeat("]", 300) + `}`: "too deep",
		`1e999`:                          "is out of range",
		`NaN`:                            "is not valid JSON",
		`"\ud800"`:                       "is not valid JSON",
		"\"\xff\"":                       "is not valid JSON",
		`{"a":1,"a":2}`:                  "is given twice",
		`{"a":1`:                         "is not valid JSON",
		`[1,]`:                           "is not valid JSON",
		"\xef\xbb\xbf{}":                 "is not valid JSON",
		`"` + strings.Repeat("x", 1<<20): "is not valid JSON",
	} {
		got := failures[input](t, jsonBody(body))
		require.Contains(t, got, want, "%.40q", body)
		require.Less(t, len(got), 500, "%.40q", body)
	}
}

func TestBodyContentType(t *testing.T) {
	type input struct {
		N    int            `query:"n"`
		Body map[string]int `body:""`
	}
	for _, contentType := range []string{"", "text/plain", "application/x-www-form-urlencoded", "application/jsonx", "application/+json", "text/a+json", "json"} {
		_, prob := bindBoth[input](t, query("n=x"), typedBody(contentType, `{}`))
		require.NotNil(t, prob, contentType)
		require.Equal(t, http.StatusUnsupportedMediaType, prob.Status)
		require.Equal(t, "application/json", prob.Header.Get("Accept"))
		require.Len(t, prob.Errors, 2)
		require.Equal(t, problem.FieldError{
			Location: "header.Content-Type", Message: "must be application/json", Value: contentType,
		}, prob.Errors[1])
	}
	require.Equal(t, `{"location":"body","message":"is required"}`, failures[input](t), "an empty body needs no type")
}

func TestOptionalBodies(t *testing.T) {
	type pointer struct {
		Body *item `body:""`
	}
	require.Nil(t, mustBind[pointer](t).Body)
	require.Nil(t, mustBind[pointer](t, jsonBody("null")).Body)
	require.Equal(t, "x", mustBind[pointer](t, jsonBody(`{"name":"x"}`)).Body.Name)

	type optional struct {
		Body item `body:"" required:"false"`
	}
	require.Zero(t, mustBind[optional](t).Body)

	type required struct {
		Body *item `body:"" required:"true"`
	}
	require.Equal(t, `{"location":"body","message":"is required"}`, failures[required](t))
}

func TestRawBodies(t *testing.T) {
	type bytesInput struct {
		Body []byte `body:"raw"`
	}
	type textInput struct {
		Body string `body:"raw" required:"false"`
	}
	require.Equal(t, "any \xff", string(mustBind[bytesInput](t, typedBody("", "any \xff")).Body))
	require.Equal(t, `{"location":"body","message":"is required"}`, failures[bytesInput](t))
	require.Equal(t, "text", mustBind[textInput](t, typedBody("text/plain", "text")).Body)
	require.Equal(t, "", mustBind[textInput](t).Body)
}

func TestSensitiveBodiesAreNotEchoed(t *testing.T) {
	type login struct {
		User     string `json:"user,omitzero"`
		Password string `json:"password" sensitive:"true"`
	}
	type input struct {
		Logins []map[string]*login `body:""`
	}
	type quoted struct {
		Body struct {
			Key  netip.Addr `json:"key" sensitive:"true"`
			Pins []int      `json:"pins,omitzero"`
		} `body:""`
	}
	type text struct {
		Key  netip.Addr  `query:"key" sensitive:"true"`
		Ptr  *netip.Addr `cookie:"ptr"`
		Open netip.Addr  `query:"open"`
	}
	require.Equal(t, `{"location":"body.key","message":"is not valid"}`, failures[quoted](t, jsonBody(`{"key":"hunter2"}`)))
	require.Equal(t, strings.Join([]string{
		`{"location":"query.key","message":"is not valid"}`,
		`{"location":"query.open","message":"must be an IP address","value":"fish"}`,
		`{"location":"cookie.ptr","message":"is not valid"}`,
	}, "\n"), failures[text](t, query("key=hunter2&open=fish"), header("Cookie", "ptr=hunter2")))

	type own struct {
		Key netip.Addr `body:"" sensitive:"true"`
	}
	require.Equal(t, `{"location":"body","message":"is not valid"}`, failures[own](t, jsonBody(`"hunter2"`)))

	type whole struct {
		Pin string `body:"" sensitive:"true"`
	}
	require.Equal(t, `{"location":"body[0].a.password","message":"must be a string"}`,
		failures[input](t, jsonBody(`[{"a":{"password":1234}}]`)))
	require.Equal(t, `{"location":"body","message":"must be a string"}`, failures[whole](t, jsonBody(`1234`)))
}

func TestLocationsAreBounded(t *testing.T) {
	type input struct {
		Body map[string]int `body:""`
	}
	key := strings.Repeat("k", 10_000)
	_, prob := bindBoth[input](t, jsonBody(`{"`+key+`":"x"}`))
	require.Less(t, len(prob.AppendJSON(nil)), 500)
}

type ownWords struct{ _ string }

// UnmarshalText refuses everything in the words of a rule, and quotes it.
func (*ownWords) UnmarshalText(text []byte) error {
	return fmt.Errorf("must be one of: red, blue; got %s", text)
}

// TestOwnWordsAboutSecretBodies: the words of a type about a secret stay out,
// whatever they begin with, and those of the codec are told.
func TestOwnWordsAboutSecretBodies(t *testing.T) {
	type pin struct {
		Body ownWords `body:"" sensitive:"true"`
	}
	require.Equal(t, `{"location":"body","message":"is not valid"}`, failures[pin](t, jsonBody(`"hunter2"`)))
	type members struct {
		Body struct {
			Pin  ownWords       `json:"pin"`
			Name string         `json:"name" maxLength:"1"`
			Map  map[string]int `json:"map"`
		} `body:"" sensitive:"true"`
	}
	require.Equal(t, strings.Join([]string{
		`{"location":"body.pin","message":"is not valid"}`,
		`{"location":"body.name","message":"must have at most 1 character"}`,
		`{"location":"body.map.*","message":"must be an integer"}`,
	}, "\n"), failures[members](t, jsonBody(`{"pin":"hunter2","name":"hunter2","map":{"hunter2":"hunter2"}}`)))
}
