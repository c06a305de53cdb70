package app_test

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json/v2"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/internal/test/contract"
	"github.com/fasterapi/fasterapi/internal/test/logged"
	"github.com/fasterapi/fasterapi/internal/test/onefield"
	"github.com/fasterapi/fasterapi/problem"
)

// service is an app under test, over one of the engines.
type service struct {
	t    *testing.T
	url  string
	log  *logBuffer
	http *http.Client
	// nethttp: the service runs over the net/http engine.
	nethttp bool
	http2   bool
	// tunnels are what connections are; nil: sockets.
	tunnels *tunnels
	// contract is what the app's document promises; nil: not looked at.
	contract *contract.Contract
}

// logBuffer keeps what the app logs.
type logBuffer = logged.Text

// testCertificates are those of 127.0.0.1, and testRoots who has signed them. The clients
// of net/http trust them in the tests of this package.
var testCertificates, testRoots = func() ([]tls.Certificate, *x509.CertPool) {
	borrowed := httptest.NewUnstartedServer(nil)
	borrowed.StartTLS()
	defer borrowed.Close()
	roots := x509.NewCertPool()
	roots.AddCert(borrowed.Certificate())
	http.DefaultTransport.(*http.Transport).TLSClientConfig = &tls.Config{RootCAs: roots}
	return borrowed.TLS.Certificates, roots
}()

// everyMode runs one body of tests over both engines, with one and four reactors, and over
// TLS: behaviour must not depend on either. more changes the configuration of the apps.
func everyMode(t *testing.T, routes func(*fasterapi.App), test func(*testing.T, service), more ...func(*fasterapi.Config)) {
	for _, cores := range []int{1, 4} {
		t.Run(fmt.Sprintf("reactors=%d", cores), func(t *testing.T) {
			app, log := newApp(fasterapi.Config{Cores: cores}, routes, more...)
			test(t, newService(t, "http://"+start(t, app), log, false).promising(app))
		})
	}
	t.Run("TLS", func(t *testing.T) {
		app, log := newApp(fasterapi.Config{Cores: 2, TLS: &tls.Config{Certificates: testCertificates}}, routes, more...)
		test(t, newService(t, "https://"+start(t, app), log, false).promising(app))
	})
	t.Run("net/http", func(t *testing.T) {
		app, log := newApp(fasterapi.Config{Cores: 2}, routes, more...)
		server := httptest.NewServer(app.Handler())
		t.Cleanup(func() {
			server.Close()
			require.NoError(t, app.Reactors().Stop(context.Background()))
		})
		test(t, newService(t, server.URL, log, true).promising(app))
	})
}

func newApp(cfg fasterapi.Config, routes func(*fasterapi.App), more ...func(*fasterapi.Config)) (*fasterapi.App, *logBuffer) {
	log := &logBuffer{}
	cfg.HTTP.WriteTimeout = cmp.Or(cfg.HTTP.WriteTimeout, 5*time.Minute) // a busy machine is no slow client
	cfg.StallThreshold = cmp.Or(cfg.StallThreshold, -1)                  // and does not move routes to goroutines
	cfg.Addr, cfg.Logger = "127.0.0.1:0", slog.New(slog.NewTextHandler(log, nil))
	for _, change := range more {
		change(&cfg)
	}
	app := fasterapi.New(cfg)
	routes(app)
	return app, log
}

func newService(t *testing.T, url string, log *logBuffer, nethttp bool) service {
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: testRoots}}
	t.Cleanup(transport.CloseIdleConnections)
	client := &http.Client{
		Transport:     onefield.Transport(t, transport),
		Timeout:       30 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return service{t: t, url: url, log: log, http: client, nethttp: nethttp}
}

// answer is a response with its body read.
type answer struct {
	status int
	close  bool // the server closes the connection
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
	a := answer{response.StatusCode, response.Close, response.Header, string(text)}
	s.check(request, a)
	return a
}

// promising holds every answer from now on against the OpenAPI document of app.
func (s service) promising(app *fasterapi.App) service {
	s.t.Helper()
	doc, err := app.OpenAPI()
	require.NoError(s.t, err)
	text, err := doc.JSON()
	require.NoError(s.t, err)
	s.contract, err = contract.New(text)
	require.NoError(s.t, err, "%s", text)
	return s
}

func (s service) check(request *http.Request, a answer) {
	s.t.Helper()
	if s.contract == nil {
		return
	}
	err := s.contract.Check(request, contract.Answer{Status: a.status, Header: a.header, Body: []byte(a.body)})
	if !errors.Is(err, contract.ErrNoOperation) && !errors.Is(err, contract.ErrStatus) {
		require.NoError(s.t, err)
	}
}

func (s service) get(path string, header ...string) answer {
	s.t.Helper()
	return s.do(http.MethodGet, path, "", header...)
}

// document is a problem document as clients see it.
type document struct {
	Title    string `json:"title"`
	Status   int    `json:"status"`
	Detail   string `json:"detail"`
	Instance string `json:"instance"`
	Errors   []struct {
		Location string `json:"location"`
		Message  string `json:"message"`
	} `json:"errors"`
}

// problem decodes a problem document.
func (a answer) problem(t *testing.T) document {
	t.Helper()
	require.Equal(t, problem.ContentType, a.header.Get("Content-Type"))
	var p document
	require.NoError(t, json.Unmarshal([]byte(a.body), &p))
	require.Equal(t, a.status, p.Status)
	return p
}
