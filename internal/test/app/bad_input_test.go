package app_test

import (
	"bytes"
	"context"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/fasterapitest"
	"github.com/fasterapi/fasterapi/security"
)

// hunter2 is the secret of every request of these tests: no answer and no log
// line may hold it.
const hunter2 = "hunter2"

type badPath struct {
	N     int64         `path:"n" minimum:"1"`
	Kind  genre         `path:"kind"`
	Ratio float64       `path:"ratio"`
	Wait  time.Duration `path:"wait" maximum:"1h"`
	Word  string        `path:"word" maxLength:"8" format:"password"`
}

type badQuery struct {
	N     int64         `query:"n" minimum:"1" required:"true"`
	Kind  genre         `query:"kind"`
	Ratio float64       `query:"ratio"`
	Wait  time.Duration `query:"wait" maximum:"1h"`
	Word  string        `query:"word" maxLength:"8" format:"password"`
	List  []uint16      `query:"list" maxItems:"3"`
}

type badHeader struct {
	N     int64         `header:"N" minimum:"1" required:"true"`
	Kind  genre         `header:"Kind"`
	Ratio float64       `header:"Ratio"`
	Wait  time.Duration `header:"Wait" maximum:"1h"`
	Word  string        `header:"Word" maxLength:"8" format:"password"`
	List  []uint16      `header:"List" maxItems:"3"`
}

type badCookie struct {
	N     int64         `cookie:"n" minimum:"1" required:"true"`
	Kind  genre         `cookie:"kind"`
	Ratio float64       `cookie:"ratio"`
	Wait  time.Duration `cookie:"wait" maximum:"1h"`
	Word  string        `cookie:"word" maxLength:"8" format:"password"`
	List  []uint16      `cookie:"list" maxItems:"3"`
}

type badForm struct {
	N     int64         `form:"n" minimum:"1" required:"true"`
	Kind  genre         `form:"kind"`
	Ratio float64       `form:"ratio"`
	Wait  time.Duration `form:"wait" maximum:"1h"`
	Word  string        `form:"word" maxLength:"8" format:"password"`
	List  []uint16      `form:"list" maxItems:"3"`
}

type badUpload struct {
	Word  string           `form:"word" maxLength:"8" format:"password"`
	Photo fasterapi.Upload `file:"photo" accept:"image/png" maxBytes:"1000"`
}

type badBody struct {
	N     int64         `json:"n" minimum:"1"`
	Kind  genre         `json:"kind"`
	Ratio float64       `json:"ratio"`
	Wait  time.Duration `json:"wait" maximum:"1h"`
	Word  string        `json:"word" maxLength:"8" format:"password"`
	List  []uint16      `json:"list" maxItems:"3" required:"false"`
	When  time.Time     `json:"when,omitzero"`
	Name  string        `json:"name,omitzero"`
	Any   any           `json:"any" required:"false"`
}

func accept[In any](*fasterapi.Ctx, In) (fasterapi.Text, error) { return "accepted", nil }

// keyOfBad signs the tokens of these tests.
var keyOfBad = []byte("0123456789abcdef0123456789abcdef")

func badRoutes(app *fasterapi.App) {
	app.Get("/path/{n}/{kind}/{ratio}/{wait}/{word}", accept[badPath])
	app.Get("/query", accept[badQuery])
	app.Get("/header", accept[badHeader])
	app.Get("/cookie", accept[badCookie])
	app.Post("/form", accept[badForm], fasterapi.LimitForm(fasterapi.FormLimits{Parts: 20}))
	app.Post("/upload", accept[badUpload], fasterapi.LimitForm(fasterapi.FormLimits{Parts: 4}))
	app.Post("/json", accept[struct {
		Body badBody `body:""`
	}], fasterapi.StrictBody())
	tokens := security.JWT[struct{}](security.JWTConfig{Keys: []security.Key{security.SharedKey("1", keyOfBad)}, Issuer: "us"})
	tokens.Provide(app)
	app.Get("/token", func(*fasterapi.Ctx, struct {
		Who security.Claims[struct{}] `inject:""`
	},
	) (fasterapi.Text, error) {
		return "accepted", nil
	})
	app.Get("/file", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.File, error) {
		return fasterapi.File{Content: strings.NewReader("content"), Name: "a.txt"}, nil
	})
}

