package app_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/internal/test/onefield"
)

// halfRequests are requests whose bodies stop before they are complete.
var halfRequests = map[string]string{
	"length":          "POST %s HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"n\": 1",
	"long length":     "POST %s HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\nContent-Length: 400000\r\n\r\n{\"n\": 1",
	"chunks":          "POST %s HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n{\"n\"",
	"without an end":  "POST %s HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n1\r\n",
	"not a chunk":     "POST %s HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n1\r\nzz\r\n",
	"bytes too many":  "POST %s HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n123\r\n0\r\n\r\n",
	"half a trailer":  "POST %s HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n1\r\n0\r\nX: a",
	"half a multpart": "POST %s HTTP/1.1\r\nHost: test\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 400000\r\n\r\n--b\r\nContent-Disp",
}

// TestTruncatedBodies: whoever reads the body, a client that stops in the middle
// of it gets a 4xx and a closed connection, and the log no error.
func TestTruncatedBodies(t *testing.T) {
	type numbered struct {
		Body struct {
			N int `json:"n"`
		} `body:""`
	}
	everyMode(t, func(app *fasterapi.App) {
		app.Post("/collected", func(*fasterapi.Ctx, numbered) (fasterapi.None, error) { return fasterapi.None{}, nil })
		app.Post("/reactor", func(*fasterapi.Ctx, numbered) (fasterapi.None, error) { return fasterapi.None{}, nil }, fasterapi.OnReactor())
		app.Post("/streamed", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.None, error) {
			_, err := io.ReadAll(c.Body())
			return fasterapi.None{}, err
		})
		app.Post("/upload", func(*fasterapi.Ctx, struct {
			File *fasterapi.Upload `file:"f"`
		},
		) (fasterapi.None, error) {
			return fasterapi.None{}, nil
		})
	}, func(t *testing.T, s service) {
		for name, request := range halfRequests {
			for _, path := range []string{"/collected", "/reactor", "/streamed", "/upload"} {
				conn := dial(t, s)
				_, err := fmt.Fprintf(conn, request, path)
				require.NoError(t, err)
				require.NoError(t, closeWrite(conn))
				out, err := io.ReadAll(conn)
				require.NoError(t, err)
				require.Regexp(t, `^HTTP/1.1 4\d\d `, string(out), "%s to %s", name, path)
				require.Equal(t, 1, strings.Count(string(out), "HTTP/1.1"), "%s to %s", name, path)
			}
		}
		require.NotContains(t, s.log.String(), "level=ERROR")
	})
}

// TestClientOfStreamLeaves: it is no fault of the service, so the log does not
// call it an error; a handler that fails is.
func TestClientOfStreamLeaves(t *testing.T) {
	ended := make(chan error, 1)
	everyProtocol(t, func(app *fasterapi.App) {
		app.Get("/endless", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Stream, error) {
			return fasterapi.Stream{Write: func(w *fasterapi.StreamWriter) (err error) {
				defer func() { ended <- err }()
				for {
					if _, err := w.Write(make([]byte, 64<<10)); err != nil {
						return err
					}
				}
			}}, nil
		})
		app.Get("/broken", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Stream, error) {
			return fasterapi.Stream{Write: func(w *fasterapi.StreamWriter) error {
				_, err := w.WriteString("half")
				return errors.Join(err, w.Flush(), errors.New("the other half is missing"))
			}}, nil
		})
	}, func(t *testing.T, s service) {
		conn := dial(t, s)
		_, err := io.WriteString(conn, "GET /endless HTTP/1.1\r\nHost: test\r\n\r\n")
		require.NoError(t, err)
		_, err = io.ReadFull(conn, make([]byte, 100<<10))
		require.NoError(t, err)
		require.NoError(t, socketOf(conn).SetLinger(0)) // a reset
		require.NoError(t, conn.Close())
		require.Error(t, <-ended)
		logged := func(what string) func() bool {
			return func() bool { return strings.Contains(s.log.String(), what) }
		}
		require.Eventually(t, logged("response broken off"), 20*time.Second, time.Millisecond)
		require.NotContains(t, s.log.String(), "level=ERROR")

		response, err := s.http.Get(s.url + "/broken")
		require.NoError(t, err)
		_, err = io.ReadAll(response.Body)
		require.Error(t, err)
		response.Body.Close()
		require.Eventually(t, logged("level=ERROR"), 20*time.Second, time.Millisecond)
	})
}

// TestClientOfHTTP2StreamLeaves: a client that resets its stream is gone, too.
func TestClientOfHTTP2StreamLeaves(t *testing.T) {
	app, log := newApp(fasterapi.Config{H2C: true}, func(app *fasterapi.App) {
		app.Get("/endless", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Stream, error) {
			return fasterapi.Stream{Write: func(w *fasterapi.StreamWriter) error {
				for {
					if _, err := w.Write(make([]byte, 64<<10)); err != nil {
						return err
					}
				}
			}}, nil
		})
	})
	transport := &http.Transport{Protocols: new(http.Protocols)}
	transport.Protocols.SetUnencryptedHTTP2(true)
	defer transport.CloseIdleConnections()
	response, err := (&http.Client{Transport: onefield.Transport(t, transport)}).Get("http://" + start(t, app) + "/endless")
	require.NoError(t, err)
	_, err = io.ReadFull(response.Body, make([]byte, 100<<10))
	require.NoError(t, err)
	require.NoError(t, response.Body.Close()) // resets the stream
	require.Eventually(t, func() bool { return strings.Contains(log.String(), "response broken off") }, 20*time.Second, time.Millisecond, log)
	require.NotContains(t, log.String(), "level=ERROR")
}
