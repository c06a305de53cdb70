package http1

import (
	"io"
	"net"
	"net/netip"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// footprint is what a process uses.
//
// Owner: any (immutable after New).
type footprint struct {
	descriptors, goroutines int
	heap, resident          int64 // bytes
}

// measure collects garbage and gives what is free back to the system first.
func measure(t testing.TB) footprint {
	t.Helper()
	runtime.GC()
	debug.FreeOSMemory()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	entries, err := os.ReadDir("/proc/self/fd")
	require.NoError(t, err)
	status, err := os.ReadFile("/proc/self/statm")
	require.NoError(t, err)
	pages, err := strconv.ParseInt(strings.Fields(string(status))[1], 10, 64)
	require.NoError(t, err)
	return footprint{len(entries), runtime.NumGoroutine(), int64(m.HeapAlloc), pages * int64(os.Getpagesize())}
}

// rawDial connects without package net, whose connections have memory of their
// own, sends request and waits for the answer.
func rawDial(t testing.TB, addr, request string) int {
	t.Helper()
	to := netip.MustParseAddrPort(addr)
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	require.NoError(t, err)
	require.NoError(t, syscall.Connect(fd, &syscall.SockaddrInet4{Port: int(to.Port()), Addr: to.Addr().As4()}))
	_, err = syscall.Write(fd, []byte(request))
	require.NoError(t, err)
	n, err := syscall.Read(fd, make([]byte, 4096))
	require.NoError(t, err)
	require.NotZero(t, n)
	return fd
}

// TestCycles: connections that come and go leave nothing behind.
func TestCycles(t *testing.T) {
	cycles := 20_000
	if testing.Short() {
		cycles = 2_000
	}
	if n, err := strconv.Atoi(os.Getenv("HTTP1_CYCLES")); err == nil {
		cycles = n
	}
	l := newLive(t, 2, Config{}, &mixed{})
	answer := make([]byte, 4096)
	cycle := func(i int) {
		c, err := net.Dial("tcp", l.addr)
		require.NoError(t, err)
		switch i % 4 {
		case 0: // nothing is asked
		case 1:
			_, err = io.WriteString(c, "GET / HT")
		default:
			_, err = io.WriteString(c, get([]string{"/inline", "/x/worker"}[i%2]))
			if err == nil {
				_, err = c.Read(answer)
			}
		}
		require.NoError(t, err)
		// A reset leaves no TIME_WAIT behind: the ports would not last.
		require.NoError(t, c.(*net.TCPConn).SetLinger(0))
		require.NoError(t, c.Close())
	}
	closed := func() bool { return l.server.Stats().Open == 0 }
	for i := range 1000 {
		cycle(i)
	}
	eventually(t, "all are closed", closed)
	// What leaks grows every time. By chance, with what other tests of this process have
	// left to collect and the race detector's shadow of it, everything grows once.
	for round := 1; ; round++ {
		before := measure(t)
		for i := range cycles {
			cycle(i)
		}
		eventually(t, "all are closed", closed)
		after := measure(t)
		t.Logf("%d cycles: %+v -> %+v", cycles, before, after)
		if after.descriptors <= before.descriptors+2 && after.goroutines <= before.goroutines+8 && // idle workers
			after.heap-before.heap < 256<<10 && after.resident-before.resident < 8<<20 {
			return
		}
		require.Less(t, round, 4, "one of them grew every time: by 2 descriptors, 8 goroutines, 256 KiB of heap or 8 MiB in all")
	}
}

// TestIdleConnections measures what an idle keep-alive connection costs the
// process. The clients are in it too, as descriptors only.
func TestIdleConnections(t *testing.T) {
	conns := 2000
	if testing.Short() {
		conns = 500
	}
	if n, err := strconv.Atoi(os.Getenv("HTTP1_IDLE")); err == nil {
		conns = n
	}
	l := newLive(t, 1, Config{}, &mixed{})
	fds := make([]int, 0, conns+100)
	t.Cleanup(func() {
		for _, fd := range fds {
			_ = syscall.Close(fd)
		}
	})
	open := func(n int) {
		for i := range n {
			fds = append(fds, rawDial(t, l.addr, get([]string{"/inline", "/x/worker"}[i%2])))
		}
	}
	open(100) // warm
	before := measure(t)
	open(conns)
	after := measure(t)
	heap := float64(after.heap-before.heap) / float64(conns)
	resident := float64(after.resident-before.resident) / float64(conns)
	t.Logf("%d idle connections: heap %.0f bytes, resident %.0f bytes each", conns, heap, resident)
	require.Less(t, heap, 700.0)
	if conns >= 5000 { // with fewer, pages that were touched anyway count too much
		require.Less(t, resident, 1024.0)
	}
}
