package nethttp

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/problem"
	"github.com/fasterapi/fasterapi/reactor"
)

// carrier carries one exchange over a net/http request.
//
// Owner: the goroutine of the request, or the reactor while the goroutine
// waits for turn; over, hints: mu; incoming, leaving: their own; link: the running.
type carrier struct {
	handler exchange.Handler
	options *Options
	w       http.ResponseWriter
	r       *http.Request
	control http.ResponseController
	x       *exchange.Exchange
	reactor *reactor.Reactor
	// turn gives the exchange back to the goroutine (true), or asks it to send hints
	// (false) and to wait on. There is room for one of each; nil before it was on the reactor.
	turn chan bool
	// away is what the handler does on the reactor.
	away away
	// complete: a streamed response came to its end.
	complete bool
	// refused: the exchange was; it is known beyond the end of the exchange.
	refused bool
	// incoming is about the request body.
	incoming incoming
	// last: this response is the last one of its connection.
	last *atomic.Bool
	// gathered: the response is whole, and the client's time for it runs.
	gathered bool
	// hijacked: the connection is not ours any more.
	hijacked bool
	// taken: nor is it counted with the request any more.
	taken   bool
	left    int64 // bytes missing of a declared length; -1: none declared
	unsent  *exchange.Unsent
	waiting *exchange.Waiting // while a staged response is written; nil: a small one
	// sending is the time that the client has left to take the response.
	sending exchange.Credit

	// kept: something else than the goroutine of the request may know the carrier, also when
	// the request is over. It is not used again, nor is one whose client was watched.
	kept bool
	// released: the handler has done with the exchange.
	released bool
	leaving  leaving
	link     link

	mu sync.Mutex
	// over: the handler is told no more of its client.
	over bool
	// hints are interim responses that the reactor wants sent: mu.
	hints []interim
}

// run lets the handler answer, here or on the reactor.
func (c *carrier) run() {
	// net/http gives up a client whose body fails, who may wait for the answer.
	if c.x.Refusal == nil || c.r.Context().Err() == nil {
		c.expectClient()
		defer c.forgetClient()
	}
	for {
		if c.handler.Serve(c.x) == exchange.Answered {
			return
		}
		if c.turn == nil {
			c.kept = true
			c.turn = make(chan bool, 2)
			c.WatchClient() // who is suspended on the reactor does not look
		}
		c.move(true)
		if !c.reactor.Post((*onReactor)(c)) {
			c.x.Respond(http.StatusServiceUnavailable, problem.ContentType, problem.Unavailable("").AppendJSON(nil))
			return
		}
		for !<-c.turn {
			c.sendHints()
		}
		if c.away != wantsBack {
			return
		}
		c.move(false)
	}
}

// away is what a handler does on the reactor.
type away uint8

const (
	// answered: nothing, or it is going to call Finish.
	answered away = iota
	// inServe: Serve is on the stack, or on that of a coroutine.
	inServe
	// inServeFinished: as inServe, and Finish was called meanwhile.
	inServeFinished
	// wantsBack: it goes on on the goroutine.
	wantsBack
)

// onReactor is a carrier whose handler runs on the reactor.
//
// Owner: reactor.
type onReactor carrier

// Run implements async.Task. Whatever Serve does, the goroutine gets its turn.
func (o *onReactor) Run() {
	c := (*carrier)(o)
	c.away = inServe
	returned, later, enters, back := false, false, false, answered
	defer func() {
		if enters {
			return // it is the coroutine's, or ended there
		}
		finished := c.away == inServeFinished
		c.away = back
		if !returned && c.x.Status == 0 {
			c.failed(nil)
		}
		if !later || finished {
			c.giveBack()
		}
	}()
	outcome := c.handler.Serve(c.x)
	if outcome == exchange.NeedCoroutine && c.x.Coroutine() == nil {
		enters = true
		c.reactor.Coroutine((*entered)(c))
		return
	}
	returned = outcome != exchange.NeedCoroutine // who is on a coroutine cannot enter another
	later = outcome == exchange.Later
	if outcome == exchange.Move {
		back = wantsBack
	}
}