// badRequest is one request.
type badRequest struct {
	method, target, body string
	header               []string
}

// goodValues are accepted everywhere; tests spoil one of them.
func goodValues() url.Values {
	return url.Values{"n": {"1"}, "kind": {"jazz"}, "ratio": {"1.5"}, "wait": {"1m"}, "word": {"ok"}, "list": {"1", "2"}}
}

// places puts the same values into every part of a request that holds text.
var places = map[string]func(url.Values) badRequest{
	"path": func(v url.Values) badRequest {
		target := "/path"
		for _, name := range []string{"n", "kind", "ratio", "wait", "word"} {
			target += "/" + url.PathEscape(v.Get(name))
		}
		return badRequest{method: "GET", target: target}
	},
	"query": func(v url.Values) badRequest { return badRequest{method: "GET", target: "/query?" + v.Encode()} },
	"header": func(v url.Values) badRequest {
		r := badRequest{method: "GET", target: "/header"}
		for name, values := range v {
			r.header = append(r.header, name, strings.Join(values, ", "))
		}
		return r
	},
	"cookie": func(v url.Values) badRequest {
		var pairs []string
		for name, values := range v {
			pairs = append(pairs, name+"="+strings.Join(values, ","))
		}
		return badRequest{method: "GET", target: "/cookie", header: []string{"Cookie", strings.Join(pairs, "; ")}}
	},
	"form": func(v url.Values) badRequest {
		return badRequest{"POST", "/form", v.Encode(), []string{"Content-Type", "application/x-www-form-urlencoded"}}
	},
	"multipart": func(v url.Values) badRequest {
		var body bytes.Buffer
		w := multipart.NewWriter(&body)
		for name, values := range v {
			for _, value := range values {
				_ = w.WriteField(name, value) // a bytes.Buffer takes everything
			}
		}
		_ = w.Close()
		return badRequest{"POST", "/form", body.String(), []string{"Content-Type", w.FormDataContentType()}}
	},
}

// TestBadValues: a wrong value is a 422 that says where, in every part of a
// request alike.
func TestBadValues(t *testing.T) {
	long := strings.Repeat("9", 1000)
	everyProtocol(t, badRoutes, func(t *testing.T, s service) {
		for place, request := range places {
			r := request(goodValues())
			require.Equal(t, 200, s.do(r.method, r.target, r.body, r.header...).status, place)
			for _, bad := range []struct{ field, value, message string }{
				{"n", "x", "must be an integer"},
				{"n", "1.0", "must be an integer"},
				{"n", "NaN", "must be an integer"},
				{"n", "0x10", "must be an integer"},
				{"n", "1e999999999", "must be an integer"},
				{"n", long, "must be an integer between"},
				{"n", "-9223372036854775809", "must be an integer between"},
				{"n", "0", "must be at least 1"},
				{"kind", "punk", "must be one of: jazz, folk"},
				{"ratio", "NaN", "must be a number"},
				{"ratio", "-Inf", "must be a number"},
				{"ratio", "0x1p3", "must be a number"},
				{"ratio", "1e400", "must be a finite number"},
				{"ratio", "1e" + long, "must be a finite number"},
				{"wait", "1 day", "must be a duration"},
				{"wait", "1h1ns", "must be at most 1h"},
				{"wait", long + "h", "must be a duration"},
				{"word", hunter2 + hunter2, "must have at most 8 characters"},
				{"word", hunter2 + strings.Repeat("x", 3000), "must have at most 8 characters"},
				{"word", "\xff" + hunter2, "must be valid UTF-8"},
				{"list", "65536", "must be an integer between 0 and 65535"},
				{"list", "1,2,3,4", "must have at most 3 items"},
			} {
				values := goodValues()
				if values.Set(bad.field, bad.value); bad.field == "list" {
					values["list"] = strings.Split(bad.value, ",")
				}
				if place == "path" && bad.field == "list" || (place == "cookie" || place == "header") && bad.value[:1] == "\xff" {
					continue // not a cookie (RFC 6265 section 4.1.1), so it is ignored like those of others; ISO-8859-1 in headers
				}
				r := request(values)
				s.refuses(r, 422, map[string]string{locationOf(place, bad.field): bad.message}, place, bad.field, bad.value)
			}
			if place != "path" {
				values := goodValues()
				values.Del("n")
				values.Set("kind", "punk")
				s.refuses(request(values), 422, map[string]string{locationOf(place, "n"): "is required", locationOf(place, "kind"): "must be one of"}, place)
			}
		}
		require.NotContains(t, s.log.String(), hunter2)
	})
}

