package middleware_test

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"io"
	"mime/multipart"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/middleware"
)

// coded is text in codings, applied in their order.
func coded(t *testing.T, text []byte, codings ...string) []byte {
	t.Helper()
	for _, coding := range codings {
		var b bytes.Buffer
		var w io.WriteCloser
		switch coding {
		case "gzip":
			w = gzip.NewWriter(&b)
		case "deflate":
			w = zlib.NewWriter(&b)
		case "br":
			w = brotli.NewWriter(&b)
		case "zstd":
			var err error
			w, err = zstd.NewWriter(&b)
			require.NoError(t, err)
		}
		_, err := w.Write(text)
		require.NoError(t, err)
		require.NoError(t, w.Close())
		text = b.Bytes()
	}
	return text
}

type said struct {
	Text string `json:"text"`
}

type saidInput struct {
	Said said `body:""`
}

// readings are routes that read a body in every way.
func readings(cfg middleware.DecompressConfig) func(app *fasterapi.App) {
	return func(app *fasterapi.App) {
		app.Use(middleware.Decompress(cfg))
		app.Post("/bound", func(_ *fasterapi.Ctx, in saidInput) (fasterapi.Text, error) { return fasterapi.Text(in.Said.Text), nil })
		app.Post("/reactor", func(_ *fasterapi.Ctx, in saidInput) (fasterapi.Text, error) { return fasterapi.Text(in.Said.Text), nil }, fasterapi.OnReactor())
		app.PostFuture("/chain", func(_ *fasterapi.Ctx, in saidInput) async.Future[fasterapi.Text] {
			return async.Ready(fasterapi.Text(in.Said.Text))
		})
		app.Post("/form", func(_ *fasterapi.Ctx, in struct {
			Text string `form:"text"`
		},
		) (fasterapi.Text, error) {
			return fasterapi.Text(in.Text), nil
		})
		app.Post("/upload", func(_ *fasterapi.Ctx, in struct {
			File fasterapi.Upload `file:"file"`
		},
		) (fasterapi.Text, error) {
			text, err := io.ReadAll(in.File.Open())
			return fasterapi.Text(text), err
		}, fasterapi.MaxBody(16<<20))
		app.Post("/body", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.Text, error) {
			text, err := io.ReadAll(c.Body())
			return fasterapi.Text(strconv.Itoa(len(text)) + c.Header("Content-Encoding") + c.Header("Content-Length")), err
		}, fasterapi.MaxBody(16<<20))
		app.Mount("/mounted", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			text, err := io.ReadAll(r.Body)
			if err != nil {
				w.WriteHeader(http.StatusBadRequest)
				return
			}
			if r.ContentLength >= 0 && r.ContentLength != int64(len(text)) {
				w.WriteHeader(http.StatusInternalServerError)
			}
			w.Write([]byte(strconv.Itoa(len(text)) + r.Header.Get("Content-Encoding") + r.Header.Get("Content-Length")))
		}), fasterapi.MaxBody(16<<20))
	}
}

func (s service) coded(path string, body []byte, header ...string) (int, string, http.Header) {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.URL(path), bytes.NewReader(body))
	require.NoError(s.t, err)
	for i := 0; i < len(header); i += 2 {
		request.Header.Add(header[i], header[i+1])
	}
	r := s.Do(request)
	return r.Status, string(r.Body), r.Header
}

const (
	jsonBody = "application/json"
	formBody = "application/x-www-form-urlencoded"
)

