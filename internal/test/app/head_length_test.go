package app_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
)

// silentForHead are handlers that do not make the content of an answer to HEAD.
func silentForHead(app *fasterapi.App) {
	text := strings.Repeat("text ", 2000)
	for prefix, wrapped := range map[string]bool{"/plain": false, "/wrapped": true} {
		g := app.Group(prefix, fasterapi.Hidden())
		if wrapped {
			g.Use(fasterapi.WrapMiddleware(passing))
		}
		g.Get("/stream", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Stream, error) {
			return fasterapi.Stream{ContentType: "text/plain", Reader: strings.NewReader(text)}, nil
		})
		g.Get("/lines", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.JSONLines[int], error) {
			return func(yield func(int, error) bool) { yield(1, nil) }, nil
		})
		g.Get("/events", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.SSE[int], error) {
			return fasterapi.SSE[int]{Events: func(yield func(fasterapi.Event[int], error) bool) {
				yield(fasterapi.Event[int]{Data: 1}, nil)
			}}, nil
		})
		g.Get("/text", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Text, error) { return fasterapi.Text(text), nil })
		g.Get("/reactor", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Text, error) { return fasterapi.Text(text), nil },
			fasterapi.OnReactor())
		g.Get("/empty", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Text, error) { return "", nil })
		g.Mount("/asks", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method != http.MethodHead {
				_, _ = io.WriteString(w, "text")
			}
		}))
		g.Mount("/says", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "4")
			if r.Method != http.MethodHead {
				_, _ = io.WriteString(w, "text")
			}
		}))
		g.Mount("/redirects", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/", http.StatusFound) // writes a page, but not for HEAD
		}))
	}
}

// The answer to HEAD has the Content-Length of the answer to GET, or none (RFC 9110 8.6,
// MUST NOT). One that nobody knows is not 0.
func TestLengthOfHead(t *testing.T) {
	everyWay(t, silentForHead, func(t *testing.T, s service) {
		for _, group := range []string{"/plain", "/wrapped"} {
			for path, known := range map[string]bool{
				"/stream": false, "/lines": false, "/events": false, "/asks": false, "/redirects": false,
				"/text": true, "/reactor": true, "/empty": true, "/says": true,
			} {
				get, head := s.get(group+path), s.do(http.MethodHead, group+path, "")
				require.Equal(t, get.status, head.status, group+path)
				if length := head.header.Values("Content-Length"); known {
					require.Equal(t, get.header.Values("Content-Length"), length, group+path)
				} else {
					require.Empty(t, length, group+path)
				}
			}
		}
	})
}
