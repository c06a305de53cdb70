package http1

import (
	"context"
	"fmt"
	"io"
	"net"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/internal/poll/sim"
	"github.com/fasterapi/fasterapi/reactor"
	"github.com/fasterapi/fasterapi/reactor/virtual"
)

// cores is a server on two virtual reactors that share their sockets. Each core
// turns when the test says so.
//
// Owner: the test's goroutine.
type cores struct {
	v      [2]*virtual.Loop
	server *Server
	fd     [2]int // the listeners
}

func newCores(t require.TestingT, cfg Config, h exchange.Handler) *cores {
	k := &cores{}
	k.v[0] = virtual.New(1)
	k.v[1] = k.v[0].Beside(2)
	cfg.Logger = silent()
	var err error
	k.server, err = New(cfg, []*reactor.Reactor{k.v[0].Reactor, k.v[1].Reactor}, h)
	require.NoError(t, err)
	for i := range k.v {
		k.fd[i] = k.listen(t, i)
	}
	return k
}

func (k *cores) listen(t require.TestingT, core int) int {
	fd := k.net().Listen()
	k.v[core].Do(func() { require.NoError(t, k.server.cores[core].startListener(fd)) })
	return fd
}

func (k *cores) net() *sim.Net { return k.v[0].Net }

// ask connects to the listener of a core and sends a request.
func (k *cores) ask(t require.TestingT, core int, target string) *sim.Peer {
	p := k.net().Dial(k.fd[core])
	require.True(t, p.Send(get(target)))
	return p
}

// turn lets both cores turn until there is nothing to do.
func (k *cores) turn() {
	for range 3 { // what one gives to the other, and back
		k.v[0].RunUntilIdle()
		k.v[1].RunUntilIdle()
	}
}

func answered(t *testing.T, p *sim.Peer, want string) {
	t.Helper()
	answeredBy(t, p.Take(), want)
}

func answeredBy(t *testing.T, out []byte, want string) {
	t.Helper()
	require.Equal(t, []string{want}, bodies(t, string(out)))
}

func TestOthersTakeTheConnectionsOfAStuckCore(t *testing.T) {
	k := newCores(t, Config{}, &site{})
	var asked []*sim.Peer
	for i := range 100 {
		asked = append(asked, k.ask(t, i%2, fmt.Sprintf("/%d", i)))
	}
	k.v[1].Hold(150 * time.Millisecond)
	k.v[0].RunUntilIdle() // core 1 does not turn
	for i, p := range asked {
		answered(t, p, fmt.Sprintf("/%d", i))
	}
	k.v[1].Hold(0)
	late := k.ask(t, 1, "/late")
	k.v[1].RunUntilIdle()
	answered(t, late, "/late")
	k.turn()
	require.EqualValues(t, 101, k.server.Stats().Accepted)
	require.EqualValues(t, 1, k.v[1].Reactor.OpenConns(), "it takes connections again")
	require.Equal(t, 2+101, k.net().Open(), "the listeners and each connection, once")
}

// TestArrivalsAreTakenBack: core 0 has accepted for core 1 before anybody could
// know that it is stuck.
func TestArrivalsAreTakenBack(t *testing.T) {
	k := newCores(t, Config{}, &site{})
	first, second := k.ask(t, 0, "/1"), k.ask(t, 0, "/2")
	k.v[0].RunUntilIdle()
	require.EqualValues(t, 1, k.v[1].Reactor.OpenConns(), "one of them is core 1's")
	k.v[1].Hold(100 * time.Millisecond)
	k.v[0].RunUntilIdle()
	answered(t, first, "/1")
	answered(t, second, "/2")
	require.Zero(t, k.v[1].Reactor.OpenConns())
	k.v[1].Hold(0)
	k.turn()
	require.Empty(t, first.Take())
	require.Empty(t, second.Take())
	require.EqualValues(t, 2, k.server.Stats().Accepted)
}

func TestConnectionsWaitWhileAllCoresAreStuck(t *testing.T) {
	k := newCores(t, Config{}, &site{})
	given := k.ask(t, 0, "/given")
	k.v[1].Reactor.ConnOpened() // so it stays with core 0, until
	k.v[0].Reactor.ConnOpened()
	k.v[0].Reactor.ConnOpened() // it goes to core 1
	k.v[0].RunUntilIdle()
	for range 1000 { // looks of the watchdog
		k.v[0].Hold(time.Second)
		k.v[1].Hold(time.Second)
	}
	waiting := [2]*sim.Peer{k.ask(t, 0, "/0"), k.ask(t, 1, "/1")}
	k.v[0].Hold(2 * time.Second)
	k.v[1].Hold(2 * time.Second)
	require.EqualValues(t, 0, k.server.Stats().Accepted)
	require.LessOrEqual(t, k.v[1].Reactor.Stats().Mailbox, int64(2), "looks leave nothing behind")
	k.v[0].Hold(0)
	k.v[1].Hold(2 * time.Second)
	k.v[0].RunUntilIdle()
	answered(t, given, "/given")
	for i, p := range waiting {
		answered(t, p, fmt.Sprintf("/%d", i))
	}
}

