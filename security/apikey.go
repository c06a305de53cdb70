package security

import (
	"cmp"
	"crypto/sha256"
	"crypto/subtle"
	"net/url"
	"strings"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/openapi"
)

// maxKey bounds the length in bytes of an API key.
const maxKey = 1 << 10

// Place says where a request carries an API key.
type Place string

// The places of an API key. A query is the worst: logs of proxies and the
// history of browsers keep it.
const (
	InHeader Place = "header"
	InQuery  Place = "query"
	InCookie Place = "cookie"
)

// APIKeyConfig configures APIKey. The zero value is ready.
type APIKeyConfig struct {
	// In is where the key is. Default InHeader.
	In Place
	// Field is the name of the header field, query parameter or cookie. Default
	// "X-API-Key", "api_key" or "session".
	Field string
	// Name of the scheme in the OpenAPI document. Default "apiKey".
	Name        string
	Description string
	// Realm of the challenge. Default "api".
	Realm string
}

// APIKey takes a key that the client was given. check returns the principal, or
// [ErrInvalid]; [OneOf] is one for keys that are known beforehand. A cookie is
// sent by browsers for any page: protect what it allows with SameSite.
func APIKey[P any](cfg APIKeyConfig, check func(c *fasterapi.Ctx, key string) (P, error)) *Scheme[P] {
	mustBe(check != nil, "APIKey needs a function")
	return APIKeyFuture(cfg, lift(check))
}

// APIKeyFuture is APIKey for a check that has to ask elsewhere: the database, say.
func APIKeyFuture[P any](cfg APIKeyConfig, check func(c *fasterapi.Ctx, key string) async.Future[P]) *Scheme[P] {
	mustBe(check != nil, "APIKeyFuture needs a function")
	cfg.In = cmp.Or(cfg.In, InHeader)
	fields := map[Place]string{InHeader: "X-API-Key", InQuery: "api_key", InCookie: "session"}
	mustBe(fields[cfg.In] != "", "APIKeyConfig.In must be InHeader, InQuery or InCookie")
	cfg.Field = cmp.Or(cfg.Field, fields[cfg.In])
	s := newScheme[P](identity{cfg.Name, cfg.Realm, "apiKey"}, "ApiKey",
		openapi.SecurityScheme{Type: "apiKey", In: string(cfg.In), Name: cfg.Field, Description: cfg.Description})
	s.check = func(c *fasterapi.Ctx) async.Future[P] {
		key, err := cfg.read(c)
		if err != nil {
			return async.Failed[P](err)
		}
		return check(c, key)
	}
	return s
}

// read returns the key. Two keys are as wrong as none is missing: nobody can say
// which one somebody else, a proxy say, has looked at.
func (cfg *APIKeyConfig) read(c *fasterapi.Ctx) (string, error) {
	var keys []string
	switch cfg.In {
	case InHeader:
		keys = c.Headers(cfg.Field)
	case InQuery:
		var err error
		if keys, err = queryValues(c.RawQuery(), cfg.Field); err != nil {
			return "", err
		}
	case InCookie:
		keys = c.Cookies(cfg.Field)
	}
	switch {
	case len(keys) == 0 || len(keys) == 1 && keys[0] == "":
		return "", ErrMissing
	case len(keys) > 1 || len(keys[0]) > maxKey:
		return "", ErrInvalid
	}
	return keys[0], nil
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

// OneOf checks API keys and tokens that are known beforehand. It keeps and
// compares hashes, so that the time it takes tells nothing about the keys.
func OneOf[P any](keys map[string]P) func(c *fasterapi.Ctx, key string) (P, error) {
	known := make(map[[sha256.Size]byte]P, len(keys))
	for key, principal := range keys {
		mustBe(key != "", "OneOf: a key is empty")
		known[sha256.Sum256([]byte(key))] = principal
	}
	return func(_ *fasterapi.Ctx, key string) (P, error) {
		principal, ok := known[sha256.Sum256([]byte(key))]
		if !ok {
			return principal, ErrInvalid
		}
		return principal, nil
	}
}

// Equal compares two secrets in a time that depends on neither of them but for
// the length of what the client sent.
func Equal(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}
