package middleware_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/fasterapitest"
	"github.com/fasterapi/fasterapi/internal/test/logged"
)

// service is an app under test, over one of the engines.
type service struct {
	*fasterapitest.Client
	t     *testing.T
	log   *logBuffer
	http2 bool
}

// logBuffer keeps what the app logs.
type logBuffer = logged.Text

// everyMode runs one body of tests over both engines, with one reactor and four, and over HTTP/2.
func everyMode(t *testing.T, routes func(*fasterapi.App), test func(*testing.T, service)) {
	t.Helper()
	modesOf(t, false, routes, test, fasterapitest.OneReactor(), fasterapitest.FourReactors(), fasterapitest.NetHTTP())
	t.Run("h2c", func(t *testing.T) { modesOf(t, true, routes, test, fasterapitest.OneReactor()) })
}

func modesOf(t *testing.T, http2 bool, routes func(*fasterapi.App), test func(*testing.T, service), modes ...fasterapitest.Mode) {
	t.Helper()
	var log *logBuffer
	fasterapitest.Run(t, func(cfg fasterapi.Config) *fasterapi.App {
		log = &logBuffer{}
		cfg.H2C = http2
		cfg.Logger = slog.New(slog.NewTextHandler(log, nil))
		app := fasterapi.New(cfg)
		routes(app)
		return app
	}, func(t *testing.T, client *fasterapitest.Client) {
		if http2 {
			transport := &http.Transport{Protocols: new(http.Protocols), DisableCompression: true}
			transport.Protocols.SetUnencryptedHTTP2(true)
			t.Cleanup(transport.CloseIdleConnections)
			client.HTTP().Transport = transport
		}
		test(t, service{client, t, log, http2})
	}, modes...)
}

// styles are the prefixes under which answering registers a route.
var styles = []string{"/goroutine", "/coroutine", "/chain"}

// answering registers handle below pattern in every style; the chain is
// settled later, by a goroutine.
func answering[T any](app *fasterapi.App, pattern string, handle func(*fasterapi.Ctx) (T, error)) {
	answeringIn(app.Group(""), pattern, handle)
}

// answeringIn is answering in a group.
func answeringIn[T any](app *fasterapi.Group, pattern string, handle func(*fasterapi.Ctx) (T, error)) {
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
	request, err := http.NewRequestWithContext(s.t.Context(), method, s.URL(path), strings.NewReader(body))
	require.NoError(s.t, err)
	if body == "" {
		request.Body = http.NoBody
	}
	for i := 0; i < len(header); i += 2 {
		request.Header.Add(header[i], header[i+1])
	}
	response, err := s.HTTP().Do(request)
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

// refused starts an app with middleware that cannot work: the mistake has these parts.
func refused(t *testing.T, m fasterapi.Middleware, parts ...string) {
	t.Helper()
	app := fasterapi.New(fasterapi.Config{Cores: 1})
	app.Use(m)
	_, err := app.Start()
	var wrong *fasterapi.RegistrationError
	require.ErrorAs(t, err, &wrong)
	for _, part := range parts {
		require.ErrorContains(t, err, part)
	}
}
