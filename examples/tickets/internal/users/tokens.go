package users

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/secret"
	"github.com/fasterapi/fasterapi/security"
)

const (
	issuer   = "tickets"
	lifetime = time.Hour
)

// Settings are what the program has to say about users.
type Settings struct {
	Secret        secret.String `env:"SECRET" minLength:"32" doc:"signs the tokens; 32 characters or more"`
	AdminEmail    string        `env:"ADMIN_EMAIL" default:"admin@example.com" format:"email" doc:"of the first user"`
	AdminPassword secret.String `env:"ADMIN_PASSWORD" minLength:"12" doc:"of the first user, who is made at the first start"`
	HashRounds    int           `env:"HASH_ROUNDS" default:"600000" minimum:"1" doc:"how slow the hashes of passwords are"`
}

// extra is what our tokens say beside the usual claims.
type extra struct {
	Epoch int64 `json:"epoch"` // the token is void when the user's is another one
}

// Service makes users and tokens, and checks them.
type Service struct {
	hasher Hasher
	signer *security.Signer
	scheme *security.Scheme[User]
}

// NewService returns the service for a database.
func NewService(s Settings, pool *db.Pool) *Service {
	signer := security.NewSharedSigner("", []byte(s.Secret.Reveal()))
	tokens := security.JWT[extra](security.JWTConfig{
		Keys: []security.Key{signer.Key()}, Issuer: issuer, Audience: []string{issuer},
		// The query is for an EventSource and a WebSocket: browsers cannot set their header fields.
		In: []security.Place{security.InHeader("Authorization"), security.InQuery("access_token")},
		Flows: security.PasswordFlow("/v1/token", map[string]string{
			WorkOnTickets: "answer tickets", ManageUsers: "give roles, read the audit",
		}),
	})
	// A token says who its user is. What the user may do says the database, at each request: a role that was taken away is gone at once.
	current := tokens.As(func(ctx context.Context, claims security.Claims[extra]) (User, error) {
		return currentUser(ctx, pool, claims)
	})
	return &Service{Hasher{s.HashRounds}, signer, current}
}

func currentUser(ctx context.Context, pool *db.Pool, claims security.Claims[extra]) (User, error) {
	id, err := strconv.ParseInt(claims.Subject, 10, 64)
	if err != nil {
		return User{}, security.ErrInvalid
	}
	user, err := pool.One[User](ctx, `SELECT `+columns+` FROM users WHERE id = $1 AND epoch = $2 AND active`, id, claims.Extra.Epoch).Await(ctx)
	if errors.Is(err, db.ErrNoRows) {
		err = security.ErrInvalid
	}
	return user, err
}

// Provide provides the service, and to each request that asks for a User the one who sends it.
func (s *Service) Provide(app *fasterapi.App) {
	app.Provide(s)
	s.scheme.Provide(app)
}

// Require closes routes for users without the scopes, and without scopes for those who are not logged in.
func (s *Service) Require(scopes ...string) fasterapi.RouteOption { return s.scheme.Require(scopes...) }

// token makes a token for a user.
func (s *Service) token(user secrets) (string, error) {
	now := time.Now()
	return s.signer.Sign(security.Claims[extra]{
		Issuer: issuer, Audience: []string{issuer}, Subject: strconv.FormatInt(user.ID, 10),
		IssuedAt: now, ExpiresAt: now.Add(lifetime), Scopes: user.Role.Scopes(), Extra: extra{user.Epoch},
	})
}

// EnsureAdmin makes the first user of a new database.
func (s *Service) EnsureAdmin(ctx context.Context, pool *db.Pool, settings Settings) error {
	_, err := pool.Tx(ctx, db.TxOptions{Isolation: db.Serializable}, func(ctx context.Context, tx *db.Tx) (struct{}, error) {
		there, err := tx.One[int64](ctx, `SELECT count(*) FROM users`).Await(ctx)
		if err != nil || there > 0 {
			return struct{}{}, err
		}
		hash, err := s.hasher.Hash(settings.AdminPassword.Reveal())
		if err != nil {
			return struct{}{}, err
		}
		_, err = add(ctx, &tx.Querier, NewUser{Email: settings.AdminEmail, Name: "Administrator"}, Admin, hash)
		return struct{}{}, err
	}).Await(ctx)
	return err
}
