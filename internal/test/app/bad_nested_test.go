package app_test

import (
	"encoding/json/v2"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/fasterapitest"
)

type nestedPart struct {
	SKU string       `json:"sku" minLength:"2"`
	N   int8         `json:"n" minimum:"1"`
	Sub []nestedPart `json:"sub,omitempty"`
}

type nestedAudit struct {
	By string `json:"by" format:"email"`
}

type nestedBody struct {
	nestedAudit
	Parts []nestedPart                     `json:"parts"`
	Named map[string]nestedPart            `json:"named"`
	Lists map[string][]*nestedPart         `json:"lists"`
	One   *nestedPart                      `json:"one"`
	Maybe fasterapi.Opt[nestedPart]        `json:"maybe"`
	Deep  [][]map[string]float64           `json:"deep" maximum:"5"`
	Kinds []genre                          `json:"kinds" maxItems:"3"`
	IDs   map[uuid.UUID]nestedPart         `json:"ids"`
	Pair  [2]bool                          `json:"pair"`
	Hosts []netip.Addr                     `json:"hosts"`
	Wide  fasterapi.Opt[map[string]uint16] `json:"wide"`
}

// TestBadNested: everything that is wrong with a body is told at once, and each
// with its place, however deep it is.
func TestBadNested(t *testing.T) {
	routes := func(app *fasterapi.App) {
		app.Post("/", accept[struct {
			Trace int        `query:"trace" minimum:"1"`
			Body  nestedBody `body:""`
		}], fasterapi.StrictBody())
	}
	body := `{"by":"nobody",
		"parts":[{"sku":"ab","n":1},{"sku":"a","n":0,"sub":[{"sku":7},{"sku":"ab","n":1000,"x":1}]}, null],
		"named":{"a.b":{"sku":"a","n":1},"c":[]},
		"lists":{"x":[null,{"sku":"ab","n":1.5}]},
		"one":{"n":"1","sku":"ab"}, "maybe":{"sku":"ab"},
		"deep":[[{"y":9,"z":"x"}],[{"y":1},3]],
		"kinds":["jazz","punk"], "ids":{"7":{},"6ba7b810-9dad-11d1-80b4-00c04fd430c8":{"sku":"ab","n":0}}, "pair":[true,1], "hosts":["::1","1.2.3.4.5"], "wide":{"q":65536}}`
	want := []string{
		"query.trace", "body.by",
		"body.parts[1].sku", "body.parts[1].n", "body.parts[1].sub[0].sku", "body.parts[1].sub[0].n", "body.parts[1].sub[1].n", "body.parts[1].sub[1].x", "body.parts[2]",
		"body.named.a.b.sku", "body.named.c", "body.lists.x[1].n", "body.one.n", "body.maybe.n",
		"body.deep[0][0].y", "body.deep[0][0].z", "body.deep[1][1]",
		"body.kinds[1]", "body.ids.7", "body.ids.6ba7b810-9dad-11d1-80b4-00c04fd430c8.n", "body.pair[1]", "body.hosts[1]", "body.wide.q",
	}
	everyProtocol(t, routes, func(t *testing.T, s service) {
		a := s.do("POST", "/?trace=0", body, "Content-Type", "application/json")
		require.Equal(t, 422, a.status)
		var got []string
		for _, e := range a.problem(t).Errors {
			got = append(got, e.Location)
		}
		require.Equal(t, want, got, a.body)
	})
}

type secretLogin struct {
	User string `json:"user"`
	Pass string `json:"pass" format:"password" minLength:"50"`
}

type secretToken struct{ text string }

// UnmarshalText quotes what it was given, as many do.
func (s *secretToken) UnmarshalText(text []byte) error {
	return &quoting{"no token: " + string(text)}
}

// MarshalText is the other direction.
func (s secretToken) MarshalText() ([]byte, error) { return []byte(s.text), nil }

type quoting struct{ text string }

func (q *quoting) Error() string { return q.text }

type secretCard struct {
	Kind   string `json:"kind"`
	Number string `json:"number" sensitive:"true" minLength:"50"`
}

type secretPayment struct{ fasterapi.Union[secretPayment] }

func (secretPayment) OneOf() fasterapi.Choice {
	return fasterapi.Choice{Discriminator: "kind", Variants: []fasterapi.Variant{fasterapi.VariantOf[secretCard]("card")}}
}

type secretPIN struct {
	PIN int `json:"pin" sensitive:"true" minimum:"9999" required:"false"`
}

// secretRest has an embed member.
type secretRest struct {
	Pass secretToken    `json:"pass" sensitive:"true"`
	Rest map[string]any `json:",embed"`
}

