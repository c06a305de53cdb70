package app_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/fasterapitest"
	"github.com/fasterapi/fasterapi/middleware"
)

// The secret of a request, as a text and as a number.
const (
	markedText   = "hunter2"
	markedNumber = "48154815"
)

// quotingText and quotingJSON refuse everything, in the words that rules and the
// codec have too, and quote it.
type quotingText struct{ _ string }

// UnmarshalText refuses text.
func (*quotingText) UnmarshalText(text []byte) error {
	return fmt.Errorf("must be one of: red, blue; got %s", text)
}

// MarshalText is the other direction.
func (quotingText) MarshalText() ([]byte, error) { return nil, nil }

type quotingJSON struct{ _ string }

// UnmarshalJSON refuses a value.
func (*quotingJSON) UnmarshalJSON(value []byte) error {
	return fmt.Errorf("is required, and must have at most 3 characters, unlike %s", value)
}

// MarshalJSON is the other direction.
func (quotingJSON) MarshalJSON() ([]byte, error) { return []byte("null"), nil }

// partlySecret reads itself, and a part of it is a secret.
type partlySecret struct {
	quotingText
	Pass string `sensitive:"true"`
}

type plainPart struct {
	Name string `json:"name,omitzero" maxLength:"1"`
	N    int    `json:"n,omitzero" maximum:"1"`
}

type plainCard struct {
	Kind   string      `json:"kind"`
	Number quotingJSON `json:"number,omitzero"`
}

type plainChoice struct{ fasterapi.Union[plainChoice] }

func (plainChoice) OneOf() fasterapi.Choice {
	return fasterapi.Choice{Discriminator: "kind", Variants: []fasterapi.Variant{fasterapi.VariantOf[plainCard]("card")}}
}

type colour string

func (colour) Enum() []any { return []any{"red", "blue"} }

// plainBody says of none of its parts that they are secret: what holds it does.
type plainBody struct {
	plainPart
	Colour colour                  `json:"colour,omitzero"`
	Text   quotingText             `json:"text,omitzero"`
	JSON   quotingJSON             `json:"json,omitzero"`
	Ptr    *quotingText            `json:"ptr,omitzero"`
	List   []quotingJSON           `json:"list,omitzero" maxItems:"2"`
	Pair   [2]int                  `json:"pair,omitzero"`
	Parts  []plainPart             `json:"parts,omitzero" uniqueItems:"true"`
	Map    map[string]int          `json:"map,omitzero"`
	Words  map[string]string       `json:"words,omitzero"`
	Keys   map[quotingText]int     `json:"keys,omitzero"`
	Named  map[colour]plainPart    `json:"named,omitzero"`
	Opt    fasterapi.Opt[colour]   `json:"opt,omitzero"`
	Union  plainChoice             `json:"union,omitzero"`
	Any    any                     `json:"any,omitzero"`
	Quoted int                     `json:"quoted,string,omitzero"`
	Bytes  []byte                  `json:"bytes,omitzero"`
	Rest   map[string]*quotingText `json:",embed"`
}

type (
	plainOpen struct {
		Body plainBody `body:"" sensitive:"true"`
	}
	plainList struct {
		Body []plainBody `body:"" format:"password"`
	}
	plainMember struct {
		Body struct {
			Secret plainBody                 `json:"secret,omitzero" sensitive:"true"`
			List   []*plainBody              `json:"list,omitzero" sensitive:"true"`
			Map    map[string]plainBody      `json:"map,omitzero" sensitive:"true"`
			Opt    fasterapi.Opt[*plainBody] `json:"opt,omitzero" sensitive:"true"`
			Part   partlySecret              `json:"part,omitzero"`
			Keys   map[partlySecret]int      `json:"keys,omitzero"`
		} `body:""`
	}
	plainEmbedded struct {
		Body struct {
			plainBody `sensitive:"true"`
		} `body:""`
	}
	plainRest struct {
		Body struct {
			Rest map[string]plainBody `json:",embed" sensitive:"true"`
		} `body:""`
	}
)

