package http1

import (
	"crypto/tls"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/internal/invariant"
	"github.com/fasterapi/fasterapi/internal/test/sealed"
	"github.com/fasterapi/fasterapi/reactor"
)

// The model of connection ownership. Some clients send pipelines of requests
// in random pieces to a server on a virtual reactor, take the answers in random
// pieces, and in wild runs leave, break off, stall or are drained at any time.
// The handler answers each request in the way that its target says, on the
// reactor, on a coroutine there, on a goroutine (a task that the world runs when
// it likes, and during which the reactor may run at any time) or later. What
// must hold:
//
//   - answers come in the order of the requests, each once; in calm runs all do;
//   - they do not wait for handlers of later requests that are suspended;
//   - nobody has an exchange while somebody else has it, and it knows who does;
//   - what an exchange leases stays as it is until it is finished;
//   - every exchange is released once; every descriptor is closed once;
//   - a refused request is answered in its turn, in any of these ways, and is the last.

// world is one run of the model.
//
// Owner: the test's goroutine.
type world struct {
	*lab
	rng     *rand.Rand
	wild    bool
	clients []*client
	// known are the exchanges that the handler has: seen by it and not released.
	known   map[*exchange.Exchange]*hand
	late    []*exchange.Exchange
	asleep  []*hand // suspended on coroutines
	depth   int     // of pump
	faults  []string
	drained bool
}

// hand is what the model knows of an exchange that the handler has.
//
// Owner: the test's goroutine.
type hand struct {
	target, body string
	host, kind   string
	serving      bool
	refused      bool
	late         bool
	finished     bool
	moves        int
	// co is what the handler was suspended on, and woken tells that it shall
	// come to its end.
	co    *reactor.Coroutine
	woken bool
}

// client is one connection of the world.
//
// Owner: the test's goroutine.
type client struct {
	peer   *sealed.Peer
	unsent []byte
	got    []byte
	want   []string // bodies of the answers that are due
	broken bool     // the client did something that may cost it answers
}

func (w *world) fail(format string, args ...any) {
	w.faults = append(w.faults, fmt.Sprintf(format, args...))
}

func (w *world) flip(n int) bool { return w.rng.IntN(n) == 0 }

// Begin implements [exchange.Handler].
func (w *world) Begin(x *exchange.Exchange) {
	if w.known[x] != nil {
		w.fail("begun twice")
	}
	w.take(x)
}

// Admit implements [exchange.Handler].
func (w *world) Admit(x *exchange.Exchange) exchange.Admission {
	w.take(x)
	return exchange.Admission{Limit: 1 << 20}
}

func (w *world) take(x *exchange.Exchange) *hand {
	h := w.known[x]
	if h == nil {
		h = &hand{target: string(x.Head.Target), host: string(x.Head.Host), moves: w.rng.IntN(4)}
		h.kind = h.target[strings.LastIndexByte(h.target, '/')+1:]
		w.known[x] = h
	}
	return h
}

// intact checks the leases of x.
func (w *world) intact(x *exchange.Exchange, h *hand) {
	if string(x.Head.Target) != h.target || string(x.Head.Host) != h.host || string(x.Body) != h.body || x.Refusal == nil && h.host != "model" {
		w.fail("%s: the lease is broken: %q %q", h.target, x.Head.Target, x.Head.Host)
	}
}

// Serve implements [exchange.Handler].
func (w *world) Serve(x *exchange.Exchange) exchange.Outcome {
	h := w.take(x)
	if h.serving || h.late {
		w.fail("%s: served while somebody has it", h.target)
	}
	h.body = string(x.Body)
	h.serving = true
	defer func() { h.serving = false }()
	if !x.OnReactor() && w.flip(2) {
		w.pump(w.rng.IntN(6)) // the reactor works meanwhile
	}
	w.intact(x, h)
	w.placed(x, h)
	if x.Refusal != nil && !h.refused {
		h.refused = true
		h.kind = []string{"inline", "worker", "late", "bounce", "co"}[w.rng.IntN(5)]
	}
	switch {
	case strings.HasPrefix(h.kind, "co"):
		return w.onCoroutine(x, h)
	case h.kind == "bounce" && h.moves > 0:
		h.moves--
		return exchange.Move
	case h.kind == "worker" && x.OnReactor(), h.kind == "late" && !x.OnReactor():
		return exchange.Move
	case h.kind == "panic":
		panic("model")
	case h.kind == "late":
		return w.later(x, h)
	}
	h.finished = true
	w.respond(x, h)
	return exchange.Answered
}

