package redisclient

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/rueidis"
	"github.com/stretchr/testify/require"
)

// liar is a Redis that greets as one of its version does, and says what a test wants behind its answer to the first command.
//
// Owner: any (immutable).
type liar struct {
	version string // "": it knows RESP2 only
	says    string
}

// command reads one.
func command(r *bufio.Reader) (words []string, err error) {
	length := func() (int, error) {
		line, err := r.ReadString('\n')
		if err != nil {
			return 0, err
		}
		return strconv.Atoi(line[1 : len(line)-2])
	}
	n, err := length()
	for range n {
		var size int
		if size, err = length(); err != nil {
			return nil, err
		}
		word := make([]byte, size+2)
		if _, err = io.ReadFull(r, word); err != nil {
			return nil, err
		}
		words = append(words, string(word[:size]))
	}
	return words, err
}

func (l liar) greet(words []string) (answer string, ok bool) {
	switch words[0] {
	case "HELLO":
		switch {
		case l.version == "":
			return "-ERR unknown command 'HELLO'\r\n", true
		case words[1] == "2":
			return "*4\r\n+proto\r\n:2\r\n+version\r\n+" + l.version + "\r\n", true
		}
		return "%2\r\n+proto\r\n:3\r\n+version\r\n+" + l.version + "\r\n", true
	case "CLIENT":
		return "+OK\r\n", true
	}
	return "", false
}

func (l liar) serve(conn net.Conn) {
	defer conn.Close()
	r := bufio.NewReader(conn)
	for {
		words, err := command(r)
		if err != nil {
			return
		}
		answer, ok := l.greet(words)
		if !ok {
			go func() { _, _ = io.Copy(io.Discard, r) }()
			_, _ = io.WriteString(conn, l.says)
			return
		}
		if _, err := io.WriteString(conn, answer); err != nil {
			return
		}
	}
}

// hear lets a client hear what a liar says to a call, and to a subscription. It returns what they fail with.
func (l liar) hear(t testing.TB) (call, subscribed error) {
	option := rueidis.ClientOption{
		InitAddress: []string{"liar"}, ForceSingleClient: true, DisableCache: true, DisableRetry: true,
		RingScaleEachConn: 1, ReadBufferEachConn: 4 << 10, WriteBufferEachConn: 4 << 10,
		DialCtxFn: func(context.Context, string, *net.Dialer, *tls.Config) (net.Conn, error) {
			near, far := net.Pipe()
			go l.serve(far)
			return near, nil
		},
	}
	client, err := New(option)
	require.NoError(t, err)
	defer client.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var all sync.WaitGroup
	all.Go(func() {
		for _, r := range client.DoMulti(ctx, client.B().Get().Key("k").Build(), client.B().Mget().Key("a", "b").Build()) {
			if call = r.NonRedisError(); call != nil {
				return
			}
		}
	})
	all.Go(func() {
		conn, release := client.Dedicate()
		defer release()
		lost := conn.SetPubSubHooks(rueidis.PubSubHooks{OnMessage: func(rueidis.PubSubMessage) {}})
		subscribed = conn.Do(ctx, conn.B().Subscribe().Channel("x", "y").Build()).NonRedisError()
		_ = conn.Do(ctx, conn.B().Unsubscribe().Channel("x").Build()).Error()
		select {
		case <-lost:
		case <-ctx.Done():
			t.Error("it hangs")
		}
	})
	all.Wait()
	require.NoError(t, ctx.Err(), "it hangs")
	return call, subscribed
}

const (
	news      = ">3\r\n+subscribe\r\n+x\r\n:1\r\n"
	more      = ">3\r\n+subscribe\r\n+y\r\n:2\r\n"
	gone      = ">3\r\n+unsubscribe\r\n+x\r\n:1\r\n"
	oldNews   = "*3\r\n+subscribe\r\n+x\r\n:1\r\n"
	within    = ">2\r\n+invalidate\r\n*1\r\n+k\r\n"
	lie       = "+OK\r\n+OK\r\n" // what two commands are answered with
	twoThings = "*2\r\n"
)

