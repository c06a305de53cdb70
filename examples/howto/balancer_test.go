package howto

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
)

// TestBehindBalancer: what a balancer says of its client is believed, and what anybody else says is not, over HTTP/1.1 and
// HTTP/2 without TLS; browsers hear of HSTS where they used TLS.
func TestBehindBalancer(t *testing.T) {
	for network, trusted := range map[string]bool{"127.0.0.0/8": true, "192.0.2.0/24": false} {
		app := behindBalancer(fasterapi.Config{Addr: "127.0.0.1:0", Cores: 1}, netip.MustParsePrefix(network))
		app.Get("/hello", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.Text, error) {
			return fasterapi.Text(fmt.Sprint(c.Client(), " ", c.Secure())), nil
		})
		server, err := app.Start()
		require.NoError(t, err)
		for _, http2 := range []bool{false, true} {
			transport := &http.Transport{Protocols: new(http.Protocols)}
			transport.Protocols.SetHTTP1(!http2)
			transport.Protocols.SetUnencryptedHTTP2(http2)
			for _, proto := range []string{"https", "http"} {
				request, err := http.NewRequestWithContext(t.Context(), "GET", "http://"+server.Addr().String()+"/hello", nil)
				require.NoError(t, err)
				request.Header.Set("X-Forwarded-For", "198.51.100.66, 203.0.113.7") // the first is what the client wrote
				request.Header.Set("X-Forwarded-Proto", proto)
				response, err := (&http.Client{Transport: transport}).Do(request)
				require.NoError(t, err)
				body, err := io.ReadAll(response.Body)
				require.NoError(t, err)
				require.NoError(t, response.Body.Close())
				require.Equal(t, http2, response.ProtoMajor == 2)
				want := "127.0.0.1 false"
				if trusted {
					want = fmt.Sprint("203.0.113.7 ", proto == "https")
				}
				require.Equal(t, want, string(body), "%s, %s", network, proto)
				require.Equal(t, trusted && proto == "https", response.Header.Get("Strict-Transport-Security") == "max-age=31536000")
			}
			transport.CloseIdleConnections()
		}
		require.NoError(t, server.Shutdown(t.Context()))
	}
}

// TestNoProxyProtocol: a connection that begins with the PROXY protocol is refused: nobody is believed by mistake.
func TestNoProxyProtocol(t *testing.T) {
	app := behindBalancer(fasterapi.Config{Addr: "127.0.0.1:0", Cores: 1}, netip.MustParsePrefix("127.0.0.0/8"))
	server, err := app.Start()
	require.NoError(t, err)
	defer func() { require.NoError(t, server.Shutdown(t.Context())) }()
	for _, opening := range []string{
		"PROXY TCP4 203.0.113.7 127.0.0.1 5000 80\r\n",
		"\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c\xcb\x00\x71\x07\x7f\x00\x00\x01\x13\x88\x00\x50",
	} {
		conn, err := net.Dial("tcp", server.Addr().String())
		require.NoError(t, err)
		require.NoError(t, conn.SetDeadline(time.Now().Add(20*time.Second)))
		_, err = io.WriteString(conn, opening+"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
		require.NoError(t, err)
		response, err := http.ReadResponse(bufio.NewReader(conn), nil)
		require.NoError(t, err, "%q", opening)
		require.Equal(t, http.StatusBadRequest, response.StatusCode, "%q", opening)
		require.NoError(t, response.Body.Close())
		require.NoError(t, conn.Close())
	}
}
