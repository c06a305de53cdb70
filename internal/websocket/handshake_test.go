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
