package app_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
)

// TestMaxUnsent: above Config.HTTP.MaxUnsent clients that do not read are cut off: the memory of
// what they asked for stays bounded, and others are served.
func TestMaxUnsent(t *testing.T) {
	const clients, fit = 10, 3
	routes := func(app *fasterapi.App) {
		app.Get("/fresh", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Blob, error) {
			return fasterapi.Blob{Data: make([]byte, large)}, nil
		})
		app.Get("/small", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Text, error) { return "small", nil })
	}
	for name, serve := range map[string]func(*testing.T, *fasterapi.App) string{
		"http1": func(t *testing.T, app *fasterapi.App) string { return "http://" + start(t, app) },
		"net/http": func(t *testing.T, app *fasterapi.App) string {
			server := httptest.NewServer(app.Handler())
			t.Cleanup(func() {
				server.Close()
				require.NoError(t, app.Reactors().Stop(context.Background()))
			})
			return server.URL
		},
	} {
		t.Run(name, func(t *testing.T) {
			app, log := newApp(fasterapi.Config{Cores: 1, HTTP: fasterapi.HTTPConfig{MaxUnsent: fit*large + 1<<20}}, routes)
			s := newService(t, serve(t, app), log, name == "net/http")
			stats := func() (cut, waits int64) {
				now := app.Reactors().Stats()[0]
				return now.CutOff, now.Unsent
			}
			conns := make([]net.Conn, clients)
			for i := range conns {
				conns[i] = dial(t, s)
				_, err := fmt.Fprint(conns[i], "GET /fresh HTTP/1.1\r\nHost: test\r\n\r\n")
				require.NoError(t, err)
				_, err = io.ReadFull(conns[i], make([]byte, len("HTTP/1.1 200")))
				require.NoError(t, err)
				waiting := int64(min(i+1, fit))
				require.Eventually(t, func() bool {
					cut, waits := stats()
					return cut == int64(i+1)-waiting && waits == waiting*large
				}, 10*time.Second, time.Millisecond)
			}
			require.Equal(t, "small", s.get("/small").body)
			// Whose client has taken nothing for the longest time is for kernels to say, which
			// take some more when they like to; the newest one is not among them.
			cut := 0
			for i, conn := range conns {
				n, err := io.Copy(io.Discard, io.LimitReader(conn, large))
				if n < large {
					require.Less(t, i, clients-1, "the newest one may wait")
					cut++
				} else {
					require.NoError(t, err)
				}
				require.NoError(t, conn.Close())
			}
			require.Equal(t, clients-fit, cut)
			require.Eventually(t, func() bool { _, waits := stats(); return waits == 0 }, 10*time.Second, time.Millisecond)
			require.Contains(t, log.String(), "responses cut off")
		})
	}
}