type secretBody struct {
	secretPIN
	Login  secretLogin                `json:"login,omitzero"`
	Ptr    *secretLogin               `json:"ptr"`
	List   []secretLogin              `json:"list,omitzero"`
	Two    [2]secretLogin             `json:"two,omitzero"`
	Map    map[string]secretLogin     `json:"map,omitzero"`
	Opt    fasterapi.Opt[secretLogin] `json:"opt"`
	Texts  []string                   `json:"texts,omitzero" format:"password" maxLength:"3"`
	Named  map[string]string          `json:"named,omitzero" sensitive:"true"`
	Token  secretToken                `json:"token,omitzero" sensitive:"true"`
	Tokens []*secretToken             `json:"tokens,omitzero" sensitive:"true"`
	Pay    secretPayment              `json:"pay,omitzero"`
	Pays   []secretPayment            `json:"pays,omitzero"`
	Rest   secretRest                 `json:"rest,omitzero"`
}

// TestBadSecrets: a secret is not repeated wherever it stands, nor when it stands
// in the place of what holds it.
func TestBadSecrets(t *testing.T) {
	app, log := newApp(fasterapi.Config{}, func(app *fasterapi.App) {
		app.Post("/", accept[struct {
			Body secretBody `body:""`
		}])
		app.Get("/", accept[struct {
			Token  secretToken   `query:"token" sensitive:"true"`
			Tokens []secretToken `query:"tokens" format:"password"`
			Header secretToken   `header:"Authorization"`
			Cookie secretToken   `cookie:"sid"`
		}])
		app.Get("/{token}", accept[struct {
			Token secretToken `path:"token" format:"password"`
		}])
	})
	client := fasterapitest.New(t, app)
	places := map[string]string{ // where the secret is put, and where the error must be
		`?`: "body", `[?]`: "body",
		`{"pin":?}`: "body.pin",
	}
	for _, holder := range []string{"login", "ptr", "opt", "rest", "pay"} {
		places[`{"`+holder+`":?}`] = "body." + holder
	}
	for _, holder := range []string{"login", "ptr", "opt", "rest"} {
		places[`{"`+holder+`":{"user":"u","pass":?}}`] = "body." + holder + ".pass"
		places[`{"`+holder+`":{"user":"u","pass":[?]}}`] = "body." + holder + ".pass"
	}
	for _, list := range []string{"list", "two", "texts", "tokens", "pays"} {
		places[`{"`+list+`":?}`] = "body." + list
		places[`{"`+list+`":[?,?]}`] = "body." + list + "[0]"
	}
	for place, location := range map[string]string{
		`{"list":[{"user":"u","pass":?}]}`: "body.list[0].pass", `{"map":{"k":{"user":"u","pass":?}}}`: "body.map.k.pass",
		`{"map":?}`: "body.map", `{"map":{"k":?}}`: "body.map.k", `{"named":?}`: "body.named", `{"named":{"k":[?]}}`: "body.named.*",
		`{"token":?}`: "body.token", `{"pay":{"kind":?}}`: "body.pay.kind", `{"pays":[{"kind":"card","number":?}]}`: "body.pays[0].number",
		`{"pay":{"kind":"card","number":{"x":?}}}`: "body.pay.number",
	} {
		places[place] = location
	}
	for place, location := range places {
		a := client.Post("/", strings.ReplaceAll(place, "?", `"`+hunter2+`"`))
		require.Equal(t, 422, a.Status, place)
		require.NotContains(t, a.Text(), hunter2, place)
		require.Contains(t, a.Problem().Locations(), location, place)
	}
	for _, a := range []*fasterapitest.Response{
		client.Get("/?token=" + hunter2), client.Get("/?tokens=x," + hunter2), client.Get("/?token=" + hunter2 + "%zz"),
		client.Get("/?token=a&" + hunter2 + "%zz"), client.Get("/?token=a&" + hunter2 + ";"),
		client.With("Authorization", "Bearer "+hunter2).Get("/"), client.With("Cookie", "sid="+hunter2).Get("/"),
		client.Get("/" + hunter2), client.Get("/%ff" + hunter2),
	} {
		require.Equal(t, 422, a.Status)
		require.NotContains(t, a.Text(), hunter2)
	}
	require.NotContains(t, log.String(), hunter2)
}

// TestBadValuesAreCut: an answer does not grow with what was sent, whatever the
// type says about it.
func TestBadValuesAreCut(t *testing.T) {
	app, _ := newApp(fasterapi.Config{}, func(app *fasterapi.App) {
		app.Post("/", accept[struct {
			Body struct {
				Host  netip.Addr        `json:"host,omitzero"`
				Token secretToken       `json:"token,omitzero"`
				Text  string            `json:"text,omitzero" maxLength:"3"`
				Names map[int]int       `json:"names,omitzero"`
				IDs   map[uuid.UUID]int `json:"ids,omitzero"`
			} `body:""`
		}], fasterapi.StrictBody())
	})
	client := fasterapitest.New(t, app)
	long := strings.Repeat("9", 1<<20)
	for _, body := range []string{
		`{"host":?}`, `{"token":?}`, `{"text":?}`, `{?:1}`, `{"names":{?:1}}`, `{"ids":{?:1}}`, `{"host":` + long + `}`,
	} {
		a := client.Post("/", strings.ReplaceAll(body, "?", `"`+long+`"`)).Expect(422)
		require.Less(t, len(a.Text()), 2<<10, "%.20s", body)
		var any map[string]any
		require.NoError(t, json.Unmarshal(a.Body, &any))
	}
}
