package security

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/internal/field"
	"github.com/fasterapi/fasterapi/internal/mistake"
	"github.com/fasterapi/fasterapi/openapi"
	"github.com/fasterapi/fasterapi/problem"
)

// Place says where a request carries a credential: [InHeader], [InCookie], [InQuery].
// A scheme may look in several. The first one that has a credential decides, and two
// different credentials in one request are refused with 400 (RFC 6750 section 2): nobody can
// say which of them somebody else, a proxy say, has looked at.
//
//	tokens := security.JWT[Account](security.JWTConfig{
//		In: []security.Place{security.InHeader("Authorization"), security.InCookie("session"), security.InQuery("access_token")},
//		…
//	})
//
// Browsers cannot set header fields of an EventSource or of a WebSocket: those need a
// cookie or the query.
//
// A cookie is sent by browsers for any page that asks for it. So one is taken for a request that
// may change something (any method but GET, HEAD, OPTIONS, TRACE and QUERY) and for a WebSocket
// only when it comes from a page of the same origin, of one in the field Origins of the config, or
// of no page: by Sec-Fetch-Site, and from browsers without that by Origin. Others are refused with 403. Set
// SameSite and HttpOnly beside that.
//
// A query is the worst place: proxies log it and browsers keep it. It is in no log line of
// this framework, and the response is marked as Cache-Control: private unless
// it says what caches may do.
//
// Owner: any (immutable after New).
type Place struct{ in, name string }

// InHeader is a header field. A token in Authorization stands behind "Bearer"; in another
// field it stands alone, as an API key does in any.
func InHeader(name string) Place { return Place{"header", name} }

// InCookie is a cookie.
func InCookie(name string) Place { return Place{"cookie", name} }

// InQuery is a parameter of the query. RFC 6750 calls it access_token.
func InQuery(name string) Place { return Place{"query", name} }

const authorization = "Authorization"

// bearer tells whether the credential stands behind the word Bearer.
func (p Place) bearer() bool { return p.in == "header" && strings.EqualFold(p.name, authorization) }

// places are where a scheme looks, in their order.
//
// Owner: any (immutable after New).
type places struct {
	list    []Place
	limit   int  // of a credential, in bytes
	tokens  bool // Authorization has a scheme, and more than one field is a bad request
	origins []string
	trusted map[field.Origin]bool
	below   []field.Origin // whose name begins with the dot
	any     bool
}

// newPlaces checks what a config says. what is its name.
func newPlaces(what string, list []Place, fallback Place, origins []string, wrong *mistake.List) places {
	if len(list) == 0 {
		list = []Place{fallback}
	}
	p := places{list: slices.Clone(list), origins: origins, trusted: map[field.Origin]bool{}}
	for i, place := range list {
		wrong.Unless(place.in != "" && (field.IsToken(place.name) || place.in == "query" && place.name != ""),
			what+".In: use InHeader, InCookie or InQuery with a name")
		wrong.Unless(!slices.ContainsFunc(list[:i], place.same), what+".In: "+place.in+" "+strconv.Quote(place.name)+" is there twice")
	}
	for _, origin := range origins {
		p.trust(what, origin, wrong)
	}
	wrong.Unless(len(origins) == 0 || p.has("cookie"), what+".Origins is for cookies, and In has none")
	return p
}

// same compares places: names of fields have no case.
func (p Place) same(q Place) bool {
	return p.in == q.in && (p.name == q.name || p.in == "header" && strings.EqualFold(p.name, q.name))
}

func (p *places) trust(what, origin string, wrong *mistake.List) {
	if origin == "*" {
		p.any = true
		return
	}
	plain := strings.Replace(origin, "://*.", "://", 1)
	o, ok := field.ParseOrigin(plain)
	wrong.Unless(ok && !strings.Contains(plain, "*"), what+".Origins: "+strconv.Quote(origin)+` is not an origin such as "https://app.example.com"`)
	if plain != origin {
		o.Name = "." + o.Name
		p.below = append(p.below, o)
		return
	}
	p.trusted[o] = true
}

func (p *places) has(in string) bool {
	return slices.ContainsFunc(p.list, func(place Place) bool { return place.in == in })
}

// meets tells whether a credential may be for both.
func (p *places) meets(q *places) bool {
	return slices.ContainsFunc(p.list, func(place Place) bool { return slices.ContainsFunc(q.list, place.same) })
}

// errTwo is a request with two credentials: which one counts nobody can say.
var errTwo = errors.New("security: two credentials")

