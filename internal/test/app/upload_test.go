package app_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	mathrand "math/rand/v2"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/problem"
)

type photoInput struct {
	Title string             `form:"title" required:"true" maxLength:"10"`
	Tags  []string           `form:"tag"`
	Photo fasterapi.Upload   `file:"photo" accept:"text/plain" maxBytes:"3000000"`
	Extra *fasterapi.Upload  `file:"extra"`
	More  []fasterapi.Upload `file:"more" maxItems:"2"`
}

// uploadRoutes takes forms in every way. Temporary files are made in dir.
func uploadRoutes(dir string) func(*fasterapi.App) {
	type loginInput struct {
		User string `form:"user" minLength:"3"`
		Age  int    `form:"age" default:"18"`
	}
	login := func(c *fasterapi.Ctx, in loginInput) (fasterapi.Text, error) {
		return fasterapi.Text(fmt.Sprint(in.User, " ", in.Age)), nil
	}
	return func(a *fasterapi.App) {
		a.Post("/login", login)
		a.Post("/login-reactor", login, fasterapi.OnReactor())
		a.Post("/photo", func(c *fasterapi.Ctx, in photoInput) (fasterapi.Text, error) {
			text, err := in.Photo.Bytes()
			if err != nil {
				return "", err
			}
			tail := text[max(0, len(text)-3):]
			return fasterapi.Text(fmt.Sprint(in.Title, " ", in.Tags, " ", in.Photo.Name, " ", in.Photo.Size, " ", string(tail), " ", in.Extra == nil, " ", len(in.More))), nil
		}, fasterapi.LimitForm(fasterapi.FormLimits{Dir: dir, MemoryBytes: 1000, Parts: 6}),
			fasterapi.Depends(func(c *fasterapi.Ctx, in struct {
				Key string `header:"X-Key" maxLength:"5"`
			},
			) error {
				if in.Key == "wrong" {
					return problem.Unauthorized("")
				}
				return nil
			}))
		a.Post("/pile", func(_ *fasterapi.Ctx, in struct {
			Files []fasterapi.Upload `file:"files"`
		},
		) (int, error) {
			return len(in.Files), nil
		}, fasterapi.LimitForm(fasterapi.FormLimits{Dir: dir, MemoryBytes: 1, Files: 20}))
		a.Post("/sum", func(c *fasterapi.Ctx, in struct {
			File fasterapi.Upload `file:"file"`
		},
		) (fasterapi.Text, error) {
			n, err := io.Copy(io.Discard, in.File.Open())
			return fasterapi.Text(fmt.Sprint(n == in.File.Size, " ", n)), err
		}, fasterapi.MaxBody(2<<30), fasterapi.LimitForm(fasterapi.FormLimits{Dir: dir}))
		a.Post("/parts", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.Text, error) {
			parts, err := c.Multipart()
			if err != nil {
				return "", err
			}
			var seen []string
			for {
				part, err := parts.NextPart()
				if err == io.EOF {
					return fasterapi.Text(strings.Join(seen, " ")), nil
				}
				if err != nil {
					return "", err
				}
				n, err := io.Copy(io.Discard, part)
				if err != nil {
					return "", err
				}
				seen = append(seen, fmt.Sprint(part.FormName(), "=", n))
			}
		})
	}
}

// form writes a multipart form and returns it with its content type.
func form(t testing.TB, write func(w *multipart.Writer)) (body, contentType string) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	write(w)
	require.NoError(t, w.Close())
	return b.String(), w.FormDataContentType()
}

func addFile(t testing.TB, w *multipart.Writer, field, name, contentType, content string) {
	part, err := w.CreatePart(map[string][]string{
		"Content-Disposition": {fmt.Sprintf(`form-data; name=%q; filename=%q`, field, name)}, "Content-Type": {contentType},
	})
	require.NoError(t, err)
	_, err = io.WriteString(part, content)
	require.NoError(t, err)
}

func (s service) post(path string, write func(w *multipart.Writer), header ...string) answer {
	body, contentType := form(s.t, write)
	return s.do(http.MethodPost, path, body, append(header, "Content-Type", contentType)...)
}

