package leader_test

import (
	"bytes"
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/pg"
	"github.com/fasterapi/fasterapi/leader"
	"github.com/jackc/pgx/v5/pgconn"
)

// lines is a log for many goroutines.
type lines struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *lines) count(text string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return bytes.Count(l.buf.Bytes(), []byte(text))
}

// TestPoolClosed: a role whose pool is closed ends, whether it leads or not, and does not try again and again.
func TestPoolClosed(t *testing.T) {
	pool := open(t)
	log := &lines{}
	roles := make([]*leader.Role, 2)
	for i := range roles {
		roles[i] = leader.New(pool, "closing", leader.Config{Check: 20 * time.Millisecond, Logger: slog.New(slog.NewTextHandler(log, nil))})
		require.NoError(t, roles[i].Start())
		t.Cleanup(func() { _ = roles[i].Stop(context.Background()) })
	}
	elected(t, roles, nil)
	ended := make(chan error, 1)
	began := make(chan struct{})
	go func() {
		ended <- pg.Alone(t.Context(), pool, func(ctx context.Context, _ *pgconn.PgConn) error {
			close(began)
			<-ctx.Done()
			return ctx.Err()
		})
	}()
	<-began
	require.NoError(t, pool.Close(t.Context()))
	require.ErrorIs(t, <-ended, db.ErrClosed)
	require.ErrorIs(t, pg.Alone(t.Context(), pool, nil), db.ErrClosed)
	require.Eventually(t, func() bool { // at such a Check, a busy machine has lost some before
		before := log.count("the connection was lost")
		time.Sleep(300 * time.Millisecond)
		return log.count("the connection was lost") == before
	}, time.Minute, time.Millisecond)
	require.GreaterOrEqual(t, log.count("the connection was lost"), 1)
}
