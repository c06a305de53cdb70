package http2

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/http2"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/internal/http2/frame"
	"github.com/fasterapi/fasterapi/reactor"
)

// styles are the ways in which a handler may run. The last reads its body as it comes, the others have it collected.
var styles = []string{"reactor", "later", "coroutine", "goroutine", "stream"}

// visit is a request of a crowd.
//
// Owner: crowd.mu; woken: any (it is closed once).
type visit struct {
	x      *exchange.Exchange
	style  string
	served bool // its handler is at work
	co     *reactor.Coroutine
	woken  chan struct{}
	cause  error // of its cancellation
	broken error // what ended the body that it was reading, but for its end
}

// crowd is a handler that answers "/STYLE/BYTES" in that style, when it is woken or cancelled, with as many bytes
// behind what it was sent.
//
// Owner: mu; site: the test's goroutine.
type crowd struct {
	*site
	l    *lab
	jobs sync.WaitGroup

	mu   sync.Mutex
	all  map[*exchange.Exchange]*visit
	over []*visit
}

// newCrowd is a lab with a crowd, over that version of TLS (0: without).
func newCrowd(t testing.TB, version uint16) (*lab, *crowd) {
	l := newSecureLab(t, Config{}, &site{}, version)
	w := &crowd{site: l.site, l: l, all: map[*exchange.Exchange]*visit{}}
	l.server.handler = w
	l.core.spawn = func(job async.Task) { w.jobs.Go(job.Run) }
	l.v.Net.Chop = true
	return l, w
}

// Begin implements [exchange.Handler].
func (w *crowd) Begin(x *exchange.Exchange) {
	w.site.Begin(x)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.all[x] = &visit{x: x, style: strings.Split(string(x.Head.Path)+"/", "/")[1], woken: make(chan struct{})}
}

// Release implements [exchange.Handler].
func (w *crowd) Release(x *exchange.Exchange) {
	w.site.Release(x)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.over = append(w.over, w.all[x])
	delete(w.all, x)
}

func (w *crowd) visit(x *exchange.Exchange) *visit {
	w.mu.Lock()
	defer w.mu.Unlock()
	v := w.all[x]
	v.served = true
	return v
}

// Serve implements [exchange.Handler].
func (w *crowd) Serve(x *exchange.Exchange) exchange.Outcome {
	v := w.visit(x)
	switch v.style {
	case "later":
		return exchange.Later
	case "coroutine":
		if x.Coroutine() == nil {
			return exchange.NeedCoroutine
		}
		for v.co = x.Coroutine(); !v.isWoken(); {
			v.co.Suspend()
		}
	case "goroutine", "stream":
		if x.OnReactor() {
			return exchange.Move
		}
		if x.BodyReader != nil {
			x.Body, v.broken = io.ReadAll(x.BodyReader)
		}
		<-v.woken
	}
	return answerCrowd(x)
}

func (v *visit) isWoken() bool {
	select {
	case <-v.woken:
		return true
	default:
		return false
	}
}

func answerCrowd(x *exchange.Exchange) exchange.Outcome {
	n := 0
	_, _ = fmt.Sscanf(string(x.Head.Path[1+strings.IndexByte(string(x.Head.Path[1:]), '/'):]), "/%d", &n)
	return text(x, 200, string(x.Body)+strings.Repeat(".", n))
}

// Cancel implements [exchange.Handler].
func (w *crowd) Cancel(x *exchange.Exchange, cause error) {
	w.site.Cancel(x, cause)
	v := w.visit(x)
	v.cause = cause
	w.wake(v)
}

// wake lets a handler come to its end. Reactor only.
func (w *crowd) wake(v *visit) {
	if v.isWoken() {
		return
	}
	close(v.woken)
	switch v.style {
	case "later":
		answerCrowd(v.x)
		v.x.Finish()
	case "coroutine":
		v.co.Run()
	}
}

// wakeOne wakes one of those who wait; false: nobody does.
func (w *crowd) wakeOne() bool {
	w.mu.Lock()
	var next *visit
	for _, v := range w.all {
		if v.served && !v.isWoken() {
			next = v
			break
		}
	}
	w.mu.Unlock()
	if next != nil {
		w.l.v.Do(func() { w.wake(next) })
	}
	return next != nil
}

