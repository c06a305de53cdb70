package app_test

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/async"
)

// leavingService goes on accepting for so long that only a second signal ends it.
func leavingService(kind string) {
	cfg := fasterapi.Config{Addr: "127.0.0.1:0", Cores: 2, DrainDelay: time.Hour, H2C: kind == "h2c"}
	cfg.Overload.Off = true // no request may fail on a busy machine
	app := fasterapi.New(cfg)
	app.Get("/", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Text, error) { return "answer", nil })
	app.Get("/forever/{id}", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.None, error) {
		fmt.Fprintln(os.Stderr, "waiting")
		_, err := async.Sleep(c, time.Hour).Await(c)
		return fasterapi.None{}, err
	})
	app.Run()
}

// TestStopLosesNoRequest: clients that keep their connections are told to leave by the
// response to their next request, whenever that is, and new ones by their first.
func TestStopLosesNoRequest(t *testing.T) {
	if kind := os.Getenv("FASTERAPI_TEST_STUCK"); kind != "" {
		leavingService(kind)
		return
	}
	for _, kind := range []string{"http1", "h2c"} {
		t.Run(kind, func(t *testing.T) {
			p := runProcess(t, kind)
			p.serving()
			p.ask("/forever/1")
			p.line("waiting")
			var clients sync.WaitGroup
			var lost, told atomic.Int64
			begun, go1 := make(chan struct{}, 32), make(chan struct{})
			for range cap(begun) {
				clients.Go(func() {
					transport := &http.Transport{}
					defer transport.CloseIdleConnections()
					client := &http.Client{Transport: transport, Timeout: time.Minute}
					for n := 0; ; n++ {
						response, err := client.Get(p.url)
						if n == 0 {
							begun <- struct{}{}
						}
						if err != nil {
							lost.Add(1)
							return
						}
						_, _ = io.Copy(io.Discard, response.Body)
						_ = response.Body.Close()
						switch {
						case response.Close:
							told.Add(1)
							return // to another instance
						case n == 3: // this one is idle when the signal comes
							<-go1
						}
					}
				})
			}
			for range cap(begun) {
				<-begun
			}
			require.NoError(t, p.command.Process.Signal(syscall.SIGTERM))
			p.line("draining")
			require.Eventually(t, func() bool { // what follows the log
				response, err := http.Get(p.url + "/ready")
				require.NoError(t, err)
				defer response.Body.Close()
				return response.StatusCode == 503 && response.Close
			}, 10*time.Second, 5*time.Millisecond)
			close(go1)
			clients.Wait()
			require.Zero(t, lost.Load())
			require.EqualValues(t, cap(begun), told.Load())

			require.NoError(t, p.command.Process.Signal(syscall.SIGTERM))
			status, log := p.end()
			require.Equal(t, 1, status, log)
			require.Contains(t, log, "told twice to stop")
			require.Contains(t, log, "GET /forever/{id}", "what was cut off")
		})
	}
}

// TestStopOverHTTP2: a client that is told to leave uses another connection.
func TestStopOverHTTP2(t *testing.T) {
	if kind := os.Getenv("FASTERAPI_TEST_STUCK"); kind != "" {
		leavingService(kind)
		return
	}
	p := runProcess(t, "h2c")
	p.serving()
	transport := &http.Transport{Protocols: new(http.Protocols)}
	transport.Protocols.SetUnencryptedHTTP2(true)
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, Timeout: time.Minute}
	overNew := func() bool {
		reused := false
		request, err := http.NewRequestWithContext(httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{
			GotConn: func(i httptrace.GotConnInfo) { reused = i.Reused },
		}), "GET", p.url, nil)
		require.NoError(t, err)
		response, err := client.Do(request)
		require.NoError(t, err)
		defer response.Body.Close()
		require.Equal(t, 2, response.ProtoMajor)
		_, err = io.Copy(io.Discard, response.Body)
		require.NoError(t, err)
		return !reused
	}
	require.True(t, overNew())
	require.False(t, overNew())
	require.NoError(t, p.command.Process.Signal(syscall.SIGTERM))
	p.line("draining")
	require.Eventually(t, overNew, 10*time.Second, 5*time.Millisecond)
}

// TestStopEndsIdleConnections once the delay is over, with status 0. The signal of a
// terminal does not wait.
func TestStopEndsIdleConnections(t *testing.T) {
	if kind := os.Getenv("FASTERAPI_TEST_STUCK"); kind != "" {
		cfg := fasterapi.Config{Addr: "127.0.0.1:0", Cores: 2, DrainDelay: 50 * time.Millisecond}
		if kind == "terminal" {
			cfg.DrainDelay = time.Hour
		}
		app := fasterapi.New(cfg)
		app.Get("/", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Text, error) { return "answer", nil })
		app.Run()
		return
	}
	for kind, signal := range map[string]os.Signal{"delay": syscall.SIGTERM, "terminal": os.Interrupt} {
		t.Run(kind, func(t *testing.T) {
			p := runProcess(t, kind)
			p.serving()
			conn := dial(t, service{url: p.url})
			_, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: test\r\n\r\n")
			require.NoError(t, err)
			answer := bufio.NewReader(conn)
			response, err := http.ReadResponse(answer, nil)
			require.NoError(t, err)
			require.False(t, response.Close)
			_, err = io.Copy(io.Discard, response.Body)
			require.NoError(t, err)
			require.NoError(t, p.command.Process.Signal(signal))
			_, err = answer.ReadByte()
			require.ErrorIs(t, err, io.EOF)
			status, log := p.end()
			require.Zero(t, status, log)
		})
	}
}
