package redislink_test

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

	"github.com/fasterapi/fasterapi/broadcast"
	"github.com/fasterapi/fasterapi/broadcast/redislink"
	"github.com/fasterapi/fasterapi/internal/test/links"
	"github.com/fasterapi/fasterapi/internal/test/needs"
)

// server is a Redis that listens on a unix socket only.
type server struct {
	t      *testing.T
	socket string
	cmd    *exec.Cmd
}

func (s *server) start() {
	s.cmd = exec.Command(needs.Program(s.t, "redis-server", "valkey-server"), "--port", "0", "--unixsocket", s.socket,
		"--save", "", "--appendonly", "no", "--dir", filepath.Dir(s.socket))
	require.NoError(s.t, s.cmd.Start())
	require.Eventually(s.t, func() bool {
		conn, err := net.Dial("unix", s.socket)
		return err == nil && conn.Close() == nil
	}, 30*time.Second, 5*time.Millisecond)
}

func (s *server) kill() {
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
}

func (s *server) client(t *testing.T) rueidis.Client {
	client, err := rueidis.NewClient(rueidis.ClientOption{
		InitAddress: []string{s.socket},
		DialCtxFn: func(ctx context.Context, addr string, d *net.Dialer, _ *tls.Config) (net.Conn, error) {
			return d.DialContext(ctx, "unix", addr)
		},
		DisableCache: true,
	})
	require.NoError(t, err)
	t.Cleanup(client.Close)
	return client
}

func startServer(t *testing.T) *server {
	s := &server{t: t, socket: filepath.Join(t.TempDir(), "redis.sock")}
	s.start()
	t.Cleanup(func() { s.kill() })
	return s
}

func TestLink(t *testing.T) {
	s := startServer(t)
	admin := s.client(t)
	do := func(args ...string) {
		require.NoError(t, admin.Do(t.Context(), admin.B().Arbitrary(args...).Build()).Error())
	}
	links.Run(t, links.Backend{
		Link:   func(t *testing.T) broadcast.Link { return redislink.New(s.client(t), redislink.Config{}) },
		Kill:   s.kill,
		Start:  s.start,
		Forget: func() { do("FLUSHALL") },
		Rewind: func(topic string) { do("HINCRBY", "broadcast:{"+topic+"}:head", "seq", "-1") },
	})
}

// TestKeys: what is in Redis is below the prefix, and expires.
func TestKeys(t *testing.T) {
	client := startServer(t).client(t)
	link := redislink.New(client, redislink.Config{Prefix: "app:", Keep: time.Hour})
	_, err := link.Publish(t.Context(), "topic", 10, []byte("x"))
	require.NoError(t, err)
	keys, err := client.Do(t.Context(), client.B().Keys().Pattern("*").Build()).AsStrSlice()
	require.NoError(t, err)
	require.ElementsMatch(t, []string{"app:{topic}", "app:{topic}:head"}, keys)
	for _, key := range keys {
		left, err := client.Do(t.Context(), client.B().Pttl().Key(key).Build()).AsInt64()
		require.NoError(t, err)
		require.InDelta(t, time.Hour.Milliseconds(), left, 60_000)
	}
	_, err = link.Publish(t.Context(), "a{b", 10, []byte("x"))
	require.ErrorContains(t, err, "braces")
	_, err = link.Read(t.Context(), "a}b", broadcast.Position{})
	require.ErrorContains(t, err, "braces")
	require.ErrorContains(t, link.Watch(t.Context(), "{", func() {}), "braces")
}
