package deploy

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// fleet is three instances of a service that nginx knows.
//
// Owner: mu; opened is atomic.
type fleet struct {
	servers []*http.Server
	opened  atomic.Int64 // connections

	mu    sync.Mutex
	tries map[string]int // by query
}

// startFleet listens at one port of three addresses, as nginxFile names them.
func startFleet(t *testing.T) (f *fleet, port int) {
	t.Helper()
	f = &fleet{tries: map[string]int{}}
	var listeners []net.Listener
	require.Eventually(t, func() bool {
		for _, l := range listeners {
			_ = l.Close()
		}
		listeners, port = nil, 0
		for i := range 3 {
			l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.%d:%d", i+1, port))
			if err != nil {
				return false
			}
			listeners, port = append(listeners, l), l.Addr().(*net.TCPAddr).Port
		}
		return true
	}, time.Minute, time.Millisecond)
	for _, l := range listeners {
		server := &http.Server{Handler: f, ReadHeaderTimeout: time.Minute, ConnState: func(_ net.Conn, s http.ConnState) {
			if s == http.StateNew {
				f.opened.Add(1)
			}
		}}
		f.servers = append(f.servers, server)
		t.Cleanup(func() { _ = server.Close() })
		go func() { _ = server.Serve(l) }()
	}
	return f, port
}

// ServeHTTP breaks off the first try of what is sent to /broken, and repeats what a WebSocket is sent.
func (f *fleet) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	f.tries[r.URL.RawQuery]++
	first := f.tries[r.URL.RawQuery] == 1
	f.mu.Unlock()
	_, _ = io.Copy(io.Discard, r.Body)
	switch {
	case (r.URL.Path == "/broken" || r.URL.Path == "/orders/events") && first:
		if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
			_ = conn.Close()
		}
	case r.Header.Get("Upgrade") == "websocket":
		conn, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer conn.Close()
		_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
		_, _ = io.Copy(conn, rw)
	}
}

// TestNginxAsksAnother: in front of three instances the generated file asks another one for a GET that was broken off, and for all that one cannot take which
// has gone; a POST that was sent is left alone. Connections are kept, WebSockets get through, and who asks too often gets 429.
func TestNginxAsksAnother(t *testing.T) {
	f, port := startFleet(t)
	d := shop(t)
	d.Config.Port = port
	p, err := NewPlan(d, Options{Replicas: 3})
	require.NoError(t, err)
	p.Rate, p.Burst = 1, 400
	folder := shortTempDir(t)
	file := nginxFile(t, p, folder)
	nginx := exec.Command(program(t, "nginx", "nginx-light"), "-p", folder, "-c", file, "-e", p.ErrorLog, "-g", "daemon off; master_process off;")
	require.NoError(t, nginx.Start())
	t.Cleanup(func() {
		_ = nginx.Process.Signal(syscall.SIGTERM)
		_ = nginx.Wait()
	})
	dial := func(context.Context, string, string) (net.Conn, error) {
		return net.Dial("unix", filepath.Join(folder, "http"))
	}
	transport := &http.Transport{DialContext: dial}
	t.Cleanup(transport.CloseIdleConnections)
	client := &http.Client{Transport: transport, Timeout: time.Minute}
	status := func(method, target string) int {
		request, err := http.NewRequest(method, "http://shop"+target, strings.NewReader(""))
		if err != nil {
			return 0
		}
		response, err := client.Do(request)
		if err != nil {
			return 0
		}
		_, _ = io.Copy(io.Discard, response.Body)
		_ = response.Body.Close()
		return response.StatusCode
	}
	require.Eventually(t, func() bool { return status("GET", "/ask") == 200 }, 20*time.Second, 10*time.Millisecond)

	for range 60 {
		require.Equal(t, 200, status("GET", "/ask"))
	}
	require.LessOrEqual(t, f.opened.Load(), int64(20), "connections for 60 requests to three")

	require.Equal(t, 200, status("GET", "/broken?get"))
	require.Equal(t, 502, status("POST", "/broken?post"))
	require.Equal(t, 200, status("GET", "/orders/events?events"), "a browser does not ask again for events that were answered with 502")
	f.mu.Lock()
	require.Equal(t, 2, f.tries["events"])
	require.Equal(t, 2, f.tries["get"])
	require.Equal(t, 1, f.tries["post"])
	f.mu.Unlock()

	conn, err := dial(t.Context(), "", "")
	require.NoError(t, err)
	defer conn.Close()
	_, err = io.WriteString(conn, "GET /rooms/blue/talk.ws HTTP/1.1\r\nHost: shop\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
	require.NoError(t, err)
	socket := bufio.NewReader(conn)
	response, err := http.ReadResponse(socket, nil)
	require.NoError(t, err)
	require.Equal(t, http.StatusSwitchingProtocols, response.StatusCode)
	_, err = io.WriteString(conn, "hello\n")
	require.NoError(t, err)
	line, err := socket.ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "hello\n", line)

	var answered, wrong atomic.Int64
	var load sync.WaitGroup
	for range 4 {
		load.Go(func() {
			for range 40 {
				if status("GET", "/ask") != 200 {
					wrong.Add(1)
				}
				answered.Add(1)
			}
		})
	}
	require.Eventually(t, func() bool { return answered.Load() > 20 }, time.Minute, time.Millisecond)
	require.NoError(t, f.servers[2].Close()) // breaks off what it has, and refuses what comes
	load.Wait()
	require.Zero(t, wrong.Load(), "one of three has gone")

	require.Eventually(t, func() bool { return status("GET", "/ask") == 429 }, time.Minute, 100*time.Microsecond)
}
