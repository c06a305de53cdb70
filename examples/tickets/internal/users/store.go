package users

import (
	"context"
	"errors"
	"strings"

	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/examples/tickets/internal/storage"
	"github.com/fasterapi/fasterapi/problem"
)

const columns = `id, email, name, phone, role, active, created`

// The functions take a *db.Querier: that of a transaction, or of the pool.

func find(ctx context.Context, q *db.Querier, id int64) (User, error) {
	user, err := q.One[User](ctx, `SELECT `+columns+` FROM users WHERE id = $1`, id).Await(ctx)
	return user, notFound(err)
}

// IsAgent tells whether there is a user with an id who works on tickets.
func IsAgent(ctx context.Context, q *db.Querier, id int64) (bool, error) {
	return q.One[bool](ctx, `SELECT count(*) > 0 FROM users WHERE id = $1 AND role <> $2 AND active`, id, Customer).Await(ctx)
}

// secrets are the columns that are nobody's business.
type secrets struct {
	ID       int64
	Role     Role
	Active   bool
	Password string
	Epoch    int64
}

func findSecrets(ctx context.Context, q *db.Querier, email string) (secrets, error) {
	return q.One[secrets](ctx, `SELECT id, role, active, password, epoch FROM users WHERE email = $1`, normal(email)).Await(ctx)
}

// add makes a user of a NewUser and the hash of the password.
func add(ctx context.Context, q *db.Querier, u NewUser, role Role, hash string) (User, error) {
	user, err := q.One[User](ctx, `INSERT INTO users (email, name, role, password, created) VALUES ($1, $2, $3, $4, $5)
		RETURNING `+columns, normal(u.Email), u.Name, role, hash, storage.Now()).Await(ctx)
	if db.KindOf(err) == db.UniqueViolation {
		err = problem.Conflict("there is an account with this address")
	}
	return user, err
}

// changeProfile writes what users change of themselves, and changeAccess what others change of them: neither writes back what the
// other one has changed meanwhile.
func changeProfile(ctx context.Context, q *db.Querier, id int64, name string, phone *string) (User, error) {
	return q.One[User](ctx, `UPDATE users SET name = $2, phone = $3 WHERE id = $1 RETURNING `+columns, id, name, phone).Await(ctx)
}

// changeAccess makes all tokens of a user void who is not active any more.
func changeAccess(ctx context.Context, q *db.Querier, id int64, role *Role, active *bool) (User, error) {
	user, err := q.One[User](ctx, `UPDATE users SET role = coalesce($2, role), active = coalesce($3, active),
		epoch = CASE WHEN coalesce($3, TRUE) THEN epoch ELSE epoch + 1 END WHERE id = $1 RETURNING `+columns, id, role, active).Await(ctx)
	return user, notFound(err)
}

// changeSecret writes the hash of a new password, and makes all tokens void.
func changeSecret(ctx context.Context, q *db.Querier, id int64, hash string) error {
	_, err := q.Exec(ctx, `UPDATE users SET password = $2, epoch = epoch + 1 WHERE id = $1`, id, hash).Await(ctx)
	return err
}

// normal is the one form in which an address is kept.
func normal(email string) string { return strings.ToLower(email) }

func notFound(err error) error {
	if errors.Is(err, db.ErrNoRows) {
		return problem.NotFound("there is no such user")
	}
	return err
}
