package router

import (
	"slices"
	"strings"
)

// node is reached by a prefix of segments. Its children are tried from specific to
// general. Immutable after Build.
type node struct {
	edges []edge       // literal segments, ordered by text
	index *[257]uint16 // edges[index[c]:index[c+1]] begin with byte c; nil when there are few
	wild  *node        // {name}
	leaf  int32        // the route that ends here
	slash int32        // the route that ends here with a slash
	rest  int32        // the route that takes all that follows
	depth uint8        // wildcards above: the index of the next parameter
}

// edge leads to a literal segment. The first bytes of the segment and of the slash
// behind it are compared as one word.
type edge struct {
	word, mask uint64 // up to eight bytes of raw and "/", little endian; a word that no mask yields if raw is empty
	to         *node
	raw        string // text, if a segment without escapes can be it; empty if it holds a percent sign or a slash
	text       string // decoded, not empty
}

func newEdge(text string, to *node) edge {
	e := edge{text: text, to: to}
	if strings.ContainsAny(text, "%/") {
		e.word = 1
		return e
	}
	e.raw = text
	for i, c := range []byte((text + "/")[:min(len(text)+1, wordSize)]) {
		e.word |= uint64(c) << (8 * i)
		e.mask |= 0xFF << (8 * i)
	}
	return e
}

// fewEdges is how many literal children are searched without an index.
const fewEdges = 8

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
	i, ok := slices.BinarySearchFunc(n.edges, text, func(e edge, text string) int { return strings.Compare(e.text, text) })
	if !ok {
		c := newNode(n.depth)
		n.edges = slices.Insert(n.edges, i, newEdge(text, &c))
	}
	return n.edges[i].to
}

// seal builds the indices of n and of everything below.
func (n *node) seal() {
	if len(n.edges) > fewEdges && len(n.edges) < 1<<16 {
		n.index = new([257]uint16)
		for _, e := range n.edges {
			n.index[int(e.text[0])+1]++
		}
		for c := range 256 {
			n.index[c+1] += n.index[c]
		}
	}
	for _, e := range n.edges {
		e.to.seal()
	}
	if n.wild != nil {
		n.wild.seal()
	}
}
