package app_test

import (
	"bufio"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/fasterapitest"
	"github.com/fasterapi/fasterapi/internal/test/onefield"
	"github.com/fasterapi/fasterapi/problem"
)

// legacy is an application of another time.
func legacy() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Legacy", "yes")
		fmt.Fprintf(w, "%s %s %s %s %t", r.Method, r.URL.Path, r.URL.RawPath, r.URL.RawQuery, fasterapi.FromRequest(r) != nil)
	})
	mux.HandleFunc("/echo", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Length", fmt.Sprint(r.ContentLength))
		_, _ = io.Copy(w, r.Body)
	})
	mux.HandleFunc("/status", func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "a", Value: "1"})
		http.SetCookie(w, &http.Cookie{Name: "b", Value: "2"})
		http.Error(w, "short and stout", http.StatusTeapot)
	})
	mux.HandleFunc("/nothing", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusNoContent) })
	mux.HandleFunc("/silent", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("/head", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "12345")
		if r.Method != http.MethodHead {
			_, _ = io.WriteString(w, strings.Repeat("x", 12345))
		}
	})
	mux.HandleFunc("/live", func(w http.ResponseWriter, r *http.Request) {
		for i := range 3 {
			fmt.Fprintln(w, i)
			if err := http.NewResponseController(w).Flush(); err != nil {
				panic(err)
			}
			if i < 2 {
				_, _ = io.ReadFull(r.Body, make([]byte, 1))
			}
		}
	})
	mux.HandleFunc("/short", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "10")
		_, _ = io.WriteString(w, "five.")
	})
	mux.HandleFunc("/abort", func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, strings.Repeat("x", 10_000))
		panic(http.ErrAbortHandler)
	})
	mux.HandleFunc("/hijack", func(w http.ResponseWriter, r *http.Request) {
		conn, buffered, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(err)
		}
		defer conn.Close()
		line, _ := buffered.ReadString('\n')
		_, _ = buffered.WriteString(strings.ToUpper(line))
		_ = buffered.Flush()
	})
	return mux
}

func TestMount(t *testing.T) {
	everyProtocol(t, func(app *fasterapi.App) {
		app.Mount("/legacy", legacy(), fasterapi.MaxBody(32<<20))
		app.Get("/legacy/typed", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Text, error) { return "typed", nil })
		app.Group("/tenants/{tenant}/old").Mount("/app/", legacy())
	}, func(t *testing.T, s service) {
		for path, want := range map[string]string{
			"/legacy":                      "GET /  ",
			"/legacy/":                     "GET /  ",
			"/legacy/a/b?x=1&y":            "GET /a/b  x=1&y",
			"/legacy/a%2Fb/c":              "GET /a/b/c /a%2Fb/c ",
			"/%6Cegacy/a":                  "GET /a  ",
			"/tenants/acme/old/app/x":      "GET /x  ",
			"/tenants/a%2Fb/old/app/x%20y": "GET /x y  ",
		} {
			got := s.get(path)
			require.Equal(t, want+" true", got.body, path)
			require.Equal(t, "yes", got.header.Get("X-Legacy"))
			require.Equal(t, "text/plain; charset=utf-8", got.header.Get("Content-Type"), "as net/http guesses")
		}
		require.Equal(t, "typed", s.get("/legacy/typed").body, "the more specific route")
		for _, method := range []string{"DELETE", "PATCH", "OPTIONS", "PROPFIND"} {
			require.Equal(t, method+" /x   true", s.do(method, "/legacy/x", "").body)
		}
		teapot := s.get("/legacy/status")
		require.Equal(t, http.StatusTeapot, teapot.status)
		require.Equal(t, "short and stout\n", teapot.body)
		require.Equal(t, []string{"a=1", "b=2"}, teapot.header["Set-Cookie"])
		require.Equal(t, http.StatusNoContent, s.get("/legacy/nothing").status)
		require.Equal(t, http.StatusOK, s.get("/legacy/silent").status)
		require.Equal(t, "12345", s.do("HEAD", "/legacy/head", "").header.Get("Content-Length"))
		require.Len(t, s.get("/legacy/head").body, 12345)

		big := strings.Repeat("0123456789abcdef", 1<<20)
		got := s.do("POST", "/legacy/echo", big)
		require.Equal(t, big, got.body)
		require.Equal(t, fmt.Sprint(len(big)), got.header.Get("X-Length"))
		require.Equal(t, "small", s.do("PUT", "/legacy/echo", "small").body)
		requireBroken(t, s, "/legacy/short")
		requireBroken(t, s, "/legacy/abort")
		require.Equal(t, "typed", s.get("/legacy/typed").body, "the service goes on")
		fullDuplex(t, s)

		conn := dial(t, s)
		_, err := io.WriteString(conn, "GET /legacy/hijack HTTP/1.1\r\nHost: test\r\n\r\nhello\n")
		require.NoError(t, err)
		shouted, err := io.ReadAll(conn)
		require.NoError(t, err)
		require.Equal(t, "HELLO\n", string(shouted))
	})
}

