package app_test

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/internal/test/onefield"
)

// TestBodyLeftBehind: a goroutine that is left behind with the body of its request holds
// nobody up, and reads nothing more.
func TestBodyLeftBehind(t *testing.T) {
	left := make(chan error, 1)
	leave := func(body io.Reader) {
		began := make(chan struct{})
		go func() {
			_, err := body.Read(make([]byte, 1))
			close(began)
			if err == nil {
				_, err = io.ReadAll(body)
			}
			left <- err
		}()
		<-began
	}
	everyProtocol(t, func(app *fasterapi.App) {
		app.Post("/goroutine", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.Text, error) {
			leave(c.Body())
			return "left", nil
		})
		app.Mount("/mounted", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			leave(r.Body)
			_, _ = io.WriteString(w, "left")
		}))
	}, func(t *testing.T, s service) {
		s.contract = nil
		for _, path := range []string{"/goroutine", "/mounted"} {
			for _, length := range []int64{1_000_000, -1} {
				body, sent := io.Pipe()
				go func() { _, _ = io.WriteString(sent, "abc") }()
				response, leave := s.begin(t, "POST", path, body, func(r *http.Request) { r.ContentLength = length })
				text, err := io.ReadAll(response.Body)
				require.NoError(t, err)
				require.Equal(t, "left", string(text), "%s, %d", path, length)
				leave()
				require.ErrorIs(t, <-left, fasterapi.ErrRequestOver)
				require.NoError(t, sent.Close())
			}
		}
	}, func(c *fasterapi.Config) {
		// net/http waits so long for the rest if the goroutine has not come to read on yet.
		c.HTTP.BodyTimeout = 3 * time.Second
	})
}

// TestEcho: a stream whose source is the body of its request is read and written at the
// same time, also by what flushes it soon.
func TestEcho(t *testing.T) {
	everyProtocol(t, func(app *fasterapi.App) {
		app.Post("/stream", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.Stream, error) {
			return fasterapi.Stream{Reader: c.Body()}, nil
		})
		app.Post("/lines", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.JSONLines[string], error) {
			return func(yield func(string, error) bool) {
				for lines := bufio.NewScanner(c.Body()); lines.Scan() && yield(lines.Text(), nil); {
				}
			}, nil
		})
	}, func(t *testing.T, s service) {
		s.contract = nil
		for _, path := range []string{"/stream", "/lines"} {
			var all sync.WaitGroup
			for range 8 {
				all.Go(func() { trickle(t, s, path, 20) })
			}
			all.Wait()
		}
	})
}

// trickle sends lines, each of them when the one before has come back.
func trickle(t *testing.T, s service, path string, lines int) {
	body, sent := io.Pipe()
	go func() { _, _ = io.WriteString(sent, "a\n") }()
	request, leave := s.leaving(t, "POST", path, body)
	defer leave()
	response, err := s.http.Do(request)
	if err != nil {
		t.Error(err)
		return
	}
	defer response.Body.Close()
	back := bufio.NewReader(response.Body)
	for i := range lines {
		line, err := back.ReadString('\n')
		if err != nil || strings.Trim(line, "\"\n") != strings.Repeat("a", 1+i*1000) {
			t.Errorf("%s: line %d: %d bytes, %v", path, i, len(line), err)
			return
		}
		next := strings.Repeat("a", 1+(i+1)*1000) + "\n"
		if _, err := io.WriteString(sent, next); err != nil {
			t.Error(err)
			return
		}
	}
	_ = sent.Close()
	if _, err := io.ReadAll(back); err != nil {
		t.Error(err)
	}
}

// TestBrokenBodyBehindHead: a body that breaks when the response has begun ends the
// connection behind it, because nobody knows where the next request begins.
func TestBrokenBodyBehindHead(t *testing.T) {
	everyMode(t, func(app *fasterapi.App) {
		app.Post("/stream", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.Stream, error) {
			return fasterapi.Stream{Write: func(w *fasterapi.StreamWriter) error {
				err := w.Flush()
				_, broken := io.Copy(io.Discard, c.Body())
				_, _ = fmt.Fprint(w, "body: ", broken)
				return err
			}}, nil
		})
	}, func(t *testing.T, s service) {
		s.contract = nil
		for _, body := range []string{"1\r\n1\r\nzz\r\n", "1\r\n1\r\n0\r\nX: a\r\nnot a field\r\n\r\n", "1\r\n123\r\n"} {
			conn := dial(t, s)
			_, err := fmt.Fprintf(conn, "POST /stream HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n%sPOST /stream HTTP/1.1\r\nHost: test\r\nContent-Length: 0\r\n\r\n", body)
			require.NoError(t, err)
			out, err := io.ReadAll(conn)
			require.NoError(t, err)
			require.Equal(t, 1, strings.Count(string(out), "HTTP/1.1 200"), "%q: %s", body, out)
			require.Contains(t, string(out), "body: ")
			require.NotContains(t, string(out), "body: <nil>")
		}
	})
}

// TestBodyLeftBehindHTTP2 is TestBodyLeftBehind for a stream of HTTP/2.
func TestBodyLeftBehindHTTP2(t *testing.T) {
	left := make(chan error, 1)
	app, _ := newApp(fasterapi.Config{H2C: true}, func(app *fasterapi.App) {
		app.Post("/left", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.Text, error) {
			began := make(chan struct{})
			body := c.Body()
			go func() {
				_, err := body.Read(make([]byte, 1))
				close(began)
				if err == nil {
					_, err = io.ReadAll(body)
				}
				left <- err
			}()
			<-began
			return "left", nil
		})
	})
	transport := &http.Transport{Protocols: new(http.Protocols)}
	transport.Protocols.SetUnencryptedHTTP2(true)
	t.Cleanup(transport.CloseIdleConnections)
	client := &http.Client{Transport: onefield.Transport(t, transport), Timeout: 30 * time.Second}
	addr := "http://" + start(t, app) + "/left"
	for range 3 {
		body, more := io.Pipe()
		go func() { _, _ = io.WriteString(more, "abc") }()
		response, err := client.Post(addr, "application/octet-stream", body)
		require.NoError(t, err)
		text, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		require.Equal(t, "left", string(text))
		require.NoError(t, response.Body.Close())
		require.ErrorIs(t, <-left, fasterapi.ErrRequestOver)
		require.NoError(t, more.Close())
	}
}
