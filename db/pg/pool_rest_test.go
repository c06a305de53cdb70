package pg

import (
	"bytes"
	"context"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/driver"
	"github.com/fasterapi/fasterapi/internal/invariant"
	"github.com/fasterapi/fasterapi/internal/poll/sim"
	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/stretchr/testify/require"
)

// looks is in how much time the keeper comes.
func (l *lab) looks(t testing.TB) (late time.Duration) {
	l.v.Do(func() {
		require.True(t, l.core.keeper.Armed())
		late = l.core.keepAt.Sub(l.v.Now())
	})
	return late
}

// TestRest: a core on which nothing goes on does not look each second, so that an idle process does
// not wake up; it does as soon as something goes on, and until it has ended.
func TestRest(t *testing.T) {
	l := newLab(t, 1)
	l.keeping(t, func(cfg *Config) { cfg.HealthCheckInterval, cfg.IdleTimeout = 20*time.Second, 24*time.Hour })
	l.v.Advance(soon)
	require.Greater(t, l.looks(t), 15*time.Second)
	require.LessOrEqual(t, l.looks(t), 20*time.Second, "the connection is to be checked then")
	for i := range 3 {
		f := l.ask("SELECT $1", 1)
		require.LessOrEqual(t, l.looks(t), tickEvery)
		l.v.Advance(3 * tickEvery)
		require.LessOrEqual(t, l.looks(t), tickEvery, "it has not been answered")
		if i == 0 {
			l.say(description...)
		}
		l.say(answer(1)...)
		require.True(t, f.Ready())
		l.v.Advance(soon)
		require.Greater(t, l.looks(t), 15*time.Second)
	}
}

// TestRestFew: in five minutes in which nothing happens the keeper comes twice for each check, once to
// make it and once to find it answered.
func TestRestFew(t *testing.T) {
	l := newLab(t, 1)
	l.keeping(t, func(cfg *Config) { cfg.IdleTimeout = 24 * time.Hour })
	l.v.Advance(soon)
	looks, checks, at := 0, 0, time.Time{}
	for range 5 * 60 * 20 {
		l.v.Advance(50 * time.Millisecond)
		for range l.syncs() {
			checks++
			l.say(readyNow)
		}
		if l.core.keepAt != at {
			looks, at = looks+1, l.core.keepAt
		}
	}
	require.InDelta(t, 10, checks, 1, "one in 30 s")
	require.LessOrEqual(t, looks, 2*checks+2)
}

// TestChecksTogether: connections that were made one after the other are checked together.
func TestChecksTogether(t *testing.T) {
	l := newLab(t, 1)
	l.keeping(t, func(cfg *Config) { cfg.MinConns = 2 })
	l.v.Advance(2 * time.Second)
	other := l.second(t)
	l.v.Advance(27 * time.Second)
	require.Zero(t, l.syncs())
	l.v.Advance(soon)
	require.Equal(t, 1, l.syncs())
	require.Equal(t, []byte{'S', 0, 0, 0, 4}, other.Take())
}

// TestRestEnds: whatever begins ends the rest.
func TestRestEnds(t *testing.T) {
	for name, begin := range map[string]func(l *lab){
		"a statement": func(l *lab) { l.ask("SELECT $1", 1) },
		"a call that waits": func(l *lab) {
			l.conn.cancels = 1 // a request for what has ended is on its way: the connection takes nothing
			l.ask("SELECT $1", 1)
			l.conn.cancels = 0
		},
		"a session in a hook": func(l *lab) {
			l.core.cfg.BeforeUse = func(ctx context.Context, _ *db.Querier) error { <-l.ctx.Done(); return nil }
			l.v.Do(func() { sessionWays[0](l) })
			require.NotNil(t, l.conn.held)
			require.Zero(t, l.conn.load())
		},
		"a connection in place of another": func(l *lab) {
			l.core.cfg.MinConns = 1
			l.core.d.dialing = context.Background() // it goes on until the lab gives up
			l.peer.Close()
			l.v.RunUntilIdle()
			require.Equal(t, 1, l.core.opening)
		},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t, 1)
			ctx, cancel := context.WithCancel(l.ctx)
			defer cancel()
			l.ctx = ctx
			l.keeping(t, func(cfg *Config) {})
			l.v.Advance(soon)
			require.Greater(t, l.looks(t), 15*time.Second)
			begin(l)
			require.LessOrEqual(t, l.looks(t), tickEvery)
			l.v.Advance(10 * time.Millisecond)
			require.LessOrEqual(t, l.looks(t), tickEvery)
			require.Zero(t, l.v.Reactor.Stats().Panics)
		})
	}
}

