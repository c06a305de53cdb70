package app_test

import (
	"bytes"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/fasterapitest"
)

// stored is an input whose body is read while it comes.
type stored struct {
	Name string    `path:"name" maxLength:"4"`
	Data io.Reader `body:"application/octet-stream, image/*" doc:"the content"`
}

func streamBodies(cfg fasterapi.Config) *fasterapi.App {
	app := fasterapi.New(cfg)
	count := func(_ *fasterapi.Ctx, in stored) (fasterapi.Text, error) {
		n, err := io.Copy(io.Discard, in.Data)
		return fasterapi.Text(in.Name + strconv.FormatInt(n, 10)), err
	}
	app.Put("/store/{name}", count, fasterapi.MaxBody(2<<20))
	app.Group("/group").Post("/store/{name}", count)
	app.Post("/optional", func(_ *fasterapi.Ctx, in struct {
		Data io.Reader `body:"raw" required:"false"`
	},
	) (fasterapi.Text, error) {
		text, err := io.ReadAll(in.Data)
		return fasterapi.Text(text), err
	})
	app.Post("/reactor", func(_ *fasterapi.Ctx, in struct {
		Data []byte `body:"text/csv"`
	},
	) (fasterapi.Text, error) {
		return fasterapi.Text(in.Data), nil
	}, fasterapi.OnReactor())
	return app
}

// raw sends a body of a content type; unsized: without saying how long it is.
func sendRaw(t *testing.T, c *fasterapitest.Client, method, path, contentType string, body []byte, unsized bool) *fasterapitest.Response {
	t.Helper()
	var from io.Reader = bytes.NewReader(body)
	if unsized {
		from = io.MultiReader(from)
	}
	request, err := http.NewRequestWithContext(t.Context(), method, c.URL(path), from)
	require.NoError(t, err)
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}
	return c.Do(request)
}

// TestStreamedBody: small and large bodies, with a length and without, of the media types
// that the field names, and no others.
func TestStreamedBody(t *testing.T) {
	large := bytes.Repeat([]byte("0123456789"), 100<<10)
	fasterapitest.Run(t, streamBodies, func(t *testing.T, c *fasterapitest.Client) {
		for _, unsized := range []bool{false, true} {
			for _, contentType := range []string{"application/octet-stream", "image/png", "IMAGE/webp; a=b"} {
				for _, body := range [][]byte{[]byte("few"), large} {
					r := sendRaw(t, c, "PUT", "/store/a", contentType, body, unsized).Expect(http.StatusOK)
					require.Equal(t, "a"+strconv.Itoa(len(body)), r.Text())
				}
			}
			for _, contentType := range []string{"application/json", "imagex/png", ""} {
				for _, body := range [][]byte{[]byte("few"), large} {
					r := sendRaw(t, c, "PUT", "/store/a", contentType, body, unsized).Expect(http.StatusUnsupportedMediaType)
					require.Equal(t, "application/octet-stream, image/*", r.Header.Get("Accept"))
				}
			}
			require.Equal(t, http.StatusRequestEntityTooLarge, sendRaw(t, c, "PUT", "/store/a", "image/png", bytes.Repeat(large, 3), unsized).Status)
			r := sendRaw(t, c, "PUT", "/store/much-too-long", "image/png", large, unsized)
			require.Equal(t, []string{"path.name must have at most 4 characters"}, faultsOf(t, r))
		}
		require.Equal(t, "a3", sendRaw(t, c, "POST", "/group/store/a", "image/png", []byte("few"), false).Text())
		require.Equal(t, []string{"body is required"}, faultsOf(t, sendRaw(t, c, "PUT", "/store/a", "image/png", nil, false)))
		require.Equal(t, "any", sendRaw(t, c, "POST", "/optional", "a/b", []byte("any"), true).Text())
		require.Empty(t, sendRaw(t, c, "POST", "/optional", "", nil, false).Expect(http.StatusOK).Text())
		require.Equal(t, "a,b", sendRaw(t, c, "POST", "/reactor", "text/csv; header=present", []byte("a,b"), false).Text())
		require.Equal(t, http.StatusUnsupportedMediaType, sendRaw(t, c, "POST", "/reactor", "text/plain", []byte("a,b"), false).Status)
	})
}

// TestStreamedBodyIsDocumented: with its media types, as binary.
func TestStreamedBodyIsDocumented(t *testing.T) {
	doc, err := streamBodies(fasterapi.Config{}).OpenAPI()
	require.NoError(t, err)
	body := doc.Paths.Get("/store/{name}").Put.RequestBody
	require.True(t, body.Required)
	require.Equal(t, "the content", body.Description)
	require.Len(t, body.Content, 2)
	require.Equal(t, "binary", body.Content.Get("application/octet-stream").Schema.Format)
	require.Equal(t, "binary", body.Content.Get("image/*").Schema.Format)
	require.NotNil(t, doc.Paths.Get("/reactor").Post.RequestBody.Content.Get("text/csv"))
}

func TestStreamedBodyMistakes(t *testing.T) {
	none := fasterapi.None{}
	app := fasterapi.New(fasterapi.Config{})
	app.Post("/a/{name}", func(*fasterapi.Ctx, stored) (fasterapi.None, error) { return none, nil }, fasterapi.OnReactor())
	app.Post("/b", func(*fasterapi.Ctx, struct {
		Data io.Reader `body:""`
	},
	) (fasterapi.None, error) {
		return none, nil
	})
	app.Post("/c", func(*fasterapi.Ctx, struct {
		Data int `body:"image/png"`
	},
	) (fasterapi.None, error) {
		return none, nil
	})
	app.Post("/d", func(*fasterapi.Ctx, struct {
		Data io.Reader `body:"image/png; q=1"`
	},
	) (fasterapi.None, error) {
		return none, nil
	})
	_, err := app.OpenAPI()
	require.Error(t, err)
	for _, words := range []string{
		"wait for the client, so the route must run on goroutines", "an io.Reader needs the media types that it takes",
		"a raw body is a []byte, a string or an io.Reader, not int", "is no media type without parameters",
	} {
		require.Contains(t, err.Error(), words)
	}
	require.Equal(t, 4, strings.Count(err.Error(), "stream_body_test.go:"))
}
