package security

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json/v2"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/internal/codec"
	"github.com/fasterapi/fasterapi/internal/mistake"
	"github.com/fasterapi/fasterapi/openapi"
)

// JWTConfig says which tokens are accepted. Keys or JWKS must be set.
type JWTConfig struct {
	// Keys check the signatures.
	Keys []Key
	// JWKS is the https address of a key set. It is fetched when the first token
	// comes, again when no key that a token may mean has signed it (so keys may
	// rotate at any time), and when it is older than Refresh, in the background. The
	// last set stays in use while its server is down, for a day.
	JWKS string
	// Client fetches the key set. Default: a client without redirects.
	Client *http.Client
	// Refresh is how old the key set may get. Default 15 minutes.
	Refresh time.Duration
	// Pause is at least between two fetches because of unknown keys, which
	// anybody can make up. Default 30 s; it is never longer than Refresh.
	Pause time.Duration

	// Issuer that the tokens must have; empty: any. Set it.
	Issuer string
	// Audience that the tokens must be for, one of these; empty: any. Set it: a token
	// for another service must not open this one.
	Audience []string
	// Leeway for clocks that differ. Default 30 s; negative: none.
	Leeway time.Duration

	// In is where the token is, in this order. Default InHeader("Authorization"), behind
	// the word Bearer (RFC 6750).
	In []Place
	// Origins are the other origins whose pages may use a token in a cookie, such as
	// "https://app.example.com" or "https://*.example.com"; "*" for all. See [Place].
	Origins []string

	// Name of the scheme in the OpenAPI document. Default "jwt". With several places the
	// others are alternatives, named like jwt_cookie.
	Name        string
	Description string
	// Realm of the challenge. Default "api".
	Realm string
	// Flows are the ways to a token: the document then describes OAuth 2. See
	// PasswordFlow and CodeFlow.
	Flows *openapi.OAuthFlows

	// Now is the clock. Default time.Now.
	Now func() time.Time
}

// JWT takes signed JSON Web Tokens (RFC 7519), from the field Authorization: Bearer unless
// JWTConfig.In says otherwise. The principal are the claims, with those of C beside the registered
// ones. Every token needs an expiry; nbf and iat must not be in the future. Tokens of
// several issuers are taken by [AnyOf].
func JWT[C any](cfg JWTConfig) *Scheme[Claims[C]] {
	v, wrong := newVerifier[C](cfg)
	cfg.Name = cmp.Or(cfg.Name, "jwt")
	p := newBearer("JWTConfig", BearerConfig{
		In: cfg.In, Origins: cfg.Origins, Name: cfg.Name, Description: cfg.Description, Realm: cfg.Realm, Format: "JWT", Flows: cfg.Flows,
	}, v.verify)
	p.wrong.Add(wrong)
	p.jwt, p.issuer = true, cfg.Issuer
	p.mine = func(token string) bool {
		issuer, ok := issuerOf(token)
		return ok && (cfg.Issuer == "" || issuer == cfg.Issuer)
	}
	return newScheme(p)
}

// issuerOf is whose token this says it is; false: it is no JSON Web Token. Nothing of it is checked, so
// it only tells who is to check it. It is read as the claims are read later.
func issuerOf(token string) (string, bool) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 || len(token) > maxToken {
		return "", false
	}
	text, err := base64.RawURLEncoding.Strict().DecodeString(parts[1])
	if err != nil {
		return "", false
	}
	var claims struct {
		Issuer string `json:"iss"`
	}
	if err := json.Unmarshal(text, &claims); err != nil {
		return "", false
	}
	return claims.Issuer, true
}

// verifier checks tokens.
//
// Owner: any (immutable after New); the set has its own.
type verifier[C any] struct {
	keys    []Key
	set     *keySet // nil: none
	parser  *jwt.Parser
	decoder *codec.Decoder // of C
}

