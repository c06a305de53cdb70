package logged

import (
	"bytes"
	"sync"
)

// Text is everything that was written to it. Any goroutine may use it; the zero value is empty.
//
// Owner: mu.
type Text struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

// Write keeps p. It never fails.
func (t *Text) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.buf.Write(p)
}

// String returns what was written so far.
func (t *Text) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.buf.String()
}
