package middleware

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/internal/field"
	"github.com/fasterapi/fasterapi/internal/mistake"
)

// CORSConfig says which pages of other origins may use the service from a
// browser. The zero value allows none.
type CORSConfig struct {
	// Origins are the allowed origins, such as "https://app.example.com"; with a
	// "*." before the host all hosts below it. "*" alone allows every origin.
	Origins []string
	// OriginAllowed decides about origins that are not in Origins.
	OriginAllowed func(c *fasterapi.Ctx, origin string) bool
	// Methods that pages may use, "*" for all. Default GET, HEAD, POST, PUT, PATCH,
	// DELETE and QUERY.
	Methods []string
	// Headers are the request fields that pages may set beside the harmless
	// ones. Default: whatever the preflight asks for.
	Headers []string
	// Expose are the response fields that pages may read.
	Expose []string
	// Credentials lets pages send cookies and authorization. Not with the origin
	// "*": any page could act for the user then.
	Credentials bool
	// PrivateNetwork lets pages of public addresses reach the service on a
	// private one.
	PrivateNetwork bool
	// MaxAge is how long a browser may remember a preflight, in whole seconds.
	// Default 10 minutes; negative: not at all.
	MaxAge time.Duration
}

// CORS answers preflight requests and marks responses as readable by pages of
// other origins: https://fetch.spec.whatwg.org/#http-cors-protocol. Requests of
// origins that are not allowed are served without the marks: the browser keeps
// the answer from the page. Simple requests are not stopped, so CORS does not
// protect against forged requests; cookies with SameSite do.
//
// It must be added to the app itself: preflights are for paths and methods
// without a route.
func CORS(cfg CORSConfig) fasterapi.Middleware {
	p := newCORS(cfg)
	if len(p.wrong) > 0 {
		return mistaken(p.wrong)
	}
	return func(next fasterapi.Handler) fasterapi.Handler {
		return func(c *fasterapi.Ctx) error {
			origin := joined(c.Headers("Origin")) // two lines are no origin
			if c.Method() == http.MethodOptions && origin != "" && c.Header("Access-Control-Request-Method") != "" {
				return p.preflight(c, origin)
			}
			if !p.anyOrigin {
				c.OnHead(varyOrigin)
			}
			if origin == "" || !p.allowed(c, origin) {
				return next(c)
			}
			c.OnHead(func(c *fasterapi.Ctx) {
				p.mark(c, origin)
				if p.expose != "" {
					c.SetHeader("Access-Control-Expose-Headers", p.expose)
				}
			})
			return next(c)
		}
	}
}

func varyOrigin(c *fasterapi.Ctx) { c.Vary("Origin") }

// cors is a compiled CORSConfig.
type cors struct {
	CORSConfig
	anyOrigin                        bool
	exact                            map[field.Origin]bool
	below                            []field.Origin // the names are suffixes with a dot in front
	methods, headers, expose, maxAge string
	wrong                            mistake.List
}

func newCORS(cfg CORSConfig) *cors {
	p := &cors{CORSConfig: cfg, exact: map[field.Origin]bool{}}
	for _, origin := range cfg.Origins {
		p.addOrigin(origin)
	}
	p.wrong.Unless(!p.anyOrigin || !cfg.Credentials,
		`CORSConfig.Credentials with the origin "*" would let every page act for the user: name the origins`)
	if len(cfg.Methods) == 0 {
		p.Methods = []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "QUERY"}
	}
	for _, list := range [][]string{p.Methods, cfg.Headers, cfg.Expose} {
		for _, name := range list {
			p.wrong.Unless(field.IsToken(name), "CORSConfig: "+strconv.Quote(name)+" is not a method or field name")
			p.wrong.Unless(name != "*" || !cfg.Credentials, `CORSConfig: with Credentials "*" stands for a field of that name`)
		}
	}
	p.methods, p.headers, p.expose = joined(p.Methods), joined(cfg.Headers), joined(cfg.Expose)
	cfg.MaxAge = cmp.Or(cfg.MaxAge, 10*time.Minute)
	p.maxAge = strconv.FormatInt(max(0, int64(cfg.MaxAge/time.Second)), 10)
	return p
}

func (p *cors) addOrigin(origin string) {
	if origin == "*" {
		p.anyOrigin = true
		return
	}
	plain := strings.Replace(origin, "://*.", "://", 1)
	o, ok := field.ParseOrigin(plain)
	p.wrong.Unless(ok && !strings.Contains(plain, "*"),
		"CORSConfig.Origins: "+strconv.Quote(origin)+` is not an origin such as "https://app.example.com"`)
	if plain != origin {
		o.Name = "." + o.Name
		p.below = append(p.below, o)
		return
	}
	p.exact[o] = true
}

func (p *cors) allowed(c *fasterapi.Ctx, origin string) bool {
	o, ok := field.ParseOrigin(origin)
	if p.anyOrigin || ok && p.exact[o] {
		return true
	}
	for _, w := range p.below {
		if ok && o.Scheme == w.Scheme && o.Port == w.Port && len(o.Name) > len(w.Name) && strings.HasSuffix(o.Name, w.Name) {
			return true
		}
	}
	return p.OriginAllowed != nil && p.OriginAllowed(c, origin)
}

// mark tells the browser that this origin may see the response.
func (p *cors) mark(c *fasterapi.Ctx, origin string) {
	if p.anyOrigin {
		origin = "*"
	}
	c.SetHeader("Access-Control-Allow-Origin", origin)
	if p.Credentials {
		c.SetHeader("Access-Control-Allow-Credentials", "true")
	}
}

// preflight answers the browser's question. What is not allowed is left out;
// the status says nothing.
func (p *cors) preflight(c *fasterapi.Ctx, origin string) error {
	c.Respond(http.StatusNoContent, "", nil)
	c.AddHeader("Vary", "Origin, Access-Control-Request-Method, Access-Control-Request-Headers")
	method, asked := c.Header("Access-Control-Request-Method"), joined(c.Headers("Access-Control-Request-Headers"))
	if !p.allowed(c, origin) || !p.method(method) || !p.fields(asked) {
		return nil
	}
	p.mark(c, origin)
	c.SetHeader("Access-Control-Allow-Methods", p.methods)
	switch {
	case p.headers != "":
		c.SetHeader("Access-Control-Allow-Headers", p.headers)
	case asked != "":
		c.SetHeader("Access-Control-Allow-Headers", asked)
	}
	if p.PrivateNetwork && c.Header("Access-Control-Request-Private-Network") == "true" {
		c.SetHeader("Access-Control-Allow-Private-Network", "true")
	}
	c.SetHeader("Access-Control-Max-Age", p.maxAge)
	return nil
}

// method tells whether pages may use a method.
func (p *cors) method(name string) bool {
	return slices.Contains(p.Methods, name) || slices.Contains(p.Methods, "*")
}

// maxAskedFields is how many field names a preflight may ask for.
const maxAskedFields = 64

// fields tells whether all the fields that a preflight asks for are allowed.
func (p *cors) fields(asked string) bool {
	if asked == "" {
		return true
	}
	if strings.Count(asked, ",") >= maxAskedFields {
		return false
	}
	for more := true; more; {
		var name string
		name, asked, more = field.NextToken(asked)
		known := func(s string) bool { return s == "*" || field.EqualFold(s, name) }
		if !field.IsToken(name) || len(p.Headers) > 0 && !slices.ContainsFunc(p.Headers, known) {
			return false
		}
	}
	return true
}