// TestHelpKeepsMaxConns: what the others may not take waits for them, or for the
// stuck core.
func TestHelpKeepsMaxConns(t *testing.T) {
	k := newCores(t, Config{Limits: exchange.Limits{MaxConns: 1}}, &site{})
	first, second := k.ask(t, 1, "/1"), k.ask(t, 1, "/2")
	k.v[1].Hold(time.Second)
	k.turn() // core 1 has nothing to run: only its listener could give it work
	answered(t, first, "/1")
	require.Empty(t, second.Take())
	k.v[1].Hold(0)
	k.turn()
	answered(t, second, "/2")
	require.EqualValues(t, 1, k.v[1].Reactor.OpenConns())
}

// TestShutdownWithAStuckCore: what waits at its listener is answered by the other
// one, and it joins the shutdown when it turns again.
func TestShutdownWithAStuckCore(t *testing.T) {
	k := newCores(t, Config{}, &site{})
	waiting := k.ask(t, 1, "/waiting")
	k.v[1].Hold(time.Second)
	more := k.ask(t, 1, "/more")
	done := make(chan error, 1)
	go func() { done <- k.server.Shutdown(context.Background()) }()
	for _, p := range []*sim.Peer{waiting, more} {
		var out []byte
		require.True(t, k.v[0].RunUntil(func() bool { out = append(out, p.Take()...); return len(out) > 0 }))
		require.Contains(t, string(out), "HTTP/1.1 200")
	}
	refused := func() bool {
		p := k.net().Dial(k.fd[1])
		defer p.Close() // one that was let in must not be waited for
		_, errno := p.Write([]byte("x"))
		return errno != 0
	}
	require.True(t, k.v[0].RunUntil(refused), "nobody waits at the listener in vain")
	require.Empty(t, done, "it waits for the stuck core")
	k.v[1].Hold(0)
	for end := time.Now().Add(20 * time.Second); len(done) == 0 && time.Now().Before(end); runtime.Gosched() {
		k.turn() // both: it posts to one and to the other
	}
	require.Len(t, done, 1)
	require.NoError(t, <-done)
	k.v[0].Advance(lingerTimeout)
	require.Zero(t, k.net().Open())
}

// TestResponseBetweenShutdownAndDrain: a core that has not been told to drain, as it
// waits for a stuck one, promises no client that its connection stays open.
func TestResponseBetweenShutdownAndDrain(t *testing.T) {
	var late *exchange.Exchange
	k := newCores(t, Config{}, &site{routes: map[string]func(*exchange.Exchange) exchange.Outcome{
		"/late": func(x *exchange.Exchange) exchange.Outcome {
			late = x
			return exchange.Later
		},
	}})
	p := k.ask(t, 0, "/late")
	k.v[0].RunUntilIdle()
	k.v[1].Hold(time.Second)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- k.server.Shutdown(ctx) }()
	require.True(t, k.v[0].RunUntil(func() bool { return len(k.server.cores[0].openListeners()) == 0 }))
	require.False(t, k.server.cores[0].draining.Load())
	text(late, 200, "late")
	k.v[0].Do(late.Finish)
	require.Contains(t, string(p.Take()), "Connection: close\r\n")
	cancel()
	require.True(t, k.v[0].RunUntil(func() bool { return len(done) > 0 }))
}

// TestShutdownWithoutACoreThatTurns: when its time is over the listeners are
// closed, and it returns.
func TestShutdownWithoutACoreThatTurns(t *testing.T) {
	k := newCores(t, Config{}, &site{})
	k.v[0].Hold(time.Second)
	k.v[1].Hold(time.Second)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	require.ErrorIs(t, k.server.Shutdown(ctx), context.Canceled)
	require.Zero(t, k.net().Open())
}

// TestDescriptorOfAnAbandonedListener: a connection gets its number before the
// reactor has heard of the end of the listener.
func TestDescriptorOfAnAbandonedListener(t *testing.T) {
	k := newCores(t, Config{}, &site{})
	second := k.listen(t, 1)
	k.v[1].Hold(time.Second)
	k.server.cores[1].abandon()
	k.v[1].Hold(0)
	k.v[0].Reactor.ConnOpened()
	k.v[0].Reactor.ConnOpened() // the next two connections go to core 1
	first, other := k.ask(t, 0, "/1"), k.ask(t, 0, "/2")
	k.turn()
	numbers := map[int]bool{}
	k.server.cores[1].each(func(c *conn) { numbers[c.socket.FD()] = true })
	require.Equal(t, map[int]bool{k.fd[1]: true, second: true}, numbers)
	k.v[1].Do(k.server.cores[1].closeListeners)
	k.turn()
	answered(t, first, "/1")
	answered(t, other, "/2")
	require.True(t, first.Send(get("/3")))
	k.turn()
	answered(t, first, "/3")
}

