package middleware_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/middleware"
)

// decoded undoes the coding of an answer.
func decoded(t *testing.T, a answer) string {
	t.Helper()
	var r io.Reader = strings.NewReader(a.body)
	switch coding := a.header.Get("Content-Encoding"); coding {
	case "gzip":
		z, err := gzip.NewReader(r)
		require.NoError(t, err)
		r = z
	case "br":
		r = brotli.NewReader(r)
	case "zstd":
		z, err := zstd.NewReader(r)
		require.NoError(t, err)
		defer z.Close()
		r = z
	default:
		require.Empty(t, coding)
	}
	text, err := io.ReadAll(r)
	require.NoError(t, err)
	return string(text)
}

func TestCompress(t *testing.T) {
	small, large := strings.Repeat("tall ", 1000), strings.Repeat("grande ", 40_000)
	everyMode(t, func(app *fasterapi.App) {
		app.Use(middleware.Compress(middleware.CompressConfig{}))
		answering(app, "/small", func(*fasterapi.Ctx) (fasterapi.Text, error) { return fasterapi.Text(small), nil })
		answering(app, "/large", func(*fasterapi.Ctx) (fasterapi.Text, error) { return fasterapi.Text(large), nil })
	}, func(t *testing.T, s service) {
		for _, style := range styles {
			for path, want := range map[string]string{"/small": small, "/large": large} {
				for _, coding := range []string{"gzip", "br", "zstd"} {
					a := s.get(style+path, "Accept-Encoding", coding)
					require.Equal(t, coding, a.header.Get("Content-Encoding"))
					require.Equal(t, "Accept-Encoding", a.header.Get("Vary"))
					require.Less(t, len(a.body), len(want)/10)
					require.Equal(t, want, decoded(t, a))
				}
				a := s.get(style + path)
				require.Equal(t, want, decoded(t, a))
				require.Empty(t, a.header.Get("Content-Encoding"))
				require.Equal(t, "Accept-Encoding", a.header.Get("Vary"), "caches must know in any case")
			}
		}
	})
}

// TestCompressLeavesAlone: what must not be compressed is not.
func TestCompressLeavesAlone(t *testing.T) {
	body := strings.Repeat("x", 4096)
	text := func(name, value string) func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.Text, error) {
		return func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.Text, error) {
			if name != "" {
				c.SetHeader(name, value)
			}
			return fasterapi.Text(body), nil
		}
	}
	everyMode(t, func(app *fasterapi.App) {
		app.Use(middleware.Compress(middleware.CompressConfig{Skip: func(c *fasterapi.Ctx) bool { return c.Path() == "/skipped" }}))
		app.Get("/plain", text("", ""))
		app.Get("/skipped", text("", ""))
		app.Get("/coded", text("Content-Encoding", "gzip"))
		app.Get("/fixed", text("Cache-Control", "max-age=1, No-Transform"))
		app.Get("/part", text("Content-Range", "bytes 0-4095/9999"))
		app.Get("/tagged", text("ETag", `"a"`))
		app.Get("/image", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Blob, error) {
			return fasterapi.Blob{ContentType: "image/png", Data: []byte(body)}, nil
		})
		app.Get("/short", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Text, error) { return "short", nil })
		app.Get("/random", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Blob, error) {
			return fasterapi.Blob{ContentType: "text/plain", Data: noise(4096)}, nil
		})
	}, func(t *testing.T, s service) {
		for _, path := range []string{"/skipped", "/fixed", "/part", "/image", "/short", "/random"} {
			require.Empty(t, s.get(path, "Accept-Encoding", "gzip").header.Get("Content-Encoding"), path)
		}
		require.Equal(t, body, s.get("/coded", "Accept-Encoding", "gzip").body, "coded by the handler")
		require.Empty(t, s.get("/image", "Accept-Encoding", "gzip").header.Get("Vary"))
		tagged := s.get("/tagged", "Accept-Encoding", "br")
		require.Equal(t, `W/"a"`, tagged.header.Get("ETag"))
		require.Equal(t, "br", tagged.header.Get("Content-Encoding"))
		require.Equal(t, `"a"`, s.get("/tagged").header.Get("ETag"))
		head := s.do(http.MethodHead, "/plain", "", "Accept-Encoding", "gzip")
		get := s.get("/plain", "Accept-Encoding", "gzip")
		require.Equal(t, get.header.Get("Content-Length"), head.header.Get("Content-Length"))
		require.Equal(t, "gzip", head.header.Get("Content-Encoding"))
	})
}

// noise does not shrink, and is the same every time.
func noise(n int) []byte {
	out, x := make([]byte, n), uint32(1)
	for i := range out {
		x = x*1664525 + 1013904223
		out[i] = byte(x >> 24)
	}
	return out
}

