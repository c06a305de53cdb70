//go:build !race && !invariants

package idle_test

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// dial connects.
func dial(t require.TestingT, addr netip.AddrPort) net.Conn {
	conn, err := net.Dial("tcp", addr.String())
	require.NoError(t, err)
	return conn
}

// secure makes a TLS handshake, for protocol.
func secure(t require.TestingT, below net.Conn, protocol string) net.Conn {
	conn := tls.Client(below, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{protocol}}) //nolint:gosec // a test
	require.NoError(t, conn.Handshake())
	require.Equal(t, protocol, conn.ConnectionState().NegotiatedProtocol)
	return conn
}

// getHTTP1 makes a request, and reads the whole answer.
func getHTTP1(t require.TestingT, conn io.ReadWriter) {
	_, err := io.WriteString(conn, "GET /hello HTTP/1.1\r\nHost: a\r\nUser-Agent: test/1.0 (a client of some kind)\r\nAccept: */*\r\n\r\n")
	require.NoError(t, err)
	got := make([]byte, 2048)
	n, err := conn.Read(got)
	require.NoError(t, err)
	require.Contains(t, string(got[:n]), "200 OK")
	require.Contains(t, string(got[:n]), "\r\n\r\nhello")
}

// speak begins with HTTP/2, and has one request answered. Its fields are in the table of the
// connection from then on.
func speak(t require.TestingT, conn io.ReadWriter) *http2.Framer {
	_, err := io.WriteString(conn, http2.ClientPreface)
	require.NoError(t, err)
	f := http2.NewFramer(conn, conn)
	f.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	require.NoError(t, f.WriteSettings())
	require.NoError(t, f.WriteSettingsAck())
	request(t, f, 1, "/hello")
	body := ""
	readUntil(t, f, func(frame http2.Frame) bool {
		data, ok := frame.(*http2.DataFrame)
		if !ok {
			return false
		}
		body += string(data.Data())
		return data.StreamEnded()
	})
	require.Equal(t, "hello", body)
	return f
}

// request opens a stream.
func request(t require.TestingT, f *http2.Framer, stream uint32, path string) {
	var block writer
	e := hpack.NewEncoder(&block)
	if stream > 1 {
		e.SetMaxDynamicTableSize(0)
	}
	for _, h := range [][2]string{
		{":method", "GET"},
		{":scheme", "https"},
		{":authority", "service.example:8443"},
		{":path", path},
		{"user-agent", "test/1.0 (a client of some kind)"},
		{"accept", "*/*"},
		{"cookie", fmt.Sprintf("id=%0100d", stream)},
	} {
		require.NoError(t, e.WriteField(hpack.HeaderField{Name: h[0], Value: h[1]}))
	}
	require.NoError(t, f.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, BlockFragment: block, EndStream: true, EndHeaders: true}))
}

type writer []byte

func (w *writer) Write(p []byte) (int, error) {
	*w = append(*w, p...)
	return len(p), nil
}

// readUntil reads frames until one is what was waited for.
func readUntil(t require.TestingT, f *http2.Framer, is func(http2.Frame) bool) {
	for {
		frame, err := f.ReadFrame()
		require.NoError(t, err)
		if gone, ok := frame.(*http2.GoAwayFrame); ok {
			require.NoError(t, errors.New(gone.ErrCode.String()))
		}
		if is(frame) {
			return
		}
	}
}
