package redisclient_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/rueidis"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/fasterapi/fasterapi/client/redisclient"
	"github.com/fasterapi/fasterapi/internal/test/leaks"
	"github.com/fasterapi/fasterapi/internal/test/redistest"
)

var echoed atomic.Int64

// echo lets Redis say something, which must come back. wrong: something else has.
func echo(t *testing.T, client rueidis.Client, timeout time.Duration) (err error, wrong bool) {
	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	defer cancel()
	text := fmt.Sprint("text ", echoed.Add(1))
	answer, err := client.Do(ctx, client.B().Echo().Message(text).Build()).ToString()
	return err, err == nil && answer != text
}

// TestFaults: whatever becomes of Redis, calls end in time and the process lives; when Redis is well calls succeed again, each with its own answer, and
// nothing is left behind.
func TestFaults(t *testing.T) {
	current := goleak.IgnoreCurrent()
	t.Cleanup(func() { leaks.None(t, current) })
	server := redistest.Start(t)
	client, err := redisclient.Open(server.URL())
	require.NoError(t, err)
	t.Cleanup(client.Close)
	well := func() bool {
		err, wrong := echo(t, client, 5*time.Second) // wrong: what nobody has asked for came while this was asked
		return err == nil && !wrong
	}
	server.Suffer(t, well, func(t *testing.T, f redistest.Fault) {
		for range 3 {
			begun := time.Now()
			err, _ := echo(t, client, redistest.Slow/3)
			require.Less(t, time.Since(begun), 20*time.Second, "it hangs")
			if f.Lasts {
				require.Error(t, err)
			}
		}
	})
}

// TestUnasked: what comes while nothing is asked ends the connection, and is never the answer to the next call, also in a transaction and for those who
// subscribe.
func TestUnasked(t *testing.T) {
	server := redistest.Start(t)
	client, err := redisclient.Open(server.URL())
	require.NoError(t, err)
	defer client.Close()
	for _, answer := range []string{"+OK\r\n", "-ERR not you\r\n", "$6\r\ntext 1\r\n", "*3\r\n:1\r\n$1\r\nx\r\n$1\r\n1\r\n", "\r\n", "HTTP/1.1 400 Bad Request\r\n\r\n", "+OK\r\n+OK\r\n+OK\r\n", "%-1\r\n"} {
		require.Eventually(t, func() bool {
			err, wrong := echo(t, client, 20*time.Second)
			require.False(t, wrong, "%q", answer)
			return err == nil
		}, time.Minute, time.Millisecond, "%q", answer)
		conn, release := client.Dedicate()
		lost := conn.SetPubSubHooks(rueidis.PubSubHooks{OnMessage: func(rueidis.PubSubMessage) {}})
		require.NoError(t, conn.Do(t.Context(), conn.B().Subscribe().Channel("a", "b").Build()).Error())
		require.Positive(t, server.Proxy.Open())
		server.Proxy.Say(answer)
		require.Eventually(t, func() bool { return server.Proxy.Open() == 0 }, time.Minute, time.Millisecond, "%q", answer)
		require.Error(t, <-lost)
		release()
	}
}

