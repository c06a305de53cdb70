package codec

import (
	"encoding/binary"
	"math/bits"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// scanner walks over one JSON document. pos is the next byte; every method
// that returns false has set the syntax error and leaves pos where it is.
//
// Owner: one goroutine at a time.
type scanner struct {
	data    []byte
	pos     int
	depth   int
	limit   int    // of depth
	problem string // the syntax error; "" while there is none
	scratch []byte // unescaped text of the last string
}

// fail records a syntax error at pos.
func (s *scanner) fail(what string) bool {
	if s.problem == "" {
		s.problem = "is not valid JSON: " + what + " at byte " + strconv.Itoa(s.pos)
	}
	return false
}

// unexpected fails with what stands at pos.
func (s *scanner) unexpected(wanted string) bool {
	if s.pos >= len(s.data) {
		return s.fail("it ends where " + wanted + " should be,")
	}
	return s.fail("there should be " + wanted)
}

// space skips white space.
func (s *scanner) space() {
	for s.pos < len(s.data) && s.data[s.pos] <= ' ' {
		switch s.data[s.pos] {
		case ' ', '\t', '\r', '\n':
			s.pos++
		default:
			return
		}
	}
}

// peek returns the byte at pos, 0 at the end.
func (s *scanner) peek() byte {
	if s.pos < len(s.data) {
		return s.data[s.pos]
	}
	return 0
}

// enter counts one more open array or object, and steps over its bracket.
func (s *scanner) enter() bool {
	if s.depth >= s.limit {
		return s.fail("it is nested too deeply")
	}
	s.depth++
	s.pos++
	s.space()
	return true
}

// more goes on after an item: to the next one (true, true), or over the
// closing bracket (false, true).
func (s *scanner) more(closing byte) (another, ok bool) {
	s.space()
	switch s.peek() {
	case ',':
		s.pos++
		s.space()
		return true, true
	case closing:
		s.pos++
		s.depth--
		return false, true
	}
	return false, s.unexpected("a comma or '" + string(rune(closing)) + "'")
}

// empty tells whether the container ends at once, and steps over its end.
func (s *scanner) empty(closing byte) bool {
	if s.peek() != closing {
		return false
	}
	s.pos++
	s.depth--
	return true
}

// colon steps over a colon and the space around it.
func (s *scanner) colon() bool {
	if s.peek() != ':' {
		if s.space(); s.peek() != ':' {
			return s.unexpected("a colon")
		}
	}
	s.pos++
	s.space()
	return true
}

// text reads the string at pos. Lease: the bytes are good until the next
// call, and may be part of the input.
func (s *scanner) text() ([]byte, bool) {
	if s.peek() != '"' {
		return nil, s.unexpected("a string")
	}
	start := s.pos + 1
	n, ascii := s.plainText(start)
	if s.pos = start + n; s.peek() != '"' {
		return s.escapedText(start)
	}
	b := s.data[start:s.pos]
	if !ascii && !utf8.Valid(b) {
		return nil, s.fail("a string is not UTF-8")
	}
	s.pos++
	return b, true
}

// plainText is clean on the rest of the input. It is a copy so that the loop
// over short strings is inlined in one place.
func (s *scanner) plainText(from int) (n int, ascii bool) {
	data, at := s.data, from
	var seen uint64
	for at+8 <= len(data) {
		w := binary.LittleEndian.Uint64(data[at:])
		if m := special(w); m != 0 {
			bit := bits.TrailingZeros64(m) &^ 7
			seen |= w & (1<<bit - 1)
			return at + bit/8 - from, seen&highs == 0
		}
		seen |= w
		at += 8
	}
	n, ascii = clean(data[at:])
	return at + n - from, ascii && seen&highs == 0
}

// escapedText goes on with a string whose first escape, or mistake, is at pos.
func (s *scanner) escapedText(start int) ([]byte, bool) {
	out := append(s.scratch[:0], s.data[start:s.pos]...)
	for {
		switch c := s.peek(); {
		case s.pos >= len(s.data):
			return nil, s.fail("a string does not end,")
		case c == '"':
			if s.scratch = out; !utf8.Valid(out) {
				return nil, s.fail("a string is not UTF-8")
			}
			s.pos++
			return out, true
		case c == '\\':
			var ok bool
			if out, ok = s.escape(out); !ok {
				return nil, false
			}
		default:
			return nil, s.fail("a string has a control character")
		}
		n, _ := s.plainText(s.pos)
		out = append(out, s.data[s.pos:s.pos+n]...)
		s.pos += n
	}
}

// escape appends what the escape at pos stands for.
func (s *scanner) escape(out []byte) ([]byte, bool) {
	if s.pos+1 >= len(s.data) {
		return nil, s.fail("a string does not end,")
	}
	c := s.data[s.pos+1]
	switch c {
	case '"', '\\', '/':
	case 'b':
		c = '\b'
	case 'f':
		c = '\f'
	case 'n':
		c = '\n'
	case 'r':
		c = '\r'
	case 't':
		c = '\t'
	case 'u':
		return s.unicode(out)
	default:
		return nil, s.fail("a string has an unknown escape")
	}
	s.pos += 2
	return append(out, c), true
}

// unicode reads \uXXXX, or two of them for a character beyond U+FFFF. Half a
// pair is refused: it is no character.
func (s *scanner) unicode(out []byte) ([]byte, bool) {
	r, ok := hex4(s.data[s.pos:])
	if !ok {
		return nil, s.fail("a string has an unknown escape")
	}
	size := 6
	if utf16.IsSurrogate(r) {
		low, ok := hex4(s.data[s.pos+6:])
		if r = utf16.DecodeRune(r, low); !ok || r == utf8.RuneError {
			return nil, s.fail("a string has half a surrogate pair")
		}
		size = 12
	}
	s.pos += size
	return utf8.AppendRune(out, r), true
}

// hex4 reads the four digits of \uXXXX.
func hex4(b []byte) (r rune, ok bool) {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return 0, false
	}
	for _, c := range b[2:6] {
		switch {
		case '0' <= c && c <= '9':
			r = r<<4 | rune(c-'0')
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			r = r<<4 | rune(c|0x20-'a'+10)
		default:
			return 0, false
		}
	}
	return r, true
}

