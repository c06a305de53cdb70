package app_test

import (
	"context"
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/fasterapitest"
	"github.com/fasterapi/fasterapi/health"
	"github.com/fasterapi/fasterapi/problem"
)

type none = fasterapi.None

func nothing(*fasterapi.Ctx, none) (none, error) { return none{}, nil }

func nothingLater(*fasterapi.Ctx, none) async.Future[none] { return async.Ready(none{}) }

func socket(*fasterapi.Ctx, none, *fasterapi.Socket[string, string]) error { return nil }

func events(*fasterapi.Ctx, none, *fasterapi.Socket[string, string]) (fasterapi.SocketEvents[string], error) {
	return fasterapi.SocketEvents[string]{}, nil
}

// late are calls that register something, by the method of App and Group.
func late() map[string]func(app *fasterapi.App, g *fasterapi.Group) {
	hook := func(context.Context) error { return nil }
	provider := func(*fasterapi.Ctx, none) (*diary, error) { return nil, nil }
	return map[string]func(app *fasterapi.App, g *fasterapi.Group){
		"App.Use":                  func(app *fasterapi.App, _ *fasterapi.Group) { app.Use(met("late")) },
		"App.Defaults":             func(app *fasterapi.App, _ *fasterapi.Group) { app.Defaults(fasterapi.Tags("late")) },
		"App.Get":                  func(app *fasterapi.App, _ *fasterapi.Group) { app.Get("/late", nothing) },
		"App.Post":                 func(app *fasterapi.App, _ *fasterapi.Group) { app.Post("/late", nothing) },
		"App.Put":                  func(app *fasterapi.App, _ *fasterapi.Group) { app.Put("/late", nothing) },
		"App.Patch":                func(app *fasterapi.App, _ *fasterapi.Group) { app.Patch("/late", nothing) },
		"App.Delete":               func(app *fasterapi.App, _ *fasterapi.Group) { app.Delete("/late", nothing) },
		"App.Head":                 func(app *fasterapi.App, _ *fasterapi.Group) { app.Head("/late", nothing) },
		"App.MapError":             func(app *fasterapi.App, _ *fasterapi.Group) { app.MapError(lateMapper) },
		"Group.MapError":           func(_ *fasterapi.App, g *fasterapi.Group) { g.MapError(lateMapper) },
		"App.ProblemsAs":           func(app *fasterapi.App, _ *fasterapi.Group) { app.ProblemsAs("", lateForm) },
		"App.ValidationProblemsAs": func(app *fasterapi.App, _ *fasterapi.Group) { app.ValidationProblemsAs("", lateForm) },
		"App.Query":                func(app *fasterapi.App, _ *fasterapi.Group) { app.Query("/late", nothing) },
		"App.QueryFuture":          func(app *fasterapi.App, _ *fasterapi.Group) { app.QueryFuture("/late", nothingLater) },
		"Group.Query":              func(_ *fasterapi.App, g *fasterapi.Group) { g.Query("/late", nothing) },
		"Group.QueryFuture":        func(_ *fasterapi.App, g *fasterapi.Group) { g.QueryFuture("/late", nothingLater) },
		"App.Options":              func(app *fasterapi.App, _ *fasterapi.Group) { app.Options("/late", nothing) },
		"App.GetFuture":            func(app *fasterapi.App, _ *fasterapi.Group) { app.GetFuture("/late", nothingLater) },
		"App.PostFuture":           func(app *fasterapi.App, _ *fasterapi.Group) { app.PostFuture("/late", nothingLater) },
		"App.PutFuture":            func(app *fasterapi.App, _ *fasterapi.Group) { app.PutFuture("/late", nothingLater) },
		"App.PatchFuture":          func(app *fasterapi.App, _ *fasterapi.Group) { app.PatchFuture("/late", nothingLater) },
		"App.DeleteFuture":         func(app *fasterapi.App, _ *fasterapi.Group) { app.DeleteFuture("/late", nothingLater) },
		"App.Mount":                func(app *fasterapi.App, _ *fasterapi.Group) { app.Mount("/late", http.NotFoundHandler()) },
		"App.Static":               func(app *fasterapi.App, _ *fasterapi.Group) { app.Static("/late", fstest.MapFS{}) },
		"App.WebSocket":            func(app *fasterapi.App, _ *fasterapi.Group) { app.WebSocket("/late", socket) },
		"App.WebSocketEvents":      func(app *fasterapi.App, _ *fasterapi.Group) { app.WebSocketEvents("/late", events) },
		"App.Webhook":              func(app *fasterapi.App, _ *fasterapi.Group) { app.Webhook[string]("late") },
		"App.HealthCheck":          func(app *fasterapi.App, _ *fasterapi.Group) { app.HealthCheck(health.Check{}) },
		"App.OnStart":              func(app *fasterapi.App, _ *fasterapi.Group) { app.OnStart(hook) },
		"App.OnStop":               func(app *fasterapi.App, _ *fasterapi.Group) { app.OnStop(hook) },
		"App.Provide":              func(app *fasterapi.App, _ *fasterapi.Group) { app.Provide(&diary{}) },
		"App.ProvideFunc":          func(app *fasterapi.App, _ *fasterapi.Group) { app.ProvideFunc(provider) },
		"App.Override":             func(app *fasterapi.App, _ *fasterapi.Group) { app.Override(&diary{}) },
		"App.OverrideFunc":         func(app *fasterapi.App, _ *fasterapi.Group) { app.OverrideFunc(provider) },
		"App.ProvideFuture":        func(app *fasterapi.App, _ *fasterapi.Group) { app.ProvideFuture(nothingLater) },
		"App.OverrideFuture":       func(app *fasterapi.App, _ *fasterapi.Group) { app.OverrideFuture(nothingLater) },
		"App.OverrideWithCleanup":  func(app *fasterapi.App, _ *fasterapi.Group) { app.OverrideWithCleanup(lateGiven) },
		"App.OverrideWithOutcome":  func(app *fasterapi.App, _ *fasterapi.Group) { app.OverrideWithOutcome(lateSettled) },
		"App.ProvideWithOutcome":   func(app *fasterapi.App, _ *fasterapi.Group) { app.ProvideWithOutcome(lateSettled) },
		"App.ProvideWithCleanup":   lateCleanup,
		"App.ProvideSettings":      func(app *fasterapi.App, _ *fasterapi.Group) { app.ProvideSettings[struct{}]() },
		"Group.Use":                func(_ *fasterapi.App, g *fasterapi.Group) { g.Use(met("late")) },
		"Group.Get":                func(_ *fasterapi.App, g *fasterapi.Group) { g.Get("/late", nothing) },
		"Group.Post":               func(_ *fasterapi.App, g *fasterapi.Group) { g.Post("/late", nothing) },
		"Group.Put":                func(_ *fasterapi.App, g *fasterapi.Group) { g.Put("/late", nothing) },
		"Group.Patch":              func(_ *fasterapi.App, g *fasterapi.Group) { g.Patch("/late", nothing) },
		"Group.Delete":             func(_ *fasterapi.App, g *fasterapi.Group) { g.Delete("/late", nothing) },
		"Group.Head":               func(_ *fasterapi.App, g *fasterapi.Group) { g.Head("/late", nothing) },
		"Group.Options":            func(_ *fasterapi.App, g *fasterapi.Group) { g.Options("/late", nothing) },
		"Group.GetFuture":          func(_ *fasterapi.App, g *fasterapi.Group) { g.GetFuture("/late", nothingLater) },
		"Group.PostFuture":         func(_ *fasterapi.App, g *fasterapi.Group) { g.PostFuture("/late", nothingLater) },
		"Group.PutFuture":          func(_ *fasterapi.App, g *fasterapi.Group) { g.PutFuture("/late", nothingLater) },
		"Group.PatchFuture":        func(_ *fasterapi.App, g *fasterapi.Group) { g.PatchFuture("/late", nothingLater) },
		"Group.DeleteFuture":       func(_ *fasterapi.App, g *fasterapi.Group) { g.DeleteFuture("/late", nothingLater) },
		"Group.Mount":              func(_ *fasterapi.App, g *fasterapi.Group) { g.Mount("/late", http.NotFoundHandler()) },
		"Group.Static":             func(_ *fasterapi.App, g *fasterapi.Group) { g.Static("/late", fstest.MapFS{}) },
		"Group.WebSocket":          func(_ *fasterapi.App, g *fasterapi.Group) { g.WebSocket("/late", socket) },
		"Group.WebSocketEvents":    func(_ *fasterapi.App, g *fasterapi.Group) { g.WebSocketEvents("/late", events) },
	}
}

