package pg

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"runtime/debug"
	"strconv"
	"sync"
	"time"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/db"
	"github.com/jackc/pgx/v5/pgtype"
)

// chunk is how many bytes of rows go to the connection at a time.
const chunk = 64 << 10

var (
	errCopy      = errors.New("COPY FROM STDIN or TO STDOUT as a statement: to load rows use pg.CopyFrom, to read them a SELECT")
	errCopyEnded = errors.New("pg: the copy has ended")
)

// copier turns rows into COPY's text format on a goroutine and hands chunks to
// the connection, one at a time: the next once the last is written.
//
// Owner: its goroutine; err: the reactor once fail has been posted.
type copier struct {
	cn     *conn
	source *copySource
	oids   []uint32
	types  *pgtype.Map
	taken  chan struct{} // one slot: the connection has written a chunk
	ended  chan struct{} // closed: nobody needs rows any more
	once   sync.Once
	err    error
}

func newCopier(cn *conn, source *copySource, oids []uint32) *copier {
	types := cn.core.d.newTypes() // its own: it is used on another goroutine
	types.RegisterTypes(cn.core.learned.types)
	return &copier{
		cn: cn, source: source, oids: oids, types: types,
		taken: make(chan struct{}, 1), ended: make(chan struct{}),
	}
}

// stop ends the goroutine. Any goroutine.
func (k *copier) stop() { k.once.Do(func() { close(k.ended) }) }

// run feeds the rows.
func (k *copier) run() {
	err := errors.New("pg: the rows' iterator called runtime.Goexit")
	defer func() {
		if v := recover(); v != nil {
			err = &async.PanicError{Value: v, Stack: debug.Stack()}
		}
		k.post(func() { k.conclude(err) })
	}()
	err = k.feed()
}

func (k *copier) feed() error {
	buf := make([]byte, 0, chunk+chunk/4)
	n := 0
	for row, err := range k.source.rows {
		if err != nil {
			return err
		}
		n++
		if buf, err = k.appendRow(buf, row); err != nil {
			return fmt.Errorf("row %d: %w", n, err)
		}
		if len(buf) >= chunk {
			if err := k.handChunk(buf); err != nil {
				return err
			}
			buf = buf[:0]
		}
	}
	if len(buf) > 0 {
		return k.handChunk(buf)
	}
	return nil
}

// handChunk gives a chunk to the connection and waits until it is written.
func (k *copier) handChunk(buf []byte) error {
	if !k.post(func() { k.write(buf) }) {
		return db.ErrClosed
	}
	select {
	case <-k.taken:
		return nil
	case <-k.ended:
		// The reactor may still read buf: it is not used again.
		return errCopyEnded
	}
}

func (k *copier) post(fn func()) bool { return k.cn.core.r.Post(async.TaskFunc(fn)) }

// active tells whether the connection still copies for k.
func (k *copier) active() bool { return !k.cn.dead && k.cn.copier == k }

// write puts a chunk into the connection's buffer. On the core.
func (k *copier) write(buf []byte) {
	if !k.active() {
		return
	}
	cn := k.cn
	dst, at := begin(cn.buffer(), 'd')
	dst = append(dst, buf...)
	cn.setBuffer(finish(dst, at))
	cn.copyWaits = true
	cn.flushLater()
}

// conclude says to the server that there are no more rows, or that it must
// forget them. On the core.
func (k *copier) conclude(err error) {
	if !k.active() {
		return
	}
	cn := k.cn
	if err == nil {
		cn.setBuffer(append(cn.buffer(), copyDone...))
	} else {
		k.err = err
		cn.setBuffer(appendCopyFail(cn.buffer(), "the client gave up"))
	}
	cn.flushLater()
}

// copyWritten is called when everything is written.
func (cn *conn) copyWritten() {
	cn.copyWaits = false
	if cn.copier != nil {
		cn.copier.taken <- struct{}{}
	}
}

func appendCopyFail(dst []byte, why string) []byte {
	dst, at := begin(dst, 'f')
	return finish(appendCString(dst, why), at)
}

// appendRow appends a row in COPY's text format
// (https://www.postgresql.org/docs/current/sql-copy.html).
func (k *copier) appendRow(dst []byte, row []any) ([]byte, error) {
	if len(row) != len(k.oids) {
		return dst, fmt.Errorf("%d values for %d columns", len(row), len(k.oids))
	}
	for i, v := range row {
		if i > 0 {
			dst = append(dst, '\t')
		}
		p, err := db.NewParam(v)
		if err == nil {
			dst, err = k.appendValue(dst, k.oids[i], &p)
		}
		if err != nil {
			return dst, fmt.Errorf("column %d: %w", i+1, err)
		}
	}
	return append(dst, '\n'), nil
}

