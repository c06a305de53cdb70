package browsertest

import (
	"context"
	"encoding/json/v2"
	"log/slog"
	"os"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/problem"
)

type user struct {
	ID    int64     `json:"id"`
	Name  string    `json:"name" doc:"as the user writes it" example:"Ada"`
	Since time.Time `json:"since"`
}

type getUser struct {
	ID      int64 `path:"id" minimum:"1" example:"7" doc:"user id"`
	Verbose bool  `query:"verbose" default:"false"`
}

func serve(t *testing.T) string {
	t.Helper()
	app := fasterapi.New(fasterapi.Config{
		Title: "Users", Version: "1.2.3", Description: "Who is **who**.", Addr: "127.0.0.1:0", Cores: 1,
		Logger: slog.New(slog.DiscardHandler),
	})
	users := app.Group("/users", fasterapi.Tags("users"))
	users.Get("/{id}", func(_ *fasterapi.Ctx, in getUser) (user, error) {
		if in.ID > 100 {
			return user{}, problem.NotFound("no such user")
		}
		return user{ID: in.ID, Name: "Ada", Since: time.Unix(0, 0).UTC()}, nil
	}, fasterapi.OperationID("getUser"))
	users.Post("/", func(_ *fasterapi.Ctx, in struct {
		Body user `body:""`
	},
	) (user, error) {
		return in.Body, nil
	}, fasterapi.OperationID("createUser"), fasterapi.Status(201))
	server, err := app.Start()
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		require.NoError(t, server.Shutdown(ctx))
	})
	return "http://" + server.Addr().String()
}

// TestDocs opens the docs page, tries a request and sees the typed answer, and the
// problem of a wrong one; nothing leaves the machine.
func TestDocs(t *testing.T) {
	base := serve(t)
	b := open(t)
	b.do(t, chromedp.Navigate(base+"/docs"))
	const get = "#operations-users-getUser"
	b.waitFor(t, "document.querySelector('"+get+"')")
	require.Contains(t, b.text(t, ".info .title"), "Users")
	require.Contains(t, b.text(t, ".info"), "1.2.3")
	require.Contains(t, b.text(t, get), "/users/{id}")

	b.do(t, chromedp.Click(get+" .opblock-summary-control"))
	b.waitFor(t, "document.querySelector('"+get+" button.execute')")
	b.waitForText(t, get, "user id")
	b.waitForText(t, get+" .responses-wrapper", "The request is not valid")
	b.do(t, chromedp.Click(get+" button.execute"))
	b.waitFor(t, "document.querySelector('"+get+" .live-responses-table .response')")
	require.Equal(t, "200", b.text(t, get+" .live-responses-table .response .response-col_status")[:3])
	var got user
	answer := b.text(t, get+" .live-responses-table .highlight-code code")
	require.NoError(t, json.Unmarshal([]byte(answer), &got), answer)
	require.Equal(t, user{ID: 7, Name: "Ada", Since: time.Unix(0, 0).UTC()}, got)
	require.Contains(t, b.asked(), base+"/users/7?verbose=false")

	const post = "#operations-users-createUser"
	b.do(t, chromedp.Click(post+" .opblock-summary-control"))
	b.waitForText(t, post, "Request body")
	b.waitFor(t, "document.querySelector('"+post+" button.execute')")
	b.do(t, chromedp.Click(post+" button.execute"))
	b.waitFor(t, "document.querySelector('"+post+" .live-responses-table .response')")
	require.Equal(t, "201", b.text(t, post+" .live-responses-table .response .response-col_status")[:3],
		"the body that the page proposes is one that the service takes")
	b.requireLocal(t, base)

	if path := os.Getenv("SCREENSHOT"); path != "" {
		picture, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(path, picture, 0o600))
	}
}
