package pg_test

import (
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/pg"
	"github.com/fasterapi/fasterapi/internal/test/pgtest"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"
)

const secret = "hunter2-very-secret"

// withoutSecret checks that a secret shows nowhere: not in what the error says,
// nor in what it holds.
func withoutSecret(t testing.TB, err error, secret string) {
	t.Helper()
	require.Error(t, err)
	for _, text := range []string{err.Error(), fmt.Sprintf("%v %+v %#v", err, err, err)} {
		require.NotContains(t, text, secret)
	}
	var whole *pgconn.ConnectError // has the configuration with it
	require.NotErrorAs(t, err, &whole)
	var parse *pgconn.ParseConfigError
	require.NotErrorAs(t, err, &parse)
}

// TestSecrets: no error may show the password, however the connection string is
// written or broken.
func TestSecrets(t *testing.T) {
	for _, dsn := range []string{
		"postgres://user:" + secret + "@127.0.0.1:1/x",
		"postgres://user:" + secret + "@127.0.0.1:badport/x",
		"postgres://user:" + secret + "@%zz/x",
		"postgres://user:" + secret + "%zz@127.0.0.1:1/x",
		"postgres://user:p@" + secret + "@127.0.0.1:1/x",
		"postgres://user:p/" + secret + "@127.0.0.1:1/x",
		"postgres://user:p?" + secret + "@127.0.0.1:1/x",
		"postgres://user:" + secret + "@127.0.0.1:1,127.0.0.2:1/x",
		"postgres://127.0.0.1:badport/x?password=" + secret,
		"postgres://127.0.0.1:1/x?sslmode=odd&sslpassword=" + secret,
		"postgres:/user:" + secret + "@127.0.0.1/x",
		"Postgres://user:" + secret + "@127.0.0.1/x",
		"host=127.0.0.1 port=1 user=u password=" + secret,
		"host=127.0.0.1 port=x user=u password=" + secret,
		"host=127.0.0.1 port=x password = " + secret,
		`host=127.0.0.1 port=x password='a ` + secret + `'`,
		`host=127.0.0.1 port=x password='a\' ` + secret + `'`,
		`host=127.0.0.1 port=x password=a\ ` + secret,
		`host=127.0.0.1 port=x password='` + secret,
		"host=127.0.0.1 password " + secret,
	} {
		_, err := pg.Open(background(t), pg.Config{URL: dsn})
		withoutSecret(t, err, secret)
	}
	_, err := pg.Open(background(t), pg.Config{URL: "postgres://user:p@ss@127.0.0.1:1/x"})
	require.ErrorContains(t, err, "%40")
}

// TestEnvironment: what the URL leaves out comes from the environment and the
// password file, and is as secret.
func TestEnvironment(t *testing.T) {
	c := encrypted(t)
	whole, err := url.Parse(c.URL())
	require.NoError(t, err)
	for name, value := range map[string]string{
		"PGHOST": whole.Hostname(), "PGPORT": whole.Port(), "PGUSER": "app", "PGDATABASE": "postgres", "PGSSLMODE": "require",
		"PGPASSWORD": "", "PGPASSFILE": filepath.Join(t.TempDir(), "none"),
	} {
		t.Setenv(name, value)
	}
	passes := func(t *testing.T) {
		p, err := pg.Open(background(t), pg.Config{})
		require.NoError(t, err)
		require.Equal(t, "app", one[string](t, &p.Querier, "SELECT current_user::text"))
		require.NoError(t, p.Close(background(t)))
	}
	refused := func(t *testing.T) {
		_, err := pg.Open(background(t), pg.Config{})
		withoutSecret(t, err, secret)
		require.ErrorContains(t, err, "28P01")
	}
	file := func(t *testing.T, password string) {
		line := "*:*:*:*:" + strings.NewReplacer(`\`, `\\`, ":", `\:`).Replace(password)
		name := filepath.Join(t.TempDir(), "pgpass")
		require.NoError(t, os.WriteFile(name, []byte(line+"\n"), 0o600))
		t.Setenv("PGPASSFILE", name)
	}
	t.Run("PGPASSWORD", func(t *testing.T) {
		t.Setenv("PGPASSWORD", pgtest.Password)
		passes(t)
		t.Setenv("PGPASSWORD", secret)
		refused(t)
	})
	t.Run("PGPASSFILE", func(t *testing.T) {
		file(t, pgtest.Password)
		passes(t)
		file(t, secret)
		refused(t)
	})
	t.Run("bad PGPORT", func(t *testing.T) {
		t.Setenv("PGPASSWORD", secret)
		t.Setenv("PGPORT", "x")
		_, err := pg.Open(background(t), pg.Config{})
		withoutSecret(t, err, secret)
		require.ErrorContains(t, err, "port")
	})
}

// TestSecretsOfLife: a pool that is let in no more says why, in the log, to its
// callers and to listeners, and keeps the password for itself.
func TestSecretsOfLife(t *testing.T) {
	c := encrypted(t)
	ctx, server := background(t), admin(t, c.URL())
	run := func(sql string) {
		_, err := server.Exec(ctx, sql)
		require.NoError(t, err)
	}
	run("DROP ROLE IF EXISTS short_lived")
	run("CREATE ROLE short_lived LOGIN PASSWORD '" + secret + "'")
	where, err := url.Parse(c.URL())
	require.NoError(t, err)
	where.User = url.UserPassword("short_lived", secret)
	logged := &journal{}
	p, err := pg.Open(ctx, pg.Config{URL: where.String(), MaxConns: 1, AcquireTimeout: 50 * time.Millisecond, Logger: slog.New(slog.NewTextHandler(logged, nil))})
	require.NoError(t, err)
	t.Cleanup(func() { _ = p.Close(background(t)) })
	_, err = p.Ping(ctx).Await(ctx)
	require.NoError(t, err)

	run("ALTER ROLE short_lived PASSWORD 'another'")
	run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'short_lived'")
	require.Eventually(t, func() bool { return strings.Contains(logged.String(), "28P01") }, patience, time.Millisecond)
	_, err = p.Ping(ctx).Await(ctx)
	withoutSecret(t, err, secret)
	var e *db.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, "28P01", e.Code)
	for _, err := range pg.Listen(ctx, p, "x") {
		withoutSecret(t, err, secret)
	}
	require.NotContains(t, logged.String(), secret)
}
