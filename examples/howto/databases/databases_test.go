package databases

import (
	"context"
	"database/sql"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite" // the driver of database/sql

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/sqlite"
	"github.com/fasterapi/fasterapi/examples/howto/databases/books"
	"github.com/fasterapi/fasterapi/fasterapitest"
	"github.com/fasterapi/fasterapi/problem"
)

func TestRequestTransaction(t *testing.T) {
	pool, err := sqlite.Open(filepath.Join(t.TempDir(), "shop.db"), sqlite.Config{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, pool.Close(context.Background())) })
	ctx := t.Context()
	for _, text := range []string{
		"CREATE TABLE stock (book INTEGER PRIMARY KEY, n INTEGER NOT NULL)", "CREATE TABLE orders (book INTEGER, n INTEGER)",
		"INSERT INTO stock VALUES (1, 5), (2, 0)",
	} {
		_, err := pool.Exec(ctx, text).Await(ctx)
		require.NoError(t, err)
	}
	count := func(text string) int64 {
		n, err := pool.One[int64](ctx, text).Await(ctx)
		require.NoError(t, err)
		return n
	}
	app := fasterapi.New(fasterapi.Config{Cores: 1})
	provideTx(app, pool)
	provideStock(app)
	app.Post("/orders", order)
	app.Post("/moves", func(c *fasterapi.Ctx, in struct {
		DB *db.Pool `inject:""`
	},
	) (int64, error) {
		return move(c, in.DB, 1, 2, 1)
	})
	c := fasterapitest.New(t, app)
	type ordered struct {
		Book int64 `json:"book"`
		N    int64 `json:"n"`
	}
	c.Post("/orders", ordered{1, 3}).Expect(204)
	c.Post("/orders", ordered{1, 3}).Expect(409)
	c.Post("/orders", ordered{9, 3}).Expect(404)
	c.Post("/orders", ordered{1, 0}).Expect(422)
	require.EqualValues(t, 1, count("SELECT count(*) FROM orders"), "what was refused is not stored")
	require.EqualValues(t, 2, count("SELECT n FROM stock WHERE book = 1"))
	require.Equal(t, "1", c.Post("/moves", nil).Expect(200).Text())
}

func TestDatabaseSQL(t *testing.T) {
	pool, err := sql.Open("sqlite", filepath.Join(t.TempDir(), "books.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, pool.Close()) })
	_, err = pool.ExecContext(t.Context(), books.Schema)
	require.NoError(t, err)
	app := fasterapi.New(fasterapi.Config{Cores: 1})
	provideSQL(app, pool)
	provideBooks(app)
	app.Post("/books", add)
	app.Get("/books", list)
	app.Post("/failing", func(c *fasterapi.Ctx, in addInput) (books.Book, error) {
		_, err := add(c, in)
		if err == nil {
			err = problem.Conflict("on purpose")
		}
		return books.Book{}, err
	})
	c := fasterapitest.New(t, app)
	dune := books.AddBookParams{Title: "Dune", Pages: 412}
	require.Equal(t, books.Book{ID: 1, Title: "Dune", Pages: 412}, c.Post("/books", dune).Expect(200).JSON[books.Book]())
	c.Post("/failing", dune).Expect(409)
	require.Len(t, c.Get("/books").Expect(200).JSON[[]books.Book](), 1)
}
