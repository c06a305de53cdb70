package app_test

import (
	"context"
	"log/slog"
	"net/http"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/fasterapitest"
)

// TestDocsWithSlash: the page is found with a slash behind its path, also behind a
// proxy that takes a prefix off, and where another route takes everything.
func TestDocsWithSlash(t *testing.T) {
	build := func(cfg fasterapi.Config) *fasterapi.App {
		app := fasterapi.New(cfg)
		app.Get("/{rest...}", func(*fasterapi.Ctx, fasterapi.None) (string, error) { return "all", nil })
		return app
	}
	fasterapitest.Run(t, build, func(t *testing.T, c *fasterapitest.Client) {
		r := c.Get("/docs/")
		require.Equal(t, http.StatusPermanentRedirect, r.Status)
		require.Equal(t, "../docs", r.Header.Get("Location"))
		require.Equal(t, http.StatusOK, c.Get("/docs").Status)
	})
}

// TestDocsSlashOfTheApp: a route of the app at that path stays its own.
func TestDocsSlashOfTheApp(t *testing.T) {
	app := fasterapi.New(fasterapi.Config{})
	app.Get("/docs/", func(*fasterapi.Ctx, fasterapi.None) (string, error) { return "mine", nil })
	require.Equal(t, "\"mine\"", string(fasterapitest.New(t, app).Get("/docs/").Body))
}

// TestServingNamesTheDocs: the line that says that the app serves has a link to the
// page, when there is one.
func TestServingNamesTheDocs(t *testing.T) {
	for name, test := range map[string]struct {
		cfg  fasterapi.Config
		want string
	}{
		"an address":  {fasterapi.Config{Addr: "127.0.0.1:0"}, `docs=http://127\.0\.0\.1:\d+/docs`},
		"all of them": {fasterapi.Config{Addr: ":0"}, `docs=http://localhost:\d+/docs`},
		"elsewhere":   {fasterapi.Config{Addr: "127.0.0.1:0", Docs: fasterapi.DocsConfig{Path: "/in/here"}}, `docs=http://127\.0\.0\.1:\d+/in/here`},
		"off":         {fasterapi.Config{Addr: "127.0.0.1:0", Docs: fasterapi.DocsConfig{Off: true}}, ""},
		"no document": {fasterapi.Config{Addr: "127.0.0.1:0", OpenAPI: fasterapi.OpenAPIConfig{Off: true}}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			log := &logBuffer{}
			test.cfg.Logger, test.cfg.Cores, test.cfg.DrainDelay = slog.New(slog.NewTextHandler(log, nil)), 1, -1
			app := fasterapi.New(test.cfg)
			done := make(chan error, 1)
			ctx, end := context.WithCancel(t.Context())
			go func() { done <- app.Serve(ctx) }()
			require.Eventually(t, func() bool { return regexp.MustCompile("msg=serving.*\n").MatchString(log.String()) }, 10*time.Second, time.Millisecond)
			end()
			require.NoError(t, <-done)
			if test.want == "" {
				require.NotContains(t, log.String(), "docs=")
				return
			}
			require.Regexp(t, test.want, log.String())
		})
	}
}
