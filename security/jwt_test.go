package security_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json/v2"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/fasterapitest"
	"github.com/fasterapi/fasterapi/security"
)

// account are the claims of our own in the tests.
type account struct {
	Plan string `json:"plan"`
}

type claims = security.Claims[account]

// who is the input of handlers that ask for the principal.
type who struct {
	Claims claims `inject:""`
}

// keys are made once: RSA takes its time.
var keys = sync.OnceValue(func() (k struct {
	rsa, otherRSA *rsa.PrivateKey
	ec            *ecdsa.PrivateKey
	ed            ed25519.PrivateKey
	secret        []byte
},
) {
	var err error
	fail := func() {
		if err != nil {
			panic(err)
		}
	}
	k.rsa, err = rsa.GenerateKey(rand.Reader, 2048)
	fail()
	k.otherRSA, err = rsa.GenerateKey(rand.Reader, 2048)
	fail()
	k.ec, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	fail()
	_, k.ed, err = ed25519.GenerateKey(rand.Reader)
	fail()
	k.secret = []byte("0123456789abcdef0123456789abcdef")
	return k
})

// at is the time of all tests.
var at = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func now() time.Time { return at }

// good are claims that are accepted.
func good() claims {
	return claims{
		Issuer: "https://login", Subject: "ann", Audience: []string{"shop", "other"}, ID: "t1",
		ExpiresAt: at.Add(time.Hour), IssuedAt: at, Scopes: []string{"read", "write"}, Extra: account{"gold"},
	}
}

func sign(t testing.TB, s *security.Signer, c claims) string {
	t.Helper()
	token, err := s.Sign(c)
	require.NoError(t, err)
	return token
}

func config(k ...security.Key) security.JWTConfig {
	return security.JWTConfig{Keys: k, Issuer: "https://login", Audience: []string{"shop"}, Now: now}
}

// styles are the paths of one handler in every style.
var styles = []string{"/goroutine", "/coroutine", "/chain"}

// answering registers a handler in every style.
func answering[In, Out any](app *fasterapi.App, pattern string, handle func(*fasterapi.Ctx, In) (Out, error), opts ...fasterapi.RouteOption) {
	answeringIn(app.Group(""), pattern, handle, opts...)
}

// answeringIn is answering in a group.
func answeringIn[In, Out any](
	app *fasterapi.Group, pattern string, handle func(*fasterapi.Ctx, In) (Out, error), opts ...fasterapi.RouteOption,
) {
	app.Get("/goroutine"+pattern, handle, opts...)
	app.Get("/coroutine"+pattern, handle, append(opts[:len(opts):len(opts)], fasterapi.OnReactor())...)
	app.GetFuture("/chain"+pattern, func(c *fasterapi.Ctx, in In) async.Future[Out] {
		out, err := handle(c, in)
		if err != nil {
			return async.Failed[Out](err)
		}
		return async.Ready(out)
	}, opts...)
}

// protected is an app that shows the principal.
func protected(cfg fasterapi.Config, tokens *security.Scheme[claims]) *fasterapi.App {
	app := fasterapi.New(cfg)
	tokens.Provide(app)
	answering(app, "", func(_ *fasterapi.Ctx, in who) (claims, error) { return in.Claims, nil })
	answering(app, "/write", func(_ *fasterapi.Ctx, in who) (fasterapi.Text, error) { return fasterapi.Text(in.Claims.Subject), nil }, tokens.Require("write"))
	answering(app, "/admin", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Text, error) { return "admin", nil }, tokens.Require("write", "admin"))
	return app
}

func bearer(token string) string { return "Bearer " + token }

func TestJWT(t *testing.T) {
	k := keys()
	signers := map[string]*security.Signer{
		"HS256": security.NewSharedSigner("h", k.secret),
		"RS256": security.NewSigner("r", k.rsa),
		"ES256": security.NewSigner("e", k.ec),
		"EdDSA": security.NewSigner("d", k.ed),
	}
	cfg := config()
	for algorithm, s := range signers {
		require.Equal(t, algorithm, s.Key().Algorithm())
		cfg.Keys = append(cfg.Keys, s.Key())
	}
	fasterapitest.Run(t, func(c fasterapi.Config) *fasterapi.App { return protected(c, security.JWT[account](cfg)) },
		func(t *testing.T, client *fasterapitest.Client) {
			for algorithm, s := range signers {
				with := client.With("Authorization", bearer(sign(t, s, good())))
				for _, style := range styles {
					got := with.Get(style).Expect(http.StatusOK).JSON[claims]()
					require.Equal(t, good(), got, algorithm)
					with.Get(style + "/write").Expect(http.StatusOK)
					r := with.Get(style + "/admin").Expect(http.StatusForbidden)
					require.Equal(t, `Bearer realm="api", error="insufficient_scope", scope="write admin"`, r.Header.Get("WWW-Authenticate"))
				}
			}
			for _, style := range styles {
				for _, path := range []string{"", "/write", "/admin"} {
					r := client.Get(style + path).Expect(http.StatusUnauthorized)
					require.Equal(t, `Bearer realm="api"`, r.Header.Get("WWW-Authenticate"), "no error attribute without credentials")
				}
			}
			twice := client.With("Authorization", bearer("a"))
			require.Equal(t, http.StatusUnauthorized, twice.Get("/chain").Status)
		})
}