func locationOf(place, field string) string {
	switch place {
	case "multipart":
		place = "form"
	case "header":
		field = http.CanonicalHeaderKey(field)
	}
	return place + "." + field
}

// refuses sends a request and expects a problem with these errors: location to
// the beginning of the message.
func (s service) refuses(r badRequest, status int, want map[string]string, about ...string) {
	s.t.Helper()
	a := s.do(r.method, r.target, r.body, r.header...)
	require.Equal(s.t, status, a.status, "%q: %s", about, a.body)
	require.Less(s.t, len(a.body), 4<<10, "%q: an answer must not grow with what was sent", about)
	require.NotContains(s.t, a.body+fmt.Sprint(a.header), hunter2, "%q", about)
	p := a.problem(s.t)
	for _, e := range p.Errors {
		start, ok := want[e.Location]
		require.True(s.t, ok, "%q: an error at %q: %s", about, e.Location, a.body)
		require.True(s.t, strings.HasPrefix(e.Message, start), "%q: %s", about, a.body)
	}
	for location := range want {
		require.Contains(s.t, a.body, `"`+location+`"`, "%q", about)
	}
}

// TestBadBodies: what JSON, forms and uploads can have wrong beside their values.
func TestBadBodies(t *testing.T) {
	asJSON := func(body string) badRequest {
		return badRequest{"POST", "/json", body, []string{"Content-Type", "application/json"}}
	}
	good := `"n":1,"kind":"jazz","ratio":1.5,"wait":"1m","word":"ok"`
	parts := func(boundary string, parts ...string) badRequest {
		body := ""
		for _, p := range parts {
			body += "--b\r\n" + p + "\r\n"
		}
		return badRequest{"POST", "/upload", body + "--b--\r\n", []string{"Content-Type", "multipart/form-data" + boundary}}
	}
	word := "Content-Disposition: form-data; name=\"word\"\r\n\r\nok"
	photo := "Content-Disposition: form-data; name=\"photo\"; filename=\"a.png\"\r\nContent-Type: image/png\r\n\r\nx"
	type at = map[string]string
	cases := []struct {
		request badRequest
		status  int
		errors  at
	}{
		{asJSON(""), 422, at{"body": "is required"}},
		{asJSON("{}"), 422, at{"body.n": "is required", "body.kind": "is required", "body.ratio": "is required", "body.wait": "is required", "body.word": "is required"}},
		{asJSON(`{"n":"x","kind":3,"ratio":"1","wait":60,"word":["hunter2"]}`), 422, at{"body.n": "must be an integer", "body.kind": "must be a string", "body.ratio": "must be a number", "body.wait": "must be a duration", "body.word": "must be a string"}},
		{asJSON(`{"n":1e999999999,"kind":"punk","ratio":1e400,"wait":"2h","word":"hunter2hunter2"}`), 422, at{"body.n": "must be an integer", "body.kind": "must be one of", "body.ratio": "is out of range", "body.wait": "must be at most 1h", "body.word": "must have at most 8"}},
		{asJSON(`{"n":` + strings.Repeat("9", 3000) + `,"kind":"jazz","ratio":0,"wait":"0","word":"ok"}`), 422, at{"body.n": "must be an integer from"}},
		{asJSON(`{"n":NaN}`), 422, at{"body": ""}},
		{asJSON(`{` + good + `,"ratio":2}`), 422, at{"body.ratio": "is given twice"}},
		{asJSON(`{` + good + `,"admin":true}`), 422, at{"body.admin": "is not known"}},
		{asJSON(`{` + good + `,"list":[1,2,3,4,65536]}`), 422, at{"body.list": "must have at most 3 items"}},
		{asJSON(`{` + good + `,"list":[1,65536]}`), 422, at{"body.list[1]": "must be an integer from 0 to 65535"}},
		{asJSON(`{` + good + `,"when":"yesterday"}`), 422, at{"body.when": "must be an RFC 3339 time"}},
		{asJSON(`{` + good + `,"any":` + strings.Repeat("[", 5000) + strings.Repeat("]", 5000) + `}`), 422, at{"body": "is not valid JSON: it is nested too deeply"}},
		{asJSON(`{` + good + `,"name":"` + "\xff" + `"}`), 422, at{"body": ""}},
		{asJSON(`{` + good + `,"name":"\ud800"}`), 422, at{"body": ""}},
		{asJSON(`{` + good + `} hunter2`), 422, at{"body": ""}},
		{asJSON(`{` + good), 422, at{"body": ""}},
		{asJSON(`null`), 422, at{"body": "must be an object"}},
		{badRequest{"POST", "/json", `{` + good + `}`, []string{"Content-Type", "text/plain"}}, 415, at{"header.Content-Type": "must be application/json"}},
		{badRequest{"POST", "/form", "n=1", []string{"Content-Type", "application/json"}}, 415, at{"header.Content-Type": "must be"}},
		{badRequest{"POST", "/form", "n=1&word=%zzhunter2", []string{"Content-Type", "application/x-www-form-urlencoded"}}, 422, at{"form.word": "has an invalid percent escape"}},

		{parts(""), 415, at{"header.Content-Type": "must be multipart/form-data with a boundary"}},
		{parts("; boundary=b", word), 422, at{"file.photo": "is required"}},
		{parts("; boundary=b", word, "no header at all"), 422, at{"form": "is not valid multipart/form-data"}},
		{parts("; boundary=b", strings.Replace(word, "ok", hunter2+hunter2, 1), photo), 422, at{"form.word": "must have at most 8 characters"}},
		{parts("; boundary=b", strings.Replace(word, "ok", "\xff"+hunter2, 1), photo), 422, at{"form.word": "must be valid UTF-8"}},
		{parts("; boundary=b", strings.Replace(photo, "image/png", "text/html", 1)), 422, at{"file.photo": "must be one of: image/png"}},
		{parts("; boundary=b", photo+strings.Repeat("x", 1000)), 422, at{"file.photo": "must have at most 1000 bytes"}},
		{parts("; boundary=b", strings.Replace(photo, `; filename="a.png"`, "", 1)), 422, at{"file.photo": ""}},
		{parts("; boundary=b", photo, word, word, word, word, word), 422, at{"form": "has too many parts"}},
		{badRequest{"POST", "/upload", "--b\r\n" + photo, []string{"Content-Type", "multipart/form-data; boundary=b"}}, 422, at{"form": ""}},
	}
	everyProtocol(t, badRoutes, func(t *testing.T, s service) {
		require.Equal(t, 200, s.do("POST", "/json", `{`+good+`,"list":[1],"any":[1]}`, "Content-Type", "application/json").status)
		ok := parts("; boundary=b", word, photo)
		require.Equal(t, 200, s.do(ok.method, ok.target, ok.body, ok.header...).status)
		for _, c := range cases {
			body := c.request.body
			s.refuses(c.request, c.status, c.errors, c.request.target, body[:min(len(body), 300)])
		}
		require.NotContains(t, s.log.String(), hunter2)
	})
}

