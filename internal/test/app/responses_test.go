package app_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"mime"
	"mime/multipart"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/problem"
)

// TestResponseTypes: what each type becomes, in every style.
func TestResponseTypes(t *testing.T) {
	everyProtocol(t, func(app *fasterapi.App) {
		styles(app, "/json", func(*fasterapi.Ctx, fasterapi.None) (user, error) { return user{ID: 1, Name: "Ada"}, nil })
		styles(app, "/none", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.None, error) { return fasterapi.None{}, nil })
		styles(app, "/text", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Text, error) { return "a<b", nil })
		styles(app, "/html", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.HTML, error) { return "<p>", nil })
		styles(app, "/blob", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Blob, error) {
			return fasterapi.Blob{ContentType: "image/png", Data: []byte{0x89, 'P'}}, nil
		})
		styles(app, "/injected", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Blob, error) {
			return fasterapi.Blob{ContentType: "a/b\r\nX-Evil: 1", Data: []byte("x")}, nil
		})
		styles(app, "/away", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Redirect, error) {
			return fasterapi.Redirect{Location: "/elsewhere?a=b", Status: http.StatusSeeOther}, nil
		})
		styles(app, "/full", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Response[fasterapi.Text], error) {
			return fasterapi.Response[fasterapi.Text]{
				Status: http.StatusAccepted, Header: http.Header{"X-One": {"1", "2"}},
				Cookies: []*http.Cookie{{Name: "sid", Value: "s1", HttpOnly: true}, {Name: "bad name"}}, Body: "ok",
			}, nil
		})
	}, func(t *testing.T, s service) {
		eachStyle(t, func(t *testing.T, prefix string) {
			expect := func(path string, status int, contentType, body string) answer {
				t.Helper()
				got := s.get(prefix + path)
				require.Equal(t, status, got.status)
				require.Equal(t, contentType, got.header.Get("Content-Type"))
				require.Equal(t, body, got.body)
				return got
			}
			expect("/json", 200, "application/json", `{"id":1,"name":"Ada","email":""}`)
			expect("/none", 204, "", "")
			expect("/text", 200, "text/plain; charset=utf-8", "a<b")
			expect("/html", 200, "text/html; charset=utf-8", "<p>")
			expect("/blob", 200, "image/png", "\x89P")
			got := expect("/injected", 200, "application/octet-stream", "x")
			require.Empty(t, got.header.Get("X-Evil"))
			got = expect("/away", 303, "", "")
			require.Equal(t, "/elsewhere?a=b", got.header.Get("Location"))
			got = expect("/full", 202, "text/plain; charset=utf-8", "ok")
			require.Equal(t, []string{"1", "2"}, got.header["X-One"])
			require.Equal(t, []string{"sid=s1; HttpOnly"}, got.header["Set-Cookie"], "the invalid one is dropped")
			require.Empty(t, s.do("HEAD", prefix+"/full", "").body)
		})
	})
}

// TestStreamingNeedsGoroutines: a response that waits for its client cannot be
// made on a reactor, and start-up says so.
func TestStreamingNeedsGoroutines(t *testing.T) {
	app, _ := newApp(fasterapi.Config{}, func(app *fasterapi.App) {
		app.Get("/file", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.File, error) { return fasterapi.File{}, nil }, fasterapi.OnReactor())
		app.Get("/lines", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.JSONLines[user], error) { return nil, nil }, fasterapi.OnReactor())
		app.Get("/events", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.SSE[user], error) {
			return fasterapi.SSE[user]{}, nil
		}, fasterapi.OnReactor())
	})
	_, err := app.Start()
	var mistakes *fasterapi.RegistrationError
	require.ErrorAs(t, err, &mistakes)
	require.Len(t, mistakes.Mistakes, 3)
	require.Contains(t, mistakes.Mistakes[0], "must run on goroutines")
}

const fileText = "0123456789abcdefghijklmnopqrstuvwxyz"

