package security

import (
	"net/http"
	"strings"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/openapi"
	"github.com/fasterapi/fasterapi/problem"
)

// maxToken bounds the length in bytes of a token.
const maxToken = 8 << 10

// BearerConfig configures Bearer. The zero value is ready.
type BearerConfig struct {
	// Name of the scheme in the OpenAPI document. Default "bearer".
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

// Bearer takes tokens that only the service understands from the field
// Authorization: Bearer (RFC 6750). check returns the principal, or
// [ErrInvalid]. Like a provider it runs where the handler runs: in routes on the
// reactor it must not block.
func Bearer[P any](cfg BearerConfig, check func(c *fasterapi.Ctx, token string) (P, error)) *Scheme[P] {
	mustBe(check != nil, "Bearer needs a function")
	return newBearer(cfg, lift(check))
}

// BearerFuture is Bearer for a check that has to ask elsewhere: the database,
// say.
func BearerFuture[P any](cfg BearerConfig, check func(c *fasterapi.Ctx, token string) async.Future[P]) *Scheme[P] {
	mustBe(check != nil, "BearerFuture needs a function")
	return newBearer(cfg, check)
}

// lift makes a function that returns a future of one that does not.
func lift[P any](check func(*fasterapi.Ctx, string) (P, error)) func(*fasterapi.Ctx, string) async.Future[P] {
	return func(c *fasterapi.Ctx, credential string) async.Future[P] { return async.Of(check(c, credential)) }
}

func newBearer[P any](cfg BearerConfig, check func(*fasterapi.Ctx, string) async.Future[P]) *Scheme[P] {
	describe := openapi.SecurityScheme{Type: "http", Scheme: "bearer", BearerFormat: cfg.Format, Description: cfg.Description}
	if cfg.Flows != nil {
		describe = openapi.SecurityScheme{Type: "oauth2", Flows: cfg.Flows, Description: cfg.Description}
	}
	s := newScheme[P](identity{cfg.Name, cfg.Realm, "bearer"}, "Bearer", describe)
	s.bearer = true
	s.check = func(c *fasterapi.Ctx) async.Future[P] {
		token, err := credentials(c, "Bearer", maxToken)
		if err == nil && !isToken68(token) {
			err = ErrInvalid
		}
		if err != nil {
			return async.Failed[P](err)
		}
		return check(c, token)
	}
	return s
}

// credentials returns what follows the scheme in the Authorization field.
// Another scheme is as good as none.
func credentials(c *fasterapi.Ctx, scheme string, limit int) (string, error) {
	values := c.Headers("Authorization")
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
