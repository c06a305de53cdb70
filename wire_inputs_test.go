package fasterapi_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/async"
)

// TestEncodedBodies: a body that nobody decodes is a 415 on every engine and in
// every style, whatever it is read as.
func TestEncodedBodies(t *testing.T) {
	type jsonInput struct {
		Body map[string]any `body:""`
	}
	type formInput struct {
		A string `form:"a"`
	}
	type rawInput struct {
		Body []byte `body:"raw"`
	}
	type uploadInput struct {
		A *fasterapi.Upload `file:"a"`
	}
	routes := func(app *fasterapi.App) {
		app.Post("/json", accept[jsonInput])
		app.Post("/json/reactor", accept[jsonInput], fasterapi.OnReactor())
		app.PostFuture("/json/future", func(*fasterapi.Ctx, jsonInput) async.Future[fasterapi.Text] {
			return async.Ready(fasterapi.Text("accepted"))
		})
		app.Post("/form", accept[formInput])
		app.Post("/raw", accept[rawInput])
		app.Post("/upload", accept[uploadInput])
	}
	multipart := "--b\r\nContent-Disposition: form-data; name=\"a\"; filename=\"a\"\r\n\r\nx\r\n--b--\r\n"
	everyMode(t, routes, func(t *testing.T, s service) {
		for _, r := range []struct{ path, contentType, body string }{
			{"/json", "application/json", "{}"},
			{"/json/reactor", "application/json", "{}"},
			{"/json/future", "application/json", "{}"},
			{"/form", "application/x-www-form-urlencoded", "a=1"},
			{"/form", "multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx\r\n--b--\r\n"},
			{"/raw", "application/octet-stream", "x"},
			{"/upload", "multipart/form-data; boundary=b", multipart},
		} {
			for _, coding := range []string{"gzip", "identity, br"} {
				a := s.do("POST", r.path, r.body, "Content-Type", r.contentType, "Content-Encoding", coding)
				require.Equal(t, http.StatusUnsupportedMediaType, a.status, "%v %s", r, coding)
				require.Equal(t, "identity", a.header.Get("Accept-Encoding"), "%v", r)
			}
			a := s.do("POST", r.path, r.body, "Content-Type", r.contentType, "Content-Encoding", "identity")
			require.Equal(t, http.StatusOK, a.status, "%v: %s", r, a.body)
		}
	})
}

// TestBlankForms: inputs that a browser sends although they were left blank.
func TestBlankForms(t *testing.T) {
	type input struct {
		Name string               `form:"name" required:"true"`
		Age  *int                 `form:"age"`
		Size int                  `form:"size" default:"7"`
		When time.Time            `form:"when"`
		Mail *string              `form:"mail" format:"email"`
		Opt  fasterapi.Opt[int32] `form:"opt"`
		List []int                `form:"list"`
		Page uint                 `query:"page"`
	}
	type strict struct {
		Age int `form:"age" required:"true"`
	}
	routes := func(app *fasterapi.App) {
		app.Post("/", func(_ *fasterapi.Ctx, in input) (fasterapi.None, error) {
			if in.Age != nil || in.Size != 7 || !in.When.IsZero() || in.Mail != nil || !in.Opt.IsZero() || in.List != nil || in.Page != 0 {
				return fasterapi.None{}, http.ErrNotSupported
			}
			return fasterapi.None{}, nil
		})
		app.Post("/strict", accept[strict])
		app.Get("/paths/{ids}", func(_ *fasterapi.Ctx, in struct {
			IDs  []uint   `path:"ids"`
			Seen []string `cookie:"seen"`
			Name string   `header:"X-Name"`
		},
		) (map[string]any, error) {
			return map[string]any{"ids": in.IDs, "seen": in.Seen, "name": in.Name}, nil
		})
	}
	parts := ""
	for _, name := range []string{"name", "age", "size", "when", "mail", "opt", "list"} {
		parts += "--b\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n\r\n\r\n"
	}
	everyMode(t, routes, func(t *testing.T, s service) {
		for contentType, body := range map[string]string{
			"application/x-www-form-urlencoded": "name=&age=&size=&when=&mail=&opt=&list=", "multipart/form-data; boundary=b": parts + "--b--\r\n",
		} {
			a := s.do("POST", "/?page=", body, "Content-Type", contentType)
			require.Equal(t, http.StatusNoContent, a.status, a.body)
			a = s.do("POST", "/strict", body, "Content-Type", contentType)
			require.Equal(t, 422, a.status)
			require.Contains(t, a.body, `"location":"form.age","message":"is required"`)
		}
		a := s.do("GET", "/paths/1,2", "", "Cookie", "seen=a,b", "X-Name", "caf\xe9")
		require.JSONEq(t, `{"ids":[1,2],"seen":["a","b"],"name":"café"}`, a.body)
		require.Equal(t, 422, s.do("GET", "/paths/-0", "").status, "as in JSON")
		document := s.do("GET", "/openapi.json", "").body
		require.Regexp(t, `(?s)"name": ?"seen",.{0,80}"style": ?"form",\s*"explode": ?false`, document)
	})
}
