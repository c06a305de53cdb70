package app_test

import (
	"encoding/json/jsontext"
	"encoding/json/v2"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/internal/test/contract"
	"github.com/fasterapi/fasterapi/openapi"
)

// shelf is a text that gives its schema and has no method of its own to check it.
type shelf string

func (shelf) JSONSchema() *openapi.Schema {
	return &openapi.Schema{
		Types: openapi.Types{"string"}, Pattern: "^[A-Z]{2,8}$", Description: "A shelf.", Examples: []jsontext.Value{jsontext.Value(`"DOCS"`)},
	}
}

type shelved struct {
	Shelf shelf   `json:"shelf"`
	More  []shelf `json:"more,omitempty"`
}

// TestDescribedTypes: a type's own schema is a component, which all its uses refer to, and
// is checked in path, query, header, cookie, form and body.
func TestDescribedTypes(t *testing.T) {
	everyProtocol(t, func(app *fasterapi.App) {
		styles(app, "/of/{shelf}", func(_ *fasterapi.Ctx, in struct {
			Shelf shelf   `path:"shelf"`
			Query []shelf `query:"q"`
			Head  *shelf  `header:"X-Shelf"`
			Sweet shelf   `cookie:"shelf" default:"CC"`
		},
		) (shelved, error) {
			return shelved{Shelf: in.Shelf}, nil
		})
		app.Post("/", func(_ *fasterapi.Ctx, in struct {
			Body shelved `body:""`
		},
		) (shelved, error) {
			return in.Body, nil
		})
		app.Post("/form", func(_ *fasterapi.Ctx, in struct {
			Shelf shelf `form:"shelf" maxLength:"3"`
		},
		) (fasterapi.None, error) {
			return fasterapi.None{}, nil
		})
	}, func(t *testing.T, s service) {
		for _, style := range styleNames {
			require.JSONEq(t, `{"shelf":"AB"}`, s.get(style+"/of/AB?q=CD,EF", "X-Shelf", "GH").body)
			p := s.get(style+"/of/ab?q=cd", "X-Shelf", "e", "Cookie", "shelf=f").problem(t)
			var at []string
			for _, e := range p.Errors {
				at = append(at, e.Location+" "+e.Message)
			}
			rule := " must match the pattern ^[A-Z]{2,8}$"
			require.ElementsMatch(t, []string{"path.shelf" + rule, "query.q" + rule, "header.X-Shelf" + rule, "cookie.shelf" + rule}, at)
		}
		p := s.do("POST", "/", `{"shelf":"a","more":["AB","b"]}`, "Content-Type", "application/json").problem(t)
		require.Equal(t, "body.shelf", p.Errors[0].Location)
		require.Equal(t, "body.more[1]", p.Errors[1].Location)
		form := s.do("POST", "/form", "shelf=ABCD", "Content-Type", "application/x-www-form-urlencoded").problem(t)
		require.Equal(t, "must have at most 3 characters", form.Errors[0].Message)

		text := []byte(s.get("/openapi.json").body)
		_, err := contract.New(text)
		require.NoError(t, err)
		require.NoError(t, contract.Valid30([]byte(s.get("/openapi-3.0.json").body)))
		require.Equal(t, map[string]any{"type": "string", "pattern": "^[A-Z]{2,8}$", "description": "A shelf.", "examples": []any{"DOCS"}},
			at(t, text, "components", "schemas", "Shelf"))
		require.Equal(t, map[string]any{"$ref": "#/components/schemas/Shelf"}, at(t, text, "components", "schemas", "Shelved", "properties", "shelf"))
		first := at(t, text, "paths", "/goroutine/of/{shelf}", "get", "parameters").([]any)
		for _, p := range first {
			p := p.(map[string]any)
			ref := p["schema"].(map[string]any)
			if items, ok := ref["items"].(map[string]any); ok {
				ref = items
			}
			require.Equal(t, "#/components/schemas/Shelf", ref["$ref"], p["name"])
		}
	})
}

// wrongShelf is not what it says, in two ways.
type wrongShelf int

func (wrongShelf) JSONSchema() *openapi.Schema {
	return &openapi.Schema{Types: openapi.Types{"string"}, Pattern: "("}
}

// TestDescribedMistakesAtTheStart: also in types that are only answered.
func TestDescribedMistakesAtTheStart(t *testing.T) {
	for _, register := range []func(*fasterapi.App){
		func(app *fasterapi.App) {
			app.Get("/{n}", takes[struct {
				N wrongShelf `path:"n"`
			}])
		},
		func(app *fasterapi.App) { app.Get("/", generic[wrongShelf]) },
		func(app *fasterapi.App) { app.Get("/", generic[map[string][]struct{ N wrongShelf }]) },
		func(app *fasterapi.App) {
			app.Post("/", takes[struct {
				Body wrongShelf `body:""`
			}])
		},
	} {
		app := fasterapi.New(fasterapi.Config{})
		register(app)
		_, err := app.OpenAPI()
		require.ErrorContains(t, err, `JSONSchema of app_test.wrongShelf: the type is "string", but app_test.wrongShelf is written as an integer`)
		require.ErrorContains(t, err, `pattern "("`)
	}
}

