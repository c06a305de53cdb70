package redisclient

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// text draws an element of RESP3, with others in it. Where news are within an array, as Redis 6 has them, they take the place of an element, which
// comes behind the array.
func text(t *rapid.T, depth int) string {
	kinds := []string{"+", "-", ":", "_", ",", "#", "(", "$", "=", "!", "null", "nulls"}
	if depth < 3 {
		kinds = append(kinds, "*", "~", "%", "|")
	}
	many := func(kind string, n, of int) string {
		var b strings.Builder
		b.WriteString(fmt.Sprintf("%s%d\r\n", kind, n))
		news := -1 // rueidis knows what to do with one
		if depth == 0 && kind != "|" {
			news = rapid.IntRange(-10, 3).Draw(t, "news before")
		}
		for i := range n * of {
			if i == news {
				b.WriteString(">2\r\n+invalidate\r\n*1\r\n$1\r\nk\r\n")
			}
			b.WriteString(text(t, depth+1))
		}
		return b.String()
	}
	n := rapid.IntRange(0, 3).Draw(t, "n")
	switch kind := rapid.SampledFrom(kinds).Draw(t, "kind"); kind {
	case "$", "=", "!":
		text := rapid.SampledFrom([]string{"txt:", "txt:\r\n", "txt:+OK\r\n", "*3\r\n", strings.Repeat("y", 100)}).Draw(t, "text")
		return fmt.Sprintf("%s%d\r\n%s\r\n", kind, len(text), text)
	case "null":
		return "$-1\r\n"
	case "nulls":
		return "*-1\r\n"
	case "*", "~":
		return many(kind, n, 1)
	case "%":
		return many(kind, n, 2)
	case "|": // attributes, and what they are of
		return many(kind, n, 2) + text(t, depth+1)
	case "_":
		return "_\r\n"
	case "#":
		return "#t\r\n"
	default:
		return kind + rapid.SampledFrom([]string{"", "1", "OK", "a\rb\r", strings.Repeat("z", 50)}).Draw(t, "line") + "\r\n"
	}
}

// newFramer tells nobody of what it finds.
func newFramer() *framer {
	nothing := func(message) error { return nil }
	return &framer{begins: func(byte) error { return nil }, ends: nothing, nested: true}
}

// TestFramer: it finds each message where it begins and where it ends, however the stream is cut.
func TestFramer(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var stream strings.Builder
		wantBegins, wantEnds := map[int]bool{}, map[int]bool{}
		for range rapid.IntRange(1, 6).Draw(t, "messages") {
			text := text(t, 0)
			if text[0] != '|' { // it begins behind the attributes
				wantBegins[stream.Len()] = true
				stream.WriteString(text)
				wantEnds[stream.Len()] = true
			}
		}
		text, at := stream.String(), 0
		begins, ends := map[int]bool{}, map[int]bool{}
		f := newFramer()
		f.begins = func(byte) error { begins[at] = true; return nil }
		f.ends = func(message) error { ends[at+1] = true; return nil }
		for at < len(text) {
			n, err := f.feed([]byte{text[at]})
			require.NoError(t, err)
			require.Equal(t, 1, n)
			at++
		}
		require.Equal(t, wantBegins, begins, "%q", text)
		require.Equal(t, wantEnds, ends, "%q", text)
		require.Empty(t, f.open)

		cut, count := newFramer(), 0
		cut.ends = func(message) error { count++; return nil }
		for at = 0; at < len(text); {
			end := min(at+rapid.IntRange(1, 200).Draw(t, "cut"), len(text))
			n, err := cut.feed([]byte(text[at:end]))
			require.NoError(t, err)
			require.Equal(t, end-at, n)
			at = end
		}
		require.Len(t, wantEnds, count)
	})
}

// TestFramerStops: what is wrong is told of before it is complete.
func TestFramerStops(t *testing.T) {
	no := errors.New("no")
	f := newFramer()
	f.begins = func(kind byte) error {
		if kind == ':' {
			return no
		}
		return nil
	}
	n, err := f.feed([]byte("+OK\r\n:1\r\n"))
	require.ErrorIs(t, err, no)
	require.Equal(t, 5, n, "what is good is known")
	f = newFramer()
	f.ends = func(m message) error {
		if string(m.said[0]) == "subscribe" {
			return no
		}
		return nil
	}
	stream := ">2\r\n+message\r\n+x\r\n>2\r\n$9\r\nsubscribe\r\n$1\r\nx\r\n"
	n, err = f.feed([]byte(stream))
	require.ErrorIs(t, err, no)
	require.Equal(t, len(stream)-len("x\r\n"), n, "all but its end")
	for _, text := range []string{
		"?1\r\n", "$x\r\n", "*-2\r\n", "$99999999999999999999999999\r\n", "$00000000000000000000005\r\n", "\r\n", "$?\r\n", "*?\r\n", ".\r\n", ";1\r\n",
		"%-1\r\n", "|-1\r\n", ">-1\r\n", ":1\n", "$15\n", "$1\r5\r\n", "_x\r\n", "#\r\n", "#tt\r\n", "=3\r\n", "-MOVED\r\n", "-ASK 1\r\n", "!8\r\nREDIRECT\r\n",
		"*16777217\r\n", "*9000000\r\n*9000000\r\n", strings.Repeat("*1\r\n", 200), "*1\r\n*1\r\n>2\r\n", ">1\r\n>1\r\n",
	} {
		_, err := newFramer().feed([]byte(text))
		require.ErrorIs(t, err, errFrame, "%q", text)
	}
	f = newFramer()
	f.nested = false
	_, err = f.feed([]byte("*1\r\n>2\r\n"))
	require.ErrorIs(t, err, errFrame, "only Redis 6 does that")
}

// FuzzFramer: nothing panics, and nothing is consumed that is not there.
func FuzzFramer(f *testing.F) {
	f.Add([]byte("*2\r\n$3\r\nGET\r\n$1\r\nk\r\n"))
	f.Add([]byte("%1\r\n+a\r\n>1\r\n+b\r\n|1\r\n+c\r\n+d\r\n:1\r\n"))
	f.Add([]byte("*9223372036854775807\r\n%9223372036854775807\r\n$9223372036854775807\r\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		r := newFramer()
		n, err := r.feed(b)
		if n > len(b) || err == nil && n != len(b) || r.skip < 0 {
			t.Fatal(n, err, r.skip)
		}
		for _, a := range r.open {
			if a.left <= 0 || a.missing < 0 {
				t.Fatal(r.open)
			}
		}
	})
}
