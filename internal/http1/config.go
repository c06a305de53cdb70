package http1

import (
	"cmp"
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
	c.HeadTimeout = cmp.Or(c.HeadTimeout, defaultHeadTimeout)
	c.BodyTimeout = cmp.Or(c.BodyTimeout, defaultBodyTimeout)
	c.IdleTimeout = cmp.Or(c.IdleTimeout, defaultIdleTimeout)
	c.WriteTimeout = cmp.Or(c.WriteTimeout, defaultWriteTimeout)
	c.MaxHeadBytes = cmp.Or(c.MaxHeadBytes, defaultMaxHead)
	c.MaxHeaders = cmp.Or(c.MaxHeaders, defaultMaxHeaders)
	c.MaxTargetBytes = cmp.Or(c.MaxTargetBytes, defaultMaxTarget)
	c.StreamAbove = cmp.Or(c.StreamAbove, defaultStreamAbove)
	c.MaxConns = cmp.Or(c.MaxConns, defaultMaxConns)
	c.MaxUnsent = cmp.Or(c.MaxUnsent, exchange.DefaultMaxUnsent)
	c.Logger = cmp.Or(c.Logger, slog.Default())
	return c
}

// Validate lists every field that is out of range.
func (c Config) Validate() error {
	var errs []error
	must := func(ok bool, field, want string) {
		if !ok {
			errs = append(errs, fmt.Errorf("http1: %s must %s", field, want))
		}
	}
	must(c.HeadTimeout >= 0, "HeadTimeout", "not be negative")
	must(c.BodyTimeout >= 0, "BodyTimeout", "not be negative")
	must(c.IdleTimeout >= 0, "IdleTimeout", "not be negative")
	must(c.WriteTimeout >= 0, "WriteTimeout", "not be negative")
	must(c.MaxHeadBytes == 0 || c.MaxHeadBytes >= 256, "MaxHeadBytes", "be at least 256 bytes")
	must(c.MaxHeaders >= 0, "MaxHeaders", "not be negative")
	must(c.MaxTargetBytes >= 0, "MaxTargetBytes", "not be negative")
	must(c.StreamAbove >= 0, "StreamAbove", "not be negative")
	must(c.MaxConns >= 0, "MaxConns", "not be negative")
	must(c.MaxUnsent >= 0, "MaxUnsent", "not be negative")
	must(wire.ValidHeader("Server", c.ServerName), "ServerName", "be a valid header value")
	return errors.Join(errs...)
}
