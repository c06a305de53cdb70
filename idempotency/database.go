package idempotency

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/db"
)

// Schema makes the table of InDatabase where it is missing, in PostgreSQL and SQLite.
const Schema = `
CREATE TABLE IF NOT EXISTS idempotency_keys (
	name text PRIMARY KEY, print text NOT NULL, token text NOT NULL, answer text, leased bigint NOT NULL, expires bigint NOT NULL
);
CREATE INDEX IF NOT EXISTS idempotency_keys_expires ON idempotency_keys (expires);
`

// sweepEvery is how often an instance deletes what has expired.
const sweepEvery = time.Minute

// database is a Store in a table. Times are milliseconds of the Unix era.
//
// Owner: any (swept is atomic).
type database struct {
	pool  *db.Pool
	swept atomic.Int64
}

// InDatabase returns a store in a PostgreSQL or SQLite database that has the table of [Schema].
func InDatabase(pool *db.Pool) Store { return &database{pool: pool} }

const (
	claimSQL = `
INSERT INTO idempotency_keys (name, print, token, answer, leased, expires) VALUES ($1, $2, $3, NULL, $4, $5)
ON CONFLICT (name) DO UPDATE SET print = excluded.print, token = excluded.token, answer = NULL, leased = excluded.leased, expires = excluded.expires
WHERE idempotency_keys.expires <= $6
	OR (idempotency_keys.answer IS NULL AND idempotency_keys.leased <= $6 AND idempotency_keys.print = excluded.print)
RETURNING token AS print, answer`
	findSQL    = `SELECT print, answer FROM idempotency_keys WHERE name = $1`
	renewSQL   = `UPDATE idempotency_keys SET leased = $3, expires = $4 WHERE name = $1 AND token = $2 AND answer IS NULL`
	finishSQL  = `UPDATE idempotency_keys SET answer = $3, expires = $4 WHERE name = $1 AND token = $2 AND answer IS NULL`
	releaseSQL = `DELETE FROM idempotency_keys WHERE name = $1 AND token = $2 AND answer IS NULL`
	sweepSQL   = `DELETE FROM idempotency_keys WHERE expires <= $1`
)

// row is what the statements return.
//
// Owner: any (a value).
type row struct {
	Print  string  `db:"print"`
	Answer *string `db:"answer"`
}

// errBusy: the key was freed and taken again, twice.
var errBusy = errors.New("idempotency: the key changes hands all the time")

// Claim implements [Store].
func (d *database) Claim(ctx context.Context, c Claim) async.Future[Found] {
	d.sweep(ctx)
	return d.claim(ctx, c, 3)
}

func (d *database) claim(ctx context.Context, c Claim, tries int) async.Future[Found] {
	now := async.Now(ctx)
	claimed := d.pool.Query[row](ctx, claimSQL, c.Key, c.Print, c.Token, now.Add(c.Lease).UnixMilli(), now.Add(c.Keep).UnixMilli(), now.UnixMilli())
	return claimed.ThenFuture(func(rows []row) async.Future[Found] {
		if len(rows) > 0 {
			return async.Ready(Found{Claimed: true})
		}
		return d.pool.Query[row](ctx, findSQL, c.Key).ThenFuture(func(rows []row) async.Future[Found] {
			switch {
			case len(rows) == 0 && tries == 1:
				return async.Failed[Found](errBusy)
			case len(rows) == 0:
				return d.claim(ctx, c, tries-1)
			}
			f := Found{Print: rows[0].Print}
			if rows[0].Answer != nil {
				f.Answer = []byte(*rows[0].Answer)
			}
			return async.Ready(f)
		})
	})
}

// Renew implements [Store].
func (d *database) Renew(ctx context.Context, c Claim) async.Future[bool] {
	now := async.Now(ctx)
	return d.changed(ctx, renewSQL, c.Key, c.Token, now.Add(c.Lease).UnixMilli(), now.Add(c.Keep).UnixMilli())
}

// Finish implements [Store].
func (d *database) Finish(ctx context.Context, c Claim, answer []byte) async.Future[bool] {
	return d.changed(ctx, finishSQL, c.Key, c.Token, string(answer), async.Now(ctx).Add(c.Keep).UnixMilli())
}

// Release implements [Store].
func (d *database) Release(ctx context.Context, c Claim) async.Future[bool] {
	return d.changed(ctx, releaseSQL, c.Key, c.Token)
}

func (d *database) changed(ctx context.Context, sql string, args ...any) async.Future[bool] {
	return d.pool.Exec(ctx, sql, args...).Then(func(r db.Result) bool { return r.RowsAffected == 1 })
}

// sweep deletes what has expired, now and then. That it fails is logged, as of every future that nobody looks at.
func (d *database) sweep(ctx context.Context) {
	now, last := async.Now(ctx), d.swept.Load()
	if now.UnixMilli()-last >= sweepEvery.Milliseconds() && d.swept.CompareAndSwap(last, now.UnixMilli()) {
		d.pool.Exec(context.WithoutCancel(ctx), sweepSQL, now.UnixMilli())
	}
}