// read returns the credential of a request.
func (p *places) read(c *fasterapi.Ctx) (string, error) {
	found, forgeable, inQuery := "", true, false
	for _, place := range p.list {
		value, err := p.at(c, place)
		if errors.Is(err, ErrMissing) {
			continue
		}
		if err != nil {
			return "", err
		}
		if found != "" && !Equal(found, value) {
			return "", errTwo
		}
		found = value
		forgeable = forgeable && place.in == "cookie" // what a page of somebody else cannot know is no forgery
		inQuery = inQuery || place.in == "query"
	}
	if found == "" {
		return "", ErrMissing
	}
	if inQuery {
		c.OnHead(private)
	}
	if forgeable && !p.sameOrigin(c) {
		c.Logger().Warn("security: a cookie was sent by a page of another origin: the field Origins of the scheme lists those that may")
		return "", problem.Forbidden("this page may not use the cookie")
	}
	return found, nil
}

// at returns the credential in one place.
func (p *places) at(c *fasterapi.Ctx, place Place) (string, error) {
	var values []string
	switch place.in {
	case "header":
		if place.bearer() && p.tokens {
			return credentials(c, "Bearer", p.limit)
		}
		values = c.Headers(place.name)
	case "cookie":
		values = c.Cookies(place.name)
	default:
		var err error
		if values, err = queryValues(c.RawQuery(), place.name); err != nil {
			return "", err
		}
	}
	switch {
	case len(values) == 0 || len(values) == 1 && values[0] == "":
		return "", ErrMissing
	case len(values) > 1 || len(values[0]) > p.limit:
		return "", ErrInvalid
	}
	return values[0], nil
}

// private keeps the response out of caches that others use: its URL is a secret (RFC 6750
// section 2.3).
func private(c *fasterapi.Ctx) {
	said := strings.ToLower(c.ResponseHeader("Cache-Control"))
	switch {
	case said == "":
		c.SetHeader("Cache-Control", "private")
	case !strings.Contains(said, "private") && !strings.Contains(said, "no-store") && !strings.Contains(said, "public"):
		c.SetHeader("Cache-Control", said+", private")
	}
}

// sameOrigin tells whether a cookie may be believed: the request changes nothing, or no
// page of another origin has made it. The rules are those of net/http's CrossOriginProtection.
func (p *places) sameOrigin(c *fasterapi.Ctx) bool {
	switch c.Method() {
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace, "QUERY":
		if c.Header("Upgrade") == "" {
			return true
		}
	}
	site, origin := c.Header("Sec-Fetch-Site"), c.Header("Origin")
	switch {
	case p.any, site == "same-origin", site == "none":
		return true
	case site == "" && origin == "": // no browser of the last years
		return true
	}
	o, ok := field.ParseOrigin(origin)
	if !ok || len(c.Headers("Origin")) > 1 {
		return false
	}
	return site == "" && o.ServedBy(c.Host()) || p.trusted[o] || slices.ContainsFunc(p.below, func(w field.Origin) bool {
		return o.Scheme == w.Scheme && o.Port == w.Port && len(o.Name) > len(w.Name) && strings.HasSuffix(o.Name, w.Name)
	})
}

// uses describes the places: the first one has the name of the scheme.
func (p *places) uses(name string, inAuthorization openapi.SecurityScheme) []openapi.SecurityUse {
	var uses []openapi.SecurityUse
	for i, place := range p.list {
		use := openapi.SecurityUse{Name: name, Scheme: inAuthorization}
		if !place.bearer() || !p.tokens {
			use.Scheme = openapi.SecurityScheme{Type: "apiKey", In: place.in, Name: place.name, Description: inAuthorization.Description}
		}
		if i > 0 {
			use.Name += "_" + place.in
		}
		for k := 2; slices.ContainsFunc(uses, func(u openapi.SecurityUse) bool { return u.Name == use.Name }); k++ {
			use.Name = name + "_" + place.in + strconv.Itoa(k)
		}
		uses = append(uses, use)
	}
	return uses
}

// queryValues returns the values of one parameter.
func queryValues(query, name string) (values []string, err error) {
	for pair := range strings.SplitSeq(query, "&") {
		key, value, _ := strings.Cut(pair, "=")
		if key, err = url.QueryUnescape(key); err != nil || key != name {
			continue
		}
		if value, err = url.QueryUnescape(value); err != nil {
			return nil, ErrInvalid
		}
		values = append(values, value)
	}
	return values, nil
}
