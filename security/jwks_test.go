package security_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json/v2"
	"log/slog"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/fasterapitest"
	"github.com/fasterapi/fasterapi/security"
)

// keyServer publishes a key set.
type keyServer struct {
	*httptest.Server
	fetches atomic.Int32

	mu     sync.Mutex
	text   string
	status int
	hold   chan struct{} // not nil: answers wait for it
}

func newKeyServer(t *testing.T) *keyServer {
	s := &keyServer{status: http.StatusOK}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.fetches.Add(1)
		s.mu.Lock()
		text, status, hold := s.text, s.status, s.hold
		s.mu.Unlock()
		if hold != nil {
			select {
			case <-hold:
			case <-r.Context().Done():
			}
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(text))
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *keyServer) publish(status int, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status, s.text = status, text
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// jwkOf describes a public key.
func jwkOf(t testing.TB, id string, key crypto.PublicKey) map[string]any {
	t.Helper()
	switch key := key.(type) {
	case *rsa.PublicKey:
		return map[string]any{"kty": "RSA", "kid": id, "use": "sig", "alg": "RS256", "n": b64(key.N.Bytes()), "e": b64(big.NewInt(int64(key.E)).Bytes())}
	case *ecdsa.PublicKey:
		point, err := key.Bytes()
		require.NoError(t, err)
		return map[string]any{"kty": "EC", "kid": id, "crv": "P-256", "x": b64(point[1:33]), "y": b64(point[33:])}
	case ed25519.PublicKey:
		return map[string]any{"kty": "OKP", "kid": id, "crv": "Ed25519", "x": b64(key), "key_ops": []string{"verify"}}
	}
	t.Fatalf("%T", key)
	return nil
}

func setOf(t testing.TB, list ...map[string]any) string {
	t.Helper()
	text, err := json.Marshal(map[string]any{"keys": list})
	require.NoError(t, err)
	return string(text)
}

// manual is a clock that tests move.
type manual struct{ offset atomic.Int64 }

func (m *manual) now() time.Time          { return at.Add(time.Duration(m.offset.Load())) }
func (m *manual) advance(d time.Duration) { m.offset.Add(int64(d)) }

// withKeys serves an app whose keys come from a server of its own, in every mode.
func withKeys(t *testing.T, test func(*testing.T, *fasterapitest.Client, *keyServer, *manual)) {
	t.Helper()
	var server *keyServer
	var clock *manual
	fasterapitest.Run(t, func(cfg fasterapi.Config) *fasterapi.App {
		server, clock = newKeyServer(t), &manual{}
		return protected(cfg, security.JWT[account](security.JWTConfig{
			JWKS: server.URL, Issuer: "https://login", Audience: []string{"shop"}, Now: clock.now,
			Refresh: 10 * time.Minute, Pause: 30 * time.Second,
		}))
	}, func(t *testing.T, client *fasterapitest.Client) { test(t, client, server, clock) })
}

// TestJWKSRotation follows a key set through its life.
func TestJWKSRotation(t *testing.T) {
	k := keys()
	first, second, never := security.NewSigner("one", k.rsa), security.NewSigner("two", k.ed), security.NewSigner("three", k.ec)
	withKeys(t, func(t *testing.T, client *fasterapitest.Client, server *keyServer, clock *manual) {
		c := good()
		c.ExpiresAt = at.Add(48 * time.Hour)
		get := func(path string, s *security.Signer) int {
			return client.With("Authorization", bearer(sign(t, s, c))).Get(path).Status
		}
		server.publish(http.StatusOK, setOf(t, jwkOf(t, "one", &k.rsa.PublicKey)))
		for _, style := range styles {
			require.Equal(t, 200, get(style, first))
		}
		require.EqualValues(t, 1, server.fetches.Load(), "one fetch for all")

		// The key rotates: the first token with the new one brings it, in time.
		server.publish(http.StatusOK, setOf(t, jwkOf(t, "two", k.ed.Public())))
		require.Equal(t, 401, get("/chain", second), "too early to ask again")
		clock.advance(31 * time.Second)
		require.Equal(t, 200, get("/chain", second))
		require.Equal(t, 401, get("/goroutine", first), "the old key is gone")
		require.EqualValues(t, 2, server.fetches.Load())
		for range 20 {
			require.Equal(t, 401, get("/coroutine", never), "made-up key ids do not make us ask")
		}
		require.EqualValues(t, 2, server.fetches.Load())

		// The server fails: what we have goes on.
		server.publish(http.StatusInternalServerError, "secret cause")
		clock.advance(11 * time.Minute)
		require.Equal(t, 200, get("/chain", second))
		require.Eventually(t, func() bool { return server.fetches.Load() == 3 }, 20*time.Second, time.Millisecond, "in the background")
		require.Equal(t, 200, get("/chain", second))

		// It comes back with another key.
		server.publish(http.StatusOK, setOf(t, jwkOf(t, "three", &k.ec.PublicKey)))
		clock.advance(10 * time.Minute)
		require.Eventually(t, func() bool {
			clock.advance(10 * time.Second) // the failure may have been noted only now, with its pause
			return get("/chain", never) == 200
		}, 20*time.Second, time.Millisecond)

		// Down for more than a day: better nobody than somebody whose key was withdrawn.
		server.publish(http.StatusInternalServerError, "")
		clock.advance(25 * time.Hour)
		require.Eventually(t, func() bool { return get("/chain", never) == 503 }, 20*time.Second, time.Millisecond)
	})
}

// TestJWKSBesideKeys: a key of our own without an id, which may have signed any
// token, does not keep the set from being asked.
func TestJWKSBesideKeys(t *testing.T) {
	k := keys()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	own, published, forged := security.NewSigner("", k.ed), security.NewSigner("two", private), security.NewSharedSigner("", k.secret)
	var server *keyServer
	fasterapitest.Run(t, func(cfg fasterapi.Config) *fasterapi.App {
		server = newKeyServer(t)
		server.publish(http.StatusOK, setOf(t, jwkOf(t, "two", private.Public())))
		tokens := config(own.Key())
		tokens.JWKS = server.URL
		return protected(cfg, security.JWT[account](tokens))
	}, func(t *testing.T, client *fasterapitest.Client) {
		get := func(s *security.Signer) int {
			return client.With("Authorization", bearer(sign(t, s, good()))).Get("/chain").Status
		}
		require.Equal(t, 200, get(own))
		require.Equal(t, 401, get(forged), "an algorithm that no set has")
		require.Zero(t, server.fetches.Load())
		require.Equal(t, 200, get(published))
		require.Equal(t, 200, get(own))
		require.EqualValues(t, 1, server.fetches.Load())
	})
}

// TestJWKSWithoutIDs: the keys of a set without ids rotate as well.
func TestJWKSWithoutIDs(t *testing.T) {
	k := keys()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	withKeys(t, func(t *testing.T, client *fasterapitest.Client, server *keyServer, clock *manual) {
		get := func(private crypto.Signer) int {
			return client.With("Authorization", bearer(sign(t, security.NewSigner("", private), good()))).Get("/chain").Status
		}
		server.publish(http.StatusOK, setOf(t, jwkOf(t, "", k.ed.Public())))
		require.Equal(t, 200, get(k.ed))
		server.publish(http.StatusOK, setOf(t, jwkOf(t, "", private.Public())))
		require.Equal(t, 401, get(private), "too early to ask again")
		clock.advance(31 * time.Second)
		require.Equal(t, 200, get(private))
		require.EqualValues(t, 2, server.fetches.Load())
	})
}

// TestJWKSUnavailable: without any key the token may well be right, so the
// answer is 503, and the pauses grow.
func TestJWKSUnavailable(t *testing.T) {
	k := keys()
	signer := security.NewSigner("one", k.rsa)
	withKeys(t, func(t *testing.T, client *fasterapitest.Client, server *keyServer, clock *manual) {
		with := client.With("Authorization", bearer(sign(t, signer, good())))
		server.publish(http.StatusBadGateway, "secret cause")
		for i, style := range styles {
			r := with.Get(style).Expect(503)
			require.NotEmpty(t, r.Header.Get("Retry-After"))
			require.NotContains(t, r.Text(), server.URL)
			require.NotContains(t, r.Text(), "secret cause")
			require.LessOrEqual(t, server.fetches.Load(), int32(1+i))
		}
		require.EqualValues(t, 1, server.fetches.Load(), "not for every request")
		for range 12 {
			clock.advance(400 * time.Second) // above the longest pause
			before := server.fetches.Load()
			with.Get("/chain").Expect(503)
			with.Get("/chain").Expect(503)
			require.Equal(t, before+1, server.fetches.Load())
		}
		clock.advance(100 * time.Second)
		before := server.fetches.Load()
		with.Get("/chain").Expect(503)
		require.Equal(t, before, server.fetches.Load(), "after many failures the pause is minutes")
		server.publish(http.StatusOK, setOf(t, jwkOf(t, "one", &k.rsa.PublicKey)))
		clock.advance(300 * time.Second)
		c := good()
		c.ExpiresAt = at.Add(48 * time.Hour)
		client.With("Authorization", bearer(sign(t, signer, c))).Get("/chain").Expect(200)
	})
}

// TestJWKSLongPause: a pause beyond the life of a set does not keep it from being
// fetched again; a server that is down by then is a 503.
func TestJWKSLongPause(t *testing.T) {
	k := keys()
	server, clock := newKeyServer(t), &manual{}
	server.publish(http.StatusOK, setOf(t, jwkOf(t, "one", &k.rsa.PublicKey)))
	client := fasterapitest.New(t, protected(fasterapi.Config{Logger: fasterapitest.Logger(t)}, security.JWT[account](security.JWTConfig{
		JWKS: server.URL, Issuer: "https://login", Audience: []string{"shop"}, Now: clock.now, Refresh: time.Minute, Pause: 1000 * time.Hour,
	})))
	c := good()
	c.ExpiresAt = at.Add(2000 * time.Hour)
	with := client.With("Authorization", bearer(sign(t, security.NewSigner("one", k.rsa), c)))
	with.Get("/chain").Expect(200)
	clock.advance(26 * time.Hour)
	with.Get("/chain").Expect(200)
	require.EqualValues(t, 2, server.fetches.Load())
	server.publish(http.StatusBadGateway, "")
	clock.advance(26 * time.Hour)
	with.Get("/chain").Expect(503)
	with.Get("/chain").Expect(503)
	require.EqualValues(t, 3, server.fetches.Load())
}

// TestJWKSWaiting: requests of all reactors wait for one fetch, without holding
// them.
func TestJWKSWaiting(t *testing.T) {
	k := keys()
	token := bearer(sign(t, security.NewSigner("one", k.rsa), good()))
	withKeys(t, func(t *testing.T, client *fasterapitest.Client, server *keyServer, _ *manual) {
		server.publish(http.StatusOK, setOf(t, jwkOf(t, "one", &k.rsa.PublicKey)))
		hold := make(chan struct{})
		server.mu.Lock()
		server.hold = hold
		server.mu.Unlock()
		var all sync.WaitGroup
		var passed atomic.Int32
		for i := range 12 {
			all.Go(func() {
				if client.With("Authorization", token).Get(styles[i%3]).Status == 200 {
					passed.Add(1)
				}
			})
		}
		require.Eventually(t, func() bool { return server.fetches.Load() == 1 }, 20*time.Second, time.Millisecond)
		client.Get("/chain").Expect(401) // the reactors are free
		close(hold)
		all.Wait()
		require.EqualValues(t, 12, passed.Load())
		require.EqualValues(t, 1, server.fetches.Load())
	})
}

// TestJWKSContent: what a set may hold.
func TestJWKSContent(t *testing.T) {
	k := keys()
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	require.NoError(t, err)
	ec := jwkOf(t, "e", &k.ec.PublicKey)
	with := func(base map[string]any, name string, value any) map[string]any {
		changed := map[string]any{}
		for n, v := range base {
			changed[n] = v
		}
		changed[name] = value
		return changed
	}
	for _, text := range []string{
		"", "[]", "{}", `{"keys":[]}`, `{"keys":7}`, setOf(t, jwkOf(t, "s", &small.PublicKey)),
		setOf(t, with(ec, "use", "enc")), setOf(t, with(ec, "alg", "ES384")), setOf(t, with(ec, "crv", "P-384")),
		setOf(t, with(ec, "x", b64(make([]byte, 32)))), setOf(t, with(ec, "x", "AA")), setOf(t, with(ec, "key_ops", []string{"sign"})),
		setOf(t, map[string]any{"kty": "oct", "kid": "e", "k": b64(k.secret)}),
		setOf(t, map[string]any{"kty": "OKP", "crv": "Ed25519", "x": "AA"}), setOf(t, map[string]any{"kty": "OKP", "crv": "X25519", "x": b64(make([]byte, 32))}),
		setOf(t, map[string]any{"kty": "RSA", "n": strings.Repeat("A", 5000), "e": "AQAB"}), setOf(t, map[string]any{"kty": "RSA", "n": b64(k.rsa.N.Bytes()), "e": "Ag"}),
		`{"keys":[` + strings.TrimSuffix(strings.Repeat(`{"kty":"x"},`, 200), ",") + `]}`,
	} {
		_, err := security.ParseJWKS([]byte(text))
		require.Error(t, err, text)
	}
	list, err := security.ParseJWKS([]byte(setOf(t, with(ec, "use", "enc"), jwkOf(t, "s", &small.PublicKey), ec, jwkOf(t, "d", k.ed.Public()))))
	require.NoError(t, err)
	require.Len(t, list, 2)
	require.Equal(t, "ES256 key e", list[0].String())
	require.Equal(t, "EdDSA", list[1].Algorithm())
}

func FuzzJWKS(f *testing.F) {
	k := keys()
	f.Add([]byte(setOf(f, jwkOf(f, "r", &k.rsa.PublicKey), jwkOf(f, "e", &k.ec.PublicKey), jwkOf(f, "d", k.ed.Public()))))
	f.Add([]byte(`{"keys":[{"kty":"EC","crv":"P-256","x":"","y":""}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		list, err := security.ParseJWKS(text)
		require.Equal(t, err == nil, len(list) > 0)
		for _, key := range list {
			require.Contains(t, []string{"RS256", "ES256", "EdDSA"}, key.Algorithm())
		}
	})
}

// TestJWKSFailuresAreLoggedByTheApp: Config.Logger gets them.
func TestJWKSFailuresAreLoggedByTheApp(t *testing.T) {
	server := newKeyServer(t)
	server.publish(http.StatusInternalServerError, "")
	var log strings.Builder
	app := protected(fasterapi.Config{Cores: 1, Logger: slog.New(slog.NewTextHandler(&log, nil))}, security.JWT[account](security.JWTConfig{JWKS: server.URL}))
	client := fasterapitest.New(t, app)
	client.With("Authorization", bearer(sign(t, security.NewSigner("one", keys().rsa), good()))).Get("/chain").Expect(503)
	require.Contains(t, log.String(), `msg="security: key set not fetched"`)
	require.Contains(t, log.String(), `route="GET /chain"`)
}