// lies are what a Redis may say behind the first command: with the client of rueidis alone, most of them end the process.
var lies = []string{
	"", "\r\n", "HTTP/1.1 400 Bad Request\r\n\r\n", "?", "\x00\x00\x00\x00",
	lie + "+OK\r\n", lie + "$1\r\nx\r\n", lie + "-ERR not you\r\n", "+OK\r\n+OK\r\n*3\r\n:1\r\n$1\r\nx\r\n$1\r\n1\r\n",
	"%-1\r\n", "|-1\r\n", ">-1\r\n" + lie, lie + ">-1\r\n", "~-1\r\n" + lie + "+OK\r\n", "$15\n123456789012345\r\n+OK\r\n+OK\r\n+OK\r\n",
	"$00000000000000000000005\r\n+OK\r\n" + lie, "_xx" + lie + "\r\n", "#t+OK\r\n" + lie, "#0\r\r#\r\r\r\r", "#\r\n" + lie, "=1\r\nx\r\n", "*1000000000\r\n", strings.Repeat("*16777216\r\n", 100),
	"-MOVED\r\n-ASK\r\n", "+QUEUED\r\n+QUEUED\r\n", news + lie, more + more + more, lie + news, "+OK\r\n" + news + news, news + more + "+PONG\r\n" + "+OK\r\n",
	news + more + gone + "-NOPERM no\r\n+OK\r\n+OK\r\n", news + more + gone + "+PONG\r\n+PONG\r\n" + lie, oldNews + oldNews + lie + lie,
	"*1\r\n" + within + lie + lie, twoThings + within + within + lie + lie + lie, twoThings + "+a\r\n" + within + "+b\r\n" + lie + lie,
	"*1\r\n*1\r\n" + within + lie + lie, strings.Repeat("*1\r\n", 100000), "$?\r\n;1\r\nx\r\n;0\r\n" + lie, "*?\r\n+a\r\n.\r\n" + lie,
	"|1\r\n+a\r\n+b\r\n" + lie + "+OK\r\n", "|2\r\n", ">1\r\n+subscribe\r\n" + lie + "+OK\r\n",
}

var versions = []string{"", "6.2.7", "7.0.15", "8.1.0"}

// TestLies: whatever a Redis says, the process lives, the calls end, and the client goes on.
func TestLies(t *testing.T) {
	for _, version := range versions {
		for _, says := range lies {
			liar{version, says}.hear(t)
		}
	}
}

// TestTruth: what a Redis says that keeps the rules gets through.
func TestTruth(t *testing.T) {
	for _, version := range versions[1:] {
		call, _ := liar{version, "$-1\r\n*2\r\n$1\r\na\r\n_\r\n"}.hear(t)
		require.NoError(t, call, version)
		call, _ = liar{version, within + "|1\r\n+ttl\r\n:1\r\n-ERR no\r\n" + within + "*2\r\n*1\r\n:1\r\n%1\r\n+a\r\n#t\r\n"}.hear(t)
		require.NoError(t, call, version)
		_, subscribed := liar{version, within + news + more + ">3\r\n+message\r\n+x\r\n+hello\r\n" + gone + "+PONG\r\n"}.hear(t)
		require.NoError(t, subscribed, version)
	}
	call, _ := liar{"", "$-1\r\n*2\r\n$1\r\na\r\n$-1\r\n"}.hear(t)
	require.NoError(t, call)
	_, subscribed := liar{"", oldNews + "*3\r\n+subscribe\r\n+y\r\n:2\r\n*3\r\n+message\r\n+x\r\n+hello\r\n"}.hear(t)
	require.NoError(t, subscribed)
	call, _ = liar{"6.2.7", "$-1\r\n" + twoThings + within + "$-1\r\n$-1\r\n"}.hear(t)
	require.NoError(t, call, "as Redis 6 has it")
}

// TestLieIsTold: the call that a lie was told to says so, and not that of somebody else.
func TestLieIsTold(t *testing.T) {
	call, _ := liar{"7.0.15", "+OK\r\nHTTP/1.1 400 Bad Request\r\n"}.hear(t)
	require.ErrorIs(t, call, errFrame)
	_, subscribed := liar{"7.0.15", lie}.hear(t)
	require.NoError(t, subscribed, "+OK answers it; what is behind it does not")
	_, subscribed = liar{"7.0.15", "+QUEUED\r\n"}.hear(t)
	require.ErrorIs(t, subscribed, errUnasked)
}

// FuzzLies: as TestLies, with what nobody has thought of.
func FuzzLies(f *testing.F) {
	for i, says := range lies {
		if len(says) < 1000 {
			f.Add(byte(i), []byte(says))
		}
	}
	f.Fuzz(func(t *testing.T, version byte, says []byte) {
		liar{versions[int(version)%len(versions)], string(says)}.hear(t)
	})
}

// BenchmarkGuard is what it costs to look at 100 answers of a size, and at the commands they are answers to.
func BenchmarkGuard(b *testing.B) {
	for _, size := range []int{10, 1000, 100_000} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			value := strings.Repeat("x", size)
			ask := []byte(strings.Repeat("*2\r\n$3\r\nGET\r\n$3\r\nkey\r\n", 100))
			answer := []byte(strings.Repeat(fmt.Sprintf("$%d\r\n%s\r\n", size, value), 100))
			g := guard(nil)
			b.SetBytes(int64(len(answer)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := g.out.feed(ask); err != nil {
					b.Fatal(err)
				}
				if _, err := g.in.feed(answer); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
