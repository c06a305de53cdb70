package sqlite_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/sqlite"
)

func ExampleOpen() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)

	pool, err := sqlite.Open(filepath.Join(dir, "app.db"), sqlite.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer pool.Close(ctx)

	// Exec without parameters takes a whole script, all or nothing.
	_, err = pool.Exec(ctx, `
		CREATE TABLE IF NOT EXISTS notes (id INTEGER PRIMARY KEY, at TIMESTAMPTZ NOT NULL, text TEXT NOT NULL);
		CREATE INDEX IF NOT EXISTS notes_at ON notes (at);
	`).Await(ctx)
	if err != nil {
		log.Fatal(err)
	}
	at := time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC)
	r, err := pool.Exec(ctx, "INSERT INTO notes (at, text) VALUES ($1, $2)", at, "leap day").Await(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(r.RowsAffected, r.LastInsertID)

	type Note struct {
		ID   int64
		At   time.Time
		Text string
	}
	note, err := pool.One[Note](ctx, "SELECT id, at, text FROM notes WHERE at >= $1", at).Await(ctx)
	fmt.Println(note.At.Weekday(), note.Text, err)
	// Output:
	// 1 1
	// Thursday leap day <nil>
}

func ExampleMigrate() {
	ctx := context.Background()
	pool, err := sqlite.Open(sqlite.Memory, sqlite.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer pool.Close(ctx)
	_, err = pool.Exec(ctx, `
		CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);
		CREATE TABLE orders (id INTEGER PRIMARY KEY, user_id REFERENCES users (id) ON DELETE CASCADE);
		INSERT INTO users VALUES (1, 'ann');
		INSERT INTO orders VALUES (7, 1);
	`).Await(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(migrate(ctx, pool))
	orders, err := pool.One[int](ctx, "SELECT count(*) FROM orders").Await(ctx)
	fmt.Println(orders, err)
	_, err = pool.Exec(ctx, "INSERT INTO users (name) VALUES ('')").Await(ctx)
	fmt.Println(db.KindOf(err))
	// Output:
	// <nil>
	// 1 <nil>
	// check violation
}

// snippet: migrate
func migrate(ctx context.Context, pool *db.Pool) error {
	_, err := sqlite.Migrate(ctx, pool, `
	CREATE TABLE new_users (id INTEGER PRIMARY KEY, name TEXT NOT NULL CHECK (name <> ''));
	INSERT INTO new_users SELECT id, name FROM users;
	DROP TABLE users;
	ALTER TABLE new_users RENAME TO users;
`).Await(ctx)
	return err
}

// end snippet