func TestForms(t *testing.T) {
	everyProtocol(t, uploadRoutes(t.TempDir()), func(t *testing.T, s service) {
		for _, path := range []string{"/login", "/login-reactor"} {
			values := url.Values{"user": {"ann & bob"}, "age": {"7"}}.Encode()
			require.Equal(t, "ann & bob 7", s.do("POST", path, values, "Content-Type", "application/x-www-form-urlencoded").body)
			require.Equal(t, "ann 18", s.post(path, func(w *multipart.Writer) { require.NoError(t, w.WriteField("user", "ann")) }).body)
			got := s.post(path, func(w *multipart.Writer) { require.NoError(t, w.WriteField("user", "a")) })
			require.Equal(t, 422, got.status)
			require.Equal(t, "form.user", got.problem(t).Errors[0].Location)
			require.Equal(t, 415, s.do("POST", path, "{}", "Content-Type", "application/json").status)
		}
	})
}

// emptyFolder waits until the temporary files of answered requests are gone.
func emptyFolder(t *testing.T, dir string) {
	require.Eventually(t, func() bool {
		entries, err := os.ReadDir(dir)
		return err == nil && len(entries) == 0
	}, 20*time.Second, time.Millisecond)
}

func TestUploads(t *testing.T) {
	dir := t.TempDir()
	everyProtocol(t, uploadRoutes(dir), func(t *testing.T, s service) {
		for _, size := range []int{3, 999, 1001, 100_000, 2_999_997} {
			got := s.post("/photo", func(w *multipart.Writer) {
				require.NoError(t, w.WriteField("title", "a title"))
				addFile(t, w, "photo", "../../me.txt", "text/plain", strings.Repeat("x", size)+"end")
				require.NoError(t, w.WriteField("tag", "a,b"))
				require.NoError(t, w.WriteField("tag", "c"))
				addFile(t, w, "more", "1", "a/b", "one")
			})
			require.Equal(t, 200, got.status, got.body)
			require.Equal(t, fmt.Sprintf("a title [a,b c] me.txt %d end true 1", size+3), got.body)
		}
		got := s.post("/photo", func(w *multipart.Writer) {
			require.NoError(t, w.WriteField("title", "much too long"))
			addFile(t, w, "photo", "me.png", "image/png", strings.Repeat("x", 400_000))
		})
		require.Equal(t, 422, got.status)
		bad := got.problem(t).Errors
		require.Len(t, bad, 2)
		require.Equal(t, "form.title must have at most 10 characters", bad[0].Location+" "+bad[0].Message)
		require.Equal(t, "file.photo must be one of: text/plain", bad[1].Location+" "+bad[1].Message)

		large := func(w *multipart.Writer) { addFile(t, w, "photo", "me.txt", "text/plain", strings.Repeat("x", 5<<20)) }
		require.Equal(t, 413, s.post("/photo", large).status, "Config.MaxBody")
		require.Equal(t, 401, s.post("/photo", func(w *multipart.Writer) {
			addFile(t, w, "photo", "me.txt", "text/plain", strings.Repeat("x", 1<<20))
		}, "X-Key", "wrong").status)
		got = s.post("/photo", func(w *multipart.Writer) {}, "X-Key", "too long")
		require.Equal(t, 422, got.status)
		require.Len(t, got.problem(t).Errors, 1, "a form with uploads is not read for a refusal")
		require.Equal(t, 200, s.post("/sum", func(w *multipart.Writer) { addFile(t, w, "file", "a", "a/b", "x") }).status)
		got = s.post("/parts", func(w *multipart.Writer) {
			require.NoError(t, w.WriteField("a", "12"))
			addFile(t, w, "b", "b", "a/b", strings.Repeat("x", 500_000))
		})
		require.Equal(t, "a=2 b=500000", got.body)
		require.Equal(t, 415, s.do("POST", "/parts", "x").status)
		require.Equal(t, 422, s.do("POST", "/photo", "--b\r\n", "Content-Type", "multipart/form-data; boundary=b").status)
		emptyFolder(t, dir)
	})
}

// TestManyFiles: small files that do not fit into memory take a descriptor each.
func TestManyFiles(t *testing.T) {
	dir := t.TempDir()
	everyProtocol(t, uploadRoutes(dir), func(t *testing.T, s service) {
		pile := func(n int) answer {
			return s.post("/pile", func(w *multipart.Writer) {
				for range n {
					addFile(t, w, "files", "a", "a/b", "xy")
				}
			})
		}
		require.Equal(t, "20", pile(20).body)
		got := pile(21)
		require.Equal(t, 422, got.status)
		require.Equal(t, "has too many files", got.problem(t).Errors[0].Message)
		emptyFolder(t, dir)
	})
}

