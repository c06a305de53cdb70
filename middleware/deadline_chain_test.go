package middleware_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/client"
	"github.com/fasterapi/fasterapi/middleware"
	"github.com/fasterapi/fasterapi/resilience"
)

// heardDeadline is what a service that was called knows of its caller's patience.
type heardDeadline struct {
	Field   string `json:"field"`
	Left    int64  `json:"left"` // in nanoseconds, by the context
	Bounded bool   `json:"bounded"`
}

// behind is a service that others call. What its requests end with, when their time is over, comes out of ended.
type behind struct {
	up    *client.Upstream
	ended chan error
}

func startBehind(t *testing.T) *behind {
	t.Helper()
	b := &behind{ended: make(chan error, 16)}
	app := fasterapi.New(fasterapi.Config{Addr: "127.0.0.1:0", Cores: 2, Logger: slog.New(slog.DiscardHandler)})
	app.Use(middleware.Deadline(middleware.DeadlineConfig{}))
	app.Get("/heard", func(c *fasterapi.Ctx, _ fasterapi.None) (heardDeadline, error) {
		left, bounded := resilience.TimeLeft(c)
		return heardDeadline{c.Header(resilience.DeadlineHeader), int64(left), bounded}, nil
	})
	app.Get("/hangs", func(c *fasterapi.Ctx, _ fasterapi.None) (heardDeadline, error) {
		<-c.Done()
		b.ended <- c.Err()
		return heardDeadline{}, c.Err()
	})
	server, err := app.Start()
	require.NoError(t, err)
	b.up = client.New("behind", client.Config{
		BaseURL: "http://" + server.Addr().String(), Policy: resilience.New("behind", resilience.Config{Timeout: time.Hour}),
	})
	require.NoError(t, b.up.Mistake())
	t.Cleanup(func() {
		require.NoError(t, b.up.Close())
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		require.NoError(t, server.Shutdown(ctx))
	})
	return b
}

// inFront are routes, in every style, that call the service behind after a while.
func (b *behind) inFront(to *fasterapi.Group) {
	for _, path := range []string{"/heard", "/hangs"} {
		call := func(c *fasterapi.Ctx) async.Future[heardDeadline] {
			return async.Sleep(c, spent).ThenFuture(func(struct{}) async.Future[heardDeadline] { return b.up.Get[heardDeadline](c, path) })
		}
		wait := func(c *fasterapi.Ctx, _ fasterapi.None) (heardDeadline, error) { return call(c).Await(c) }
		to.Get("/goroutine"+path, wait)
		to.Get("/coroutine"+path, wait, fasterapi.OnReactor())
		to.GetFuture("/chain"+path, func(c *fasterapi.Ctx, _ fasterapi.None) async.Future[heardDeadline] { return call(c) })
	}
}

// spent is how much of a request's time the service in front takes for itself.
const spent = 20 * time.Millisecond

// TestDeadlineGoesOn: what a trusted proxy says of its patience is, less the time spent, what the service that is called for the
// request hears in its own field, and the deadline of its context; and when it is over both services end. Of whoever is not
// trusted nothing goes on.
func TestDeadlineGoesOn(t *testing.T) {
	b := startBehind(t)
	everyMode(t, func(app *fasterapi.App) {
		b.inFront(app.Group("/near", fasterapi.Use(middleware.Deadline(middleware.DeadlineConfig{}))))
		b.inFront(app.Group("/far", fasterapi.Use(middleware.Deadline(middleware.DeadlineConfig{
			Trusted: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")},
		}))))
	}, func(t *testing.T, s service) {
		heard := func(path string) time.Duration { // what the field says
			t.Helper()
			h := s.With(resilience.DeadlineHeader, "600000").Get(path + "/heard").Expect(http.StatusOK).JSON[heardDeadline]()
			ms, err := strconv.ParseInt(h.Field, 10, 64)
			require.NoError(t, err, "%s: %q", path, h.Field)
			require.True(t, h.Bounded, path)
			field := time.Duration(ms) * time.Millisecond
			require.LessOrEqual(t, time.Duration(h.Left), field, "%s: the context ends no later than the field says", path)
			require.Greater(t, time.Duration(h.Left), field-5*time.Minute, path)
			return field
		}
		for _, style := range styles {
			field := heard("/near" + style)
			require.LessOrEqual(t, field, 10*time.Minute-spent, "%s: what is left, and not what there was", style)
			require.Greater(t, field, 5*time.Minute, style)
			field = heard("/far" + style)
			require.Greater(t, field, 30*time.Minute, "%s: that of the client's own policy", style)

			for begun := false; !begun; { // on a busy machine the time may be over before the other is called
				require.Equal(t, http.StatusGatewayTimeout, s.get("/near"+style+"/hangs", resilience.DeadlineHeader, "120").status, style)
				select {
				case err := <-b.ended:
					// The client in front leaves at the same moment, and may be heard first.
					require.Error(t, err, style)
					begun = true
				case <-time.After(2 * time.Second):
				}
			}
		}
	})
}
