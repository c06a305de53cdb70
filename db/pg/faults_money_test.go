package pg_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/pg"
	"github.com/fasterapi/fasterapi/reactor"
	"github.com/stretchr/testify/require"
)

const people = 10

var errNotEnough = errors.New("not enough money")

func openBank(t testing.TB, p *db.Pool) {
	ctx := background(t)
	_, err := p.Exec(ctx, "CREATE TABLE bank (id INT PRIMARY KEY, money BIGINT NOT NULL CHECK (money >= 0))").Await(ctx)
	require.NoError(t, err)
	_, err = p.Exec(ctx, "INSERT INTO bank SELECT i, 100 FROM generate_series(1, $1::int) AS s(i)", people).Await(ctx)
	require.NoError(t, err)
}

func bankTotal(t testing.TB, p *db.Pool) int64 {
	ctx := background(t)
	n, err := p.One[int64](ctx, "SELECT sum(money)::bigint FROM bank").Await(ctx)
	require.NoError(t, err)
	return n
}

// move moves money. Two moves in opposite directions deadlock: the order of
// locks is not fixed on purpose.
func move(ctx context.Context, p *db.Pool, isolation db.Isolation, amount int64) error {
	from, to := rand.IntN(people)+1, rand.IntN(people)+1
	for {
		_, err := p.Tx(ctx, db.TxOptions{Isolation: isolation, Retries: 20}, func(ctx context.Context, tx *db.Tx) (struct{}, error) {
			left, err := tx.One[int64](ctx, "SELECT money FROM bank WHERE id = $1", from).Await(ctx)
			if err == nil && left < amount {
				err = errNotEnough
			}
			if err == nil {
				_, err = tx.Exec(ctx, "UPDATE bank SET money = money - $2 WHERE id = $1", from, amount).Await(ctx)
			}
			if err == nil {
				_, err = tx.Exec(ctx, "UPDATE bank SET money = money + $2 WHERE id = $1", to, amount).Await(ctx)
			}
			return struct{}{}, err
		}).Await(ctx)
		if !db.SafeToRetry(err) {
			return err
		}
	}
}

// moveMuch runs n moves at once, while somebody adds up all the time.
func moveMuch(t *testing.T, p *db.Pool, n int) {
	before := bankTotal(t, p)
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Second)
	defer cancel()
	var movers, auditor sync.WaitGroup
	var done, refused atomic.Int64
	var stop atomic.Bool
	auditor.Go(func() {
		for !stop.Load() {
			if total, err := p.One[int64](ctx, "SELECT sum(money)::bigint FROM bank").Await(ctx); err != nil || total != before {
				t.Errorf("the total is %d, not %d (%v)", total, before, err)
				return
			}
		}
	})
	isolations := []db.Isolation{db.DefaultIsolation, db.RepeatableRead, db.Serializable}
	for i := range n {
		movers.Go(func() {
			switch err := move(ctx, p, isolations[i%len(isolations)], 1+int64(i%7)); {
			case err == nil:
				done.Add(1)
			case errors.Is(err, errNotEnough), db.KindOf(err) == db.CheckViolation:
				refused.Add(1)
			default:
				t.Errorf("a move: %v", err)
			}
		})
	}
	movers.Wait()
	stop.Store(true)
	auditor.Wait()
	require.Equal(t, before, bankTotal(t, p))
	require.EqualValues(t, n, done.Load()+refused.Load())
	require.Greater(t, done.Load(), int64(n/2))
}

// TestMoney: 1000 transactions at once on a handful of connections neither make
// nor lose money.
func TestMoney(t *testing.T) {
	g, err := reactor.Start(reactor.Config{Cores: 2})
	require.NoError(t, err)
	t.Cleanup(func() { _ = g.Stop(context.Background()) })
	p := open(t, plain(t), pg.Config{Reactors: g, MaxConns: 6, AcquireTimeout: 90 * time.Second})
	openBank(t, p)
	moveMuch(t, p, 1000)
	require.Eventually(t, func() bool { s := p.Stats(); return s.Busy == 0 && s.Waiting == 0 }, 20*time.Second, time.Millisecond)
}
