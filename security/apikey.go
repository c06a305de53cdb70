package security

import (
	"cmp"
	"context"
	"crypto/sha256"
	"crypto/subtle"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/internal/mistake"
	"github.com/fasterapi/fasterapi/openapi"
)

// maxKey bounds the length in bytes of an API key.
const maxKey = 1 << 10

// APIKeyConfig configures APIKey. The zero value is ready.
type APIKeyConfig struct {
	// In is where the key is, in this order. Default InHeader("X-API-Key").
	In []Place
	// Origins are the other origins whose pages may use a key in a cookie, such as
	// "https://app.example.com" or "https://*.example.com"; "*" for all. See [Place].
	Origins []string
	// Name of the scheme in the OpenAPI document. Default "apiKey".
	Name        string
	Description string
	// Realm of the challenge. Default "api".
	Realm string
}

// APIKey takes a key that the client was given. check returns the principal, or
// [ErrInvalid]; [OneOf] is one for keys that are known beforehand. It takes a
// context.Context, or a *fasterapi.Ctx when it needs more of the request than the key.
func APIKey[P any, C context.Context](cfg APIKeyConfig, check func(c C, key string) (P, error)) *Scheme[P] {
	return apiKeys(cfg, lift(check), wrongCheck(check, check == nil))
}

// APIKeyFuture is APIKey for a check that has to ask elsewhere: the database, say.
func APIKeyFuture[P any, C context.Context](cfg APIKeyConfig, check func(c C, key string) async.Future[P]) *Scheme[P] {
	return apiKeys(cfg, check, wrongCheck(check, check == nil))
}

// apiKeys is the scheme of keys. wrong is what is wrong with check.
func apiKeys[P any, C context.Context](cfg APIKeyConfig, check func(C, string) async.Future[P], wrong mistake.List) *Scheme[P] {
	at := newPlaces("APIKeyConfig", cfg.In, InHeader("X-API-Key"), cfg.Origins, &wrong)
	at.limit = maxKey
	id := newIdentity("APIKeyConfig", cmp.Or(cfg.Name, "apiKey"), cfg.Realm, &wrong)
	refuseContext[C](&wrong)
	return newScheme(part[P]{
		places: &at, uses: at.uses(id.name, openapi.SecurityScheme{Description: cfg.Description}),
		challenge: id.challenge("ApiKey"), verify: inAnyContext(check), opaque: true, wrong: wrong,
	})
}

// OneOf checks API keys and tokens that are known beforehand. It keeps and
// compares hashes, so that the time it takes tells nothing about the keys. An empty key is a
// mistake: a variable of the environment that is not set, say.
func OneOf[P any](keys map[string]P) func(ctx context.Context, key string) (P, error) {
	known := make(map[[sha256.Size]byte]P, len(keys))
	for key, principal := range keys {
		if key == "" {
			return mistakenCheck[P](mistake.New(mistake.Here(), "a key is empty"))
		}
		known[sha256.Sum256([]byte(key))] = principal
	}
	return func(_ context.Context, key string) (P, error) {
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
