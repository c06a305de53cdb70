package router

import (
	"bytes"
	"encoding/binary"
	"math/bits"
)

// walk is one descent. A tree node is at a fixed number of segments from the root
// and therefore visited at most once, so backtracking cannot blow up.
//
// The first descent assumes that the path holds no percent sign where it matters:
// literals are compared as bytes, and a wildcard that meets a percent sign gives up
// with again. The second descent decodes.
type walk struct {
	path    []byte
	ps      *Params
	escaped bool // path holds percent escapes, all valid
	slash   bool // match as if a slash followed the path
}

// What a descent returns instead of a route.
const (
	none  = -1 // no route
	again = -2 // a percent sign: validate the escapes, then descend with escaped set
)

// start returns the route of the whole path, or none.
func (w *walk) start(root *node) int32 {
	if len(w.path) == 0 || w.path[0] != '/' {
		return none
	}
	r := w.down(root, 0)
	if r >= 0 || w.escaped {
		return r
	}
	if bytes.IndexByte(w.path, '%') < 0 || !validEscapes(w.path) {
		return none
	}
	w.escaped = true
	return w.down(root, 0)
}

// down matches path[off:], which is empty or begins with a slash, below n.
func (w *walk) down(n *node, off int) int32 {
	path := w.path
	for {
		start := off + 1
		if start >= len(path) {
			return w.end(n, off)
		}
		var next *node
		var end int
		if len(n.edges) > 0 {
			next, end = w.literal(n, path, start)
		}
		if n.wild == nil && n.rest < 0 {
			if next == nil {
				return none
			}
			n, off = next, end
			continue
		}
		if next != nil {
			if r := w.down(next, end); r != none {
				return r
			}
		}
		if n.wild != nil {
			var coded bool
			if end, coded = cutAt(path, start); coded {
				if !w.escaped {
					return again
				}
				end, _ = slashAfter(path, start)
			}
			if end > start && (path[start] > '.' || !w.isDot(path[start:end])) {
				at := span{uint32(start), uint32(end)}
				if n.rest < 0 {
					w.ps.spans[n.depth%MaxParams] = at
					n, off = n.wild, end
					continue
				}
				if r := w.down(n.wild, end); r != none {
					w.ps.spans[n.depth%MaxParams] = at
					return r
				}
			}
		}
		return w.takeRest(n, start)
	}
}

// end matches an exhausted path, or one of which only a slash remains.
func (w *walk) end(n *node, off int) int32 {
	if off == len(w.path) && !w.slash {
		return n.leaf
	}
	if n.slash >= 0 {
		return n.slash
	}
	if n.rest >= 0 {
		at := uint32(len(w.path))
		w.ps.spans[n.depth%MaxParams] = span{at, at}
	}
	return n.rest
}

// literal returns the literal child of n that the segment at start names, and the
// end of the segment.
func (w *walk) literal(n *node, path []byte, start int) (*node, int) {
	if w.escaped {
		return n.decodedLiteral(path, start)
	}
	edges := n.edges
	if n.index != nil {
		head := path[start]
		edges = edges[n.index[head]:n.index[int(head)+1]]
	}
	if len(path)-start < wordSize {
		return lastLiteral(edges, path, start)
	}
	v := binary.LittleEndian.Uint64(path[start:])
	for i := range edges {
		e := &edges[i]
		if v&e.mask != e.word {
			continue
		}
		end := start + len(e.raw)
		if len(e.raw) < wordSize || hasSegment(path, start, e.raw) {
			return e.to, end
		}
	}
	return nil, 0
}

// lastLiteral is literal where less than a word of the path is left.
func lastLiteral(edges []edge, path []byte, start int) (*node, int) {
	for i := range edges {
		if e := &edges[i]; e.raw != "" && hasSegment(path, start, e.raw) {
			return e.to, start + len(e.raw)
		}
	}
	return nil, 0
}

// hasSegment reports whether the segment at start is text.
func hasSegment(path []byte, start int, text string) bool {
	end := start + len(text)
	return end <= len(path) && string(path[start:end]) == text && (end == len(path) || path[end] == '/')
}

// decodedLiteral is literal for a path with escapes.
func (n *node) decodedLiteral(path []byte, start int) (*node, int) {
	end, _ := slashAfter(path, start)
	for i := range n.edges {
		if equalDecoded(path[start:end], n.edges[i].text) {
			return n.edges[i].to, end
		}
	}
	return nil, 0
}

// takeRest gives everything from start on to {rest...}, unless it holds a "." or
// ".." segment.
func (w *walk) takeRest(n *node, start int) int32 {
	if n.rest < 0 {
		return none
	}
	for at := start; ; {
		end, coded := slashAfter(w.path, at)
		if coded && !w.escaped {
			return again
		}
		if w.isDot(w.path[at:end]) {
			return none
		}
		if end == len(w.path) {
			break
		}
		at = end + 1
	}
	w.ps.spans[n.depth%MaxParams] = span{uint32(start), uint32(len(w.path))}
	return n.rest
}

func (w *walk) isDot(seg []byte) bool {
	if len(seg) == 0 || seg[0] != '.' && seg[0] != '%' {
		return false
	}
	if !w.escaped {
		return isDot(seg)
	}
	return equalDecoded(seg, ".") || equalDecoded(seg, "..")
}

// slashAfter returns the index of the first slash from start on, or the length of
// the path, and whether a percent sign comes before it.
func slashAfter(path []byte, start int) (end int, coded bool) {
	end, coded = cutAt(path, start)
	if coded {
		if i := bytes.IndexByte(path[end:], '/'); i >= 0 {
			return end + i, true
		}
		return len(path), true
	}
	return end, false
}

// Eight bytes at a time: a byte of v^slashes is zero where v has a slash. The
// lowest bit that zeros leaves is exact (Warren, Hacker's Delight, section 6-1).
const (
	wordSize = 8
	ones     = 0x0101010101010101
	highs    = ones << 7
	slashes  = ones * '/'
	percents = ones * '%'
)

func zeros(v uint64) uint64 { return (v - ones) & ^v & highs }

// cutAt returns the index of the first slash or percent sign from start on, or the
// length of the path; coded says that it is a percent sign.
func cutAt(path []byte, start int) (end int, coded bool) {
	for end = start; end+wordSize <= len(path); end += wordSize {
		v := binary.LittleEndian.Uint64(path[end:])
		if found := zeros(v^slashes) | zeros(v^percents); found != 0 {
			end += bits.TrailingZeros64(found) / 8
			return end, path[end] == '%'
		}
	}
	for ; end < len(path); end++ {
		if c := path[end]; c == '/' || c == '%' {
			return end, c == '%'
		}
	}
	return end, false
}
