package app_test

import (
	"encoding/json/v2"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/internal/test/contract"
)

// signin looks different in requests and in answers, in every way.
type signin struct {
	ID       int64                 `json:"id" readOnly:"true"`
	Name     string                `json:"name"`
	Role     string                `json:"role" default:"reader"`
	Boss     *int64                `json:"boss"`
	Nick     fasterapi.Opt[string] `json:"nick"`
	Since    int                   `json:"since" readOnly:"true" default:"7"`
	Password string                `json:"password" writeOnly:"true" format:"password" minLength:"4"`
	Tags     []string              `json:"tags,omitempty"`
}

// signins have signins in all places where the codec writes a struct, itself or with
// encoding/json.
type signins struct {
	One   signin                `json:"one"`
	List  []signin              `json:"list,omitempty"`
	By    map[string]signin     `json:"by,omitempty"`
	Keys  map[money]*signin     `json:"keys,omitempty"`
	Party *party                `json:"party,omitempty"`
	Opt   fasterapi.Opt[signin] `json:"opt,omitzero"`
	Any   any                   `json:"any,omitempty"`
	*embeddedSignin
	Rest map[string]signin `json:",embed"`
}

type embeddedSignin struct {
	Secret string `json:"secret" writeOnly:"true"`
	Open   string `json:"open"`
}

type (
	party  struct{ fasterapi.Union[party] }
	person struct {
		Kind string `json:"kind" default:"person"`
		signin
	}
	robot struct {
		Kind  string `json:"kind"`
		Model string `json:"model"`
	}
)

func (party) OneOf() fasterapi.Choice {
	return fasterapi.Choice{Discriminator: "kind", Variants: []fasterapi.Variant{
		fasterapi.VariantOf[person]("person"), fasterapi.VariantOf[robot]("robot"),
	}}
}

func newSignin() signin {
	return signin{ID: 1, Name: "ann", Role: "reader", Password: "sesame", Since: 7}
}

func newSignins() signins {
	l := newSignin()
	p := party{}
	p.Of = person{Kind: "person", signin: l}
	return signins{
		One: l, List: []signin{l}, By: map[string]signin{"a": l}, Keys: map[money]*signin{{100}: &l}, Party: &p, Opt: fasterapi.Some(l), Any: []any{l, &l},
		embeddedSignin: &embeddedSignin{"sesame", "door"}, Rest: map[string]signin{"rest": l},
	}
}