// TestBadTokens: tokens that are not good are a 401 with a challenge, whatever is
// wrong with them.
func TestBadTokens(t *testing.T) {
	signer := security.NewSharedSigner("1", keyOfBad)
	sign := func(change func(*security.Claims[struct{}])) string {
		c := security.Claims[struct{}]{Issuer: "us", Subject: hunter2, ExpiresAt: time.Now().Add(time.Hour)}
		change(&c)
		token, err := signer.Sign(c)
		require.NoError(t, err)
		return token
	}
	good := sign(func(*security.Claims[struct{}]) {})
	head, rest, _ := strings.Cut(good, ".")
	everyProtocol(t, badRoutes, func(t *testing.T, s service) {
		require.Equal(t, 200, s.get("/token", "Authorization", "Bearer "+good).status)
		require.Equal(t, 401, s.get("/token").status)
		for name, token := range map[string]string{
			"empty": "", "no token": hunter2, "two dots": ".." + hunter2, "bad base64": head + ".%%." + hunter2,
			"unsigned": "eyJhbGciOiJub25lIn0." + rest, "huge": strings.Repeat("x", 20_000), "bad UTF-8": "\xff\xfe.a.b", "cut": good[:len(good)-3],
			"of others": sign(func(c *security.Claims[struct{}]) { c.Issuer = "them" }),
			"expired":   sign(func(c *security.Claims[struct{}]) { c.ExpiresAt = time.Now().Add(-time.Hour) }),
		} {
			a := s.get("/token", "Authorization", strings.TrimSpace("Bearer "+token)) // HTTP/2 has no white space at the end
			require.Equal(t, 401, a.status, name)
			a.problem(t)
			require.Contains(t, a.header.Get("WWW-Authenticate"), "Bearer", name)
			require.NotContains(t, a.body, hunter2, name)
			if len(token) > 10 {
				require.NotContains(t, a.body+s.log.String(), token, name)
			}
		}
	})
}

