package exchange

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
)

// Namer is a [Handler] that can tell what an exchange is about, such as
// "GET /users/{id}"; "" for one that has not begun. Name may be called at the same
// time as Serve, but never after the exchange has finished.
type Namer interface {
	Name(x *Exchange) string
}

// Names counts by name what is going on, or what was cut off. The zero value is
// ready.
//
// Owner: mu.
type Names struct {
	mu    sync.Mutex
	count map[string]int
}

// Add counts one more, if it has a name.
func (n *Names) Add(name string) {
	if name == "" {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.count == nil {
		n.count = map[string]int{}
	}
	n.count[name]++
}

// Remove takes back what Add has counted.
func (n *Names) Remove(name string) {
	if name == "" {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.count[name]--; n.count[name] <= 0 {
		delete(n.count, name)
	}
}

// AddTo adds all of n to sum.
func (n *Names) AddTo(sum *Names) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for name, many := range n.count {
		for range many {
			sum.Add(name)
		}
	}
}

// String lists the names for the end of a message: ": GET /a (2), GET /b", ""
// without any.
func (n *Names) String() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	var b strings.Builder
	for i, name := range slices.Sorted(maps.Keys(n.count)) {
		separator := ", "
		if i == 0 {
			separator = ": "
		}
		b.WriteString(separator + name)
		if many := n.count[name]; many > 1 {
			fmt.Fprintf(&b, " (%d)", many)
		}
	}
	return b.String()
}
