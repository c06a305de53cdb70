package server

import (
	"context"
	"net/netip"
	"time"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/examples/tickets/internal/attachments"
	"github.com/fasterapi/fasterapi/examples/tickets/internal/audit"
	"github.com/fasterapi/fasterapi/examples/tickets/internal/events"
	"github.com/fasterapi/fasterapi/examples/tickets/internal/presence"
	"github.com/fasterapi/fasterapi/examples/tickets/internal/storage"
	"github.com/fasterapi/fasterapi/examples/tickets/internal/tickets"
	"github.com/fasterapi/fasterapi/examples/tickets/internal/users"
	"github.com/fasterapi/fasterapi/middleware"
	"github.com/fasterapi/fasterapi/openapi"
)

// Settings are those of the parts, and of what is around the routes.
type Settings struct {
	Storage storage.Settings
	Users   users.Settings

	Logins       int            `env:"LOGINS_PER_MINUTE" default:"10" minimum:"1" doc:"of one client"`
	Proxies      []netip.Prefix `env:"TRUSTED_PROXIES" required:"false" doc:"networks of the proxies in front, between commas"`
	Origins      []string       `env:"CORS_ORIGINS" required:"false" doc:"other origins whose pages may use the service, between commas"`
	DrainTimeout time.Duration  `env:"DRAIN_TIMEOUT" default:"20s" minimum:"1s" maximum:"10m" doc:"for requests in flight after SIGTERM"`
}

// New is the service on a database that is open, and that it closes when it stops: main and the tests use it.
func New(cfg fasterapi.Config, s Settings, pool *db.Pool) *fasterapi.App {
	cfg.Title, cfg.Version, cfg.DrainTimeout = "Tickets", "1.0.0", s.DrainTimeout
	cfg.OpenAPI.Tags = []openapi.Tag{
		{Name: "users", Description: "Accounts, log-in, roles"},
		{Name: "tickets", Description: "Questions of customers, and what is done about them"},
		{Name: "events", Description: "What happens"},
		{Name: "audit", Description: "Who has changed what"},
	}
	app := fasterapi.New(cfg)
	app.Use(around(s)...)
	app.ProblemsAs("application/problem+json", newFailure)
	app.MapError(storage.RefuseZeros)

	people := users.NewService(s.Users, pool)
	bell := events.NewBell()
	storage.Provide(app, pool, bell.Ring)
	people.Provide(app)
	audit.Provide(app)
	events.Provide(app, bell)
	bell.Listen(app, pool)
	app.Provide(presence.NewRooms())
	app.OnStart(func(ctx context.Context) error { return people.EnsureAdmin(ctx, pool, s.Users) })

	operations(app.Group("", fasterapi.Hidden()))
	api := app.Group("/v1")
	people.Routes(api.Group("", fasterapi.Tags("users")), limited(s.Logins))
	tickets.Routes(api.Group("/tickets", fasterapi.Tags("tickets")), people.Require(users.ManageUsers))
	attachments.Routes(api.Group("/tickets/{id}/attachments", fasterapi.Tags("tickets")))
	presence.Routes(api.Group("/tickets/{id}/presence", fasterapi.Tags("events")), s.Origins)
	events.Routes(api.Group("/events", fasterapi.Tags("events")))
	audit.Routes(api.Group("/audit", fasterapi.Tags("audit"), people.Require(users.ManageUsers)))
	return app
}

// around is the middleware of all routes, the outermost first.
func around(s Settings) []fasterapi.Middleware {
	list := []fasterapi.Middleware{
		middleware.AccessLog(middleware.AccessLogConfig{Skip: isProbe}),
		middleware.RequestID(middleware.RequestIDConfig{}),
		middleware.SecureHeaders(middleware.SecureHeadersConfig{}),
	}
	if len(s.Proxies) > 0 {
		list = append(list, middleware.RealIP(middleware.RealIPConfig{Trusted: s.Proxies}))
	}
	if len(s.Origins) > 0 {
		list = append(list, middleware.CORS(middleware.CORSConfig{Origins: s.Origins, Expose: []string{"ETag", "Location"}}))
	}
	return append(list, middleware.Compress(middleware.CompressConfig{}), middleware.ETag(middleware.ETagConfig{}))
}

// limited keeps a client from guessing passwords.
func limited(perMinute int) fasterapi.RouteOption {
	return fasterapi.Use(middleware.RateLimit(middleware.RateLimitConfig{
		Limit: middleware.Limit{Requests: perMinute, Window: time.Minute},
	}))
}
