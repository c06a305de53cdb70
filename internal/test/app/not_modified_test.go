package app_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/async"
)

// A 304 that a handler answers with has no type of the content that is not sent (RFC 9110
// 15.4.5, SHOULD NOT), whatever it was made of.
func TestNotModifiedByHand(t *testing.T) {
	everyWay(t, func(app *fasterapi.App) {
		for prefix, wrapped := range map[string]bool{"/plain": false, "/wrapped": true} {
			g := app.Group(prefix, fasterapi.Hidden(), fasterapi.Status(http.StatusNotModified))
			if wrapped {
				g.Use(fasterapi.WrapMiddleware(passing))
			}
			text := func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.Text, error) {
				c.SetHeader("ETag", `"own"`)
				return "text", nil
			}
			g.Get("/text", text)
			g.Get("/reactor", text, fasterapi.OnReactor())
			g.GetFuture("/chain", func(c *fasterapi.Ctx, _ fasterapi.None) async.Future[fasterapi.HTML] {
				c.SetHeader("ETag", `"own"`)
				return async.Ready(fasterapi.HTML("text"))
			})
			g.Get("/stream", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.Stream, error) {
				c.SetHeader("ETag", `"own"`)
				return fasterapi.Stream{ContentType: "text/plain", Reader: strings.NewReader("text")}, nil
			})
			g.Mount("/mounted", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("ETag", `"own"`)
				w.Header().Set("Content-Type", "text/plain")
				w.WriteHeader(http.StatusNotModified)
				_, _ = io.WriteString(w, "text")
			}))
		}
	}, func(t *testing.T, s service) {
		for _, group := range []string{"/plain", "/wrapped"} {
			for _, path := range []string{"/text", "/reactor", "/chain", "/stream", "/mounted"} {
				for _, method := range []string{http.MethodGet, http.MethodHead} {
					a := s.do(method, group+path, "")
					require.Equal(t, http.StatusNotModified, a.status, group+path)
					require.Equal(t, []string{`"own"`}, a.header.Values("ETag"), group+path)
					require.Empty(t, a.header.Values("Content-Type"), group+path)
					require.Empty(t, a.body, group+path)
				}
			}
		}
	})
}
