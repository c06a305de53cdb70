package pg_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/pg"
	"github.com/fasterapi/fasterapi/internal/test/pgtest"
	"github.com/stretchr/testify/require"
)

// TestBothDirections has megabytes on their way in both directions of one
// connection at once: whoever only wrote, or only read, would wait for ever.
func TestBothDirections(t *testing.T) {
	for name, c := range targets(t) {
		t.Run(name, func(t *testing.T) {
			p := open(t, c, pg.Config{MaxConns: 1, AcquireTimeout: time.Minute})
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
			defer cancel()
			big := strings.Repeat("0123456789abcdef", 1<<16) // 1 MiB
			var fs []async.Future[string]
			for i := range 16 {
				fs = append(fs, p.One[string](ctx, "SELECT $1::text", big[i:]))
			}
			all, err := async.WhenAll(fs...).Await(ctx)
			require.NoError(t, err)
			for i, v := range all {
				require.True(t, v == big[i:], "value %d is not what was sent", i)
			}
			blob := bytes.Repeat([]byte{0, 255, 7}, 1<<20)
			got, err := p.One[[]byte](ctx, "SELECT $1::bytea", blob).Await(ctx)
			require.NoError(t, err)
			require.True(t, bytes.Equal(blob, got))
			n, err := p.One[int64](ctx, "SELECT count(*) FROM generate_series(1, $1::int)", 100000).Await(ctx)
			require.NoError(t, err)
			require.EqualValues(t, 100000, n)
			rows, err := p.Query[int](ctx, "SELECT i FROM generate_series(1, $1::int) AS s(i)", 100000).Await(ctx)
			require.NoError(t, err)
			require.Len(t, rows, 100000)
			require.Equal(t, 100000, rows[99999])
		})
	}
}

// TestEncryptedLife: TLS and SCRAM behave as plaintext does when queries are
// cancelled and connections lost.
func TestEncryptedLife(t *testing.T) {
	c := encrypted(t)
	p := open(t, c, pg.Config{MaxConns: 2, AcquireTimeout: 60 * time.Second})
	ctx := background(t)
	secure, err := p.One[bool](ctx, "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()").Await(ctx)
	require.NoError(t, err)
	require.True(t, secure)

	short, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
	defer cancel()
	_, err = p.One[int](short, "SELECT 1 FROM pg_sleep(60)").Await(ctx)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Eventually(t, func() bool { return p.Stats().Busy == 0 }, 10*time.Second, time.Millisecond, "the cancel request went through TLS too")

	require.NoError(t, endBackends(c))
	require.Eventually(t, func() bool { _, err := p.Ping(ctx).Await(ctx); return err == nil }, 10*time.Second, time.Millisecond)
	openBank(t, p)
	moveMuch(t, p, 100)
}

// TestRefused: who may not connect is told why, without the password.
func TestRefused(t *testing.T) {
	secure, open := encrypted(t), plain(t)
	wrong, err := url.Parse(secure.URL())
	require.NoError(t, err)
	wrong.User = url.UserPassword("app", "not-the-password")
	unencrypted := strings.Replace(secure.URL(), "sslmode=require", "sslmode=disable", 1)
	full := strings.Replace(secure.URL(), "sslmode=require", "sslmode=verify-full", 1)
	for name, tc := range map[string]struct{ url, says string }{
		"password":              {wrong.String(), "28P01"},
		"plaintext refused":     {unencrypted, "28000"},
		"unknown authority":     {full, "certificate"},
		"server without TLS":    {strings.Replace(open.URL(), "sslmode=disable", "sslmode=require", 1), "TLS"},
		"no such database":      {strings.Replace(open.URL(), "/postgres?", "/nowhere?", 1), "3D000"},
		"nobody listens":        {"postgres://app:s3cr3t@127.0.0.1:1/x", "refused"},
		"not a URL":             {"postgres://app:s3cr3t@127.0.0.1:port/x", "port"},
		"not a URL, by keyword": {"host=127.0.0.1 password=s3cr3t port=x", "port"},
	} {
		t.Run(name, func(t *testing.T) {
			logged := &journal{}
			_, err := pg.Open(background(t), pg.Config{URL: tc.url, Logger: slog.New(slog.NewTextHandler(logged, nil))})
			require.ErrorContains(t, err, tc.says)
			for _, secret := range []string{"not-the-password", "s3cr3t", pgtest.Password, url.QueryEscape(pgtest.Password), "s3cret%2Fpass%20word"} {
				require.NotContains(t, err.Error()+logged.String(), secret)
			}
			require.NotEqual(t, db.Corrupt, db.KindOf(err))
		})
	}
}
