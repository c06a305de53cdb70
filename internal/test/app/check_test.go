package app_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/fasterapitest"
	"github.com/fasterapi/fasterapi/problem"
)

// span has a Check with a pointer receiver.
type span struct {
	From int `json:"from" minimum:"0"`
	To   int `json:"to" minimum:"0"`
}

func (s *span) Check(_ context.Context, f *problem.Faults) {
	if s.To <= s.From {
		f.At(&s.To, "must be above from")
	}
}

// cost has a Check with a value receiver, which names fields.
type cost struct {
	Net   int `json:"net"`
	Gross int `json:"gross"`
}

func (p cost) Check(_ context.Context, f *problem.Faults) {
	if p.Gross < p.Net {
		f.Field("Gross", "must not be below net")
	}
}

// wave is a variant of a union.
type wave struct {
	Kind string `json:"kind"`
	span
}

type dot struct {
	Kind string `json:"kind"`
	At   int    `json:"at"`
}

type shape struct{ fasterapi.Union[shape] }

func (shape) OneOf() fasterapi.Choice {
	return fasterapi.Choice{Discriminator: "kind", Variants: []fasterapi.Variant{
		fasterapi.VariantOf[wave]("wave"), fasterapi.VariantOf[dot]("dot"),
	}}
}

// color is a text with a Check.
type color string

func (c color) Check(_ context.Context, f *problem.Faults) {
	if strings.HasPrefix(string(c), "x") {
		f.Add("must not begin with x")
	}
}

// checkedPlan has values in all places, and sees the request.
type checkedPlan struct {
	Name   string                       `json:"name,omitempty" maxLength:"8"`
	Main   span                         `json:"main,omitzero"`
	Items  []span                       `json:"items,omitzero"`
	Deep   [][]*span                    `json:"deep,omitzero"`
	Prices map[string]cost              `json:"prices,omitzero"`
	Ways   map[string]*span             `json:"ways,omitzero"`
	Maybe  fasterapi.Opt[span]          `json:"maybe,omitzero"`
	Ptr    *span                        `json:"ptr,omitzero"`
	Shape  shape                        `json:"shape,omitzero"`
	Color  color                        `json:"color,omitempty"`
	Secret map[string]cost              `json:"secret,omitzero" sensitive:"true"`
	Nested struct{ Inner *checkedPlan } `json:"nested,omitzero"`
}

func (p *checkedPlan) Check(c *fasterapi.Ctx, f *problem.Faults) {
	switch {
	case p.Name == "panic":
		panic("a bug in Check")
	case p.Name == "tenant" && c.Header("X-Tenant") != "a":
		f.Add("is not for this tenant")
	case p.Name == "items":
		f.At(&p.Items[1].From, "is wrong in the whole")
		f.At(&p.Items[1], "too")
		f.At(p.Deep[0][1], "deep")
		f.At(&p.Ways["up"].To, "way")
		f.Field("Items[0].To", "named")
		f.Field("Prices[EUR].Net", "named")
		f.Field("Shape.Of.Kind", "named")
		f.Field("Nested.Inner.Name", "named")
	case p.Name == "nowhere":
		f.At(new(int), "is nowhere")
	case p.Name == "noname":
		f.Field("None", "is nowhere")
	}
}

// paging is embedded in inputs, and its Check is theirs.
type paging struct {
	First int `query:"first" default:"1" minimum:"1"`
	Last  int `query:"last" default:"9"`
}

func (p *paging) Check(_ context.Context, f *problem.Faults) {
	if p.Last < p.First {
		f.At(&p.Last, "must not be below first")
	}
}

type planInput struct {
	Page int         `query:"page" default:"1" maximum:"9"`
	Plan checkedPlan `body:""`
}

type listInput struct {
	paging
	Color color `query:"color"`
}

// register is an input that looks at what is injected.
type register struct {
	Names *names `inject:""`
	Name  string `form:"name" minLength:"2"`
	Again string `form:"again"`
}

type names struct{ taken map[string]bool }

var errNames = errors.New("the names cannot be read")

func (r *register) Check(c *fasterapi.Ctx, f *problem.Faults) error {
	if r.Name == "broken" {
		return errNames
	}
	if r.Names.taken[r.Name] {
		f.At(&r.Name, "is taken")
	}
	if r.Again != r.Name {
		f.At(&r.Again, "must be the same")
	}
	return nil
}

type checkedViewer struct{ name string }

type rangeInput struct {
	From int `header:"X-From"`
	To   int `header:"X-To"`
}

