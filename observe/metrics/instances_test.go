package metrics

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/broadcast"
	"github.com/fasterapi/fasterapi/internal/test/needs"
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
