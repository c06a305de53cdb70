package main

import (
	"context"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"strings"
	"time"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/security"
)

const (
	service  = "library"
	canWrite = "books:write"
	lifetime = time.Hour
)

// Member is what our tokens say beside the usual claims, and Who the reader behind a request.
type (
	Member struct {
		Name string `json:"name"`
	}
	Who = security.Claims[Member]
)

// account is a row of the table accounts.
type account struct {
	Name       string
	Salt, Hash []byte
	Scopes     string // with spaces between
}

func hash(password string, salt []byte) ([]byte, error) {
	return pbkdf2.Key(sha256.New, password, salt, 600_000, 32)
}

// addAdmin makes the first account of a new database.
func addAdmin(ctx context.Context, pool *db.Pool, password string) error {
	there, err := pool.One[int64](ctx, `SELECT count(*) FROM accounts`).Await(ctx)
	if err != nil || there > 0 {
		return err
	}
	salt := make([]byte, 16)
	rand.Read(salt)
	key, err := hash(password, salt)
	if err != nil {
		return err
	}
	_, err = pool.Exec(ctx, `INSERT INTO accounts (login, name, salt, hash, scopes) VALUES ($1, $2, $3, $4, $5)`,
		"admin", "Administrator", salt, key, canWrite).Await(ctx)
	return err
}

// Tokens makes tokens, and checks them.
type Tokens struct {
	signer *security.Signer
	scheme *security.Scheme[Who]
}

func newTokens(secret string) Tokens {
	signer := security.NewSharedSigner("", []byte(secret))
	return Tokens{signer, security.JWT[Member](security.JWTConfig{
		Keys: []security.Key{signer.Key()}, Issuer: service, Audience: []string{service},
		Flows: security.PasswordFlow("/token", map[string]string{canWrite: "change books"}),
	})}
}

func (t Tokens) login(c *fasterapi.Ctx, in struct {
	security.PasswordForm
	DB *db.Pool `inject:""`
},
) (fasterapi.Response[security.Token], error) {
	var none fasterapi.Response[security.Token]
	row, err := in.DB.One[account](c, `SELECT name, salt, hash, scopes FROM accounts WHERE login = $1`, in.Username).Await(c)
	unknown := errors.Is(err, db.ErrNoRows)
	if err != nil && !unknown {
		return none, err
	}
	key, err := hash(in.Password, row.Salt) // for unknown users too: it takes as long
	if err != nil {
		return none, err
	}
	if unknown || !security.Equal(string(key), string(row.Hash)) {
		return security.Refused()
	}
	scopes := strings.Fields(row.Scopes)
	token, err := t.signer.Sign(Who{
		Issuer: service, Audience: []string{service}, Subject: in.Username,
		ExpiresAt: time.Now().Add(lifetime), Scopes: scopes, Extra: Member{Name: row.Name},
	})
	if err != nil {
		return none, err
	}
	return security.Granted(token, lifetime, scopes)
}

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
