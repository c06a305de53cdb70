package fasterapi

import "github.com/fasterapi/fasterapi/internal/bind"

// LogPath is [Ctx.Path] for logs: "***" stands for the values of path fields
// that are sensitive (`format:"password"`, `sensitive:"true"`), in the input of
// the route and of what it needs injected. So it does in the path of a request
// without a route, which may be one for such a route but for its method or its
// end, at the places of all routes that begin like it. Of a target that could not be
// read (see [Ctx.Refused]) it is the beginning.
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
