package websocket

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzNegotiate: offers are taken or not, and an answer never promises what is
// not kept.
func FuzzNegotiate(f *testing.F) {
	for _, offer := range []string{
		"permessage-deflate", "permessage-deflate; client_max_window_bits; server_max_window_bits=10", "x, permessage-deflate;", ";;,\"", "permessage-deflate; a=\"b",
	} {
		f.Add(offer)
	}
	f.Fuzz(func(t *testing.T, offer string) {
		ok, answer := negotiate(offer)
		require.Equal(t, ok, answer != "")
		if ok {
			require.Contains(t, answer, "server_no_context_takeover; client_no_context_takeover")
		}
	})
}

func TestSubprotocolChoice(t *testing.T) {
	p := Policy{Subprotocols: []string{"b", "a"}}
	require.Equal(t, "b", p.choose("a, b"))
	require.Equal(t, "a", p.choose("c,a"))
	require.Empty(t, p.choose("c"))
	require.Empty(t, p.choose(""))
}

// TestOriginPolicy: the origin of a page is compared with the Host field and the
// list as name and port, whatever of the port is left out.
func TestOriginPolicy(t *testing.T) {
	p := Policy{Origins: []string{"a.example", "b.example:8443", "*.below.example", "::1", "c.example:443"}}
	for _, c := range []struct {
		origin, host string
		want         bool
	}{
		{"", "host.example", true}, // a program
		{"https://host.example", "host.example", true},
		{"https://host.example", "HOST.example:443", true},
		{"https://host.example:443", "host.example", true},
		{"http://host.example", "host.example", true},
		{"https://host.example", "host.example:8080", false},
		{"https://host.example:8080", "host.example", false},
		{"https://host.example/x", "host.example", false},
		{"https://evil.example", "host.example", false},
		{"https://evil.example,https://host.example", "host.example", false},
		{"https://u@host.example", "host.example", false},
		{"null", "host.example", false},
		{"null", "null", false},
		{"host.example", "host.example", false},
		{"https://a.example", "", true},
		{"http://A.example:99", "", true},
		{"https://b.example:8443", "", true},
		{"https://b.example", "", false},
		{"https://c.example", "", true},
		{"https://x.below.example", "", true},
		{"https://below.example", "", false},
		{"https://xbelow.example", "", false},
		{"http://[::1]:80", "", true},
	} {
		require.Equal(t, c.want, p.allows(c.origin, c.host), "%s at %s", c.origin, c.host)
	}
	every := Policy{Origins: []string{"*"}}
	require.True(t, every.allows("null", ""))
	require.True(t, every.allows("https://evil.example", "host.example"))
}