// secretApp has a route for every place that a secret may be in.
func secretApp(log *logBuffer) *fasterapi.App {
	app := fasterapi.New(fasterapi.Config{Logger: slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	secretRoutes(app)
	return app
}

func secretRoutes(app *fasterapi.App) {
	app.Use(middleware.AccessLog(middleware.AccessLogConfig{Sample: 1}))
	app.Post("/open", accept[plainOpen])
	app.Post("/open/strict", accept[plainOpen], fasterapi.StrictBody())
	app.Post("/list", accept[plainList], fasterapi.StrictBody())
	app.Post("/member", accept[plainMember])
	app.Post("/embedded", accept[plainEmbedded])
	app.Post("/rest", accept[plainRest])
	type Keys struct {
		Text   quotingText   `query:"text"`
		Number int           `query:"number" maximum:"1"`
		Word   colour        `query:"word"`
		List   []quotingText `query:"list"`
	}
	app.Get("/query", accept[struct {
		Keys `sensitive:"true"`
		Part *partlySecret `query:"part"`
	}])
	app.Get("/header", accept[struct {
		Key    quotingText   `header:"X-Api-Key"`
		Token  []quotingText `header:"X-Vault-Token"`
		Own    int           `header:"X-Own" sensitive:"true"`
		Cookie quotingText   `cookie:"text"`
		Number []int         `cookie:"number"`
	}])
	app.Post("/form", accept[struct {
		Text   quotingText        `form:"text" sensitive:"true"`
		Number []int              `form:"number" sensitive:"true"`
		Part   partlySecret       `form:"part"`
		Typed  *fasterapi.Upload  `file:"typed" accept:"image/*" sensitive:"true"`
		Long   []fasterapi.Upload `file:"long" maxBytes:"1" sensitive:"true"`
	}], fasterapi.MaxBody(1<<20))
	app.Post("/encoded", accept[struct {
		Text   quotingText  `form:"text" sensitive:"true"`
		Number []int        `form:"number" sensitive:"true"`
		Part   partlySecret `form:"part"`
	}])
	app.Get("/path/{text}/{number}", accept[struct {
		Text   quotingText `path:"text" sensitive:"true"`
		Number int8        `path:"number" sensitive:"true"`
	}])
}

// secretJSON draws a value that has the secret in it, likely of the shape of a
// plainBody.
func secretJSON(t *rapid.T, depth int) string {
	marked := rapid.SampledFrom([]string{
		markedNumber, `"` + markedText + `"`, `"` + markedNumber + `"`, `"red` + markedText + `"`, "-" + markedNumber, markedNumber + "e2", `"\u0068unter2"`,
	})
	if depth == 0 {
		return marked.Draw(t, "marked")
	}
	names := rapid.SampledFrom([]string{
		"name", "n", "colour", "text", "json", "ptr", "list", "pair", "parts", "map", "words", "keys", "named", "opt", "union", "any", "quoted", "bytes",
		"kind", "number", "part", "secret", "red", markedText, markedNumber,
	})
	inner := func() string { return secretJSON(t, depth-1) }
	switch rapid.IntRange(0, 3).Draw(t, "shape") {
	case 0:
		return marked.Draw(t, "marked")
	case 1:
		return "[" + inner() + "," + inner() + "]"
	case 2:
		return `{"kind":"card","number":` + inner() + `}`
	}
	var b strings.Builder
	for i, name := range rapid.SliceOfN(names, 1, 6).Draw(t, "names") {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(strconv.Quote(name) + ":" + inner())
	}
	return "{" + b.String() + "}"
}

// hidesSecrets fails when an answer or the log has the secret.
func hidesSecrets(t require.TestingT, log *logBuffer, what, answer string) {
	for _, marked := range []string{markedText, markedNumber} {
		require.NotContains(t, answer, marked, what)
		require.NotContains(t, log.String(), marked, what)
	}
}

// TestSecretsStaySecret: whatever a client sends in a place that is secret,
// neither an answer nor the log repeats it.
func TestSecretsStaySecret(t *testing.T) {
	log := &logBuffer{}
	client := fasterapitest.New(t, secretApp(log))
	for route, format := range map[string]string{
		"/open": "%s", "/open/strict": "%s", "/list": "[%s]", "/member": `{"map":%s}`, "/embedded": "%s", "/rest": "%s",
	} { // the name is the secret, and is given twice
		twice := fmt.Sprintf(format, `{"`+markedText+`":1,"`+markedText+`":1}`)
		hidesSecrets(t, log, route+" "+twice, client.Post(route, twice).Text())
	}
	rapid.Check(t, func(t *rapid.T) {
		value := secretJSON(t, rapid.IntRange(0, 3).Draw(t, "depth"))
		member := rapid.SampledFrom([]string{"secret", "list", "map", "opt", "part", "keys"}).Draw(t, "member")
		if member == "keys" {
			value = `{"` + markedText + `":1}`
		}
		cut := value[:rapid.IntRange(0, len(value)).Draw(t, "cut")]
		for route, body := range map[string]string{
			"/open": value, "/open/strict": value, "/list": "[" + value + "]", "/member": `{"` + member + `":` + value + `}`,
			"/embedded": value, "/rest": `{"` + markedText + `":` + value + `}`,
		} {
			hidesSecrets(t, log, route+" "+body, client.Post(route, body).Text())
		}
		hidesSecrets(t, log, cut, client.Post("/open", cut).Text())
	})
}

// TestSecretsOfOtherPlaces is TestSecretsStaySecret for what is no JSON, on both
// engines.
func TestSecretsOfOtherPlaces(t *testing.T) {
	form := url.Values{"text": {markedText}, "number": {markedNumber, markedText}, "part": {markedText}}
	multipart := "--b\r\nContent-Disposition: form-data; name=\"text\"\r\n\r\n" + markedText +
		"\r\n--b\r\nContent-Disposition: form-data; name=\"number\"\r\n\r\n" + markedText +
		"\r\n--b\r\nContent-Disposition: form-data; name=\"typed\"; filename=\"" + markedText + "\"\r\nContent-Type: text/" + markedText + "\r\n\r\nx" +
		"\r\n--b\r\nContent-Disposition: form-data; name=\"long\"; filename=\"" + markedText + "\"\r\n\r\nlong\r\n--b--\r\n"
	everyProtocol(t, secretRoutes, func(t *testing.T, s service) {
		for _, r := range []struct {
			method, path, body string
			status             int
			header             []string
		}{
			{"GET", "/query?" + form.Encode() + "&list=x," + markedText + "&word=" + markedText, "", 422, nil},
			{"GET", "/query?text=a&" + markedText + "%zz", "", 422, nil},
			{"GET", "/header", "", 422, []string{
				"X-Api-Key", markedText, "X-Vault-Token", "a, " + markedText, "X-Own", markedText, "Cookie", "text=" + markedText + "; number=1," + markedNumber,
			}},
			{"POST", "/encoded", form.Encode(), 422, []string{"Content-Type", "application/x-www-form-urlencoded"}},
			{"POST", "/form", multipart, 422, []string{"Content-Type", "multipart/form-data; boundary=b"}},
			{"GET", "/path/" + markedText + "/" + markedNumber, "", 422, nil},
			{"GET", "/path/" + markedText + "/%ff" + markedNumber, "", 422, nil},
			{"PUT", "/path/" + markedText + "/" + markedNumber, "", 405, nil},
			{"GET", "/path/" + markedText + "/" + markedNumber + "/more", "", 404, nil},
			{"GET", "/path/" + markedText, "", 404, nil},
			{"GET", "/path/" + markedText + "/" + markedNumber + "/", "", 308, nil},
		} {
			a := s.do(r.method, r.path, r.body, r.header...)
			require.Equal(t, r.status, a.status, "%s %s: %s", r.method, r.path, a.body)
			hidesSecrets(t, s.log, r.method+" "+r.path, a.body)
		}
	})
}

// TestSecretDefaults: the document does not show the default of a secret.
func TestSecretDefaults(t *testing.T) {
	app, _ := newApp(fasterapi.Config{}, func(app *fasterapi.App) {
		app.Post("/", accept[struct {
			Key  string `query:"key" default:"hunter2" sensitive:"true"`
			Body struct {
				Pass string `json:"pass" default:"hunter2" format:"password"`
				Open string `json:"open" default:"shown"`
			} `body:""`
		}])
	})
	text := fasterapitest.New(t, app).Get("/openapi.json").Expect(http.StatusOK).Text()
	require.NotContains(t, text, markedText)
	require.Contains(t, text, "shown")
}
