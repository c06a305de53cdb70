//go:build !race && !invariants

package idle_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/http2"
)

// clientsVariable makes this program the clients of the tests.
const clientsVariable = "IDLE_CLIENTS"

func TestMain(m *testing.M) {
	if os.Getenv(clientsVariable) != "" {
		runtime.KeepAlive(serveOrders(os.Stdin, os.Stdout))
		return
	}
	if url := os.Getenv(restsVariable); url != "" {
		if err := rest(url, os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// clients is a process that opens connections and keeps them open, so that what clients
// allocate is not in the memory that is measured, nor between what the servers keep.
//
// Owner: the test.
type clients struct {
	orders  io.Writer
	answers *bufio.Reader
}

func newClients(t *testing.T) *clients {
	t.Helper()
	program, err := os.Executable()
	require.NoError(t, err)
	command := exec.Command(program)
	command.Env, command.Stderr = append(os.Environ(), clientsVariable+"=1"), os.Stderr
	orders, err := command.StdinPipe()
	require.NoError(t, err)
	answers, err := command.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, command.Start())
	t.Cleanup(func() {
		_ = orders.Close()
		_ = command.Wait()
	})
	return &clients{orders: orders, answers: bufio.NewReader(answers)}
}

// order has n things opened of a kind, see opening.
func (c *clients) order(t *testing.T, kind string, addr netip.AddrPort, n int) {
	t.Helper()
	_, err := fmt.Fprintln(c.orders, kind, addr, n)
	require.NoError(t, err)
	answer, err := c.answers.ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "done\n", answer)
}

// serveOrders opens what it is told to, until there are no more orders, and returns what keeps it open.
func serveOrders(orders io.Reader, answers io.Writer) (kept []any) {
	var kind, addr string
	var n int
	lines := bufio.NewReader(orders)
	for {
		if _, err := fmt.Fscanln(lines, &kind, &addr, &n); err != nil {
			return kept
		}
		kept = append(kept, opening(kind, netip.MustParseAddrPort(addr), n))
		_, _ = fmt.Fprintln(answers, "done")
	}
}

// opening opens n connections that have had one answer ("h1" over TLS, "h2" over TLS, "h2c"), or n
// streams for a path over TLS, and returns what keeps them open.
func opening(kind string, addr netip.AddrPort, n int) any {
	t := exits{}
	if kind[0] == '/' {
		return openStreams(t, kind, addr, n)
	}
	kept := make([]net.Conn, n)
	for i := range kept {
		switch conn := dial(t, addr); kind {
		case "h1":
			kept[i] = secure(t, conn, "http/1.1")
			getHTTP1(t, kept[i])
		case "h2":
			kept[i] = secure(t, conn, "h2")
			speak(t, kept[i])
		default:
			kept[i] = conn
			speak(t, conn)
		}
	}
	return kept
}

// openStreams opens n streams for path, as many as streams on each connection.
func openStreams(t require.TestingT, path string, addr netip.AddrPort, n int) []*http2.Framer {
	var framers []*http2.Framer
	for i := range n {
		if i%streams == 0 {
			framers = append(framers, speak(t, secure(t, dial(t, addr), "h2")))
		}
		request(t, framers[i/streams], uint32(3+2*(i%streams)), path)
	}
	return framers
}

// exits ends the process of the clients where something is not as it must be: the test sees
// that nothing is done.
//
// Owner: any (immutable).
type exits struct{}

func (exits) Errorf(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }
func (exits) FailNow()                          { os.Exit(1) }
