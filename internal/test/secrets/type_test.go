package secrets

import (
	"encoding/json/v2"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/fasterapitest"
	"github.com/fasterapi/fasterapi/middleware"
	"github.com/fasterapi/fasterapi/problem"
	"github.com/fasterapi/fasterapi/secret"
)

// marked is the text of every secret here.
const marked = "hunter2"

// logBuffer is written to by the cores and read by the test.
type logBuffer struct {
	mu   sync.Mutex
	text strings.Builder
}

// Write keeps the lines.
func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

// String is what was written so far.
func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// taken is a handler that takes everything.
func taken[In any](*fasterapi.Ctx, In) (fasterapi.None, error) { return fasterapi.None{}, nil }

// typedLogin has secrets by their type, without a tag that says so.
type typedLogin struct {
	Name     string                       `json:"name"`
	Password secret.String                `json:"password" minLength:"3" maxLength:"20" pattern:"^[a-z0-9]*$"`
	Key      secret.Bytes                 `json:"key,omitzero"`
	Old      *secret.String               `json:"old,omitzero" maxLength:"20"`
	Opt      fasterapi.Opt[secret.String] `json:"opt,omitzero" maxLength:"20"`
	List     []secret.String              `json:"list,omitzero" maxItems:"2" maxLength:"20"`
	Map      map[string]secret.String     `json:"map,omitzero" maxLength:"20"`
}

// typedSecretRoutes has a route for every place that a value of type secret.String may be in.
func typedSecretRoutes(app *fasterapi.App) {
	app.Use(middleware.AccessLog(middleware.AccessLogConfig{}))
	type body struct {
		Body typedLogin `body:""`
	}
	app.Post("/login", func(c *fasterapi.Ctx, in body) (fasterapi.Text, error) {
		c.Logger().Info("login", "body", in.Body, "password", in.Body.Password)
		key, _ := in.Body.Opt.Get()
		return fasterapi.Text(fmt.Sprint(len(in.Body.Password.Reveal()), len(in.Body.Key.Reveal()), len(key.Reveal()))), nil
	})
	app.Post("/echo", func(_ *fasterapi.Ctx, in body) (typedLogin, error) { return in.Body, nil })
	app.Post("/any", func(_ *fasterapi.Ctx, in body) (map[string]any, error) {
		return map[string]any{"body": in.Body, "password": in.Body.Password}, nil
	})
	app.Post("/fail", func(_ *fasterapi.Ctx, in body) (fasterapi.None, error) {
		return fasterapi.None{}, problem.New(409, fmt.Sprintf("%v is taken: %+v", in.Body.Password, in.Body))
	})
	app.Post("/error", func(_ *fasterapi.Ctx, in body) (fasterapi.None, error) {
		return fasterapi.None{}, errors.New("cannot log in " + in.Body.Password.String())
	})
	app.Post("/panic", func(_ *fasterapi.Ctx, in body) (fasterapi.None, error) { panic(in.Body.Password) })
	app.Post("/panic/deep", func(_ *fasterapi.Ctx, in body) (fasterapi.None, error) { panic(&in) })
	app.Get("/places/{token}", taken[struct {
		Path   secret.String   `path:"token" maxLength:"3"`
		Query  secret.String   `query:"query" maxLength:"3"`
		List   []secret.String `query:"list" maxLength:"3"`
		Header secret.String   `header:"X-Own" maxLength:"3"`
		Opt    *secret.String  `header:"X-Opt" maxLength:"3"`
		Cookie secret.String   `cookie:"sid" maxLength:"3"`
	}])
	app.Post("/form", taken[struct {
		Secret secret.String `form:"secret" maxLength:"3"`
	}])
	app.Get("/open/{token}", func(c *fasterapi.Ctx, in struct {
		Token secret.String `path:"token"`
	},
	) (fasterapi.Text, error) {
		return fasterapi.Text(fmt.Sprint(in.Token.Reveal() == c.Param("token"), c.LogPath())), nil
	})
}

