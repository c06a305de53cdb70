package fasterapi

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/internal/describe"
	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/internal/websocket"
	"github.com/fasterapi/fasterapi/openapi"
	"github.com/fasterapi/fasterapi/problem"
)

// WebSocket registers a handler of WebSockets at pattern. Input, injection,
// middleware and dependencies are those of any handler; what fails before the
// handshake is completed is answered like any request. The handler runs on a goroutine for as long
// as the connection lasts:
//
//	app.WebSocket("/chat", func(c *fasterapi.Ctx, in Chat, ws *fasterapi.Socket[Say, Said]) error {
//		for say, err := range ws.Messages(c) {
//			if err != nil {
//				return err
//			}
//			if err := ws.Send(c, in.Room.Say(say)); err != nil {
//				return err
//			}
//		}
//		return nil
//	})
//
// c ends with the connection. Returning nil closes it with 1000, or with the code of the
// last message where that was refused (see Receive), a [CloseError] with its code, a problem with 1008 and its detail (1007 when it is about an invalid
// message), any other error with 1011 and a log line. A shutdown closes all
// WebSockets with 1001.
//
// An idle connection costs the stack of its goroutine and what the request has
// left behind, about 17 KiB. For very many of them see [App.WebSocketEvents].
func (a *App) WebSocket[In, Incoming, Outgoing any](
	pattern string, h func(c *Ctx, in In, ws *Socket[Incoming, Outgoing]) error, opts ...RouteOption,
) {
	a.root.add("GET", pattern, onGoroutine, newSocketRoute(h, nil), opts)
}

// WebSocket registers a handler of WebSockets, see [App.WebSocket].
func (g *Group) WebSocket[In, Incoming, Outgoing any](
	pattern string, h func(c *Ctx, in In, ws *Socket[Incoming, Outgoing]) error, opts ...RouteOption,
) {
	g.add("GET", pattern, onGoroutine, newSocketRoute(h, nil), opts)
}

// SocketEvents are the functions that are called for a WebSocket without a
// goroutine of its own. They run on goroutines, one at a time, and may block.
type SocketEvents[Incoming any] struct {
	// Message is called for each message. An error closes the connection, as
	// one that a handler of [App.WebSocket] returns.
	Message func(ctx context.Context, message Incoming) error
	// Closed, which may be nil, is called once, last.
	Closed func(err *CloseError)
}

// WebSocketEvents is [App.WebSocket] for very many idle connections: open
// answers the handshake and returns what is to be called later, so that a
// connection without traffic has no goroutine and costs 1.1 to 1.3 KiB (docs/decisions/0010). c ends when open returns, and what
// providers made for the request is given back then; ws.Context and the context of Message last as long as the
// connection. ws may be kept, to send at any time.
func (a *App) WebSocketEvents[In, Incoming, Outgoing any](
	pattern string, open func(c *Ctx, in In, ws *Socket[Incoming, Outgoing]) (SocketEvents[Incoming], error), opts ...RouteOption,
) {
	a.root.add("GET", pattern, onGoroutine, newSocketRoute(nil, open), opts)
}

// WebSocketEvents is [App.WebSocketEvents] below the prefix of the group.
func (g *Group) WebSocketEvents[In, Incoming, Outgoing any](
	pattern string, open func(c *Ctx, in In, ws *Socket[Incoming, Outgoing]) (SocketEvents[Incoming], error), opts ...RouteOption,
) {
	g.add("GET", pattern, onGoroutine, newSocketRoute(nil, open), opts)
}

// socketRoute is what the connections of a route share.
//
// Owner: any (immutable after build).
type socketRoute[Incoming, Outgoing any] struct {
	policy  websocket.Policy
	options websocket.Options
	decode  messageDecoder[Incoming]
	checked bool // a value has methods Check
	send    func(ctx context.Context, conn *websocket.Conn, v *Outgoing) error
}

// socketEndpoint is a handler of WebSockets; one of handle and open is set.
//
// Owner: any (immutable after build).
type socketEndpoint[In, Incoming, Outgoing any] struct {
	typed[In, None]
	socketRoute[Incoming, Outgoing]
	handle func(*Ctx, In, *Socket[Incoming, Outgoing]) error
	open   func(*Ctx, In, *Socket[Incoming, Outgoing]) (SocketEvents[Incoming], error)
}

func newSocketRoute[In, Incoming, Outgoing any](
	handle func(*Ctx, In, *Socket[Incoming, Outgoing]) error,
	open func(*Ctx, In, *Socket[Incoming, Outgoing]) (SocketEvents[Incoming], error),
) endpoint {
	return &socketEndpoint[In, Incoming, Outgoing]{handle: handle, open: open}
}

