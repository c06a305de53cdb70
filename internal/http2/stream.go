package http2

import (
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/internal/http1/wire"
	"github.com/fasterapi/fasterapi/internal/http2/frame"
	"github.com/fasterapi/fasterapi/problem"
	"github.com/fasterapi/fasterapi/reactor"
)

// exchangeStream is a stream of a connection: a request and its response.
//
// Owner: reactor; x, what lies in it, outcome and opened: whoever serves it; reader and writer: their own.
type exchangeStream struct {
	c  *conn
	id uint32
	x  *exchange.Exchange
	// text is where the head of x lies.
	text []byte

	step     step
	stack    stack
	response responseState
	// begun: the handler knows x, so it has to release it.
	begun bool
	// tunnel is what has taken the stream over; nil: nobody has.
	tunnel *tunnel
	// remoteEnded: the client has sent all that it sends. dead: nothing is sent any more.
	remoteEnded, dead bool
	// asked: the client was asked for the body.
	asked bool
	// cause is why it is dead.
	cause error
	// after is the code that the stream is reset with behind its response.
	after frame.Code
	// outcome is what a handler on a goroutine has returned.
	outcome exchange.Outcome

	// The request body: length is what was announced, -1: nothing; got has come, and room
	// is what may still come before the window is opened again, by received bytes.
	length, limit, got int64
	room, received     int
	discard            bool
	body               []byte
	// granted is its part of what its connection has collected; heldBack: it waits for more.
	granted  int64
	heldBack bool
	reader   *bodyReader
	bodyBy   time.Duration

	// The response body: payload is what was not sent yet of whole, or of what writer,
	// if there is one, has given so far. trailing is what comes behind it, encoded.
	payload, whole []byte
	trailing       []byte
	writer         *bodyWriter
	opened         *bodyWriter // the same, for whoever serves x
	window         int64
	priority       priority
	sendBy         time.Duration
	waiting        *exchange.Waiting
	// queued: it is in the queue of its urgency, between prev and next.
	queued     bool
	prev, next *exchangeStream
}

// keptStreams is how many streams a core keeps for the next requests.
const keptStreams = 256

// newStream returns a stream of c.
func (k *core) newStream(c *conn, id uint32) *exchangeStream {
	var s *exchangeStream
	if n := len(k.free) - 1; n >= 0 {
		s = k.free[n]
		k.free[n] = nil
		k.free = k.free[:n]
		*s = exchangeStream{x: s.x, text: s.text[:0]}
	} else {
		s = &exchangeStream{x: new(exchange.Exchange)}
	}
	s.c, s.id, s.length, s.window, s.room = c, id, -1, c.initial, firstWindow
	return s
}

// keep lets a stream that has ended be used again, unless somebody may still know it.
func (k *core) keep(s *exchangeStream) {
	if s.reader == nil && s.opened == nil && !s.dead && s.waiting == nil && len(k.free) < keptStreams {
		s.c = nil
		k.free = append(k.free, s)
	}
}

// start begins with the request whose field block was decoded.
func (s *exchangeStream) start(b blockState) {
	c, x := s.c, s.x
	x.Attach(s, c.core.reactor, true)
	x.Remote, x.HTTP2 = c.remote, true
	if c.tls != nil {
		x.Secure, x.TLS = true, c.tls
	}
	var bad *wire.Error
	s.text, bad = c.fields.readHead(x, s.text)
	s.remoteEnded = b.ends
	s.length = x.Head.ContentLength
	if bad == nil && (b.itself || b.ends && s.length > 0) {
		bad = badLength
		if b.itself {
			bad = badPseudo
		}
	}
	if bad != nil {
		s.refuseHead(bad)
		return
	}
	x.Head.Chunked = !b.ends && s.length < 0 && !x.Tunnel // there is a body, and it may be of any length
	s.priority = parsePriority(string(x.Head.Get("Priority")))
	if p, ok := c.earlyPriority(s.id); ok {
		s.priority = p
	}
	c.core.server.handler.Begin(x)
	s.begun = true
	switch {
	case x.Tunnel:
		s.reader, s.length = newTunnelReader(s), -1
		if b.ends {
			s.reader.finish()
		}
		s.serveSoon()
	case b.ends:
		s.serveSoon()
	default:
		s.admit()
	}
}

// refuseHead lets a request be answered that is malformed or too large.
func (s *exchangeStream) refuseHead(why *wire.Error) {
	s.c.core.unserved.Add(1)
	s.discard, s.length = true, -1
	if why.Status == 400 {
		s.after = frame.ProtocolError
	}
	s.x.Refuse(why)
	s.c.core.server.handler.Begin(s.x)
	s.begun = true
	s.serveSoon()
}

