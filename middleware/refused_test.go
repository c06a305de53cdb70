package middleware_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json/v2"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/internal/test/onefield"
	"github.com/fasterapi/fasterapi/middleware"
	"github.com/fasterapi/fasterapi/problem"
)

// What the server refuses by itself goes the way of all answers. The tests send bytes
// over both engines: the own one, that of App.Handler behind somebody's http.Server, and
// that of Config.H2C.

// refusing is an app under test and where it listens.
type refusing struct {
	addr, scheme string
	trusted      *x509.CertPool // of mode tls
	log          *logBuffer
	// smuggled counts the calls of a route that stands behind refused requests and in
	// their bodies only.
	smuggled atomic.Int32

	mu sync.Mutex
	// called counts the calls of handlers, by the id of the request.
	called map[string]int
}

// ownEngine tells whether HTTP/1.1 is served on the reactors.
func ownEngine(mode string) bool { return mode == "http1" || mode == "tls" }

// refusingModes runs test over every engine: h2c and h2c+tls are a net/http server of the
// app's own.
func refusingModes(t *testing.T, cfg fasterapi.Config, use []fasterapi.Middleware, test func(t *testing.T, mode string, s *refusing), more ...func(*fasterapi.App),
) {
	for _, mode := range []string{"http1", "net/http", "h2c", "tls", "h2c+tls"} {
		t.Run(mode, func(t *testing.T) {
			s := &refusing{scheme: "http", log: &logBuffer{}, called: map[string]int{}}
			cfg := cfg
			cfg.Addr, cfg.Cores, cfg.H2C = "127.0.0.1:0", 2, strings.HasPrefix(mode, "h2c")
			cfg.NetHTTP, cfg.StallThreshold = cfg.H2C, -1 // a busy machine must not move routes to goroutines, which read as they go
			if strings.HasSuffix(mode, "tls") {
				borrowed := httptest.NewTLSServer(http.NotFoundHandler())
				defer borrowed.Close()
				s.scheme, s.trusted, cfg.TLS = "https", x509.NewCertPool(), &tls.Config{Certificates: borrowed.TLS.Certificates}
				s.trusted.AddCert(borrowed.Certificate())
			}
			cfg.Logger = slog.New(slog.NewTextHandler(s.log, nil))
			app := fasterapi.New(cfg)
			app.Use(use...)
			s.register(app)
			for _, register := range more {
				register(app)
			}
			s.serve(t, app, mode)
			test(t, mode, s)
		})
	}
}

func (s *refusing) serve(t *testing.T, app *fasterapi.App, mode string) {
	if mode == "net/http" {
		server := httptest.NewServer(app.Handler())
		t.Cleanup(func() {
			server.CloseClientConnections()
			server.Close()
			require.NoError(t, app.Stop(context.Background()))
		})
		s.addr = server.Listener.Addr().String()
		return
	}
	server, err := app.Start()
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		require.NoError(t, server.Shutdown(ctx))
	})
	s.addr = server.Addr().String()
}

// dial opens a connection, over TLS one that speaks HTTP/1.1.
func (s *refusing) dial(t *testing.T) halfCloser {
	t.Helper()
	if s.trusted == nil {
		conn, err := net.Dial("tcp", s.addr)
		require.NoError(t, err)
		return conn.(*net.TCPConn)
	}
	conn, err := tls.Dial("tcp", s.addr, &tls.Config{RootCAs: s.trusted, NextProtos: []string{"http/1.1"}})
	require.NoError(t, err)
	return conn
}

type halfCloser interface {
	net.Conn
	CloseWrite() error
}

func (s *refusing) call(c *fasterapi.Ctx) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.called[c.Header("X-Request-ID")]++
}

func (s *refusing) calls(id string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.called[id]
}

// The inputs of the routes.
type (
	jsonInput struct {
		Body struct {
			Name string `json:"name"`
		} `body:""`
	}
	formInput struct {
		Name string `form:"name"`
	}
	uploadInput struct {
		Name string             `form:"name"`
		File fasterapi.Upload   `file:"file"`
		More []fasterapi.Upload `file:"more"`
	}
)

// marked is middleware of a group of routes.
func marked(next fasterapi.Handler) fasterapi.Handler {
	return func(c *fasterapi.Ctx) error {
		c.OnHead(func(c *fasterapi.Ctx) { c.SetHeader("X-Route", c.Pattern()) })
		return next(c)
	}
}

