package admin_test

import (
	"bufio"
	"context"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/admin"
	"github.com/fasterapi/fasterapi/broadcast"
	"github.com/fasterapi/fasterapi/cache"
	"github.com/fasterapi/fasterapi/client"
	"github.com/fasterapi/fasterapi/health"
	"github.com/fasterapi/fasterapi/observe"
)

// noReason is an error as a check returns it that gives back a nil pointer.
type noReason struct{ text string }

func (n *noReason) Error() string { return n.text }

// TestHostileTexts: a name that is no UTF-8 takes no page away, and a health check whose error panics when it is asked what it says
// does not end the process when somebody looks at the dashboard.
func TestHostileTexts(t *testing.T) {
	app := fasterapi.New(fasterapi.Config{Addr: "127.0.0.1:0", Cores: 1, Logger: slog.New(slog.DiscardHandler)})
	panel := admin.Attach(app, admin.Config{Addr: "127.0.0.1:0", Flight: off, Roles: []observe.RoleReporter{role{Role: "caf\xe9"}}})
	app.HealthCheck(health.Check{Name: "supplier", Run: func(context.Context) error {
		var none *noReason
		return none
	}})
	server, err := app.Start()
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		require.NoError(t, server.Shutdown(ctx))
	})
	s := &service{t: t, side: "http://" + panel.Addr().String()}
	var parts struct{ Roles []struct{ Role string } }
	s.get("/parts", &parts)
	require.Equal(t, "caf\uFFFD", parts.Roles[0].Role)
	var report struct{ Checks []struct{ Error string } }
	s.get("/health", &report)
	require.Equal(t, "<nil>", report.Checks[0].Error)

	response, err := http.Get(s.side + "/dashboard/events")
	require.NoError(t, err)
	defer response.Body.Close()
	for lines := bufio.NewReader(response.Body); ; {
		line, err := lines.ReadString('\n')
		require.NoError(t, err)
		if strings.Contains(line, `"error":"<nil>"`) { // of a later one: no snapshot waits for the checks
			require.Contains(t, line, "caf\uFFFD")
			break
		}
	}
}

// TestPartsThatAreNone: a nil pointer is found at the start, and not when somebody looks at the dashboard.
func TestPartsThatAreNone(t *testing.T) {
	app := fasterapi.New(fasterapi.Config{Addr: "127.0.0.1:0", Cores: 1, Logger: slog.New(slog.DiscardHandler)})
	admin.Attach(app, admin.Config{
		Addr: "127.0.0.1:0", Flight: off, Caches: []cache.Reporter{(*cache.Cache[string, int])(nil)}, Stores: []cache.StoreReporter{(*shared)(nil)}, Upstreams: []*client.Upstream{nil}, Topics: []broadcast.Reporter{(*broadcast.Topic[int])(nil)},
		Roles: []observe.RoleReporter{(*role)(nil)}, Schedules: []observe.JobReporter{(*jobs)(nil)},
	})
	_, err := app.Start()
	for _, part := range []string{"Caches", "Stores", "Upstreams", "Topics", "Roles", "Schedules"} {
		require.ErrorContains(t, err, "admin.Config."+part+" has one that is nil")
	}
}
