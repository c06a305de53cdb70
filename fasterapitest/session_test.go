package fasterapitest_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/fasterapitest"
)

// sent is what an upload handler has got.
type sent struct {
	Title string   `json:"title"`
	Files []string `json:"files"`
	Size  int64    `json:"size"`
}

func newUploads(cfg fasterapi.Config) *fasterapi.App {
	app := fasterapi.New(cfg)
	app.Post("/files", func(_ *fasterapi.Ctx, in struct {
		Title string             `form:"title"`
		Files []fasterapi.Upload `file:"file"`
	},
	) (sent, error) {
		out := sent{Title: in.Title}
		for _, f := range in.Files {
			text := make([]byte, min(f.Size, 5))
			if _, err := io.ReadFull(f.Open(), text); err != nil {
				return out, err
			}
			out.Files = append(out.Files, fmt.Sprintf("%s %s %s", f.Name, f.ContentType, text))
			out.Size += f.Size
		}
		return out, nil
	}, fasterapi.MaxBody(64<<20))
	app.Post("/refused", func(c *fasterapi.Ctx, in struct {
		Key string `header:"X-Key" required:"true"`
	},
	) (fasterapi.None, error) {
		return fasterapi.None{}, nil
	})
	app.Post("/raw", func(c *fasterapi.Ctx, _ fasterapi.None) (int64, error) { return io.Copy(io.Discard, c.Body()) })
	app.Post("/login", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.None, error) {
		c.SetCookie(&http.Cookie{Name: "session", Value: "s1", Path: "/", Secure: true, HttpOnly: true})
		return fasterapi.None{}, nil
	})
	app.Get("/who", func(_ *fasterapi.Ctx, in struct {
		Session string `cookie:"session"`
		Token   string `header:"Authorization"`
	},
	) (string, error) {
		return in.Session + "," + in.Token, nil
	})
	return app
}

// closing tells whether it was closed.
type closing struct {
	io.Reader
	closed chan struct{}
}

func (c closing) Close() error { close(c.closed); return nil }

// TestMultipart: fields and files arrive as they were given; a large file is streamed, and one that nobody
// reads is given up.
func TestMultipart(t *testing.T) {
	fasterapitest.Run(t, newUploads, func(t *testing.T, c *fasterapitest.Client) {
		const large = 20 << 20
		file := closing{io.LimitReader(repeated('x'), large), make(chan struct{})}
		got := c.Post("/files", fasterapitest.Multipart{
			{Name: "title", Value: "größer"},
			{Name: "file", Filename: `a "b".txt`, Type: "text/plain", Value: "hello"},
			{Name: "file", Filename: "x.bin", Content: file},
		}).Expect(200).JSON[sent]()
		require.Equal(t, sent{"größer", []string{`a "b".txt text/plain hello`, "x.bin application/octet-stream xxxxx"}, large + 5}, got)
		<-file.closed

		c.Post("/files", fasterapitest.Multipart{{Name: "unknown", Filename: "x", Content: strings.NewReader("x")}}).Expect(200)
		c.Post("/refused", fasterapitest.Multipart{{Name: "file", Filename: "x", Content: strings.NewReader("x")}}).Expect(422)
		require.Equal(t, "5", c.Post("/raw", io.MultiReader(strings.NewReader("he"), strings.NewReader("llo"))).Expect(200).Text(), "a body of unknown length")
	})
}

// repeated is one byte for ever.
type repeated byte

func (r repeated) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(r)
	}
	return len(p), nil
}

// TestSession: a token, cookies that are Secure, and another browser.
func TestSession(t *testing.T) {
	fasterapitest.Run(t, newUploads, func(t *testing.T, c *fasterapitest.Client) {
		require.Empty(t, c.Cookie("session"))
		c.Post("/login", nil).Expect(204)
		require.Equal(t, "s1", c.Cookie("session"))
		require.Equal(t, `"s1,Bearer t1"`, c.Bearer("t1").Get("/who").Text())
		require.Equal(t, `"s1,Bearer t2"`, c.Bearer("t1").Bearer("t2").Get("/who").Text())
		other := c.Bearer("t1").Fresh()
		require.Equal(t, `",Bearer t1"`, other.Get("/who").Text())
		other.SetCookie("session", "s2")
		require.Equal(t, `"s2,Bearer t1"`, other.Get("/who").Text())
		require.Equal(t, "s1", c.Cookie("session"))
		other.SetCookie("session", "")
		require.Empty(t, other.Cookie("session"))
	}, fasterapitest.InProcess(), fasterapitest.OneReactor())
}

