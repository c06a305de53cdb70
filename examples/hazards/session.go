package hazards

import (
	"context"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/db"
)

// Tenant is the input of the handlers below: each tenant has a schema of its own.
type Tenant struct {
	Schema string   `path:"tenant" pattern:"^[a-z]+$"`
	DB     *db.Pool `inject:""`
}

// snippet: session-wrong

// A connection has one search_path for all who share it.
func ordersWrong(c *fasterapi.Ctx, in Tenant) (int64, error) {
	if _, err := in.DB.Exec(c, "SELECT set_config('search_path', $1, false)", in.Schema).Await(c); err != nil {
		return 0, err
	}
	return in.DB.One[int64](c, "SELECT count(*) FROM orders").Await(c) // whose?
}

// end snippet

// snippet: session-right

// What is set with `true` (SET LOCAL) ends with the transaction, which has the connection alone.
func orders(c *fasterapi.Ctx, in Tenant) (int64, error) {
	return in.DB.Tx(c, db.TxOptions{}, func(c context.Context, tx *db.Tx) (int64, error) {
		if _, err := tx.Exec(c, "SELECT set_config('search_path', $1, true)", in.Schema).Await(c); err != nil {
			return 0, err
		}
		return tx.One[int64](c, "SELECT count(*) FROM orders").Await(c)
	}).Await(c)
}

// end snippet
