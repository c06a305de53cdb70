package redis

import (
	"errors"
	"math"
	"strconv"
)

// errFrame is what a stream is given up for that is not of Redis's protocol.
var errFrame = errors.New("redis: what comes is not of its protocol")

// framer finds where messages of RESP3 begin (https://redis.io/docs/latest/develop/reference/protocol-spec/), however the stream is cut.
//
//	*2\r\n $3\r\nGET\r\n $1\r\nk\r\n     one message, an array of two strings
//
// Owner: whoever reads, or writes, the stream.
type framer struct {
	kind byte   // of the element whose first line is under way; 0: the next byte is a kind
	line []byte // that line, without its kind
	skip int    // bytes of a string, with its end, that are still to come
	open []aggregate
}

// aggregate is an array, a map or the like that is not complete.
//
// Owner: as its framer.
type aggregate struct {
	kind byte
	left int // elements
}

// mostLine bounds what is kept of a line: a length has at most so many digits.
const mostLine = 20

// mostSize bounds the bytes of a string and the elements of an array: Redis's own bound of a string is 512 MB (proto-max-bulk-len).
const mostSize = math.MaxInt32 / 2

// mostOpen bounds how deep arrays are: the scripts here answer with one level, and few replies of Redis have more than four.
const mostOpen = 128

// feed goes on with p and calls begins at each message, with its kind. When that, or the stream, is wrong it tells in how many bytes.
func (f *framer) feed(p []byte, begins func(kind byte) error) (n int, err error) {
	for n < len(p) {
		if f.skip > 0 {
			step := min(f.skip, len(p)-n)
			n += step
			if f.skip -= step; f.skip == 0 {
				f.ended('$')
			}
			continue
		}
		c := p[n]
		switch {
		case f.kind == 0:
			if len(f.open) == 0 && c != '|' { // attributes are before a message
				if err := begins(c); err != nil {
					return n, err
				}
			}
			f.kind, f.line = c, f.line[:0]
		case c == '\n':
			if err := f.header(); err != nil {
				return n, err
			}
		case len(f.line) < mostLine && c != '\r':
			f.line = append(f.line, c)
		}
		n++
	}
	return n, nil
}

// header ends the first line of an element.
func (f *framer) header() error {
	kind := f.kind
	f.kind = 0
	switch kind {
	case '+', '-', ':', '_', ',', '#', '(':
		f.ended(kind)
		return nil
	}
	size, err := strconv.Atoi(string(f.line))
	switch {
	case err != nil || size < -1 || size > mostSize:
		return errFrame
	case size < 0: // RESP2's null
		f.ended(kind)
		return nil
	}
	if len(f.open) == mostOpen {
		return errFrame
	}
	switch kind {
	case '$', '=', '!':
		f.skip = size + len("\r\n")
	case '*', '~', '>':
		f.begin(kind, size)
	case '%', '|':
		f.begin(kind, 2*size)
	default:
		return errFrame
	}
	return nil
}

func (f *framer) begin(kind byte, elements int) {
	if elements == 0 {
		f.ended(kind)
		return
	}
	f.open = append(f.open, aggregate{kind, elements})
}

// ended ends an element, and what it was the last one of. News of Redis 6 may be within an array without being one of its elements, and
// attributes are before theirs.
func (f *framer) ended(kind byte) {
	for kind != '>' && kind != '|' && len(f.open) > 0 {
		last := &f.open[len(f.open)-1]
		if last.left--; last.left > 0 {
			return
		}
		kind, f.open = last.kind, f.open[:len(f.open)-1]
	}
}
