package router

import (
	"fmt"
	"strings"
)

// Dump renders the tree of every method, children in the order in which they are
// tried, for people and golden tests.
func (r *Router[T]) Dump() string {
	var b strings.Builder
	for i := range r.table.methods {
		m := &r.table.methods[i]
		fmt.Fprintf(&b, "%s\n", m.name)
		r.dump(&b, &m.root, 1)
	}
	return b.String()
}

func (r *Router[T]) dump(b *strings.Builder, n *node, depth int) {
	line := func(label string, route int32) {
		b.WriteString(strings.Repeat("  ", depth))
		b.WriteString(label)
		if route >= 0 {
			fmt.Fprintf(b, " -> %s", r.routes[route].Pattern)
		}
		b.WriteByte('\n')
	}
	if n.slash >= 0 {
		line("/", n.slash)
	}
	for _, e := range n.edges {
		line("/"+e.text, e.to.leaf)
		r.dump(b, e.to, depth+1)
	}
	if n.wild != nil {
		line("/{}", n.wild.leaf)
		r.dump(b, n.wild, depth+1)
	}
	if n.rest >= 0 {
		line("/{...}", n.rest)
	}
}
