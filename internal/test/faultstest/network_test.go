package faultstest

import (
	"fmt"
	"strings"
	"testing"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/internal/test/ports"
)

// network is the way to a server through a proxy that can be made bad.
type network struct {
	t     *testing.T
	proxy *toxiproxy.Proxy
}

func networkTo(t *testing.T, server string) *network {
	t.Helper()
	toxics := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	port := ports.Free(t) // which is still free when the proxy comes back
	proxy := toxiproxy.NewProxy(toxics, "server", fmt.Sprintf("127.0.0.1:%d", port), server)
	require.NoError(t, proxy.Start())
	t.Cleanup(proxy.Stop)
	return &network{t, proxy}
}

// poison adds a toxic: kind and attributes as toxiproxy's documentation has them.
func (n *network) poison(kind, stream, attributes string) {
	n.t.Helper()
	text := fmt.Sprintf(`{"name":%q,"type":%q,"stream":%q,"toxicity":1,"attributes":%s}`, kind+stream, kind, stream, attributes)
	_, err := n.proxy.Toxics.AddToxicJson(strings.NewReader(text))
	require.NoError(n.t, err)
}

func (n *network) heal() { n.proxy.Toxics.ResetToxics(n.t.Context()) }