// register adds routes of every style for every way to take a body, each bounded at
// 1000 bytes.
func (s *refusing) register(app *fasterapi.App) {
	app.Get("/smuggled", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Text, error) {
		s.smuggled.Add(1)
		return "smuggled", nil
	})
	app.Get("/reset/{token}", func(*fasterapi.Ctx, struct {
		Token string `path:"token" sensitive:"true"`
	},
	) (fasterapi.Text, error) {
		return "reset", nil
	})
	g := app.Group("/of", fasterapi.MaxBody(1000))
	g.Use(marked)
	inStyles[jsonInput](s, g, "/json")
	inStyles[formInput](s, g, "/form")
	inStyles[fasterapi.None](s, g, "/none")
	reading := func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.Text, error) {
		s.call(c)
		n, err := io.Copy(io.Discard, c.Body())
		return fasterapi.Text(fmt.Sprint(n)), err
	}
	g.Post("/goroutine/read", reading)
	g.Post("/coroutine/read", reading, fasterapi.OnReactor())
	g.Post("/goroutine/upload", func(c *fasterapi.Ctx, _ uploadInput) (fasterapi.Text, error) {
		s.call(c)
		return "uploaded", nil
	})
	g.Mount("/mounted", http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { s.call(fasterapi.FromRequest(r)) }))
	bare := app.Group("/bare", fasterapi.MaxBody(1000))
	inStyles[jsonInput](s, bare, "/json")
}

func inStyles[In any](s *refusing, g *fasterapi.Group, pattern string) {
	handle := func(c *fasterapi.Ctx, _ In) (fasterapi.Text, error) {
		s.call(c)
		return "handled", nil
	}
	g.Post("/goroutine"+pattern, handle)
	g.Post("/coroutine"+pattern, handle, fasterapi.OnReactor())
	g.PostFuture("/chain"+pattern, func(c *fasterapi.Ctx, _ In) async.Future[fasterapi.Text] {
		s.call(c)
		return async.Ready(fasterapi.Text("handled"))
	})
}

// talk sends text and, with half, closes the sending side; it returns all answers up to
// the end of the connection.
func (s *refusing) talk(t *testing.T, text string, half bool) []answer {
	t.Helper()
	conn := s.dial(t)
	defer conn.Close()
	require.NoError(t, conn.SetDeadline(time.Now().Add(20*time.Second)))
	_, err := io.WriteString(conn, text)
	require.NoError(t, err)
	if half {
		require.NoError(t, conn.CloseWrite())
	}
	var answers []answer
	for in := bufio.NewReader(conn); ; {
		if _, err := in.Peek(1); err != nil {
			require.ErrorIs(t, err, io.EOF, "%v", answers)
			return answers
		}
		response, err := onefield.ReadResponse(t, in, nil)
		require.NoError(t, err)
		body, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		if response.Close {
			response.Header.Set("Connection", "close")
		}
		answers = append(answers, answer{response.StatusCode, response.Header, string(body)})
	}
}

// refusal is a request that is refused.
type refusal struct {
	name string
	// in is the request, but for the fields of all tests, which take the place of
	// FIELDS; PATH that of the route, CHUNKED that of the coding.
	in     string
	status int
	detail string // part of what the problem says
	// half: the client closes its sending side.
	half bool
	// handled: the handler reads the body when it turns out to be bad.
	handled bool
	routes  []string // below /of/STYLE
	// unrouted: the path and the fields cannot be read; noRoute: the path cannot.
	unrouted, noRoute bool
	// modes are the engines where our handlers see the request; none: all.
	modes []string
}

const smuggle = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"

var (
	collected = []string{"/goroutine/json", "/coroutine/json", "/chain/json", "/goroutine/form", "/coroutine/form", "/chain/form", "/coroutine/read"}
	unread    = []string{"/goroutine/none", "/coroutine/none", "/chain/none", "/mounted/x"}
	streamed  = []string{"/goroutine/read", "/goroutine/upload"}
	everyKind = append(append(append([]string(nil), collected...), unread[1:3]...), "/goroutine/read", "/goroutine/upload", "/mounted/x")
	own       = []string{"http1", "tls"}
	served    = []string{"http1", "h2c", "tls", "h2c+tls"}
)