// TestFile: conditions and ranges of RFC 9110, over every source of a file.
func TestFile(t *testing.T) {
	dir := t.TempDir()
	changed := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	onDisk := filepath.Join(dir, "text.txt")
	require.NoError(t, os.WriteFile(onDisk, []byte(fileText), 0o600))
	require.NoError(t, os.Chtimes(onDisk, changed, changed))
	big := strings.Repeat(fileText, 100_000)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "big.bin"), []byte(big), 0o600))
	memory := fstest.MapFS{"text.txt": {Data: []byte(fileText), ModTime: changed}}
	serve := func(app *fasterapi.App, path string, f func() fasterapi.File) {
		app.Get(path, func(*fasterapi.Ctx, fasterapi.None) (fasterapi.File, error) { return f(), nil })
	}
	everyProtocol(t, func(app *fasterapi.App) {
		serve(app, "/disk", func() fasterapi.File { return fasterapi.File{Path: onDisk} })
		serve(app, "/fs", func() fasterapi.File { return fasterapi.File{FS: memory, Name: "text.txt"} })
		serve(app, "/content", func() fasterapi.File {
			return fasterapi.File{Content: strings.NewReader(fileText), Name: "text.txt", ModTime: changed, ETag: `"v1"`}
		})
		serve(app, "/unseekable", func() fasterapi.File { return fasterapi.File{FS: unseekable{memory}, Name: "text.txt"} })
		serve(app, "/big", func() fasterapi.File {
			return fasterapi.File{Path: filepath.Join(dir, "big.bin"), Download: "größe.bin"}
		})
		serve(app, "/gone", func() fasterapi.File { return fasterapi.File{FS: memory, Name: "gone.txt"} })
		serve(app, "/dir", func() fasterapi.File { return fasterapi.File{Path: dir} })
		serve(app, "/climb", func() fasterapi.File { return fasterapi.File{Path: dir + "/x/../text.txt"} })
		serve(app, "/nul", func() fasterapi.File { return fasterapi.File{Path: dir + "/text.txt\x00"} })
		app.Get("/any/{name...}", func(_ *fasterapi.Ctx, in struct {
			Name string `path:"name"`
		},
		) (fasterapi.File, error) {
			return fasterapi.File{FS: os.DirFS(dir), Name: in.Name}, nil
		})
	}, func(t *testing.T, s service) {
		for _, path := range []string{"/disk", "/fs", "/content"} {
			whole := s.get(path)
			require.Equal(t, 200, whole.status)
			require.Equal(t, fileText, whole.body)
			require.Equal(t, "text/plain; charset=utf-8", whole.header.Get("Content-Type"))
			require.Equal(t, changed.Format(http.TimeFormat), whole.header.Get("Last-Modified"))
			require.Equal(t, "bytes", whole.header.Get("Accept-Ranges"))
			etag := whole.header.Get("ETag")
			require.NotEmpty(t, etag)

			head := s.do("HEAD", path, "")
			require.Equal(t, "36", head.header.Get("Content-Length"))
			require.Empty(t, head.body)

			for name, test := range map[string]struct {
				field, value string
				status       int
				body         string
			}{
				"tag matches":         {"If-None-Match", etag, 304, ""},
				"any tag":             {"If-None-Match", "*", 304, ""},
				"another tag":         {"If-None-Match", `"other"`, 200, fileText},
				"not modified":        {"If-Modified-Since", changed.Format(http.TimeFormat), 304, ""},
				"modified":            {"If-Modified-Since", changed.Add(-time.Second).Format(http.TimeFormat), 200, fileText},
				"first bytes":         {"Range", "bytes=0-3", 206, "0123"},
				"last bytes":          {"Range", "bytes=-2", 206, "yz"},
				"from":                {"Range", "bytes=34-", 206, "yz"},
				"unit not known":      {"Range", "lines=1-2", 200, fileText}, // RFC 9110 14.2: MUST ignore
				"beyond the end":      {"Range", "bytes=99-", 416, ""},
				"tag must match":      {"If-Match", `"other"`, 412, ""},
				"unmodified since":    {"If-Unmodified-Since", changed.Add(-time.Hour).Format(http.TimeFormat), 412, ""},
				"unmodified since ok": {"If-Unmodified-Since", changed.Format(http.TimeFormat), 200, fileText},
			} {
				got := s.get(path, test.field, test.value)
				require.Equal(t, test.status, got.status, "%s: %s", path, name)
				if test.status >= 400 {
					require.Equal(t, test.status, got.problem(t).Status)
					continue
				}
				require.Equal(t, test.body, got.body, "%s: %s", path, name)
			}
			got := s.get(path, "Range", "bytes=0-3", "If-Range", `"other"`)
			require.Equal(t, fileText, got.body, "a range of another version is of no use")
			require.Equal(t, "0123", s.get(path, "Range", "bytes=0-3", "If-Range", etag).body)
			require.Equal(t, "bytes */36", s.get(path, "Range", "bytes=99-").header.Get("Content-Range"))
			requireParts(t, s.get(path, "Range", "bytes=0-1,-3,10-11"), "01", "xyz", "ab")
		}
		require.Equal(t, fileText, s.get("/unseekable").body)
		require.Equal(t, "36", s.do("HEAD", "/unseekable", "").header.Get("Content-Length"))

		got := s.get("/big")
		require.Equal(t, big, got.body)
		require.Equal(t, "attachment; filename*=utf-8''gr%C3%B6%C3%9Fe.bin", got.header.Get("Content-Disposition"))
		require.Equal(t, big[1000:2000], s.get("/big", "Range", "bytes=1000-1999").body)

		for _, path := range []string{
			"/gone", "/dir", "/climb", "/nul", "/any/gone", "/any/..%2ftext.txt", "/any/a%2f..%2ftext.txt",
			"/any/%2fetc/passwd", "/any/text.txt%00", `/any/..%5ctext.txt`, "/any/",
		} {
			require.Equal(t, http.StatusNotFound, s.get(path).problem(t).Status, path)
		}
		require.Equal(t, fileText, s.get("/any/text.txt").body)
	})
}