func TestDecompress(t *testing.T) {
	long := strings.Repeat("long and longer ", 100<<10/16) // more than a reactor decodes
	var large bytes.Buffer                                 // streams
	for i := range 100 << 10 {
		large.WriteString(strconv.Itoa(i * 7919 % 1000003))
	}
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	part, err := w.CreateFormFile("file", "a.txt")
	require.NoError(t, err)
	_, err = part.Write(large.Bytes())
	require.NoError(t, err)
	require.NoError(t, w.Close())
	made := map[string][]byte{} // coding takes most of the time
	coded := func(t *testing.T, text []byte, codings ...string) []byte {
		key := strings.Join(codings, " ") + " " + string(text)
		if made[key] == nil {
			made[key] = coded(t, text, codings...)
		}
		return made[key]
	}
	everyMode(t, readings(middleware.DecompressConfig{}), func(t *testing.T, s service) {
		for _, codings := range [][]string{{"gzip"}, {"deflate"}, {"br"}, {"zstd"}, {"gzip", "br"}, {"zstd", "deflate", "gzip"}} {
			named := strings.Join(codings, ", ")
			for _, path := range []string{"/bound", "/reactor", "/chain"} {
				for _, text := range []string{"short", long} {
					status, body, _ := s.coded(path, coded(t, []byte(`{"text":"`+text+`"}`), codings...), "Content-Type", jsonBody, "Content-Encoding", named)
					require.Equal(t, http.StatusOK, status, "%s %s %.200s", path, named, body)
					require.Equal(t, text, body)
				}
			}
			status, body, _ := s.coded("/form", coded(t, []byte("text=a+b"), codings...), "Content-Type", formBody, "Content-Encoding", named)
			require.Equal(t, "a b", body, status)
			status, body, _ = s.coded("/upload", coded(t, form.Bytes(), codings...), "Content-Type", w.FormDataContentType(), "Content-Encoding", named)
			require.Equal(t, http.StatusOK, status, "%.200s", body)
			require.Equal(t, large.String(), body)
			for _, path := range []string{"/body", "/mounted"} {
				for _, text := range [][]byte{[]byte("short"), large.Bytes()} {
					status, body, _ = s.coded(path, coded(t, text, codings...), "Content-Encoding", named)
					require.Equal(t, http.StatusOK, status, "%s %s", path, body)
					if length := strconv.Itoa(len(text)); body != length { // a mounted handler may know the length
						require.Equal(t, length, strings.TrimSuffix(body, length), "%s %s", path, named)
					}
				}
			}
		}
		// Lines of their own, other spellings, and nothing that is coded.
		status, body, _ := s.coded("/bound", coded(t, []byte(`{"text":"a"}`), "gzip", "br"), "Content-Type", jsonBody, "Content-Encoding", "X-GZip, identity", "Content-Encoding", "BR")
		require.Equal(t, "a", body, status)
		status, body, _ = s.coded("/bound", []byte(`{"text":"a"}`), "Content-Type", jsonBody, "Content-Encoding", "identity")
		require.Equal(t, "a", body, status)
		status, body, _ = s.coded("/body", nil, "Content-Encoding", "gzip")
		require.Equal(t, http.StatusOK, status, body)
	})
}

func TestDecompressRefuses(t *testing.T) {
	json := []byte(`{"text":"` + strings.Repeat("a", 1000) + `"}`)
	everyMode(t, readings(middleware.DecompressConfig{}), func(t *testing.T, s service) {
		for _, path := range []string{"/bound", "/reactor", "/chain", "/body", "/mounted", "/form"} {
			for _, named := range []string{"compress", "gzip, aes128gcm", "gzip, gzip, gzip, gzip"} {
				status, _, header := s.coded(path, coded(t, json, "gzip"), "Content-Type", jsonBody, "Content-Encoding", named)
				require.Equal(t, http.StatusUnsupportedMediaType, status, path)
				require.Equal(t, "zstd, br, gzip, deflate", header.Get("Accept-Encoding"))
			}
			for _, coding := range []string{"gzip", "deflate", "br", "zstd"} {
				whole := coded(t, json, coding)
				flipped := bytes.Clone(whole)
				flipped[len(flipped)/2] ^= 0xff
				bodies := map[string][]byte{
					"truncated": whole[:len(whole)-3], "no coding": []byte("plain text, no coding"), "behind": append(bytes.Clone(whole), "behind"...),
				}
				if coding != "br" { // has no checksum
					bodies["flipped"] = flipped
				}
				for what, body := range bodies {
					status, text, _ := s.coded(path, body, "Content-Type", jsonBody, "Content-Encoding", coding)
					require.Equal(t, http.StatusBadRequest, status, "%s %s %s %s", path, coding, what, text)
				}
			}
		}
	})
}

