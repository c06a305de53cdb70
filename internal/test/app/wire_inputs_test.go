package app_test

import (
	"io"
	"net/http"
	"strings"
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
	everyProtocol(t, routes, func(t *testing.T, s service) {
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

// TestCodedBytes: whoever reads the bytes of a body gets them as they came, with the field
// that says how they are coded; parts cannot be read of them.
func TestCodedBytes(t *testing.T) {
	whole := func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.Text, error) {
		body, err := io.ReadAll(c.Body())
		return fasterapi.Text(c.Header("Content-Encoding") + " " + string(body)), err
	}
	everyWay(t, func(app *fasterapi.App) {
		app.Post("/body", whole)
		app.Post("/body/reactor", whole, fasterapi.OnReactor())
		app.PostFuture("/body/chain", func(c *fasterapi.Ctx, in fasterapi.None) async.Future[fasterapi.Text] {
			text, err := whole(c, in)
			if err != nil {
				return async.Failed[fasterapi.Text](err)
			}
			return async.Ready(text)
		})
		app.Post("/raw", func(_ *fasterapi.Ctx, in struct {
			Coding string `header:"Content-Encoding"`
			Body   []byte `body:"raw"`
		},
		) (fasterapi.Text, error) {
			return fasterapi.Text(in.Coding + " " + string(in.Body)), nil
		})
		app.Post("/parts", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.None, error) {
			_, err := c.Multipart()
			return fasterapi.None{}, err
		})
		mounted := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				http.Error(w, err.Error(), 500)
				return
			}
			_, _ = io.WriteString(w, r.Header.Get("Content-Encoding")+" "+string(body))
		})
		app.Mount("/mounted", mounted)
		wrapped := app.Group("/wrapped")
		wrapped.Use(fasterapi.WrapMiddleware(passing))
		wrapped.Mount("/mounted", mounted)
		wrapped.Post("/body", whole)
	}, func(t *testing.T, s service) {
		large := strings.Repeat("\x1f\x8b\x00 these are no bytes of gzip ", 40_000) // streams to goroutines
		for _, path := range []string{"/body", "/body/reactor", "/body/chain", "/raw", "/mounted", "/wrapped/mounted", "/wrapped/body"} {
			for _, body := range []string{"\x1f\x8b\x00 a few", large} {
				for _, coding := range []string{"gzip", "identity", "unheard-of"} {
					a := s.do("POST", path, body, "Content-Encoding", coding, "Content-Type", "application/octet-stream")
					require.Equal(t, 200, a.status, path)
					require.True(t, coding+" "+body == a.body, path)
				}
			}
		}
		a := s.do("POST", "/parts", "--b--\r\n", "Content-Encoding", "gzip", "Content-Type", "multipart/form-data; boundary=b")
		require.Equal(t, 415, a.status)
		require.Equal(t, "identity", a.header.Get("Accept-Encoding"))
		require.Equal(t, 204, s.do("POST", "/parts", "--b--\r\n", "Content-Encoding", "identity", "Content-Type", "multipart/form-data; boundary=b").status)
	})
}

// TestOddDispositions: parts are found by what their clients have written of them, one
// parameter at a time.
func TestOddDispositions(t *testing.T) {
	type input struct {
		Note string             `form:"note"`
		File []fasterapi.Upload `file:"file"`
	}
	everyWay(t, func(app *fasterapi.App) {
		app.Post("/", func(_ *fasterapi.Ctx, in input) ([]string, error) {
			got := []string{in.Note}
			for _, u := range in.File {
				content, err := u.Bytes()
				if err != nil {
					return nil, err
				}
				got = append(got, u.Name, string(content))
			}
			return got, nil
		})
	}, func(t *testing.T, s service) {
		for disposition, want := range map[string]string{
			`form-data; name="note"`:                                          `["x"]`,
			`form-data; name=note; size=; junk`:                               `["x"]`,
			`form-data; name="note"; name="note"`:                             `["x"]`,
			`form-data; name="file"; filename="a b.txt"`:                      `["","a b.txt","x"]`,
			`form-data; name="file"; filename=a b.txt`:                        `["","a b.txt","x"]`,
			`form-data; name="file"; filename="a"b.txt"`:                      `["","a\"b.txt","x"]`,
			`form-data; name="file"; filename="C:\dir\x.txt"`:                 `["","x.txt","x"]`,
			`form-data; name="file"; filename="/dir/x.txt"; filename="other"`: `["","x.txt","x"]`,
			`form-data; name="file"; filename*=UTF-8''na%C3%AFve.txt`:         `["","naïve.txt","x"]`,
			`form-data; name="file"; filename="n"; filename*=UTF-8''..%2F%00`: `["","file","x"]`,
			`attachment; name="note"`:                                         `[""]`,
		} {
			a := s.do("POST", "/", "--b\r\nContent-Disposition: "+disposition+"\r\n\r\nx\r\n--b--\r\n", "Content-Type", "multipart/form-data; boundary=b")
			require.Equal(t, 200, a.status, "%s: %s", disposition, a.body)
			require.JSONEq(t, want, a.body, disposition)
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
	everyProtocol(t, routes, func(t *testing.T, s service) {
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
