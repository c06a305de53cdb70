package security_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/fasterapitest"
	"github.com/fasterapi/fasterapi/security"
)

// issuer is somebody who signs tokens.
type issuer struct {
	name, audience string
	signer         *security.Signer
}

func (i issuer) token(t testing.TB, change func(*claims)) string {
	c := good()
	c.Issuer, c.Audience = i.name, []string{i.audience}
	if change != nil {
		change(&c)
	}
	return sign(t, i.signer, c)
}

func (i issuer) config(name string) security.JWTConfig {
	return security.JWTConfig{
		Name: name, Issuer: i.name, Audience: []string{i.audience}, Keys: []security.Key{i.signer.Key()}, Now: now,
	}
}

// TestIssuers: tokens of two issuers come in the same field, with key ids that are the same, and each is
// checked by the rules of its own issuer only.
func TestIssuers(t *testing.T) {
	staff := issuer{"https://staff.example", "shop", security.NewSigner("1", keys().ec)}
	partner := issuer{"https://partner.example", "api", security.NewSigner("1", keys().rsa)}
	opaque := map[string]claims{"robot-key": {Subject: "robot"}}
	server := newKeyServer(t)
	server.publish(http.StatusOK, setOf(t, jwkOf(t, "1", &keys().ec.PublicKey)))
	build := func(cfg fasterapi.Config) *fasterapi.App {
		a := fasterapi.New(cfg)
		remote := staff.config("staff")
		remote.Keys, remote.JWKS = nil, server.URL // not asked for tokens of others
		security.AnyOf(
			security.JWT[account](remote), security.JWT[account](partner.config("partner")),
			security.Bearer(security.BearerConfig{Name: "robots"}, security.OneOf(opaque)),
		).Provide(a)
		answering(a, "", func(_ *fasterapi.Ctx, in who) (fasterapi.Text, error) {
			return fasterapi.Text(in.Claims.Issuer + " " + in.Claims.Subject), nil
		})
		return a
	}
	fasterapitest.Run(t, build, func(t *testing.T, client *fasterapitest.Client) {
		with := func(token string) *fasterapitest.Client { return client.With("Authorization", bearer(token)) }
		for _, style := range styles {
			require.Equal(t, "https://staff.example ann", with(staff.token(t, nil)).Get(style).Expect(200).Text())
			require.Equal(t, "https://partner.example ann", with(partner.token(t, nil)).Get(style).Expect(200).Text())
			require.Equal(t, " robot", with("robot-key").Get(style).Expect(200).Text())
			for name, token := range map[string]string{
				"the partner says it is staff":     partner.token(t, func(c *claims) { c.Issuer = staff.name }),
				"and is for what staff is for":     partner.token(t, func(c *claims) { c.Issuer, c.Audience = staff.name, []string{"shop"} }),
				"staff for the partner's audience": staff.token(t, func(c *claims) { c.Audience = []string{"api"} }),
				"the partner for staff's audience": partner.token(t, func(c *claims) { c.Audience = []string{"shop"} }),
				"nobody":                           staff.token(t, func(c *claims) { c.Issuer = "" }),
				"a stranger":                       staff.token(t, func(c *claims) { c.Issuer = "https://other.example" }),
				"almost staff":                     staff.token(t, func(c *claims) { c.Issuer = "https://staff.example/" }),
				"another robot":                    "robot-kex",
			} {
				got := with(token).Get(style)
				require.Equal(t, 401, got.Status, name)
				require.Contains(t, got.Header.Get("WWW-Authenticate"), `error="invalid_token"`, name)
			}
		}
	}, fasterapitest.InProcess(), fasterapitest.OneReactor())
	fetched := server.fetches.Load()
	require.EqualValues(t, 2, fetched, "once for each app")

	both := security.AnyOf(security.JWT[account](staff.config("staff")), security.JWT[account](partner.config("partner")))
	got, err := both.Verify(t.Context(), partner.token(t, nil)).Await(t.Context())
	require.NoError(t, err)
	require.Equal(t, partner.name, got.Issuer)
	_, err = both.Verify(t.Context(), partner.token(t, func(c *claims) { c.Issuer = staff.name })).Await(t.Context())
	require.ErrorIs(t, err, security.ErrInvalid)
	_, err = both.Verify(t.Context(), "nonsense").Await(t.Context())
	require.ErrorIs(t, err, security.ErrInvalid)
	require.Equal(t, fetched, server.fetches.Load())
}