// requireOver waits until everything was given back.
func (w *crowd) requireOver(t testing.TB) {
	t.Helper()
	l := w.l
	require.True(t, l.v.RunUntil(func() bool { return l.closed && l.site.begun == l.site.released }),
		"closed: %v, %d have begun, %d were released", l.closed, l.site.begun, l.site.released)
	w.jobs.Wait()
	require.Empty(t, w.all)
	require.Zero(t, l.core.count)
	require.Zero(t, l.server.Stats().Open)
	require.Zero(t, l.v.Net.Open(), "a descriptor is open")
	require.Zero(t, l.v.Reactor.Stats().Panics)
}

// response is what a client has of one.
//
// Owner: the test's goroutine.
type response struct {
	status string
	body   bytes.Buffer
	ended  bool
}

// chopped is a client that sends and takes pieces of any length.
//
// Owner: the test's goroutine.
type chopped struct {
	*crowd
	t      testing.TB
	rng    *rand.Rand
	narrow bool // it has little room, which it renews with each frame
	want   map[uint32]string
	got    map[uint32]*response
	final  uint32 // the last that is served
}

// step sends some of what there is, and takes some; false: there was nothing.
func (c *chopped) step() bool {
	l := c.l
	before := l.peer.Waiting() - l.peer.Taken
	k, _ := l.peer.Write(l.out.Bytes()[:min(l.out.Len(), 1+c.rng.IntN(4000))])
	l.out.Next(max(k, 0))
	l.v.RunUntilIdle()
	got := l.peer.TakeN(1 + c.rng.IntN(4000))
	l.in.Write(got)
	l.v.RunUntilIdle()
	framer := http2.NewFramer(nil, &l.in)
	for l.in.Len() >= frame.HeaderSize && l.in.Len() >= frame.HeaderSize+frame.ParseHeader(l.in.Bytes()).Length {
		f, err := framer.ReadFrame()
		require.NoError(c.t, err)
		c.take(f)
	}
	return k > 0 || l.peer.Waiting()-l.peer.Taken != before
}

func (c *chopped) take(f http2.Frame) {
	id := f.Header().StreamID
	switch f := f.(type) {
	case *http2.HeadersFrame:
		require.Nil(c.t, c.got[id])
		fields, err := c.l.decoder.DecodeFull(f.HeaderBlockFragment())
		require.NoError(c.t, err)
		c.got[id] = &response{status: fields[0].Value, ended: f.StreamEnded()}
	case *http2.DataFrame:
		c.got[id].body.Write(f.Data())
		c.got[id].ended = f.StreamEnded()
		if n := uint32(f.Length); c.narrow && n > 0 {
			require.NoError(c.t, c.l.framer.WriteWindowUpdate(0, n))
			require.NoError(c.t, c.l.framer.WriteWindowUpdate(id, n))
		}
	case *http2.GoAwayFrame:
		require.Equal(c.t, http2.ErrCodeNo, f.ErrCode)
		c.final = f.LastStreamID
	case *http2.RSTStreamFrame:
		c.t.Errorf("stream %d was reset: %s", id, f.ErrCode)
	}
}

// complete tells whether all is answered that is going to be.
func (c *chopped) complete() bool {
	for id := range c.want {
		if r := c.got[id]; id <= c.final && (r == nil || !r.ended) {
			return false
		}
	}
	return c.l.out.Len()+c.l.peer.Waiting() == 0
}

// ask writes a request, with a body or without.
func (c *chopped) ask(id uint32, path string, body, answer int) {
	sent := strings.Repeat("0123456789abcdef", body/16)
	c.want[id] = sent + strings.Repeat(".", answer)
	c.l.head(id, body == 0, "POST", fmt.Sprint(path, "/", answer))
	for left := sent; left != ""; {
		n := min(len(left), 1+c.rng.IntN(16_000))
		require.NoError(c.t, c.l.framer.WriteDataPadded(id, n == len(left), []byte(left[:n]), make([]byte, c.rng.IntN(20))))
		left = left[n:]
	}
}

// TestChopped: requests, uploads, large answers and a drain come out the same when reads and writes are cut anywhere
// and the client is slow, in each style, and everything is given back. Over TLS records are cut, too.
func TestChopped(t *testing.T) {
	for name, version := range versions {
		for seed := range uint64(40) {
			t.Run(fmt.Sprint(name, "/", seed), func(t *testing.T) { runChopped(t, seed, version) })
		}
	}
}