func (e *socketEndpoint[In, Incoming, Outgoing]) compile(env *compilation, r *route) (bool, []error) {
	needsBody, errs := e.typed.compile(env, r, e.handle == nil && e.open == nil)
	if r.opts.style != onGoroutine {
		errs = append(errs, errors.New("a WebSocket waits for its client, so its route must run on goroutines"))
	}
	if needsBody {
		errs = append(errs, errors.New("the request of a WebSocket has no body"))
	}
	if e.injection != nil && e.injection.settles != "" {
		errs = append(errs, fmt.Errorf("%s is given back by the outcome of the request (ProvideWithOutcome), and a WebSocket is open before there is one: "+
			"end it in the handler, such as by Pool.Tx", e.injection.settles))
	}
	var err error
	caller := checkCaller()
	if e.open != nil {
		caller.Refused = "there is none any more when messages of WebSocketEvents come"
	}
	if e.decode, e.checked, err = compileIncoming[Incoming](caller); err != nil {
		errs = append(errs, unjoined(err)...)
	}
	if e.send, err = compileOutgoing[Outgoing](env.pools); err != nil {
		errs = append(errs, err)
	}
	o := r.opts.socket
	if o.maxMessage < 0 || o.ping < 0 || o.pong < 0 {
		errs = append(errs, errors.New("MaxMessage and PingEvery must not be negative"))
	}
	e.policy = websocket.Policy{Subprotocols: o.subprotocols, Origins: o.origins, Deflate: o.compress}
	errs = append(errs, e.policy.Mistakes()...)
	e.options = websocket.Options{
		MaxMessage: cmp.Or(o.maxMessage, socketMaxMessage), PingInterval: cmp.Or(o.ping, socketPing), PongTimeout: cmp.Or(o.pong, socketPong),
		WriteTimeout: cmp.Or(env.writeTimeout, socketWrite), CloseTimeout: socketClose, Pools: env.pools,
	}
	e.describe(r.facts)
	return false, errs
}

func (e *socketEndpoint[In, Incoming, Outgoing]) function() uintptr {
	if e.handle == nil {
		return reflect.ValueOf(e.open).Pointer()
	}
	return reflect.ValueOf(e.handle).Pointer()
}

// isSocket tells whether a route is one of WebSockets.
func (r *route) isSocket() bool { return r.facts != nil && r.facts.socket != nil }

// describe tells the document of a GET that is answered with 101.
func (e *socketEndpoint[In, Incoming, Outgoing]) describe(f *facts) {
	f.answers = []describe.Answer{
		{Status: http.StatusSwitchingProtocols, Description: "A WebSocket"},
		{Status: http.StatusUpgradeRequired, Problem: true, Description: "The request does not ask for a WebSocket"},
	}
	f.socket = &describe.Socket{
		FromClient: describeMessage[Incoming](), FromServer: describeMessage[Outgoing](), Subprotocols: e.policy.Subprotocols,
	}
}

// describeMessage tells what compileIncoming and compileOutgoing make of a T.
func describeMessage[T any]() describe.Message {
	var zero T
	switch any(zero).(type) {
	case Message:
		return describe.Message{Schema: &openapi.Schema{Description: "text or binary"}}
	case []byte:
		return describe.Message{Schema: &openapi.Schema{Types: []string{"string"}, Format: "binary"}}
	case string:
		return describe.Message{Schema: &openapi.Schema{Types: []string{"string"}}}
	}
	return describe.Message{Type: reflect.TypeFor[T]()}
}

func (e *socketEndpoint[In, Incoming, Outgoing]) call(c *Ctx) error {
	in, err := e.input(c)
	if err != nil {
		return err
	}
	terms, refused := e.policy.Accept(handshake{c})
	if refused != nil {
		return refusal(refused)
	}
	s := &Socket[Incoming, Outgoing]{c: c, route: &e.socketRoute, terms: terms}
	if e.open != nil {
		return e.serveEvents(c, in, s)
	}
	return e.serve(c, in, s)
}

