package http1

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/internal/http1/wire"
)

// Config holds the limits and timeouts of a server. The zero value is ready
// for use: every zero field gets its default.
//
// Owner: any (immutable after New).
type Config struct {
	// HeadTimeout is how long a request head may take from its first byte, and
	// a new connection to send one. Default 10 s.
	HeadTimeout time.Duration
	// BodyTimeout is how long a request body may make no progress, or lag behind
	// 240 bytes per second. Default 30 s.
	BodyTimeout time.Duration
	// IdleTimeout is how long a connection may wait for its next request.
	// After a handler on a goroutine it may wait up to twice as long. Default 75 s.
	IdleTimeout time.Duration
	// WriteTimeout is how long a response may make no progress, or lag behind
	// 240 bytes per second. Default 30 s.
	WriteTimeout time.Duration
	// MaxHeadBytes bounds a request head in bytes. Default 32 KiB.
	MaxHeadBytes int
	// MaxHeaders bounds the header fields of a request. Default 100.
	MaxHeaders int
	// MaxTargetBytes bounds the request target in bytes. Default 8 KiB.
	MaxTargetBytes int
	// StreamAbove is the size in bytes from which a request body is streamed
	// to a handler that asks for it. Default 256 KiB.
	StreamAbove int64
	// MaxConns bounds the open connections of each reactor; at the bound it
	// stops accepting until one closes. Default 65,536.
	MaxConns int
	// MaxUnsent bounds the bytes of responses that wait for clients who do not read,
	// for each reactor; see [exchange.Unsent]. Default 256 MiB.
	MaxUnsent int64
	// ServerName is the value of the Server response field; empty: none.
	ServerName string
	// Logger reports faults of the server itself. Default slog.Default().
	Logger *slog.Logger
}

const (
	defaultHeadTimeout  = 10 * time.Second // nginx: 60 s, Apache: 20 s
	defaultBodyTimeout  = 30 * time.Second
	defaultIdleTimeout  = 75 * time.Second // nginx keepalive_timeout
	defaultWriteTimeout = 30 * time.Second
	defaultMaxHead      = 32 << 10
	defaultMaxHeaders   = 100
	defaultMaxTarget    = 8 << 10 // RFC 9112 3: at least 8000 octets
	defaultStreamAbove  = 256 << 10
	defaultMaxConns     = 65536
)

// withDefaults returns c with every zero field set.
func (c Config) withDefaults() Config {
	setDuration(&c.HeadTimeout, defaultHeadTimeout)
	setDuration(&c.BodyTimeout, defaultBodyTimeout)
	setDuration(&c.IdleTimeout, defaultIdleTimeout)
	setDuration(&c.WriteTimeout, defaultWriteTimeout)
	setInt(&c.MaxHeadBytes, defaultMaxHead)
	setInt(&c.MaxHeaders, defaultMaxHeaders)
	setInt(&c.MaxTargetBytes, defaultMaxTarget)
	setInt(&c.StreamAbove, int64(defaultStreamAbove))
	setInt(&c.MaxConns, defaultMaxConns)
	setInt(&c.MaxUnsent, int64(exchange.DefaultMaxUnsent))
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	return c
}

func setDuration(d *time.Duration, value time.Duration) {
	if *d == 0 {
		*d = value
	}
}

func setInt[T int | int64](n *T, value T) {
	if *n == 0 {
		*n = value
	}
}

// Validate lists every field that is out of range.
func (c Config) Validate() error {
	var errs []error
	bad := func(ok bool, field, want string) {
		if !ok {
			errs = append(errs, fmt.Errorf("http1: %s must be %s", field, want))
		}
	}
	bad(c.HeadTimeout >= 0, "HeadTimeout", "positive")
	bad(c.BodyTimeout >= 0, "BodyTimeout", "positive")
	bad(c.IdleTimeout >= 0, "IdleTimeout", "positive")
	bad(c.WriteTimeout >= 0, "WriteTimeout", "positive")
	bad(c.MaxHeadBytes == 0 || c.MaxHeadBytes >= 256, "MaxHeadBytes", "at least 256 bytes")
	bad(c.MaxHeaders >= 0, "MaxHeaders", "positive")
	bad(c.MaxTargetBytes >= 0, "MaxTargetBytes", "positive")
	bad(c.StreamAbove >= 0, "StreamAbove", "positive")
	bad(c.MaxConns >= 0, "MaxConns", "positive")
	bad(c.MaxUnsent >= 0, "MaxUnsent", "positive")
	bad(wire.ValidHeader("Server", c.ServerName), "ServerName", "a valid header value")
	return errors.Join(errs...)
}
