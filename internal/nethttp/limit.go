package nethttp

import (
	"net"
	"net/http"
	"sync"
	"time"
)

// limited is a listener that has at most cap(open) connections open; more wait
// in the kernel's queue until one of them closes: the server tells by note when one
// has ended.
//
// Owner: any (channels, atomic).
type limited struct {
	net.Listener
	handler *Handler // connections are watched for it; nil: they are not
	open    chan struct{}
	once    sync.Once
	closed  chan struct{}
	// fresh are the connections that have sent no request yet.
	fresh sync.Map
}

func limit(l net.Listener, conns int) *limited {
	return &limited{Listener: l, open: make(chan struct{}, conns), closed: make(chan struct{})}
}

// Accept implements [net.Listener].
func (l *limited) Accept() (net.Conn, error) {
	select {
	case l.open <- struct{}{}:
	case <-l.closed:
		return nil, net.ErrClosed
	}
	conn, err := l.Listener.Accept()
	switch {
	case err != nil:
		<-l.open
	case l.handler != nil:
		conn = watchFor(l.handler, conn, l.leave)
	}
	return conn, err
}

// leaveFor is leave for conn.
func (l *limited) leaveFor(conn net.Conn) {
	if w := watchOf(conn); w != nil {
		w.leave()
		return
	}
	l.leave()
}

// leave makes room for another connection.
func (l *limited) leave() { <-l.open }

// note implements [http.Server.ConnState]. A hijacked connection keeps its place until
// its new owner closes it (carrier.TakeDescriptor), unless another handler has taken it,
// which nobody tells us about. An idle one has written its answer, so
// the time for that ends (see carrier.leave): net/http may have to refuse what
// comes next.
func (l *limited) note(conn net.Conn, state http.ConnState) {
	if state != http.StateNew {
		l.fresh.Delete(conn)
	}
	switch state {
	case http.StateNew:
		l.fresh.Store(conn, nil)
	case http.StateClosed:
		l.leaveFor(conn)
	case http.StateHijacked:
		if w := watchOf(conn); w == nil || !w.keepsPlace.Load() {
			l.leaveFor(conn)
		}
	case http.StateIdle:
		if w := watchOf(conn); w != nil {
			w.serving.Store(false)
		}
		_ = conn.SetWriteDeadline(time.Time{})
	}
}

// Close implements [net.Listener].
func (l *limited) Close() error {
	l.once.Do(func() { close(l.closed) })
	return l.Listener.Close()
}

// closeFresh closes the connections that have sent no request.
func (l *limited) closeFresh() {
	for conn := range l.fresh.Range {
		_ = conn.(net.Conn).Close()
	}
}