// TestRestClosed: a core that has been closed is not woken any more.
func TestRestClosed(t *testing.T) {
	l := newLab(t, 1)
	l.keeping(t, func(cfg *Config) { cfg.MinConns = 1 })
	l.v.Advance(soon)
	l.v.Do(l.core.closeConns)
	require.True(t, l.conn.closed())
	require.False(t, l.core.keeper.Armed())
	require.Zero(t, l.v.Reactor.Stats().Panics)
}

// TestCheckRest: the debug build panics where a core rests on which something goes on.
func TestCheckRest(t *testing.T) {
	for name, spoil := range map[string]func(c *core){
		"a call waits":          func(c *core) { c.waiting.Push(new(driver.Query)) },
		"a session waits":       func(c *core) { c.exclusive.Push(new(driver.Query)) },
		"one is opened":         func(c *core) { c.opening = 1 },
		"none can be opened":    func(c *core) { c.failures = 1 },
		"one is missing":        func(c *core) { c.cfg.MinConns = 2 },
		"one is held":           func(c *core) { c.conns[0].held = &session{} },
		"a call is parked":      func(c *core) { c.conns[0].parked = 1 },
		"one is to be replaced": func(c *core) { c.conns[0].life = connRetiring },
		"one is old soon":       func(c *core) { c.conns[0].health.expires = c.r.Now().Add(tickEvery) },
		"no keeper comes":       func(c *core) { c.r.Disarm(&c.keeper) },
	} {
		l := newLab(t, 1)
		l.keeping(t, func(cfg *Config) {})
		l.v.Advance(soon)
		c := l.core
		l.v.Do(func() {
			require.NotPanics(t, c.checkRest, name)
			spoil(c)
			if invariant.Enabled {
				require.Panics(t, c.checkRest, name)
			} else {
				require.NotPanics(t, c.checkRest, name)
			}
			c.resting, c.waiting, c.exclusive, c.conns[0].held, c.conns[0].parked = false, driver.Queue{}, driver.Queue{}, nil, 0
		})
	}
}

// actor is the server's end of a connection: it answers what it is asked, unless it is silent.
//
// Owner: the test.
type actor struct {
	peer   *sim.Peer
	silent bool
	status byte
	texts  map[string]string // of statements, by name
	bound  string            // the text of the portal
	failed bool              // until the next Sync
	heard  []byte            // the start of a message whose end has not come yet
}

// answers is what the server says now.
func (a *actor) answers(rng *rand.Rand) (say []byte) {
	a.heard = append(a.heard, a.peer.Take()...)
	for len(a.heard) >= 5 {
		size := 1 + int(a.heard[1])<<24 + int(a.heard[2])<<16 + int(a.heard[3])<<8 + int(a.heard[4])
		if len(a.heard) < size {
			break
		}
		m, err := pgproto3.NewBackend(bytes.NewReader(a.heard[:size]), io.Discard).Receive()
		if err != nil {
			panic(err) // the driver's fault
		}
		a.heard = a.heard[size:]
		say = append(say, encode(a.answer(m, rng)...)...)
	}
	return say
}

// answer is what it says to one message.
func (a *actor) answer(m pgproto3.FrontendMessage, rng *rand.Rand) []pgproto3.BackendMessage {
	ready := func() pgproto3.BackendMessage { return &pgproto3.ReadyForQuery{TxStatus: a.status} }
	if _, sync := m.(*pgproto3.Sync); a.failed && !sync {
		return nil
	}
	switch m := m.(type) {
	case *pgproto3.Parse:
		a.texts[m.Name] = m.Query
		return description[:1]
	case *pgproto3.Describe:
		if m.ObjectType == 'P' {
			return a.columns(a.bound)
		}
		return append([]pgproto3.BackendMessage{description[1]}, a.columns(a.texts[m.Name])...)
	case *pgproto3.Bind:
		a.bound = a.texts[m.PreparedStatement]
		return answer(0)[:1]
	case *pgproto3.Execute:
		if rng.IntN(20) == 0 {
			a.failed = true
			if a.status == 'T' {
				a.status = 'E'
			}
			return []pgproto3.BackendMessage{serverSays("22012")}
		}
		if !strings.HasPrefix(a.bound, "SELECT") {
			return done("INSERT 0 1", 'I')[:1]
		}
		return answer(1)[1:3]
	case *pgproto3.Sync:
		a.failed = false
		return []pgproto3.BackendMessage{ready()}
	case *pgproto3.Query:
		return append(a.simple(m.String), ready())
	}
	return nil // Close is not answered with what anybody waits for; Terminate is the end
}

