package websocket

import (
	"bytes"
	"compress/flate"
	"io"
	"sync"
	"unicode/utf8"

	"github.com/gobwas/ws"

	"github.com/fasterapi/fasterapi/internal/stream"
)

// compressAbove is the size in bytes from which messages are compressed: a
// shorter one fits a packet as it is.
const compressAbove = 1 << 10

// Pools lends what connections need only while bytes are in work. Any
// goroutine may use it; the zero value is ready.
//
// Owner: any (atomic).
type Pools struct {
	buffers  stream.Buffers
	deflates sync.Pool // *deflater
	inflates sync.Pool // *inflater
}

// Buffer lends an empty buffer until PutBuffer.
func (p *Pools) Buffer() []byte { return p.buffers.Get() }

// PutBuffer ends the lease of a buffer.
func (p *Pools) PutBuffer(b []byte) { p.buffers.Put(b) }

// flateTail is the end of every compressed message, which is not sent (RFC
// 7692 section 7.2.1), and an empty last block, so that the reader sees an end.
const (
	flateTail = "\x00\x00\xff\xff"
	flateLast = "\x01\x00\x00\xff\xff"
)

// deflater compresses one message after the other, each by itself.
//
// Owner: whoever borrowed it.
type deflater struct {
	out bytes.Buffer
	w   *flate.Writer
}

// compress calls send with p compressed.
func (p *Pools) compress(data []byte, send func([]byte) error) error {
	d, _ := p.deflates.Get().(*deflater)
	if d == nil {
		d = new(deflater)
		d.w, _ = flate.NewWriter(&d.out, flate.BestSpeed) // fails for bad levels only
	}
	defer p.deflates.Put(d)
	d.out.Reset()
	d.w.Reset(&d.out)
	if _, err := d.w.Write(data); err != nil {
		return err
	}
	if err := d.w.Flush(); err != nil {
		return err
	}
	return send(bytes.TrimSuffix(d.out.Bytes(), []byte(flateTail)))
}

// inflater decompresses one message after the other.
//
// Owner: whoever borrowed it.
type inflater struct{ r io.ReadCloser }

// inflate decompresses m, up to limit bytes.
func (p *Pools) inflate(m *Message, limit int) error {
	if !m.compressed {
		return nil
	}
	d, _ := p.inflates.Get().(*inflater)
	if d == nil {
		d = &inflater{r: flate.NewReader(nil)}
	}
	defer p.inflates.Put(d)
	source := io.MultiReader(bytes.NewReader(m.Data), bytes.NewReader([]byte(flateTail+flateLast)))
	if err := d.r.(flate.Resetter).Reset(source, nil); err != nil {
		return err
	}
	data, err := io.ReadAll(io.LimitReader(d.r, int64(limit)+1))
	switch {
	case err != nil:
		return fault(ws.StatusInvalidFramePayloadData, "the compressed message cannot be read")
	case len(data) > limit:
		return fault(ws.StatusMessageTooBig, "the message is too big")
	case m.op == opText && !utf8.Valid(data):
		return errNotText
	}
	m.Data, m.compressed = data, false
	return nil
}
