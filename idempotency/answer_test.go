package idempotency_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/fasterapitest"
	"github.com/fasterapi/fasterapi/idempotency"
	"github.com/fasterapi/fasterapi/problem"
)

// certificate is that of a client.
func certificate(t *testing.T, serial int64) *x509.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	is := &x509.Certificate{SerialNumber: big.NewInt(serial), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, is, is, &key.PublicKey, key)
	require.NoError(t, err)
	made, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	return made
}

// TestScope: whoever shows other credentials has keys of their own, in whatever form they are shown.
func TestScope(t *testing.T) {
	pool := openSQLite(t)
	runs := 0
	app := fasterapi.New(fasterapi.Config{})
	app.Post("/", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Text, error) { runs++; return "mine", nil },
		idempotency.New(idempotency.InDatabase(pool), idempotency.Config{}).Route())
	handler := app.Handler()
	send := func(state *tls.ConnectionState, fields ...string) {
		request, err := http.NewRequest(http.MethodPost, "http://localhost/", http.NoBody)
		require.NoError(t, err)
		request.TLS = state
		request.Header[idempotency.Header] = []string{"k"}
		for _, field := range fields {
			name, value, _ := strings.Cut(field, ": ")
			request.Header.Add(name, value)
		}
		answered := httptest.NewRecorder()
		handler.ServeHTTP(answered, request)
		require.Equal(t, 200, answered.Code)
	}
	first, second := certificate(t, 1), certificate(t, 2)
	shown := func(c *x509.Certificate) *tls.ConnectionState {
		return &tls.ConnectionState{PeerCertificates: []*x509.Certificate{c}}
	}
	for i, who := range []func(){
		func() { send(nil) },
		func() { send(nil, "authorization: a") },
		func() { send(nil, "Authorization: b") },
		func() { send(nil, "Authorization: a", "AUTHORIZATION: b") },
		func() { send(nil, "Cookie: s=1") },
		func() { send(nil, "cookie: s=1", "cookie: t=2") },
		func() { send(nil, "X-API-KEY: a") },
		func() { send(shown(first)) },
		func() { send(shown(second)) },
	} {
		who()
		require.Equal(t, i+1, runs, "they have no key yet")
		who()
		require.Equal(t, i+1, runs)
	}
}

// TestReplaced: what a handler says instead of the middleware around is said to those who repeat, too.
func TestReplaced(t *testing.T) {
	pool := openSQLite(t)
	fasterapitest.Run(t, func(cfg fasterapi.Config) *fasterapi.App {
		app := fasterapi.New(cfg)
		app.Use(func(next fasterapi.Handler) fasterapi.Handler {
			return func(c *fasterapi.Ctx) error {
				c.SetHeader("Cache-Control", "no-store")
				c.SetHeader("X-Gone", "around")
				c.AddHeader("Link", "</around>")
				return next(c)
			}
		})
		app.Post("/", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.Text, error) {
			c.SetHeader("Cache-Control", "max-age=60")
			c.DeleteHeader("X-Gone")
			c.AddHeader("Link", "</handler>")
			c.SetHeader("X-Receipt", "7")
			if c.RawQuery() != "" {
				return "", problem.New(http.StatusPaymentRequired, "declined")
			}
			return "done", nil
		}, idempotency.New(idempotency.InDatabase(pool), idempotency.Config{}).Route())
		return app
	}, func(t *testing.T, c *fasterapitest.Client) {
		for path, status := range map[string]int{"/": 200, "/?refuse=1": 402} {
			c := c.With(idempotency.Header, hex.EncodeToString([]byte(t.Name()+path)))
			first, again := c.Post(path, nil).Expect(status), c.Post(path, nil).Expect(status)
			require.Equal(t, "true", again.Header.Get("Idempotent-Replayed"))
			for _, name := range []string{"Cache-Control", "X-Gone", "Link", "X-Receipt"} {
				require.Equal(t, first.Header.Values(name), again.Header.Values(name), path+name)
			}
		}
	})
}

// TestTrailed: an answer with fields behind its body is not sent again without them.
func TestTrailed(t *testing.T) {
	pool, runs := openSQLite(t), 0
	app := fasterapi.New(fasterapi.Config{})
	app.Mount("/", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		runs++
		_, _ = w.Write([]byte("done"))
		if r.URL.RawQuery != "" {
			w.Header().Set(http.TrailerPrefix+"X-Sum", "7")
		}
	}), idempotency.New(idempotency.InDatabase(pool), idempotency.Config{}).Route())
	server := httptest.NewServer(app.Handler())
	defer server.Close()
	defer func() { require.NoError(t, app.Stop(context.Background())) }()
	for path, again := range map[string]int{"/plain": 200, "/trailed?x=1": 409} {
		runs = 0
		for _, status := range []int{200, again, again} {
			request, err := http.NewRequest(http.MethodPost, server.URL+path, http.NoBody)
			require.NoError(t, err)
			request.Header.Set(idempotency.Header, hex.EncodeToString([]byte(path)))
			response, err := http.DefaultClient.Do(request)
			require.NoError(t, err)
			body, err := io.ReadAll(response.Body)
			require.NoError(t, err)
			require.NoError(t, response.Body.Close())
			require.Equal(t, status, response.StatusCode, string(body))
			require.Equal(t, 1, runs)
		}
	}
}

// late is a store whose first answer to Claim is lost, although it was done.
type late struct {
	idempotency.Store
	lost bool
}

func (l *late) Claim(ctx context.Context, c idempotency.Claim) async.Future[idempotency.Found] {
	f := l.Store.Claim(ctx, c)
	if l.lost {
		return f
	}
	l.lost = true
	return f.ThenFuture(func(idempotency.Found) async.Future[idempotency.Found] {
		return async.Failed[idempotency.Found](errors.New("the connection broke"))
	})
}

// TestClaimLost: a key that was taken for a request which was then told to come back is free when it does.
func TestClaimLost(t *testing.T) {
	store := &late{Store: idempotency.InDatabase(openSQLite(t))}
	app := fasterapi.New(fasterapi.Config{})
	app.Post("/", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Text, error) { return "done", nil },
		idempotency.New(store, idempotency.Config{Lease: time.Hour}).Route())
	c := fasterapitest.New(t, app).With(idempotency.Header, "k")
	require.Equal(t, "1", c.Post("/", nil).Expect(503).Header.Get("Retry-After"))
	require.Eventually(t, func() bool { return c.Post("/", nil).Status == 200 }, 10*time.Second, 10*time.Millisecond)
}

// TestMembers: a problem is repeated with the members that it had, large numbers too.
func TestMembers(t *testing.T) {
	app := fasterapi.New(fasterapi.Config{})
	app.Post("/", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Text, error) {
		return "", problem.New(http.StatusPaymentRequired, "declined").With("id", int64(1<<53+1)).With("list", []any{"a", nil, map[string]any{"b": 0.5}})
	}, idempotency.New(idempotency.InDatabase(openSQLite(t)), idempotency.Config{}).Route())
	c := fasterapitest.New(t, app).With(idempotency.Header, "k")
	first := c.Post("/", nil).Expect(402).Text()
	require.Contains(t, first, "9007199254740993")
	require.Equal(t, first, c.Post("/", nil).Expect(402).Text())
}
