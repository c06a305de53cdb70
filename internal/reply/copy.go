package reply

import (
	"io"
	"sync"
)

// copyBuffer is how many bytes a copy into a response moves at once.
const copyBuffer = 32 << 10

// Copier lends buffers of 32 KiB to copies into responses. The zero value is ready.
//
// Owner: any (the pool has locks).
type Copier struct{ buffers sync.Pool }

// Copy is [io.Copy] with a buffer that is lent for the time of the copy.
func (c *Copier) Copy(w io.Writer, r io.Reader) (int64, error) {
	buf, _ := c.buffers.Get().(*[copyBuffer]byte)
	if buf == nil {
		buf = new([copyBuffer]byte)
	}
	defer c.buffers.Put(buf)
	return io.CopyBuffer(w, struct{ io.Reader }{r}, buf[:])
}