// raw makes a token of any header and payload, signed by HS256 with the secret.
func raw(t testing.TB, header, payload string, secret []byte) string {
	t.Helper()
	text := base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + base64.RawURLEncoding.EncodeToString([]byte(payload))
	signature, err := jwt.SigningMethodHS256.Sign(text, secret)
	require.NoError(t, err)
	return text + "." + base64.RawURLEncoding.EncodeToString(signature)
}

const plainHeader = `{"alg":"HS256","kid":"h"}`

func payload(more string) string {
	return fmt.Sprintf(`{"iss":"https://login","aud":"shop","exp":%d%s}`, at.Add(time.Hour).Unix(), more)
}

// badTokens are tokens of every bad kind, by what is wrong with them.
func badTokens(t testing.TB) map[string]string {
	k := keys()
	hs, rs := security.NewSharedSigner("h", k.secret), security.NewSigner("r", k.rsa)
	with := func(change func(*claims)) string {
		c := good()
		change(&c)
		return sign(t, hs, c)
	}
	fine := sign(t, hs, good())
	parts := strings.Split(fine, ".")
	public, err := x509.MarshalPKIXPublicKey(&k.rsa.PublicKey)
	require.NoError(t, err)
	none := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + "." + parts[1] + "."
	hs384, err := jwt.NewWithClaims(jwt.SigningMethodHS384, jwt.MapClaims{"exp": at.Add(time.Hour).Unix(), "iss": "https://login", "aud": "shop"}).SignedString(k.secret)
	require.NoError(t, err)
	return map[string]string{
		"expired":              with(func(c *claims) { c.ExpiresAt = at.Add(-time.Minute) }),
		"not yet":              with(func(c *claims) { c.NotBefore = at.Add(time.Minute) }),
		"issued in the future": with(func(c *claims) { c.IssuedAt = at.Add(time.Minute) }),
		"issuer":               with(func(c *claims) { c.Issuer = "https://login.evil" }),
		"no issuer":            with(func(c *claims) { c.Issuer = "" }),
		"audience":             with(func(c *claims) { c.Audience = []string{"bank"} }),
		"no audience":          with(func(c *claims) { c.Audience = nil }),
		"wrong secret":         sign(t, security.NewSharedSigner("h", []byte(strings.Repeat("x", 32))), good()),
		"wrong key":            sign(t, security.NewSigner("r", k.otherRSA), good()),
		"unknown key id":       sign(t, security.NewSharedSigner("other", k.secret), good()),
		"key of another kind":  sign(t, security.NewSharedSigner("r", k.secret), good()),
		"public key as secret": raw(t, `{"alg":"HS256","kid":"r"}`, payload(""), public),
		"alg none":             none,
		"alg None":             base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"None"}`)) + "." + parts[1] + ".",
		"alg HS384":            hs384,
		"no alg":               raw(t, `{"kid":"h"}`, payload(""), k.secret),
		"alg a number":         raw(t, `{"alg":5}`, payload(""), k.secret),
		"key id a list":        raw(t, `{"alg":"HS256","kid":["h"]}`, payload(""), k.secret),
		"crit":                 raw(t, `{"alg":"HS256","kid":"h","crit":["exp"]}`, payload(""), k.secret),
		"no signature":         parts[0] + "." + parts[1] + ".",
		"two parts":            parts[0] + "." + parts[1],
		"five parts":           fine + ".a.b",
		"truncated":            fine[:len(fine)-4],
		"truncated payload":    parts[0] + "." + parts[1][:10] + "." + parts[2],
		"changed payload":      parts[0] + "." + base64.RawURLEncoding.EncodeToString([]byte(payload(""))) + "." + parts[2],
		"padded":               fine + "=",
		"not base64":           "a*b.c.d",
		"empty":                "..",
		"huge":                 parts[0] + "." + strings.Repeat("A", 100_000) + "." + parts[2],
		"nested token":         raw(t, `{"alg":"HS256","kid":"h","cty":"JWT"}`, `"`+fine+`"`, k.secret),
		"deep":                 raw(t, plainHeader, payload(`,"plan":`+strings.Repeat("[", 2000)+strings.Repeat("]", 2000)), k.secret),
		"claims a list":        raw(t, plainHeader, `[]`, k.secret),
		"no expiry":            raw(t, plainHeader, `{"iss":"https://login","aud":"shop"}`, k.secret),
		"expiry a text":        raw(t, plainHeader, `{"iss":"https://login","aud":"shop","exp":"9999999999"}`, k.secret),
		"expiry out of range":  raw(t, plainHeader, `{"iss":"https://login","aud":"shop","exp":1e300}`, k.secret),
		"expiry twice":         raw(t, plainHeader, payload(`,"exp":9999999999`), k.secret),
		"expiry in capitals":   raw(t, plainHeader, `{"iss":"https://login","aud":"shop","EXP":9999999999}`, k.secret),
		"extra of wrong type":  raw(t, plainHeader, payload(`,"plan":7`), k.secret),
		"invalid UTF-8":        raw(t, plainHeader, payload(",\"sub\":\"\xff\""), k.secret),
		"trailing garbage":     raw(t, plainHeader, payload("")+"{}", k.secret),
		"of no key at all":     sign(t, rs, good()) + "x",
	}
}

// TestBadTokens: every bad token is a 401 that does not echo it, and none is a
// 500.
func TestBadTokens(t *testing.T) {
	k := keys()
	bad := badTokens(t)
	cfg := config(security.SharedKey("h", k.secret), security.PublicKey("r", &k.rsa.PublicKey))
	fasterapitest.Run(t, func(c fasterapi.Config) *fasterapi.App { return protected(c, security.JWT[account](cfg)) },
		func(t *testing.T, client *fasterapitest.Client) {
			client.With("Authorization", bearer(raw(t, plainHeader, payload(""), k.secret))).Get("/chain").Expect(http.StatusOK)
			for name, token := range bad {
				if len(token) > 20_000 && t.Name() != "TestBadTokens/in-process" {
					continue // the engine refuses the head
				}
				r := client.With("Authorization", bearer(token)).Get("/chain")
				require.Equal(t, http.StatusUnauthorized, r.Status, name)
				require.Contains(t, r.Header.Get("WWW-Authenticate"), `error="invalid_token"`, name)
				for part := range strings.SplitSeq(token, ".") {
					if len(part) > 8 {
						require.NotContains(t, r.Text()+fmt.Sprint(r.Header), part, name)
					}
				}
				require.Equal(t, name == "expired", strings.Contains(r.Text(), "expired"), name)
			}
		}, fasterapitest.InProcess(), fasterapitest.OneReactor())
}

// TestLeeway: clocks may differ by 30 s.
func TestLeeway(t *testing.T) {
	s := security.NewSharedSigner("", keys().secret)
	fasterapitest.Run(t, func(c fasterapi.Config) *fasterapi.App { return protected(c, security.JWT[account](config(s.Key()))) },
		func(t *testing.T, client *fasterapitest.Client) {
			c := good()
			c.ExpiresAt, c.NotBefore, c.IssuedAt = at.Add(-20*time.Second), at.Add(20*time.Second), at.Add(20*time.Second)
			client.With("Authorization", "bearer  "+sign(t, s, c)).Get("/goroutine").Expect(http.StatusOK)
			c.ExpiresAt = at.Add(-40 * time.Second)
			client.With("Authorization", bearer(sign(t, s, c))).Get("/goroutine").Expect(http.StatusUnauthorized)
		}, fasterapitest.InProcess())
}

// TestScopeClaims: scopes come as a text or as a list.
func TestScopeClaims(t *testing.T) {
	secret := keys().secret
	fasterapitest.Run(t, func(c fasterapi.Config) *fasterapi.App {
		return protected(c, security.JWT[account](config(security.SharedKey("h", secret))))
	}, func(t *testing.T, client *fasterapitest.Client) {
		for _, claim := range []string{`,"scope":"a write"`, `,"scp":["write"]`, `,"scp":"write b"`} {
			client.With("Authorization", bearer(raw(t, plainHeader, payload(claim), secret))).Get("/coroutine/write").Expect(http.StatusOK)
		}
		for _, claim := range []string{`,"scope":"writer"`, `,"scp":["wri","te"]`, ``} {
			client.With("Authorization", bearer(raw(t, plainHeader, payload(claim), secret))).Get("/coroutine/write").Expect(http.StatusForbidden)
		}
	}, fasterapitest.InProcess())
}

func TestKeysThatAreRefused(t *testing.T) {
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	require.NoError(t, err)
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	require.NoError(t, err)
	for _, key := range []crypto.PublicKey{&small.PublicKey, &p384.PublicKey, ed25519.PublicKey("short"), "text", nil} {
		refuses(t, func() *security.Scheme[claims] {
			return security.JWT[account](security.JWTConfig{Keys: []security.Key{security.PublicKey("", key)}})
		}, "security.PublicKey: ")
	}
	short := security.NewSharedSigner("", []byte("too short"))
	good := security.SharedKey("", keys().secret)
	const noURL = "security.JWT: JWTConfig.JWKS must be a URL such as https://login.example.com/jwks.json"
	for want, cfg := range map[string]security.JWTConfig{
		"security.JWT: JWTConfig needs Keys or JWKS":                                                       {},
		"security.JWT: JWTConfig.Keys: a key is empty: use SharedKey or PublicKey":                         {Keys: []security.Key{{}}},
		"security.NewSharedSigner: a secret needs at least 32 random bytes, and this one has 9":            {Keys: []security.Key{short.Key()}},
		"security.JWT: JWTConfig.JWKS must be fetched over https: who can change the keys can make tokens": {JWKS: "http://login.example/jwks"},
		noURL: {JWKS: "login"},
		"security.JWT: JWTConfig.Refresh and Pause must be positive":                                {JWKS: "https://login.example/jwks", Refresh: -1},
		`security.JWT: JWTConfig.Name "a b" must be made of letters, digits, ".", "-" and "_"`:      {Keys: []security.Key{good}, Name: "a b"},
		"security.JWT: JWTConfig.Realm must be plain text without quotes":                           {Keys: []security.Key{good}, Realm: `a"b`},
		"security.JWT: JWTConfig.In: use InHeader, InCookie or InQuery with a name":                 {Keys: []security.Key{good}, In: []security.Place{{}}},
		`security.JWT: JWTConfig.Origins: "app" is not an origin such as "https://app.example.com"`: {Keys: []security.Key{good}, In: []security.Place{security.InCookie("a")}, Origins: []string{"app"}},
	} {
		refuses(t, func() *security.Scheme[claims] { return security.JWT[account](cfg) }, want)
	}
	refuses(t, func() *security.Scheme[claims] {
		return security.JWT[account](security.JWTConfig{JWKS: "file:///etc/jwks", Pause: -1, Realm: "\n"})
	}, noURL, "security.JWT: JWTConfig.Refresh and Pause must be positive", "security.JWT: JWTConfig.Realm must be plain text without quotes")
	for _, signer := range []*security.Signer{short, security.NewSigner("", nil), security.NewSigner("", p384), security.NewSigner("", remote{keys().rsa})} {
		_, err = signer.Sign(claims{ExpiresAt: time.Now().Add(time.Hour)})
		require.ErrorContains(t, err, "jwt_test.go:", "whoever signs is told the line")
	}
	_, err = security.NewSharedSigner("", keys().secret).Sign(claims{})
	require.Error(t, err, "no expiry")
	require.NotContains(t, fmt.Sprintf("%v %#v", security.SharedKey("k", keys().secret), security.SharedKey("k", keys().secret)), "0123")
}