// TestLargeUpload: memory does not grow with what is uploaded. FASTERAPI_UPLOAD
// is the size in MiB; 1024 is the size that the documentation speaks of.
func TestLargeUpload(t *testing.T) {
	size := int64(48 << 20)
	if text := os.Getenv("FASTERAPI_UPLOAD"); text != "" {
		_, err := fmt.Sscan(text, &size)
		require.NoError(t, err)
		size <<= 20
	}
	t.Run("HTTP/1.1", func(t *testing.T) {
		app, log := newApp(fasterapi.Config{Cores: 1}, uploadRoutes(t.TempDir()))
		largeUpload(t, newService(t, "http://"+start(t, app), log, false), size)
	})
	t.Run("HTTP/2", func(t *testing.T) { largeUpload(t, onReactorsHTTP2(t, uploadRoutes(t.TempDir())), size) })
	t.Run("HTTP/2 through net/http", func(t *testing.T) { largeUpload(t, overHTTP2(t, uploadRoutes(t.TempDir())), size) })
}

// TestStreamedUploadIsWhole: what a handler reads of a large body is, byte for byte, what its client has sent, on the
// reactors over HTTP/2, beside other uploads on the same connection.
func TestStreamedUploadIsWhole(t *testing.T) {
	const size, beside = 64 << 20, 3
	for way, serve := range map[string]func(*testing.T, func(*fasterapi.App), ...func(*fasterapi.Config)) service{
		"TLS": onReactorsHTTP2, "h2c": onReactorsH2C,
	} {
		t.Run(way, func(t *testing.T) {
			s := serve(t, func(app *fasterapi.App) {
				app.Post("/sum", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.Text, error) {
					sum := sha256.New()
					n, err := io.Copy(sum, c.Body())
					return fasterapi.Text(fmt.Sprintf("%d %x", n, sum.Sum(nil))), err
				}, fasterapi.MaxBody(size))
			})
			s.http.Timeout = 5 * time.Minute
			var all sync.WaitGroup
			for i := range beside + 1 {
				n := int64(size)
				if i > 0 {
					n = 1 << 20
				}
				all.Go(func() {
					sent := sha256.New()
					body := io.TeeReader(io.LimitReader(mathrand.NewChaCha8([32]byte{byte(i)}), n), sent)
					response, err := s.http.Post(s.url+"/sum", "application/octet-stream", body)
					if !assert.NoError(t, err) {
						return
					}
					defer response.Body.Close()
					text, err := io.ReadAll(response.Body)
					assert.NoError(t, err)
					assert.Equal(t, fmt.Sprintf("%d %x", n, sent.Sum(nil)), string(text))
				})
			}
			all.Wait()
		})
	}
}

func largeUpload(t *testing.T, s service, size int64) {
	t.Helper()
	s.http.Timeout = 5 * time.Minute
	runtime.GC()
	var before runtime.MemStats
	runtime.ReadMemStats(&before)

	const head = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f\"\r\n\r\n"
	peak := uint64(0)
	body := io.MultiReader(strings.NewReader(head), &zeros{left: size, watch: func() {
		var now runtime.MemStats
		runtime.ReadMemStats(&now)
		peak = max(peak, now.HeapInuse+now.StackInuse)
	}}, strings.NewReader("\r\n--b--\r\n"))
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"/sum", body)
	require.NoError(t, err)
	request.Header.Set("Content-Type", "multipart/form-data; boundary=b")
	response, err := s.http.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.Equal(t, fmt.Sprint("true ", size), string(text))
	grown := int64(peak) - int64(before.HeapInuse+before.StackInuse)
	t.Logf("%d MiB uploaded, memory grew by %d KiB, with the client's", size>>20, grown>>10)
	require.Less(t, grown, int64(16<<20))
}

// zeros is a body of zeros that calls watch for every 4 MiB.
type zeros struct {
	left, count int64
	watch       func()
}

