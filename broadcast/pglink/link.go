package pglink

import (
	"context"
	"crypto/rand"
	"errors"

	"github.com/fasterapi/fasterapi/broadcast"
	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/pg"
)

// Schema makes the tables where they are missing.
const Schema = `
CREATE TABLE IF NOT EXISTS broadcast_topics (topic text PRIMARY KEY, epoch text NOT NULL, seq bigint NOT NULL);
CREATE TABLE IF NOT EXISTS broadcast_messages (topic text NOT NULL, seq bigint NOT NULL, data bytea NOT NULL, PRIMARY KEY (topic, seq));
`

const (
	channel = "broadcast"
	// pageSize is how many messages are read at a time.
	pageSize = 256
)

// Link is a [broadcast.Link] in PostgreSQL. Any goroutine may use it.
//
// Owner: any (immutable after New).
type Link struct{ pool *db.Pool }

var _ broadcast.Link = (*Link)(nil)

// New returns a link that uses a pool of package db/pg. The tables of [Schema] must be there.
func New(pool *db.Pool) *Link { return &Link{pool: pool} }

// head is the row of a topic.
//
// Owner: any (a value).
type head struct {
	Epoch string `db:"epoch"`
	Seq   int64  `db:"seq"`
}

func (h head) position() broadcast.Position {
	return broadcast.Position{Epoch: h.Epoch, Seq: uint64(h.Seq)}
}

// publish locks the row of the topic, so that rows appear in the order of their numbers. It waits until the message is stored also
// where synchronous_commit is off: a server that crashed would give the number of a lost message to another one, which nobody
// who has seen the first would read.
const publish = `
WITH head AS (
	INSERT INTO broadcast_topics AS t (topic, epoch, seq) VALUES ($1, $2, 1)
	ON CONFLICT (topic) DO UPDATE SET seq = t.seq + 1 RETURNING epoch, seq
), stored AS (
	INSERT INTO broadcast_messages (topic, seq, data) SELECT $1, seq, $3 FROM head
), dropped AS (
	DELETE FROM broadcast_messages WHERE topic = $1 AND seq <= (SELECT seq FROM head) - $4
)
SELECT epoch, seq FROM head, pg_notify($5, $1),
	set_config('synchronous_commit', replace(current_setting('synchronous_commit'), 'off', 'on'), true)`

// Publish implements [broadcast.Link].
func (l *Link) Publish(ctx context.Context, topic string, keep int, data []byte) (broadcast.Position, error) {
	return l.publish(ctx, &l.pool.Querier, topic, keep, data)
}

func (l *Link) publish(ctx context.Context, q *db.Querier, topic string, keep int, data []byte) (broadcast.Position, error) {
	h, err := q.One[head](ctx, publish, topic, newEpoch(), data, int64(keep), channel).Await(ctx)
	return h.position(), err
}

func newEpoch() string { return rand.Text()[:10] }

// row is a message, beside the head of its topic; without one Number and Data are nil.
//
// Owner: any (a value).
type row struct {
	Epoch  string `db:"epoch"`
	Seq    int64  `db:"seq"`
	Number *int64 `db:"number"`
	Data   []byte `db:"data"`
}

const read = `
SELECT t.epoch, t.seq, m.seq AS number, m.data FROM broadcast_topics t
LEFT JOIN LATERAL (
	SELECT seq, data FROM broadcast_messages
	WHERE topic = t.topic AND seq > CASE WHEN t.epoch = $2 THEN $3::bigint ELSE 0 END
	ORDER BY seq LIMIT $4
) m ON true
WHERE t.topic = $1 ORDER BY m.seq`

// renew begins an epoch where there is none, or where the server has lost what a reader has seen: it was restored from a backup, or
// a standby has taken over that was behind.
const renew = `
WITH fresh AS (
	INSERT INTO broadcast_topics AS t (topic, epoch, seq) VALUES ($1, $2, 0)
	ON CONFLICT (topic) DO UPDATE SET epoch = excluded.epoch, seq = 0 WHERE t.epoch = $3 AND t.seq < $4 RETURNING topic
)
DELETE FROM broadcast_messages WHERE topic IN (SELECT topic FROM fresh)`

// Read implements [broadcast.Link].
func (l *Link) Read(ctx context.Context, topic string, after broadcast.Position) (broadcast.Page, error) {
	for range 3 {
		rows, err := l.pool.Query[row](ctx, read, topic, after.Epoch, int64(after.Seq), int64(pageSize)).Await(ctx)
		switch {
		case err != nil:
			return broadcast.Page{}, err
		case len(rows) == 0 || rows[0].Epoch == after.Epoch && rows[0].Seq < int64(after.Seq):
			if _, err := l.pool.Exec(ctx, renew, topic, newEpoch(), after.Epoch, int64(after.Seq)).Await(ctx); err != nil {
				return broadcast.Page{}, err
			}
			continue
		}
		page := broadcast.Page{Last: head{rows[0].Epoch, rows[0].Seq}.position()}
		for _, r := range rows {
			if r.Number != nil {
				page.Messages = append(page.Messages, broadcast.Stored{Seq: uint64(*r.Number), Data: r.Data})
			}
		}
		return page, nil
	}
	return broadcast.Page{}, errors.New("pglink: the topic changes its epoch again and again")
}

var (
	errLost = errors.New("pglink: the connection that listens was lost")
	errLeft = errors.New("pglink: the connection that listens has ended")
)

// Watch implements [broadcast.Link], on a connection of its own.
func (l *Link) Watch(ctx context.Context, topic string, wake func()) error {
	for n, err := range pg.ListenBegun(ctx, l.pool, wake, channel) {
		switch {
		case err != nil:
			return err
		case n.Gap:
			return errLost // a new Watch says that it was
		case n.Payload == topic:
			wake()
		}
	}
	return errLeft
}