// TestNumbersDoNotAllocate: memory for a request grows with its length, never
// with a number in it.
func TestNumbersDoNotAllocate(t *testing.T) {
	app := fasterapi.New(fasterapi.Config{Cores: 1, Logger: fasterapitest.Logger(t)})
	badRoutes(app)
	client := fasterapitest.New(t, app)
	cost := func(r badRequest) uint64 {
		request, err := http.NewRequestWithContext(context.Background(), r.method, client.URL(r.target), strings.NewReader(r.body))
		require.NoError(t, err)
		for i := 0; i < len(r.header); i += 2 {
			request.Header.Set(r.header[i], r.header[i+1])
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		client.Do(request)
		runtime.ReadMemStats(&after)
		return after.TotalAlloc - before.TotalAlloc
	}
	for name, request := range map[string]func(number string) badRequest{
		"query": func(n string) badRequest { return badRequest{method: "GET", target: "/query?n=" + n + "&ratio=" + n} },
		"json": func(n string) badRequest {
			return badRequest{"POST", "/json", `{"n":` + n + `,"ratio":` + n + `,"any":` + n + `}`, []string{"Content-Type", "application/json"}}
		},
		"exponent": func(n string) badRequest {
			return badRequest{"POST", "/json", `{"n":1e` + n + `,"ratio":1e` + n + `,"any":1e-` + n + `}`, []string{"Content-Type", "application/json"}}
		},
		"range": func(n string) badRequest {
			return badRequest{method: "GET", target: "/file", header: []string{"Range", "bytes=0-" + n}}
		},
		"multipart": func(n string) badRequest {
			return badRequest{"POST", "/upload", "--b\r\nContent-Disposition: form-data; name=\"photo\"; filename=\"a\"\r\nContent-Type: image/png\r\nContent-Length: " + n + "\r\n\r\nx\r\n--b--\r\n", []string{"Content-Type", "multipart/form-data; boundary=b"}}
		},
	} {
		request := request
		cost(request("1")) // the first request of a route makes what is kept
		small := cost(request("1"))
		for _, n := range []string{"1000000000", "9223372036854775807", "99999999999999999999999"} {
			require.Less(t, cost(request(n)), small+256<<10, "%s %s", name, n)
		}
	}
}
