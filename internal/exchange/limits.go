package exchange

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"github.com/fasterapi/fasterapi/internal/http1/wire"
)

// Limits are the limits and timeouts of a server, the same for every engine. A zero
// field means its default, see [Limits.Resolve].
//
// Owner: any (a plain value).
type Limits struct {
	// HeadTimeout is how long a request head may take from its first byte, and
	// a new connection to send one. Default 10 s.
	HeadTimeout time.Duration
	// BodyTimeout is how long a request body may make no progress, or lag behind
	// [SlowestRate]. Default 30 s.
	BodyTimeout time.Duration
	// IdleTimeout is how long a connection may wait for its next request. In
	// internal/http1 it may wait up to twice as long after a handler on a
	// goroutine. Default 75 s.
	IdleTimeout time.Duration
	// WriteTimeout is how long a response may make no progress, or lag behind
	// [SlowestRate]. Default 30 s.
	WriteTimeout time.Duration
	// MaxHead bounds a request head in bytes, at least 256. Default 32 KiB.
	MaxHead int
	// MaxHeaders bounds the header fields of a request. Default 100.
	MaxHeaders int
	// StreamAbove is the size in bytes from which a request body is streamed
	// to a handler that asks for it. Default 256 KiB.
	StreamAbove int64
	// MaxConns bounds the open connections of each reactor; at the bound
	// accepting stops until one closes. Default 65,536.
	MaxConns int
	// MaxHandshakes bounds the TLS handshakes that compute at a time on each reactor; more
	// wait for their turn, up to HeadTimeout. One that waits for its client takes no place. Default 256.
	MaxHandshakes int
	// MaxStreams bounds the requests that a connection of HTTP/2 may have at a time; more are
	// refused in a way that lets the client send them again. Default 250.
	MaxStreams int
	// MaxUseless bounds the frames of a connection of HTTP/2 that bring nothing (resets, pings, settings, empty
	// frames, window updates without data): its client may send so many at once, and a tenth of them a second; then
	// the connection ends. Default 1000.
	MaxUseless int
	// MaxUnsent bounds the bytes of responses that wait for clients who do not read,
	// for each reactor; see [Unsent]. Default 256 MiB.
	MaxUnsent int64
	// ServerName is the value of the Server response field; empty: none.
	ServerName string
}

const (
	defaultHeadTimeout   = 10 * time.Second // nginx: 60 s, Apache: 20 s
	defaultBodyTimeout   = 30 * time.Second
	defaultIdleTimeout   = 75 * time.Second // nginx keepalive_timeout
	defaultWriteTimeout  = 30 * time.Second
	defaultMaxHead       = 32 << 10
	leastMaxHead         = 256
	defaultMaxHeaders    = 100
	defaultStreamAbove   = 256 << 10
	defaultMaxConns      = 65536
	defaultMaxHandshakes = 256
	defaultMaxStreams    = 250       // net/http's
	leastMaxUseless      = 10        // one a second
	defaultMaxUseless    = 1000      // nghttp2: 1000 at once, 33 a second
	defaultMaxUnsent     = 256 << 20 // 32 responses of 8 MiB
)

// Resolve returns l with every zero field set but ServerName, and every field that is out
// of range, named as users set it.
func (l Limits) Resolve() (Limits, error) {
	var errs []error
	reject := func(bad bool, field, want string) {
		if bad {
			errs = append(errs, fmt.Errorf("Config.HTTP.%s must %s", field, want))
		}
	}
	l.HeadTimeout = cmp.Or(l.HeadTimeout, defaultHeadTimeout)
	l.BodyTimeout = cmp.Or(l.BodyTimeout, defaultBodyTimeout)
	l.IdleTimeout = cmp.Or(l.IdleTimeout, defaultIdleTimeout)
	l.WriteTimeout = cmp.Or(l.WriteTimeout, defaultWriteTimeout)
	l.MaxHead = cmp.Or(l.MaxHead, defaultMaxHead)
	l.MaxHeaders = cmp.Or(l.MaxHeaders, defaultMaxHeaders)
	l.StreamAbove = cmp.Or(l.StreamAbove, defaultStreamAbove)
	l.MaxConns = cmp.Or(l.MaxConns, defaultMaxConns)
	l.MaxHandshakes = cmp.Or(l.MaxHandshakes, defaultMaxHandshakes)
	l.MaxStreams = cmp.Or(l.MaxStreams, defaultMaxStreams)
	l.MaxUseless = cmp.Or(l.MaxUseless, defaultMaxUseless)
	l.MaxUnsent = cmp.Or(l.MaxUnsent, defaultMaxUnsent)
	reject(l.HeadTimeout < 0, "HeadTimeout", "not be negative")
	reject(l.BodyTimeout < 0, "BodyTimeout", "not be negative")
	reject(l.IdleTimeout < 0, "IdleTimeout", "not be negative")
	reject(l.WriteTimeout < 0, "WriteTimeout", "not be negative")
	reject(l.MaxHead < leastMaxHead, "MaxHead", "be at least 256 bytes")
	reject(l.MaxHeaders < 0, "MaxHeaders", "not be negative")
	reject(l.StreamAbove < 0, "StreamAbove", "not be negative")
	reject(l.MaxConns < 0, "MaxConns", "not be negative")
	reject(l.MaxHandshakes < 0, "MaxHandshakes", "not be negative")
	reject(l.MaxStreams < 0, "MaxStreams", "not be negative")
	reject(l.MaxUseless < leastMaxUseless, "MaxUseless", "be at least 10")
	reject(l.MaxUnsent < 0, "MaxUnsent", "not be negative")
	reject(!wire.ValidHeader("Server", l.ServerName), "ServerName", "be a valid header value")
	return l, errors.Join(errs...)
}