// placed checks that x knows who has it.
func (w *world) placed(x *exchange.Exchange, h *hand) {
	w.core.each(func(c *conn) {
		if c.x == x && x.OnReactor() != (c.owner.Load() == ownedByReactor) {
			w.fail("%s: served on the reactor: %v, owned by it: %v", h.target, x.OnReactor(), !x.OnReactor())
		}
	})
}

// onCoroutine answers on a coroutine, which may be suspended before, any number
// of times.
func (w *world) onCoroutine(x *exchange.Exchange, h *hand) exchange.Outcome {
	switch {
	case !x.OnReactor():
		return exchange.Move
	case x.Coroutine() == nil:
		return exchange.NeedCoroutine
	}
	h.woken = w.flip(3)
	for h.co = x.Coroutine(); !h.woken && (h.co.Interrupted() == nil || w.flip(2)); {
		w.asleep = append(w.asleep, h)
		h.co.Suspend()
		w.awake(h)
		if x.Coroutine() != h.co {
			w.fail("%s: it runs on another coroutine", h.target)
		}
	}
	w.intact(x, h)
	h.finished = true
	switch h.kind {
	case "copanic":
		panic("model")
	case "coexit":
		runtime.Goexit()
	}
	w.respond(x, h)
	return exchange.Answered
}

func (w *world) awake(h *hand) {
	if i := slices.Index(w.asleep, h); i >= 0 {
		w.asleep = slices.Delete(w.asleep, i, i+1)
	}
}

// rouse resumes one of the suspended handlers, to its end or for no reason.
func (w *world) rouse(i int, woken bool) {
	h := w.asleep[i]
	h.woken = h.woken || woken
	w.v.Do(h.co.Run)
}

func (w *world) later(x *exchange.Exchange, h *hand) exchange.Outcome {
	h.late = true
	if w.flip(4) { // at once
		w.finish(x)
	} else {
		w.late = append(w.late, x)
	}
	return exchange.Later
}

func (w *world) respond(x *exchange.Exchange, h *hand) {
	if x.Refusal != nil && w.flip(2) {
		x.Respond(x.Refusal.Status, "text/plain", []byte("refused"))
		return
	}
	payload := h.target + h.body
	if strings.Contains(h.target, "big") {
		payload += strings.Repeat(".", writeApart+w.rng.IntN(20_000))
	}
	x.Respond(200, "text/plain", []byte(payload))
}

// finish ends a late exchange; it runs on the reactor.
func (w *world) finish(x *exchange.Exchange) {
	h := w.known[x]
	if h == nil {
		w.fail("an exchange was released before it was finished")
		return
	}
	w.intact(x, h)
	w.respond(x, h)
	h.late, h.finished = false, true
	x.Finish()
}

// finishOne finishes one of the late exchanges.
func (w *world) finishOne(i int) {
	x := w.late[i]
	w.late = append(w.late[:i], w.late[i+1:]...)
	w.v.Do(func() { w.finish(x) })
}

// Cancel implements [exchange.Handler]. As a coroutine may, it sometimes
// finishes at once.
func (w *world) Cancel(x *exchange.Exchange, err error) {
	h := w.known[x]
	switch {
	case h == nil:
		w.fail("cancelled after its release")
	case h.finished:
		w.fail("%s: cancelled after its end", h.target)
	case h.late && x.OnReactor() && w.flip(2):
		for i, late := range w.late {
			if late == x {
				w.late = append(w.late[:i], w.late[i+1:]...)
				w.finish(x)
				return
			}
		}
	case x.OnReactor() && slices.Contains(w.asleep, h):
		h.co.Interrupt(err)
	}
}

// Release implements [exchange.Handler].
func (w *world) Release(x *exchange.Exchange) {
	h := w.known[x]
	switch {
	case h == nil:
		w.fail("released twice")
	case h.serving, h.late:
		w.fail("%s: released while the handler has it", h.target)
	}
	delete(w.known, x)
}