// TestDirections: what is write only never leaves, what is read only never comes in, and the
// document says so, with a schema for each way.
func TestDirections(t *testing.T) {
	everyProtocol(t, func(app *fasterapi.App) {
		styles(app, "/all", func(*fasterapi.Ctx, fasterapi.None) (signins, error) { return newSignins(), nil })
		app.Post("/signins", func(_ *fasterapi.Ctx, in struct {
			Body signin `body:""`
		},
		) (signin, error) {
			require.Equal(t, "sesame", in.Body.Password)
			require.Zero(t, in.Body.ID, "a request cannot choose what is read only")
			require.Equal(t, 7, in.Body.Since, "its default holds")
			in.Body.ID = 8
			return in.Body, nil
		}, fasterapi.RequestExample("a", newSignin()), fasterapi.ResponseExample("b", 0, newSignin()))
		app.Post("/parties", func(_ *fasterapi.Ctx, in struct {
			Body party `body:""`
		},
		) (party, error) {
			return in.Body, nil
		})
		app.Post("/strict", takes[struct {
			Body signin `body:""`
		}], fasterapi.StrictBody())
		app.Get("/events", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.SSE[signin], error) {
			return fasterapi.SSE[signin]{Send: func(s *fasterapi.EventSender[signin]) error {
				return s.Send(fasterapi.Event[signin]{Data: newSignin()})
			}}, nil
		})
		app.Get("/lines", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.JSONLines[signin], error) {
			return func(yield func(signin, error) bool) { yield(newSignin(), nil) }, nil
		})
		app.Get("/oneof", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.OneOf2[signin, fasterapi.HTML], error) {
			return fasterapi.OneOf2[signin, fasterapi.HTML]{}.First(newSignin()), nil
		})
		app.Get("/out", func(*fasterapi.Ctx, fasterapi.None) (struct {
			Body signin `body:""`
		}, error,
		) {
			return struct {
				Body signin `body:""`
			}{newSignin()}, nil
		})
		app.WebSocket("/socket", func(c *fasterapi.Ctx, _ fasterapi.None, ws *fasterapi.Socket[signin, signin]) error {
			got, err := ws.Receive(c)
			if err != nil {
				return err
			}
			require.Equal(t, "sesame", got.Password)
			require.Zero(t, got.ID)
			return ws.Send(c, got)
		})
		app.Webhook[signin]("joined")
	}, func(t *testing.T, s service) {
		for _, style := range styleNames {
			body := s.get(style + "/all").body
			require.NotContains(t, body, "sesame", style)
			require.NotContains(t, body, "password", style)
			require.Equal(t, 9, strings.Count(body, `"since":7`), body)
			require.Contains(t, body, `"open":"door"`)
		}
		for _, path := range []string{"/events", "/lines", "/oneof", "/out"} {
			require.NotContains(t, s.get(path).body, "sesame", path)
			require.Contains(t, s.get(path).body, "ann", path)
		}
		sent := `{"id":5,"since":5,"name":"ann","password":"sesame"}`
		got := s.do("POST", "/signins", sent, "Content-Type", "application/json")
		require.JSONEq(t, `{"id":8,"name":"ann","role":"reader","boss":null,"nick":null,"since":7}`, got.body)
		require.Equal(t, 200, s.do("POST", "/strict", sent, "Content-Type", "application/json").status)
		missing := s.do("POST", "/signins", `{"name":"ann"}`, "Content-Type", "application/json").problem(t)
		require.Equal(t, "body.password", missing.Errors[0].Location)
		of := s.do("POST", "/parties", `{"kind":"person","id":9,"name":"ann","password":"sesame"}`, "Content-Type", "application/json")
		require.JSONEq(t, `{"kind":"person","id":0,"name":"ann","role":"reader","boss":null,"nick":null,"since":7}`, of.body)

		ws, _, err := websocket.Dial(t.Context(), s.url+"/socket", nil)
		require.NoError(t, err)
		require.NoError(t, ws.Write(t.Context(), websocket.MessageText, []byte(sent)))
		_, message, err := ws.Read(t.Context())
		require.NoError(t, err)
		require.JSONEq(t, `{"id":0,"name":"ann","role":"reader","boss":null,"nick":null,"since":7}`, string(message))
		_ = ws.CloseNow()
		directionsDocument(t, s)
	})
}

// directionsDocument checks the document of TestDirections, as 3.1 and as 3.0.
func directionsDocument(t *testing.T, s service) {
	text, text30 := []byte(s.get("/openapi.json").body), []byte(s.get("/openapi-3.0.json").body)
	_, err := contract.New(text)
	require.NoError(t, err)
	require.NoError(t, contract.Valid30(text30))
	for _, doc := range [][]byte{text, text30} {
		schemas := at(t, doc, "components", "schemas").(map[string]any)
		get := func(name string) map[string]any { return schemas[name].(map[string]any) }
		members := func(name string) (list []string) {
			for member := range get(name)["properties"].(map[string]any) {
				list = append(list, member)
			}
			return list
		}
		require.ElementsMatch(t, []any{"id", "name", "role", "boss", "nick", "since"}, get("Signin")["required"])
		require.ElementsMatch(t, []string{"id", "name", "role", "boss", "nick", "since", "tags"}, members("Signin"))
		require.ElementsMatch(t, []any{"name", "password"}, get("SigninInput")["required"])
		require.ElementsMatch(t, []string{"name", "role", "boss", "nick", "password", "tags"}, members("SigninInput"))
		require.NotContains(t, members("Signins"), "secret")
		require.NotContains(t, schemas, "SigninsInput", "no request has it")
		require.NotContains(t, schemas, "RobotInput", "it is the same either way")

		ref := func(name string) map[string]any { return map[string]any{"$ref": "#/components/schemas/" + name} }
		require.Equal(t, []any{ref("Person"), ref("Robot")}, get("Party")["oneOf"])
		require.Equal(t, []any{ref("PersonInput"), ref("Robot")}, get("PartyInput")["oneOf"])
		mapping := get("PartyInput")["discriminator"].(map[string]any)["mapping"]
		require.Equal(t, map[string]any{"person": "#/components/schemas/PersonInput", "robot": "#/components/schemas/Robot"}, mapping)
		require.ElementsMatch(t, []any{"kind", "name", "password"}, get("PersonInput")["required"])

		post := func(path ...string) any {
			return at(t, doc, append([]string{"paths", "/signins", "post"}, path...)...)
		}
		require.Equal(t, ref("SigninInput"), post("requestBody", "content", "application/json", "schema"))
		require.Equal(t, ref("Signin"), post("responses", "200", "content", "application/json", "schema"))
		require.NotContains(t, post("requestBody", "content", "application/json", "examples", "a", "value"), "id")
		require.Contains(t, post("requestBody", "content", "application/json", "examples", "a", "value"), "password")
		require.NotContains(t, post("responses", "200", "content", "application/json", "examples", "b", "value"), "password")
		require.Contains(t, post("responses", "200", "content", "application/json", "examples", "b", "value"), "id")
		socket := at(t, doc, "paths", "/socket", "get", "x-websocket").(map[string]any)
		require.Equal(t, ref("SigninInput"), socket["fromClient"])
		require.Equal(t, ref("Signin"), socket["fromServer"])
	}
	require.Equal(t, map[string]any{"$ref": "#/components/schemas/Signin"},
		at(t, text, "webhooks", "joined", "post", "requestBody", "content", "application/json", "schema"), "the service sends it")
}

