package http1

import (
	"context"
	"crypto/tls"
	"log/slog"
	"sync"
	"time"
)

// noCertificateEvery is how often the log tells at most that no certificate was found: strangers ask for
// names that nobody has, as often as they like.
const noCertificateEvery = time.Minute

// callbacks are those of Config.TLS that look for a certificate. They may take their time: one that gets the
// certificate first (ACME) waits for an authority, which makes handshakes of its own with this server
// before it answers. So they hold no turn meanwhile.
//
// Owner: mu; logger: any (immutable).
type callbacks struct {
	logger *slog.Logger

	mu       sync.Mutex
	logged   time.Time // last time
	unlogged int       // handshakes without a certificate since then
}

// turnKey finds the turn in the context of a handshake.
type turnKey struct{}

// in is ctx for the handshake that has the turn t.
func (t *turn) in(ctx context.Context) context.Context { return context.WithValue(ctx, turnKey{}, t) }

// aside returns config with these callbacks beside the turns; nil for nil.
func aside(config *tls.Config, logger *slog.Logger) *tls.Config {
	if config == nil || config.GetCertificate == nil && config.GetConfigForClient == nil {
		return config
	}
	config = config.Clone()
	calls := &callbacks{logger: logger}
	if find := config.GetCertificate; find != nil {
		config.GetCertificate = func(h *tls.ClientHelloInfo) (*tls.Certificate, error) { return call(calls, find, h) }
	}
	if find := config.GetConfigForClient; find != nil {
		config.GetConfigForClient = func(h *tls.ClientHelloInfo) (*tls.Config, error) { return call(calls, find, h) }
	}
	return config
}

// call calls find beside the turn of h.
func call[T any](calls *callbacks, find func(*tls.ClientHelloInfo) (T, error), h *tls.ClientHelloInfo) (T, error) {
	turn := h.Context().Value(turnKey{}).(*turn)
	turn.leave()
	found, err := find(h)
	if err != nil {
		calls.failed(h, err)
		return found, err
	}
	return found, turn.take()
}

// failed tells the log.
func (c *callbacks) failed(h *tls.ClientHelloInfo, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.logged.IsZero() && time.Since(c.logged) < noCertificateEvery {
		c.unlogged++
		return
	}
	c.logger.Warn("TLS: no certificate for a client", slog.String("server_name", h.ServerName),
		slog.String("client", h.Conn.RemoteAddr().String()), slog.Any("error", err), slog.Int("unlogged", c.unlogged))
	c.logged, c.unlogged = time.Now(), 0
}