// unseekable hides the Seek of its files, as archives do.
type unseekable struct{ fs.FS }

func (u unseekable) Open(name string) (fs.File, error) {
	file, err := u.FS.Open(name)
	return struct{ fs.File }{file}, err
}

func requireParts(t *testing.T, got answer, want ...string) {
	t.Helper()
	require.Equal(t, http.StatusPartialContent, got.status)
	kind, params, err := mime.ParseMediaType(got.header.Get("Content-Type"))
	require.NoError(t, err)
	require.Equal(t, "multipart/byteranges", kind)
	parts := multipart.NewReader(strings.NewReader(got.body), params["boundary"])
	for _, body := range want {
		part, err := parts.NextPart()
		require.NoError(t, err)
		text, err := io.ReadAll(part)
		require.NoError(t, err)
		require.Equal(t, body, string(text))
	}
	_, err = parts.NextPart()
	require.ErrorIs(t, err, io.EOF)
}

// closing counts how often it is closed.
type closing struct {
	io.Reader
	closed chan struct{}
}

func (c closing) Close() error {
	c.closed <- struct{}{}
	return nil
}

// TestStreamSources: readers and chunks, whole, broken and failing at once.
func TestStreamSources(t *testing.T) {
	closed := make(chan struct{}, 16)
	big := strings.Repeat(fileText, 10_000)
	broken := errors.New("the disk is broken")
	everyProtocol(t, func(app *fasterapi.App) {
		stream := func(path string, s func() fasterapi.Stream) {
			app.Get(path, func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Stream, error) { return s(), nil })
		}
		stream("/reader", func() fasterapi.Stream {
			return fasterapi.Stream{ContentType: "text/plain", Reader: closing{strings.NewReader(big), closed}}
		})
		stream("/known", func() fasterapi.Stream {
			return fasterapi.Stream{Length: int64(len(big)), Reader: strings.NewReader(big)}
		})
		stream("/short", func() fasterapi.Stream { return fasterapi.Stream{Length: 10, Reader: strings.NewReader("short")} })
		stream("/chunks", func() fasterapi.Stream { return fasterapi.Stream{Chunks: chunks(nil, "one ", "two ", "three")} })
		stream("/broken", func() fasterapi.Stream { return fasterapi.Stream{Chunks: chunks(broken, "half")} })
		stream("/fails", func() fasterapi.Stream { return fasterapi.Stream{Chunks: chunks(problem.Conflict("not now"))} })
		stream("/empty", func() fasterapi.Stream { return fasterapi.Stream{Chunks: chunks(nil)} })
		stream("/no-source", func() fasterapi.Stream { return fasterapi.Stream{} })
	}, func(t *testing.T, s service) {
		require.Equal(t, big, s.get("/reader").body)
		<-closed
		got := s.get("/known")
		require.Equal(t, big, got.body)
		require.Equal(t, fmt.Sprint(len(big)), got.header.Get("Content-Length"))
		require.Equal(t, "one two three", s.get("/chunks").body)
		require.Equal(t, 200, s.get("/empty").status)
		require.Equal(t, "not now", s.get("/fails").problem(t).Detail, "nothing was sent yet")
		require.Equal(t, 500, s.get("/no-source").status)
		for _, path := range []string{"/short", "/broken"} {
			requireBroken(t, s, path)
		}
	})
}

