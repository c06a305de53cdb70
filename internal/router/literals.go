package router

import (
	"encoding/binary"
	"math/bits"
	"strings"
)

// literals finds routes without wildcards by their whole path: an open-addressing
// hash table that is at most half full. The hash needs no secret, since only the
// user's patterns are in the table: a hostile path meets the probe sequences that
// they made, and nothing grows. Immutable after seal.
type literals struct {
	slots   []literalSlot // a power of two of them, or none
	lengths uint64        // bit n: a path of n bytes exists (63: of 63 bytes or more)
	shift   uint8
	pending []literalSlot
}

type literalSlot struct {
	path  string // empty: a free slot
	route int32
}

// collect keeps a pattern that holds no wildcard. A literal with a percent sign or
// a slash inside a segment is left to the tree, because raw and decoded path
// differ.
func (l *literals) collect(segs []segment, route int32) {
	var path strings.Builder
	for _, s := range segs {
		if s.kind != literal && s.kind != slash || strings.ContainsAny(s.text, "%/") {
			return
		}
		path.WriteByte('/')
		path.WriteString(s.text)
	}
	l.pending = append(l.pending, literalSlot{path: path.String(), route: route})
}

func (l *literals) seal() {
	if len(l.pending) == 0 {
		return
	}
	log := bits.Len(uint(2*len(l.pending) - 1))
	l.slots = make([]literalSlot, 1<<log)
	l.shift = uint8(64 - log)
	mask := len(l.slots) - 1
	for _, p := range l.pending {
		l.lengths |= lengthBit(len(p.path))
		i := int(hashPath([]byte(p.path)) >> l.shift)
		for l.slots[i].path != "" {
			i = (i + 1) & mask
		}
		l.slots[i] = p
	}
	l.pending = nil
}

// find returns the route of exactly this path, or none.
func (l *literals) find(path []byte) int32 {
	if l.lengths&lengthBit(len(path)) == 0 {
		return none
	}
	mask := len(l.slots) - 1
	for i := int(hashPath(path) >> l.shift); ; i = (i + 1) & mask {
		s := &l.slots[i&mask]
		if s.path == string(path) {
			return s.route
		}
		if s.path == "" {
			return none
		}
	}
}

func lengthBit(n int) uint64 { return 1 << min(uint(n), 63) }

// hashMul is the 64-bit golden ratio: Knuth, The Art of Computer Programming 3,
// section 6.4.
const hashMul = 0x9E3779B97F4A7C15

// hashPath mixes eight bytes at a time; the top bits are the good ones.
func hashPath(p []byte) uint64 {
	h := uint64(len(p)) * hashMul
	if len(p) < 8 {
		var word uint64
		for _, c := range p {
			word = word<<8 | uint64(c)
		}
		return (h ^ word) * hashMul
	}
	tail := binary.LittleEndian.Uint64(p[len(p)-8:])
	for ; len(p) > 8; p = p[8:] {
		h = (h ^ binary.LittleEndian.Uint64(p)) * hashMul
		h ^= h >> 32
	}
	return (h ^ tail) * hashMul
}
