package admin

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/internal/mistake"
	"github.com/fasterapi/fasterapi/internal/safelog"
)

// Listener is the second address of an app.
//
// Owner: any (immutable after Attach); server, flight, parts, started and leaving belong to the start and the stop of the app, which
// are apart in time; addr and scraped are atomic, viewers have a mu.
type Listener struct {
	app    *fasterapi.App
	log    *slog.Logger
	cfg    Config
	wrong  mistake.List
	addr   atomic.Pointer[netip.AddrPort]
	server *http.Server
	served chan error
	flight *flight

	parts   parts
	started time.Time
	leaving chan struct{} // closed when no more requests come: another process has the listener, or the app stops
	leave   sync.Once
	viewers viewers
	scraped atomic.Int64 // time of the latest request of /metrics, in ns since 1970; 0: none
}

// Attach gives app a second address. It listens when the app starts, and closes when the app
// has answered its last request. What is wrong with cfg keeps the app from starting, as does an
// address that is in use. Handlers may have the *Listener injected.
func Attach(app *fasterapi.App, cfg Config) *Listener {
	l := &Listener{app: app, log: safelog.Of(app.Config().Logger), flight: &flight{}, leaving: make(chan struct{})}
	l.viewers.l = l
	l.cfg, l.wrong = cfg.resolve(app)
	app.Provide(l)
	app.OnStart(l.start)
	app.OnStop(l.stop)
	return l
}

// Mistake returns what is wrong with the configuration, nil when nothing is. The app reports it when it starts.
func (l *Listener) Mistake() error { return l.wrong.Err() }

// Addr is the address that the listener has, for a port of 0; the zero value before the app has started, and without one.
func (l *Listener) Addr() netip.AddrPort {
	if at := l.addr.Load(); at != nil {
		return *at
	}
	return netip.AddrPort{}
}

func (l *Listener) start(ctx context.Context) error {
	if l.cfg.Addr == off {
		return nil
	}
	socket, err := l.app.Listen(ctx, l.cfg.Addr)
	if err != nil {
		return fmt.Errorf("admin: %w (ADMIN_ADDR or admin.Config.Addr names another address, or \"off\")", err)
	}
	if err := l.flight.start(l); err != nil {
		l.log.Warn("the flight recorder does not run", slog.Any("error", err))
	}
	l.started = time.Now()
	l.findParts()
	at := socket.Addr().(*net.TCPAddr).AddrPort()
	l.addr.Store(&at)
	l.server = &http.Server{
		Handler: l.handler(), ReadHeaderTimeout: 10 * time.Second, IdleTimeout: time.Minute,
		ErrorLog: slog.NewLogLogger(l.log.Handler(), slog.LevelWarn),
	}
	l.served = make(chan error, 1)
	go func() {
		err := l.server.Serve(socket) // ends, too, when another process takes the listener over
		l.announceEnd()
		l.served <- err
	}()
	l.log.Info("administering", slog.String("address", at.String()))
	return nil
}

// stop lets profiles that are being written half a second, and then cuts them off.
func (l *Listener) stop(ctx context.Context) error {
	if l.server == nil {
		return nil // never started
	}
	l.flight.stop()
	l.announceEnd()
	l.viewers.running.Wait()
	ctx, cancel := context.WithTimeout(ctx, 500*time.Millisecond)
	defer cancel()
	err := l.server.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		err = l.server.Close()
	}
	<-l.served
	return err
}

// announceEnd tells those who look at the dashboard that no more comes from here.
func (l *Listener) announceEnd() { l.leave.Do(func() { close(l.leaving) }) }

// guard is around all pages.
func (l *Listener) guard(next http.Handler) http.Handler {
	shell := next
	next = http.NewCrossOriginProtection().Handler(next)
	if l.cfg.Guard != nil {
		next = l.cfg.Guard(next)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Cross-Origin-Resource-Policy", "same-origin")
		switch {
		case foreign(r):
			http.Error(w, "pages of other origins may not ask here", http.StatusForbidden)
			return
		case !l.cfg.Token.IsZero() && l.cfg.Guard == nil && isShell(r):
			shell.ServeHTTP(w, r) // a page cannot ask for itself with a token: it tells nothing, and sends the token with what it asks
			return
		case !l.cfg.Token.IsZero():
			scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
			if !strings.EqualFold(scheme, "Bearer") || !l.cfg.Token.Equal(token) {
				w.Header().Set("WWW-Authenticate", `Bearer realm="admin"`)
				http.Error(w, "a bearer token is needed", http.StatusUnauthorized)
				return
			}
		case l.cfg.Guard == nil && !directHost(r.Host):
			http.Error(w, "the field Host must be an IP address or localhost", http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// foreign tells whether a page of another origin asks in the background: as an image, a script, a frame. It could read nothing, but have
// profiles made, and take all places of viewers. Clients that are no browsers say nothing of the kind, and whoever follows a link comes with
// a document of its own (https://www.w3.org/TR/fetch-metadata/).
func foreign(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "same-origin", "none":
		return false
	}
	return r.Header.Get("Sec-Fetch-Mode") != "navigate" || r.Header.Get("Sec-Fetch-Dest") != "document"
}

// directHost tells whether a client named the machine by its address: a page in a browser
// that has a name of its own for it (DNS rebinding) names that.
func directHost(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	_, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil || strings.EqualFold(host, "localhost")
}