// fullDuplex answers a body while it is still being sent.
func fullDuplex(t *testing.T, s service) {
	t.Helper()
	conn := dial(t, s)
	_, err := fmt.Fprintf(conn, "POST /legacy/live HTTP/1.1\r\nHost: test\r\nContent-Length: 1000000\r\n\r\n")
	require.NoError(t, err)
	response, err := onefield.ReadResponse(t, bufio.NewReader(conn), nil)
	require.NoError(t, err, "the head comes before the body was sent")
	defer response.Body.Close()
	body := bufio.NewReader(response.Body)
	for i := range 3 {
		line, err := body.ReadString('\n')
		require.NoError(t, err)
		require.Equal(t, fmt.Sprintln(i), line)
		if i < 2 {
			_, err = conn.Write([]byte("x"))
			require.NoError(t, err)
		}
	}
}

type gzipWriter struct {
	http.ResponseWriter
	zip *gzip.Writer
}

func (g gzipWriter) Write(p []byte) (int, error) { return g.zip.Write(p) }

// FlushError keeps streams live.
func (g gzipWriter) FlushError() error {
	return errors.Join(g.zip.Flush(), http.NewResponseController(g.ResponseWriter).Flush())
}

// compress is net/http middleware that wraps the writer.
func compress(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		g := gzipWriter{w, gzip.NewWriter(headDropper{w})}
		next.ServeHTTP(g, r)
		_ = g.zip.Close()
	})
}

// headDropper forgets the length of what is compressed.
type headDropper struct{ w http.ResponseWriter }

func (h headDropper) Write(p []byte) (int, error) { return h.w.Write(p) }

type traceKey struct{}