func chunks(last error, list ...string) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for _, chunk := range list {
			if !yield([]byte(chunk), nil) {
				return
			}
		}
		if last != nil {
			yield(nil, last)
		}
	}
}

// requireBroken: the client can tell that the body is not whole.
func requireBroken(t *testing.T, s service, path string) {
	t.Helper()
	response, err := s.http.Get(s.url + path)
	if err != nil {
		return // broken off before the head was out
	}
	defer response.Body.Close()
	_, err = io.ReadAll(response.Body)
	require.Error(t, err, path)
}

// TestJSONLines: values come one by one, as they are made; the source ends when
// the client leaves.
func TestJSONLines(t *testing.T) {
	next, ended := make(chan struct{}), make(chan bool, 1)
	everyProtocol(t, func(app *fasterapi.App) {
		app.Get("/users/{n}", func(_ *fasterapi.Ctx, in struct {
			N int `path:"n"`
		},
		) (fasterapi.JSONLines[user], error) {
			return func(yield func(user, error) bool) {
				for i := range in.N {
					if !yield(user{ID: int64(i), Name: "line\nbreak"}, nil) {
						return
					}
				}
			}, nil
		})
		app.Get("/live", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.JSONLines[int], error) {
			return func(yield func(int, error) bool) {
				defer func() { ended <- true }()
				for i := 0; ; i++ {
					select {
					case <-next:
					case <-c.Done():
						return
					}
					if !yield(i, nil) {
						return
					}
				}
			}, nil
		})
		app.Get("/broken", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.JSONLines[int], error) {
			return func(yield func(int, error) bool) {
				_ = yield(1, nil) && yield(0, errors.New("lost the database"))
			}, nil
		})
		app.Get("/refused", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.JSONLines[int], error) {
			return func(yield func(int, error) bool) { yield(0, problem.NotFound("no such list")) }, nil
		})
		app.Get("/panics", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.JSONLines[int], error) {
			return func(yield func(int, error) bool) {
				yield(1, nil)
				panic("in the middle")
			}, nil
		})
	}, func(t *testing.T, s service) {
		got := s.get("/users/1000")
		require.Equal(t, "application/jsonl", got.header.Get("Content-Type"))
		lines := strings.Split(got.body, "\n")
		require.Len(t, lines, 1001)
		require.JSONEq(t, `{"id":999,"name":"line\nbreak","email":""}`, lines[999])
		require.Empty(t, s.get("/users/0").body)
		require.Equal(t, "no such list", s.get("/refused").problem(t).Detail)
		requireBroken(t, s, "/broken")
		requireBroken(t, s, "/panics")

		ctx, cancel := context.WithCancel(t.Context())
		request, err := http.NewRequestWithContext(ctx, "GET", s.url+"/live", nil)
		require.NoError(t, err)
		go func() { next <- struct{}{} }()
		response, err := s.http.Do(request)
		require.NoError(t, err)
		defer response.Body.Close()
		body := bufio.NewReader(response.Body)
		for i := range 3 {
			if i > 0 {
				next <- struct{}{}
			}
			line, err := body.ReadString('\n')
			require.NoError(t, err)
			require.Equal(t, fmt.Sprintln(i), line, "without waiting for the next")
		}
		cancel()
		require.True(t, <-ended)
	})
}

// TestBackpressure: a client that does not read holds the source back.
func TestBackpressure(t *testing.T) {
	var mu sync.Mutex
	made := 0
	everyProtocol(t, func(app *fasterapi.App) {
		app.Get("/endless", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Stream, error) {
			return fasterapi.Stream{Chunks: func(yield func([]byte, error) bool) {
				for yield(make([]byte, 64<<10), nil) {
					mu.Lock()
					made++
					mu.Unlock()
				}
			}}, nil
		})
	}, func(t *testing.T, s service) {
		mu.Lock()
		made = 0
		mu.Unlock()
		_, leave := s.begin(t, "GET", "/endless", nil)
		defer leave()
		last := -1
		require.Eventually(t, func() bool {
			mu.Lock()
			defer mu.Unlock()
			same := made == last && made > 0
			last = made
			return same
		}, 10*time.Second, 50*time.Millisecond, "the source stops when nobody reads")
		mu.Lock()
		defer mu.Unlock()
		require.Less(t, made, 1000, "64 MiB would be in memory")
	})
}