func (z *zeros) Read(p []byte) (int, error) {
	if z.left == 0 {
		return 0, io.EOF
	}
	n := int(min(int64(len(p)), z.left))
	clear(p[:n])
	z.left -= int64(n)
	if z.count += int64(n); z.count > 4<<20 {
		z.count = 0
		z.watch()
	}
	return n, nil
}

func TestUploadKept(t *testing.T) {
	app, log := newApp(fasterapi.Config{Cores: 1}, func(a *fasterapi.App) {
		a.Post("/", func(c *fasterapi.Ctx, in struct {
			File fasterapi.Upload `file:"file"`
		},
		) (fasterapi.Text, error) {
			path := filepath.Join(t.TempDir(), "saved")
			if err := in.File.Save(path); err != nil {
				return "", err
			}
			require.ErrorIs(t, in.File.Save(path), os.ErrExist)
			saved, err := os.ReadFile(path)
			return fasterapi.Text(saved), err
		})
	})
	s := newService(t, "http://"+start(t, app), log, false)
	got := s.post("/", func(w *multipart.Writer) { addFile(t, w, "file", "a", "a/b", "content") })
	require.Equal(t, "content", got.body)

	var none fasterapi.Upload
	content, err := none.Bytes()
	require.NoError(t, err)
	require.Empty(t, content)
}

func TestUploadMistakes(t *testing.T) {
	type input struct {
		File fasterapi.Upload `file:"file"`
	}
	nothing := func(*fasterapi.Ctx, input) (fasterapi.None, error) { return fasterapi.None{}, nil }
	app := fasterapi.New(fasterapi.Config{})
	app.Post("/reactor", nothing, fasterapi.OnReactor())
	app.Post("/twice", nothing, fasterapi.Depends(func(*fasterapi.Ctx, struct {
		User string `form:"user"`
	},
	) error {
		return nil
	}))
	_, err := app.Start()
	require.ErrorContains(t, err, "POST /reactor")
	require.ErrorContains(t, err, "wait for the client, so the route must run on goroutines")
	require.ErrorContains(t, err, "POST /twice")
	require.ErrorContains(t, err, "are read once, so only one input of the route may read the body")
}

func TestOpt(t *testing.T) {
	type patch struct {
		Name fasterapi.Opt[string] `json:"name,omitzero" maxLength:"5"`
		Age  fasterapi.Opt[int]    `json:"age,omitzero"`
	}
	everyProtocol(t, func(a *fasterapi.App) {
		a.Patch("/", func(c *fasterapi.Ctx, in struct {
			Limit fasterapi.Opt[int] `query:"limit" maximum:"9"`
			Body  patch              `body:""`
		},
		) (patch, error) {
			if in.Body.Age.IsZero() {
				in.Body.Age = fasterapi.Some(in.Limit.Or(-1))
			}
			return in.Body, nil
		})
	}, func(t *testing.T, s service) {
		json := func(path, body string) answer { return s.do("PATCH", path, body, "Content-Type", "application/json") }
		require.Equal(t, `{"name":null,"age":3}`, json("/?limit=3", `{"name":null}`).body)
		require.Equal(t, `{"name":"ann","age":null}`, json("/", `{"name":"ann","age":null}`).body)
		require.Equal(t, `{"age":-1}`, json("/", `{}`).body)
		got := json("/?limit=10", `{"name":"much too long"}`)
		require.Equal(t, 422, got.status)
		require.Len(t, got.problem(t).Errors, 2)
	})
	require.True(t, fasterapi.Null[int]().IsNull())
}

// TestUploadOfClientThatLeaves: what has come is thrown away.
func TestUploadOfClientThatLeaves(t *testing.T) {
	dir := t.TempDir()
	app, log := newApp(fasterapi.Config{Cores: 1}, uploadRoutes(dir))
	s := newService(t, "http://"+start(t, app), log, false)
	ctx, cancel := context.WithCancel(t.Context())
	body := io.MultiReader(strings.NewReader("--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f\"\r\n\r\n"),
		&zeros{left: 1 << 40, watch: cancel})
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url+"/sum", body)
	require.NoError(t, err)
	request.Header.Set("Content-Type", "multipart/form-data; boundary=b")
	_, err = s.http.Do(request)
	require.ErrorIs(t, err, context.Canceled)
	emptyFolder(t, dir)
}