var errSource = errors.New("the source has failed")

// newStreams has streams that end, that are broken off once their first line was read, and that say
// nothing.
func newStreams(cfg fasterapi.Config, seen <-chan struct{}) *fasterapi.App {
	app := fasterapi.New(cfg)
	app.Get("/lines/{end}", func(c *fasterapi.Ctx, in struct {
		End string `path:"end"`
	},
	) (fasterapi.JSONLines[say], error) {
		return func(yield func(say, error) bool) {
			if !yield(say{"one"}, nil) {
				return
			}
			switch in.End {
			case "broken":
				<-seen
				yield(say{}, errSource)
			case "silent":
				<-c.Done()
			}
		}, nil
	})
	app.Get("/events/{end}", func(c *fasterapi.Ctx, in struct {
		End string `path:"end"`
	},
	) (fasterapi.SSE[say], error) {
		return fasterapi.SSE[say]{Send: func(s *fasterapi.EventSender[say]) error {
			err := s.Send(fasterapi.Event[say]{Data: say{"one"}})
			if err == nil && in.End == "silent" {
				<-c.Done()
			}
			return err
		}}, nil
	})
	app.Get("/answer/silent", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.None, error) {
		<-c.Done()
		return fasterapi.None{}, c.Err()
	})
	app.WebSocket("/socket/{end}", func(c *fasterapi.Ctx, in struct {
		End string `path:"end"`
	}, ws *fasterapi.Socket[say, say],
	) error {
		if err := ws.Accept(); err != nil || in.End == "ended" {
			return err
		}
		<-c.Done()
		return nil
	})
	return app
}

// TestEndsOfStreams: the end of a stream, one that is broken off, and one that says nothing are three things.
func TestEndsOfStreams(t *testing.T) {
	seen := make(chan struct{})
	build := func(cfg fasterapi.Config) *fasterapi.App { return newStreams(cfg, seen) }
	fasterapitest.Run(t, build, func(t *testing.T, c *fasterapitest.Client) {
		for end, broken := range map[string]bool{"ended": false, "broken": true} {
			lines := c.Lines("/lines/" + end)
			got, ok := lines.Next[say]()
			require.True(t, ok)
			require.Equal(t, say{"one"}, got)
			if broken {
				seen <- struct{}{}
			}
			_, ok = lines.Next[say]()
			require.False(t, ok)
			require.Equal(t, broken, lines.Err() != nil, "%s: %v", end, lines.Err())
		}
		events := c.Events("/events/ended")
		event, ok := events.Next()
		require.True(t, ok)
		require.Equal(t, say{"one"}, event.JSON[say](t))
		_, ok = events.Next()
		require.False(t, ok)
		require.NoError(t, events.Err())

		const short = 100 * time.Millisecond
		silent := func(r *recorder) *fasterapitest.Client { return c.In(r).Within(short) }
		require.Contains(t, failing(t, func(r *recorder) {
			lines := silent(r).Lines("/lines/silent")
			lines.Next[say]()
			lines.Next[say]()
		}), "within 100ms: the stream is still open")
		require.Contains(t, failing(t, func(r *recorder) {
			events := silent(r).Events("/events/silent")
			events.Next()
			events.Next()
		}), "within 100ms: the stream is still open")
		require.Contains(t, failing(t, func(r *recorder) { silent(r).Get("/answer/silent") }), "no answer within 100ms")
		require.Contains(t, failing(t, func(r *recorder) { silent(r).Get("/lines/silent") }), "within 100ms")
		require.Contains(t, failing(t, func(r *recorder) { silent(r).WebSocket("/socket/silent").Receive() }), "within 100ms")
		require.Contains(t, failing(t, func(r *recorder) { c.In(r).WebSocket("/socket/ended").Receive() }), "closed the WebSocket with 1000")
		require.Contains(t, failing(t, func(r *recorder) { c.In(r).Lines("/events/ended") }), "is no stream of lines")
	})
}