// TestIssuersMistakes: who could not be told apart is told how.
func TestIssuersMistakes(t *testing.T) {
	key := security.SharedKey("", keys().secret)
	one := security.JWT[account](security.JWTConfig{Name: "one", Keys: []security.Key{key}, Issuer: "a"})
	for want, other := range map[string]*security.Scheme[claims]{
		"give each JWTConfig the Issuer": security.JWT[account](security.JWTConfig{Name: "two", Keys: []security.Key{key}}),
		"give each a Name":               security.JWT[account](security.JWTConfig{Name: "one", Keys: []security.Key{key}, Issuer: "b"}),
		"the Issuer of its own":          security.JWT[account](security.JWTConfig{Name: "two", Keys: []security.Key{key}, Issuer: "a"}),
	} {
		require.Contains(t, mistake(t, func(a *fasterapi.App) { security.AnyOf(one, other).Provide(a) }), want)
	}
	opaque := security.Bearer(security.BearerConfig{Name: "words"}, func(context.Context, string) (claims, error) { return claims{}, nil })
	require.Contains(t, mistake(t, func(a *fasterapi.App) { security.AnyOf(opaque, one).Provide(a) }), "put a JWT in front of it")
	elsewhere := security.JWT[account](security.JWTConfig{Name: "two", Keys: []security.Key{key}, In: []security.Place{security.InCookie("two")}})
	require.Empty(t, mistake(t, func(a *fasterapi.App) { security.AnyOf(one, elsewhere).Provide(a) }), "places tell them apart")

	require.Contains(t, mistake(t, func(a *fasterapi.App) {
		one.Provide(a)
		elsewhere.Provide(a)
		a.Get("/", func(*fasterapi.Ctx, who) (fasterapi.None, error) { return fasterapi.None{}, nil })
	}), "security.AnyOf")
}

// TestOverriddenMiddleware: an override of the principal holds for what takes no input too, and
// scopes are enforced on it.
func TestOverriddenMiddleware(t *testing.T) {
	scheme := security.Bearer(security.BearerConfig{}, security.OneOf(customers))
	for name, override := range map[string]func(a *fasterapi.App){
		"value": func(a *fasterapi.App) { a.Override(customers["key-of-ann"]) },
		"func": func(a *fasterapi.App) {
			a.OverrideFunc(func(c *fasterapi.Ctx, in struct {
				Key string `header:"X-Test-Key" default:"key-of-ann"`
			},
			) (customer, error) {
				return customers[in.Key], nil
			})
		},
	} {
		fasterapitest.Run(t, func(cfg fasterapi.Config) *fasterapi.App {
			a := fasterapi.New(cfg)
			override(a)
			g := a.Group("/g")
			g.Use(scheme.Middleware("write"))
			g.Mount("/legacy", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				who, _ := security.From[customer](fasterapi.FromRequest(r))
				_, _ = w.Write([]byte(who.Name))
			}))
			g.Static("/files", fstest.MapFS{"a.txt": {Data: []byte("file")}})
			answering(a, "/optional", func(_ *fasterapi.Ctx, in struct {
				Who security.Optional[customer] `inject:""`
			},
			) (fasterapi.Text, error) {
				return fasterapi.Text(in.Who.Principal.Name), nil
			})
			scheme.ProvideOptional(a)
			return a
		}, func(t *testing.T, client *fasterapitest.Client) {
			require.Equal(t, "ann", client.Get("/g/legacy/x").Expect(200).Text(), name)
			require.Equal(t, "file", client.Get("/g/files/a.txt").Expect(200).Text(), name)
			if name == "func" {
				client.With("X-Test-Key", "key-of-bob").Get("/g/legacy/x").Expect(403)
			}
			for _, style := range styles {
				require.Equal(t, "ann", client.Get(style+"/optional").Expect(200).Text())
			}
		}, fasterapitest.InProcess(), fasterapitest.OneReactor())
	}
}

// mistake is what an app that is registered so is told about itself, "" for nothing: when it is
// made or when it starts.
func mistake(t *testing.T, register func(a *fasterapi.App)) (text string) {
	t.Helper()
	defer func() {
		if v := recover(); v != nil {
			text = fmt.Sprint(v)
		}
	}()
	a := fasterapi.New(fasterapi.Config{Cores: 1})
	register(a)
	if _, err := a.OpenAPI(); err != nil {
		return err.Error()
	}
	return ""
}

// logText is a log that is looked at.
type logText struct {
	mu  sync.Mutex
	buf strings.Builder
}

func (l *logText) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *logText) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

func (l *logText) logger() *slog.Logger { return slog.New(slog.NewTextHandler(l, nil)) }
