package operating

import (
	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/admin"
	"github.com/fasterapi/fasterapi/secret"
)

// snippet: settings
type settings struct {
	DatabaseURL secret.String `env:"DATABASE_URL"`
	AdminToken  secret.String `env:"ADMIN_TOKEN" required:"false" minLength:"16" doc:"what operators send; needed when ADMIN_ADDR is no address of this machine"`
}

// end snippet

// snippet: attach
func newApp(cfg fasterapi.Config, s settings) (*fasterapi.App, *admin.Listener) {
	app := fasterapi.New(cfg)
	panel := admin.Attach(app, admin.Config{Settings: s, Token: s.AdminToken})
	app.Get("/songs/{id}", getSong, fasterapi.OnReactor())
	return app, panel
}

// end snippet

type song struct {
	ID int64 `path:"id"`
}

func getSong(_ *fasterapi.Ctx, in song) (fasterapi.Text, error) { return "Waterloo", nil }
