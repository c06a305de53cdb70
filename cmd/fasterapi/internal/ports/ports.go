package ports

import (
	"math/rand/v2"
	"net"
	"strconv"
	"testing"
)

// The ports that tests may take back after they have closed them: below those that the system gives to whoever asks for
// any (Linux: net.ipv4.ip_local_port_range, from 32768; elsewhere from 49152), as tests do that run beside.
const (
	firstPort = 20_000
	lastPort  = 32_000
)

// Free returns a port of 127.0.0.1 on which nobody listens, and on which nobody will by chance while a server that
// listens there is down.
func Free(t testing.TB) int {
	t.Helper()
	for range 100 {
		port := firstPort + rand.IntN(lastPort-firstPort)
		if l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port))); err == nil {
			_ = l.Close()
			return port
		}
	}
	t.Fatal("ports: none is free")
	return 0
}
