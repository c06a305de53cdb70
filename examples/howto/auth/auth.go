package auth

import (
	"context"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json/v2"
	"net/http"
	"time"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/security"
)

// snippet: claims

// Member is what tokens say beside the usual claims.
type Member struct {
	Plan string `json:"plan"`
}

// Who is the client behind a request.
type Who = security.Claims[Member]

// end snippet

// browsers takes tokens of one signer from wherever a browser can put them.
func browsers(signer *security.Signer) *security.Scheme[Who] {
	// snippet: places
	tokens := security.JWT[Member](security.JWTConfig{
		Keys: []security.Key{signer.Key()}, Issuer: "shop", Audience: []string{"shop"},
		In: []security.Place{
			security.InHeader("Authorization"), // Authorization: Bearer …, for programs
			security.InCookie("session"),       // for pages of the service itself
			security.InQuery("access_token"),   // for an EventSource or a WebSocket of another origin
		},
		Origins: []string{"https://app.example.com"}, // whose pages may use the cookie, beside our own
	})
	// end snippet
	return tokens
}

// snippet: login

// login answers with a cookie that scripts cannot read.
func login(accounts Accounts, signer *security.Signer) func(*fasterapi.Ctx, security.PasswordForm) (fasterapi.Response[fasterapi.None], error) {
	return func(c *fasterapi.Ctx, in security.PasswordForm) (out fasterapi.Response[fasterapi.None], err error) {
		if err := accounts.Check(c, security.Login{User: in.Username, Password: in.Password}); err != nil {
			return out, err
		}
		now := time.Now()
		token, err := signer.Sign(Who{
			Issuer: "shop", Audience: []string{"shop"}, Subject: in.Username, ExpiresAt: now.Add(time.Hour),
		})
		out.Cookies = []*http.Cookie{{
			Name: "session", Value: token, Path: "/", MaxAge: 3600, HttpOnly: true, Secure: true, SameSite: http.SameSiteLaxMode,
		}}
		return out, err
	}
}

// end snippet

// snippet: passwords

// Account is a user of the service. The password itself is kept nowhere.
type Account struct{ salt, hash []byte }

// Accounts are all of them, by the name of the user.
type Accounts map[string]Account

// hash takes a fifth of a second on purpose: so long does every guess.
func hash(password string, salt []byte) ([]byte, error) {
	return pbkdf2.Key(sha256.New, password, salt, 600_000, sha256.Size)
}

// Add makes an account.
func (a Accounts) Add(user, password string) (err error) {
	account := Account{salt: make([]byte, 16)}
	rand.Read(account.salt)
	account.hash, err = hash(password, account.salt)
	a[user] = account
	return err
}

// Check tells whether a password is right. It takes as long for users who are not there, and
// runs on a goroutine, whoever asks.
func (a Accounts) Check(c context.Context, login security.Login) error {
	account := a[login.User]
	_, err := async.Go(c, func(context.Context) (struct{}, error) {
		key, err := hash(login.Password, account.salt)
		if err == nil && !security.Equal(string(key), string(account.hash)) {
			err = security.ErrInvalid
		}
		return struct{}{}, err
	}).Await(c)
	return err
}

// end snippet

// issuers takes tokens of our own log-in and of a partner's.
func issuers(staff, partner []security.Key) *security.Scheme[Who] {
	// snippet: issuers
	anybody := security.AnyOf(
		security.JWT[Member](security.JWTConfig{
			Name: "staff", Issuer: "https://login.example.com", Audience: []string{"shop"}, Keys: staff,
		}),
		security.JWT[Member](security.JWTConfig{
			Name: "partner", Issuer: "https://id.partner.example", Audience: []string{"shop-api"}, Keys: partner,
		}),
	)
	// end snippet
	return anybody
}

// snippet: verify

// join opens a WebSocket whose first message is the token.
func join(tokens *security.Scheme[Who]) func(*fasterapi.Ctx, fasterapi.None, *fasterapi.Socket[string, string]) error {
	return func(c *fasterapi.Ctx, _ fasterapi.None, ws *fasterapi.Socket[string, string]) error {
		token, err := ws.Receive(c)
		if err != nil {
			return err
		}
		who, err := tokens.Verify(c, token).Await(c)
		if err != nil {
			return err // closes the WebSocket with 1008
		}
		return ws.Send(c, "welcome, "+who.Subject)
	}
}

// runJob checks the token of a job that was queued by a request of long ago.
func runJob(ctx context.Context, tokens *security.Scheme[Who], job []byte) (subject string, err error) {
	var queued struct{ Token string }
	if err := json.Unmarshal(job, &queued); err != nil {
		return "", err
	}
	who, err := tokens.Verify(ctx, queued.Token).Await(ctx)
	return who.Subject, err // errors.Is knows security.ErrExpired, ErrInvalid and ErrUnavailable
}

// end snippet
