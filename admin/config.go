package admin

import (
	"cmp"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/broadcast"
	"github.com/fasterapi/fasterapi/cache"
	"github.com/fasterapi/fasterapi/client"
	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/idempotency"
	"github.com/fasterapi/fasterapi/internal/mistake"
	"github.com/fasterapi/fasterapi/logs"
	"github.com/fasterapi/fasterapi/observe"
	"github.com/fasterapi/fasterapi/resilience"
	"github.com/fasterapi/fasterapi/secret"
)

// Config configures [Attach]. The zero value listens on this machine only.
type Config struct {
	// Addr is the address to listen on, "host:port", or "off" for none. Default: the environment variable
	// ADMIN_ADDR, else "127.0.0.1:9090".
	Addr string
	// Token is what clients send in the field Authorization, as "Bearer TOKEN". At least 16
	// characters. Default: none.
	Token secret.String
	// Guard is around all pages, for another way to find out who a client is.
	Guard func(http.Handler) http.Handler
	// Open says that whoever reaches Addr may see and change everything here, though it is no
	// address of this machine alone.
	Open bool
	// Settings are shown beside the configuration of the app. Secrets by their type, and fields
	// with the tag sensitive:"true" or format:"password", are hidden.
	Settings any
	// Levels are the levels of loggers. Default: those of the app's logger, if package logs made it.
	Levels *logs.Levels
	// Pages are further pages by their path, "/metrics".
	Pages map[string]http.Handler
	// Pools, Caches, Stores (*redis.Store of cache/redis), Upstreams, Policies, Topics, Keys, Roles (*leader.Role) and Schedules (*schedule.Schedule) are shown beside those that were
	// given to App.Provide: pools by a name of yours.
	Pools     map[string]*db.Pool
	Caches    []cache.Reporter
	Stores    []cache.StoreReporter
	Upstreams []*client.Upstream
	Policies  []*resilience.Registry
	Topics    []broadcast.Reporter
	Keys      []*idempotency.Keys
	Roles     []observe.RoleReporter
	Schedules []observe.JobReporter
	// Flight is about the flight recorder.
	Flight FlightConfig
}

// FlightConfig configures the flight recorder: an execution trace of the last seconds, which is
// kept when something goes wrong. It rests once nothing has happened for twice MinAge, until the next request.
type FlightConfig struct {
	// Off runs none.
	Off bool
	// MinAge is how much time a dump has at least, if MaxBytes allows. Default 10 s.
	MinAge time.Duration
	// MaxBytes is a hint how large it may become. Default 8 MiB, at most 256 MiB.
	MaxBytes uint64
}

const (
	defaultAddr = "127.0.0.1:9090"
	off         = "off"
	minToken    = 16
	maxFlight   = 256 << 20
)

func absent[P any](p P) bool { return mistake.Absent(p) }

// resolve returns c with its defaults, and every mistake in it.
func (c Config) resolve(app *fasterapi.App) (Config, mistake.List) {
	var wrong mistake.List
	c.Addr = cmp.Or(c.Addr, os.Getenv("ADMIN_ADDR"), defaultAddr)
	host, _, err := net.SplitHostPort(c.Addr)
	if c.Addr == off {
		host, err = "localhost", nil
	}
	wrong.Unless(err == nil, `admin.Config.Addr must be host:port, or "off"`)
	wrong.Unless(c.Token.IsZero() || len(c.Token.Reveal()) >= minToken, "admin.Config.Token must have at least 16 characters")
	wrong.Unless(err != nil || loopback(host) || c.guarded() || c.Open,
		"admin.Config.Addr can be reached from other machines: set Token or Guard, or say Open if the network is private")
	for path, page := range c.Pages {
		ok := strings.HasPrefix(path, "/") && path != "/" && !strings.ContainsAny(path, "{} ") && page != nil && !ownPath(path)
		wrong.Unless(ok, "admin.Config.Pages: "+path+" must begin with a slash, be no page that is there already, and have a handler")
	}
	for name, p := range c.Pools {
		wrong.Unless(p != nil && name != "", "admin.Config.Pools must have names and pools")
	}
	wrong.Unless(!slices.ContainsFunc(c.Caches, absent[cache.Reporter]), "admin.Config.Caches has one that is nil")
	wrong.Unless(!slices.ContainsFunc(c.Stores, absent[cache.StoreReporter]), "admin.Config.Stores has one that is nil")
	wrong.Unless(!slices.Contains(c.Upstreams, nil), "admin.Config.Upstreams has one that is nil")
	wrong.Unless(!slices.Contains(c.Policies, nil), "admin.Config.Policies has one that is nil")
	wrong.Unless(!slices.ContainsFunc(c.Topics, absent[broadcast.Reporter]), "admin.Config.Topics has one that is nil")
	wrong.Unless(!slices.Contains(c.Keys, nil), "admin.Config.Keys has one that is nil")
	wrong.Unless(!slices.ContainsFunc(c.Roles, absent[observe.RoleReporter]), "admin.Config.Roles has one that is nil")
	wrong.Unless(!slices.ContainsFunc(c.Schedules, absent[observe.JobReporter]), "admin.Config.Schedules has one that is nil")
	f := &c.Flight
	f.MinAge, f.MaxBytes = cmp.Or(f.MinAge, 10*time.Second), cmp.Or(f.MaxBytes, 8<<20)
	wrong.Unless(f.MinAge > 0 && f.MaxBytes <= maxFlight, "admin.FlightConfig: MinAge must be positive, and MaxBytes at most 256 MiB")
	if c.Levels == nil {
		c.Levels = logs.LevelsOf(cmp.Or(app.Config().Logger, slog.Default()))
	}
	return c, wrong
}

// guarded tells whether there is more than the address that keeps people out.
func (c *Config) guarded() bool { return !c.Token.IsZero() || c.Guard != nil }

// loopback tells whether host is of this machine only.
func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}
