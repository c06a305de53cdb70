package app_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/client"
	"github.com/fasterapi/fasterapi/resilience"
)

// supplied is what the other service of these tests says.
type supplied struct {
	Kind  string `json:"kind"`
	Trace string `json:"trace"`
	State string `json:"state"`
	ID    string `json:"id"`
	Left  string `json:"left"`
}

// supply is another service, which fails in the way that its path names.
func supply(t *testing.T) *httptest.Server {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		kind := r.URL.Path[1:]
		switch kind {
		case "404", "500", "503", "504":
			w.Header().Set("Retry-After", "9")
			http.Error(w, "the supplier's secret", map[string]int{"404": 404, "500": 500, "503": 503, "504": 504}[kind])
		case "hangs":
			<-r.Context().Done()
		case "html":
			w.Header().Set("Content-Type", "text/html")
			io.WriteString(w, "secret")
		case "huge":
			fmt.Fprintf(w, "%q", strings.Repeat("x", 5000))
		default:
			fmt.Fprintf(w, `{"kind":%q,"trace":%q,"state":%q,"id":%q,"left":%q}`, kind,
				r.Header.Get("traceparent"), r.Header.Get("tracestate"), r.Header.Get("X-Request-ID"), r.Header.Get("X-Request-Timeout-Ms"))
		}
	}))
	t.Cleanup(s.Close)
	return s
}

// supplierIn is an input of all styles. Hasty is the same service, which has 100 ms for its answers.
type supplierIn struct {
	Kind     string           `path:"kind"`
	Supplier *client.Upstream `inject:""`
	Hasty    *client.Upstream `inject:"hasty"`
}

// upstream is the hasty one for what never answers only: how fast the machine is decides nothing else.
func (in supplierIn) upstream() *client.Upstream {
	if in.Kind == "hangs" {
		return in.Hasty
	}
	return in.Supplier
}

func callSupplier(c *fasterapi.Ctx, in supplierIn) (supplied, error) {
	return in.upstream().Get[supplied](c, "/{kind}", client.Path("kind", in.Kind)).Await(c)
}

// TestOutboundCalls: a handler of any style hands on what another service says, and what is wrong with it
// as 502, 503 or 504 that tells nothing of it.
func TestOutboundCalls(t *testing.T) {
	const trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
	s := supply(t)
	everyProtocol(t, func(app *fasterapi.App) {
		upstream := func(name string, timeout time.Duration) *client.Upstream {
			return client.New(name, client.Config{
				BaseURL: s.URL, MaxBody: 4000, Policy: resilience.New(name, resilience.Config{Timeout: timeout}),
			})
		}
		app.Provide(upstream("supplier", time.Minute), fasterapi.CloseOnStop())
		app.Provide(upstream("hasty supplier", 100*time.Millisecond), fasterapi.CloseOnStop(), fasterapi.Named("hasty"))
		app.Use(func(next fasterapi.Handler) fasterapi.Handler {
			return func(c *fasterapi.Ctx) error {
				c.SetRequestID("r-1")
				return next(c)
			}
		})
		app.Get("/sync/{kind}", callSupplier)
		app.Get("/reactor/{kind}", callSupplier, fasterapi.OnReactor())
		app.GetFuture("/future/{kind}", func(c *fasterapi.Ctx, in supplierIn) async.Future[supplied] {
			return in.upstream().Get[supplied](c, "/{kind}", client.Path("kind", in.Kind))
		})
		app.Get("/deadline/{kind}", func(c *fasterapi.Ctx, in supplierIn) (supplied, error) {
			within := time.Minute
			if in.Kind == "hangs" {
				within = 50 * time.Millisecond
			}
			ctx, cancel := context.WithTimeout(c, within)
			defer cancel()
			return in.Supplier.Get[supplied](ctx, "/{kind}", client.Path("kind", in.Kind)).Await(ctx)
		})
	}, func(t *testing.T, s service) {
		for _, style := range []string{"/sync/", "/reactor/", "/future/", "/deadline/"} {
			a := s.do("GET", style+"ok", "", "traceparent", trace, "tracestate", "a=1")
			require.Equal(t, 200, a.status, a.body)
			require.Contains(t, a.body, `"trace":"`+trace+`","state":"a=1"`, style)
			require.Regexp(t, `"id":"r-1","left":"\d{5}"`, a.body, style)
			require.NotContains(t, s.do("GET", style+"ok", "", "traceparent", "x", "tracestate", "a=1").body, "a=1", "a trace that is none")
			for kind, want := range map[string]int{"404": 502, "500": 502, "503": 503, "504": 504, "html": 502, "huge": 502, "hangs": 504} {
				a := s.get(style + kind)
				require.Equal(t, want, a.status, "%s%s: %s %s", style, kind, a.body, s.log)
				require.NotContains(t, a.body, "secret")
				require.NotContains(t, a.body, "supplier", "whose it is is no business of clients")
				require.Equal(t, want == 503, a.header.Get("Retry-After") == "9", "%s %s", kind, a.header)
			}
		}
		require.Contains(t, s.log.String(), "client: supplier: GET /{kind}: 500 Internal Server Error")
	})
}

// TestOutboundMistakes: an upstream that cannot work keeps the app from starting, with the line that made it.
func TestOutboundMistakes(t *testing.T) {
	app := fasterapi.New(fasterapi.Config{Cores: 1})
	t.Cleanup(func() { require.NoError(t, app.Stop(context.Background())) })
	app.Provide(client.New("supplier", client.Config{BaseURL: "supplier.example"}))
	_, err := app.Start()
	require.ErrorContains(t, err, `upstream "supplier": BaseURL must begin with "http://"`)
	require.ErrorContains(t, err, "client_test.go:")
}
