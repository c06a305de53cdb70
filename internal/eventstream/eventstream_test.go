package eventstream

import (
	"bufio"
	"errors"
	"io"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestAppend(t *testing.T) {
	for want, event := range map[string]Event{
		"data: \n\n":                     {},
		"event: price\ndata: 7\n\n":      {Name: "price", Data: []byte("7")},
		"id: 9\nretry: 1\ndata: \n\n":    {ID: "9", Retry: time.Nanosecond},
		"retry: 1500\ndata: \n\n":        {Retry: 1500*time.Millisecond + 999},
		"data: a\ndata: \ndata: b\n\n":   {Data: []byte("a\r\rb")},
		"data: a\ndata: b\ndata: \n\n":   {Data: []byte("a\r\nb\n"), Retry: -1},
		"event: a:b\nid:  \ndata: c\n\n": {Name: "a:b", ID: " ", Data: []byte("c")},
	} {
		got, err := Append([]byte("x"), &event)
		require.NoError(t, err)
		require.Equal(t, "x"+want, string(got))
	}
	for _, event := range []Event{{Name: "a\rb"}, {Name: "\n"}, {ID: "\r"}, {ID: "a\n"}, {ID: "\x00"}} {
		got, err := Append([]byte("x"), &event)
		require.ErrorIs(t, err, ErrField)
		require.Equal(t, "x", string(got), "nothing of it is written")
	}
}

func TestAppendWithoutEvent(t *testing.T) {
	require.Equal(t, "retry: 250\n\n", string(AppendRetry(nil, 250*time.Millisecond)))
	require.Equal(t, "retry: 1\n\n", string(AppendRetry(nil, 1)))
	require.Empty(t, AppendRetry(nil, 0))
	require.Equal(t, ":\n\n", string(AppendComment(nil, "")))
	require.Equal(t, ":a\n:data: b\n\n", string(AppendComment(nil, "a\ndata: b")))

	var text []byte
	text = AppendComment(AppendRetry(text, time.Second), "event: none")
	events, err := all(strings.NewReader(string(text)))
	require.Equal(t, io.EOF, err)
	require.Empty(t, events, "a reader finds no event in either")
}

// TestReader: the cases that the HTML standard tells of in section 9.2.6.
func TestReader(t *testing.T) {
	for stream, want := range map[string][]Event{
		"data: YHOO\ndata: +2\ndata: 10\n\n":                      {{Data: []byte("YHOO\n+2\n10")}},
		": test\n\ndata: first\nid: 1\n\ndata:second\nid\n\n":     {{ID: "1", Data: []byte("first")}, {Data: []byte("second")}},
		"data\n\ndata\ndata\n\ndata:":                             {{Data: []byte("")}, {Data: []byte("\n")}},
		"data:test\n\ndata: test\n\n":                             {{Data: []byte("test")}, {Data: []byte("test")}},
		"\xef\xbb\xbfdata: a\n\n\xef\xbb\xbfdata: b\n\n":          {{Data: []byte("a")}},
		"id: 7\n\ndata: a\n\nid: 8\x00\ndata: b\n\n":              {{ID: "7", Data: []byte("a")}, {ID: "7", Data: []byte("b")}},
		"event: lost\n\ndata: a\n\nevent: x\ndata: b\n\n":         {{Data: []byte("a")}, {Name: "x", Data: []byte("b")}},
		"retry: 1x\nretry: -5\ndata: a\n\nretry: 20\ndata: b\n\n": {{Data: []byte("a")}, {Retry: 20 * time.Millisecond, Data: []byte("b")}},
		"Data: a\nunknown\n data: b\n\n":                          nil,
		"data: a\r\rdata: b\r\n\r\ndata: c\n\r\n":                 {{Data: []byte("a")}, {Data: []byte("b")}, {Data: []byte("c")}},
		"data: whole\n\ndata: cut off\n":                          {{Data: []byte("whole")}},
	} {
		got, err := all(strings.NewReader(stream))
		require.Equal(t, io.EOF, err)
		require.Len(t, got, len(want), "%q", stream)
		for i := range want {
			require.Equal(t, want[i], got[i], "%q", stream)
		}
	}
}

// TestReaderWaitsForNothing: an event is there with its last byte, also when that is a
// CR that LF may follow.
func TestReaderWaitsForNothing(t *testing.T) {
	in, out := io.Pipe()
	r := NewReader(in)
	for _, end := range []string{"\r\r", "\n\r", "\n\n", "\r\n\r\n"} {
		written := make(chan error, 1)
		go func() {
			_, err := out.Write([]byte("data: a" + end))
			written <- err
		}()
		event, err := r.Next()
		require.NoError(t, err, "%q", end)
		require.Equal(t, "a", string(event.Data), "%q", end)
		require.NoError(t, <-written)
	}
	broken := errors.New("broken")
	out.CloseWithError(broken)
	_, err := r.Next()
	require.ErrorIs(t, err, broken)
}

// TestReaderIsBounded: a line that does not end and data that does not take no memory
// without end.
func TestReaderIsBounded(t *testing.T) {
	_, err := NewReader(strings.NewReader("data: " + strings.Repeat("a", maxBytes) + "\n\n")).Next()
	require.ErrorIs(t, err, bufio.ErrTooLong)
	_, err = NewReader(strings.NewReader(strings.Repeat("data: "+strings.Repeat("a", 1000)+"\n", 1050))).Next()
	require.ErrorIs(t, err, bufio.ErrTooLong)
	event, err := NewReader(strings.NewReader(strings.Repeat("data: "+strings.Repeat("a", 1000)+"\n", 1000) + "\n")).Next()
	require.NoError(t, err)
	require.Len(t, event.Data, 1001*1000-1)
}

// TestLongestRetry: what no Duration can hold counts for nothing.
func TestLongestRetry(t *testing.T) {
	text, err := Append(nil, &Event{Retry: math.MaxInt64})
	require.NoError(t, err)
	event, err := NewReader(strings.NewReader(string(text))).Next()
	require.NoError(t, err)
	require.Equal(t, time.Duration(math.MaxInt64).Truncate(time.Millisecond), event.Retry)
	event, err = NewReader(strings.NewReader("retry: 9223372036855\ndata:\n\n")).Next()
	require.NoError(t, err)
	require.Zero(t, event.Retry)
}

// TestAllocations: writing an event allocates nothing.
func TestAllocations(t *testing.T) {
	text, event := make([]byte, 0, 256), &Event{Name: "price", ID: "7", Retry: time.Second, Data: []byte("a\nb")}
	require.Zero(t, testing.AllocsPerRun(100, func() {
		var err error
		if text, err = Append(text[:0], event); err != nil {
			t.Fatal(err)
		}
		text = AppendComment(text, "comment")
	}))
}
