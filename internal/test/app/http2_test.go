package app_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/internal/test/onefield"
)

// everyProtocol is everyMode and HTTP/2.
func everyProtocol(t *testing.T, routes func(*fasterapi.App), test func(*testing.T, service), more ...func(*fasterapi.Config)) {
	everyMode(t, routes, test, more...)
	t.Run("HTTP/2", func(t *testing.T) { test(t, overHTTP2(t, routes, more...)) })
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
	s.http.Transport = onefield.Transport(t, onlyHTTP2{t, server.Client().Transport})
	return s
}

// onlyHTTP2 fails the test when an answer comes over anything else.
type onlyHTTP2 struct {
	t    *testing.T
	over http.RoundTripper
}

func (o onlyHTTP2) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := o.over.RoundTrip(r)
	if err == nil {
		require.Equal(o.t, 2, response.ProtoMajor)
	}
	return response, err
}
