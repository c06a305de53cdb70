package security

import (
	"crypto"
	"crypto/rsa"
	"encoding/json/v2"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/fasterapi/fasterapi/internal/mistake"
)

// Signer makes tokens, for services that log clients in themselves. Any goroutine may
// use it.
//
// Owner: any (immutable after New).
type Signer struct {
	key     Key
	private func() any // see Key
	method  jwt.SigningMethod
}

// NewSharedSigner returns a signer for HS256; see [SharedKey].
func NewSharedSigner(id string, secret []byte) *Signer {
	key := SharedKey(id, secret)
	return &Signer{key: key, private: key.material, method: jwt.SigningMethodHS256}
}

// NewSigner returns a signer for the private half of a key that [PublicKey]
// takes. id is named in the tokens, so that keys may rotate.
func NewSigner(id string, private crypto.Signer) *Signer {
	if private == nil {
		return &Signer{key: Key{id: id, wrong: mistake.New(mistake.Here(), "the key is nil")}}
	}
	key := PublicKey(id, private.Public())
	method := map[string]jwt.SigningMethod{
		"RS256": jwt.SigningMethodRS256, "ES256": jwt.SigningMethodES256, "EdDSA": jwt.SigningMethodEdDSA,
	}[key.algorithm]
	if _, isRSA := private.Public().(*rsa.PublicKey); isRSA {
		if _, plain := private.(*rsa.PrivateKey); !plain && key.wrong == nil {
			key.wrong = mistake.New(mistake.Here(), "RSA keys outside of the process are not supported")
		}
	}
	return &Signer{key: key, private: hidden(private), method: method}
}

// Mistake is what the signer was given wrong, nil when nothing. An app reports it when it starts, if the
// signer is provided or a scheme of the app has its key; Sign returns it in any case.
func (s *Signer) Mistake() error {
	if s.key.wrong == nil {
		return nil
	}
	return s.key.wrong
}

// Key checks what the signer signs.
func (s *Signer) Key() Key { return s.key }

var errExpiry = errors.New("security: a token needs ExpiresAt")

// Sign returns a token with these claims. It needs an expiry; times are rounded down
// to seconds.
func (s *Signer) Sign[C any](claims Claims[C]) (string, error) {
	if s.key.wrong != nil {
		return "", s.key.wrong
	}
	if claims.ExpiresAt.IsZero() {
		return "", errExpiry
	}
	all := jwt.MapClaims{}
	text, err := json.Marshal(claims.Extra)
	if err == nil {
		err = json.Unmarshal(text, (*map[string]any)(&all))
	}
	if err != nil {
		return "", fmt.Errorf("security: claims of %T: %w", claims.Extra, err)
	}
	for name, value := range map[string]string{
		"iss": claims.Issuer, "sub": claims.Subject, "jti": claims.ID, "scope": strings.Join(claims.Scopes, " "),
	} {
		if value != "" {
			all[name] = value
		}
	}
	for name, at := range map[string]time.Time{"exp": claims.ExpiresAt, "nbf": claims.NotBefore, "iat": claims.IssuedAt} {
		if !at.IsZero() {
			all[name] = at.Unix()
		}
	}
	if len(claims.Audience) > 0 {
		all["aud"] = claims.Audience
	}
	token := jwt.NewWithClaims(s.method, all)
	if s.key.id != "" {
		token.Header["kid"] = s.key.id
	}
	signed, err := token.SignedString(s.private())
	if err != nil {
		return "", fmt.Errorf("security: sign a token: %w", err)
	}
	return signed, nil
}
