package app_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/health"
	"github.com/fasterapi/fasterapi/openapi"
	"github.com/fasterapi/fasterapi/reactor"
)

// boundPool stands for the driver of a pool whose connections belong to cores.
type boundPool struct{}

func (boundPool) UseReactors(*reactor.Group) error { panic("an app that is described does not start") }
func (boundPool) MaxConnsPerCore() int             { return 7 }

type describedSettings struct {
	URL  string `env:"URL" doc:"where the mail goes"`
	Mail struct {
		Workers int    `env:"WORKERS" default:"4"`
		Token   string `env:"TOKEN_FILE,file" required:"false"`
	} `envPrefix:"MAIL_"`
}

func logRequests(next fasterapi.Handler) fasterapi.Handler { return next }

func describedItem(*fasterapi.Ctx, struct {
	ID    int    `path:"id" minimum:"1" doc:"number of the item"`
	Limit int    `query:"limit" default:"10"`
	Token string `header:"X-Token" sensitive:"true" pattern:"^[a-z]+$"`
},
) (struct{}, error) {
	return struct{}{}, nil
}

func describedOrder(*fasterapi.Ctx, struct {
	Body struct {
		Name string `json:"name"`
	} `body:""`
},
) (fasterapi.None, error) {
	return fasterapi.None{}, nil
}

func describedEvents(*fasterapi.Ctx, fasterapi.None) (fasterapi.SSE[int], error) {
	return fasterapi.SSE[int]{}, nil
}

// TestRunDescribesTheApp: what the command fasterapi asks for. Nothing is started, and
// nothing that it says is a secret.
func TestRunDescribesTheApp(t *testing.T) {
	app := fasterapi.New(fasterapi.Config{
		Title: "Shop", Version: "1.2.0", Addr: "127.0.0.1:8123", Cores: 3, MaxBody: 1 << 20, DrainDelay: -1, DrainTimeout: 12 * time.Second,
		Health: fasterapi.HealthConfig{Ready: "/readyz"}, HTTP: fasterapi.HTTPConfig{WriteTimeout: 7 * time.Second},
	})
	app.Use(logRequests)
	app.OnStart(func(context.Context) error { panic("an app that is described does not start") })
	app.Provide(boundPool{}, fasterapi.Named("orders"))
	app.ProvideSettings[describedSettings]()
	app.HealthCheck(health.Check{Name: "mail", Run: func(context.Context) error { panic("nothing is checked") }})
	app.Get("/items/{id}", describedItem, fasterapi.OnReactor(), fasterapi.Tags("items"))
	app.Post("/orders", describedOrder, fasterapi.MaxBody(2048),
		fasterapi.DescribeSecurity(openapi.SecurityUse{Name: "gateway", Scheme: openapi.SecurityScheme{Type: "http", Scheme: "basic"}, CheckedBy: "the gateway"}))
	app.Get("/events", describedEvents)
	app.Mount("/old", http.NotFoundHandler())

	t.Setenv("MAIL_WORKERS", "98765432") // a value of the environment is nobody's to know
	file := filepath.Join(t.TempDir(), "app.json")
	t.Setenv("FASTERAPI_DESCRIBE", file)
	require.NoError(t, app.Serve(context.Background())) // it returns
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	var d map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(text, &d))

	require.NotContains(t, string(text), "98765432")
	require.JSONEq(t, `1`, string(d["format"]))
	require.JSONEq(t, `"Shop"`, string(d["title"]))
	require.JSONEq(t, `{"host":"127.0.0.1","port":8123,"port_from_environment":false,"tls":false,"h2c":false,"cores":3,"pin":false,
		"stall_threshold_seconds":0,"stuck_limit_seconds":0,"max_body_bytes":1048576,"drain_delay_seconds":0,"drain_timeout_seconds":12,
		"head_timeout_seconds":10,"body_timeout_seconds":30,"idle_timeout_seconds":75,"write_timeout_seconds":7,
		"max_head_bytes":32768,"max_connections_per_core":65536}`, string(d["config"]))
	require.JSONEq(t, `{"live":"/live","ready":"/readyz","health":"/health","openapi":"/openapi.json","docs":"/docs"}`, string(d["paths"]))
	require.JSONEq(t, `[{"name":"orders","type":"app_test.boundPool","max_connections_per_core":7}]`, string(d["pools"]))
	require.JSONEq(t, `[{"name":"URL","required":true,"doc":"where the mail goes","file":false},{"name":"MAIL_WORKERS","required":false,"default":"4","file":false},
		{"name":"MAIL_TOKEN_FILE","required":false,"file":true}]`, string(d["settings"]))
	require.JSONEq(t, `["mail"]`, string(d["health_checks"]))
	require.Contains(t, string(d["openapi"]), `"/items/{id}"`)

	var routes []struct {
		Method, Pattern, Kind, Style, Handler string
		MaxBody                               int64 `json:"max_body_bytes"`
		Middleware, Security                  []string
		Inputs                                []struct{ Name, In, Type, Default, Rules, Doc string }
	}
	require.NoError(t, json.Unmarshal(d["routes"], &routes))
	var short []string
	for _, r := range routes {
		short = append(short, r.Method+" "+r.Pattern+" "+r.Kind+" "+r.Style)
	}
	require.Subset(t, short, []string{"GET /items/{id} http coroutine", "POST /orders http goroutine", "GET /events events goroutine"})
	require.Equal(t, "describedItem", routes[0].Handler)
	require.Equal(t, []string{"app_test.logRequests"}, routes[0].Middleware)
	require.Equal(t, `minimum="1"`, routes[0].Inputs[0].Rules)
	require.Equal(t, "number of the item", routes[0].Inputs[0].Doc)
	require.Equal(t, "10", routes[0].Inputs[1].Default)
	require.Equal(t, "sensitive", routes[0].Inputs[2].Rules)
	require.EqualValues(t, 2048, routes[1].MaxBody)
	require.Equal(t, []string{"gateway"}, routes[1].Security)
	require.Zero(t, routes[0].MaxBody, "it takes no body")
	require.Equal(t, "mounted", routes[len(routes)-1].Kind)
}

// TestDescribingSaysWhatIsWrong: an app with mistakes is not described, and neither is one
// whose description nobody can write.
func TestDescribingSaysWhatIsWrong(t *testing.T) {
	t.Setenv("FASTERAPI_DESCRIBE", filepath.Join(t.TempDir(), "no", "such", "folder"))
	require.ErrorContains(t, fasterapi.New(fasterapi.Config{}).Serve(context.Background()), "FASTERAPI_DESCRIBE")
	wrong := fasterapi.New(fasterapi.Config{Addr: "nonsense"})
	require.ErrorContains(t, wrong.Serve(context.Background()), "Config.Addr")
}

// TestStartIsNotDescribing: an app that a test starts serves, whatever the environment says.
func TestStartIsNotDescribing(t *testing.T) {
	file := filepath.Join(t.TempDir(), "app.json")
	t.Setenv("FASTERAPI_DESCRIBE", file)
	app := fasterapi.New(fasterapi.Config{Addr: "127.0.0.1:0"})
	s, err := app.Start()
	require.NoError(t, err)
	response, err := http.Get("http://" + s.Addr().String() + "/live")
	require.NoError(t, err)
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.JSONEq(t, `{"status":"ok"}`, string(text))
	require.NoError(t, s.Shutdown(context.Background()))
	require.NoFileExists(t, file)
}