// TestDecompressBounds: what comes out is bounded, whatever came in.
func TestDecompressBounds(t *testing.T) {
	zeros := make([]byte, 17<<20)
	bombs := map[string][]byte{}
	for _, codings := range [][]string{{"gzip"}, {"br"}, {"zstd"}, {"gzip", "gzip"}} {
		bombs[strings.Join(codings, ",")] = coded(t, zeros, codings...)
	}
	routes := func(cfg middleware.DecompressConfig) func(app *fasterapi.App) {
		return func(app *fasterapi.App) {
			readings(cfg)(app)
			app.Post("/small", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.Text, error) {
				_, err := io.Copy(io.Discard, c.Body())
				return "read", err
			}, fasterapi.MaxBody(100_000))
		}
	}
	everyMode(t, routes(middleware.DecompressConfig{MaxRatio: 1 << 30}), func(t *testing.T, s service) {
		for _, path := range []string{"/bound", "/reactor", "/chain", "/body", "/small", "/upload"} {
			for named, bomb := range bombs {
				status, _, _ := s.coded(path, bomb, "Content-Type", "multipart/form-data; boundary=x", "Content-Encoding", named)
				require.Equal(t, http.StatusRequestEntityTooLarge, status, "%s %s", path, named)
			}
		}
	})
	few := bytes.Repeat([]byte("repeated "), 3<<20/9)
	for name, cfg := range map[string]middleware.DecompressConfig{"ratio": {}, "bytes": {MaxBytes: 1000, MaxRatio: 1 << 30}} {
		t.Run(name, func(t *testing.T) {
			everyMode(t, routes(cfg), func(t *testing.T, s service) {
				status, _, _ := s.coded("/body", coded(t, few, "gzip"), "Content-Encoding", "gzip")
				require.Equal(t, http.StatusRequestEntityTooLarge, status)
				status, _, _ = s.coded("/body", coded(t, few[:900], "gzip"), "Content-Encoding", "gzip")
				require.Equal(t, http.StatusOK, status)
			})
		})
	}
}

// TestDecompressSkips: who decodes for themselves is left alone, and so are requests that
// nobody reads.
func TestDecompressSkips(t *testing.T) {
	cfg := middleware.DecompressConfig{Skip: func(c *fasterapi.Ctx) bool { return c.Path() == "/body" }}
	everyMode(t, readings(cfg), func(t *testing.T, s service) {
		zipped := coded(t, []byte("text"), "gzip")
		_, body, _ := s.coded("/body", zipped, "Content-Encoding", "gzip")
		require.Equal(t, strconv.Itoa(len(zipped))+"gzip"+strconv.Itoa(len(zipped)), body)
		status, _, _ := s.coded("/none", zipped, "Content-Encoding", "gzip")
		require.Equal(t, http.StatusNotFound, status)
	})
	refused(t, middleware.Decompress(middleware.DecompressConfig{Codings: []string{"lzma"}, MaxRatio: -1}),
		`"lzma" is not zstd, br, gzip or deflate`, "MaxRatio must not be negative")
}

// unzipping is middleware for net/http that decodes bodies, as many services have it.
func unzipping(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Content-Encoding") == "gzip" {
			body, err := gzip.NewReader(r.Body)
			if err != nil {
				http.Error(w, err.Error(), http.StatusBadRequest)
				return
			}
			r.Body = body
			r.Header.Del("Content-Encoding")
		}
		next.ServeHTTP(w, r)
	})
}

// TestWrappedBody: a body that net/http middleware puts in place is the one that is bound.
func TestWrappedBody(t *testing.T) {
	everyMode(t, func(app *fasterapi.App) {
		app.Use(fasterapi.WrapMiddleware(unzipping), fasterapi.WrapMiddleware(func(next http.Handler) http.Handler { return http.MaxBytesHandler(next, 500) }))
		app.Post("/", func(_ *fasterapi.Ctx, in saidInput) (fasterapi.Text, error) { return fasterapi.Text(in.Said.Text), nil })
		app.Post("/reactor", func(_ *fasterapi.Ctx, in saidInput) (fasterapi.Text, error) { return fasterapi.Text(in.Said.Text), nil }, fasterapi.OnReactor())
	}, func(t *testing.T, s service) {
		for _, path := range []string{"/", "/reactor"} {
			status, body, _ := s.coded(path, coded(t, []byte(`{"text":"a"}`), "gzip"), "Content-Type", jsonBody, "Content-Encoding", "gzip")
			require.Equal(t, "a", body, status)
			status, body, _ = s.coded(path, []byte(`{"text":"a"}`), "Content-Type", jsonBody)
			require.Equal(t, "a", body, status)
			status, _, _ = s.coded(path, []byte(`{"text":"`+strings.Repeat("a", 600)+`"}`), "Content-Type", jsonBody)
			require.Equal(t, http.StatusRequestEntityTooLarge, status)
		}
	})
}
