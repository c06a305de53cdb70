package redis_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/cache/redis"
)

// TestUnasked: an answer that nobody has asked for ends the connection, and neither the process nor a load; on the next connection the cache
// works as before. What the client of Redis does with one is a panic on a goroutine of its own.
func TestUnasked(t *testing.T) {
	for _, answer := range []string{"+OK\r\n", "-ERR not you\r\n", "$1\r\nx\r\n", "*3\r\n:1\r\n$1\r\nx\r\n$1\r\n1\r\n", "\r\n", "HTTP/1.1 400 Bad Request\r\n\r\n", "+OK\r\n+OK\r\n+OK\r\n"} {
		srv, tr := startServer(t), &truth{}
		store := srv.open(redis.Config{})
		c := process(store, tr, level{})
		require.Zero(t, get(t, c, "x"))
		soon(t, func() bool { return store.Stats().Stored == 1 && store.Stats().Listening })
		before := store.Stats()
		srv.Proxy.Say(answer)
		soon(t, func() bool { return store.Stats().Cleared > before.Cleared }, "%q: the connection is lost", answer)
		n := 0
		soon(t, func() bool {
			n++
			get(t, c, fmt.Sprint("n", n))
			return store.Stats().Stored > before.Stored && store.Stats().Listening
		}, "%q: and made again", answer)
	}
}
