package leader

import (
	"context"
	"errors"

	"github.com/fasterapi/fasterapi/db"
)

// Term is the time for which one instance has a role. Its Number is larger than that of every term before: a fencing token for
// stores other than the database, which refuse a smaller one than they have seen.
//
// Owner: any (a plain value).
type Term struct {
	Role   string
	Number int64
}

// Check fails with ErrNotLeader unless the term is the newest of its role. Until the transaction ends no newer one begins, so what it commits is the
// leader's:
//
//	pool.Tx(ctx, db.TxOptions{}, func(ctx context.Context, tx *db.Tx) (int, error) {
//		if err := term.Check(ctx, tx); err != nil {
//			return 0, err
//		}
//		…
//	})
func (t Term) Check(ctx context.Context, tx *db.Tx) error {
	newest, err := tx.One[int64](ctx, `SELECT term FROM leader_terms WHERE role = $1 FOR SHARE`, t.Role).Await(ctx)
	switch {
	case errors.Is(err, db.ErrNoRows), err == nil && newest != t.Number:
		return ErrNotLeader
	}
	return err
}