func refusals() []refusal {
	many := strings.Repeat("X: y\r\n", 101)
	long := strings.Repeat("x", 40_000)
	chunk := "5dc\r\n" + strings.Repeat(smuggle, 50)[:1500] + "\r\n0\r\n\r\n"
	return []refusal{
		{name: "length too large", in: "POST PATH HTTP/1.1\r\nFIELDSContent-Length: 5000\r\n\r\n" + smuggle, status: 413, detail: "too large", routes: everyKind},
		{name: "too large, waits for 100", in: "POST PATH HTTP/1.1\r\nFIELDSContent-Length: 5000\r\nExpect: 100-continue\r\n\r\n", status: 413, detail: "too large", routes: everyKind},
		{name: "too large, all of it sent", in: "POST PATH HTTP/1.1\r\nFIELDSContent-Length: 350000\r\n\r\n" + strings.Repeat(smuggle, 10_000), status: 413, detail: "too large", routes: everyKind},
		{name: "chunks too large", in: "POST PATH HTTP/1.1\r\nFIELDSCHUNKED\r\n" + chunk + smuggle, status: 413, detail: "too large", routes: collected},
		{name: "chunks too large, read", in: "POST PATH HTTP/1.1\r\nFIELDSCHUNKED\r\n" + chunk + smuggle, status: 413, detail: "too large", routes: streamed, handled: true},
		{name: "chunk size", in: "POST PATH HTTP/1.1\r\nFIELDSCHUNKED\r\nzz\r\n" + smuggle, status: 400, routes: collected},
		{name: "chunk size, read", in: "POST PATH HTTP/1.1\r\nFIELDSCHUNKED\r\nzz\r\n" + smuggle, status: 400, routes: streamed, handled: true},
		{name: "chunk end", in: "POST PATH HTTP/1.1\r\nFIELDSCHUNKED\r\n2\r\nabcd\r\n0\r\n\r\n" + smuggle, status: 400, routes: collected},
		{name: "broken off", in: "POST PATH HTTP/1.1\r\nFIELDSContent-Length: 50\r\n\r\nabc", half: true, status: 400, detail: "not complete", routes: collected},
		{name: "chunk broken off", in: "POST PATH HTTP/1.1\r\nFIELDSCHUNKED\r\n50\r\nabc", half: true, status: 400, detail: "not complete", routes: collected},
		{name: "chunk broken off, read", in: "POST PATH HTTP/1.1\r\nFIELDSCHUNKED\r\n50\r\nabc", half: true, status: 400, detail: "not complete", routes: streamed, handled: true},
		{name: "many fields", in: "POST PATH HTTP/1.1\r\nFIELDS" + many + "\r\n" + smuggle, status: 431, detail: "too many fields", routes: everyKind},
		{name: "many fields and a body", in: "POST PATH HTTP/1.1\r\nFIELDSContent-Length: 35\r\n" + many + "\r\n" + smuggle, status: 431, detail: "too many fields", routes: everyKind},
		{name: "long head", in: "POST PATH HTTP/1.1\r\nFIELDSX: " + long + "\r\n\r\n" + smuggle, status: 431, detail: "too long", routes: everyKind, modes: served},
		{name: "long target", in: "POST PATH?" + long[:9000] + " HTTP/1.1\r\nFIELDS\r\n" + smuggle, status: 414, detail: "too long", routes: unread, unrouted: true, modes: own},
		{name: "long target, read", in: "POST PATH?" + long[:9000] + " HTTP/1.1\r\nFIELDS\r\n" + smuggle, status: 414, detail: "too long", routes: unread, modes: []string{"h2c", "h2c+tls"}},
		{name: "expectation", in: "POST PATH HTTP/1.1\r\nFIELDSExpect: 200-ok\r\nContent-Length: 35\r\n\r\n" + smuggle, status: 417, routes: everyKind, modes: own},
		{name: "two lengths", in: "POST PATH HTTP/1.1\r\nFIELDSContent-Length: 35\r\nContent-Length: 0\r\n\r\n" + smuggle, status: 400, routes: everyKind, modes: own},
		{name: "length and chunks", in: "POST PATH HTTP/1.1\r\nFIELDSContent-Length: 35\r\nCHUNKED\r\n" + smuggle, status: 400, routes: everyKind, modes: own},
		{name: "unknown coding", in: "POST PATH HTTP/1.1\r\nFIELDSTransfer-Encoding: gzip, chunked\r\n\r\n" + smuggle, status: 501, routes: everyKind, modes: own},
		{name: "folded field", in: "POST PATH HTTP/1.1\r\nFIELDSX: a\r\n b\r\n\r\n" + smuggle, status: 400, routes: everyKind, modes: own},
		{name: "second Host", in: "POST PATH HTTP/1.1\r\nFIELDSHost: b\r\n\r\n" + smuggle, status: 400, routes: everyKind, modes: own},
		{name: "head broken off", in: "POST PATH HTTP/1.1\r\nFIELDSX", half: true, status: 400, detail: "not complete", routes: everyKind, modes: own},
		{name: "bad target", in: "POST PATH\x01 HTTP/1.1\r\nFIELDS\r\n" + smuggle, status: 400, routes: unread, unrouted: true, modes: own},
		{name: "bad escape", in: "POST PATH/%zz HTTP/1.1\r\nFIELDS\r\n" + smuggle, status: 400, routes: unread[:1], noRoute: true, modes: own},
		{name: "bad version", in: "POST PATH HTTP/2.0\r\nFIELDS\r\n" + smuggle, status: 505, routes: unread, unrouted: true, modes: own},
		{name: "bad host", in: "POST PATH HTTP/1.1\r\nFIELDS\r\n" + smuggle, status: 400, routes: everyKind},
	}
}

// TestRefusals: one answer with everything that middleware adds, a problem document,
// one line in the log, and the end of the connection, with nothing read behind it.
func TestRefusals(t *testing.T) {
	wrapped := fasterapi.WrapMiddleware(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Wrapped", "yes")
			next.ServeHTTP(w, r)
		})
	})
	use := []fasterapi.Middleware{
		middleware.AccessLog(middleware.AccessLogConfig{}), middleware.RequestID(middleware.RequestIDConfig{}),
		middleware.SecureHeaders(middleware.SecureHeadersConfig{}),
		middleware.CORS(middleware.CORSConfig{Origins: []string{"https://page.example"}, Expose: []string{"X-Request-ID"}}),
		middleware.AllowedHosts("a", "*.a"), wrapped, middleware.Compress(middleware.CompressConfig{}), middleware.ETag(middleware.ETagConfig{}),
		middleware.Timeout(10 * time.Second), middleware.BodyLimit(1 << 20),
	}
	refusingModes(t, fasterapi.Config{}, use, func(t *testing.T, mode string, s *refusing) {
		for _, r := range refusals() {
			if len(r.modes) > 0 && !slices.Contains(r.modes, mode) {
				continue
			}
			s.checkAll(t, r, mode)
		}
		require.Zero(t, s.smuggled.Load())
		require.NotContains(t, s.log.String(), "level=ERROR")
	})
}

