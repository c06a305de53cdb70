package fasterapi

import (
	"log/slog"
	"slices"

	"github.com/fasterapi/fasterapi/internal/inject"
)

// tellUnused logs providers without any effect, when the app starts: functions that are called for requests, of
// which none needs them, and overrides that replace nothing. It is no mistake, since a module may provide what
// only some services use. Values, and functions that are called once, may be there for what else they do.
func (a *App) tellUnused() {
	p := &a.providers
	for _, one := range p.list {
		if one.options().scope == inject.Request {
			continue
		}
		for _, f := range one.needs() {
			if i, err := p.graph.Find(needOf(&f)); err == nil {
				p.used[i] = true
			}
		}
	}
	checked := slices.ContainsFunc(a.routes, func(r *route) bool { return len(r.enforced) > 0 })
	replaces := map[int]bool{}
	overridden := map[int]bool{}
	for i, one := range p.list {
		found, err := p.graph.Find(inject.Need{Type: one.values().Type, Name: one.options().name})
		if err == nil && !one.options().override && p.list[found].options().override {
			replaces[found], overridden[i] = true, true
		}
	}
	for i, one := range p.list {
		opts := one.options()
		switch {
		case p.used[i]:
		case opts.override && !checked && !replaces[i]: // middleware that checks a scheme asks for overrides
			a.log.Warn("an override replaces nothing: no route and no provider asks for a value of this type",
				slog.String("type", one.values().Type.String()), slog.String("site", opts.site))
		case !opts.override && opts.scope == inject.Request && !overridden[i]:
			a.log.Warn("a provider is never called: no route asks for what it makes",
				slog.String("type", one.values().Type.String()), slog.String("site", opts.site))
		}
	}
}
