package logging

import (
	"log/slog"
	"time"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/logs"
	"github.com/fasterapi/fasterapi/middleware"
	"github.com/fasterapi/fasterapi/secret"
)

// snippet: setup
// newLogger is the logger of the service: LOG_LEVEL and LOG_FORMAT say the rest.
func newLogger() (*slog.Logger, error) {
	log, err := logs.New(logs.Config{Burst: 100})
	if err != nil {
		return nil, err
	}
	slog.SetDefault(log) // for libraries that ask for the default
	return log, nil
}

// end snippet

// snippet: app
func newApp(cfg fasterapi.Config) *fasterapi.App {
	app := fasterapi.New(cfg) // cfg.Logger is the one of newLogger
	app.Use(
		middleware.RequestID(middleware.RequestIDConfig{}),
		middleware.AccessLog(middleware.AccessLogConfig{Sample: 0.01, Slow: 500 * time.Millisecond}),
	)
	mail := logs.Named(app.Config().Logger, "mail/smtp")
	app.Post("/invitations", func(c *fasterapi.Ctx, in struct {
		Body invitation `body:""`
	},
	) (fasterapi.None, error) {
		c.Logger().Info("invited", "invitation", in.Body) // with route, core and id of the request
		mail.Debug("connecting", "to", in.Body.Email)
		return fasterapi.None{}, nil
	})
	return app
}

// end snippet

// snippet: secret
type invitation struct {
	Email string        `json:"email" format:"email"`
	Code  secret.String `json:"code" minLength:"6" doc:"that the guest was told on the phone"`
}

// end snippet
