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
func (a *App) Handler() http.Handler {
	if err := a.open(context.Background()); err != nil {
		panic(err)
	}
	return nethttp.New((*dispatcher)(a), a.reactors, nethttp.Options{
		Limits: a.cfg.limits(), BrokenOff: (*dispatcher)(a).brokenOff, Logger: a.log,
	})
}