// request appends a random request of client i, and its answer to want.
func (c *client) request(w *world, i, n int) {
	kinds := []string{"inline", "inline", "worker", "worker", "late", "bounce", "big", "panic", "co", "co", "copanic", "coexit"}
	target := fmt.Sprintf("/%d/%d/%s", i, n, kinds[w.rng.IntN(len(kinds))])
	if w.flip(5) {
		target = fmt.Sprintf("/%d/%d/big/worker", i, n)
	}
	body := strings.Repeat(string(rune('a'+n%26)), w.rng.IntN(12_000)*w.rng.IntN(2))
	switch {
	case w.flip(4) && body != "":
		c.unsent = fmt.Appendf(c.unsent, "POST %s HTTP/1.1\r\nHost: model\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", target, len(body), body)
	case w.flip(2):
		c.unsent = fmt.Appendf(c.unsent, "POST %s HTTP/1.1\r\nHost: model\r\nContent-Length: %d\r\n\r\n%s", target, len(body), body)
	default:
		body = ""
		c.unsent = fmt.Appendf(c.unsent, "GET %s HTTP/1.1\r\nHost: model\r\n\r\n", target)
	}
	if strings.HasSuffix(target, "panic") || strings.HasSuffix(target, "coexit") {
		c.want = append(c.want, "500")
		return
	}
	c.want = append(c.want, target+body)
}

// pump does n random things.
func (w *world) pump(n int) {
	if w.depth > 3 {
		return
	}
	w.depth++
	defer func() { w.depth-- }()
	for range n {
		w.act()
	}
}

// act does one random thing.
func (w *world) act() {
	c := w.clients[w.rng.IntN(len(w.clients))]
	switch w.rng.IntN(12) {
	case 0, 1, 2:
		w.deliver(c, 1+w.rng.IntN(20_000))
	case 3:
		w.deliver(c, 1+w.rng.IntN(20))
	case 4, 5:
		c.got = append(c.got, c.peer.TakeN(1+w.rng.IntN(30_000))...)
	case 6, 7:
		w.v.RunUntilIdle()
	case 8:
		if len(w.late) > 0 {
			w.finishOne(w.rng.IntN(len(w.late)))
		}
		if len(w.asleep) > 0 {
			w.rouse(w.rng.IntN(len(w.asleep)), w.flip(2))
		}
	case 9:
		w.v.Advance(time.Duration(w.rng.IntN(200)) * time.Millisecond)
	case 10:
		if len(w.lent) > 0 && w.depth == 0 {
			i := w.rng.IntN(len(w.lent))
			task := w.lent[i]
			w.lent = append(w.lent[:i], w.lent[i+1:]...)
			task.Run()
		}
	case 11:
		if w.wild && w.flip(4) {
			w.disturb(c)
		}
	}
}

// deliver sends up to n bytes of c.
func (w *world) deliver(c *client, n int) {
	n, e := c.peer.Write(c.unsent[:min(n, len(c.unsent))])
	if e == 0 {
		c.unsent = c.unsent[n:]
	}
}

// disturb does something that may cost c its answers.
func (w *world) disturb(c *client) {
	kind := w.rng.IntN(6)
	if kind < 5 {
		c.broken = true
	}
	switch kind {
	case 0:
		c.peer.CloseWrite()
	case 1:
		c.peer.Reset()
	case 2:
		c.peer.Close()
	case 3:
		c.unsent = append(c.unsent, "bad request\r\n\r\n"...)
	case 4:
		w.v.Advance(time.Duration(w.rng.IntN(40)) * time.Second)
		w.breakAll()
	case 5:
		if w.flip(8) {
			w.breakAll()
			w.drained = true
			w.v.Do(w.core.drain)
		} else if w.drained && w.flip(2) {
			w.v.Do(func() { w.core.cut(ErrServerClosed) })
		}
	}
}

func (w *world) breakAll() {
	for _, c := range w.clients {
		c.broken = true
	}
}

// settle lets everything come to its end.
func (w *world) settle() {
	for range 10_000 {
		w.run()
		more := false
		for _, c := range w.clients {
			before := len(c.unsent) + c.peer.Waiting() - c.peer.Taken
			w.deliver(c, len(c.unsent))
			c.got = append(c.got, c.peer.Take()...)
			more = more || before != len(c.unsent)+c.peer.Waiting()-c.peer.Taken
		}
		if !more {
			w.core.each(w.prompt)
		}
		for len(w.late) > 0 {
			more = true
			w.finishOne(0)
		}
		for len(w.asleep) > 0 {
			more = true
			w.rouse(0, true)
		}
		w.run()
		if !more {
			return
		}
	}
	w.fail("it does not come to an end")
}

