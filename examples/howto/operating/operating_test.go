package operating

import (
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/fasterapitest"
	"github.com/fasterapi/fasterapi/logs"
	"github.com/fasterapi/fasterapi/secret"
)

// TestOperating asks what docs/how-to/admin.md asks.
func TestOperating(t *testing.T) {
	t.Setenv("ADMIN_ADDR", "127.0.0.1:0")
	log, err := logs.New(logs.Config{Writer: io.Discard, Levels: &logs.Levels{}})
	require.NoError(t, err)
	app, panel := newApp(fasterapi.Config{Cores: 1, Logger: log}, settings{secret.Of("postgres://ann:hunter2@db/songs"), secret.Of("sixteen characters")})
	c := fasterapitest.New(t, app)
	ask := func(method, path, body string) string {
		request, err := http.NewRequestWithContext(t.Context(), method, "http://"+panel.Addr().String()+path, strings.NewReader(body))
		require.NoError(t, err)
		request.Header.Set("Authorization", "Bearer sixteen characters")
		response, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		defer response.Body.Close()
		text, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		require.Equal(t, 200, response.StatusCode, string(text))
		return string(text)
	}
	require.Contains(t, ask("GET", "/routes", ""), `"style":"coroutine","middleware":0,"inputs":["path.id int64, required"]`)
	config := ask("GET", "/config", "")
	require.Contains(t, config, `"settings":{"AdminToken":"***","DatabaseURL":"***"}`)
	require.NotContains(t, config, "hunter2")
	require.Contains(t, ask("PUT", "/logs/levels", `{"name": "db", "level": "DEBUG"}`), `{"name":"db","level":"DEBUG","own":true}`)
	require.Equal(t, slog.LevelDebug, logs.LevelsOf(log).Of("db/pg"))
	require.Equal(t, "Waterloo", c.Get("/songs/7").Expect(200).Text())
	c.Get("/routes").Expect(404)
}
