package metrics

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/broadcast"
	"github.com/fasterapi/fasterapi/db/sqlite"
	"github.com/fasterapi/fasterapi/idempotency"
	"github.com/fasterapi/fasterapi/internal/test/needs"
	"github.com/fasterapi/fasterapi/observe"
)

// lint has Prometheus's own tool look at what was scraped.
func lint(t *testing.T, text string) {
	t.Helper()
	tool := exec.Command(needs.Program(t, "promtool"), "check", "metrics")
	tool.Stdin = strings.NewReader(text)
	out, err := tool.CombinedOutput()
	require.NoError(t, err, "%s", out)
}

// TestTopics: what a topic counts is shown by its name.
func TestTopics(t *testing.T) {
	topic := broadcast.New("news", broadcast.Config[int]{History: 2})
	h, _ := service(t, func(_ *fasterapi.App, m *Metrics) { m.Topic(topic) })
	messages := topic.Subscribe(t.Context(), broadcast.Subscription[int]{})
	for i := range 5 {
		_, err := topic.Publish(t.Context(), i).Await(t.Context())
		require.NoError(t, err)
	}
	var during string
	taken := 0
	for m, err := range messages { // a gap of three, and two
		require.NoError(t, err)
		if !m.Gap {
			taken++
		}
		if taken == 2 {
			_, during = get(h, "GET", "/metrics")
			break
		}
	}
	for _, line := range []string{
		`fasterapi_broadcast_subscribers{topic="news"} 1`,
		`fasterapi_broadcast_published_total{topic="news"} 5`,
		`fasterapi_broadcast_local_only_total{topic="news"} 0`,
		`fasterapi_broadcast_received_total{topic="news"} 0`,
		`fasterapi_broadcast_delivered_total{topic="news"} 2`,
		`fasterapi_broadcast_dropped_total{topic="news"} 3`,
		`fasterapi_broadcast_overtaken_total{topic="news"} 1`,
		`fasterapi_broadcast_gaps_total{topic="news"} 0`,
		`fasterapi_broadcast_connected{topic="news"} 1`,
		`fasterapi_broadcast_losses_total{topic="news"} 0`,
		`fasterapi_broadcast_reconnects_total{topic="news"} 0`,
	} {
		require.Contains(t, during, line)
	}
	lint(t, during)
}

// TestKeys: what became of requests with keys is shown by the name of the keys.
func TestKeys(t *testing.T) {
	pool, err := sqlite.Open(filepath.Join(t.TempDir(), "keys.db"), sqlite.Config{})
	require.NoError(t, err)
	t.Cleanup(func() { _ = pool.Close(context.Background()) })
	_, err = pool.Exec(t.Context(), idempotency.Schema).Await(t.Context())
	require.NoError(t, err)
	keys := idempotency.New(idempotency.InDatabase(pool), idempotency.Config{Name: "payments"})
	h, _ := service(t, func(app *fasterapi.App, m *Metrics) {
		m.Keys(keys)
		app.Post("/pay", func(_ *fasterapi.Ctx, in struct {
			Amount int `query:"amount" minimum:"1"`
		},
		) (fasterapi.Text, error) {
			return "paid", nil
		}, keys.Route())
	})
	pay := func(query, key string) int {
		r := httptest.NewRequest(http.MethodPost, "/pay?amount="+query, http.NoBody)
		r.Header.Set(idempotency.Header, key)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w.Code
	}
	for _, one := range []struct {
		amount, key string
		status      int
	}{{"1", "a", 200}, {"1", "a", 200}, {"1", "a", 200}, {"2", "a", 422}, {"0", "b", 422}, {"1", `""`, 400}} {
		require.Equal(t, one.status, pay(one.amount, one.key), "%v", one)
	}
	_, text := get(h, "GET", "/metrics")
	for _, line := range []string{
		`fasterapi_idempotency_runs_total{keys="payments"} 2`,
		`fasterapi_idempotency_running{keys="payments"} 0`,
		`fasterapi_idempotency_stored_total{keys="payments"} 1`,
		`fasterapi_idempotency_unsendable_total{keys="payments"} 0`,
		`fasterapi_idempotency_freed_total{keys="payments"} 1`,
		`fasterapi_idempotency_unstored_total{keys="payments"} 0`,
		`fasterapi_idempotency_replayed_total{keys="payments"} 2`,
		`fasterapi_idempotency_conflicts_total{keys="payments"} 0`,
		`fasterapi_idempotency_mismatched_total{keys="payments"} 1`,
		`fasterapi_idempotency_refused_total{keys="payments"} 1`,
		`fasterapi_idempotency_store_failures_total{keys="payments"} 0`,
		`fasterapi_idempotency_unchecked_total{keys="payments"} 0`,
	} {
		require.Contains(t, text, line)
	}
	lint(t, text)
}

