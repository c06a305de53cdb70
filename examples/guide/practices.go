package guide

import (
	"context"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/sqlite"
)

// User is a row of the table users.
type User struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
}

// snippet: inject-wrong
// userAlone opens a database for each request: slow, never closed, and no test can give it another one.
func userAlone(c *fasterapi.Ctx, in struct {
	ID int64 `path:"id"`
},
) (User, error) {
	pool, err := sqlite.Open("shop.db", sqlite.Config{})
	if err != nil {
		return User{}, err
	}
	return pool.One[User](c, "SELECT id, name FROM users WHERE id = $1", in.ID).Await(c)
}

// end snippet

// snippet: inject
// user gets the pool that the app was given: app.Provide(pool). A test gives another one, and an app
// without one does not start.
func user(c *fasterapi.Ctx, in struct {
	ID int64    `path:"id"`
	DB *db.Pool `inject:""`
},
) (User, error) {
	return in.DB.One[User](c, "SELECT id, name FROM users WHERE id = $1", in.ID).Await(c)
}

// end snippet

// UsersByID is the input of the routes that look several users up.
type UsersByID struct {
	IDs []int64  `query:"id" minItems:"1" maxItems:"100"`
	DB  *db.Pool `inject:""`
}

// snippet: batch
// users asks for all at once: the statements travel together, and it takes as long as the slowest.
func users(c *fasterapi.Ctx, in UsersByID) ([]User, error) {
	futures := make([]async.Future[User], len(in.IDs))
	for i, id := range in.IDs {
		futures[i] = in.DB.One[User](c, "SELECT id, name FROM users WHERE id = $1", id)
	}
	return async.WhenAll(futures...).Await(c)
}

// end snippet

// snippet: few
// usersFew is the same with eight at a time, so that one request does not take every connection.
func usersFew(c *fasterapi.Ctx, in UsersByID) ([]User, error) {
	return async.Map(c, in.IDs, 8, func(id int64) async.Future[User] {
		return in.DB.One[User](c, "SELECT id, name FROM users WHERE id = $1", id)
	}).Await(c)
}

// end snippet

// snippet: batch-wrong
// usersInTurn waits for each before it asks for the next. The log names such a request, with statement and line.
func usersInTurn(c *fasterapi.Ctx, in UsersByID) (all []User, err error) {
	for _, id := range in.IDs {
		u, err := in.DB.One[User](c, "SELECT id, name FROM users WHERE id = $1", id).Await(c)
		if err != nil {
			return nil, err
		}
		all = append(all, u)
	}
	return all, nil
}

// end snippet

// snippet: logging
// userLogged writes lines that have core, route and request id by themselves, and the time as every line.
func userLogged(c *fasterapi.Ctx, in struct {
	ID int64    `path:"id"`
	DB *db.Pool `inject:""`
},
) (User, error) {
	log := c.Logger().With("user_id", in.ID)
	log.Info("get_user_request")
	u, err := in.DB.One[User](c, "SELECT id, name FROM users WHERE id = $1", in.ID).Await(c)
	log.Info("get_user_response", "found", err == nil)
	return u, err
}

// end snippet

// prepare makes the table.
func prepare(ctx context.Context, pool *db.Pool) error {
	_, err := pool.Exec(ctx, `CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT)`).Await(ctx)
	if err == nil {
		_, err = pool.Exec(ctx, `INSERT INTO users (id, name) VALUES (1, 'Ada'), (2, 'Grace'), (3, 'Barbara')`).Await(ctx)
	}
	return err
}