func TestWrapMiddleware(t *testing.T) {
	tag := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("X-Stop") != "" {
				http.Error(w, "stopped", http.StatusForbidden)
				return
			}
			w.Header().Set("X-Tag", "net/http")
			next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), traceKey{}, "t-1")))
			w.Header().Set("X-Late", "not sent with streams")
		})
	}
	trimmed := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(noLength{w}, r)
		})
	}
	everyProtocol(t, func(app *fasterapi.App) {
		app.Use(func(next fasterapi.Handler) fasterapi.Handler {
			return func(c *fasterapi.Ctx) error { c.AddHeader("X-Outer", "1"); return next(c) }
		}, fasterapi.WrapMiddleware(tag))
		styles(app, "/value", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.Text, error) {
			c.AddHeader("X-Inner", "1")
			return fasterapi.Text(fmt.Sprint(c.Value(traceKey{}), c.Value("nothing"))), nil
		})
		styles(app, "/fails", func(*fasterapi.Ctx, fasterapi.None) (user, error) { return user{}, problem.Conflict("no") })
		zipped := app.Group("/zipped")
		zipped.Use(fasterapi.WrapMiddleware(trimmed), fasterapi.WrapMiddleware(compress))
		zipped.Get("/text", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Text, error) { return "hello", nil })
		zipped.Get("/lines", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.JSONLines[int], error) {
			return func(yield func(int, error) bool) {
				for i := range 100_000 {
					if !yield(i, nil) {
						return
					}
				}
			}, nil
		})
		zipped.Get("/broken/{n}", func(_ *fasterapi.Ctx, in struct {
			N int `path:"n"`
		},
		) (fasterapi.JSONLines[int], error) {
			return func(yield func(int, error) bool) {
				for i := range in.N {
					if !yield(i, nil) {
						return
					}
				}
				yield(0, errors.New("lost"))
			}, nil
		})
		late := app.Group("/late")
		late.Use(fasterapi.WrapMiddleware(func(next http.Handler) http.Handler {
			return http.TimeoutHandler(next, 10*time.Millisecond, "too late")
		}))
		late.Get("/", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.Text, error) {
			<-c.Done()
			return "never seen", nil
		})
	}, func(t *testing.T, s service) {
		s.contract = nil // the middleware answers in its own words
		eachStyle(t, func(t *testing.T, prefix string) {
			got := s.get(prefix + "/value")
			require.Equal(t, "t-1<nil>", got.body)
			for _, name := range []string{"X-Outer", "X-Tag", "X-Inner", "X-Late"} {
				require.Len(t, got.header[name], 1, name)
			}
			require.Equal(t, "text/plain; charset=utf-8", got.header.Get("Content-Type"))
			require.Equal(t, "no", s.get(prefix+"/fails").problem(t).Detail)
			stopped := s.get(prefix+"/value", "X-Stop", "1")
			require.Equal(t, http.StatusForbidden, stopped.status)
			require.Equal(t, "stopped\n", stopped.body)
		})
		require.Equal(t, "net/http", s.get("/unknown").header.Get("X-Tag"), "around 404 too")
		require.Equal(t, "hello", s.get("/zipped/text").body)
		lines := strings.Split(s.get("/zipped/lines").body, "\n")
		require.Len(t, lines, 100_001)
		require.Equal(t, "99999", lines[99_999])
		requireBroken(t, s, "/zipped/broken/100000")
		require.Equal(t, 500, s.get("/zipped/broken/1").problem(t).Status, "nothing was sent yet")
		got := s.get("/late")
		require.Equal(t, http.StatusServiceUnavailable, got.status)
		require.Equal(t, "too late", got.body)
	})
}

// noLength drops the length that no longer holds.
type noLength struct{ http.ResponseWriter }

func (n noLength) WriteHeader(status int) {
	n.Header().Del("Content-Length")
	n.ResponseWriter.WriteHeader(status)
}

func (n noLength) Unwrap() http.ResponseWriter { return n.ResponseWriter }

func TestStatic(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "secret"), []byte("outside"), 0o600))
	require.NoError(t, os.Mkdir(filepath.Join(dir, "public"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "public", "on disk.txt"), []byte("disk"), 0o600))
	require.NoError(t, os.Symlink("../secret", filepath.Join(dir, "public", "link")))
	disk, err := os.OpenRoot(filepath.Join(dir, "public"))
	require.NoError(t, err)
	t.Cleanup(func() { disk.Close() })
	site := fstest.MapFS{
		"index.html":              {Data: []byte("<h1>home</h1>")},
		"app.js":                  {Data: []byte("run()")},
		"docs/index.html":         {Data: []byte("<h1>docs</h1>")},
		"empty/x.txt":             {Data: []byte("x")},
		".git/config":             {Data: []byte("secret")},
		".well-known/security":    {Data: []byte("contact")},
		"deep/.env":               {Data: []byte("secret")},
		"with space & ümlaut.txt": {Data: []byte("odd")},
	}
	everyProtocol(t, func(app *fasterapi.App) {
		app.Static("/assets", site, fasterapi.CacheControl("max-age=60"))
		app.Group("/app").Static("/", site, fasterapi.SPA("index.html"))
		app.Static("/disk/", disk.FS())
		app.Get("/assets/api", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Text, error) { return "api", nil })
	}, func(t *testing.T, s service) {
		got := s.get("/assets/app.js")
		require.Equal(t, "run()", got.body)
		require.Contains(t, got.header.Get("Content-Type"), "javascript")
		require.Equal(t, "max-age=60", got.header.Get("Cache-Control"))
		require.Equal(t, http.StatusNotModified, s.get("/assets/app.js", "If-None-Match", got.header.Get("ETag")).status)
		require.NotEqual(t, got.header.Get("ETag"), s.get("/assets/").header.Get("ETag"))
		require.Equal(t, "un(", s.get("/assets/app.js", "Range", "bytes=1-3").body)
		require.Equal(t, "5", s.do("HEAD", "/assets/app.js", "").header.Get("Content-Length"))
		require.Equal(t, http.StatusMethodNotAllowed, s.do("POST", "/assets/app.js", "").status)
		require.Equal(t, "api", s.get("/assets/api").body)
		require.Equal(t, "odd", s.get("/assets/with%20space%20%26%20%C3%BCmlaut.txt").body)
		require.Equal(t, "<h1>home</h1>", s.get("/assets/").body)
		require.Equal(t, "<h1>docs</h1>", s.get("/assets/docs/").body)
		require.Equal(t, "./docs/?a=1", s.get("/assets/docs?a=1").header.Get("Location"))
		require.Equal(t, "contact", s.get("/assets/.well-known/security").body)
		for _, path := range []string{
			"/assets/none", "/assets/empty", "/assets/empty/", "/assets/.git/config", "/assets/deep/.env", "/assets/%2egit/config",
			"/assets/..%2fsecret", "/assets//app.js", "/assets/./app.js", "/disk/..%2fsecret", "/disk/link",
		} {
			require.Equal(t, http.StatusNotFound, s.get(path).status, path)
		}
		require.Equal(t, "disk", s.get("/disk/on%20disk.txt").body)

		html := []string{"Accept", "text/html,application/xhtml+xml"}
		got = s.get("/app/users/7", html...)
		require.Equal(t, "<h1>home</h1>", got.body)
		require.Equal(t, "no-cache", got.header.Get("Cache-Control"))
		require.Equal(t, "run()", s.get("/app/app.js").body)
		for _, path := range []string{"/app/missing.js", "/app/.git/config"} {
			require.Equal(t, http.StatusNotFound, s.get(path, html...).status, path)
		}
		require.Equal(t, http.StatusNotFound, s.get("/app/users/7", "Accept", "application/json").status)
	})
}