// versions are those of TLS under which connections are tried, and none.
var versions = map[string]uint16{"h2c": 0, "TLS 1.2": tls.VersionTLS12, "TLS 1.3": tls.VersionTLS13}

func runChopped(t *testing.T, seed uint64, version uint16) {
	l, w := newCrowd(t, version)
	c := &chopped{crowd: w, t: t, rng: rand.New(rand.NewPCG(seed, 5)), narrow: seed%2 == 0, want: map[uint32]string{}, got: map[uint32]*response{}, final: frame.MaxStream}
	l.peer.SetBuffer(200 << c.rng.IntN(8))
	l.peer.Cut = func(n int) int { return 1 + c.rng.IntN(n) }
	l.out.WriteString(frame.Preface)
	window := uint32(1 << 20)
	if c.narrow {
		window = 5000
	}
	require.NoError(t, l.framer.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: window}))
	if !c.narrow {
		require.NoError(t, l.framer.WriteWindowUpdate(0, 1<<24))
	}
	id := uint32(1)
	for _, style := range styles {
		for _, sizes := range [][2]int{{0, 10}, {0, 40_000}, {20_000, 0}, {32, 32}} {
			c.ask(id, "/"+style, sizes[0], sizes[1])
			id += 2
		}
	}
	drainAfter := 1 << 30
	if seed%4 > 1 {
		drainAfter = c.rng.IntN(100)
	}
	deadline := time.Now().Add(time.Minute)
	for step := 0; !c.complete(); step++ {
		if step == drainAfter {
			l.server.Drain()
		}
		if idle := !c.step(); idle && !w.wakeOne() {
			require.True(t, time.Now().Before(deadline), "it does not come to an end: %d of %d", len(c.got), len(c.want))
			time.Sleep(50 * time.Microsecond) // a goroutine is at work
		} else if c.rng.IntN(8) == 0 {
			w.wakeOne()
		}
	}
	for id, want := range c.want {
		if r := c.got[id]; id > c.final {
			require.Nil(t, r, "stream %d", id)
		} else {
			require.Equal(t, "200", r.status)
			require.True(t, want == r.body.String(), "stream %d: %d bytes, want %d", id, r.body.Len(), len(want))
		}
	}
	require.True(t, l.v.RunUntil(func() bool { return l.site.begun == l.site.released }))
	require.Empty(t, l.site.cancelled)
	if c.final == frame.MaxStream {
		requireAtRest(t, l.core.conns.next)
	}
	l.peer.Close()
	w.requireOver(t)
}

// requireAtRest holds what a connection counts against what it is when nothing is under way.
func requireAtRest(t testing.TB, c *conn) {
	t.Helper()
	require.Empty(t, c.streams)
	require.Zero(t, c.zombies)
	require.Equal(t, connWindow, c.room+c.received)
	require.Zero(t, c.collected)
	require.Zero(t, c.heldBack)
	require.Empty(t, c.collecting)
	require.Nil(t, c.mostUrgent())
	require.Zero(t, c.socket.Pending())
	require.Nil(t, c.in)
}

// script is a client that has a request under way in each style, a body in each that is not complete, and an answer
// that it does not take. ends are where its frames end.
func script(t testing.TB, l *lab) (out []byte, ends map[int]bool) {
	ends = map[int]bool{}
	mark := func() { ends[l.out.Len()] = true }
	l.out.WriteString(frame.Preface)
	mark()
	require.NoError(t, l.framer.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 100}))
	mark()
	id := uint32(1)
	for _, style := range styles {
		l.head(id, true, "GET", "/"+style+"/5000")
		mark()
		l.head(id+2, false, "POST", "/"+style+"/10", "cookie", "a=b")
		mark()
		require.NoError(t, l.framer.WriteDataPadded(id+2, false, []byte("half of it"), make([]byte, 3)))
		mark()
		id += 4
	}
	block := l.fields(":method", "GET", ":scheme", "https", ":authority", "test", ":path", "/reactor/1")
	require.NoError(t, l.framer.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: block[:4], EndStream: true}))
	require.NoError(t, l.framer.WriteContinuation(id, true, block[4:]))
	mark()
	return bytes.Clone(l.out.Bytes()), ends
}

