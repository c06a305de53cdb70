package middleware_test

import (
	"context"
	"crypto/tls"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
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

// everyMode runs one body of tests over both engines, with one reactor and four, and over HTTP/2, without TLS and with it.
func everyMode(t *testing.T, routes func(*fasterapi.App), test func(*testing.T, service)) {
	t.Helper()
	modesOf(t, nil, routes, test, fasterapitest.OneReactor(), fasterapitest.FourReactors(), fasterapitest.NetHTTP())
	for name, http2 := range map[string]func(*fasterapi.Config){
		"h2c":               func(cfg *fasterapi.Config) { cfg.H2C = true },
		"HTTP2":             func(cfg *fasterapi.Config) { cfg.TLS = &tls.Config{Certificates: certificates()} },
		"HTTP2 of net-http": func(cfg *fasterapi.Config) { cfg.TLS, cfg.NetHTTP = &tls.Config{Certificates: certificates()}, true },
	} {
		t.Run(name, func(t *testing.T) { modesOf(t, http2, routes, test, fasterapitest.OneReactor()) })
	}
}

var certificates = sync.OnceValue(func() []tls.Certificate {
	server := httptest.NewUnstartedServer(nil)
	server.StartTLS()
	defer server.Close()
	return server.TLS.Certificates
})

// modesOf runs test in these modes, over HTTP/2 where http2 configures that.
func modesOf(t *testing.T, http2 func(*fasterapi.Config), routes func(*fasterapi.App), test func(*testing.T, service), modes ...fasterapitest.Mode) {
	t.Helper()
	var log *logBuffer
	fasterapitest.Run(t, func(cfg fasterapi.Config) *fasterapi.App {
		log = &logBuffer{}
		if http2 != nil {
			http2(&cfg)
		}
		cfg.Logger = slog.New(slog.NewTextHandler(log, nil))
		app := fasterapi.New(cfg)
		routes(app)
		return app
	}, func(t *testing.T, client *fasterapitest.Client) {
		if http2 != nil {
			transport := &http.Transport{Protocols: new(http.Protocols), DisableCompression: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}} //nolint:gosec // a test
			transport.Protocols.SetUnencryptedHTTP2(true)
			transport.Protocols.SetHTTP2(true)
			t.Cleanup(transport.CloseIdleConnections)
			client.HTTP().Transport = transport
		}
		test(t, service{client, t, log, http2 != nil})
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

// secure tells whether the app is asked over TLS.
func (s service) secure() bool { return strings.HasPrefix(s.URL(""), "https://") }

// dial opens a connection for HTTP/1.1, over TLS where the app has that.
func (s service) dial() (conn net.Conn) {
	s.t.Helper()
	_, address, _ := strings.Cut(s.URL(""), "://")
	conn, err := net.Dial("tcp", address)
	require.NoError(s.t, err)
	if s.secure() {
		conn = tls.Client(conn, &tls.Config{InsecureSkipVerify: true}) //nolint:gosec // a test
	}
	s.t.Cleanup(func() { conn.Close() })
	return conn
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
