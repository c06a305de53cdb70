package fasterapitest_test

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/fasterapitest"
	"github.com/fasterapi/fasterapi/internal/test/leaks"
	"github.com/fasterapi/fasterapi/problem"
)

func TestMain(m *testing.M) { leaks.Main(m) }

// greeter is what the app greets with; tests replace it.
type greeter struct{ word string }

type greeting struct {
	Text string `json:"text"`
	From string `json:"from,omitempty"`
}

func newApp(cfg fasterapi.Config) *fasterapi.App {
	app := fasterapi.New(cfg)
	app.Provide(greeter{"hello"})
	app.Get("/greet/{name}", func(c *fasterapi.Ctx, in struct {
		Name string  `path:"name" maxLength:"10"`
		By   greeter `inject:""`
		From string  `header:"X-From"`
	},
	) (greeting, error) {
		if in.Name == "nobody" {
			return greeting{}, problem.NotFound("nobody is here")
		}
		c.SetCookie(&http.Cookie{Name: "seen", Value: in.Name, Path: "/"})
		return greeting{in.By.word + " " + in.Name, in.From}, nil
	})
	app.Post("/echo", func(_ *fasterapi.Ctx, in struct {
		Body greeting `body:""`
	},
	) (greeting, error) {
		return in.Body, nil
	}, fasterapi.OnReactor())
	app.Post("/form", func(_ *fasterapi.Ctx, in struct {
		Name string `form:"name"`
	},
	) (fasterapi.Text, error) {
		return fasterapi.Text(in.Name), nil
	})
	app.Get("/seen", func(_ *fasterapi.Ctx, in struct {
		Seen string `cookie:"seen"`
	},
	) (fasterapi.Text, error) {
		return fasterapi.Text(in.Seen), nil
	})
	app.Get("/ticks", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.SSE[int], error) {
		return fasterapi.SSE[int]{Events: func(yield func(fasterapi.Event[int], error) bool) {
			for i := range 3 {
				if !yield(fasterapi.Event[int]{Name: "tick", ID: fmt.Sprint("n", i), Data: i}, nil) {
					return
				}
			}
		}}, nil
	})
	app.Get("/for-ever", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.SSE[string], error) {
		return fasterapi.SSE[string]{Send: func(s *fasterapi.EventSender[string]) error {
			if err := s.Send(fasterapi.Event[string]{Data: "one\ntwo"}); err != nil {
				return err
			}
			<-c.Done()
			return c.Err()
		}}, nil
	})
	app.Get("/broken", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Stream, error) {
		return fasterapi.Stream{Write: func(w *fasterapi.StreamWriter) error {
			_, err := w.WriteString("half")
			return errors.Join(err, w.Flush(), errors.New("lost"))
		}}, nil
	})
	app.Get("/upgrade", upgrade)
	return app
}

// upgrade speaks a protocol that repeats lines.
func upgrade(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.None, error) {
	conn, _, err := c.Hijack()
	if err != nil {
		return fasterapi.None{}, err
	}
	go func() {
		defer conn.Close()
		_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: lines\r\n\r\n")
		line := make([]byte, 5)
		if _, err := io.ReadFull(conn, line); err == nil {
			_, _ = conn.Write(line)
		}
	}()
	return fasterapi.None{}, nil
}

func TestClient(t *testing.T) {
	fasterapitest.Run(t, newApp, func(t *testing.T, c *fasterapitest.Client) {
		require.Equal(t, greeting{Text: "hello ann"}, c.Get("/greet/ann").Expect(200).JSON[greeting]())
		require.Equal(t, "ann", c.Get("/seen").Expect(200).Text(), "cookies are kept")
		require.Equal(t, "me", c.With("X-From", "me").Get("/greet/ann").JSON[greeting]().From)
		require.Equal(t, greeting{Text: "x"}, c.Post("/echo", greeting{Text: "x"}).Expect(200).JSON[greeting]())
		require.Equal(t, 422, c.Post("/echo", `{"text":`).Status)
		require.Equal(t, "bob", c.Post("/form", url.Values{"name": {"bob"}}).Expect(200).Text())

		p := c.Get("/greet/a-very-long-name").Expect(422).Problem()
		require.Equal(t, []string{"path.name"}, p.Locations())
		require.Equal(t, "nobody is here", c.Get("/greet/nobody").Expect(404).Problem().Detail)
		require.Equal(t, 405, c.Delete("/echo").Status)

		request, err := http.NewRequestWithContext(t.Context(), http.MethodHead, "/greet/ann", nil)
		require.NoError(t, err)
		head := c.Do(request).Expect(200)
		require.Empty(t, head.Body)
		require.Equal(t, "application/json", head.Header.Get("Content-Type"))
	})
}