// ownForm is how a service answers problems in a form of its own.
type ownForm struct {
	Code  int    `json:"code"`
	Error string `json:"error"`
	ID    string `json:"id"`
}

// TestRefusalsInOwnForm: what the server refuses has the form of the service, and the
// function given to MapError sees it, with middleware and without.
func TestRefusalsInOwnForm(t *testing.T) {
	register := func(app *fasterapi.App) {
		app.MapError(func(_ *fasterapi.Ctx, p *problem.Problem) error {
			mapped := *p
			mapped.Detail = "mapped: " + p.Detail
			return &mapped
		})
		app.ProblemsAs("application/vnd.own+json", func(c *fasterapi.Ctx, p *problem.Problem) ownForm {
			return ownForm{p.Status, p.Detail, c.RequestID()}
		})
	}
	for name, use := range map[string][]fasterapi.Middleware{
		"bare":       nil,
		"middleware": {middleware.AccessLog(middleware.AccessLogConfig{}), middleware.RequestID(middleware.RequestIDConfig{}), middleware.Timeout(10 * time.Second)},
	} {
		t.Run(name, func(t *testing.T) {
			ask := func(list ...refusal) func(t *testing.T, mode string, s *refusing) {
				return func(t *testing.T, mode string, s *refusing) {
					for _, r := range list {
						if len(r.modes) > 0 && !slices.Contains(r.modes, mode) {
							continue
						}
						t.Run(r.name, func(t *testing.T) { s.checkOwnForm(t, r, mode, len(use) > 0) })
					}
				}
			}
			refusingModes(t, fasterapi.Config{}, use, ask(refusals()...), register)
			// A second, by which only those may be late that are to be.
			impatient := fasterapi.Config{HTTP: fasterapi.HTTPConfig{HeadTimeout: time.Second, BodyTimeout: time.Second}}
			refusingModes(t, impatient, use, ask(
				refusal{name: "slow head", in: "POST PATH HTTP/1.1\r\nFIELDSX", status: 408, routes: unread[:1], modes: own},
				refusal{name: "slow body", in: "POST PATH HTTP/1.1\r\nFIELDSContent-Length: 50\r\n\r\nabc", status: 408, routes: collected[:2]},
			), register)
		})
	}
}

// checkOwnForm sends r to one of its routes.
func (s *refusing) checkOwnForm(t *testing.T, r refusal, mode string, named bool) {
	host := map[bool]string{true: "a:65536", false: "a"}[r.name == "bad host"]
	fields := "Host: " + host + "\r\nX-Request-ID: the-id\r\nContent-Type: application/json\r\n"
	in := strings.NewReplacer("PATH", "/of"+r.routes[0], "FIELDS", fields, "CHUNKED", "Transfer-Encoding: chunked\r\n").Replace(r.in)
	half := r.half || !ownEngine(mode) && r.status != 408 && strings.Contains(in, "Content-Length")
	answers := s.talk(t, in, half)
	require.Len(t, answers, 1)
	require.Equal(t, r.status, answers[0].status)
	require.Equal(t, "application/vnd.own+json", answers[0].header.Get("Content-Type"))
	var got ownForm
	require.NoError(t, json.Unmarshal([]byte(answers[0].body), &got))
	require.Equal(t, r.status, got.Code)
	require.Regexp(t, "^mapped: .*"+r.detail, got.Error)
	if named && !r.unrouted {
		require.Equal(t, "the-id", got.ID)
	}
}

// checkAll sends r to all its routes at the same time.
func (s *refusing) checkAll(t *testing.T, r refusal, mode string) {
	t.Run(r.name, func(t *testing.T) {
		for i, route := range r.routes {
			t.Run(route[1:], func(t *testing.T) {
				t.Parallel()
				s.check(t, r, "/of"+route, fmt.Sprintf("%s-%d", strings.NewReplacer(" ", "", ",", "").Replace(r.name), i), mode)
			})
		}
	})
}