// prompt checks that a client who takes everything does not wait for answers
// that are ready.
func (w *world) prompt(c *conn) {
	if n := c.socket.Pending(); n > 0 && c.phase == serving {
		w.fail("%d bytes wait behind a handler", n)
	}
}

// check holds the answers of c against the model.
func (w *world) check(t *testing.T, c *client) {
	got := responses(t, cutShort(c.got), "GET")
	for i, r := range got {
		switch {
		case r.err != nil && c.broken && i == len(got)-1: // cut off
		case c.broken && i == len(got)-1 && (r.status == 400 || r.status == 408):
		case i >= len(c.want):
			w.fail("answer %d to %d requests", i, len(c.want))
		case c.want[i] == "500" && r.status == 500:
		case !strings.HasPrefix(string(r.body), c.want[i]), strings.Trim(string(r.body[len(c.want[i]):]), ".") != "":
			w.fail("answer %d is %.40q, not %.40q", i, r.body, c.want[i])
		}
	}
	if !c.broken && len(got) != len(c.want) {
		w.fail("%d answers to %d requests", len(got), len(c.want))
	}
}

// cutShort leaves out a response head that is not complete.
func cutShort(out []byte) []byte {
	at := strings.LastIndex(string(out), "HTTP/1.1 ")
	if at >= 0 && !strings.Contains(string(out[at:]), "\r\n\r\n") {
		return out[:at]
	}
	return out
}

// connect is a client that the server has accepted, over that version of TLS (0: without). The handshake is made here:
// of the model's time none passes.
func (w *world) connect(t *testing.T, version uint16) *sealed.Peer {
	peer := &sealed.Peer{Peer: w.v.Net.Dial(w.fd)}
	if version == 0 {
		return peer
	}
	peer.Cut = func(n int) int { return 1 + w.rng.IntN(n) }
	w.v.RunUntilIdle()
	w.core.each(func(c *conn) {
		if c.socket.Session() == nil {
			peer.Secure(t, &c.socket, version)
		}
	})
	return peer
}

func runModel(t *testing.T, seed uint64, version uint16, wild bool) {
	w := &world{rng: rand.New(rand.NewPCG(seed, 3)), wild: wild, known: map[*exchange.Exchange]*hand{}}
	cfg := Config{Limits: exchange.Limits{HeadTimeout: 10 * time.Second, IdleTimeout: 20 * time.Second}}
	if !wild {
		cfg = Config{Limits: exchange.Limits{HeadTimeout: time.Hour, BodyTimeout: time.Hour, IdleTimeout: time.Hour, WriteTimeout: time.Hour}}
	}
	w.lab = newLab(t, seed, cfg, w)
	w.v.Net.Chop = seed%2 == 0
	w.v.Net.Buffer = 1 << (8 + w.rng.IntN(9))
	for i := range 1 + w.rng.IntN(3) {
		c := &client{peer: w.connect(t, version)}
		for n := range 1 + w.rng.IntN(12) {
			c.request(w, i, n)
		}
		w.clients = append(w.clients, c)
	}
	w.pump(150)
	w.settle()
	for _, c := range w.clients {
		w.check(t, c)
		c.peer.Close()
	}
	w.run()
	w.advance(time.Hour)
	if n := w.v.Net.Open(); n != 1 && !w.drained || n > 1 {
		w.fail("%d descriptors are open", n)
	}
	if n := w.server.Stats().Open; n != 0 {
		w.fail("%d connections are open", n)
	}
	if len(w.known) > 0 {
		w.fail("%d exchanges were not released", len(w.known))
	}
	if w.drained {
		select {
		case <-w.core.emptied:
		default:
			w.fail("the drain has not come to its end")
		}
	}
	// With -tags invariants the reactor also panics about edges that came to
	// nothing because their bytes were read meanwhile; sim reports such.
	if n := w.v.Reactor.Stats().Panics; n != 0 && !invariant.Enabled {
		w.fail("%d panics reached the reactor", n)
	}
	require.Empty(t, w.faults, "seed %d, TLS %x, wild %v", seed, version, wild)
}

// TestModel runs many worlds; a failure names its seed.
func TestModel(t *testing.T) {
	for version, seeds := range map[uint16]uint64{0: 600, tls.VersionTLS12: 150, tls.VersionTLS13: 150} {
		if testing.Short() {
			seeds /= 6
		}
		for seed := range seeds {
			runModel(t, seed, version, false)
			runModel(t, seed, version, true)
		}
	}
}
