//go:build !race && !invariants

package app_test

import (
	"net/netip"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
)

// idleSockets is how many connections TestIdleWebSockets opens at a time;
// IDLE_SOCKETS changes it. Both ends of each are descriptors of this process.
const idleSockets = 2000

// TestIdleWebSockets measures what an idle WebSocket costs the process, in
// both styles. The clients are in it too, as descriptors only.
func TestIdleWebSockets(t *testing.T) {
	n := idleSockets
	if set, err := strconv.Atoi(os.Getenv("IDLE_SOCKETS")); err == nil {
		n = set
	}
	app, _ := newApp(fasterapi.Config{Cores: 2}, socketEchoes)
	addr := netip.MustParseAddrPort(start(t, app))
	for style, most := range map[string]int64{"events": 2 << 10, "goroutine": 32 << 10} {
		warm := openIdle(t, addr, style, 200)
		heap, resident := processMemory(t)
		fds := openIdle(t, addr, style, n)
		heapAfter, residentAfter := processMemory(t)
		perHeap, perResident := (heapAfter-heap)/int64(n), (residentAfter-resident)/int64(n)
		t.Logf("%s: %d idle WebSockets: %d bytes of heap and stacks each, %d resident", style, n, perHeap, perResident)
		require.LessOrEqual(t, perHeap, most, style)
		for _, fd := range append(fds, warm...) {
			require.NoError(t, syscall.Close(fd))
		}
	}
}

// processMemory returns the bytes of heap and stacks in use, and those that
// are resident.
func processMemory(t *testing.T) (inUse, resident int64) {
	t.Helper()
	runtime.GC()
	runtime.GC() // pools give back what they hold in the second one
	debug.FreeOSMemory()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	statm, err := os.ReadFile("/proc/self/statm")
	require.NoError(t, err)
	pages, err := strconv.ParseInt(strings.Fields(string(statm))[1], 10, 64)
	require.NoError(t, err)
	return int64(m.HeapInuse + m.StackInuse), pages * int64(os.Getpagesize())
}

// openIdle opens connections without package net, whose clients have memory of
// their own, and exchanges one message on each.
func openIdle(t *testing.T, addr netip.AddrPort, style string, n int) (fds []int) {
	t.Helper()
	hello := "GET /" + style + " HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
	for range n {
		fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
		require.NoError(t, err)
		require.NoError(t, syscall.Connect(fd, &syscall.SockaddrInet4{Port: int(addr.Port()), Addr: addr.Addr().As4()}))
		_, err = syscall.Write(fd, []byte(hello))
		require.NoError(t, err)
		answer := make([]byte, 1024)
		got, err := syscall.Read(fd, answer)
		require.NoError(t, err)
		require.Contains(t, string(answer[:got]), " 101 ")
		_, err = syscall.Write(fd, frame(fin|textFrame, "hello"))
		require.NoError(t, err)
		got, err = syscall.Read(fd, answer)
		require.NoError(t, err)
		require.Equal(t, "\x81\x05hello", string(answer[:got]))
		fds = append(fds, fd)
	}
	return fds
}
