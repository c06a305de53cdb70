package router

import "bytes"

// node is reached by a prefix of segments. Its children are tried from specific to general.
// Immutable after Build.
type node struct {
	edges []edge // literal segments
	wild  *node  // {name}
	leaf  int32  // the route that ends here
	slash int32  // the route that ends here with a slash
	rest  int32  // the route that takes all that follows
	depth uint8  // wildcards above: the index of the next parameter
}

type edge struct {
	text string // decoded
	to   *node
}

func newNode(depth uint8) node { return node{leaf: none, slash: none, rest: none, depth: depth} }

func (n *node) add(segs []segment, route int32) {
	for _, s := range segs {
		switch s.kind {
		case slash:
			n.slash = route
			return
		case multi:
			n.rest = route
			return
		case single:
			if n.wild == nil {
				c := newNode(n.depth + 1)
				n.wild = &c
			}
			n = n.wild
		default:
			n = n.literalChild(s.text)
		}
	}
	n.leaf = route
}

func (n *node) literalChild(text string) *node {
	for _, e := range n.edges {
		if e.text == text {
			return e.to
		}
	}
	c := newNode(n.depth)
	n.edges = append(n.edges, edge{text: text, to: &c})
	return &c
}

// walk is one descent. A tree node is at a fixed number of segments from the root and therefore visited at most
// once, so backtracking cannot blow up.
type walk struct {
	path    []byte
	ps      *Params
	escaped bool // path holds percent escapes, all valid
	slash   bool // match as if a slash followed the path
}

// start returns the route of the whole path, or none.
func (w *walk) start(root *node) int32 {
	if len(w.path) == 0 || w.path[0] != '/' {
		return none
	}
	return w.down(root, 0)
}

// down matches path[off:], which is empty or begins with a slash, below n.
func (w *walk) down(n *node, off int) int32 {
	for {
		path := w.path
		if off >= len(path)-1 {
			return w.end(n, off)
		}
		start := off + 1
		end := len(path)
		if i := bytes.IndexByte(path[start:], '/'); i >= 0 {
			end = start + i
		}
		seg := path[start:end]
		next := w.literal(n, seg)
		if n.wild == nil && n.rest < 0 {
			if next == nil {
				return none
			}
			n, off = next, end
			continue
		}
		if next != nil {
			if r := w.down(next, end); r >= 0 {
				return r
			}
		}
		if n.wild != nil && len(seg) > 0 && !w.isDot(seg) {
			if n.rest < 0 {
				w.ps.spans[n.depth] = span{uint32(start), uint32(end)}
				n, off = n.wild, end
				continue
			}
			if r := w.down(n.wild, end); r >= 0 {
				w.ps.spans[n.depth] = span{uint32(start), uint32(end)}
				return r
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
		w.ps.spans[n.depth] = span{at, at}
	}
	return n.rest
}

func (w *walk) literal(n *node, seg []byte) *node {
	if w.escaped && bytes.IndexByte(seg, '%') >= 0 {
		for i := range n.edges {
			if equalDecoded(seg, n.edges[i].text) {
				return n.edges[i].to
			}
		}
		return nil
	}
	for i := range n.edges {
		if e := &n.edges[i]; e.text == string(seg) {
			return e.to
		}
	}
	return nil
}

// takeRest gives everything from start on to {rest...}, unless it holds a "." or ".." segment.
func (w *walk) takeRest(n *node, start int) int32 {
	if n.rest < 0 {
		return none
	}
	for rest := w.path[start:]; ; {
		i := bytes.IndexByte(rest, '/')
		if i < 0 {
			i = len(rest)
		}
		if w.isDot(rest[:i]) {
			return none
		}
		if i == len(rest) {
			break
		}
		rest = rest[i+1:]
	}
	w.ps.spans[n.depth] = span{uint32(start), uint32(len(w.path))}
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
