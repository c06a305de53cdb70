package security

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"errors"
	"fmt"
	"slices"

	"github.com/fasterapi/fasterapi/internal/mistake"
)

// Key checks signatures of one algorithm: which one is a property of the key,
// never of the token.
//
// Owner: any (immutable after New).
type Key struct {
	id, algorithm string
	// material returns a []byte, *rsa.PublicKey, *ecdsa.PublicKey or ed25519.PublicKey. It is a
	// function so that nothing which prints the fields of a value prints a secret.
	material func() any
	wrong    *mistake.Mistake // nil: nothing; else the key checks nothing
}

// ID is the id that tokens name the key by, or "".
func (k Key) ID() string { return k.id }

// Algorithm is HS256, RS256, ES256 or EdDSA.
func (k Key) Algorithm() string { return k.algorithm }

// String names the key, not its material.
func (k Key) String() string { return k.algorithm + " key " + k.id }

// GoString is String.
func (k Key) GoString() string { return k.String() }

// hidden is a key that no printer finds.
func hidden(key any) func() any { return func() any { return key } }

const (
	// minSecret is the length in bytes of an HMAC secret, RFC 7518 section 3.2.
	minSecret = 32
	// minRSA and maxRSA bound RSA keys, in bits: RFC 7518 section 3.3, and what a
	// check may cost.
	minRSA, maxRSA = 2048, 8192
)

// SharedKey is a secret for HS256: whoever can check a token can make one. id may be
// empty. A secret shorter than 32 bytes is a mistake, which an app with a scheme that has the
// key reports when it starts.
func SharedKey(id string, secret []byte) Key {
	if len(secret) < minSecret {
		return Key{id: id, wrong: mistake.New(mistake.Here(), fmt.Sprintf("a secret needs at least %d random bytes, and this one has %d", minSecret, len(secret)))}
	}
	return Key{id: id, algorithm: "HS256", material: hidden(slices.Clone(secret))}
}

// PublicKey is a key for RS256 (*rsa.PublicKey), ES256 (*ecdsa.PublicKey on P-256)
// or EdDSA (ed25519.PublicKey). id may be empty. Other keys and RSA keys under 2048 bits are
// mistakes, which an app with a scheme that has the key reports when it starts.
func PublicKey(id string, key crypto.PublicKey) Key {
	k, err := publicKey(id, key)
	if err != nil {
		return Key{id: id, wrong: mistake.New(mistake.Here(), err.Error())}
	}
	return k
}

var errKey = errors.New("not an RSA, P-256 or Ed25519 key")

func publicKey(id string, key crypto.PublicKey) (Key, error) {
	switch key := key.(type) {
	case *rsa.PublicKey:
		if key == nil || key.N == nil {
			break
		}
		if bits := key.N.BitLen(); bits < minRSA || bits > maxRSA {
			return Key{}, fmt.Errorf("an RSA key of %d bits: from %d to %d are allowed", bits, minRSA, maxRSA)
		}
		if key.E < 3 || key.E%2 == 0 {
			return Key{}, errors.New("an RSA key with a bad exponent")
		}
		return Key{id: id, algorithm: "RS256", material: hidden(key)}, nil
	case *ecdsa.PublicKey:
		if key != nil && key.Curve == elliptic.P256() {
			return Key{id: id, algorithm: "ES256", material: hidden(key)}, nil
		}
	case ed25519.PublicKey:
		if len(key) == ed25519.PublicKeySize {
			return Key{id: id, algorithm: "EdDSA", material: hidden(key)}, nil
		}
	}
	return Key{}, errKey
}