// check sends r behind a good request and holds the answer against all that is
// promised of it.
func (s *refusing) check(t *testing.T, r refusal, path, id, mode string) {
	about := r.name + " " + path
	fields := "Host: a\r\nOrigin: https://page.example\r\nX-Request-ID: " + id + "\r\n"
	switch {
	case r.name == "bad host":
		fields = strings.Replace(fields, "Host: a", "Host: a:65536", 1)
	case strings.HasSuffix(path, "/upload"):
		fields += "Content-Type: multipart/form-data; boundary=xyz\r\n"
	case strings.HasSuffix(path, "/form"):
		fields += "Content-Type: application/x-www-form-urlencoded\r\n"
	default:
		fields += "Content-Type: application/json\r\n"
	}
	in := strings.NewReplacer("PATH", path, "FIELDS", fields, "CHUNKED", "Transfer-Encoding: chunked\r\n").Replace(r.in)
	// net/http waits a while for the rest of a body.
	half := r.half || !ownEngine(mode) && r.status != 408 && strings.Contains(in, "Content-Length")
	answers := s.talk(t, "POST /of/chain/none HTTP/1.1\r\nHost: a\r\nX-Request-ID: before\r\nContent-Length: 0\r\n\r\n"+in, half)
	require.Len(t, answers, 2, about)
	require.Equal(t, 200, answers[0].status)
	got := answers[1]
	require.Equal(t, r.status, got.status, "%s: %s", about, got.body)
	for name, want := range map[string]string{
		"Access-Control-Allow-Origin": "https://page.example", "Access-Control-Expose-Headers": "X-Request-ID",
		"X-Request-Id": id, "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY",
		"Content-Type": problem.ContentType, "Connection": "close",
	} {
		if r.unrouted && (name[0] == 'A' || name == "X-Request-Id") {
			continue // the fields were not read
		}
		require.Equal(t, want, got.header.Get(name), "%s: %s", about, name)
	}
	require.Equal(t, r.unrouted || r.noRoute, got.header.Get("X-Route") == "", about)
	if !r.unrouted && !r.noRoute {
		require.Equal(t, "yes", got.header.Get("X-Wrapped"), about)
	}
	id = got.header.Get("X-Request-Id")
	var doc struct {
		Status   int    `json:"status"`
		Detail   string `json:"detail"`
		Instance string `json:"instance"`
	}
	require.NoError(t, json.Unmarshal([]byte(got.body), &doc))
	require.Equal(t, r.status, doc.Status)
	require.Contains(t, doc.Detail, r.detail)
	require.Equal(t, "urn:request:"+id, doc.Instance, about)
	handled := 0
	if r.handled && !strings.HasSuffix(path, "/upload") {
		handled = 1
	}
	require.Equal(t, handled, s.calls(id), "%s: the handler is not called", about)

	logged := linesWith(s.log.String(), " request="+id+" ")
	require.Len(t, logged, 1, "%s: %s", about, s.log)
	require.Contains(t, logged[0], fmt.Sprintf(" method=POST path=%s status=%d ", path+map[bool]string{true: "/%zz"}[r.noRoute], r.status))
	require.Contains(t, logged[0], " client=127.0.0.1")
	if !r.handled {
		require.Contains(t, logged[0], fmt.Sprintf(" refused=%q ", doc.Detail))
	}
}

func linesWith(log, part string) (list []string) {
	for line := range strings.Lines(log) {
		if strings.Contains(line, part) {
			list = append(list, line)
		}
	}
	return list
}

// TestRefusalsWithoutAHead: what comes of them is in the log, with the peer.
func TestRefusalsWithoutAHead(t *testing.T) {
	use := []fasterapi.Middleware{
		middleware.AccessLog(middleware.AccessLogConfig{}), middleware.RequestID(middleware.RequestIDConfig{}),
		middleware.SecureHeaders(middleware.SecureHeadersConfig{}), middleware.AllowedHosts("a"),
	}
	refusingModes(t, fasterapi.Config{}, use, func(t *testing.T, mode string, s *refusing) {
		if !ownEngine(mode) {
			return // see TestNetHTTPRefuses
		}
		for i, c := range []struct{ in, logged string }{
			{"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", `method="" path="" status=400 `},
			{"nonsense\r\n\r\n", `method=nonsense path="" status=400 `},
			{"GET /\r\n", `method=GET path=/ status=400 `},
			{"GET /of/secret\tx", `method=GET path=/of/secret status=400 `},
			{"GET http://user:password@a/path?q HTTP/1.1\r\n", `method=GET path=/path status=400 `},
			{"GET ftp://a/path HTTP/1.1\r\n", `method=GET path=/path status=400 `},
			{"GET /reset/hunter2 HTTP/2.0\r\n", `method=GET path=/reset/*** status=505 `},
			{"GET /reset/hunter2\x01", `method=GET path=/reset/*** status=400 `},
			{"GET http://a/reset/hunter2 HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", `method=GET path=/reset/*** status=400 `},
			{"CONNECT user:password@a:1 HTTP/1.1\r\n", `method=CONNECT path="" status=400 `},
			{"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", `method=PRI path="" status=505 `},
			{strings.Repeat("A", 40) + " / HTTP/1.1\r\n", `status=501 `},
		} {
			answers := s.talk(t, c.in+smuggle, false)
			require.Len(t, answers, 1, c.in)
			require.Equal(t, "nosniff", answers[0].header.Get("X-Content-Type-Options"))
			require.Equal(t, "close", answers[0].header.Get("Connection"))
			id := answers[0].header.Get("X-Request-Id")
			logged := linesWith(s.log.String(), " request="+id+" ")
			require.Len(t, logged, 1, s.log)
			require.Contains(t, logged[0], c.logged)
			require.Contains(t, logged[0], " client=127.0.0.1")
			require.Contains(t, logged[0], " level=INFO ")
			require.Len(t, linesWith(s.log.String(), "msg=request"), i+1)
		}
		require.NotContains(t, s.log.String(), "password")
		require.NotContains(t, s.log.String(), "hunter2")
		require.Zero(t, s.smuggled.Load())
	})
}

