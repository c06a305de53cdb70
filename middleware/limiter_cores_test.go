package middleware_test

import (
	"crypto/tls"
	"io"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/resilience"
)

// TestLimiterOfCores: calls of handlers, of every style, go through the buckets of the core that has their connection. Each core lets
// pass what the limit says, and what is refused is a 503 that says when to come again.
func TestLimiterOfCores(t *testing.T) {
	const burst, conns = 5, 24
	var limiter *resilience.Limiter
	everyMode(t, func(app *fasterapi.App) {
		limiter = resilience.NewLimiter("supplier", resilience.LimiterConfig{
			Limit: resilience.Limit{Requests: burst, Window: time.Hour}, Buckets: resilience.NewLocal(resilience.LocalConfig{PerCore: true}),
		})
		app.Provide(resilience.NewRegistry(limiter))
		called := func(c *fasterapi.Ctx) (fasterapi.Text, error) {
			core := async.SiteOf(c).Scheduler.(interface{ Core() int }).Core()
			c.SetHeader("X-Core", strconv.Itoa(core))
			return fasterapi.Text(strconv.Itoa(core)), nil
		}
		for _, style := range styles {
			g := app.Group(style)
			do := func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.Text, error) {
				if _, err := limiter.Enter(c).Await(c); err != nil {
					return "", err
				}
				return called(c)
			}
			switch style {
			case "/chain":
				g.GetFuture("/", func(c *fasterapi.Ctx, _ fasterapi.None) async.Future[fasterapi.Text] {
					return limiter.Enter(c).ThenErr(func(struct{}) (fasterapi.Text, error) { return called(c) })
				})
			case "/coroutine":
				g.Get("/", do, fasterapi.OnReactor())
			default:
				g.Get("/", do)
			}
		}
	}, func(t *testing.T, s service) {
		passed, refused := map[string]int{}, 0
		var mu sync.Mutex
		var all sync.WaitGroup
		for i := range conns {
			all.Go(func() {
				transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}} //nolint:gosec // a connection of its own
				defer transport.CloseIdleConnections()
				for n := range 6 {
					response, err := (&http.Client{Transport: transport}).Get(s.URL(styles[(i+n)%len(styles)] + "/"))
					if err != nil {
						t.Error(err)
						return
					}
					text, _ := io.ReadAll(response.Body)
					_ = response.Body.Close()
					mu.Lock()
					switch {
					case response.StatusCode == http.StatusOK:
						passed[string(text)]++
					case response.StatusCode == http.StatusServiceUnavailable && response.Header.Get("Retry-After") != "":
						refused++
					default:
						t.Errorf("%d %s", response.StatusCode, text)
					}
					mu.Unlock()
				}
			})
		}
		all.Wait()
		sum := 0
		for core, n := range passed {
			require.LessOrEqual(t, n, burst, "core %s", core)
			sum += n
		}
		require.Equal(t, 6*conns, sum+refused)
		require.EqualValues(t, sum, limiter.Stats().Passed)
		require.EqualValues(t, refused, limiter.Stats().Refused)
		require.Zero(t, limiter.Stats().Broken)
		require.GreaterOrEqual(t, sum, burst, "one core at least had more requests than it lets pass")
	})
}