func (v rangeInput) Check(_ context.Context, f *problem.Faults) {
	if v.To < v.From {
		f.Field("To", "must not be below X-From")
	}
}

func checkedRoutes(app *fasterapi.App) {
	echo := func(_ *fasterapi.Ctx, in planInput) (string, error) { return in.Plan.Name, nil }
	app.Post("/plans", echo)
	app.Post("/reactor/plans", echo, fasterapi.OnReactor())
	app.PostFuture("/chain/plans", func(_ *fasterapi.Ctx, in planInput) async.Future[string] { return async.Ready(in.Plan.Name) })
	app.Group("/group").Patch("/plans", echo)
	list := func(_ *fasterapi.Ctx, in listInput) (int, error) { return in.Last, nil }
	app.Get("/list", list)
	app.Get("/reactor/list", list, fasterapi.OnReactor())
	app.Provide(&names{taken: map[string]bool{"ann": true}})
	app.Post("/register", func(_ *fasterapi.Ctx, in register) (string, error) { return in.Name, nil })
	app.ProvideFunc(func(_ *fasterapi.Ctx, in rangeInput) (checkedViewer, error) { return checkedViewer{"v"}, nil })
	app.Post("/viewed", func(_ *fasterapi.Ctx, in struct {
		Viewer checkedViewer `inject:""`
		Plan   checkedPlan   `body:""`
	},
	) (string, error) {
		return in.Viewer.name, nil
	})
	app.Post("/depends", func(*fasterapi.Ctx, fasterapi.None) (string, error) { return "ok", nil },
		fasterapi.Depends(func(_ *fasterapi.Ctx, in planInput) error { return nil }))
}

func buildWith(register func(*fasterapi.App)) func(fasterapi.Config) *fasterapi.App {
	return func(cfg fasterapi.Config) *fasterapi.App {
		app := fasterapi.New(cfg)
		register(app)
		return app
	}
}

// faultsOf lists "location message" of a 422.
func faultsOf(t *testing.T, r *fasterapitest.Response) (list []string) {
	t.Helper()
	require.Equal(t, http.StatusUnprocessableEntity, r.Status, string(r.Body))
	for _, e := range r.Problem().Errors {
		list = append(list, e.Location+" "+e.Message)
	}
	return list
}

func TestCheckOfBodies(t *testing.T) {
	const bad, good = `{"from":2,"to":1}`, `{"from":1,"to":2}`
	cases := []struct {
		body string
		want []string
	}{
		{`{}`, nil},
		{`{"main":` + good + `}`, nil},
		{`{"main":` + bad + `}`, []string{"body.main.to must be above from"}},
		{`{"items":[` + good + `,` + bad + `,` + bad + `]}`, []string{"body.items[1].to must be above from", "body.items[2].to must be above from"}},
		{`{"deep":[[null,` + bad + `]]}`, []string{"body.deep[0][1].to must be above from"}},
		{`{"prices":{"b":{"net":2,"gross":1},"a":{"net":2,"gross":1}}}`, []string{"body.prices.a.gross must not be below net", "body.prices.b.gross must not be below net"}},
		{`{"ways":{"up":` + bad + `,"no":null}}`, []string{"body.ways.up.to must be above from"}},
		{`{"maybe":` + bad + `}`, []string{"body.maybe.to must be above from"}},
		{`{"maybe":null,"ptr":null}`, nil},
		{`{"ptr":` + bad + `}`, []string{"body.ptr.to must be above from"}},
		{`{"shape":{"kind":"wave","from":2,"to":1}}`, []string{"body.shape.to must be above from"}},
		{`{"shape":{"kind":"dot","at":1}}`, nil},
		{`{"color":"xed"}`, []string{"body.color must not begin with x"}},
		{`{"secret":{"hush":{"net":2,"gross":1}}}`, []string{"body.secret.*.gross must not be below net"}},
		{`{"nested":{"Inner":{"main":` + bad + `}}}`, []string{"body.nested.Inner.main.to must be above from"}},
		// Beside other faults: what is good is checked, what is not is not.
		{`{"name":"much too long","main":` + bad + `}`, []string{"body.name must have at most 8 characters", "body.main.to must be above from"}},
		{`{"items":[{"from":-1,"to":-2},` + bad + `]}`, []string{
			"body.items[0].from must be at least 0", "body.items[0].to must be at least 0", "body.items[1].to must be above from",
		}},
		{`{"name":"tenant","main":` + bad + `}`, []string{"body.main.to must be above from"}},
		{`{"name":"tenant"}`, []string{"body is not for this tenant"}},
		{`{"name":"items","items":[` + good + `,` + good + `],"deep":[[` + good + `,` + good + `]],"ways":{"up":` + good +
			`},"prices":{"EUR":{"net":1,"gross":1}},"shape":{"kind":"dot","at":1},"nested":{"Inner":{}}}`, []string{
			"body.items[1].from is wrong in the whole", "body.items[1] too", "body.deep[0][1] deep", "body.ways.up.to way",
			"body.items[0].to named", "body.prices.EUR.net named", "body.shape.kind named", "body.nested.Inner.name named",
		}},
	}
	fasterapitest.Run(t, buildWith(checkedRoutes), func(t *testing.T, c *fasterapitest.Client) {
		for _, test := range cases {
			for _, path := range []string{"/plans", "/reactor/plans", "/chain/plans", "/viewed", "/depends"} {
				r := c.Post(path, test.body)
				if test.want == nil {
					require.Equal(t, http.StatusOK, r.Status, "%s %s %s", path, test.body, r.Body)
					continue
				}
				require.Equal(t, test.want, faultsOf(t, r), "%s %s", path, test.body)
			}
		}
		require.Len(t, faultsOf(t, c.Patch("/group/plans", `{"main":`+bad+`}`)), 1)
		require.Equal(t, http.StatusOK, c.With("X-Tenant", "a").Post("/plans", `{"name":"tenant"}`).Status)
		require.Equal(t, []string{"query.page must be at most 9", "body.main.to must be above from"},
			faultsOf(t, c.Post("/plans?page=10", `{"main":`+bad+`}`)))
		require.Len(t, faultsOf(t, c.Post("/plans", `{"main":`+bad+`,`)), 1, "the body ends early")
	})
}

