package hazards

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/db/sqlite"
)

// postbox is a Mailer that reports what it was asked to send.
type postbox chan string

func (p postbox) Send(ctx context.Context, to, text string) error {
	p <- fmt.Sprint(to, ": ", text, " ", ctx.Err())
	return nil
}

// TestRight runs every example that the pages call right.
func TestRight(t *testing.T) {
	path := filepath.Join(t.TempDir(), "note.txt")
	require.NoError(t, os.WriteFile(path, []byte("a note"), 0o600))
	pool, err := sqlite.Open(sqlite.Memory, sqlite.Config{})
	require.NoError(t, err)
	_, err = pool.Exec(t.Context(), "CREATE TABLE users (id INTEGER PRIMARY KEY)").Await(t.Context())
	require.NoError(t, err)
	mail := make(postbox, 1)

	app := fasterapi.New(fasterapi.Config{Addr: "127.0.0.1:0", Cores: 1, Logger: slog.New(slog.DiscardHandler)})
	app.Provide(pool)
	app.Provide(mail)
	app.Get("/signup", signup)
	app.Get("/file", file, fasterapi.OnReactor())
	app.Get("/size", size)
	app.Get("/total", total, fasterapi.OnReactor())
	server, err := app.Start()
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		require.NoError(t, server.Shutdown(ctx))
		require.NoError(t, pool.Close(ctx))
	})

	get := func(path string) string {
		response, err := http.Get("http://" + server.Addr().String() + path)
		require.NoError(t, err)
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		require.Less(t, response.StatusCode, 300, string(body))
		return string(body)
	}
	get("/signup?email=ada@example.com")
	require.Contains(t, <-mail, "ada@example.com: Welcome to 127.0.0.1")
	require.Equal(t, "a note", get("/file?name="+path))
	require.Equal(t, "a note", get("/size?name="+path))
	require.Equal(t, "0", strings.TrimSpace(get("/total")))
}

// The wrong halves only have to compile.
var (
	_ = signupWrong
	_ = fileWrong
	_ = sizeWrong
	_ = totalWrong
)