// refuse gives up a request whose body has not come, or is not to come.
func (s *exchangeStream) refuse(why *wire.Error) {
	s.c.core.unserved.Add(1)
	s.body, s.bodyBy = nil, 0
	s.x.Refuse(why)
	s.serveSoon()
	s.releaseRoom()
}

// serveSoon lets the handler have the exchange when the frames that were read are taken apart.
// It is told of it now: what stands before it may take longer than this turn of the reactor.
func (s *exchangeStream) serveSoon() {
	s.step = ready
	k := s.c.core
	if a := k.server.cfg.Arrivals; a != nil && s.x.Refusal == nil {
		a.Arrive(s.x, k.reactor.Looked())
	}
	k.reactor.Schedule((*serve)(s))
}

// serve is a stream that is ready.
//
// Owner: reactor.
type serve exchangeStream

// Run implements [async.Task].
func (t *serve) Run() {
	s := (*exchangeStream)(t)
	if s.dead { // nobody waits for the answer
		s.retire()
		return
	}
	s.step = serving
	s.serveOn(nil)
}

// serveOn calls the handler on the reactor, or on a coroutine of it.
func (s *exchangeStream) serveOn(co *reactor.Coroutine) {
	s.stack = handler
	returned := false
	defer func() {
		if !returned {
			s.contain(recover())
		}
	}()
	s.x.SetCoroutine(co)
	outcome := s.c.core.server.handler.Serve(s.x)
	returned = true
	finished := s.stack == finishedHandler
	s.stack = nothing
	switch {
	case outcome == exchange.Answered, outcome == exchange.Later && finished:
		s.finish()
	case outcome == exchange.NeedCoroutine && co == nil:
		s.c.core.reactor.Coroutine((*entered)(s))
	case outcome == exchange.NeedCoroutine: // who is on a coroutine cannot enter another
		s.fault()
	case outcome == exchange.Move:
		s.x.SetCoroutine(nil)
		s.step = ready
		s.c.core.queue.Give((*lent)(s))
	}
}

// entered is a stream whose handler runs on a coroutine, so that it may suspend.
//
// Owner: reactor.
type entered exchangeStream

// RunOn implements [reactor.CoroutineJob].
func (e *entered) RunOn(co *reactor.Coroutine) { (*exchangeStream)(e).serveOn(co) }

// Panicked implements [reactor.CoroutineJob]: serveOn contains the panics of handlers.
func (e *entered) Panicked(v any, stack []byte) {
	(*exchangeStream)(e).logPanic(v, stack)
}

// Goexited implements [reactor.CoroutineJob]: serveOn has ended the exchange.
func (e *entered) Goexited() {}

// lent is a stream whose handler runs on a goroutine, or waits for one.
//
// Owner: the reactor while it waits, then the goroutine.
type lent exchangeStream

// Waiter implements [exchange.Queued].
func (l *lent) Waiter() *exchange.Exchange { return l.x }

// Lend implements [exchange.Queued].
func (l *lent) Lend() {
	s := (*exchangeStream)(l)
	if s.dead { // nobody waits for the answer
		s.retire()
		return
	}
	s.step = serving
	s.x.OwnerChanged(false)
	s.c.core.spawn(l)
}

// TakeBack implements [exchange.Queued].
func (l *lent) TakeBack() { l.c.core.reactor.Schedule((*serve)(l)) }

// Run implements [async.Task].
func (l *lent) Run() {
	s := (*exchangeStream)(l)
	returned := false
	defer func() {
		if !returned {
			v := recover()
			if v != nil {
				s.logPanic(v, debug.Stack())
			}
			s.respondFault(v)
			s.outcome = exchange.Answered
		}
		s.c.core.reactor.Post((*served)(s)) // false: the reactor has ended, and everything with it
	}()
	s.outcome = s.c.core.server.handler.Serve(s.x)
	returned = true
}

// served is a stream whose handler has returned on a goroutine.
//
// Owner: reactor.
type served exchangeStream

// Run implements [async.Task].
func (t *served) Run() {
	s := (*exchangeStream)(t)
	s.x.OwnerChanged(true)
	switch s.outcome {
	case exchange.Answered:
		s.finish()
	case exchange.Move:
		s.serveOn(nil)
	default: // after Later, Finish would race with the goroutine
		s.fault()
	}
}

// contain ends what a panic (v) or a runtime.Goexit (nil) of a handler has begun.
func (s *exchangeStream) contain(v any) {
	s.stack = nothing
	if v != nil {
		s.logPanic(v, debug.Stack())
	}
	s.respondFault(v)
	if v == nil { // this goroutine is ending: the rest has to run on another
		s.step = answered
		s.c.core.reactor.Schedule((*finishing)(s))
		return
	}
	s.finish()
}