func (k *copier) appendValue(dst []byte, oid uint32, p *db.Param) ([]byte, error) {
	switch p.Kind() {
	case db.ParamNull:
		return append(dst, `\N`...), nil
	case db.ParamDuration:
		if oid == pgtype.IntervalOID {
			return append(strconv.AppendInt(dst, p.Int()/1000, 10), " microseconds"...), nil
		}
		return strconv.AppendInt(dst, p.Int(), 10), noNumber(oid)
	case db.ParamInt:
		return strconv.AppendInt(dst, p.Int(), 10), noNumber(oid)
	case db.ParamUint:
		return strconv.AppendUint(dst, p.Uint(), 10), noNumber(oid)
	case db.ParamFloat:
		dst, _ = appendFloat(dst, pgtype.TextOID, p.Float())
		return dst, noNumber(oid)
	case db.ParamBool:
		return strconv.AppendBool(dst, p.Bool()), nil
	case db.ParamText:
		if oid == pgtype.ByteaOID {
			return hex.AppendEncode(append(dst, `\\x`...), []byte(p.Text())), nil
		}
		return appendEscaped(dst, p.Text()), nil
	case db.ParamBytes:
		if oid == pgtype.ByteaOID {
			return hex.AppendEncode(append(dst, `\\x`...), p.Bytes()), nil
		}
		if b := p.Bytes(); oid == pgtype.UUIDOID && len(b) == 16 {
			return db.AppendUUID(dst, [16]byte(b)), nil
		}
		return appendEscaped(dst, p.Bytes()), nil
	case db.ParamTime:
		return appendCopyTime(dst, oid, p.Time()), nil
	case db.ParamUUID:
		u := p.UUID()
		switch oid {
		case pgtype.ByteaOID:
			return hex.AppendEncode(append(dst, `\\x`...), u[:]), nil
		case pgtype.UUIDOID:
			oid = pgtype.TextOID // COPY's form is text
		}
		dst, _ = appendUUID(dst, oid, u)
		return dst, nil
	default:
		if b, ok := bytesOf(p.Any()); ok && oid == pgtype.ByteaOID {
			return hex.AppendEncode(append(dst, `\\x`...), b), nil
		}
		return k.appendOther(dst, oid, p.Any())
	}
}

func appendCopyTime(dst []byte, oid uint32, t time.Time) []byte {
	layout := "2006-01-02 15:04:05.999999Z07:00"
	switch oid {
	case pgtype.TimeOID:
		return t.AppendFormat(dst, "15:04:05.999999")
	case pgtype.DateOID:
		layout = "2006-01-02"
	case pgtype.TimestampOID:
		layout = "2006-01-02 15:04:05.999999"
	case pgtype.TimestamptzOID:
		t = t.UTC() // the seconds of an offset count
	default:
		dst, _ = appendTime(dst, oid, t) // as a parameter of a type without a binary form here
		return dst
	}
	if t.Year() > 0 {
		return t.AppendFormat(dst, layout)
	}
	// There is no year 0: 1 BC is Go's year 0, and before the 29th of February
	// a leap year must stay one, so only the number is changed.
	at := len(dst)
	dst = t.AppendFormat(dst, layout)
	_, rest, _ := bytes.Cut(bytes.TrimPrefix(dst[at:], []byte("-")), []byte("-"))
	rest = bytes.Clone(rest)
	dst = fmt.Appendf(dst[:at], "%04d-", 1-t.Year())
	return append(append(dst, rest...), " BC"...)
}

func (k *copier) appendOther(dst []byte, oid uint32, v any) ([]byte, error) {
	value, f, err := appendAny(k.types, nil, oid, v, pgtype.TextFormatCode)
	switch {
	case err != nil:
		return dst, err
	case f == null:
		return append(dst, `\N`...), nil
	}
	return appendEscaped(dst, value), nil
}

// appendEscaped appends text with what COPY gives a meaning escaped.
func appendEscaped[S string | []byte](dst []byte, s S) []byte {
	from := 0
	for i := range len(s) {
		var c byte
		switch s[i] {
		case '\\':
			c = '\\'
		case '\t':
			c = 't'
		case '\n':
			c = 'n'
		case '\r':
			c = 'r'
		default:
			continue
		}
		dst = append(append(dst, s[from:i]...), '\\', c)
		from = i + 1
	}
	return append(dst, s[from:]...)
}
