package redisstore_test

import (
	"context"
	"crypto/tls"
	"net"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/redis/rueidis"
	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/idempotency/redisstore"
	"github.com/fasterapi/fasterapi/internal/test/keys"
	"github.com/fasterapi/fasterapi/internal/test/needs"
)

// startRedis starts a Redis that listens on a unix socket only.
func startRedis(t *testing.T) (client rueidis.Client, kill func()) {
	t.Helper()
	socket := filepath.Join(t.TempDir(), "redis.sock")
	cmd := exec.Command(needs.Program(t, "redis-server", "valkey-server"), "--port", "0", "--unixsocket", socket,
		"--save", "", "--appendonly", "no", "--dir", filepath.Dir(socket))
	require.NoError(t, cmd.Start())
	kill = func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
	t.Cleanup(kill)
	require.Eventually(t, func() bool {
		conn, err := net.Dial("unix", socket)
		return err == nil && conn.Close() == nil
	}, 30*time.Second, 5*time.Millisecond)
	client, err := rueidis.NewClient(rueidis.ClientOption{
		InitAddress: []string{socket},
		DialCtxFn: func(ctx context.Context, addr string, d *net.Dialer, _ *tls.Config) (net.Conn, error) {
			return d.DialContext(ctx, "unix", addr)
		},
		DisableCache: true, DisableRetry: true,
	})
	require.NoError(t, err)
	t.Cleanup(client.Close)
	return client, kill
}

func TestStore(t *testing.T) {
	client, kill := startRedis(t)
	keys.Run(t, keys.Setup{Store: redisstore.New(client, redisstore.Config{Timeout: 20 * time.Second}), Break: kill})
}