// role is one that stands still; package leader has the tests of what it counts.
type role observe.RoleStats

func (r role) Stats() observe.RoleStats { return observe.RoleStats(r) }

// TestRoles: who leads here, and what has failed, is shown by the name of the role.
func TestRoles(t *testing.T) {
	h, _ := service(t, func(_ *fasterapi.App, m *Metrics) {
		m.Role(role{Role: "billing", Leads: true, Term: 7, Gained: 3, Lost: 2, Failures: 4, Error: "secret place", FailedAt: time.UnixMilli(1_500)})
		m.Role(role{Role: "mail"})
	})
	_, text := get(h, "GET", "/metrics")
	for _, line := range []string{
		`fasterapi_leader_leads{role="billing"} 1`, `fasterapi_leader_leads{role="mail"} 0`,
		`fasterapi_leader_term{role="billing"} 7`,
		`fasterapi_leader_gained_total{role="billing"} 3`,
		`fasterapi_leader_lost_total{role="billing"} 2`,
		`fasterapi_leader_failures_total{role="billing"} 4`,
		`fasterapi_leader_last_failure_timestamp_seconds{role="billing"} 1.5`,
		`fasterapi_leader_last_failure_timestamp_seconds{role="mail"} 0`,
	} {
		require.Contains(t, text, line)
	}
	require.NotContains(t, text, "secret place")
	lint(t, text)
}

// jobs are some that stand still; package schedule has the tests of what it counts.
type jobs []observe.JobStats

func (j *jobs) Stats() []observe.JobStats { return *j }

// TestJobs: what has become of jobs is shown by their names, that of Prometheus's own label left alone.
func TestJobs(t *testing.T) {
	at := func(ms int64) time.Time { return time.UnixMilli(ms) }
	h, _ := service(t, func(_ *fasterapi.App, m *Metrics) {
		m.Schedule(&jobs{{
			Job: "report", Runs: 5, Failed: 1, Missed: 2, Overrun: 3, Running: true, Began: at(1_000), Took: 250 * time.Millisecond, Total: 1500 * time.Millisecond,
			Succeeded: at(2_000), Next: at(3_500), Error: "secret place", FailedAt: at(500),
		}})
		m.Schedule(&jobs{{Job: "sweep"}, {Job: "report", Runs: 99}})
	})
	status, text := get(h, "GET", "/metrics")
	require.Equal(t, 200, status)
	for _, line := range []string{
		`fasterapi_schedule_runs_total{scheduled_job="report"} 5`, `fasterapi_schedule_runs_total{scheduled_job="sweep"} 0`,
		`fasterapi_schedule_failures_total{scheduled_job="report"} 1`,
		`fasterapi_schedule_missed_total{scheduled_job="report"} 2`,
		`fasterapi_schedule_overruns_total{scheduled_job="report"} 3`,
		`fasterapi_schedule_running{scheduled_job="report"} 1`,
		`fasterapi_schedule_run_seconds_total{scheduled_job="report"} 1.5`,
		`fasterapi_schedule_last_run_duration_seconds{scheduled_job="report"} 0.25`,
		`fasterapi_schedule_last_run_timestamp_seconds{scheduled_job="report"} 1`,
		`fasterapi_schedule_last_success_timestamp_seconds{scheduled_job="report"} 2`,
		`fasterapi_schedule_last_failure_timestamp_seconds{scheduled_job="report"} 0.5`,
		`fasterapi_schedule_next_run_timestamp_seconds{scheduled_job="report"} 3.5`,
		`fasterapi_schedule_next_run_timestamp_seconds{scheduled_job="sweep"} 0`,
	} {
		require.Contains(t, text, line)
	}
	require.NotContains(t, text, "secret place")
	lint(t, text)
}
