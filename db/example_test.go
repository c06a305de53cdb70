package db_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/sqlite"
)

// shop opens a small database in memory.
func shop() *db.Pool {
	pool, err := sqlite.Open(sqlite.Memory, sqlite.Config{})
	if err != nil {
		log.Fatal(err)
	}
	_, err = pool.Exec(context.Background(), `
		CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL, email TEXT UNIQUE, credits BIGINT NOT NULL DEFAULT 0);
		INSERT INTO users (id, name, email, credits) VALUES (1, 'Ann', 'ann@example.org', 30), (2, 'Bob', NULL, 20);
	`).Await(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	return pool
}

// User is a row: fields match columns by name, NULL goes into pointers.
type User struct {
	ID    int64
	Name  string
	Email *string
}

func Example() {
	ctx := context.Background()
	pool := shop()
	defer pool.Close(ctx)

	user, err := pool.One[User](ctx, "SELECT id, name, email FROM users WHERE id = $1", 1).Await(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(user.Name, *user.Email)

	names, err := pool.Query[string](ctx, "SELECT name FROM users ORDER BY name").Await(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(names)

	_, err = pool.One[User](ctx, "SELECT id, name, email FROM users WHERE id = $1", 99).Await(ctx)
	fmt.Println(errors.Is(err, db.ErrNoRows))
	// Output:
	// Ann ann@example.org
	// [Ann Bob]
	// true
}

// A chain needs no goroutine: each step runs when the one before has its result.
func ExampleQuerier_One() {
	ctx := context.Background()
	pool := shop()
	defer pool.Close(ctx)

	greeting := pool.One[User](ctx, "SELECT id, name, email FROM users WHERE id = $1", 2).
		Then(func(u User) string { return "Hello, " + u.Name })

	text, err := greeting.Await(ctx)
	fmt.Println(text, err)
	// Output: Hello, Bob <nil>
}

func ExampleQuerier_Each() {
	ctx := context.Background()
	pool := shop()
	defer pool.Close(ctx)

	for user, err := range pool.Each[User](ctx, "SELECT id, name, email FROM users ORDER BY id") {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(user.ID, user.Name)
	}
	// Output:
	// 1 Ann
	// 2 Bob
}

// Statements of a batch are sent together and take effect together.
func ExampleBatch() {
	ctx := context.Background()
	pool := shop()
	defer pool.Close(ctx)

	b := pool.Batch()
	user := b.One[User]("SELECT id, name, email FROM users WHERE id = $1", 1)
	count := b.One[int64]("SELECT count(*) FROM users")
	paid := b.Exec("UPDATE users SET credits = credits + $1", 5)
	if _, err := b.Send(ctx).Await(ctx); err != nil {
		log.Fatal(err)
	}
	fmt.Println(user.Value.Name, count.Value, paid.Value.RowsAffected)
	// Output: Ann 2 2
}

func ExamplePool_Tx() {
	ctx := context.Background()
	pool := shop()
	defer pool.Close(ctx)

	const move = "UPDATE users SET credits = credits + $1 WHERE id = $2 RETURNING credits"
	left, err := pool.Tx(ctx, db.TxOptions{}, func(ctx context.Context, tx *db.Tx) (int64, error) {
		left, err := tx.One[int64](ctx, move, -10, 1).Await(ctx)
		if err != nil {
			return 0, err
		}
		if left < 0 {
			return 0, errors.New("not enough credits") // rolls back
		}
		_, err = tx.One[int64](ctx, move, +10, 2).Await(ctx)
		return left, err
	}).Await(ctx)
	fmt.Println(left, err)
	// Output: 20 <nil>
}

// Errors have a kind that is the same for every database.
func ExampleKindOf() {
	ctx := context.Background()
	pool := shop()
	defer pool.Close(ctx)

	_, err := pool.Exec(ctx, "INSERT INTO users (name, email) VALUES ($1, $2)", "Ann II", "ann@example.org").Await(ctx)
	if db.KindOf(err) == db.UniqueViolation {
		fmt.Println("taken")
	}
	// Output: taken
}

// What does not fit is one error that says which column and which field.
func ExampleMappingError() {
	ctx := context.Background()
	pool := shop()
	defer pool.Close(ctx)

	type strict struct {
		ID    int64
		Email string
	}
	_, err := pool.One[strict](ctx, "SELECT id, email FROM users WHERE id = $1", 2).Await(ctx)
	fmt.Println(err)
	// Output: db: column "email" (TEXT) into field strict.Email string: NULL cannot be stored: make the field a *string or sql.Null[string], or use COALESCE
}
