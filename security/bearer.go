package security

import (
	"cmp"
	"context"
	"net/http"
	"strings"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/internal/mistake"
	"github.com/fasterapi/fasterapi/openapi"
	"github.com/fasterapi/fasterapi/problem"
)

// maxToken bounds the length in bytes of a token.
const maxToken = 8 << 10

// BearerConfig configures Bearer. The zero value is ready.
type BearerConfig struct {
	// In is where the token is, in this order. Default InHeader("Authorization"), behind
	// the word Bearer (RFC 6750).
	In []Place
	// Origins are the other origins whose pages may use a token in a cookie, such as
	// "https://app.example.com" or "https://*.example.com"; "*" for all. See [Place].
	Origins []string
	// Name of the scheme in the OpenAPI document. Default "bearer". With several places the
	// others are alternatives, named like bearer_cookie.
	Name        string
	Description string
	// Realm of the challenge. Default "api".
	Realm string
	// Format hints at what the tokens are, for the document.
	Format string
	// Flows are the ways to a token: the document then describes OAuth 2. See
	// PasswordFlow and CodeFlow.
	Flows *openapi.OAuthFlows
}

// Bearer takes tokens that only the service understands. check returns the principal, or
// [ErrInvalid]. Like a provider it runs where the handler runs: in routes on the
// reactor it must not block. It takes a context.Context, which [Scheme.Verify] may call
// outside of requests, or a *fasterapi.Ctx when it needs more of the request than the token.
func Bearer[P any, C context.Context](cfg BearerConfig, check func(c C, token string) (P, error)) *Scheme[P] {
	return tokens(cfg, lift(check), wrongCheck(check, check == nil))
}

// BearerFuture is Bearer for a check that has to ask elsewhere: the database,
// say.
func BearerFuture[P any, C context.Context](cfg BearerConfig, check func(c C, token string) async.Future[P]) *Scheme[P] {
	return tokens(cfg, check, wrongCheck(check, check == nil))
}

// tokens is the scheme of tokens that mean nothing to others. wrong is what is wrong with check.
func tokens[P any, C context.Context](cfg BearerConfig, check func(C, string) async.Future[P], wrong mistake.List) *Scheme[P] {
	p := newBearer("BearerConfig", cfg, inAnyContext(check))
	p.opaque = true
	refuseContext[C](&p.wrong)
	p.wrong.Add(wrong)
	return newScheme(p)
}

// lift makes a function that returns a future of one that does not.
func lift[P any, C context.Context](check func(C, string) (P, error)) func(C, string) async.Future[P] {
	return func(c C, credential string) async.Future[P] { return async.Of(check(c, credential)) }
}

// newBearer is the scheme of a token; what is the name of its config.
func newBearer[P any](what string, cfg BearerConfig, check func(context.Context, string) async.Future[P]) part[P] {
	describe := openapi.SecurityScheme{Type: "http", Scheme: "bearer", BearerFormat: cfg.Format, Description: cfg.Description}
	if cfg.Flows != nil {
		describe = openapi.SecurityScheme{Type: "oauth2", Flows: cfg.Flows, Description: cfg.Description}
	}
	var p part[P]
	at := newPlaces(what, cfg.In, InHeader(authorization), cfg.Origins, &p.wrong)
	at.limit, at.tokens = maxToken, true
	id := newIdentity(what, cmp.Or(cfg.Name, "bearer"), cfg.Realm, &p.wrong)
	p.places, p.uses = &at, at.uses(id.name, describe)
	// RFC 6750 is about Authorization and the query. A client is not told to send a field
	// that nobody reads.
	p.bearer = at.has("query")
	for _, place := range at.list {
		p.bearer = p.bearer || place.bearer()
	}
	if p.challenge = id.challenge("ApiKey"); p.bearer {
		p.challenge = id.challenge("Bearer")
	}
	p.verify = func(ctx context.Context, token string) async.Future[P] {
		if len(token) > maxToken || !isToken68(token) {
			return async.Failed[P](ErrInvalid)
		}
		return check(ctx, token)
	}
	return p
}

// credentials returns what follows the scheme in the Authorization field.
// Another scheme is as good as none.
func credentials(c *fasterapi.Ctx, scheme string, limit int) (string, error) {
	values := c.Headers(authorization)
	if len(values) > 1 {
		return "", problem.New(http.StatusBadRequest, "there is more than one Authorization field")
	}
	if len(values) == 0 {
		return "", ErrMissing
	}
	return parseCredentials(values[0], scheme, limit)
}

func parseCredentials(value, scheme string, limit int) (string, error) {
	name, rest, _ := strings.Cut(value, " ")
	if !strings.EqualFold(name, scheme) {
		return "", ErrMissing
	}
	rest = strings.Trim(rest, " ")
	if rest == "" || len(rest) > limit {
		return "", ErrInvalid
	}
	return rest, nil
}

// isToken68 is token68 of RFC 9110 section 11.2.
func isToken68(s string) bool {
	s = strings.TrimRight(s, "=")
	for i := range len(s) {
		switch b := s[i]; {
		case 'a' <= b && b <= 'z', 'A' <= b && b <= 'Z', '0' <= b && b <= '9':
		case b == '-' || b == '.' || b == '_' || b == '~' || b == '+' || b == '/':
		default:
			return false
		}
	}
	return s != ""
}
