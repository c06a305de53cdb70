package shop

import (
	"context"
	"time"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/problem"
	"github.com/fasterapi/fasterapi/resilience"
)

// longestImport bounds the body of an import, in bytes: 1,000 users have some 100 KB.
const longestImport = 1 << 20

// Imports is what imports have to keep to.
type Imports struct{ *resilience.Policy }

// newImports lets one import in at a time, for each writes many rows, and four wait for it: other requests keep
// their connections to the database. Whoever comes then is told to come back. The route is "batch" besides: under overload
// it is the first that is refused.
func newImports() Imports {
	return Imports{resilience.New("imports", resilience.Config{
		Bulkhead: resilience.NewBulkhead("imports", resilience.BulkheadConfig{Concurrent: 1, Queue: importsWaiting, Wait: 10 * time.Second}),
		Timeout:  30 * time.Second,
	})}
}

const importsWaiting = 4

// NewUser is a row of an import.
type NewUser struct {
	ID      int64  `json:"id" minimum:"1"`
	Name    string `json:"name" minLength:"1" maxLength:"200"`
	Email   string `json:"email" format:"email"`
	Credits int64  `json:"credits" minimum:"0" default:"0"` // cents
}

// Import is the input of POST /users/import.
type Import struct {
	Body struct {
		Users []NewUser `json:"users" minItems:"1" maxItems:"1000"`
	} `body:""`
	DB      *db.Pool `inject:""`
	Imports Imports  `inject:""`
}

// Imported is the answer of POST /users/import.
type Imported struct {
	Users int `json:"users"`
}

const insertUser = `INSERT INTO users (id, name, email, credits, created_at) VALUES ($1, $2, $3, $4, $5)`

// importUsers stores all users, or none. The transaction has a connection of its own, so no other request waits behind the rows.
func importUsers(c *fasterapi.Ctx, in Import) (Imported, error) {
	return in.Imports.Do(c, func(ctx context.Context) (Imported, error) {
		_, err := in.DB.Tx(ctx, db.TxOptions{}, func(ctx context.Context, tx *db.Tx) (struct{}, error) {
			now, batch := time.Now().UTC(), tx.Batch()
			for _, u := range in.Body.Users {
				batch.Exec(insertUser, u.ID, u.Name, u.Email, u.Credits, now)
			}
			_, err := batch.Send(ctx).Await(ctx)
			return struct{}{}, err
		}).Await(ctx)
		if db.KindOf(err) == db.UniqueViolation {
			return Imported{}, problem.Conflict("there is a user with such an id or email already")
		}
		return Imported{Users: len(in.Body.Users)}, err
	})
}
