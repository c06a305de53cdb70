package pg

import (
	"errors"
	"fmt"
	"runtime/debug"
	"sync"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/pg/internal/wire"
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
	types  *wire.Types
	taken  chan struct{} // one slot: the connection has written a chunk
	ended  chan struct{} // closed: nobody needs rows any more
	once   sync.Once
	err    error
}

func newCopier(cn *conn, source *copySource, oids []uint32) *copier {
	return &copier{
		cn: cn, source: source, oids: oids, types: cn.core.types.Copy(), // it is used on another goroutine
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
		if buf, err = k.types.AppendCopyRow(buf, k.oids, row); err != nil {
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
func (k *copier) active() bool { return !k.cn.closed() && k.cn.copying.copier == k }

// write puts a chunk into the connection's buffer. On the core.
func (k *copier) write(buf []byte) {
	if !k.active() {
		return
	}
	cn := k.cn
	cn.setBuffer(wire.AppendCopyData(cn.buffer(), buf))
	cn.copying.unwritten = true
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
		cn.setBuffer(append(cn.buffer(), wire.CopyDone...))
	} else {
		k.err = err
		cn.setBuffer(wire.AppendCopyFail(cn.buffer(), "the client gave up"))
	}
	cn.flushLater()
}

// copyWritten is called when everything is written.
func (cn *conn) copyWritten() {
	cn.copying.unwritten = false
	cn.copying.copier.taken <- struct{}{}
}
