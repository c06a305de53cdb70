package app_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
)

// Unions that encoding/json would take for something else.
type (
	bareUnion struct{ Of any }
	ownUnion  struct{ fasterapi.Union[ownUnion] }
	oldUnion  struct{ Of any }
	besides   struct {
		source
		Title string `json:"title"`
	}
	aliased   source
	inMember  struct{ Held fasterapi.Union[source] }
	wrongKind struct{ fasterapi.Union[wrongKind] }
)

func (bareUnion) OneOf() fasterapi.Choice { return source{}.OneOf() }
func (ownUnion) OneOf() fasterapi.Choice  { return source{}.OneOf() }
func (oldUnion) OneOf() fasterapi.Choice  { return source{}.OneOf() }

func (wrongKind) OneOf() fasterapi.Choice {
	return fasterapi.Choice{Discriminator: "kind", Variants: []fasterapi.Variant{fasterapi.VariantOf[webFrom]("net")}}
}

func (ownUnion) MarshalJSON() ([]byte, error) { return []byte("{}"), nil }
func (*oldUnion) UnmarshalJSON([]byte) error  { return nil }
func (oldUnion) MarshalJSON() ([]byte, error) { return []byte("{}"), nil }

type bodyOf[T any] struct {
	Body T `body:""`
}

// TestUnionMistakes: a union that is not JSON everywhere is refused at start, where the route
// is, in a body, an answer, a stream and a message, however deep.
func TestUnionMistakes(t *testing.T) {
	app := fasterapi.New(fasterapi.Config{Cores: 1})
	t.Cleanup(func() { require.NoError(t, app.Stop(context.Background())) })
	app.Post("/bare", func(*fasterapi.Ctx, bodyOf[[]bareUnion]) (fasterapi.None, error) { return fasterapi.None{}, nil })
	app.Get("/answer", func(*fasterapi.Ctx, fasterapi.None) (map[string]*bareUnion, error) { return nil, nil }, fasterapi.Hidden())
	app.Get("/stream", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.SSE[bareUnion], error) {
		return fasterapi.SSE[bareUnion]{}, nil
	}, fasterapi.Hidden())
	app.Get("/lines", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.JSONLines[bareUnion], error) { return nil, nil }, fasterapi.Hidden())
	app.WebSocket("/socket", func(*fasterapi.Ctx, fasterapi.None, *fasterapi.Socket[bareUnion, bareUnion]) error { return nil }, fasterapi.Hidden())
	app.Post("/own", func(*fasterapi.Ctx, bodyOf[ownUnion]) (fasterapi.None, error) { return fasterapi.None{}, nil })
	app.Post("/old", func(*fasterapi.Ctx, bodyOf[fasterapi.Opt[oldUnion]]) (fasterapi.None, error) {
		return fasterapi.None{}, nil
	})
	app.Post("/besides", func(*fasterapi.Ctx, bodyOf[besides]) (fasterapi.None, error) { return fasterapi.None{}, nil })
	app.Post("/aliased", func(*fasterapi.Ctx, bodyOf[aliased]) (fasterapi.None, error) { return fasterapi.None{}, nil })
	app.Post("/member", func(*fasterapi.Ctx, bodyOf[inMember]) (fasterapi.None, error) { return fasterapi.None{}, nil })
	app.Post("/kind", func(*fasterapi.Ctx, bodyOf[wrongKind]) (fasterapi.None, error) { return fasterapi.None{}, nil })
	app.Get("/query", func(*fasterapi.Ctx, struct {
		Source source `query:"source"`
	},
	) (fasterapi.None, error) {
		return fasterapi.None{}, nil
	})
	app.Post("/form", func(*fasterapi.Ctx, struct {
		Source source `form:"source"`
	},
	) (fasterapi.None, error) {
		return fasterapi.None{}, nil
	})
	_, err := app.Start()
	require.Error(t, err)
	t.Log(err)
	const remedy = "app_test.bareUnion has a method OneOf, but encoding/json would not know it for a union: make it type bareUnion struct{ fasterapi.Union[bareUnion] }"
	for _, route := range []string{"POST /bare", "GET /answer", "GET /stream", "GET /lines", "GET /socket"} {
		require.Regexp(t, route+` \([^)]*unions_mistakes_test.go:[0-9]+\):.*`+remedy[:60], err.Error())
	}
	for _, want := range []string{
		remedy,
		"app_test.ownUnion has a method OneOf and a method MarshalJSON of its own",
		"make it type oldUnion struct",
		"app_test.besides embeds the union app_test.source, whose JSON methods would stand for the whole struct: give the field a name",
		"use app_test.source",
		`variant "net": member "kind" must be one of: web`,
	} {
		require.ErrorContains(t, err, want)
	}
	for _, route := range []string{"/own", "/old", "/besides", "/aliased", "/member", "/kind", "/query", "/form"} {
		require.ErrorContains(t, err, route+" (")
	}
}

// TestUnionSettings: settings are text, so a union is refused there too.
func TestUnionSettings(t *testing.T) {
	type settings struct {
		Source source `env:"APP_SOURCE"`
	}
	t.Setenv("APP_SOURCE", webJSON)
	_, err := fasterapi.Settings[settings]()
	require.ErrorContains(t, err, "APP_SOURCE cannot be a app_test.source: nothing reads one from text")
}