// literal steps over true, false or null.
func (s *scanner) literal(word string) bool {
	if len(s.data)-s.pos < len(word) || string(s.data[s.pos:s.pos+len(word)]) != word {
		return s.unexpected("a value")
	}
	s.pos += len(word)
	return true
}

// skip steps over the value at pos. It checks all of it: syntax, UTF-8,
// depth, names given twice.
func (s *scanner) skip() bool {
	switch c := s.peek(); c {
	case '"':
		_, ok := s.text()
		return ok
	case '{':
		return s.skipObject()
	case '[':
		return s.skipArray()
	case 't':
		return s.literal("true")
	case 'f':
		return s.literal("false")
	case 'n':
		return s.literal("null")
	case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		_, ok := s.number()
		return ok
	}
	return s.unexpected("a value")
}

func (s *scanner) skipArray() bool {
	if !s.enter() {
		return false
	}
	if s.empty(']') {
		return true
	}
	for {
		if !s.skip() {
			return false
		}
		if another, ok := s.more(']'); !another {
			return ok
		}
	}
}

func (s *scanner) skipObject() bool {
	if !s.enter() {
		return false
	}
	if s.empty('}') {
		return true
	}
	var names nameSet
	for {
		name, ok := s.text()
		if !ok {
			return false
		}
		if !names.add(name) {
			return s.fail("an object has a name twice")
		}
		if !s.colon() || !s.skip() {
			return false
		}
		if another, ok := s.more('}'); !another {
			return ok
		}
	}
}

// nameSet finds names that are given twice.
//
// Owner: one goroutine at a time.
type nameSet struct {
	few  []string
	many map[string]struct{}
}

// add keeps a copy of name; false: it is there already.
func (n *nameSet) add(name []byte) bool {
	if n.many != nil {
		if _, ok := n.many[string(name)]; ok {
			return false
		}
		n.many[string(name)] = struct{}{}
		return true
	}
	for _, other := range n.few {
		if other == string(name) {
			return false
		}
	}
	if n.few = append(n.few, string(name)); len(n.few) > 8 {
		n.many = make(map[string]struct{}, 2*len(n.few))
		for _, other := range n.few {
			n.many[other] = struct{}{}
		}
	}
	return true
}