// serve runs a handler that lasts as long as its connection.
func (e *socketEndpoint[In, Incoming, Outgoing]) serve(c *Ctx, in In, s *Socket[Incoming, Outgoing]) error {
	defer func() {
		if conn := s.leave(); conn != nil {
			conn.Close(websocket.CodeFailed, "") // does nothing but after a panic
		}
	}()
	err := e.handle(c, in, s)
	if err == nil {
		err = s.Accept()
	}
	conn := s.leave()
	if conn == nil {
		return err
	}
	if err == nil {
		err = s.refusal()
	}
	if errors.Is(err, context.Canceled) && errors.Is(c.Err(), context.Canceled) {
		conn.Close(websocket.CodeNormal, "") // its request has ended before the connection heard of it
		return nil
	}
	c.closeFor(conn, c.mapError(err))
	return nil
}

// serveEvents opens a connection that has no goroutine of its own.
func (e *socketEndpoint[In, Incoming, Outgoing]) serveEvents(c *Ctx, in In, s *Socket[Incoming, Outgoing]) error {
	l := &listening[Incoming]{decode: e.decode, log: c.laterLogger(), ready: make(chan struct{})}
	s.events = l
	returned := false
	defer func() {
		l.conn = s.leave()
		if l.conn != nil && !returned { // after a panic or runtime.Goexit: nobody would answer on it
			l.conn.Close(websocket.CodeFailed, "")
		}
		close(l.ready)
	}()
	events, err := e.open(c, in, s)
	returned = true
	if err == nil {
		err = s.Accept()
	}
	l.SocketEvents = events
	conn := s.leave()
	if conn == nil {
		return err
	}
	if err != nil {
		c.closeFor(conn, c.mapError(err))
	}
	return nil
}

// laterLogger makes the logger of c when c has ended: one takes 190 bytes more,
// of the 1330 that an idle connection would cost.
func (c *Ctx) laterLogger() func() *slog.Logger {
	a, route, core, request := c.app, c.routeName(), c.Core(), strings.Clone(c.RequestID())
	return func() *slog.Logger { return a.logger(route, core, request) }
}

// accept completes the handshake. Under s.mu.
func (r *socketRoute[Incoming, Outgoing]) accept(s *Socket[Incoming, Outgoing]) (*websocket.Conn, error) {
	c := s.c
	if c == nil {
		return nil, errNotAccepted
	}
	c.response().Respond(http.StatusSwitchingProtocols, "", nil)
	c.response().RunHeads()
	var response []byte
	if s.terms.Key != "" {
		response = s.terms.Response(read(c, func(r *request) []exchange.Field { return slices.Clone(r.x.Fields()) }))
	}
	conn, closed, err := c.openConn(&r.options, &s.terms)
	if err != nil {
		return nil, err
	}
	set := &c.app.drain.sockets[c.Core()]
	fits := set.Add(conn, c.routeName(), socketsMost)
	var l websocket.Listener
	if s.events != nil {
		l = s.events
	} else {
		async.OnCancel(conn.Context(), &async.Watcher{Cancelled: c.cancel})
	}
	conn.Start(response, l, func() {
		set.Remove(conn)
		closed()
	})
	if !fits {
		conn.Close(websocket.CodeTryLater, "too many connections")
	}
	s.conn.Store(conn)
	return conn, nil
}

var errNotAccepted = errors.New("fasterapi: the WebSocket was not accepted while its request lasted")

// closeFor closes the connection of a request whose handler has returned err.
func (c *Ctx) closeFor(conn *websocket.Conn, err error) {
	if closeFor(conn, c.Logger(), err) {
		c.change(func(r *request) { r.seen.cause, r.seen.broken = err, true })
	}
}

// closeFor closes a connection because its handler has returned err, and tells whether the handler has failed.
func closeFor(conn *websocket.Conn, log *slog.Logger, err error) (failed bool) {
	var ended *CloseError
	var p *problem.Problem
	var panicked *async.PanicError
	switch {
	case err == nil:
		conn.Close(websocket.CodeNormal, "")
	case errors.As(err, &panicked):
		log.Error("WebSocket handler failed", failureAttrs(err)...)
		conn.Close(websocket.CodeFailed, "")
		return true
	case conn.Err() != nil, errors.Is(err, context.Canceled) && conn.Context().Err() != nil:
		conn.Close(websocket.CodeNormal, "") // it has ended already
	case errors.As(err, &ended) && websocket.ValidCode(ended.Code):
		conn.Close(ended.Code, ended.Reason)
	case errors.As(err, &p) && p.Status == http.StatusUnprocessableEntity:
		conn.Close(websocket.CodeInvalid, p.Error())
	case errors.As(err, &p) && p.Status < 500:
		conn.Close(websocket.CodePolicy, p.Detail)
	default:
		log.Error("WebSocket handler failed", slog.String("error", err.Error()))
		conn.Close(websocket.CodeFailed, "")
		return true
	}
	return false
}
