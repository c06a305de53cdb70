package metrics

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/observe"
)

// oneJob is a schedule with one job.
type oneJob struct{ name string }

func (o *oneJob) Stats() []observe.JobStats { return []observe.JobStats{{Job: o.name}} }

// TestNameThatIsNoText: a name in another encoding costs its own characters, and not all that is to be scraped.
func TestNameThatIsNoText(t *testing.T) {
	h, _ := service(t, func(app *fasterapi.App, m *Metrics) {
		m.Schedule(&oneJob{"caf\xe9"})
		app.Get("/caf\xe9/{id}", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Text, error) { return "", nil })
	})
	answered, _ := get(h, "GET", "/caf%E9/7")
	require.Equal(t, http.StatusOK, answered)
	status, text := get(h, "GET", "/metrics")
	require.Equal(t, http.StatusOK, status, text)
	require.Contains(t, text, `fasterapi_schedule_runs_total{scheduled_job="caf�"} 0`)
	require.Contains(t, text, `http_route="/caf�/{id}"} 1`)
}
