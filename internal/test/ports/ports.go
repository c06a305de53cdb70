package ports

import (
	"errors"
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

// Find returns a port of 127.0.0.1 on which nobody listens, and on which nobody will by chance while a server that
// listens there is down.
func Find() (int, error) {
	var last error
	for range 100 {
		port := firstPort + rand.IntN(lastPort-firstPort)
		l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err == nil {
			return port, l.Close()
		}
		last = err
	}
	return 0, errors.Join(errors.New("ports: no port is free"), last)
}

// Free is [Find] for a test.
func Free(t testing.TB) int {
	t.Helper()
	port, err := Find()
	if err != nil {
		t.Fatal(err)
	}
	return port
}
