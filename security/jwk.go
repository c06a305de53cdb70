package security

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json/v2"
	"errors"
	"fmt"
	"math/big"
	"slices"
)

// maxKeys bounds the keys of a set: services publish two or three.
const maxKeys = 100

var errNoKeys = errors.New("the key set has no usable key")

// jwk is a JSON Web Key, RFC 7517 and RFC 7518 section 6.
type jwk struct {
	Kty    string   `json:"kty"`
	Use    string   `json:"use"`
	Alg    string   `json:"alg"`
	Kid    string   `json:"kid"`
	Crv    string   `json:"crv"`
	KeyOps []string `json:"key_ops"`
	N      string   `json:"n"`
	E      string   `json:"e"`
	X      string   `json:"x"`
	Y      string   `json:"y"`
}

// parseJWKS returns the keys of a set that check signatures. Others are left
// out, as RFC 7517 section 5 wants; symmetric ones too, because a set is public.
func parseJWKS(text []byte) ([]Key, error) {
	var set struct {
		Keys []jwk `json:"keys"`
	}
	if err := json.Unmarshal(text, &set); err != nil {
		return nil, fmt.Errorf("the key set is not well formed: %w", err)
	}
	if len(set.Keys) > maxKeys {
		return nil, fmt.Errorf("the key set has %d keys, more than %d", len(set.Keys), maxKeys)
	}
	var keys []Key
	var errs []error
	for _, k := range set.Keys {
		if k.Use != "" && k.Use != "sig" || len(k.KeyOps) > 0 && !slices.Contains(k.KeyOps, "verify") {
			continue
		}
		key, err := k.key()
		if err == nil && k.Alg != "" && k.Alg != key.algorithm {
			err = fmt.Errorf("algorithm %q is not supported", k.Alg)
		}
		if err != nil {
			errs = append(errs, err)
			continue
		}
		keys = append(keys, key)
	}
	if len(keys) == 0 {
		return nil, errors.Join(append(errs, errNoKeys)...)
	}
	return keys, nil
}

// key decodes the material.
func (k jwk) key() (Key, error) {
	switch k.Kty {
	case "RSA":
		n, err := number(k.N)
		if err != nil {
			return Key{}, err
		}
		e, err := number(k.E)
		if err != nil || e.BitLen() > 31 {
			return Key{}, errKey
		}
		return publicKey(k.Kid, &rsa.PublicKey{N: n, E: int(e.Int64())})
	case "EC":
		return k.elliptic()
	case "OKP":
		x, err := base64.RawURLEncoding.DecodeString(k.X)
		if err != nil || k.Crv != "Ed25519" {
			return Key{}, errKey
		}
		return publicKey(k.Kid, ed25519.PublicKey(x))
	}
	return Key{}, errKey
}

func (k jwk) elliptic() (Key, error) {
	x, err := base64.RawURLEncoding.DecodeString(k.X)
	if err != nil || len(x) != 32 || k.Crv != "P-256" {
		return Key{}, errKey
	}
	y, err := base64.RawURLEncoding.DecodeString(k.Y)
	if err != nil || len(y) != 32 {
		return Key{}, errKey
	}
	point := slices.Concat([]byte{4}, x, y)
	key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point) // checks that it is on the curve
	if err != nil {
		return Key{}, err
	}
	return publicKey(k.Kid, key)
}

func number(text string) (*big.Int, error) {
	if len(text) > maxRSA/4 {
		return nil, errKey
	}
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(raw) == 0 {
		return nil, errKey
	}
	return new(big.Int).SetBytes(raw), nil
}
