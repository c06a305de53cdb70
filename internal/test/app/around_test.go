package app_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/async"
)

// aroundKey is the key of a value that middleware around [fasterapi.App.Handler] adds.
type aroundKey struct{}

// TestValuesFromAround: what net/http middleware around the handler of an app has put into the context of the request is a value
// of the Ctx, in every style, behind those that the app's own middleware sets.
func TestValuesFromAround(t *testing.T) {
	told := func(c *fasterapi.Ctx) fasterapi.Text {
		value, _ := c.Value(aroundKey{}).(string)
		derived, cancel := context.WithCancel(c)
		defer cancel()
		inner, _ := derived.Value(aroundKey{}).(string)
		return fasterapi.Text(value + " " + inner)
	}
	app, _ := newApp(fasterapi.Config{Cores: 1}, func(app *fasterapi.App) {
		straight := func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.Text, error) { return told(c), nil }
		app.Get("/goroutine", straight)
		app.Get("/coroutine", straight, fasterapi.OnReactor())
		app.GetFuture("/chain", func(c *fasterapi.Ctx, _ fasterapi.None) async.Future[fasterapi.Text] { return async.Ready(told(c)) })
		app.Get("/wrapped", straight, fasterapi.Use(fasterapi.WrapMiddleware(func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), aroundKey{}, "nearer")))
			})
		})))
		app.Mount("/mounted", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			value, _ := r.Context().Value(aroundKey{}).(string)
			_, _ = w.Write([]byte(value))
		}))
	})
	defer func() { require.NoError(t, app.Stop(context.Background())) }()
	inner := app.Handler()
	around := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		inner.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), aroundKey{}, "around")))
	})
	for path, want := range map[string]string{
		"/goroutine": "around around", "/coroutine": "around around", "/chain": "around around", "/wrapped": "nearer nearer", "/mounted/x": "around",
	} {
		w := httptest.NewRecorder()
		around.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, http.NoBody))
		require.Equal(t, want, w.Body.String(), path)
	}
}