// TestSecretType: what is a secret by its type is read, checked and used, and shows in no
// answer and in no line of the log: on both engines.
func TestSecretType(t *testing.T) {
	whole := `{"name":"ann","password":"hunter2","key":"hunter2","old":"hunter2","opt":"hunter2","list":["hunter2"],"map":{"a":"hunter2"}}`
	long := strings.Repeat("hunter2", 4)
	var log *logBuffer
	fasterapitest.Run(t, func(cfg fasterapi.Config) *fasterapi.App {
		log = &logBuffer{}
		cfg.Logger = slog.New(slog.NewJSONHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		app := fasterapi.New(cfg)
		typedSecretRoutes(app)
		return app
	}, func(t *testing.T, c *fasterapitest.Client) {
		form := []string{"Content-Type", "application/x-www-form-urlencoded"}
		for _, r := range []struct {
			method, path, body string
			status             int
			header             []string
			want               string
		}{
			{"POST", "/login", whole, 200, nil, "7 7 7"},
			{"POST", "/login", strings.ReplaceAll(whole, "hunter2", long), 422, nil, "must have at most 20 characters"},
			{"POST", "/login", `{"name":"ann","password":"hunter2!"}`, 422, nil, "must match the pattern"},
			{"POST", "/login", `{"name":"ann","password":"` + "hunter2" + `","old":["hunter2"],"opt":{"a":"hunter2"}}`, 422, nil, "must be a string"},
			{"POST", "/login", `{"name":"ann","password":"hunter2"`, 422, nil, "is not valid JSON"},
			{"POST", "/echo", whole, 200, nil, `{"name":"ann"}`},
			{"POST", "/any", whole, 200, nil, `"password":"***"`},
			{"POST", "/fail", whole, 409, nil, "*** is taken"},
			{"POST", "/error", whole, 500, nil, ""},
			{"POST", "/panic", whole, 500, nil, ""},
			{"POST", "/panic/deep", whole, 500, nil, ""},
			{
				"GET", "/places/hunter2?query=hunter2&list=a,hunter2", "", 422,
				[]string{"X-Own", "hunter2", "X-Opt", "hunter2", "Cookie", "sid=hunter2"},
				"path.token",
			},
			{"GET", "/places/hunter2/more", "", 404, nil, ""},
			{"PUT", "/places/hunter2", "", 405, nil, ""},
			{"POST", "/form", url.Values{"secret": {"hunter2"}}.Encode(), 422, form, "form.secret"},
			{"GET", "/open/hunter2", "", 200, nil, "true/open/***"},
		} {
			request, err := http.NewRequestWithContext(t.Context(), r.method, c.URL(r.path), strings.NewReader(r.body))
			require.NoError(t, err)
			for i := 0; i < len(r.header); i += 2 {
				request.Header.Set(r.header[i], r.header[i+1])
			}
			if r.body != "" && request.Header.Get("Content-Type") == "" {
				request.Header.Set("Content-Type", "application/json")
			}
			what, answer := r.method+" "+r.path, c.Do(request)
			require.Equal(t, r.status, answer.Status, "%s: %s", what, answer.Body)
			require.Contains(t, answer.Text(), r.want)
			for name, values := range answer.Header {
				require.NotContains(t, strings.Join(values, ","), marked, "%s: %s", what, name)
			}
			require.NotContains(t, answer.Text(), marked, what)
			require.NotContains(t, log.String(), marked, what)
		}
		require.Contains(t, log.String(), "***")
	})
}

// TestSecretTypeInDocument: it is a password that is write only, and no member of answers.
func TestSecretTypeInDocument(t *testing.T) {
	app := fasterapi.New(fasterapi.Config{Logger: slog.New(slog.NewTextHandler(io.Discard, nil))})
	typedSecretRoutes(app)
	var doc struct {
		Components struct {
			Schemas map[string]struct {
				Properties map[string]struct {
					Type      any
					Format    string
					WriteOnly bool
					MaxLength int
				}
			}
		}
	}
	text := fasterapitest.New(t, app).Get("/openapi.json").Expect(http.StatusOK).Text()
	require.NoError(t, json.Unmarshal([]byte(text), &doc, json.MatchCaseInsensitiveNames(true)))
	in, out := 0, 0
	for name, s := range doc.Components.Schemas {
		if !strings.Contains(strings.ToLower(name), "typedlogin") {
			continue
		}
		password, ok := s.Properties["password"]
		if !ok {
			out++
			require.Len(t, s.Properties, 1, name)
			continue
		}
		in++
		require.Equal(t, "string", password.Type)
		require.Equal(t, "password", password.Format)
		require.True(t, password.WriteOnly)
		require.Equal(t, 20, password.MaxLength)
	}
	require.Equal(t, []int{1, 1}, []int{in, out}, text)
}

// TestSecretTypeInSettings: it is read from the environment, checked, and shows in no mistake.
func TestSecretTypeInSettings(t *testing.T) {
	type settings struct {
		URL  secret.String   `env:"TEST_URL"`
		Key  secret.Bytes    `env:"TEST_KEY" minLength:"4" maxLength:"10"`
		List []secret.String `env:"TEST_LIST" required:"false"`
		Opt  *secret.String  `env:"TEST_OPT"`
	}
	t.Setenv("TEST_URL", marked)
	t.Setenv("TEST_KEY", marked)
	t.Setenv("TEST_LIST", marked+",b")
	read, err := fasterapi.Settings[settings]()
	require.NoError(t, err)
	require.Equal(t, settings{secret.Of(marked), secret.Of([]byte(marked)), []secret.String{secret.Of(marked), secret.Of("b")}, nil}, read)
	require.NotContains(t, fmt.Sprintf("%+v %#v", read, read), marked)

	t.Setenv("TEST_KEY", marked+marked)
	_, err = fasterapi.Settings[settings]()
	require.ErrorContains(t, err, "TEST_KEY must have at most 10 characters")
	require.NotContains(t, err.Error(), marked)

	type forgotten struct{ Key secret.String }
	_, err = fasterapi.Settings[forgotten]()
	require.ErrorContains(t, err, "has no env tag")
}