// money is an amount in a text of its own: JSON and text by its methods, checked by its schema.
type money struct{ cents int }

func (p money) text() string { return fmt.Sprintf("%d.%02d", p.cents/100, p.cents%100) }

func (p *money) UnmarshalText(text []byte) error {
	whole, rest, _ := strings.Cut(string(text), ".")
	n, err := strconv.Atoi(whole + rest)
	p.cents = n
	return err
}

func (p money) MarshalText() ([]byte, error) { return []byte(p.text()), nil }
func (p money) MarshalJSON() ([]byte, error) { return json.Marshal(p.text()) }

func (p *money) UnmarshalJSON(b []byte) error {
	var text string
	if err := json.Unmarshal(b, &text); err != nil {
		return errors.New("must be a text")
	}
	return p.UnmarshalText([]byte(text))
}

func (money) JSONSchema() *openapi.Schema {
	return &openapi.Schema{
		Types: openapi.Types{"string"}, Pattern: `^[0-9]{1,6}\.[0-9]{2}$`, Description: "An amount of money.",
		Examples: []jsontext.Value{jsontext.Value(`"12.50"`)},
	}
}

// pricelist has prices in all places of a body.
type pricelist struct {
	One   money                  `json:"one"`
	List  []money                `json:"list"`
	By    map[string]money       `json:"by"`
	Named map[money]int          `json:"named"`
	Opt   fasterapi.Opt[money]   `json:"opt,omitzero"`
	Maybe fasterapi.Maybe[money] `json:"maybe,omitzero"`
	Deep  [][]*money             `json:"deep,omitempty"`
	Least money                  `json:"least" default:"1.00" example:"2.00"`
}

// budget is provided from what a request says.
type budget struct{ money }

type pricedOut struct {
	Total money     `header:"X-Total" doc:"the sum" required:"true"`
	Body  pricelist `body:""`
}

// TestDescribedInAllPlaces: a type that reads and writes itself as JSON and as text.
func TestDescribedInAllPlaces(t *testing.T) {
	everyProtocol(t, func(app *fasterapi.App) {
		app.ProvideFunc(func(_ *fasterapi.Ctx, in struct {
			Budget money `query:"budget" default:"9.00"`
		},
		) (budget, error) {
			return budget{in.Budget}, nil
		})
		styles(app, "/buy/{price}", func(_ *fasterapi.Ctx, in struct {
			Price  money                  `path:"price"`
			Prices []money                `query:"q"`
			Head   fasterapi.Opt[money]   `header:"X-Price"`
			Cookie *money                 `cookie:"price"`
			Maybe  fasterapi.Maybe[money] `query:"maybe"`
			Budget budget                 `inject:""`
		},
		) (pricedOut, error) {
			return pricedOut{Total: in.Budget.money, Body: pricelist{One: in.Price, List: in.Prices, Named: map[money]int{in.Price: 1}}}, nil
		})
		app.Post("/", func(_ *fasterapi.Ctx, in struct {
			Body pricelist `body:""`
		},
		) (pricelist, error) {
			return in.Body, nil
		})
		app.Post("/form", takes[struct {
			Price  money   `form:"price"`
			Prices []money `form:"prices"`
		}])
	}, func(t *testing.T, s service) {
		places := func(p document) (list []string) {
			for _, e := range p.Errors {
				list = append(list, e.Location)
			}
			return list
		}
		for _, style := range styleNames {
			got := s.get(style+"/buy/1.50?q=2.00,3.00&budget=4.00&maybe=5.00", "X-Price", "6.00", "Cookie", "price=7.00")
			require.Equal(t, "4.00", got.header.Get("X-Total"), got.body)
			require.Equal(t, "2.00", at(t, []byte(got.body), "list").([]any)[0])
			require.InDelta(t, 1, at(t, []byte(got.body), "named", "1.50"), 0)
			bad := s.get(style+"/buy/1?q=2.00,3&budget=4&maybe=5", "X-Price", "6", "Cookie", "price=7").problem(t)
			require.ElementsMatch(t, []string{"path.price", "query.q", "query.budget", "query.maybe", "header.X-Price", "cookie.price"}, places(bad))
		}
		good := s.do("POST", "/", `{"one":"1.00","list":["2.00"],"by":{"a":"3.00"},"named":{"4.00":1},"opt":null,"maybe":"5.00","deep":[["6.00",null]]}`,
			"Content-Type", "application/json")
		require.JSONEq(t, `{"one":"1.00","list":["2.00"],"by":{"a":"3.00"},"named":{"4.00":1},"opt":null,"maybe":"5.00","deep":[["6.00",null]],"least":"1.00"}`, good.body)
		bad := s.do("POST", "/", `{"one":"1","list":["2.00","2"],"by":{"a":"3"},"named":{"4":1},"opt":"5","maybe":"6","deep":[["7"]],"least":8}`,
			"Content-Type", "application/json").problem(t)
		require.ElementsMatch(t, []string{
			"body.one", "body.list[1]", "body.by.a", "body.named.4", "body.opt", "body.maybe", "body.deep[0][0]", "body.least",
		}, places(bad))
		form := s.do("POST", "/form", "price=1&prices=2.00&prices=3", "Content-Type", "application/x-www-form-urlencoded").problem(t)
		require.ElementsMatch(t, []string{"form.price", "form.prices"}, places(form))

		text := []byte(s.get("/openapi.json").body)
		_, err := contract.New(text)
		require.NoError(t, err)
		require.NoError(t, contract.Valid30([]byte(s.get("/openapi-3.0.json").body)))
		ref := map[string]any{"$ref": "#/components/schemas/Money"}
		list := func(names ...string) any {
			return at(t, text, append([]string{"components", "schemas", "Pricelist", "properties"}, names...)...)
		}
		require.Equal(t, ref, list("one"))
		require.Equal(t, ref, list("list", "items"))
		require.Equal(t, ref, list("by", "additionalProperties"))
		require.Equal(t, ref, list("named", "propertyNames"))
		require.Equal(t, ref, list("maybe"))
		require.Equal(t, []any{ref, map[string]any{"type": "null"}}, list("opt", "anyOf"))
		require.Equal(t, map[string]any{"$ref": ref["$ref"], "default": "1.00", "examples": []any{"2.00"}}, list("least"))
		require.Equal(t, ref, at(t, text, "paths", "/chain/buy/{price}", "get", "responses", "200", "headers", "X-Total", "schema"))
	})
}

