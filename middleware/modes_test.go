package middleware_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/async"
)

// service is an app under test, over one of the engines.
type service struct {
	t    *testing.T
	url  string
	log  *logBuffer
	http *http.Client
}

// logBuffer keeps what the app logs.
type logBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// everyMode runs one body of tests over both engines.
func everyMode(t *testing.T, routes func(*fasterapi.App), test func(*testing.T, service)) {
	t.Helper()
	for _, overNetHTTP := range []bool{false, true} {
		t.Run(fmt.Sprintf("nethttp=%v", overNetHTTP), func(t *testing.T) {
			log := &logBuffer{}
			app := fasterapi.New(fasterapi.Config{
				Cores: 2, Addr: "127.0.0.1:0", Logger: slog.New(slog.NewTextHandler(log, nil)),
			})
			routes(app)
			s := service{t: t, log: log, http: &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{
				DisableCompression: true,
			}}}
			t.Cleanup(s.http.CloseIdleConnections)
			if overNetHTTP {
				server := httptest.NewServer(app.Handler())
				t.Cleanup(func() {
					server.Close()
					require.NoError(t, app.Stop(context.Background()))
				})
				s.url = server.URL
			} else {
				server, err := app.Start()
				require.NoError(t, err)
				t.Cleanup(func() { require.NoError(t, server.Shutdown(context.Background())) })
				s.url = "http://" + server.Addr().String()
			}
			test(t, s)
		})
	}
}

// styles are the prefixes under which answering registers a route.
var styles = []string{"/goroutine", "/coroutine", "/chain"}

// answering registers handle below pattern in every style; the chain is
// settled later, by a goroutine.
func answering[T any](app *fasterapi.App, pattern string, handle func(*fasterapi.Ctx) (T, error)) {
	straight := func(c *fasterapi.Ctx, _ fasterapi.None) (T, error) { return handle(c) }
	pattern = strings.TrimSuffix(pattern, "/")
	app.Get("/goroutine"+pattern, straight)
	app.Get("/coroutine"+pattern, straight, fasterapi.OnReactor())
	app.GetFuture("/chain"+pattern, func(c *fasterapi.Ctx, _ fasterapi.None) async.Future[T] {
		later := async.Go(c, func(context.Context) (struct{}, error) { return struct{}{}, nil })
		return later.ThenErr(func(struct{}) (T, error) { return handle(c) })
	})
}

// answer is a response with its body read.
type answer struct {
	status int
	header http.Header
	body   string
}

func (s service) do(method, path, body string, header ...string) answer {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, strings.NewReader(body))
	require.NoError(s.t, err)
	if body == "" {
		request.Body = http.NoBody
	}
	for i := 0; i < len(header); i += 2 {
		request.Header.Add(header[i], header[i+1])
	}
	response, err := s.http.Do(request)
	require.NoError(s.t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	require.NoError(s.t, err)
	return answer{response.StatusCode, response.Header, string(text)}
}

func (s service) get(path string, header ...string) answer {
	s.t.Helper()
	return s.do(http.MethodGet, path, "", header...)
}