// TestCompressStream: a stream is compressed while it is made, and a flush
// reaches the client.
// TestCompressNotModified: a 304 says what the response that the client has
// depends on, or caches forget it.
func TestCompressNotModified(t *testing.T) {
	everyMode(t, func(app *fasterapi.App) {
		app.Use(middleware.Compress(middleware.CompressConfig{}), middleware.ETag(middleware.ETagConfig{}))
		answering(app, "/", func(*fasterapi.Ctx) (fasterapi.Text, error) {
			return fasterapi.Text(strings.Repeat("text ", 1000)), nil
		})
	}, func(t *testing.T, s service) {
		for _, style := range styles {
			whole := s.get(style, "Accept-Encoding", "gzip")
			require.Equal(t, "gzip", whole.header.Get("Content-Encoding"))
			same := s.get(style, "Accept-Encoding", "gzip", "If-None-Match", whole.header.Get("ETag"))
			require.Equal(t, http.StatusNotModified, same.status)
			require.Empty(t, same.body)
			require.Equal(t, whole.header.Get("Vary"), same.header.Get("Vary"))
		}
	})
}

func TestCompressStream(t *testing.T) {
	proceed := make(chan struct{})
	everyMode(t, func(app *fasterapi.App) {
		app.Use(middleware.Compress(middleware.CompressConfig{}))
		app.Get("/stream", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Stream, error) {
			return fasterapi.Stream{ContentType: "text/plain", Write: func(w *fasterapi.StreamWriter) error {
				_, err := w.WriteString("first\n")
				if err := errors.Join(err, w.Flush()); err != nil {
					return err
				}
				<-proceed
				_, err = w.WriteString("second\n")
				return err
			}}, nil
		})
		app.Get("/broken", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Stream, error) {
			return fasterapi.Stream{ContentType: "text/plain", Write: func(w *fasterapi.StreamWriter) error {
				_, _ = w.WriteString(strings.Repeat("x", 1<<20))
				return errors.New("no more")
			}}, nil
		})
	}, func(t *testing.T, s service) {
		for _, coding := range []string{"gzip", "br", "zstd"} {
			request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL("/stream"), http.NoBody)
			require.NoError(t, err)
			request.Header.Set("Accept-Encoding", coding)
			response, err := s.HTTP().Do(request)
			require.NoError(t, err)
			require.Equal(t, coding, response.Header.Get("Content-Encoding"))
			require.EqualValues(t, -1, response.ContentLength)
			var seen bytes.Buffer
			first := readUntilDecoded(t, coding, io.TeeReader(response.Body, &seen))
			require.Equal(t, "first\n", first, "before the second was written")
			proceed <- struct{}{}
			rest, err := io.ReadAll(response.Body)
			require.NoError(t, err)
			require.NoError(t, response.Body.Close())
			all := decoded(t, answer{header: response.Header, body: seen.String() + string(rest)})
			require.Equal(t, "first\nsecond\n", all)
		}
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL("/broken"), http.NoBody)
		require.NoError(t, err)
		request.Header.Set("Accept-Encoding", "gzip")
		response, err := s.HTTP().Do(request)
		if err == nil {
			_, err = io.ReadAll(response.Body)
			require.NoError(t, response.Body.Close())
		}
		require.Error(t, err, "half a body must not look whole")
	})
}

// readUntilDecoded reads the first six decoded bytes.
func readUntilDecoded(t *testing.T, coding string, r io.Reader) string {
	t.Helper()
	text := make([]byte, 6)
	switch coding {
	case "gzip":
		z, err := gzip.NewReader(oneByte{r})
		require.NoError(t, err)
		r = z
	case "br":
		r = brotli.NewReader(oneByte{r})
	default:
		z, err := zstd.NewReader(oneByte{r}, zstd.WithDecoderConcurrency(1))
		require.NoError(t, err)
		defer z.Close()
		r = z
	}
	_, err := io.ReadFull(r, text)
	require.NoError(t, err)
	return string(text)
}

// oneByte hands out single bytes, so that nothing is read ahead.
type oneByte struct{ io.Reader }

func (r oneByte) Read(p []byte) (int, error) { return r.Reader.Read(p[:1]) }

func TestCompressConfig(t *testing.T) {
	refused(t, middleware.Compress(middleware.CompressConfig{Codings: []string{"deflate"}, MinSize: -1}),
		"middleware.Compress (", "compress_test.go:", "CompressConfig.Codings: deflate is not zstd, br or gzip", "CompressConfig.MinSize must be positive")
	everyMode(t, func(app *fasterapi.App) {
		app.Use(middleware.Compress(middleware.CompressConfig{Codings: []string{"gzip"}, MinSize: 1, Types: []string{"image/*"}}))
		app.Get("/", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Blob, error) {
			return fasterapi.Blob{ContentType: "image/bmp", Data: make([]byte, 500)}, nil
		})
	}, func(t *testing.T, s service) {
		require.Equal(t, "gzip", s.get("/", "Accept-Encoding", "br, zstd, *;q=0.1").header.Get("Content-Encoding"))
	})
}