func lateMapper(_ *fasterapi.Ctx, err error) error { return err }

func lateForm(_ *fasterapi.Ctx, p *problem.Problem) string { return p.Title }

func lateGiven(*fasterapi.Ctx, none) (*diary, func(error), error) { return nil, nil, nil }

func lateSettled(*fasterapi.Ctx, none) (*diary, func(error) error, error) { return nil, nil, nil }

func lateCleanup(app *fasterapi.App, _ *fasterapi.Group) {
	app.ProvideWithCleanup(lateGiven)
}

// notRegistering are the methods of App and Group that register nothing.
var notRegistering = []string{
	"App.Config", "App.Description", "App.Group", "App.Handler", "App.HealthReport", "App.Listen", "App.Live", "App.OpenAPI", "App.Overload", "App.Provided", "App.Reactors", "App.Recorder", "App.Routes", "App.Run", "App.Serve", "App.Start", "App.Stop", "Group.Group",
}

// TestRegisterLate: what is registered when the app has been taken as it is panics at
// its own line, and is nowhere to be seen; whatever took the app.
func TestRegisterLate(t *testing.T) {
	takes := map[string]func(app *fasterapi.App){
		"App.Handler":       func(app *fasterapi.App) { app.Handler() },
		"App.OpenAPI":       func(app *fasterapi.App) { _, _ = app.OpenAPI() },
		"App.Start":         func(app *fasterapi.App) { _, _ = app.Start() },
		"fasterapitest.New": func(app *fasterapi.App) { fasterapitest.New(t, app) },
	}
	for by, take := range takes {
		for name, register := range late() {
			app, _ := newApp(fasterapi.Config{Cores: 1, Addr: "127.0.0.1:0"}, func(*fasterapi.App) {})
			app.Get("/early", nothing)
			group := app.Group("/group")
			take(app)
			wrong := panicOf(t, func() { register(app, group) })
			require.Regexp(t, `^fasterapi: \S.* \(\S*late_test.go:\d+\): `+
				`registered behind `+by+` \(\S*late_test.go:\d+\), which takes the app as it is: it would have no effect$`, wrong.Error(), name)
			require.Len(t, app.Routes(), 1, name)
			require.NoError(t, app.Stop(t.Context()))
		}
	}
}