func TestCheckOfInputs(t *testing.T) {
	fasterapitest.Run(t, buildWith(checkedRoutes), func(t *testing.T, c *fasterapitest.Client) {
		for _, path := range []string{"/list", "/reactor/list"} {
			require.Equal(t, http.StatusOK, c.Get(path+"?first=2").Status)
			require.Equal(t, []string{"query.last must not be below first"}, faultsOf(t, c.Get(path+"?first=2&last=1")))
			require.Equal(t, []string{"query.first must be at least 1"}, faultsOf(t, c.Get(path+"?first=0&last=-1")))
			require.Equal(t, []string{"query.color must not begin with x"}, faultsOf(t, c.Get(path+"?first=2&last=1&color=xed")))
		}
		form := func(name, again string) *fasterapitest.Response {
			return c.Post("/register", url.Values{"name": {name}, "again": {again}})
		}
		require.Equal(t, http.StatusOK, form("bob", "bob").Status)
		require.Equal(t, []string{"form.name is taken", "form.again must be the same"}, faultsOf(t, form("ann", "an")))
		require.Equal(t, http.StatusInternalServerError, form("broken", "").Status)

		from := c.With("X-From", "2").With("X-To", "1")
		require.Equal(t, []string{"header.X-To must not be below X-From", "body.main.to must be above from"},
			faultsOf(t, from.Post("/viewed", `{"main":{"from":2,"to":1}}`)))
	})
}

// TestCheckFails: a panic, and a field that does not exist, are bugs of the service.
func TestCheckFails(t *testing.T) {
	everyProtocol(t, checkedRoutes, func(t *testing.T, s service) {
		for name, words := range map[string]string{"panic": "a bug in Check", "nowhere": "check_test.go:", "noname": "no such field"} {
			for _, path := range []string{"/plans", "/reactor/plans", "/chain/plans"} {
				r := s.do("POST", path, `{"name":"`+name+`"}`, "Content-Type", "application/json")
				require.Equal(t, http.StatusInternalServerError, r.status, name)
				require.NotContains(t, r.body, words)
			}
			require.Contains(t, s.log.String(), words)
		}
	})
}

type wrongNoContext struct {
	A int `json:"a"`
}

func (wrongNoContext) Check(*problem.Faults) {}

type wrongValue struct{ A int }

func (wrongValue) Check(context.Context, problem.Faults) {}

type wrongError struct{ A int }

func (*wrongError) Check() error { return nil }

type wrongName struct{ A int }

func (*wrongName) Validate(context.Context, *problem.Faults) {}

type wrongTwice struct {
	paging
	rangeInput
}

// otherCheck has a method of that name for something else.
type otherCheck struct{ A int }

func (otherCheck) Check(at int) bool { return at > 0 }