func (a *actor) columns(text string) []pgproto3.BackendMessage {
	if strings.HasPrefix(text, "SELECT") {
		return description[2:3]
	}
	return []pgproto3.BackendMessage{&pgproto3.NoData{}}
}

// simple answers the statements of a simple query.
func (a *actor) simple(text string) (say []pgproto3.BackendMessage) {
	for one := range strings.SplitSeq(text, ";") {
		tag, _, _ := strings.Cut(strings.TrimSpace(one), " ")
		switch {
		case tag == "":
			continue
		case tag == "BEGIN":
			a.status = 'T'
		case tag == "COMMIT" && a.status == 'E':
			tag, a.status = "ROLLBACK", 'I'
		case tag == "COMMIT", one == "ROLLBACK":
			a.status = 'I'
		case strings.HasPrefix(one, "ROLLBACK TO"):
			a.status = 'T'
		}
		say = append(say, &pgproto3.CommandComplete{CommandTag: []byte(tag)})
	}
	return say
}

// restModel runs a program at random on a core, and holds what becomes of it against what the
// keeper promises, whether the core has rested or not.
//
// Owner: the test.
type restModel struct {
	*lab
	t      *testing.T
	rng    *rand.Rand
	actors []*actor
	calls  []*async.Future[int64]
	leave  []context.CancelFunc
	came   time.Time // when the latest connection did
	rests  int       // how often the core was seen to rest
	steps  []string
}

func newRestModel(t *testing.T, seed uint64) *restModel {
	m := &restModel{lab: newLab(t, seed), t: t, rng: rand.New(rand.NewPCG(seed, 2))}
	m.giveUp() // cancel requests fail at once
	c := m.core
	c.cfg.MaxConns, c.cfg.MinConns, c.cfg.MaxPipeline = 3, m.rng.IntN(3), []int{1, 64}[m.rng.IntN(2)]
	c.cfg.HealthCheckInterval, c.cfg.IdleTimeout = 30*time.Second, 90*time.Second
	c.cfg.AcquireTimeout, c.cfg.StatementTimeout = 3*time.Second, 4*time.Second // well within a rest
	c.cfg.MaxLifetime = []time.Duration{-1, 5 * time.Minute}[m.rng.IntN(2)]
	m.keeping(t, func(*Config) {})
	m.actors = []*actor{newActor(m.peer)}
	return m
}

func newActor(p *sim.Peer) *actor { return &actor{peer: p, status: 'I', texts: map[string]string{}} }

// step does one thing that may happen on a core.
func (m *restModel) step() {
	ops := []struct {
		name string
		do   func()
	}{
		{"ask", m.call(func(l *lab) async.Future[int64] { return l.pool.One[int64](l.ctx, "SELECT $1", 1) })},
		{"ask ten", func() {
			for range 10 {
				m.call(func(l *lab) async.Future[int64] { return l.pool.One[int64](l.ctx, "SELECT $1", 1) })()
			}
		}},
		{"transaction", m.call(sessionWays[0])},
		{"rows that decide", m.call(sessionWays[1])},
		{"batch", m.call(sessionWays[2])},
		{"batch in a transaction", m.call(sessionWays[3])},
		{"script", m.call(sessionWays[5])},
		{"ping", m.call(func(l *lab) async.Future[int64] {
			return l.pool.Ping(l.ctx).Then(func(db.Result) int64 { return 0 })
		})},
		{"leave", func() {
			if len(m.leave) > 0 {
				m.leave[m.rng.IntN(len(m.leave))]()
			}
		}},
		{"arrive", m.arrive},
		{"arrive", m.arrive},
		{"break", func() { m.pick().peer.Close() }},
		{"reset", func() { m.pick().peer.Reset() }},
		{"silence", func() { m.pick().silent = true }},
		{"notice", func() {
			m.pick().peer.Send(string(encode(&pgproto3.NoticeResponse{Severity: "NOTICE", Message: "soon"})))
		}},
		{"moments", func() { m.pass(time.Duration(m.rng.IntN(3000)) * time.Millisecond) }},
		{"time", func() { m.pass(time.Duration(m.rng.IntN(50_000)) * time.Millisecond) }},
		{"time", func() { m.pass(time.Duration(m.rng.IntN(50_000)) * time.Millisecond) }},
	}
	op := ops[m.rng.IntN(len(ops))]
	m.steps = append(m.steps, op.name)
	op.do()
	m.settle()
	m.check()
}

func (m *restModel) pick() *actor { return m.actors[m.rng.IntN(len(m.actors))] }

