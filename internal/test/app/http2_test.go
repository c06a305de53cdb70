package app_test

import (
	"context"
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/internal/test/onefield"
)

// everyProtocol is everyMode and HTTP/2 on the reactors, over TLS and without.
func everyProtocol(t *testing.T, routes func(*fasterapi.App), test func(*testing.T, service), more ...func(*fasterapi.Config)) {
	everyMode(t, routes, test, more...)
	t.Run("HTTP/2", func(t *testing.T) { test(t, onReactorsHTTP2(t, routes, more...)) })
	t.Run("h2c", func(t *testing.T) { test(t, onReactorsH2C(t, routes, more...)) })
}

// everyWay is everyProtocol and HTTP/2 through net/http.
func everyWay(t *testing.T, routes func(*fasterapi.App), test func(*testing.T, service), more ...func(*fasterapi.Config)) {
	everyProtocol(t, routes, test, more...)
	t.Run("HTTP/2 through net/http", func(t *testing.T) { test(t, overHTTP2(t, routes, more...)) })
}

// onReactorsHTTP2 starts an app that is asked over HTTP/2 on its reactors.
func onReactorsHTTP2(t *testing.T, routes func(*fasterapi.App), more ...func(*fasterapi.Config)) service {
	app, log := newApp(fasterapi.Config{Cores: 2, TLS: &tls.Config{Certificates: testCertificates}}, routes, more...)
	return newService(t, "https://"+start(t, app), log, false).promising(app).speakingHTTP2()
}

// onReactorsH2C is onReactorsHTTP2 without TLS, by prior knowledge.
func onReactorsH2C(t *testing.T, routes func(*fasterapi.App), more ...func(*fasterapi.Config)) service {
	app, log := newApp(fasterapi.Config{Cores: 2, H2C: true}, routes, more...)
	return newService(t, "http://"+start(t, app), log, false).promising(app).speakingHTTP2()
}

// speakingHTTP2 is s asked over HTTP/2 only.
func (s service) speakingHTTP2() service {
	t := s.t
	s.http2 = true
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: testRoots}, Protocols: new(http.Protocols)}
	transport.Protocols.SetHTTP2(true)
	transport.Protocols.SetUnencryptedHTTP2(true)
	transport.ExpectContinueTimeout = time.Minute // a client that expects to be asked waits for it
	t.Cleanup(transport.CloseIdleConnections)
	only := &onlyHTTP2{t: t, over: transport}
	t.Cleanup(func() {
		if !t.Failed() && !t.Skipped() {
			require.NotZero(t, only.answers.Load(), "a test that asks nothing over HTTP/2 is none of it")
		}
	})
	s.http.Transport = onefield.Transport(t, only)
	return s
}

// overHTTP2 starts an app that is asked over HTTP/2.
func overHTTP2(t *testing.T, routes func(*fasterapi.App), more ...func(*fasterapi.Config)) service {
	app, log := newApp(fasterapi.Config{Cores: 2}, routes, more...)
	server := httptest.NewUnstartedServer(app.Handler())
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(func() {
		server.Close()
		require.NoError(t, app.Reactors().Stop(context.Background()))
	})
	s := newService(t, server.URL, log, true).promising(app)
	s.http2 = true
	s.http.Transport = onefield.Transport(t, &onlyHTTP2{t: t, over: server.Client().Transport})
	return s
}

// onlyHTTP2 fails the test when an answer comes over anything else.
//
// Owner: any (atomic).
type onlyHTTP2 struct {
	t       *testing.T
	over    http.RoundTripper
	answers atomic.Int64
}

func (o *onlyHTTP2) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := o.over.RoundTrip(r)
	if err == nil {
		require.Equal(o.t, 2, response.ProtoMajor)
	}
	o.answers.Add(1)
	return response, err
}
