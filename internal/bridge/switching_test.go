package bridge

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/internal/test/held"
)

// TestSwitchingHead: a 101 says no length of a body, as net/http leaves it out.
func TestSwitchingHead(t *testing.T) {
	w := NewWriter(held.New(t, "GET", "/"))
	for name, value := range map[string]string{
		"Connection": "Upgrade", "Upgrade": "echo", "Content-Length": "5", "Transfer-Encoding": "chunked", "X-Bad": "a\r\nb", "X-Good": "a",
	} {
		w.Header().Set(name, value)
	}
	w.WriteHeader(http.StatusSwitchingProtocols)
	require.Equal(t, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\nX-Good: a\r\n\r\n", string(w.switchingHead()))
}
