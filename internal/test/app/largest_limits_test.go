package app_test

import (
	"math"
	"mime/multipart"
	"strings"
	"testing"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
)

// TestLargestLimits: a limit that is the largest number is none, and leaves nothing out.
func TestLargestLimits(t *testing.T) {
	everySocketMode(t, func(app *fasterapi.App) {
		app.Post("/form", func(_ *fasterapi.Ctx, in struct {
			Name string `form:"name"`
		},
		) (fasterapi.Text, error) {
			return fasterapi.Text(in.Name), nil
		}, fasterapi.MaxBody(math.MaxInt64), fasterapi.LimitForm(fasterapi.FormLimits{
			Parts: math.MaxInt, Files: math.MaxInt, HeaderBytes: math.MaxInt, FieldBytes: math.MaxInt64, MemoryBytes: math.MaxInt64,
		}))
		app.Post("/body", func(_ *fasterapi.Ctx, in struct {
			Person struct {
				Name string `json:"name"`
			} `body:""`
		},
		) (fasterapi.Text, error) {
			return fasterapi.Text(in.Person.Name), nil
		}, fasterapi.MaxBody(math.MaxInt64))
		app.WebSocket("/echo", echoSocket[fasterapi.Message], fasterapi.MaxMessage(math.MaxInt), fasterapi.CompressMessages())
	}, func(t *testing.T, s service) {
		ws := dialSocket(t, s, "/echo", &websocket.DialOptions{CompressionMode: websocket.CompressionNoContextTakeover, CompressionThreshold: 1})
		long := strings.Repeat("tea ", 1000)
		require.NoError(t, ws.Write(t.Context(), websocket.MessageText, []byte(long)))
		_, got, err := ws.Read(t.Context())
		require.NoError(t, err)
		require.Equal(t, long, string(got))
		require.NoError(t, ws.CloseNow())
		require.Equal(t, "Ada", s.do("POST", "/body", `{"name":"Ada"}`, "Content-Type", "application/json").body)
		for _, name := range []string{"Ada", strings.Repeat("Ada", 100_000)} { // one that is collected, one that is not
			require.Equal(t, name, s.do("POST", "/form", "name="+name, "Content-Type", "application/x-www-form-urlencoded").body)
		}
		require.Equal(t, "Ada", s.post("/form", func(w *multipart.Writer) { require.NoError(t, w.WriteField("name", "Ada")) }).body)
	})
}