func TestEvents(t *testing.T) {
	fasterapitest.Run(t, newApp, func(t *testing.T, c *fasterapitest.Client) {
		events := c.Events("/ticks")
		for i := range 3 {
			event, ok := events.Next()
			require.True(t, ok)
			require.Equal(t, "tick", event.Name)
			require.Equal(t, fmt.Sprint("n", i), event.ID)
			require.Equal(t, i, event.JSON[int](t))
		}
		_, ok := events.Next()
		require.False(t, ok)

		open := c.Events("/for-ever")
		event, ok := open.Next()
		require.True(t, ok, "events come while the stream is open")
		require.Equal(t, "one\ntwo", event.Data)
		open.Close()
	})
}

func TestBrokenStream(t *testing.T) {
	fasterapitest.Run(t, newApp, func(t *testing.T, c *fasterapitest.Client) {
		response, err := c.HTTP().Get(c.URL("/broken"))
		require.NoError(t, err)
		defer response.Body.Close()
		got, err := io.ReadAll(response.Body)
		require.Error(t, err)
		require.Equal(t, "half", string(got))
	})
}

func TestUpgrade(t *testing.T) {
	fasterapitest.Run(t, newApp, func(t *testing.T, c *fasterapitest.Client) {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, c.URL("/upgrade"), nil)
		require.NoError(t, err)
		request.Header.Set("Connection", "Upgrade")
		request.Header.Set("Upgrade", "lines")
		response, err := c.HTTP().Do(request)
		require.NoError(t, err)
		defer response.Body.Close()
		require.Equal(t, http.StatusSwitchingProtocols, response.StatusCode)
		conn, ok := response.Body.(io.ReadWriteCloser)
		require.True(t, ok)
		_, err = io.WriteString(conn, "line\n")
		require.NoError(t, err)
		line := make([]byte, 5)
		_, err = io.ReadFull(conn, line)
		require.NoError(t, err)
		require.Equal(t, "line\n", string(line))
	})
}

func TestOverride(t *testing.T) {
	app := newApp(fasterapi.Config{Logger: fasterapitest.Logger(t)})
	app.Override(greeter{"bye"})
	require.Equal(t, "bye ann", fasterapitest.New(t, app).Get("/greet/ann").JSON[greeting]().Text)
}

// recorder is a test whose failure is looked at.
type recorder struct {
	testing.TB
	failure string
}

func (r *recorder) Helper()           {}
func (r *recorder) Fatal(args ...any) { r.failure = fmt.Sprint(args...); panic(r) }
func (r *recorder) Fatalf(format string, args ...any) {
	r.failure = fmt.Sprintf(format, args...)
	panic(r)
}
func (r *recorder) Errorf(format string, args ...any) { r.failure = fmt.Sprintf(format, args...) }

// failing runs test and returns how it fails.
func failing(t *testing.T, test func(r *recorder)) string {
	t.Helper()
	r := &recorder{TB: t}
	func() {
		defer func() {
			if v := recover(); v != nil && v != any(r) {
				panic(v)
			}
		}()
		test(r)
	}()
	require.NotEmpty(t, r.failure, "the test must fail")
	return r.failure
}

