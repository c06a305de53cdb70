package tests

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/fasterapitest"
)

type photo struct {
	Title string `json:"title"`
	Size  int64  `json:"size"`
}

// newApp is the service under test.
func newApp() *fasterapi.App {
	app := fasterapi.New(fasterapi.Config{Cores: 1})
	app.Post("/photos", func(_ *fasterapi.Ctx, in struct {
		Title string           `form:"title"`
		Photo fasterapi.Upload `file:"photo" accept:"image/*"`
	},
	) (photo, error) {
		return photo{in.Title, in.Photo.Size}, nil
	})
	app.Post("/login", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.None, error) {
		c.SetCookie(&http.Cookie{Name: "session", Value: "s1", Path: "/", Secure: true, HttpOnly: true})
		return fasterapi.None{}, nil
	})
	app.Get("/me", func(_ *fasterapi.Ctx, in struct {
		Session string `cookie:"session"`
		Token   string `header:"Authorization"`
	},
	) (fasterapi.Text, error) {
		return fasterapi.Text(in.Session + in.Token), nil
	})
	app.Get("/photos.jsonl", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.JSONLines[photo], error) {
		return func(yield func(photo, error) bool) {
			_ = yield(photo{"one", 1}, nil) && yield(photo{"two", 2}, nil)
		}, nil
	})
	app.Get("/events", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.SSE[photo], error) {
		return fasterapi.SSE[photo]{Send: func(s *fasterapi.EventSender[photo]) error {
			return s.Send(fasterapi.Event[photo]{Name: "new", Data: photo{"one", 1}})
		}}, nil
	})
	return app
}

// snippet: upload

func TestUpload(t *testing.T) {
	path := filepath.Join(t.TempDir(), "me.png")
	require.NoError(t, os.WriteFile(path, []byte("not really a picture"), 0o600))
	file, err := os.Open(path) // it is closed when it was sent
	require.NoError(t, err)

	c := fasterapitest.New(t, newApp())
	got := c.Post("/photos", fasterapitest.Multipart{
		{Name: "title", Value: "me"},
		{Name: "photo", Filename: "me.png", Type: "image/png", Content: file},
	}).Expect(200).JSON[photo]()
	require.Equal(t, photo{"me", 20}, got)

	refused := c.Post("/photos", fasterapitest.Multipart{
		{Name: "title", Value: "me"},
		{Name: "photo", Filename: "me.txt", Type: "text/plain", Value: "a short one may stand here"},
	}).Expect(422)
	require.Equal(t, []string{"file.photo"}, refused.Problem().Locations())
}

// end snippet

// snippet: session

func TestLogin(t *testing.T) {
	c := fasterapitest.New(t, newApp())
	require.Equal(t, "Bearer t1", c.Bearer("t1").Get("/me").Text())

	c.Post("/login", nil).Expect(204)
	require.Equal(t, "s1", c.Cookie("session"))
	require.Equal(t, "s1", c.Get("/me").Text())

	other := c.Fresh()
	require.Empty(t, other.Get("/me").Text())
	other.SetCookie("session", "forged")
	require.Equal(t, "forged", other.Get("/me").Text())
}

// end snippet

// snippet: streams

func TestStreams(t *testing.T) {
	c := fasterapitest.New(t, newApp()).Within(5 * time.Second) // for each line and event
	lines, titles := c.Lines("/photos.jsonl"), ""
	for p, ok := lines.Next[photo](); ok; p, ok = lines.Next[photo]() {
		titles += fmt.Sprint(p.Title, " ")
	}
	require.NoError(t, lines.Err(), "it was completed")
	require.Equal(t, "one two ", titles)

	events := c.Events("/events")
	event, ok := events.Next()
	require.True(t, ok)
	require.Equal(t, "new", event.Name)
	require.Equal(t, photo{"one", 1}, event.JSON[photo](t))
	_, ok = events.Next()
	require.False(t, ok)
	require.NoError(t, events.Err())
}

// end snippet
