package leader_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/leader"
)

// heldLog is a log that does not take the line with text until it is released.
type heldLog struct {
	slog.Handler
	text    string
	release chan struct{}
}

func (h heldLog) Handle(_ context.Context, r slog.Record) error {
	if strings.Contains(r.Message, h.text) {
		<-h.release
	}
	return nil
}

// TestStopInTime: a stop ends with its context, whether the work of the role does, or its connection.
func TestStopInTime(t *testing.T) {
	pool := open(t)
	log := heldLog{slog.NewTextHandler(&lines{}, nil), "the role no more", make(chan struct{})}
	role := leader.New(pool, "late", leader.Config{Check: patient, Logger: slog.New(log)})
	require.NoError(t, role.Start())
	elected(t, []*leader.Role{role}, nil)
	working, release, done := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		done <- role.Do(context.Background(), func(context.Context, leader.Term) error {
			close(working)
			<-release
			return nil
		})
	}()
	<-working
	now, cancel := context.WithCancel(t.Context())
	cancel()
	stopped := make(chan error, 1)
	go func() { stopped <- role.Stop(now) }()
	select {
	case err := <-stopped:
		require.ErrorIs(t, err, context.Canceled)
		require.ErrorContains(t, err, "what role late does was cut off")
		require.ErrorContains(t, err, "the connection of role late has not ended yet")
	case <-time.After(30 * time.Second):
		t.Fatal("the stop waits for the connection")
	}
	close(release)
	require.NoError(t, <-done)
	close(log.release)
	require.NoError(t, role.Stop(t.Context()), "now all is done")
}