// TestFailures: what is wrong is said.
func TestFailures(t *testing.T) {
	c := fasterapitest.New(t, newApp(fasterapi.Config{Logger: fasterapitest.Logger(t)}))
	for want, test := range map[string]func(*fasterapitest.Client){
		"GET /greet/nobody: status 404, not 200": func(c *fasterapitest.Client) { c.Get("/greet/nobody").Expect(200) },
		"is no int":                              func(c *fasterapitest.Client) { c.Get("/greet/ann").JSON[int]() },
		"unknown object member":                  func(c *fasterapitest.Client) { c.Get("/greet/ann").JSON[struct{}]() },
		"is no problem document":                 func(c *fasterapitest.Client) { c.Get("/greet/ann").Problem() },
		"is no stream of events":                 func(c *fasterapitest.Client) { c.Events("/seen") },
		"encode the body":                        func(c *fasterapitest.Client) { c.Post("/echo", func() {}) },
	} {
		require.Contains(t, failing(t, func(r *recorder) { test(c.In(r)) }), want)
	}
	require.Contains(t, failing(t, func(r *recorder) {
		app := fasterapi.New(fasterapi.Config{})
		app.Get("no-slash", upgrade)
		fasterapitest.New(r, app)
	}), "no-slash")
}

func TestGolden(t *testing.T) {
	path := filepath.Join(t.TempDir(), "folder", "golden.txt")
	require.Contains(t, failing(t, func(r *recorder) { fasterapitest.Golden(r, path, []byte("a")) }), "UPDATE_GOLDEN=1")
	t.Setenv("UPDATE_GOLDEN", "1")
	fasterapitest.Golden(t, path, []byte("a\nb\n"))
	t.Setenv("UPDATE_GOLDEN", "")
	fasterapitest.Golden(t, path, []byte("a\nb\n"))
	require.Contains(t, failing(t, func(r *recorder) { fasterapitest.Golden(r, path, []byte("a\nc\n")) }), "line 2")
	require.Contains(t, failing(t, func(r *recorder) { fasterapitest.Golden(r, path, []byte("a\nb")) }), "(the end)")

	t.Setenv("UPDATE_GOLDEN", "1")
	document := filepath.Join(t.TempDir(), "openapi.yaml")
	fasterapitest.GoldenOpenAPI(t, newApp(fasterapi.Config{Title: "Greeter"}), document)
	text, err := os.ReadFile(document)
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(string(text), "openapi: \"3.1.1\"\ninfo:\n  title: Greeter\n"))
}

func BenchmarkGet(b *testing.B) {
	c := fasterapitest.New(b, newApp(fasterapi.Config{Cores: 1}))
	b.ReportAllocs()
	for b.Loop() {
		c.Get("/greet/ann")
	}
}

// TestDurations: bodies with durations are sent and read as the app reads and
// writes them.
func TestDurations(t *testing.T) {
	type pause struct {
		For time.Duration `json:"for"`
	}
	app := fasterapi.New(fasterapi.Config{Cores: 1, Logger: fasterapitest.Logger(t)})
	app.Post("/pause", func(_ *fasterapi.Ctx, in struct {
		Body pause `body:""`
	},
	) (pause, error) {
		return pause{2 * in.Body.For}, nil
	})
	c := fasterapitest.New(t, app)
	require.Equal(t, pause{time.Minute}, c.Post("/pause", pause{30 * time.Second}).Expect(200).JSON[pause]())
}

// TestRunSecure: an app with TLS is asked over TLS where there is a socket of its own.
func TestRunSecure(t *testing.T) {
	server := httptest.NewUnstartedServer(nil)
	server.StartTLS()
	defer server.Close()
	for _, mode := range []fasterapitest.Mode{fasterapitest.OneReactor(), fasterapitest.FourReactors()} {
		fasterapitest.Run(t, func(cfg fasterapi.Config) *fasterapi.App {
			cfg.TLS = &tls.Config{Certificates: server.TLS.Certificates}
			app := fasterapi.New(cfg)
			app.Get("/", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.Text, error) {
				return fasterapi.Text(fmt.Sprint(c.Secure())), nil
			})
			return app
		}, func(t *testing.T, c *fasterapitest.Client) {
			require.Equal(t, "true", c.Get("/").Text())
		}, mode)
	}
}