// TestWordsInTags: defaults and examples of tags must be values that the route would take,
// wherever they stand, and all that are none are reported at once.
func TestWordsInTags(t *testing.T) {
	app := fasterapi.New(fasterapi.Config{})
	app.Get("/{p}", takes[struct {
		P int                  `path:"p" example:"x"`
		Q int                  `query:"q" example:"0" minimum:"1"`
		R shelf                `query:"r" default:"docs"`
		L []shelf              `query:"l" example:"AB,c"`
		J []shelf              `query:"j" example:"[\"AB\",\"d\"]"`
		N []shelf              `query:"n" example:"[\"AB\"]" minItems:"2"`
		M []money              `query:"m" default:"1.00,docs"`
		H fasterapi.Opt[shelf] `header:"X-H" example:"h"`
		C *shelf               `cookie:"c" example:"cc"`
		G []shelf              `query:"g" example:"AB,CD"`
	}])
	app.Post("/form", takes[struct {
		F money `form:"f" example:"ff" default:"1.50"`
	}])
	app.Post("/body", takes[struct {
		Body struct {
			B shelf                  `json:"b" example:"bb"`
			C int                    `json:"c" example:"0" minimum:"1"`
			D bool                   `json:"d" example:"7"`
			E []shelf                `json:"e" example:"AB,ee"`
			F map[string]shelf       `json:"f" example:"{\"x\":\"ff\"}"`
			H fasterapi.Maybe[money] `json:"h,omitzero" example:"hh"`
			K time.Time              `json:"k" example:"kk"`
			L fasterapi.Opt[int]     `json:"l" example:"null"`
			O time.Duration          `json:"o" example:"1m"`
		} `body:""`
	}])
	app.Post("/other", takes[struct {
		Body struct {
			A money                 `json:"a" default:"docs"`
			G struct{ Shelf shelf } `json:"g" example:"{\"Shelf\":\"gg\"}"`
			I time.Duration         `json:"i" example:"ii"`
		} `body:""`
	}])
	app.Post("/whole", takes[struct {
		Body shelved `body:"" example:"{\"shelf\":\"z\"}"`
	}])
	_, err := app.OpenAPI()
	got := err.Error()
	for _, want := range []string{
		`field P: the example "x" must be an integer`,
		`field Q: the example "0" must be at least 1`,
		`field R: the default "docs" must match the pattern`,
		`field L: the example "c" must match the pattern`,
		`field J: the example "d" must match the pattern`,
		`field N: the example "[\"AB\"]" must have at least 2 items`,
		`field M: the default "docs" must match the pattern`,
		`field H: the example "h" must match the pattern`,
		`field C: the example "cc" must match the pattern`,
		`field F: the example "ff" must match the pattern`,
		`.A: default "docs": must match the pattern`,
		`.B: example "bb": must match the pattern`,
		`.C: example 0: must be at least 1`,
		`.D: example 7: must be a boolean`,
		`.E: example ["AB","ee"]: [1] must match the pattern`,
		`.F: example {"x":"ff"}: .x must match the pattern`,
		`.G: example {"Shelf":"gg"}: .Shelf must match the pattern`,
		`.H: example "hh": must match the pattern`,
		`.I: example "ii": must be a duration`,
		`.K: example "kk": must be an RFC 3339 time`,
		`field Body: the example: body.shelf must match the pattern`,
	} {
		require.Contains(t, got, want)
	}
	require.NotContains(t, got, "field G:")
	require.NotContains(t, got, ".L:")
	require.NotContains(t, got, ".O:")
}
