package pg

import (
	"errors"
	"fmt"
	"io"

	"github.com/fasterapi/fasterapi/db/pg/internal/wire"
	"github.com/fasterapi/fasterapi/internal/poll"
	"github.com/fasterapi/fasterapi/internal/stream"
)

// Ready is called by the reactor.
func (cn *conn) Ready(ready poll.Ready) {
	if ready&poll.Out != 0 && cn.socket.Pending() > 0 {
		cn.flush()
	}
	if ready&(poll.In|poll.Hangup|poll.Closed) != 0 && !cn.closed() {
		cn.receive(ready&(poll.Hangup|poll.Closed) != 0)
	}
	cn.core.endTurn(cn)
}

// readSize is the read buffer of a core in bytes: what 64 pipelined answers
// need several times over.
const readSize = 64 << 10

// receive reads until the socket is empty and handles every whole message. ended
// says that the server has closed its side: what it sent before and the end came
// with one event, after which there is no other.
func (cn *conn) receive(ended bool) {
	for !cn.closed() {
		buf := cn.readBuffer()
		room := cap(buf) - len(buf)
		var st stream.Status
		had := len(buf)
		if cn.tls == nil {
			buf, st = cn.socket.Fill(buf)
		} else {
			buf, st = cn.decrypt(buf)
		}
		if len(buf) > had {
			n, err := cn.parse(buf)
			if err != nil {
				cn.fail(err)
				return
			}
			cn.keepRest(buf[n:])
		}
		switch {
		case cn.closed():
			return
		case st == stream.Ended:
			cn.fail(io.ErrUnexpectedEOF)
			return
		case st == stream.Broken:
			cn.fail(stream.ErrBroken)
			return
		case st == stream.Again:
			return
		case cn.tls == nil && len(buf)-had < room && !ended:
			return // a short read has emptied the socket (epoll(7), question 9)
		}
	}
}

// readBuffer returns the buffer to read into, with the kept rest in front.
func (cn *conn) readBuffer() []byte {
	c := cn.core
	if len(cn.rest) == 0 {
		return c.read[:0]
	}
	need := max(len(cn.rest)+4096, wire.Announced(cn.rest))
	if need <= cap(c.read) {
		return append(c.read[:0], cn.rest...)
	}
	if cap(cn.rest) < need {
		// Doubling keeps a message that was announced large and comes in
		// pieces from being paid for before its bytes are there.
		size := min(need, max(2*len(cn.rest), 2*readSize))
		cn.rest = append(make([]byte, 0, size), cn.rest...)
	}
	if len(cn.rest) == cap(cn.rest) {
		cn.rest = append(cn.rest, 0)[:len(cn.rest)]
	}
	return cn.rest
}

// keepRest stores what is not a whole message yet.
func (cn *conn) keepRest(rest []byte) {
	if len(rest) == 0 {
		if cap(cn.rest) > maxKept {
			cn.rest = nil
		}
		cn.rest = cn.rest[:0]
		return
	}
	if cap(rest) > 0 && cap(cn.rest) > 0 && &rest[:1][0] == &cn.rest[:1][0] {
		cn.rest = rest // read in place, nothing parsed
		return
	}
	cn.rest = append(cn.rest[:0], rest...)
}

// decrypt reads from the socket through TLS, appending to buf.
func (cn *conn) decrypt(buf []byte) ([]byte, stream.Status) {
	m := cn.link.memory
	for {
		n, err := cn.tls.Read(buf[len(buf):cap(buf)])
		if n > 0 {
			return buf[:len(buf)+n], stream.Done
		}
		var empty errEmpty
		switch {
		case err == nil:
		case errors.As(err, &empty):
			if len(m.in) > 0 {
				break
			}
			in, st := cn.socket.Fill(cn.core.cipher[:0])
			if len(in) == 0 {
				return buf, st
			}
			m.in = in
		case errors.Is(err, io.EOF):
			return buf, stream.Ended
		default:
			return buf, stream.Broken
		}
	}
}

// parse handles the whole messages at the start of buf and returns how many
// bytes they are. Lease: buf, for the time of the call.
func (cn *conn) parse(buf []byte) (int, error) {
	at := 0
	for !cn.closed() {
		m, n, err := wire.Next(buf[at:])
		if err != nil || n == 0 {
			return at, err
		}
		at += n
		if m.Kind == 'D' && cn.awaited() > 0 {
			err = cn.row(cn.sending.front(), m.Body)
		} else {
			err = cn.message(m)
		}
		if err != nil {
			return at, err
		}
	}
	return at, nil
}

// row decodes a DataRow into the query of u.
func (cn *conn) row(u *unit, body []byte) error {
	q, s := u.q, u.shape
	if u.kind == unitGroup {
		if u.group.current >= len(u.group.items) {
			return wire.ErrMalformed
		}
		item := &u.group.items[u.group.current]
		q, s = item.q, item.shape
	}
	if q == nil || u.kind == unitSimple || u.err != nil {
		if u.draft != nil && u.err == nil {
			return u.draft.answer(body)
		}
		return nil
	}
	if u.kind == unitBatch {
		if u.item >= len(u.shapes) {
			return wire.ErrMalformed
		}
		q, s = q.Items[u.item], u.shapes[u.item]
	}
	row := q.Next()
	if row == nil {
		return nil
	}
	if s == nil {
		return fmt.Errorf("%w: a row of another shape", wire.ErrMalformed)
	}
	return s.DecodeRow(row, body)
}
