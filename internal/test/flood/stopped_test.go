package flood_test

import (
	"log/slog"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/middleware"
)

// TestHandlerOfStoppedApp: what App.Handler answers behind the stop: 503 for what needs a reactor, without middleware, and goroutines run.
func TestHandlerOfStoppedApp(t *testing.T) {
	app := fasterapi.New(fasterapi.Config{Cores: 1, Logger: slog.New(slog.DiscardHandler)})
	app.Use(middleware.RequestID(middleware.RequestIDConfig{}))
	fine := func(*fasterapi.Ctx, fasterapi.None) (fasterapi.None, error) { return fasterapi.None{}, nil }
	app.Get("/goroutine", fine)
	app.Get("/reactor", fine, fasterapi.OnReactor())
	handler := app.Handler()
	require.NoError(t, app.Stop(t.Context()))
	for path, status := range map[string]int{"/goroutine": 204, "/reactor": 503} {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		require.Equal(t, status, w.Code, path)
		require.Equal(t, status == 503, w.Header().Get("X-Request-Id") == "", path)
	}
}
