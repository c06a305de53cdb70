package shop

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/internal/test/pgtest"
)

func TestImport(t *testing.T) { onBoth(t, testImport) }

func testImport(t *testing.T, c caller) {
	rows := strings.Builder{}
	for id := 1001; id <= 1500; id++ {
		fmt.Fprintf(&rows, `,{"id":%d,"name":"Ann %d","email":"ann%d@example.com"}`, id, id, id)
	}
	all := `{"users":[` + rows.String()[1:] + "]}"
	var done Imported
	require.Equal(t, 200, c.do("POST", "/users/import", all, &done))
	require.Equal(t, 500, done.Users)
	var user User
	require.Equal(t, 200, c.get("/user/1500", &user))
	require.Equal(t, "Ann 1500", user.Name)

	require.Equal(t, 409, c.do("POST", "/users/import",
		`{"users":[{"id":2001,"name":"Bob","email":"bob@example.com"},{"id":1001,"name":"Ann","email":"other@example.com"}]}`, nil))
	require.Equal(t, 404, c.get("/user/2001", nil), "all or none")
	for _, wrong := range []string{
		`{"users":[]}`, `{"users":[{"id":0,"name":"","email":"x"}]}`, `{"users":[` + strings.Repeat(rows.String()[1:]+",", 2) + rows.String()[1:] + "]}",
	} {
		require.Equal(t, 422, c.do("POST", "/users/import", wrong, nil))
	}
	require.Equal(t, 413, c.do("POST", "/users/import", strings.Repeat(" ", longestImport)+"{}", nil))
}

// TestImportsAreLimited: while one import is under way, by a database that others hold, so many wait, and the next is told to come
// back. Other requests are served.
func TestImportsAreLimited(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) {
		pool, err := openStore(filepath.Join(t.TempDir(), "test.db"))
		require.NoError(t, err)
		testLimit(t, serve(t, pool), pool)
	})
	t.Run("postgres", func(t *testing.T) {
		pool, err := openPostgres(pgtest.Start(t, pgtest.Options{}).URL())
		require.NoError(t, err)
		testLimit(t, serve(t, pool), pool)
	})
}

func testLimit(t *testing.T, c caller, pool *db.Pool) {
	release := holdEmail(t, pool, "held@example.com")
	const refused = 3
	type answer struct {
		status int
		after  string
		err    error
	}
	answers := make(chan answer, 1+importsWaiting+refused)
	for i := range cap(answers) {
		go func() {
			row := fmt.Sprintf(`{"users":[{"id":%d,"name":"Eve","email":"held@example.com"}]}`, 3000+i)
			response, err := http.Post(c.url+"/users/import", "application/json", strings.NewReader(row))
			if err != nil {
				answers <- answer{err: err}
				return
			}
			response.Body.Close()
			answers <- answer{status: response.StatusCode, after: response.Header.Get("Retry-After")}
		}()
	}
	for range refused {
		a := <-answers
		require.NoError(t, a.err)
		require.Equal(t, 503, a.status)
		require.NotEmpty(t, a.after)
	}
	require.Equal(t, 200, c.get("/user/1", nil), "others are served")
	release()
	kinds := map[int]int{}
	for range 1 + importsWaiting {
		a := <-answers
		require.NoError(t, a.err)
		kinds[a.status]++
	}
	require.Equal(t, map[int]int{409: 1 + importsWaiting}, kinds, "the email has gone to whoever held it")
}

// holdEmail begins a transaction that gives a user this email: others who want it wait until it is released.
func holdEmail(t *testing.T, pool *db.Pool, email string) (release func()) {
	held, end := make(chan struct{}), make(chan struct{})
	done := make(chan error, 1)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	go func() {
		_, err := pool.Tx(ctx, db.TxOptions{}, func(ctx context.Context, tx *db.Tx) (struct{}, error) {
			_, err := tx.Exec(ctx, insertUser, 9000, "Mallory", email, 0, time.Now().UTC()).Await(ctx)
			close(held)
			<-end
			return struct{}{}, err
		}).Await(ctx)
		done <- err
	}()
	<-held
	return func() {
		close(end)
		require.NoError(t, <-done)
		cancel()
	}
}
