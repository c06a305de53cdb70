package clients

import (
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/fasterapitest"
	"github.com/fasterapi/fasterapi/internal/test/clients/shop"
)

// TestWebClient: the program web/main.ts, which openapi-typescript's types have compiled with,
// talks to the service over both engines.
func TestWebClient(t *testing.T) {
	fasterapitest.Run(t, shop.New, func(t *testing.T, c *fasterapitest.Client) {
		out, err := exec.CommandContext(t.Context(), "node", "web/dist/main.js", c.URL("")).CombinedOutput()
		require.NoError(t, err, "%s", out)
		require.Equal(t, "39 checks passed\n", string(out), "all of it has run")
	}, fasterapitest.OneReactor(), fasterapitest.NetHTTP())
}