// TestNetHTTPRefuses: what net/http refuses before our engine sees it is answered by
// middleware, too, where the server is ours.
func TestNetHTTPRefuses(t *testing.T) {
	use := []fasterapi.Middleware{
		middleware.AccessLog(middleware.AccessLogConfig{}), middleware.RequestID(middleware.RequestIDConfig{}),
		middleware.SecureHeaders(middleware.SecureHeadersConfig{}), middleware.AllowedHosts("a"),
		fasterapi.WrapMiddleware(func(next http.Handler) http.Handler { return next }),
	}
	refusingModes(t, fasterapi.Config{HTTP: fasterapi.HTTPConfig{ServerName: "ours"}}, use, func(t *testing.T, mode string, s *refusing) {
		if !strings.HasPrefix(mode, "h2c") {
			return
		}
		const good = "POST /of/chain/none HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"
		for i, c := range []struct {
			in     string
			status int
			detail string
		}{
			{"nonsense\r\n\r\n", 400, "the request cannot be read"},
			{"GET / HTTP/1.1\r\n\r\n", 400, "missing required Host header"},
			{"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400, "the request cannot be read"},
			{"GET / HTTP/3.1\r\nHost: a\r\n\r\n", 505, "unsupported protocol version"},
			{"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501, "unsupported transfer encoding"},
			{"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 35\r\nContent-Length: 3\r\n\r\n", 400, "the request cannot be read"},
			{"POST /of/chain/none HTTP/1.1\r\nHost: a\r\nExpect: 200-ok\r\nContent-Length: 35\r\n\r\n", 417, "expectation is not 100-continue"},
			{"GET / HTTP/1.1\r\nHost: a\r\nX: " + strings.Repeat("x", 100_000) + "\r\n\r\n", 431, "request head is too long"},
		} {
			for n, before := range []string{"", good, good + good} {
				answers := s.talk(t, before+c.in+smuggle, false)
				require.Len(t, answers, n+1, "%q", c.in[:min(len(c.in), 99)])
				for _, a := range answers[:n] {
					require.Equal(t, 200, a.status)
				}
				got := answers[n]
				require.Equal(t, c.status, got.status)
				require.Equal(t, "nosniff", got.header.Get("X-Content-Type-Options"))
				require.Equal(t, "close", got.header.Get("Connection"))
				require.Equal(t, "ours", got.header.Get("Server"))
				require.NotEmpty(t, got.header.Get("Date"))
				require.Equal(t, problem.ContentType, got.header.Get("Content-Type"))
				require.Contains(t, got.body, fmt.Sprintf(`"status":%d,"detail":%q`, c.status, c.detail))
				id := got.header.Get("X-Request-Id")
				require.Contains(t, got.body, `"instance":"urn:request:`+id+`"`)
				logged := linesWith(s.log.String(), " request="+id+" ")
				require.Len(t, logged, 1, s.log)
				require.Contains(t, logged[0], " level=INFO msg=request route=none core=")
				require.Contains(t, logged[0], fmt.Sprintf(` method="" path="" status=%d `, c.status))
				require.Contains(t, logged[0], fmt.Sprintf(` refused=%q client=127.0.0.1`, c.detail))
				require.Len(t, linesWith(s.log.String(), " refused="), 3*i+n+1)
			}
		}
		require.Zero(t, s.smuggled.Load())
	})
}

// TestSlowRequests: a body, and a head, that do not come in time.
func TestSlowRequests(t *testing.T) {
	cfg := fasterapi.Config{HTTP: fasterapi.HTTPConfig{BodyTimeout: 500 * time.Millisecond, HeadTimeout: 2 * time.Second}}
	use := []fasterapi.Middleware{
		middleware.AccessLog(middleware.AccessLogConfig{}), middleware.RequestID(middleware.RequestIDConfig{}),
		middleware.SecureHeaders(middleware.SecureHeadersConfig{}), middleware.CORS(middleware.CORSConfig{Origins: []string{"https://page.example"}, Expose: []string{"X-Request-ID"}}),
		fasterapi.WrapMiddleware(func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("X-Wrapped", "yes")
				next.ServeHTTP(w, r)
			})
		}),
		waiting,
	}
	refusingModes(t, cfg, use, func(t *testing.T, mode string, s *refusing) {
		list := []refusal{
			{name: "slow body", in: "POST PATH HTTP/1.1\r\nFIELDSContent-Length: 50\r\n\r\nabc", status: 408, detail: "too long to arrive", routes: collected},
			{name: "slow chunks", in: "POST PATH HTTP/1.1\r\nFIELDSCHUNKED\r\n32\r\nabc", status: 408, detail: "too long to arrive", routes: collected},
			{name: "slow chunks, read", in: "POST PATH HTTP/1.1\r\nFIELDSCHUNKED\r\n32\r\nabc", status: 408, detail: "too long to arrive", routes: streamed, handled: true},
			{name: "slow head", in: "POST PATH HTTP/1.1\r\nFIELDSX", status: 408, detail: "too long to arrive", routes: unread, modes: own},
		}
		for _, r := range list {
			if len(r.modes) > 0 && !slices.Contains(r.modes, mode) {
				continue
			}
			s.checkAll(t, r, mode)
		}
	})
}