// failed stages the answer for a handler that has not returned. v is what recover returned; nil: it goes on.
func (c *carrier) failed(v any) {
	if !exchange.Fail(c.handler, c.x, v) {
		c.x.Respond(http.StatusInternalServerError, problem.ContentType, problem.Internal("").AppendJSON(nil))
	}
}

// entered is a carrier whose handler runs on a coroutine of the reactor.
//
// Owner: reactor.
type entered carrier

// RunOn implements [reactor.CoroutineJob].
func (e *entered) RunOn(co *reactor.Coroutine) {
	e.x.SetCoroutine(co)
	(*onReactor)(e).Run()
}

// Panicked implements [reactor.CoroutineJob]: Run has given the turn back.
func (e *entered) Panicked(v any, stack []byte) {
	e.options.Logger.Error("nethttp: a handler panicked outside of its route", slog.Any("panic", v), slog.String("stack", string(stack)))
}

// Goexited implements [reactor.CoroutineJob]: Run has given the turn back.
func (e *entered) Goexited() {}

// Finish implements [exchange.Carrier]. Inside Serve the handler's code is
// still on the stack, so that Run gives the exchange back.
func (c *carrier) Finish(*exchange.Exchange) {
	if c.away == inServe || c.away == inServeFinished {
		c.away = inServeFinished
		return
	}
	c.giveBack()
}

// giveBack ends the reactor's part for now.
func (c *carrier) giveBack() {
	c.x.SetCoroutine(nil)
	c.turn <- true
	c.reactor.Woke()
}

// move changes the owner; a cancellation sees the old or the new one.
func (c *carrier) move(onReactor bool) {
	c.mu.Lock()
	c.x.OwnerChanged(onReactor)
	c.mu.Unlock()
}

// answer writes the staged response.
func (c *carrier) answer() {
	x := c.x
	if x.Hijacked() || x.Streamed() {
		return
	}
	c.answerWithRefusal()
	if x.Status < 200 || x.Status > 999 {
		x.Overrule(http.StatusInternalServerError, "", nil) // no final status
	}
	c.writeHead()
	if bodiless(x.Status) {
		c.w.WriteHeader(x.Status)
		return
	}
	if trailing := x.Trailing(); trailing == nil && !x.Unmeasured() {
		c.w.Header().Set("Content-Length", strconv.Itoa(len(x.Payload)))
	} else {
		defer c.trail(trailing)
	}
	c.w.WriteHeader(x.Status)
	if c.r.Method != http.MethodHead {
		if n, err := c.writeStaged(x.Payload); err != nil && !errors.Is(err, exchange.ErrUnsent) { // that is logged
			c.options.BrokenOff(x, fmt.Errorf("%w after %d of %d bytes", err, n, len(x.Payload)))
		}
	}
}

func (c *carrier) writeHead() {
	header := c.w.Header()
	if c.last.Load() && c.x.FieldValue("Upgrade") == "" {
		c.x.CloseAfter = true // over HTTP/2 net/http makes a GOAWAY of it
	}
	c.x.Store(header)
	if c.x.ContentType == "" {
		header["Content-Type"] = nil // no guessing
	}
	if c.options.ServerName != "" && c.x.FieldValue("Server") == "" {
		header.Set("Server", c.options.ServerName)
	}
	header.Del("Content-Length") // of a server around this handler
	if names := c.x.Announced(); names != "" {
		header.Set("Trailer", names)
	}
	switch {
	case c.x.FieldValue("Upgrade") == "":
	case c.r.ProtoMajor > 1:
		header.Del("Upgrade") // RFC 9113 8.2.2
	case c.x.CloseAfter || c.r.Close:
		header["Connection"] = []string{"close", "Upgrade"} // net/http looks for close alone, in the first
	default:
		header.Set("Connection", "Upgrade") // RFC 9110 7.8
	}
}

// trail lets the fields come behind the body, once that is written.
func (c *carrier) trail(trailing []exchange.Field) {
	header := c.w.Header()
	for _, f := range trailing {
		name := http.TrailerPrefix + http.CanonicalHeaderKey(f.Name)
		header[name] = append(header[name], f.Value)
	}
}

