package ring

// small is the capacity a queue starts with.
const small = 64

// Ring is a growing first-in-first-out queue. The zero value is ready.
//
// Owner: whoever holds it; no other goroutine.
type Ring[T any] struct {
	buf  []T // length is a power of two, or 0
	head uint
	tail uint // tail-head values are queued
}

// Len returns how many values are queued.
func (r *Ring[T]) Len() int { return int(r.tail - r.head) }

// Push appends v.
func (r *Ring[T]) Push(v T) {
	if r.tail-r.head == uint(len(r.buf)) {
		r.grow(1)
	}
	r.buf[r.tail&uint(len(r.buf)-1)] = v
	r.tail++
}

// Pop removes and returns the oldest value; ok is false when there is none.
func (r *Ring[T]) Pop() (v T, ok bool) {
	if r.head == r.tail {
		return v, false
	}
	slot := &r.buf[r.head&uint(len(r.buf)-1)]
	v = *slot
	var none T
	*slot = none // let the collector have what v points to
	r.head++
	return v, true
}

// append pushes all of vs.
func (r *Ring[T]) append(vs []T) {
	if r.Len()+len(vs) > len(r.buf) {
		r.grow(len(vs))
	}
	at := r.tail & uint(len(r.buf)-1)
	n := copy(r.buf[at:], vs)
	copy(r.buf, vs[n:])
	r.tail += uint(len(vs))
}

// grow makes room for n more values.
func (r *Ring[T]) grow(n int) {
	size := max(small, len(r.buf))
	for size < r.Len()+n {
		size *= 2
	}
	buf := make([]T, size)
	length := r.Len()
	if length > 0 {
		at := r.head & uint(len(r.buf)-1)
		k := copy(buf, r.buf[at:min(len(r.buf), int(at)+length)])
		copy(buf[k:length], r.buf)
	}
	r.buf, r.head, r.tail = buf, 0, uint(length)
}
