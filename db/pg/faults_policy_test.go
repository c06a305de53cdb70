package pg_test

import (
	"context"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/pg"
	"github.com/fasterapi/fasterapi/internal/test/pgtest"
	"github.com/fasterapi/fasterapi/resilience"
)

// TestPolicyAroundAPool: what the errors of the pool say of themselves drives a policy around it. What has
// certainly had no effect is repeated, what may have had one is not, a row that is there already is an answer
// and no failure, however often somebody sends it, and a server that is away opens the breaker, whose answer says when to come back.
func TestPolicyAroundAPool(t *testing.T) {
	c := pgtest.Start(t, pgtest.Options{})
	p := open(t, c, pg.Config{MaxConns: 4, ConnectTimeout: 2 * time.Second, AcquireTimeout: 2 * time.Second})
	for _, sql := range []string{
		"CREATE TABLE accounts (name text PRIMARY KEY)", "CREATE SEQUENCE attempts",
		`CREATE FUNCTION third() RETURNS bigint LANGUAGE plpgsql AS $$ DECLARE n bigint := nextval('attempts'); BEGIN
			IF n < 3 THEN RAISE 'again' USING ERRCODE = '40001'; END IF; RETURN n; END $$`,
	} {
		_, err := p.Exec(background(t), sql).Await(background(t))
		require.NoError(t, err)
	}
	breaker := resilience.NewBreaker("database", resilience.BreakerConfig{Failures: 5, OpenFor: time.Minute})
	policy := resilience.New("database", resilience.Config{Retry: resilience.Retry{Attempts: 3}, Breaker: breaker})

	type input struct {
		Name string   `query:"name"`
		DB   *db.Pool `inject:""`
	}
	app := fasterapi.New(fasterapi.Config{Title: "policy", Addr: "127.0.0.1:0", Cores: 1})
	app.Provide(p)
	app.Provide(policy)
	for path, sql := range map[string]string{"/third": "SELECT third()", "/lost": "SELECT count(*) FROM pg_sleep(60) /* lost */", "/now": "SELECT 1"} {
		app.Get(path, func(c *fasterapi.Ctx, in input) (int64, error) {
			return policy.Do(c, func(ctx context.Context) (int64, error) { return in.DB.One[int64](ctx, sql).Await(ctx) })
		})
	}
	app.Post("/accounts", func(c *fasterapi.Ctx, in input) (string, error) {
		return policy.Do(c, func(ctx context.Context) (string, error) {
			return in.DB.One[string](ctx, "INSERT INTO accounts VALUES ($1) RETURNING name", in.Name).Await(ctx)
		})
	})
	server, err := app.Start()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Shutdown(background(t))) })
	ask := func(method, path string) (*http.Response, string) {
		t.Helper()
		request, err := http.NewRequestWithContext(t.Context(), method, "http://"+server.Addr().String()+path, http.NoBody)
		require.NoError(t, err)
		response, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		return response, strings.TrimSpace(string(body))
	}

	response, body := ask("GET", "/third")
	require.Equal(t, http.StatusOK, response.StatusCode, body)
	require.Equal(t, "3", body, "a serialization failure is repeated")
	require.EqualValues(t, 2, policy.Stats().Retries)

	response, _ = ask("POST", "/accounts?name=ada")
	require.Equal(t, http.StatusOK, response.StatusCode)
	failures := breaker.Stats().Failures
	for range 10 {
		response, body = ask("POST", "/accounts?name=ada")
		require.Equal(t, http.StatusInternalServerError, response.StatusCode, body) // no route of this app says otherwise
	}
	require.EqualValues(t, 2, policy.Stats().Retries)
	require.Equal(t, failures, breaker.Stats().Failures)
	require.Equal(t, resilience.Closed, breaker.State())

	lost := make(chan string, 1)
	go func() {
		response, body := ask("GET", "/lost")
		lost <- response.Status + body
	}()
	require.Eventually(t, func() bool {
		n, err := p.One[int64](background(t), "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND query LIKE '%/* lost */'").Await(background(t))
		return err == nil && n == 1
	}, 20*time.Second, 5*time.Millisecond)
	require.NoError(t, c.Kill())
	require.Contains(t, <-lost, "nobody knows whether it was done")
	require.EqualValues(t, 2, policy.Stats().Retries, "a connection that breaks under a statement leaves nobody sure")
	for range 20 {
		if response, body = ask("GET", "/now"); breaker.State() == resilience.Open {
			break
		}
		require.Equal(t, http.StatusServiceUnavailable, response.StatusCode, body)
	}
	require.Equal(t, resilience.Open, breaker.State())
	require.Greater(t, policy.Stats().Retries, int64(2), "a connection that was refused has run nothing")
	response, body = ask("GET", "/now")
	require.Equal(t, http.StatusServiceUnavailable, response.StatusCode, body)
	seconds, err := strconv.Atoi(response.Header.Get("Retry-After"))
	require.NoError(t, err, response.Header)
	require.True(t, seconds >= 30 && seconds <= 60, seconds)

	require.NoError(t, c.Recover())
	breaker.Reset()
	require.Eventually(t, func() bool {
		response, _ := ask("GET", "/now")
		return response.StatusCode == http.StatusOK && breaker.State() == resilience.Closed
	}, 30*time.Second, 20*time.Millisecond)
}