// named is a site whose exchanges have names.
type named struct{ *site }

func (named) Name(x *exchange.Exchange) string { return "GET " + string(x.Head.Path) }

func TestShutdownOutOfTimeSaysWhatWasCutOff(t *testing.T) {
	var late []*exchange.Exchange
	s := &site{routes: map[string]func(*exchange.Exchange) exchange.Outcome{
		"/late": func(x *exchange.Exchange) exchange.Outcome {
			late = append(late, x)
			return exchange.Later
		},
		"/work": onGoroutine(func(x *exchange.Exchange) exchange.Outcome { return text(x, 200, "w") }),
	}}
	l := newLab(t, 1, Config{}, named{s})
	idle, busy := l.dial(), l.dial()
	require.NotEmpty(t, l.send(idle, get("/idle")))
	half := l.dial()
	l.send(half, "GET /half HTTP/1.1\r\n")
	l.send(busy, get("/late"))
	l.send(l.dial(), get("/late"))
	ctx, cancel := context.WithCancel(context.Background())
	lent := l.dial()
	require.True(t, lent.Send(get("/work")))
	l.v.RunUntilIdle()
	worker := l.lent[0].(*conn)
	worker.enterServe() // its handler is at work
	done := make(chan error, 1)
	go func() { done <- l.server.Shutdown(ctx) }()
	require.True(t, l.v.RunUntil(idle.Ended))
	cancel()
	time.Sleep(300 * time.Millisecond) // a core that turns late is waited for
	require.True(t, l.v.RunUntil(func() bool { return len(done) > 0 }))
	err := <-done
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorContains(t, err, "connections were cut off")
	require.ErrorContains(t, err, ": GET /late (2), GET /work")
	for _, x := range late {
		l.v.Do(x.Finish)
	}
}

// TestStuckModel: whatever cores become stuck and turn again in whatever order,
// each connection is served, and by one core.
func TestStuckModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k := newCores(t, Config{}, &site{})
		defer k.v[1].Close()
		defer k.v[0].Close()
		held := [2]time.Duration{}
		type client struct {
			peer *sim.Peer
			want string
		}
		var clients []client
		core := rapid.IntRange(0, 1)
		t.Repeat(map[string]func(*rapid.T){
			"dial": func(t *rapid.T) {
				want := fmt.Sprintf("/%d", len(clients))
				clients = append(clients, client{k.ask(t, core.Draw(t, "core"), want), want})
			},
			"turn": func(t *rapid.T) {
				if i := core.Draw(t, "core"); held[i] == 0 {
					k.v[i].RunUntilIdle()
				}
			},
			"look": func(t *rapid.T) { // of the watchdog, at a core that does not turn
				i := core.Draw(t, "core")
				held[i] += stuckLook
				k.v[i].Hold(held[i])
			},
			"release": func(t *rapid.T) {
				i := core.Draw(t, "core")
				held[i] = 0
				k.v[i].Hold(0)
			},
		})
		for i := range k.v {
			k.v[i].Hold(0)
		}
		k.turn()
		for _, c := range clients {
			out := string(c.peer.Take())
			require.Len(t, statuses(out), 1)
			require.Contains(t, out, "\r\n\r\n"+c.want)
		}
		require.EqualValues(t, len(clients), k.server.Stats().Accepted)
		require.EqualValues(t, len(clients), k.server.Stats().Open)
		require.Equal(t, 2+len(clients), k.net().Open())
	})
}

// TestStuckReactors uses real ones: a core is stuck, and all new connections are
// answered by the other one, also those that the kernel gives to its listener.
func TestStuckReactors(t *testing.T) {
	began, release := make(chan struct{}), make(chan struct{})
	l := newLive(t, 2, Config{}, &site{routes: map[string]func(*exchange.Exchange) exchange.Outcome{
		"/stuck": func(x *exchange.Exchange) exchange.Outcome {
			close(began)
			<-release
			return text(x, 200, "freed")
		},
	}})
	ask := func(target string) *net.TCPConn {
		c := l.dial()
		_, err := io.WriteString(c, get(target))
		require.NoError(t, err)
		require.NoError(t, c.CloseWrite())
		return c
	}
	answer := func(c *net.TCPConn, want string) {
		t.Helper()
		out, err := io.ReadAll(c)
		require.NoError(t, err)
		answeredBy(t, out, want)
	}
	stuck := ask("/stuck")
	<-began
	for round := range 2 {
		var asked []*net.TCPConn
		for i := range 100 {
			asked = append(asked, ask(fmt.Sprintf("/%d", i)))
		}
		for i, c := range asked {
			answer(c, fmt.Sprintf("/%d", i))
		}
		if round == 0 {
			close(release)
			answer(stuck, "freed")
			eventually(t, "both cores turn", func() bool { return l.group.Reactor(0).Stuck()+l.group.Reactor(1).Stuck() == 0 })
		}
	}
	require.EqualValues(t, 201, l.server.Stats().Accepted)
}
