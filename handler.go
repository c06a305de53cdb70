package fasterapi

import (
	"context"
	"net/http"

	"github.com/fasterapi/fasterapi/internal/nethttp"
)

// Handler returns the app as an http.Handler: the net/http engine, with the
// same routes and the same behaviour as Run. It panics with a
// [RegistrationError] when the routes have mistakes, or with the error of what
// could not start (a provider, an OnStart hook). [App.Stop] ends what it starts.
func (a *App) Handler() http.Handler { return a.handler(0) }

// handler is Handler for a server that leaves it to the handler to refuse heads of
// more than maxHead bytes; 0: it refuses them itself.
func (a *App) handler(maxHead int) http.Handler {
	if err := a.open(context.Background()); err != nil {
		panic(err)
	}
	return nethttp.New((*dispatcher)(a), a.reactors, nethttp.Options{
		StreamAbove: a.cfg.HTTP.StreamAbove, MaxHeaders: a.cfg.HTTP.MaxHeaders, MaxHead: maxHead, ServerName: a.cfg.HTTP.ServerName,
		BodyTimeout: a.cfg.HTTP.BodyTimeout, WriteTimeout: a.cfg.HTTP.WriteTimeout, MaxUnsent: a.cfg.HTTP.MaxUnsent,
		BrokenOff: (*dispatcher)(a).brokenOff, Logger: a.log,
	})
}
