package eventstream

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"math"
	"strconv"
	"time"
)

// maxBytes bounds a line, and the data of an event.
const maxBytes = 1 << 20

// byteOrderMark may stand at the beginning of a stream, and counts for nothing.
var byteOrderMark = []byte("\xef\xbb\xbf")

// errTooLong is [bufio.ErrTooLong] for data of many lines.
var errTooLong = errors.Join(errors.New("eventstream: the data of an event is above 1 MiB"), bufio.ErrTooLong)

// Reader reads the events of a stream.
//
// Owner: one goroutine at a time.
type Reader struct {
	lines   *bufio.Scanner
	started bool // a line was read
	afterCR bool // the last line ended with CR: a LF now belongs to it
	lastID  string
}

// NewReader returns a reader of the stream in r.
func NewReader(r io.Reader) *Reader {
	reader := &Reader{lines: bufio.NewScanner(r)}
	reader.lines.Buffer(nil, maxBytes)
	reader.lines.Split(reader.line)
	return reader
}

// Next waits for the next event. The error is [io.EOF] at the end of the stream,
// [bufio.ErrTooLong] for a line or data above 1 MiB, and else that of the reader
// below. An event that the end cuts off does not count.
func (r *Reader) Next() (Event, error) {
	var event Event
	complete := false // the event has data, which may be empty
	for r.lines.Scan() {
		line := r.lines.Bytes()
		if !r.started {
			r.started, line = true, bytes.TrimPrefix(line, byteOrderMark)
		}
		switch {
		case len(line) > 0:
			name, value, _ := bytes.Cut(line, []byte(":"))
			if r.take(&event, string(name), bytes.TrimPrefix(value, []byte(" "))) {
				complete = true
			}
			if len(event.Data) > maxBytes {
				return Event{}, errTooLong
			}
		case complete:
			event.ID, event.Data = r.lastID, event.Data[:len(event.Data)-1]
			return event, nil
		default:
			event = Event{}
		}
	}
	if err := r.lines.Err(); err != nil {
		return Event{}, err
	}
	return Event{}, io.EOF
}

// take notes one field, and reports whether it was data. Every line of data ends
// with LF.
func (r *Reader) take(event *Event, name string, value []byte) bool {
	switch name {
	case "event":
		event.Name = string(value)
	case "id":
		if bytes.IndexByte(value, 0) < 0 {
			r.lastID = string(value)
		}
	case "retry":
		// Digits only; a time that no Duration can hold counts for nothing.
		if ms, err := strconv.ParseUint(string(value), 10, 64); err == nil && ms <= math.MaxInt64/uint64(time.Millisecond) {
			event.Retry = time.Duration(ms) * time.Millisecond
		}
	case "data":
		event.Data = append(append(event.Data, value...), '\n')
		return true
	}
	return false
}

// line is the [bufio.SplitFunc] of lines that end with CR, LF or both. A line is
// there as soon as its CR is: whether LF follows is asked when more has come.
func (r *Reader) line(data []byte, atEOF bool) (advance int, token []byte, err error) {
	skipped := 0
	if r.afterCR && len(data) > 0 {
		r.afterCR = false
		if data[0] == '\n' {
			skipped, data = 1, data[1:]
		}
	}
	if end := bytes.IndexAny(data, "\r\n"); end >= 0 {
		r.afterCR = data[end] == '\r'
		return skipped + end + 1, data[:end], nil
	}
	if atEOF { // what is not a whole line does not count
		return skipped + len(data), nil, nil
	}
	return skipped, nil, nil
}
