package invariant

import (
	"sync/atomic"

	"github.com/fasterapi/fasterapi/internal/goroutine"
)

// Owner notes which goroutine may use a thing, in the debug build only. The zero
// value belongs to nobody and checks nothing.
//
// Owner: any (atomic).
type Owner struct{ id atomic.Uint64 }

// Take makes the calling goroutine the owner.
func (o *Owner) Take() {
	if Enabled {
		o.id.Store(goroutine.Number())
	}
}

// Move makes the calling goroutine the owner if there is one.
func (o *Owner) Move() {
	if Enabled && o.id.Load() != 0 {
		o.Take()
	}
}

// Release leaves the thing to nobody.
func (o *Owner) Release() {
	if Enabled {
		o.id.Store(0)
	}
}

// Check panics with message when the calling goroutine is not the owner.
func (o *Owner) Check(message string) {
	if Enabled {
		id := o.id.Load()
		Check(id == 0 || id == goroutine.Number(), message)
	}
}
