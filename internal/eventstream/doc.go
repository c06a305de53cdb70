// Package eventstream writes and reads server-sent events: the format
// text/event-stream of the HTML standard, section 9.2.
//
//	text, err = eventstream.Append(text[:0], &eventstream.Event{Name: "price", ID: "7", Data: data})
//	text = eventstream.AppendComment(text[:0], "still here")
//
//	r := eventstream.NewReader(body)
//	for {
//		event, err := r.Next()
//		…
//	}
//
// What [Append] has written, a [Reader] reads back, but for two things that the
// format cannot say: line breaks of the data come back as LF, and times below a
// millisecond are rounded.
//
//   - append.go: events, times to reconnect and comments become text
//   - reader.go: text becomes events
//
// # Ownership and cost
//
// The functions that append are pure and for any goroutine; they allocate only what
// dst needs to grow. A Reader belongs to one goroutine at a time. It holds one line
// and the data of one event, and copies the data once more for each event.
//
// # What it refuses
//
// A name or an ID with a line break, and an ID with a zero byte, cannot be written
// ([ErrField]). A line or the data of an event above 1 MiB is not read. Text is taken
// for UTF-8 and not checked.
package eventstream
