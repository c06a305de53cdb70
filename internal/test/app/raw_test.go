package app_test

import (
	"bufio"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/internal/test/onefield"
)

// dial opens a plain connection to the service.
func dial(t testing.TB, s service) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close() })
	require.NoError(t, conn.SetDeadline(time.Now().Add(10*time.Second)))
	return conn
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