// call starts one, whose caller may leave.
func (m *restModel) call(way func(*lab) async.Future[int64]) func() {
	return func() {
		ctx, leave := context.WithCancel(m.ctx)
		l := *m.lab
		l.ctx = ctx
		var f async.Future[int64]
		m.v.Do(func() { f = way(&l) })
		m.calls, m.leave = append(m.calls, &f), append(m.leave, leave)
	}
}

// arrive brings a connection that the core has opened, directly or behind a pooler.
func (m *restModel) arrive() {
	c := m.core
	if len(c.conns)+c.opening >= c.cfg.MaxConns {
		return
	}
	fd, peer := m.v.Net.Pair()
	pooled := m.rng.IntN(3) == 0
	m.v.Do(func() {
		c.stir() // as open does
		c.opening++
		(&arrival{c, &link{fd: fd, hijacked: m.conn.link.hijacked, pooled: pooled, unnamed: pooled}, nil}).Run()
	})
	m.actors, m.came = append(m.actors, newActor(peer)), m.v.Now()
}

// pass lets time pass, and looks each half second.
func (m *restModel) pass(d time.Duration) {
	for ; d > 0; d -= tickEvery / 2 {
		m.v.Advance(min(d, tickEvery/2))
		m.settle()
		m.check()
	}
}

// settle lets the servers answer, and those who dial and cancel come back, all of whom fail.
func (m *restModel) settle() {
	for more := true; more; {
		more = false
		for _, a := range m.actors {
			if a.silent {
				continue
			}
			if say := a.answers(m.rng); len(say) > 0 {
				a.peer.Send(string(say))
				more = true
			}
		}
		require.True(m.t, m.v.RunUntil(func() bool {
			for _, cn := range m.core.conns {
				if cn.cancels > 0 {
					return false
				}
			}
			return m.core.opening == 0
		}))
	}
}

// check is what must be true at any time.
func (m *restModel) check() {
	c, now := m.core, m.v.Now()
	over := func(since time.Time, limit time.Duration) bool { return now.Sub(since) > limit+soon }
	m.must(m.v.Reactor.Stats().Panics == 0, "nothing panics")
	m.v.Do(func() {
		late := c.keepAt.Sub(now)
		m.must(c.keeper.Armed(), "the keeper comes")
		if late > tickEvery {
			m.rests++
		}
		m.must(late <= tickEvery || c.waiting.Len()+c.exclusive.Len() == 0, "it rests though a call waits")
		if q := c.waiting.First(); q != nil {
			m.must(!over(q.Hook.Since, c.cfg.AcquireTimeout), "a call waits for too long")
		}
		if q := c.exclusive.First(); q != nil {
			m.must(!over(q.Hook.Since, c.cfg.AcquireTimeout), "a session waits for too long")
		}
		for _, cn := range c.conns {
			if cn.load() > 0 {
				m.must(late <= tickEvery, "it rests though something is on its way")
				m.must(!over(cn.head.since, c.cfg.StatementTimeout+timeoutGrace), "a server is silent for too long")
				m.must(!cn.health.checking || !over(cn.head.since, c.d.target.ConnectTimeout), "a check takes too long")
				continue
			}
			if cn.held != nil {
				m.must(late <= tickEvery, "it rests though somebody holds a connection")
				continue
			}
			m.must(!over(cn.health.heardAt, c.cfg.HealthCheckInterval), "nobody has checked it")
			m.must(len(c.conns) <= c.cfg.MinConns || !over(cn.health.usedAt, c.cfg.IdleTimeout) || !over(m.came, 0), "it is idle for too long")
			m.must(cn.health.expires.IsZero() || !over(cn.health.expires, 0), "it is too old")
		}
	})
}

func (m *restModel) must(ok bool, why string) {
	require.True(m.t, ok, "%s\nafter %v", why, m.steps)
}

// TestRestModel: whatever happens on a core that rests, and whenever, is seen to in time: calls that
// wait, servers that are silent, connections that are to be checked, are idle for long or old.
func TestRestModel(t *testing.T) {
	rests := 0
	for seed := range uint64(60) {
		m := newRestModel(t, seed)
		for range 40 {
			m.step()
		}
		for _, a := range m.actors {
			a.silent = true // whatever still is on its way fails by a limit
		}
		limit := 2 * (m.core.cfg.StatementTimeout + timeoutGrace + m.core.cfg.AcquireTimeout + 2*soon)
		m.pass(limit)
		for _, f := range m.calls {
			m.must(f.Ready(), "a call hangs")
			_, _, _ = f.Result() // whatever it is
		}
		rests += m.rests
	}
	require.Greater(t, rests, 300, "the core rests in most of the time")
}