// TestAfter: background tasks run once the response is sent, not after
// failures, and whatever they do ends only themselves.
func TestAfter(t *testing.T) {
	ran, release := make(chan string, 16), make(chan struct{})
	everyProtocol(t, func(app *fasterapi.App) {
		styles(app, "/after", func(c *fasterapi.Ctx, in struct {
			Mode string `query:"mode"`
		},
		) (fasterapi.Text, error) {
			c.Set("tenant", "acme")
			err := c.After(func(ctx context.Context) error {
				<-release
				ran <- fmt.Sprint(ctx.Value("tenant"), " ", ctx.Err())
				switch in.Mode {
				case "panic":
					panic("task at the disco")
				case "exit":
					runtime.Goexit()
				}
				return errors.New("mail server is down")
			})
			if in.Mode == "fail" {
				return "", problem.Conflict("no")
			}
			return "sent", err
		})
	}, func(t *testing.T, s service) {
		for _, prefix := range styleNames {
			require.Equal(t, 409, s.get(prefix+"/after?mode=fail").status)
			for _, mode := range []string{"", "panic", "exit"} {
				require.Equal(t, "sent", s.get(prefix+"/after?mode="+mode).body, "the response does not wait")
				require.Empty(t, ran, "none of the failed one")
				release <- struct{}{}
				require.Equal(t, "acme <nil>", <-ran)
			}
		}
		require.Eventually(t, func() bool {
			log := s.log.String()
			return strings.Contains(log, "mail server is down") && strings.Contains(log, "task at the disco") &&
				strings.Contains(log, "background task called runtime.Goexit")
		}, 20*time.Second, time.Millisecond)
	})
}

// TestAfterIsBounded: the tasks of one core that wait are limited.
func TestAfterIsBounded(t *testing.T) {
	release := make(chan struct{})
	app, log := newApp(fasterapi.Config{Cores: 1}, func(app *fasterapi.App) {
		app.Get("/", func(c *fasterapi.Ctx, in struct {
			N int `query:"n"`
		},
		) (fasterapi.Text, error) {
			for range in.N {
				if err := c.After(func(context.Context) error { <-release; return nil }); err != nil {
					return "", err
				}
			}
			return "ok", nil
		})
	})
	s := newService(t, "http://"+start(t, app), log, false)
	full := s.get("/?n=4161")
	require.Equal(t, http.StatusServiceUnavailable, full.problem(t).Status)
	require.Equal(t, "1", full.header.Get("Retry-After"))
	require.Equal(t, "ok", s.get("/?n=4160").body, "the failed request gave its places back")
	require.Equal(t, http.StatusServiceUnavailable, s.get("/?n=1").status)
	close(release)
	require.Eventually(t, func() bool { return s.get("/?n=4160").status == 200 }, 20*time.Second, time.Millisecond)
}

// TestAfterDrains: a shutdown waits for background tasks, as long as it has
// time.
func TestAfterDrains(t *testing.T) {
	begun, release := make(chan context.Context), make(chan struct{})
	serve := func() (*fasterapi.Server, service) {
		app, log := newApp(fasterapi.Config{Cores: 1}, func(app *fasterapi.App) {
			app.Get("/", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.None, error) {
				return fasterapi.None{}, c.After(func(ctx context.Context) error {
					begun <- ctx
					<-release
					return ctx.Err()
				})
			})
		})
		server, err := app.Start()
		require.NoError(t, err)
		return server, newService(t, "http://"+server.Addr().String(), log, false)
	}
	server, s := serve()
	s.get("/")
	<-begun
	stopped := make(chan error)
	go func() { stopped <- server.Shutdown(context.Background()) }()
	select {
	case <-stopped:
		t.Fatal("the shutdown did not wait")
	case <-time.After(20 * time.Millisecond):
	}
	release <- struct{}{}
	require.NoError(t, <-stopped)

	server, s = serve()
	s.get("/")
	task := <-begun
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	require.ErrorContains(t, server.Shutdown(ctx), "1 background tasks were cut off")
	require.Error(t, task.Err(), "the task is told")
	close(release)
}