// countedFS counts how often the content of its files is read from the beginning.
type countedFS struct {
	fs.FS
	reads *atomic.Int64
}

func (c countedFS) Open(name string) (fs.File, error) {
	f, err := c.FS.Open(name)
	if seeker, ok := f.(io.ReadSeeker); ok {
		return countedFile{f, seeker, c.reads}, err
	}
	return f, err
}

type countedFile struct {
	fs.File
	io.ReadSeeker
	reads *atomic.Int64
}

func (c countedFile) Read(p []byte) (int, error) {
	if at, err := c.Seek(0, io.SeekCurrent); err == nil && at == 0 {
		c.reads.Add(1)
	}
	return c.ReadSeeker.Read(p)
}

// TestStaticTagsOnce: files without a date are read for their entity tag once,
// the page of an SPA too.
func TestStaticTagsOnce(t *testing.T) {
	reads := &atomic.Int64{}
	app, _ := newApp(fasterapi.Config{}, func(app *fasterapi.App) {
		app.Static("/", countedFS{fstest.MapFS{"index.html": {Data: []byte("<h1>home</h1>")}}, reads}, fasterapi.SPA("index.html"))
	})
	client := fasterapitest.New(t, app).With("Accept", "text/html")
	for _, path := range []string{"/users/7", "/"} {
		tag := client.Get(path).Expect(200).Header.Get("ETag")
		require.NotEmpty(t, tag)
		before := reads.Load()
		for range 3 {
			client.With("If-None-Match", tag).Get(path).Expect(304)
		}
		require.Equal(t, before, reads.Load(), path)
	}
}

// TestStaticMistakes are found at start-up.
func TestStaticMistakes(t *testing.T) {
	app, _ := newApp(fasterapi.Config{}, func(app *fasterapi.App) {
		app.Static("/a", fs.FS(fstest.MapFS{}), fasterapi.SPA("index.html"))
		app.Static("/b", nil)
		app.Mount("/c", nil)
	})
	_, err := app.Start()
	var mistakes *fasterapi.RegistrationError
	require.ErrorAs(t, err, &mistakes)
	text := strings.Join(mistakes.Mistakes, "\n")
	require.Contains(t, text, "mount_test.go")
	require.Contains(t, text, "index.html")
	require.Contains(t, text, "the file system is nil")
	require.Contains(t, text, "the mounted http.Handler is nil")
}
