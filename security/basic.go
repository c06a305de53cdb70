package security

import (
	"cmp"
	"context"
	"encoding/base64"
	"strings"
	"unicode/utf8"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/internal/mistake"
	"github.com/fasterapi/fasterapi/openapi"
)

// maxBasic bounds the length in bytes of encoded user and password.
const maxBasic = 2 << 10

// BasicConfig configures Basic. The zero value is ready.
type BasicConfig struct {
	// Name of the scheme in the OpenAPI document. Default "basic".
	Name        string
	Description string
	// Realm is what browsers show when they ask for the password. Default "api".
	Realm string
}

// Login is a user and a password, as the client sent them.
type Login struct{ User, Password string }

// String hides the password.
func (l Login) String() string { return l.User + ":***" }

// GoString hides the password.
func (l Login) GoString() string { return l.String() }

// Basic takes user and password from the field Authorization: Basic (RFC 7617).
// check returns the principal, or [ErrInvalid]; it should take as long for an
// unknown user as for a wrong password, and compare with [Equal]. Passwords that
// are hashed with bcrypt and the like need [BasicFuture]: they would hold a
// reactor for a tenth of a second.
func Basic[P any](cfg BasicConfig, check func(c *fasterapi.Ctx, login Login) (P, error)) *Scheme[P] {
	return passwords(cfg, func(c *fasterapi.Ctx, login Login) async.Future[P] { return async.Of(check(c, login)) }, check == nil)
}

// BasicFuture is Basic for a check that takes its time.
func BasicFuture[P any](cfg BasicConfig, check func(c *fasterapi.Ctx, login Login) async.Future[P]) *Scheme[P] {
	return passwords(cfg, check, check == nil)
}

// passwords is the scheme of users and passwords; missing tells that there is no check.
func passwords[P any](cfg BasicConfig, check func(*fasterapi.Ctx, Login) async.Future[P], missing bool) *Scheme[P] {
	var wrong mistake.List
	wrong.Unless(!missing, noFunction)
	id := newIdentity("BasicConfig", cmp.Or(cfg.Name, "basic"), cfg.Realm, &wrong)
	return newScheme(part[P]{
		wrong: wrong,
		uses: []openapi.SecurityUse{{
			Name: id.name, Scheme: openapi.SecurityScheme{Type: "http", Scheme: "basic", Description: cfg.Description},
		}},
		challenge: id.challenge("Basic") + `, charset="UTF-8"`,
		read:      func(c *fasterapi.Ctx) (string, error) { return credentials(c, "Basic", maxBasic) },
		verify: func(ctx context.Context, text string) async.Future[P] {
			login, err := parseLogin(text)
			if err != nil {
				return async.Failed[P](err)
			}
			return check(requestOf(ctx), login)
		},
	})
}

// parseLogin decodes user ":" password, RFC 7617 section 2.
func parseLogin(text string) (Login, error) {
	raw, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil || !utf8.Valid(raw) {
		return Login{}, ErrInvalid
	}
	user, password, found := strings.Cut(string(raw), ":")
	if !found || strings.ContainsFunc(string(raw), func(r rune) bool { return r < ' ' || r == 0x7F }) {
		return Login{}, ErrInvalid
	}
	return Login{user, password}, nil
}
