package auth

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/fasterapitest"
	"github.com/fasterapi/fasterapi/security"
)

type whoInput struct {
	Who Who `inject:""`
}

func whoami(_ *fasterapi.Ctx, in whoInput) (fasterapi.Text, error) {
	return fasterapi.Text(in.Who.Issuer + " " + in.Who.Subject), nil
}

func TestBrowsers(t *testing.T) {
	signer := security.NewSharedSigner("1", []byte("32 random bytes of a file, say.."))
	accounts := Accounts{}
	require.NoError(t, accounts.Add("ann", "correct horse"))
	tokens := browsers(signer)
	app := fasterapi.New(fasterapi.Config{Cores: 1})
	tokens.Provide(app)
	app.Post("/login", login(accounts, signer))
	app.Post("/who", whoami)
	app.WebSocket("/join", join(tokens))

	c := fasterapitest.New(t, app)
	form := url.Values{"grant_type": {"password"}, "username": {"ann"}, "password": {"correct horse"}}
	require.Contains(t, c.Post("/login", form).Expect(204).Header.Get("Set-Cookie"), "HttpOnly; Secure; SameSite=Lax")
	require.Equal(t, "shop ann", c.Post("/who", nil).Expect(200).Text())
	c.With("Origin", "https://evil.example").Post("/who", nil).Expect(403)
	c.With("Origin", "https://app.example.com").Post("/who", nil).Expect(200)
	c.Fresh().Post("/who", nil).Expect(401)
	token := c.Cookie("session")
	require.Equal(t, "shop ann", c.Fresh().Bearer(token).Post("/who", nil).Expect(200).Text())
	require.Equal(t, "shop ann", c.Fresh().Post("/who?access_token="+token, nil).Expect(200).Text())
	form.Set("password", "wrong")
	require.NotEqual(t, 204, c.Post("/login", form).Status)

	ws := c.WebSocket("/join")
	ws.Send(token)
	require.Equal(t, "welcome, ann", ws.Text())
	ws = c.WebSocket("/join")
	ws.Send("nonsense")
	code, _ := ws.Closed()
	require.Equal(t, 1008, code)

	subject, err := runJob(t.Context(), tokens, []byte(`{"Token":"`+token+`"}`))
	require.NoError(t, err)
	require.Equal(t, "ann", subject)
}

func TestIssuers(t *testing.T) {
	staff := security.NewSharedSigner("1", []byte("32 random bytes of a file, say.."))
	partner := security.NewSharedSigner("1", []byte("32 other bytes of a file, say..."))
	app := fasterapi.New(fasterapi.Config{Cores: 1})
	issuers([]security.Key{staff.Key()}, []security.Key{partner.Key()}).Provide(app)
	app.Get("/who", whoami)
	c := fasterapitest.New(t, app)
	for _, test := range []struct {
		signer           *security.Signer
		issuer, audience string
		status           int
	}{
		{staff, "https://login.example.com", "shop", 200},
		{partner, "https://id.partner.example", "shop-api", 200},
		{partner, "https://login.example.com", "shop", 401},
		{partner, "https://id.partner.example", "shop", 401},
	} {
		token, err := test.signer.Sign(Who{Issuer: test.issuer, Audience: []string{test.audience}, Subject: "ann", ExpiresAt: time.Now().Add(time.Hour)})
		require.NoError(t, err)
		c.Bearer(token).Get("/who").Expect(test.status)
	}
}

// snippet: override

// TestMetricsAreClosed: what takes no input is closed by middleware, and a test may say who comes.
func TestMetricsAreClosed(t *testing.T) {
	signer := security.NewSharedSigner("1", []byte("32 random bytes of a file, say.."))
	app := fasterapi.New(fasterapi.Config{Cores: 1})
	internal := app.Group("/internal")
	internal.Use(browsers(signer).Middleware("metrics:read"))
	internal.Mount("/metrics", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("up 1")) }))

	app.OverrideFunc(func(c *fasterapi.Ctx, _ fasterapi.None) (Who, error) {
		return Who{Subject: "ann", Scopes: []string{c.Header("X-Test-Scope")}}, nil
	})
	c := fasterapitest.New(t, app)
	c.With("X-Test-Scope", "metrics:read").Get("/internal/metrics").Expect(200)
	c.With("X-Test-Scope", "other").Get("/internal/metrics").Expect(403)
}

// end snippet