// TestLost: where an answer is lost all that come later are those to other calls, and no call has its own in time; that lasts for seconds at most, however
// many calls there are. Redis is not asked for that in a transaction, nor by who has just subscribed.
func TestLost(t *testing.T) {
	server := redistest.Start(t)
	client, err := redisclient.New(rueidis.ClientOption{
		InitAddress: []string{server.Proxy.Address()}, ForceSingleClient: true, PipelineMultiplex: -1, DisableCache: true, DisableRetry: true,
	})
	require.NoError(t, err)
	defer client.Close()
	err, _ = echo(t, client, 20*time.Second)
	require.NoError(t, err)
	server.Proxy.Lose()
	var all sync.WaitGroup
	var well atomic.Int64
	deadline := time.Now().Add(time.Minute)
	for range 4 {
		all.Go(func() {
			for row := 0; row < 100; row++ { // together they never pause
				if err, wrong := echo(t, client, time.Second); err != nil || wrong {
					row = 0
				}
				if time.Now().After(deadline) {
					return
				}
			}
			well.Add(1)
		})
	}
	all.Wait()
	require.EqualValues(t, 4, well.Load())

	conn, release := client.Dedicate()
	defer release()
	require.NoError(t, conn.Do(t.Context(), conn.B().Multi().Build()).Error())
	time.Sleep(redisclient.CheckEvery) // it is due
	require.NoError(t, conn.Do(t.Context(), conn.B().Incr().Key("n").Build()).Error())
	answers, err := conn.Do(t.Context(), conn.B().Exec().Build()).ToArray()
	require.NoError(t, err)
	require.Len(t, answers, 1)
	require.NoError(t, conn.Do(t.Context(), conn.B().Incr().Key("n").Build()).Error())
	require.NoError(t, conn.Do(t.Context(), conn.B().Subscribe().Channel("x").Build()).Error())
	time.Sleep(redisclient.CheckEvery)
	require.NoError(t, conn.Do(t.Context(), conn.B().Unsubscribe().Channel("x").Build()).Error())
	require.NoError(t, conn.Do(t.Context(), conn.B().Incr().Key("n").Build()).Error())
}

// TestNotThereYet: a client of a Redis that comes later finds it.
func TestNotThereYet(t *testing.T) {
	server := redistest.Start(t)
	server.Kill()
	for _, url := range []string{server.URL(), "unix://" + server.Socket()} {
		client, err := redisclient.Open(url)
		require.NoError(t, err)
		t.Cleanup(client.Close)
		err, _ = echo(t, client, 20*time.Second)
		require.Error(t, err)
		server.Start()
		require.Eventually(t, func() bool {
			err, wrong := echo(t, client, 20*time.Second)
			return err == nil && !wrong
		}, time.Minute, time.Millisecond)
		server.Kill()
	}
}

// TestRefused: what can be known at the start is told then, and no password with it.
func TestRefused(t *testing.T) {
	server := redistest.Start(t, "--requirepass", "right")
	_, err := redisclient.Open("redis://:wrong@" + server.Proxy.Address())
	require.ErrorContains(t, err, "WRONGPASS")
	require.NotContains(t, err.Error(), "wrong@")
	client, err := redisclient.Open("redis://:right@" + server.Proxy.Address())
	require.NoError(t, err)
	defer client.Close()
	err, wrong := echo(t, client, 20*time.Second)
	require.NoError(t, err)
	require.False(t, wrong)
	for _, url := range []string{"", "localhost:6379", "http://:wrong@host", "redis://:wrong@host/a", "redis://:wrong@host:port"} {
		_, err := redisclient.Open(url)
		require.ErrorContains(t, err, "is not one of Redis", url)
		require.NotContains(t, err.Error(), "wrong", url)
	}
}

// TestLarge: commands and answers of any size get through, whole.
func TestLarge(t *testing.T) {
	client, err := redisclient.Open(redistest.Start(t).URL())
	require.NoError(t, err)
	defer client.Close()
	for _, size := range []int{0, 1, 9, 10, 99, 100, 999, 1000, 1001, 100_000, 3_000_000} {
		value := rueidis.BinaryString(make([]byte, size))
		require.NoError(t, client.Do(t.Context(), client.B().Set().Key("k").Value(value).Build()).Error())
		got, err := client.Do(t.Context(), client.B().Get().Key("k").Build()).ToString()
		require.NoError(t, err)
		require.Equal(t, value, got)
	}
	many := make([]string, 10_000)
	for i := range many {
		many[i] = fmt.Sprint(i)
	}
	require.NoError(t, client.Do(t.Context(), client.B().Rpush().Key("list").Element(many...).Build()).Error())
	got, err := client.Do(t.Context(), client.B().Lrange().Key("list").Start(0).Stop(-1).Build()).AsStrSlice()
	require.NoError(t, err)
	require.Equal(t, many, got)
}
