package eventstream

import (
	"errors"
	"strconv"
	"strings"
	"time"
)

// Type is the media type of the format.
const Type = "text/event-stream"

// Event is one server-sent event.
//
// Owner: any (a value).
type Event struct {
	// Name is the type of the event, "" for what browsers call "message".
	Name string
	// ID is what Last-Event-ID says after a reconnect. A written "" says nothing of
	// it; an event that was read has the last ID of its stream.
	ID string
	// Retry is how long the client waits before it connects again, in whole
	// milliseconds, 1 at least; 0 or less says nothing of it.
	Retry time.Duration
	// Data is the content.
	Data []byte
}

// ErrField is returned for an [Event] that would end within its name or its ID.
var ErrField = errors.New("eventstream: the name and the ID of an event have no line breaks")

// Append appends an event.
func Append(dst []byte, e *Event) ([]byte, error) {
	if strings.ContainsAny(e.Name, "\r\n") || strings.ContainsAny(e.ID, "\r\n\x00") {
		return dst, ErrField
	}
	if e.Name != "" {
		dst = append(append(append(dst, "event: "...), e.Name...), '\n')
	}
	if e.ID != "" {
		dst = append(append(append(dst, "id: "...), e.ID...), '\n')
	}
	if e.Retry > 0 {
		dst = appendRetry(dst, e.Retry)
	}
	return append(appendLines(dst, "data: ", e.Data), '\n'), nil
}

// AppendRetry appends how long the client waits before it connects again, without
// an event. It appends nothing for 0 and less.
func AppendRetry(dst []byte, retry time.Duration) []byte {
	if retry <= 0 {
		return dst
	}
	return append(appendRetry(dst, retry), '\n')
}

// AppendComment appends text that clients ignore.
func AppendComment(dst []byte, text string) []byte {
	return append(appendLines(dst, ":", text), '\n')
}

func appendRetry(dst []byte, retry time.Duration) []byte {
	dst = append(dst, "retry: "...)
	return append(strconv.AppendInt(dst, max(1, retry.Milliseconds()), 10), '\n')
}

// appendLines appends every line of text behind prefix. A line ends with CR, LF
// or both; the reader of the stream puts LF between them.
func appendLines[T string | []byte](dst []byte, prefix string, text T) []byte {
	dst = append(dst, prefix...)
	for i := range len(text) {
		switch b := text[i]; {
		case b == '\r' && i+1 < len(text) && text[i+1] == '\n':
			// one line break, the next byte's
		case b == '\r' || b == '\n':
			dst = append(append(dst, '\n'), prefix...)
		default:
			dst = append(dst, b)
		}
	}
	return append(dst, '\n')
}
