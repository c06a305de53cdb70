package middleware

import (
	"cmp"
	"math/rand/v2"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/internal/field"
	"github.com/fasterapi/fasterapi/internal/mistake"
)

// RequestIDConfig configures RequestID. The zero value is ready.
type RequestIDConfig struct {
	// Header carries the id, both ways. Default "X-Request-ID".
	Header string
	// Fresh gives every request a new id, whatever the client sent.
	Fresh bool
	// New makes an id of letters, digits and "-_.:+/=@". Default: 26 random
	// characters (130 bits).
	New func() string
}

// maxRequestID bounds the length in bytes of an id that a client sends.
const maxRequestID = 128

// RequestID names every request: in all its log lines, in problem documents and
// in a response field. An id that the client sends is kept if it is well formed, so
// that one id goes through all services; a client can make it anything, so it
// proves nothing.
func RequestID(cfg RequestIDConfig) fasterapi.Middleware {
	cfg.Header = cmp.Or(cfg.Header, "X-Request-ID")
	var wrong mistake.List
	if !wrong.Unless(field.IsToken(cfg.Header), "RequestIDConfig.Header is not a field name") {
		return mistaken(wrong)
	}
	if cfg.New == nil {
		cfg.New = newID
	}
	return func(next fasterapi.Handler) fasterapi.Handler {
		return func(c *fasterapi.Ctx) error {
			id := c.Header(cfg.Header)
			if cfg.Fresh || !validRequestID(id) {
				id = cfg.New()
			}
			c.SetRequestID(id)
			c.SetHeader(cfg.Header, id)
			return next(c)
		}
	}
}

const (
	// idLetters are those of base32 (RFC 4648): 5 bits each.
	idLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
	idLength  = 26
	perDraw   = 64 / 5 // letters from one random number
)

// newID makes an id that no other request has: 130 bits of the runtime's ChaCha8. It is no secret, and asking the
// kernel, as crypto/rand does, takes more than twice as long.
func newID() string {
	var id [idLength]byte
	for i := 0; i < idLength; {
		bits := rand.Uint64()
		for range min(perDraw, idLength-i) {
			id[i] = idLetters[bits%32]
			bits /= 32
			i++
		}
	}
	return string(id[:])
}

func validRequestID(id string) bool {
	if id == "" || len(id) > maxRequestID {
		return false
	}
	for i := range len(id) {
		switch b := id[i]; {
		case 'a' <= b && b <= 'z', 'A' <= b && b <= 'Z', '0' <= b && b <= '9':
		case b == '-' || b == '_' || b == '.' || b == ':' || b == '+' || b == '/' || b == '=' || b == '@':
		default:
			return false
		}
	}
	return true
}