// waiting is middleware that awaits something with c, which has not ended because the
// client is slow.
func waiting(next fasterapi.Handler) fasterapi.Handler {
	return func(c *fasterapi.Ctx) error {
		if c.Refused() != nil {
			if _, err := async.Go(c, func(ctx context.Context) (struct{}, error) { return struct{}{}, ctx.Err() }).Await(c); err != nil {
				return err
			}
		}
		return next(c)
	}
}

// TestRefusalsWithoutMiddleware: routes of every style that have none.
func TestRefusalsWithoutMiddleware(t *testing.T) {
	refusingModes(t, fasterapi.Config{}, nil, func(t *testing.T, _ string, s *refusing) {
		for _, style := range styles {
			answers := s.talk(t, "POST /bare"+style+"/json HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\n"+smuggle, true)
			require.Len(t, answers, 1)
			require.Equal(t, 413, answers[0].status)
			require.JSONEq(t, `{"title":"Content Too Large","status":413,"detail":"the request body is too large"}`, answers[0].body)
		}
		require.Zero(t, s.calls("")+int(s.smuggled.Load()))
	})
}

// TestRefusalsAreNotForgiven: whatever middleware answers in the place of the
// refusal, it is none of a request that was served.
func TestRefusalsAreNotForgiven(t *testing.T) {
	const body = "POST /of/STYLE/json HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\n"
	for name, c := range map[string]struct {
		status int
		answer func(c *fasterapi.Ctx, next fasterapi.Handler) error
	}{
		"nothing": {413, func(*fasterapi.Ctx, fasterapi.Handler) error { return nil }},
		"success": {413, func(c *fasterapi.Ctx, _ fasterapi.Handler) error {
			c.Respond(200, "text/plain", []byte("fine"))
			return nil
		}},
		"redirect": {413, func(c *fasterapi.Ctx, _ fasterapi.Handler) error {
			c.SetHeader("Location", "/x")
			c.Respond(303, "", nil)
			return nil
		}},
		"swallows": {413, func(c *fasterapi.Ctx, next fasterapi.Handler) error { _ = next(c); return nil }},
		"at the head": {413, func(c *fasterapi.Ctx, next fasterapi.Handler) error {
			c.OnHead(func(c *fasterapi.Ctx) { c.Respond(200, "text/plain", []byte("fine")) })
			return next(c)
		}},
		"an own form": {413, func(c *fasterapi.Ctx, next fasterapi.Handler) error {
			var p *problem.Problem
			if err := next(c); !errors.As(err, &p) {
				return err
			}
			c.Respond(p.Status, "application/vnd.own+json", []byte(`{"own":"`+p.Detail+`"}`))
			return nil
		}},
		"another failure": {401, func(*fasterapi.Ctx, fasterapi.Handler) error { return problem.Unauthorized("who are you?") }},
		"panic":           {500, func(*fasterapi.Ctx, fasterapi.Handler) error { panic("oops") }},
		"body": {413, func(c *fasterapi.Ctx, next fasterapi.Handler) error {
			if n, err := io.Copy(io.Discard, c.Body()); n > 0 || err == nil {
				return errors.New("a refused body was read")
			}
			return next(c)
		}},
		"hijack": {413, func(c *fasterapi.Ctx, next fasterapi.Handler) error {
			if conn, _, err := c.Hijack(); err == nil {
				_ = conn.Close()
			}
			return next(c)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // each waits for net/http to close its connections
			answerer := c.answer
			use := func(next fasterapi.Handler) fasterapi.Handler {
				return func(c *fasterapi.Ctx) error {
					c.SetHeader("X-Refused", c.Refused().Detail)
					return answerer(c, next)
				}
			}
			refusingModes(t, fasterapi.Config{}, []fasterapi.Middleware{use}, func(t *testing.T, _ string, s *refusing) {
				for _, style := range styles {
					answers := s.talk(t, strings.Replace(body, "STYLE", style[1:], 1)+smuggle, true)
					require.Len(t, answers, 1)
					got := answers[0]
					require.Equal(t, c.status, got.status, got.body)
					require.Equal(t, "the request body is too large", got.header.Get("X-Refused"))
					require.Equal(t, "close", got.header.Get("Connection"))
					require.Empty(t, got.header.Get("Location"))
					if name == "an own form" {
						require.Equal(t, "application/vnd.own+json", got.header.Get("Content-Type"))
						require.Equal(t, `{"own":"the request body is too large"}`, got.body)
					} else {
						require.Equal(t, problem.ContentType, got.header.Get("Content-Type"))
					}
				}
				require.Zero(t, s.calls("")+int(s.smuggled.Load()))
			})
		})
	}
}

