package redisclient

import (
	"bytes"
	"errors"
	"math"
	"strconv"
)

// errFrame is what a stream is given up for that is not of Redis's protocol.
var errFrame = errors.New("redisclient: what comes is not of Redis's protocol")

// framer finds the messages of RESP3 (https://redis.io/docs/latest/develop/reference/protocol-spec/) in a stream, however that is cut, where
// rueidis finds them. Whatever rueidis would read in another way is errFrame.
//
//	*2\r\n $3\r\nGET\r\n $1\r\nk\r\n     one message, an array of two strings
//
// Owner: whoever reads, or writes, the stream.
type framer struct {
	// begins is told of the kind of each message, when its first byte is there.
	begins func(kind byte) error
	// element, which may be nil, is told of what is in a message, unless it has elements itself. A message that has none is its own element.
	element func(e element) error
	// ends is told of each message before its last byte is passed on.
	ends func(m message) error
	// nested: an array may have news in it, which take the place of elements that then are behind it. Redis 6 sends that
	// (https://github.com/redis/redis/issues/8935).
	nested bool
	// pause, which ends sets, is where feed returns: behind the message.
	pause bool

	kind byte   // of the element whose first line is under way; 0: the next byte is a kind
	line []byte // that line, without its kind
	cr   bool   // a carriage return that may end it

	text     []byte // the beginning of a string
	textKind byte
	skip     int // bytes of that string, with its end, that are still to come

	open     []aggregate
	elements int // that this message has said it has, at any depth
	message  message
}

// aggregate is an array, a map or the like that is not complete.
//
// Owner: as its framer.
type aggregate struct {
	kind byte
	size int
	left int // elements
	// missing are elements that come behind it; late: those are being read.
	missing int
	late    bool
}

// element is a part of a message that has no parts.
//
// Owner: the framer, until it is fed again.
type element struct {
	depth, index int
	kind         byte
	text         []byte // the first bytes of it
}

// message is what is kept of one.
//
// Owner: the framer, until the next one begins.
type message struct {
	kind byte
	size int       // elements; 0: none, as a string
	said [2][]byte // the first bytes of its first two elements, or of itself
}

const (
	// mostDigits bounds the line of a length.
	mostDigits = 20
	// mostLine bounds what is kept of other lines: an error of Redis with its reason.
	mostLine = 512
	// mostText bounds what is kept of a string: the name of a command, or of a kind of news.
	mostText = 64
	// mostSize bounds the bytes of a string: Redis's own bound is 512 MB (proto-max-bulk-len).
	mostSize = math.MaxInt32 / 2
	// mostElements bounds the elements of a message. The client makes room for all of them, 40 bytes each, when it is told how many there are.
	mostElements = 1 << 24
	// mostOpen bounds how deep arrays are: few replies of Redis have more than four levels.
	mostOpen = 128
)

// kinds are those of the elements of Redis.
var kinds = []byte("+-:_,#($=!*~>%|")

// feed goes on with p. When that, or the stream, is wrong it tells in how many bytes: they do not complete a message that is.
func (f *framer) feed(p []byte) (n int, err error) {
	for n < len(p) {
		step := 1
		if f.skip > 0 {
			step = min(f.skip, len(p)-n)
			err = f.string(p[n : n+step])
		} else {
			err = f.byte(p[n])
		}
		if err != nil {
			return n, err
		}
		n += step
		if f.pause {
			f.pause = false
			break
		}
	}
	return n, nil
}

// between tells whether the stream is between two messages.
func (f *framer) between() bool { return f.kind == 0 && f.skip == 0 && len(f.open) == 0 }

// string goes on with a string.
func (f *framer) string(p []byte) error {
	if f.skip > len("\r\n") {
		f.text = append(f.text, p[:min(len(p), f.skip-len("\r\n"), mostText-len(f.text))]...)
	}
	if f.skip -= len(p); f.skip > 0 {
		return nil
	}
	return f.scalar(f.textKind, f.text)
}

// byte goes on with a first line.
func (f *framer) byte(c byte) error {
	switch {
	case f.kind == 0:
		if bytes.IndexByte(kinds, c) < 0 {
			return errFrame
		}
		if len(f.open) == 0 && c != '|' { // attributes are before a message
			f.elements = 0
			f.message = message{kind: c, said: [2][]byte{f.message.said[0][:0], f.message.said[1][:0]}}
			if err := f.begins(c); err != nil {
				return err
			}
		}
		f.kind, f.line, f.cr = c, f.line[:0], false
		return nil
	case !f.counted(c):
		return errFrame
	case c == '\n':
		if !f.cr {
			return errFrame
		}
		return f.header()
	case f.cr:
		f.keep('\r')
	}
	if f.cr = c == '\r'; !f.cr {
		f.keep(c)
	}
	return nil
}

