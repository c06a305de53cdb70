package app_test

import (
	"bufio"
	"crypto/tls"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/internal/test/onefield"
)

// dial opens a connection to the service that speaks HTTP/1.1, over TLS if the service does.
func dial(t testing.TB, s service) net.Conn {
	t.Helper()
	conn, err := s.connect()
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close() })
	require.NoError(t, conn.SetDeadline(time.Now().Add(30*time.Second)))
	return conn
}

func (s service) connect() (net.Conn, error) {
	if s.tunnels != nil {
		return s.tunnels.dial(), nil
	}
	if strings.HasPrefix(s.url, "https:") {
		return tls.Dial("tcp", s.host(), &tls.Config{RootCAs: testRoots, NextProtos: []string{"http/1.1"}})
	}
	return net.Dial("tcp", s.host())
}

// host is the address of the service.
func (s service) host() string {
	_, host, _ := strings.Cut(s.url, "://")
	return host
}

// socketOf is what is below conn.
func socketOf(conn net.Conn) *net.TCPConn {
	if secure, ok := conn.(*tls.Conn); ok {
		conn = secure.NetConn()
	}
	return conn.(*net.TCPConn)
}

// closeWrite closes the sending side: over TLS its own first.
func closeWrite(conn net.Conn) error {
	if secure, ok := conn.(*tls.Conn); ok {
		if err := secure.CloseWrite(); err != nil {
			return err
		}
		_ = socketOf(conn).CloseWrite() // the server may have closed all of it already
		return nil
	}
	return socketOf(conn).CloseWrite()
}

// rawStatus sends bytes as they are and returns the status of the answer.
func rawStatus(t testing.TB, s service, request string) int {
	t.Helper()
	conn := dial(t, s)
	_, err := conn.Write([]byte(request))
	require.NoError(t, err)
	response, err := onefield.ReadResponse(t, bufio.NewReader(conn), nil)
	require.NoError(t, err)
	defer response.Body.Close()
	return response.StatusCode
}