func panicOf(t *testing.T, f func()) (wrong *fasterapi.RegistrationError) {
	t.Helper()
	defer func() {
		err, _ := recover().(error)
		require.ErrorAs(t, err, &wrong)
	}()
	f()
	return nil
}

// TestRegisterLateAfterMistakes: an app that has mistakes takes nothing more either; and a
// hook of the start is too late, too.
func TestRegisterLateAfterMistakes(t *testing.T) {
	app, _ := newApp(fasterapi.Config{Cores: 1, Addr: "127.0.0.1:0"}, func(*fasterapi.App) {})
	app.Get("bad", nothing)
	_, err := app.Start()
	require.Error(t, err)
	panicOf(t, func() { app.Get("/good", nothing) })

	app, _ = newApp(fasterapi.Config{Cores: 1, Addr: "127.0.0.1:0"}, func(*fasterapi.App) {})
	app.OnStart(func(context.Context) error {
		app.Get("/late", nothing)
		return nil
	})
	_, err = app.Start()
	require.ErrorContains(t, err, "GET /late (")
	require.ErrorContains(t, err, "registered behind App.Start (")
}

// TestLateKnowsAll: every method of App and Group is in the list above, so a new one
// cannot be forgotten.
func TestLateKnowsAll(t *testing.T) {
	known := slices.Clone(notRegistering)
	for name := range late() {
		known = append(known, name)
	}
	entries, err := os.ReadDir("../../..")
	require.NoError(t, err)
	found := map[string]bool{}
	for _, entry := range entries {
		if name := entry.Name(); strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go") {
			methods(t, "../../../"+name, found)
		}
	}
	for name := range found {
		require.Contains(t, known, name, "say what it does when it comes late, in the lists of this file")
	}
	require.Len(t, found, len(known))
}

// methods finds the exported methods of App and Group in a file.
func methods(t *testing.T, file string, found map[string]bool) {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
	require.NoError(t, err)
	for _, d := range parsed.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok || f.Recv == nil || !f.Name.IsExported() {
			continue
		}
		if star, ok := f.Recv.List[0].Type.(*ast.StarExpr); ok {
			if id, ok := star.X.(*ast.Ident); ok && (id.Name == "App" || id.Name == "Group") {
				found[id.Name+"."+f.Name.Name] = true
			}
		}
	}
}