func newVerifier[C any](cfg JWTConfig) (v *verifier[C], wrong mistake.List) {
	wrong.Unless(len(cfg.Keys) > 0 || cfg.JWKS != "", "JWTConfig needs Keys or JWKS")
	for _, k := range cfg.Keys {
		if k.wrong != nil {
			wrong.Add(mistake.List{k.wrong})
		} else {
			wrong.Unless(k.material != nil, "JWTConfig.Keys: a key is empty: use SharedKey or PublicKey")
		}
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	cfg.Leeway = cmp.Or(cfg.Leeway, 30*time.Second)
	v = &verifier[C]{keys: slices.Clone(cfg.Keys)}
	var algorithms []string
	for _, k := range v.keys {
		algorithms = append(algorithms, k.algorithm)
	}
	if cfg.JWKS != "" {
		v.set = newKeySet(&cfg, &wrong)
		algorithms = append(algorithms, "RS256", "ES256", "EdDSA")
	}
	opts := []jwt.ParserOption{
		jwt.WithValidMethods(algorithms), jwt.WithExpirationRequired(), jwt.WithIssuedAt(), jwt.WithStrictDecoding(),
		jwt.WithLeeway(max(0, cfg.Leeway)), jwt.WithTimeFunc(cfg.Now),
	}
	if cfg.Issuer != "" {
		opts = append(opts, jwt.WithIssuer(cfg.Issuer))
	}
	if len(cfg.Audience) > 0 {
		opts = append(opts, jwt.WithAudience(cfg.Audience...))
	}
	v.parser = jwt.NewParser(opts...)
	decoder, mistakes := claimsDecoder(reflect.TypeFor[C]())
	v.decoder = decoder
	wrong.Add(mistakes)
	return v, wrong
}

func newKeySet(cfg *JWTConfig, wrong *mistake.List) *keySet {
	err := checkKeyURL(cfg.JWKS)
	wrong.Unless(err == nil, "JWTConfig."+fmt.Sprint(err))
	if cfg.Client == nil {
		cfg.Client = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	}
	cfg.Refresh = cmp.Or(cfg.Refresh, defaultRefresh)
	cfg.Pause = cmp.Or(cfg.Pause, defaultPause)
	wrong.Unless(cfg.Refresh > 0 && cfg.Pause > 0, "JWTConfig.Refresh and Pause must be positive")
	return &keySet{url: cfg.JWKS, client: cfg.Client, now: cfg.Now, refresh: cfg.Refresh, pause: min(cfg.Pause, cfg.Refresh)}
}

// errUnknownKey: the key that has signed the token may be one that we do not
// have.
var errUnknownKey = errors.New("security: unknown key")

// verify returns the claims of a token. It is pending only while a key set is
// fetched.
func (v *verifier[C]) verify(ctx context.Context, token string) async.Future[Claims[C]] {
	keys, edition := v.current(ctx)
	claims, err := v.parse(token, keys)
	if !errors.Is(err, errUnknownKey) || v.set == nil {
		return async.Of(claims, withoutToken(err))
	}
	return v.set.demand(ctx, edition).ThenErr(func(struct{}) (Claims[C], error) {
		keys, _ := v.current(ctx)
		claims, err := v.parse(token, keys)
		return claims, withoutToken(err)
	})
}

// current returns all keys that there are, with the edition of the set.
func (v *verifier[C]) current(ctx context.Context) ([]Key, int) {
	if v.set == nil {
		return v.keys, 0
	}
	published, edition := v.set.current(ctx)
	if len(v.keys) == 0 {
		return published, edition
	}
	return slices.Concat(v.keys, published), edition
}

// parse checks everything about a token.
func (v *verifier[C]) parse(token string, keys []Key) (Claims[C], error) {
	w := wireClaims[C]{decoder: v.decoder}
	guessed := false
	_, err := v.parser.ParseWithClaims(token, &w, func(t *jwt.Token) (any, error) {
		set, named, err := choose(t, keys)
		guessed = err == nil && !named
		return set, err
	})
	if guessed && errors.Is(err, jwt.ErrTokenSignatureInvalid) {
		err = errUnknownKey
	}
	if err != nil {
		return Claims[C]{}, err
	}
	return w.claims(), nil
}

// maxTried is how many keys are tried for a token that names none: each costs the
// time of a signature.
const maxTried = 4

// choose returns the keys that may have signed a token: those with its algorithm
// and, if it names one, its key id or none. found tells whether the key that it
// names is among them.
func choose(t *jwt.Token, keys []Key) (set jwt.VerificationKeySet, found bool, err error) {
	if _, ok := t.Header["crit"]; ok { // RFC 7515 section 4.1.11: we understand none
		return set, false, ErrInvalid
	}
	id, named := "", false
	if value, ok := t.Header["kid"]; ok {
		if id, named = value.(string); !named {
			return set, false, ErrInvalid
		}
	}
	for _, k := range keys {
		if k.algorithm == t.Method.Alg() && (!named || k.id == id || k.id == "") && len(set.Keys) < maxTried {
			set.Keys = append(set.Keys, k.material())
			found = found || id != "" && k.id == id
		}
	}
	if len(set.Keys) == 0 {
		return set, false, errUnknownKey
	}
	return set, found, nil
}

// withoutToken maps what the parser says to our errors: its texts may quote parts of
// the token.
func withoutToken(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, jwt.ErrTokenExpired) && !errors.Is(err, jwt.ErrTokenInvalidAudience) && !errors.Is(err, jwt.ErrTokenInvalidIssuer):
		return ErrExpired
	}
	return ErrInvalid
}