func (s *exchangeStream) logPanic(v any, stack []byte) {
	s.c.core.server.cfg.Logger.Error("a handler panicked outside of its route", slog.Any("panic", v), slog.String("stack", string(stack)))
}

// respondFault stages the answer of a handler that did not come to its end: v is its panic,
// nil when its goroutine ends.
func (s *exchangeStream) respondFault(v any) {
	if (s.x.Status == 0 || v != nil) && !exchange.Fail(s.c.core.server.handler, s.x, v) {
		s.x.Respond(500, problem.ContentType, problem.Internal("").AppendJSON(nil))
	}
}

// fault ends an exchange whose handler has broken the rules of [exchange.Handler].
func (s *exchangeStream) fault() {
	s.c.core.server.cfg.Logger.Error("http2: a handler returned Later on a goroutine or NeedCoroutine on a coroutine",
		slog.Int("core", s.c.core.reactor.Core()))
	s.x.Respond(500, problem.ContentType, problem.Internal("").AppendJSON(nil))
	s.finish()
}

// Finish implements [exchange.Carrier]. It only schedules the rest: the handler's code is
// still on the stack.
func (s *exchangeStream) Finish(*exchange.Exchange) {
	switch {
	case s.step != serving:
		if s.c != nil { // else it is kept for another request
			s.c.core.server.cfg.Logger.Error("http2: an exchange was finished twice", slog.Int("core", s.c.core.reactor.Core()))
		}
	case s.stack != nothing:
		s.stack = finishedHandler
	default:
		s.step = answered // so that it is not cancelled any more
		s.c.core.reactor.Schedule((*finishing)(s))
	}
}

// finishing is a stream whose exchange was finished.
//
// Owner: reactor.
type finishing exchangeStream

// Run implements [async.Task].
func (f *finishing) Run() { (*exchangeStream)(f).finish() }

// finish sends the answer on its way. The exchange is over.
func (s *exchangeStream) finish() {
	c := s.c
	s.step = answered
	if s.dead {
		s.retire()
		return
	}
	closing := s.x.CloseAfter || c.core.server.lastResponses.Load()
	switch {
	case s.x.Hijacked(): // the stream goes on, without the exchange
	case !s.x.Streamed():
		s.answer()
	case !s.opened.complete():
		c.resetStream(s, frame.InternalError, exchange.ErrBodyBroken) // the client must not take it for the whole
	}
	s.retire()
	if closing {
		c.askToLeave()
	}
	c.flushSoon()
}

// retire ends the handler's use of the exchange.
func (s *exchangeStream) retire() {
	if s.reader != nil && !s.x.Hijacked() {
		s.c.credit(s.reader.detach())
	}
	if s.opened != nil {
		s.opened.detach()
	}
	s.begun = false
	s.c.core.server.handler.Release(s.x)
	s.x.Reset()
	s.body = nil
	s.releaseRoom()
	if s.dead {
		s.c.zombies--
		s.c.watchIdle()
		return
	}
	s.mayClose()
}

// cut ends a stream of which the client wants nothing more, or gets nothing more. Cancel may
// run the rest of the handler, so it comes last.
func (s *exchangeStream) cut(cause error) {
	if s.dead {
		return
	}
	s.dead, s.cause = true, cause
	s.leave()
	if s.writer != nil {
		s.writer.fail(cause)
	}
	if s.reader != nil {
		s.reader.fail(exchange.ErrBodyBroken)
	}
	if !s.begun {
		return
	}
	s.c.zombies++
	switch s.step {
	case collecting:
		s.retire()
	case serving:
		s.c.core.server.handler.Cancel(s.x, cause)
	default: // it is retired when its turn comes
	}
}

// leave takes the stream off its connection.
func (s *exchangeStream) leave() {
	c := s.c
	delete(c.streams, s.id)
	c.core.reactor.CountStreams(-1)
	if s.queued {
		c.ready[s.priority.urgency].remove(s)
	}
	s.payload, s.whole, s.trailing, s.bodyBy, s.sendBy = nil, nil, nil, 0, 0
	s.waitNoMore()
}

// mayClose ends a stream whose response is sent and whose exchange is over. What the client
// still sends of its body is not wanted (RFC 9113 8.1).
func (s *exchangeStream) mayClose() {
	if s.dead || s.begun || s.response != allSent || s.waitsForPeer() {
		return
	}
	c := s.c
	if !s.remoteEnded || s.after != frame.NoError {
		c.noteReset(s.id)
		c.socket.SetOut(frame.AppendReset(c.out(), s.id, s.after))
	}
	s.leave()
	c.core.keep(s)
	c.mayLeave()
}

var (
	_ async.Task = (*serve)(nil)
	_ async.Task = (*served)(nil)
	_ async.Task = (*finishing)(nil)

	_ exchange.Queued = (*lent)(nil)
)