func bodiless(status int) bool {
	return status < 200 || status == http.StatusNoContent || status == http.StatusNotModified
}

// Open implements [exchange.Carrier].
func (c *carrier) Open(x *exchange.Exchange, length int64) (exchange.BodyWriter, error) {
	c.kept = true // by the writer
	c.answerWithRefusal()
	c.writeHead()
	if length >= 0 && !bodiless(x.Status) { // RFC 9110 8.6; net/http sends it over HTTP/2
		c.w.Header().Set("Content-Length", strconv.FormatInt(length, 10))
	}
	if c.left = length; x.BodyReader != nil {
		_ = c.control.EnableFullDuplex() // else net/http reads the body before it writes; HTTP/2 does not
	}
	c.w.WriteHeader(x.Status)
	return (*bodyWriter)(c), nil
}

// EndStream implements [exchange.Carrier].
func (c *carrier) EndStream(*exchange.Exchange) error {
	if c.left > 0 && c.x.WantsContent() {
		return io.ErrUnexpectedEOF
	}
	c.trail(c.x.Trailing())
	c.complete = true
	return nil
}

// bodyWriter writes a streamed body.
//
// Owner: the goroutine of the request.
type bodyWriter carrier

// Write implements [io.Writer].
func (b *bodyWriter) Write(p []byte) (int, error) {
	if b.left >= 0 {
		if int64(len(p)) > b.left {
			return 0, http.ErrContentLength
		}
		b.left -= int64(len(p))
	}
	if !b.x.WantsContent() {
		if b.r.Context().Err() != nil {
			return 0, exchange.ErrClientGone // nothing else would end a source that is not sent
		}
		return len(p), nil
	}
	b.x.Sent.Add(int64(len(p)))
	return (*carrier)(b).write(p)
}

// Flush sends what was written so far.
func (b *bodyWriter) Flush() error { return (*carrier)(b).flush() }

// TakeDescriptor implements [exchange.DescriptorTaker]: the connection counts for its
// reactor, and keeps its place among those of the server, until it is closed.
func (c *carrier) TakeDescriptor(*exchange.Exchange) (exchange.Descriptor, error) {
	c.kept = true // by what is told of its end
	w := c.watch()
	if w != nil {
		w.keepsPlace.Store(true)
	}
	conn, rest, err := c.take()
	if err != nil {
		if w != nil {
			w.keepsPlace.Store(false)
		}
		return exchange.Descriptor{}, err
	}
	c.taken = true
	closed := func() {
		c.reactor.ConnClosed()
		if w != nil {
			w.leave()
		}
	}
	return exchange.Descriptor{Conn: conn, Rest: rest, Closed: closed}, nil
}

// watch is that of the connection, nil behind the server of somebody else.
func (c *carrier) watch() *watch {
	w, _ := c.r.Context().Value(watchKey{}).(*watch)
	return w
}

// uncount ends the counting of the request, unless its connection was taken.
func (c *carrier) uncount() {
	if !c.taken {
		c.reactor.ConnClosed()
	}
}

// Hijack implements [exchange.Carrier]. The connection counts as an open one until it is
// closed, but for one of somebody else's server, who counts as they like.
func (c *carrier) Hijack(x *exchange.Exchange) (net.Conn, []byte, error) {
	if c.watch() == nil {
		return c.take()
	}
	d, err := c.TakeDescriptor(x)
	if err != nil {
		return nil, nil, err
	}
	return exchange.Counted(d.Conn, d.Closed), d.Rest, nil
}

// take takes the connection from net/http, with what was read behind the request.
func (c *carrier) take() (net.Conn, []byte, error) {
	c.kept = true
	if c.endInput() {
		c.incoming.reading.Lock() // one that has failed must not take what comes for the hijacker
		defer c.incoming.reading.Unlock()
	}
	conn, buffered, err := c.control.Hijack()
	if err != nil {
		c.resumeInput()
		return nil, nil, exchange.ErrHijackUnsupported
	}
	c.hijacked = true
	rest := make([]byte, buffered.Reader.Buffered())
	if _, err := io.ReadFull(buffered, rest); err != nil {
		return nil, nil, err
	}
	return unwatched(conn), rest, nil
}
