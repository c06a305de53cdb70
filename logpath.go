package fasterapi

import (
	"strings"

	"github.com/fasterapi/fasterapi/internal/bind"
)

// LogPath is [Ctx.Path] for logs: "***" stands for the values of path fields
// that are sensitive (`format:"password"`, `sensitive:"true"`), in the input of
// the route and of what it needs injected. The path of a request without a route
// is as it came.
func (c *Ctx) LogPath() string {
	path, route := c.Path(), read(c, func(r *request) *route { return r.route })
	if route == nil || len(route.secrets) == 0 {
		return path
	}
	pattern, segments := strings.Split(route.pattern, "/"), strings.Split(path, "/")
	for i := range min(len(pattern), len(segments)) {
		name, isWildcard := strings.CutPrefix(pattern[i], "{")
		if !isWildcard {
			continue
		}
		name, rest := strings.CutSuffix(strings.TrimSuffix(name, "}"), "...")
		if !route.secrets[name] {
			continue
		}
		if segments[i] = "***"; rest {
			segments = segments[:i+1]
			break
		}
	}
	return strings.Join(segments, "/")
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