// remote is a key outside of the process.
type remote struct{ crypto.Signer }

func FuzzToken(f *testing.F) {
	k := keys()
	f.Add(sign(f, security.NewSharedSigner("h", k.secret), good()))
	for _, token := range badTokens(f) {
		f.Add(token)
	}
	scheme := security.JWT[account](config(security.SharedKey("h", k.secret), security.PublicKey("r", &k.rsa.PublicKey)))
	app := protected(fasterapi.Config{Cores: 1, Logger: fasterapitest.Logger(f)}, scheme)
	client := fasterapitest.New(f, app)
	f.Fuzz(func(t *testing.T, token string) {
		if strings.ContainsFunc(token, func(r rune) bool { return r < ' ' || r > '~' }) {
			return
		}
		r := client.In(t).With("Authorization", bearer(token)).Get("/chain")
		if r.Status != http.StatusOK {
			require.Equal(t, http.StatusUnauthorized, r.Status)
			return
		}
		var got claims
		require.NoError(t, json.Unmarshal(r.Body, &got))
		require.Equal(t, "https://login", got.Issuer, "only what we signed gets through")
	})
}

func BenchmarkVerify(b *testing.B) {
	k := keys()
	for _, s := range []*security.Signer{
		security.NewSharedSigner("h", k.secret), security.NewSigner("r", k.rsa), security.NewSigner("e", k.ec), security.NewSigner("d", k.ed),
	} {
		b.Run(s.Key().Algorithm(), func(b *testing.B) {
			verify := security.NewVerifierForBench[account](config(s.Key()))
			token := sign(b, s, good())
			b.ReportAllocs()
			for b.Loop() {
				if err := verify(token); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
