// Command auth is step 10 of docs/tutorial: log-in, tokens and what they allow.
package main

import (
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"log"
	"time"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/security"
)

// snippet: accounts
// account is who may log in. The password itself is kept nowhere.
type account struct {
	name       string
	salt, hash []byte
	scopes     []string
}

// hash is slow on purpose: guessing passwords takes as long for each guess.
func hash(password string, salt []byte) ([]byte, error) {
	return pbkdf2.Key(sha256.New, password, salt, 600_000, 32)
}

// Accounts are those of the library, by the name of their user.
type Accounts map[string]account

// Add makes an account.
func (a Accounts) Add(user, name, password string, scopes ...string) error {
	salt := make([]byte, 16)
	rand.Read(salt)
	key, err := hash(password, salt)
	a[user] = account{name: name, salt: salt, hash: key, scopes: scopes}
	return err
}

// Check tells whether this is the password of a user. It takes as long for users who are not there.
func (a Accounts) Check(user, password string) (account, bool, error) {
	found, known := a[user]
	key, err := hash(password, found.salt)
	return found, known && security.Equal(string(key), string(found.hash)), err
}

// end snippet

// snippet: tokens
// Member is what our tokens say beside the usual claims.
type Member struct {
	Name string `json:"name"`
}

// Who is the reader behind a request.
type Who = security.Claims[Member]

const service = "books"

// Tokens makes tokens, and checks them.
type Tokens struct {
	signer *security.Signer
	scheme *security.Scheme[Who]
}

func newTokens(secret string) Tokens {
	signer := security.NewSharedSigner("", []byte(secret))
	return Tokens{signer, security.JWT[Member](security.JWTConfig{
		Keys: []security.Key{signer.Key()}, Issuer: service, Audience: []string{service},
		Flows: security.PasswordFlow("/token", map[string]string{"books:write": "change books"}),
	})}
}

// end snippet

// snippet: login
func (t Tokens) login(c *fasterapi.Ctx, in struct {
	security.PasswordForm
	Accounts Accounts `inject:""`
},
) (fasterapi.Response[security.Token], error) {
	found, ok, err := in.Accounts.Check(in.Username, in.Password)
	if err != nil {
		return fasterapi.Response[security.Token]{}, err
	}
	if !ok {
		return security.Refused()
	}
	token, err := t.signer.Sign(Who{
		Issuer: service, Audience: []string{service}, Subject: in.Username,
		ExpiresAt: time.Now().Add(time.Hour), Scopes: found.scopes, Extra: Member{Name: found.name},
	})
	if err != nil {
		return fasterapi.Response[security.Token]{}, err
	}
	return security.Granted(token, time.Hour, found.scopes)
}

// end snippet

// snippet: routes
// Profile is what readers see of themselves.
type Profile struct {
	User   string   `json:"user"`
	Name   string   `json:"name"`
	Scopes []string `json:"scopes"`
}

func me(c *fasterapi.Ctx, in struct {
	Who Who `inject:""`
},
) (Profile, error) {
	return Profile{in.Who.Subject, in.Who.Extra.Name, in.Who.Scopes}, nil
}

func removeBook(c *fasterapi.Ctx, in struct {
	ID int64 `path:"id"`
},
) (fasterapi.None, error) {
	return fasterapi.None{}, nil
}

func newApp(cfg fasterapi.Config, accounts Accounts, secret string) *fasterapi.App {
	app := fasterapi.New(cfg)
	tokens := newTokens(secret)
	tokens.scheme.Provide(app)
	app.Provide(accounts)

	app.Post("/token", tokens.login)
	app.Get("/me", me)

	staff := app.Group("", tokens.scheme.Require("books:write"))
	staff.Delete("/books/{id}", removeBook)
	return app
}

// end snippet

// snippet: main
// sample has a librarian and a reader.
func sample() (Accounts, error) {
	accounts := Accounts{}
	if err := accounts.Add("ada", "Ada Lovelace", "engine", "books:write"); err != nil {
		return nil, err
	}
	return accounts, accounts.Add("bob", "Bob", "builder")
}

func main() {
	settings, err := fasterapi.Settings[struct {
		Secret string `env:"SECRET" minLength:"32"`
	}]()
	if err != nil {
		log.Fatal(err)
	}
	accounts, err := sample()
	if err != nil {
		log.Fatal(err)
	}
	newApp(fasterapi.Config{Title: "Books", Version: "1.0.0"}, accounts, settings.Secret).Run()
}

// end snippet