// Admit implements [exchange.Handler]: bodies of the last style are streamed.
func (w *crowd) Admit(x *exchange.Exchange) exchange.Admission {
	return exchange.Admission{Limit: 1 << 20, MayStream: strings.HasPrefix(string(x.Head.Path), "/stream")}
}

// TestResetInsideFrame: a client that resets, closes or half closes its connection at any byte of what it sends, be it
// in the head of a frame, in a field block or in a body, leaves nothing behind: handlers in each style are cancelled
// and released.
func TestResetInsideFrame(t *testing.T) {
	probe, _ := newCrowd(t, 0)
	out, ends := script(t, probe)
	probe.peer.Close()
	probe.v.RunUntilIdle()
	inside := 0
	for at := range len(out) + 1 {
		if !ends[at] {
			inside++
		}
		for i, leave := range []func(l *lab){func(l *lab) { l.peer.Reset() }, func(l *lab) { l.peer.CloseWrite() }, func(l *lab) { l.peer.Close() }} {
			if i > 0 && at%7 != 0 { // a reset everywhere, the others here and there
				continue
			}
			l, w := newCrowd(t, 0)
			l.out.Write(out[:at])
			l.turn()
			requireTorn(t, l, w, at, leave)
		}
	}
	require.Greater(t, inside, 300)
}

// TestResetInsideRecord: the same of a client that breaks off at any byte of its TLS records, ends there with the alert
// of TLS or without, or one of whose bytes is changed on its way.
func TestResetInsideRecord(t *testing.T) {
	leaves := map[string]func(l *lab, rest []byte){
		"a reset":      func(l *lab, _ []byte) { l.peer.Reset() },
		"a half close": func(l *lab, _ []byte) { l.peer.Peer.CloseWrite() },
		"a close":      func(l *lab, _ []byte) { l.peer.Close() },
		"an alert":     func(l *lab, _ []byte) { l.peer.CloseWrite() },
		"a changed byte": func(l *lab, rest []byte) {
			rest[0] ^= 0x40
			_, _ = l.peer.Peer.Write(rest)
			l.peer.Peer.CloseWrite() // the byte may have told a length
		},
	}
	for name, version := range versions {
		if version == 0 {
			continue
		}
		for how, leave := range leaves {
			t.Run(name+"/"+how, func(t *testing.T) {
				at, whole := 0, false
				for ; !whole; at += 3 {
					l, w := newCrowd(t, version)
					out, _ := script(t, l)
					l.out.Reset()
					sealed := sealedScript(l, out)
					if whole = at >= len(sealed); whole {
						at, leave = len(sealed), func(l *lab, _ []byte) { l.peer.Close() }
					}
					n, _ := l.peer.Peer.Write(sealed[:at])
					require.Equal(t, at, n)
					l.v.RunUntilIdle()
					requireTorn(t, l, w, at, func(l *lab) { leave(l, sealed[at:]) })
				}
				require.Greater(t, at, 500)
			})
		}
	}
}

// sealedScript is out in records of at most 100 bytes.
func sealedScript(l *lab, out []byte) (records []byte) {
	for len(out) > 0 {
		n := min(len(out), 100)
		records = append(records, l.peer.Seal(out[:n])...)
		out = out[n:]
	}
	return records
}

// requireTorn lets the client of l leave after its first at bytes: the handlers that were at work are cancelled, and
// everything is given back.
func requireTorn(t testing.TB, l *lab, w *crowd, at int, leave func(l *lab)) {
	t.Helper()
	waiting := 0
	w.mu.Lock()
	for _, v := range w.all {
		if v.served && v.style != "reactor" {
			waiting++
		}
	}
	w.mu.Unlock()
	leave(l)
	l.v.RunUntilIdle()
	w.requireOver(t)
	cancelled := 0
	for _, v := range w.over {
		if v.cause != nil {
			cancelled++
			require.ErrorIs(t, v.cause, exchange.ErrClientGone)
		}
		if v.broken != nil {
			require.True(t, errors.Is(v.broken, exchange.ErrBodyBroken), "%v", v.broken)
		}
	}
	require.GreaterOrEqual(t, cancelled, waiting, "after %d bytes", at)
	require.Len(t, l.site.cancelled, cancelled)
}