// counted tells whether c may come next in an element whose bytes rueidis counts, without a look at them: "_\r\n", "#t\r\n" and "#f\r\n".
func (f *framer) counted(c byte) bool {
	switch {
	case f.kind == '#' && len(f.line) == 0:
		return c == 't' || c == 'f'
	case f.kind == '#' || f.kind == '_':
		return !f.cr && c == '\r' || f.cr && c == '\n'
	}
	return true
}

func (f *framer) keep(c byte) {
	if len(f.line) < mostLine {
		f.line = append(f.line, c)
	}
}

// header ends the first line of an element.
func (f *framer) header() error {
	kind := f.kind
	f.kind = 0
	switch kind {
	case '+', '-', ':', ',', '(', '_', '#':
		return f.scalar(kind, f.line)
	}
	size, err := strconv.Atoi(string(f.line[:min(len(f.line), mostDigits)]))
	if err != nil || len(f.line) > mostDigits || size < -1 || size > mostSize {
		return errFrame
	}
	switch kind {
	case '$', '=', '!':
		return f.beginString(kind, size)
	case '*', '~', '>':
		return f.beginAggregate(kind, size)
	case '%', '|':
		return f.beginAggregate(kind, 2*size)
	}
	return errFrame
}

func (f *framer) beginString(kind byte, size int) error {
	switch {
	case size < 0: // RESP2's null
		return f.scalar('_', nil)
	case kind == '=' && size < len("txt:"):
		return errFrame
	}
	f.textKind, f.text, f.skip = kind, f.text[:0], size+len("\r\n")
	return nil
}

func (f *framer) beginAggregate(kind byte, elements int) error {
	if f.elements += max(elements, 0); f.elements > mostElements || len(f.open) == mostOpen {
		return errFrame
	}
	if kind == '>' && len(f.open) > 0 && !f.newsWithin() {
		return errFrame
	}
	if len(f.open) == 0 && kind != '|' {
		f.message.size = max(elements, 0)
	}
	switch {
	case elements < 0 && (kind == '*' || kind == '~'): // RESP2's null
		return f.scalar('_', nil)
	case elements < 0:
		return errFrame
	case elements == 0:
		return f.ended(kind)
	}
	f.open = append(f.open, aggregate{kind: kind, size: elements, left: elements})
	return nil
}

// newsWithin tells whether news may begin here, within an array: they stand for an element, which is missing then.
func (f *framer) newsWithin() bool {
	last := &f.open[len(f.open)-1]
	if !f.nested || len(f.open) > 1 || last.kind == '>' || last.kind == '|' {
		return false
	}
	if !last.late {
		last.missing++
	}
	return true
}

// scalar ends an element that has none itself.
func (f *framer) scalar(kind byte, text []byte) error {
	e := element{kind: kind, text: text[:min(len(text), mostLine)]}
	if e.depth = len(f.open); e.depth > 0 {
		last := f.open[e.depth-1]
		e.index = last.size - last.left
	}
	if e.depth == 0 || e.depth == 1 && e.index < len(f.message.said) && f.open[0].kind != '|' && !f.open[0].late {
		f.message.said[e.index] = append(f.message.said[e.index][:0], e.text...)
	}
	if (kind == '-' || kind == '!') && !readable(e.text) {
		return errFrame
	}
	if f.element != nil {
		if err := f.element(e); err != nil {
			return err
		}
	}
	return f.ended(kind)
}

// readable tells whether the client can read an error: it takes one that tells of another node apart without a look at how many parts it has.
func readable(text []byte) bool {
	for name, spaces := range map[string]int{"MOVED": 2, "ASK": 2, "REDIRECT": 1} {
		if bytes.HasPrefix(text, []byte(name)) && bytes.Count(text, []byte(" ")) < spaces {
			return false
		}
	}
	return true
}

// ended ends an element, and what it was the last one of. Attributes are before an element, and are none.
func (f *framer) ended(kind byte) error {
	for kind != '|' {
		if len(f.open) == 0 {
			return f.ends(f.message)
		}
		last := &f.open[len(f.open)-1]
		if last.left--; last.left > 0 {
			return nil
		}
		if last.missing > 0 {
			last.left, last.missing, last.late = last.missing, 0, true
			return nil
		}
		kind, f.open = last.kind, f.open[:len(f.open)-1]
	}
	return nil
}
