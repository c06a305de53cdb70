// Command acme serves HTTPS with certificates that it gets by itself, from Let's Encrypt
// or whichever authority ACME_DIRECTORY names. It is a Go module of its own: who has
// certificates from elsewhere does not pull in what this one needs.
package main

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"time"

	"golang.org/x/crypto/acme"
	"golang.org/x/crypto/acme/autocert"

	"github.com/fasterapi/fasterapi"
)

// settings are read from the environment.
type settings struct {
	Domains   []string `env:"ACME_DOMAINS" doc:"Names that the service has certificates for."`
	Email     string   `env:"ACME_EMAIL" required:"false" doc:"Where the authority writes to when something is wrong."`
	Directory string   `env:"ACME_DIRECTORY" default:"https://acme-v02.api.letsencrypt.org/directory" doc:"The authority."`
	Cache     string   `env:"ACME_CACHE" default:"acme-cache" doc:"Folder that keeps keys and certificates. Instances behind one name share it."`
	Addr      string   `env:"ADDR" default:":443" doc:"Address for HTTPS."`
	PlainAddr string   `env:"PLAIN_ADDR" default:":80" doc:"Address for HTTP: redirects, and the authority's questions."`
}

// snippet: manager

// certificates gets one for a domain when its first client comes, renews it 30 days
// before its end, and keeps it in the cache over restarts.
func certificates(s settings) *autocert.Manager {
	return &autocert.Manager{
		Prompt:     autocert.AcceptTOS,
		HostPolicy: autocert.HostWhitelist(s.Domains...), // else strangers' names use up your limits
		Cache:      autocert.DirCache(s.Cache),
		Email:      s.Email,
		Client:     &acme.Client{DirectoryURL: s.Directory},
	}
}

// newApp serves HTTPS at s.Addr. The authority checks the name in a handshake there
// (TLS-ALPN-01), or with a request to s.PlainAddr (HTTP-01).
func newApp(s settings, m *autocert.Manager) *fasterapi.App {
	app := fasterapi.New(fasterapi.Config{Title: "Secured", Version: "1.0.0", Addr: s.Addr, TLS: m.TLSConfig()})
	app.Get("/", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.Text, error) {
		return fasterapi.Text("Hello, " + c.TLS().ServerName + "\n"), nil
	})
	redirects(app, s.PlainAddr, m.HTTPHandler(nil))
	return app
}

// redirects serves h at addr while the app runs, also over restarts without a gap.
func redirects(app *fasterapi.App, addr string, h http.Handler) {
	plain := &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second}
	app.OnStart(func(ctx context.Context) error {
		listener, err := app.Listen(ctx, addr)
		if err != nil {
			return err
		}
		go func() {
			if err := plain.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
				slog.Info("no more redirects", slog.Any("error", err))
			}
		}()
		return nil
	})
	app.OnStop(plain.Shutdown)
}

// end snippet

func main() {
	s, err := fasterapi.Settings[settings]()
	if err != nil {
		slog.Error("settings", slog.Any("error", err))
		os.Exit(1)
	}
	newApp(s, certificates(s)).Run()
}