func TestCheckMistakes(t *testing.T) {
	app := fasterapi.New(fasterapi.Config{})
	app.Post("/a", func(*fasterapi.Ctx, struct {
		B []wrongNoContext `body:""`
	},
	) (fasterapi.None, error) {
		return fasterapi.None{}, nil
	})
	app.Post("/b", func(*fasterapi.Ctx, struct {
		B map[string]wrongValue `body:""`
	},
	) (fasterapi.None, error) {
		return fasterapi.None{}, nil
	})
	app.Post("/c", func(*fasterapi.Ctx, struct {
		B struct{ In *wrongError } `body:""`
	},
	) (fasterapi.None, error) {
		return fasterapi.None{}, nil
	})
	app.Post("/d", func(*fasterapi.Ctx, struct {
		B wrongName `body:""`
	},
	) (fasterapi.None, error) {
		return fasterapi.None{}, nil
	})
	app.Get("/e", func(*fasterapi.Ctx, wrongTwice) (fasterapi.None, error) { return fasterapi.None{}, nil })
	app.WebSocketEvents("/f", func(*fasterapi.Ctx, fasterapi.None, *fasterapi.Socket[checkedPlan, string]) (fasterapi.SocketEvents[checkedPlan], error) {
		return fasterapi.SocketEvents[checkedPlan]{}, nil
	})
	app.Post("/g", func(*fasterapi.Ctx, struct {
		B otherCheck `body:""`
	},
	) (fasterapi.None, error) {
		return fasterapi.None{}, nil
	})
	_, err := app.OpenAPI()
	registration, ok := errors.AsType[*fasterapi.RegistrationError](err)
	require.True(t, ok, "%v", err)
	require.Len(t, registration.Mistakes, 6, err)
	for i, words := range []string{
		"wrongNoContext.Check is never called, because it is a func(*problem.Faults): it must be Check(context.Context (or *fasterapi.Ctx), *problem.Faults)",
		"wrongValue.Check is never called", "wrongError.Check is never called, because it is a func() error", "wrongName.Validate is never called: name it Check",
		"embeds paging and rangeInput", "checkedPlan.Check takes a *fasterapi.Ctx, and there is none any more",
	} {
		require.Contains(t, registration.Mistakes[i], words)
		require.Contains(t, registration.Mistakes[i], "check_test.go:")
	}
}

func TestCheckOfMessages(t *testing.T) {
	build := buildWith(func(app *fasterapi.App) {
		app.WebSocket("/ws", func(c *fasterapi.Ctx, _ fasterapi.None, ws *fasterapi.Socket[checkedPlan, string]) error {
			for {
				ctx, cancel := context.WithCancel(context.Background()) // not of c
				_, err := ws.Receive(ctx)
				cancel()
				if closed := new(fasterapi.CloseError); errors.As(err, &closed) {
					return nil
				}
				text := "ok"
				if err != nil {
					text = err.Error()
				}
				if err := ws.Send(c, text); err != nil {
					return err
				}
			}
		})
		app.WebSocketEvents("/events", func(c *fasterapi.Ctx, _ fasterapi.None, ws *fasterapi.Socket[span, string]) (fasterapi.SocketEvents[span], error) {
			return fasterapi.SocketEvents[span]{Message: func(ctx context.Context, _ span) error { return ws.Send(ctx, "ok") }}, nil
		})
	})
	fasterapitest.Run(t, build, func(t *testing.T, c *fasterapitest.Client) {
		ws := c.With("X-Tenant", "b").WebSocket("/ws")
		ws.Send(`{"main":{"from":2,"to":1}}`)
		require.Contains(t, ws.Text(), "message.main.to must be above from")
		ws.Send(`{"name":"tenant"}`)
		require.Contains(t, ws.Text(), "message is not for this tenant")
		ws.Send(`{"name":"good"}`)
		require.Equal(t, "ok", ws.Text())
		ws.Close(1000, "")
		events := c.WebSocket("/events")
		events.Send(`{"from":1,"to":2}`)
		require.Equal(t, "ok", events.Text())
		events.Send(`{"from":2,"to":1}`)
		code, _ := events.Closed()
		require.Equal(t, 1007, code)
	})
}

// TestCheckIsDocumented: a route whose only faults are those of a Check has a 422.
func TestCheckIsDocumented(t *testing.T) {
	app := fasterapi.New(fasterapi.Config{})
	app.Get("/{name}", func(*fasterapi.Ctx, struct {
		Name color `path:"name"`
	},
	) (fasterapi.None, error) {
		return fasterapi.None{}, nil
	})
	doc, err := app.OpenAPI()
	require.NoError(t, err)
	require.NotNil(t, doc.Paths.Get("/{name}").Get.Responses.Get("422"))
}
