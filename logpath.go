package fasterapi

import (
	"net/url"
	"strings"

	"github.com/fasterapi/fasterapi/internal/bind"
)

// logSecret stands for a secret in logs.
const logSecret = "***"

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
		return route.withoutSecrets(path, len(path))
	}
	shown := path
	for _, r := range c.app.routes {
		if len(r.secrets) > 0 {
			shown = r.withoutSecrets(shown, r.agrees(path))
		}
	}
	return shown
}

// agrees is how many segments at the beginning of path, the one ahead of the first
// slash included, may be those of the route.
func (r *route) agrees(path string) int {
	segments := strings.Split(path, "/")
	for i, want := range strings.Split(r.pattern, "/") {
		if i == len(segments) {
			return i
		}
		if text, err := url.PathUnescape(segments[i]); !strings.HasPrefix(want, "{") && (err != nil || text != want) {
			return i
		}
	}
	return len(segments)
}

// withoutSecrets replaces the secrets in the first most segments of a path.
func (r *route) withoutSecrets(path string, most int) string {
	if len(r.secrets) == 0 {
		return path
	}
	pattern, segments := strings.Split(r.pattern, "/"), strings.Split(path, "/")
	for i := range min(len(pattern), len(segments), most) {
		name, isWildcard := strings.CutPrefix(pattern[i], "{")
		if !isWildcard {
			continue
		}
		name, rest := strings.CutSuffix(strings.TrimSuffix(name, "}"), "...")
		if !r.secrets[name] {
			continue
		}
		if segments[i] = logSecret; rest {
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
