package stream

import (
	"sync"

	"github.com/fasterapi/fasterapi/internal/invariant"
)

// BufferSize is the capacity of a pooled buffer in bytes. It holds 16
// pipelined small requests, or the head of a browser's request with generous
// cookies, in one read.
const BufferSize = 8 << 10

// Buffers lends buffers of [BufferSize] bytes. Any goroutine may use it.
//
// Owner: any (atomic).
type Buffers struct{ pool sync.Pool }

// Get returns an empty buffer with room for BufferSize bytes.
func (b *Buffers) Get() []byte {
	if p, ok := b.pool.Get().(*[BufferSize]byte); ok {
		return p[:0]
	}
	return make([]byte, 0, BufferSize)
}

// Put ends the lease of buf. Buffers that have grown are left to the garbage
// collector, so the pool never holds large ones.
func (b *Buffers) Put(buf []byte) {
	if cap(buf) != BufferSize {
		return
	}
	buf = buf[:BufferSize]
	invariant.Poison(buf)
	b.pool.Put((*[BufferSize]byte)(buf))
}
