package fasterapi

import "github.com/fasterapi/fasterapi/internal/bind"

// LogPath is [Ctx.Path] for logs: "***" stands for the values of path fields
// that are sensitive (`format:"password"`, `sensitive:"true"`), in the input of
// the route and of what it needs injected. A request without a route may be a mistyped
// one for such a route, with another method or another end: the values are replaced
// where all routes that begin like its path have them. For a target that could not be
// read (see [Ctx.Refused]) LogPath is its beginning.
func (c *Ctx) LogPath() string {
	path, route := c.Path(), read(c, func(r *request) *route { return r.route })
	if path == "" {
		path = read(c, (*request).targetPart)
	}
	if route != nil {
		return route.pattern.Redact(path, path, route.secrets)
	}
	shown := path
	for _, r := range c.app.routes {
		shown = r.pattern.Redact(path, shown, r.secrets)
	}
	return shown
}

// addSecrets notes the path wildcards that an input calls sensitive.
func (r *route) addSecrets(plan *bind.Plan) {
	fields := plan.Fields()
	for i := range fields {
		if f := &fields[i]; f.In == bind.Path && f.Sensitive {
			if r.secrets == nil {
				r.secrets = map[string]bool{}
			}
			r.secrets[f.Key] = true
		}
	}
}