// TestUnionsOutsideHaveAll: encoding/json, for databases and clients, writes and reads a union
// with what is write only and what is read only, like any struct.
func TestUnionsOutsideHaveAll(t *testing.T) {
	p, l := party{}, newSignin()
	l.Nick = fasterapi.Null[string]()
	p.Of = person{Kind: "person", signin: l}
	text, err := json.Marshal(map[string]any{"of": p})
	require.NoError(t, err)
	require.Contains(t, string(text), `"password":"sesame"`)
	require.Contains(t, string(text), `"id":1`)
	var back map[string]party
	require.NoError(t, json.Unmarshal(text, &back))
	require.Equal(t, p, back["of"])
	require.NoError(t, json.Unmarshal([]byte(`{"of":{"kind":"person","id":3,"name":"ann"}}`), &back), "as answers have it")
	require.Equal(t, int64(3), back["of"].Of.(person).ID)
}

// TestReadOnlyAndWriteOnly: what nobody could see, or could not be kept back, is a mistake.
func TestReadOnlyAndWriteOnly(t *testing.T) {
	app := fasterapi.New(fasterapi.Config{})
	app.Post("/both", takes[struct {
		Body struct {
			A int `readOnly:"true" writeOnly:"true"`
		} `body:""`
	}])
	app.Get("/own", generic[selfReading])
	_, err := app.OpenAPI()
	require.ErrorContains(t, err, "a member cannot be both readOnly and writeOnly")
	require.ErrorContains(t, err, "it is write only, but encoding/json writes app_test.selfReading, which reads itself: give answers a type of their own")
}

type selfReading struct {
	A string `writeOnly:"true"`
}

func (*selfReading) UnmarshalJSON([]byte) error { return nil }

// TestComponentNamesOfRoutes: the order in which routes are registered changes no name.
func TestComponentNamesOfRoutes(t *testing.T) {
	routes := []func(*fasterapi.App){
		func(app *fasterapi.App) { app.Get("/a", generic[signin]) },
		func(app *fasterapi.App) {
			app.Put("/a", takes[struct {
				Body signin `body:""`
			}])
		},
		func(app *fasterapi.App) { app.Get("/d", generic[fasterapi.Opt[map[string]Größe]]) },
		func(app *fasterapi.App) {
			app.Put("/e", takes[struct {
				Body party `body:""`
			}])
		},
		func(app *fasterapi.App) { app.Get("/e", generic[party]) },
		func(app *fasterapi.App) { app.Get("/f", generic[robot]) },
	}
	var first []string
	for range 4 {
		rand.Shuffle(len(routes), func(i, j int) { routes[i], routes[j] = routes[j], routes[i] })
		app := fasterapi.New(fasterapi.Config{})
		for _, register := range routes {
			register(app)
		}
		doc, err := app.OpenAPI()
		require.NoError(t, err)
		var names []string
		for _, s := range doc.Components.Schemas {
			names = append(names, s.Name)
			require.Regexp(t, "^[a-zA-Z0-9._-]+$", s.Name)
		}
		slices.Sort(names)
		if first == nil {
			first = names
		}
		require.Equal(t, first, names)
		require.Subset(t, names, []string{"Signin", "SigninInput", "GrU00F6U00DFe", "PartyRobot", "Robot"})
	}
}

// Größe has a name beyond ASCII.
type Größe struct{ A int }