// refusal2 is a request that is refused over HTTP/2.
type refusal2 struct {
	name   string
	body   func() io.ReadCloser // nil: none
	length int64
	header func(http.Header)
	status int
	routes []string
	calls  int
}

// TestRefusalsOverHTTP2: a refused request costs its own stream only, and the next one
// comes on the same connection.
func TestRefusalsOverHTTP2(t *testing.T) {
	long := func() io.ReadCloser { return io.NopCloser(strings.NewReader(strings.Repeat("x", 5000))) }
	overHTTP2(t, fasterapi.HTTPConfig{MaxHead: 8 << 10}, []refusal2{
		{name: "length", body: long, length: 5000, status: 413, routes: everyKind},
		{name: "pieces", body: long, length: -1, status: 413, routes: collected},
		{name: "pieces-read", body: long, length: -1, status: 413, routes: streamed[:1], calls: 1},
		{name: "fields", header: func(h http.Header) { h["X"] = make([]string, 101) }, status: 431, routes: everyKind},
		{name: "head", header: func(h http.Header) { h.Set("X", strings.Repeat("x", 9000)) }, status: 431, routes: everyKind},
		{name: "expectation", header: func(h http.Header) { h.Set("Expect", "200-ok") }, status: 417, routes: everyKind},
	})
	overHTTP2(t, fasterapi.HTTPConfig{BodyTimeout: 500 * time.Millisecond}, []refusal2{
		{name: "slow", body: silence, length: 50, status: 408, routes: collected},
		{name: "slow-read", body: silence, length: -1, status: 408, routes: streamed[:1], calls: 1},
	})
}

func overHTTP2(t *testing.T, limits fasterapi.HTTPConfig, list []refusal2) {
	use := []fasterapi.Middleware{
		middleware.AccessLog(middleware.AccessLogConfig{}), middleware.RequestID(middleware.RequestIDConfig{}),
		middleware.SecureHeaders(middleware.SecureHeadersConfig{}),
		middleware.CORS(middleware.CORSConfig{Origins: []string{"https://page.example"}, Expose: []string{"X-Request-ID"}}),
	}
	refusingModes(t, fasterapi.Config{HTTP: limits}, use, func(t *testing.T, mode string, s *refusing) {
		if mode == "http1" || mode == "net/http" {
			return
		}
		protocols := new(http.Protocols)
		protocols.SetUnencryptedHTTP2(mode == "h2c")
		protocols.SetHTTP2(strings.HasSuffix(mode, "tls"))
		transport := &http.Transport{Protocols: protocols, TLSClientConfig: &tls.Config{RootCAs: s.trusted}}
		defer transport.CloseIdleConnections()
		client := &http.Client{Transport: onefield.Transport(t, transport), Timeout: 20 * time.Second}
		fresh := 0
		trace := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) {
			if !info.Reused {
				fresh++
			}
		}})
		for _, r := range list {
			for i, route := range r.routes {
				s.check2(trace, t, client, r, route, fmt.Sprintf("%s-%d", r.name, i))
			}
		}
		require.Equal(t, 1, fresh, "one connection for all")
	})
}

// check2 is check over HTTP/2.
func (s *refusing) check2(ctx context.Context, t *testing.T, client *http.Client, r refusal2, route, id string) {
	about := r.name + " " + route
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.scheme+"://"+s.addr+"/of"+route, http.NoBody)
	require.NoError(t, err)
	if r.body != nil {
		request.Body, request.ContentLength = r.body(), r.length
	}
	request.Header.Set("Origin", "https://page.example")
	request.Header.Set("X-Request-ID", id)
	request.Header.Set("Content-Type", map[bool]string{true: "application/x-www-form-urlencoded", false: "application/json"}[strings.HasSuffix(route, "/form")])
	if r.header != nil {
		r.header(request.Header)
	}
	response, err := client.Do(request)
	require.NoError(t, err, about)
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err, about)
	require.NoError(t, response.Body.Close())
	require.Equal(t, 2, response.ProtoMajor)
	require.Equal(t, r.status, response.StatusCode, "%s: %s", about, text)
	require.Equal(t, "https://page.example", response.Header.Get("Access-Control-Allow-Origin"), about)
	require.Equal(t, id, response.Header.Get("X-Request-ID"), about)
	require.Equal(t, "nosniff", response.Header.Get("X-Content-Type-Options"), about)
	require.Equal(t, problem.ContentType, response.Header.Get("Content-Type"), about)
	require.NotEmpty(t, response.Header.Get("X-Route"), about)
	require.Contains(t, string(text), `"instance":"urn:request:`+id+`"`)
	require.Equal(t, r.calls, s.calls(id), about)
	logged := linesWith(s.log.String(), " request="+id+" ")
	require.Len(t, logged, 1, about)
	require.Contains(t, logged[0], fmt.Sprintf(" method=POST path=/of%s status=%d ", route, r.status))
}

// silence is a body of which nothing comes until the client closes it.
func silence() io.ReadCloser {
	r, _ := io.Pipe()
	return r
}
