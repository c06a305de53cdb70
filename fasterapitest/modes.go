package fasterapitest

import (
	"context"
	"crypto/tls"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/fasterapi/fasterapi"
)

// Mode is a way to serve an app.
//
// Owner: any (immutable after New).
type Mode struct {
	Name  string
	cores int
	serve func(*testing.T, *fasterapi.App) *Client
}

// InProcess serves without a socket.
func InProcess() Mode {
	return Mode{Name: "in-process", cores: 1, serve: func(t *testing.T, app *fasterapi.App) *Client { return New(t, app) }}
}

// OneReactor serves on a socket with one reactor.
func OneReactor() Mode { return Mode{Name: "reactors=1", cores: 1, serve: onSocket} }

// FourReactors serves on a socket with four reactors.
func FourReactors() Mode { return Mode{Name: "reactors=4", cores: 4, serve: onSocket} }

// NetHTTP serves on a socket through the net/http engine.
func NetHTTP() Mode { return Mode{Name: "net/http", cores: 2, serve: onNetHTTP} }

// Run runs one test for every mode: what an app does must not depend on how it is
// served. build makes the app anew for each, with the configuration that the mode needs
// (address, reactors, a logger that writes to the test); it may fill in the
// rest. Protection from overload is off. No modes means all of them. An app with TLS is
// asked over TLS by the modes with reactors, whatever its certificate says.
func Run(t *testing.T, build func(fasterapi.Config) *fasterapi.App, test func(*testing.T, *Client), modes ...Mode) {
	t.Helper()
	if len(modes) == 0 {
		modes = []Mode{InProcess(), OneReactor(), FourReactors(), NetHTTP()}
	}
	for _, mode := range modes {
		t.Run(mode.Name, func(t *testing.T) {
			cfg := fasterapi.Config{Addr: "127.0.0.1:0", Cores: mode.cores, Logger: Logger(t)}
			cfg.Overload.Off = true
			app := build(cfg)
			test(t, mode.serve(t, app))
		})
	}
}

// Logger writes to the log of the test, and nothing once that has ended: what the
// garbage collector finds, and goroutines that were left behind, may come late.
func Logger(t testing.TB) *slog.Logger {
	out := &output{to: t.Output()}
	t.Cleanup(out.end)
	return slog.New(slog.NewTextHandler(out, nil))
}

// output is the log of a test that may have ended.
//
// Owner: mu.
type output struct {
	mu sync.Mutex
	to io.Writer
}

// Write implements [io.Writer].
func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.to.Write(p)
}

func (o *output) end() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.to = io.Discard
}

func onSocket(t *testing.T, app *fasterapi.App) *Client {
	t.Helper()
	server, err := app.Start()
	if err != nil {
		t.Fatal(err)
	}
	transport := socketTransport(t)
	scheme := "http://"
	if cfg := app.Config(); cfg.TLS != nil || cfg.TLSCert != "" {
		scheme = "https://"
		transport.TLSClientConfig = &tls.Config{InsecureSkipVerify: true} //nolint:gosec // as Run says
	}
	client := newClient(t, scheme+server.Addr().String(), transport)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
		defer cancel()
		if err := server.Shutdown(ctx); err != nil {
			t.Error("shut the app down:", err)
		}
	})
	return client
}

func onNetHTTP(t *testing.T, app *fasterapi.App) *Client {
	t.Helper()
	if _, err := app.OpenAPI(); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(unguarded(app))
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
		ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
		defer cancel()
		if err := app.Stop(ctx); err != nil {
			t.Error("stop the app:", err)
		}
	})
	return newClient(t, server.URL, socketTransport(t))
}

// socketTransport has connections of its own, which end with the test. It shows
// bodies as they were sent, like the one without sockets: net/http would ask for
// gzip and undo it.
func socketTransport(t *testing.T) *http.Transport {
	transport := &http.Transport{DisableCompression: true}
	t.Cleanup(transport.CloseIdleConnections)
	return transport
}
