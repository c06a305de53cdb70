package redis

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// element draws an element of RESP3, with others in it.
func element(t *rapid.T, depth int) string {
	kinds := []string{"+", "-", ":", "_", ",", "#", "(", "$", "=", "!", "null", "nulls"}
	if depth < 3 {
		kinds = append(kinds, "*", "~", "%", "|", "news")
	}
	many := func(kind string, n, of int) string {
		text := fmt.Sprintf("%s%d\r\n", kind, n)
		var b strings.Builder
		b.WriteString(text)
		for range n * of {
			b.WriteString(element(t, depth+1))
		}
		return b.String()
	}
	n := rapid.IntRange(0, 3).Draw(t, "n")
	switch kind := rapid.SampledFrom(kinds).Draw(t, "kind"); kind {
	case "$", "=", "!":
		text := rapid.SampledFrom([]string{"", "x", "\r\n", "+OK\r\n", "*3\r\n", strings.Repeat("y", 100)}).Draw(t, "text")
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
		return many(kind, n, 2) + element(t, depth+1)
	case "news": // before an element, as Redis 6 has them
		return many(">", n, 1) + element(t, depth+1)
	default:
		return kind + rapid.SampledFrom([]string{"", "1", "OK", strings.Repeat("z", 50)}).Draw(t, "line") + "\r\n"
	}
}

// TestFramer: it finds each message where it begins, however the stream is cut.
func TestFramer(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var stream strings.Builder
		want := map[int]bool{}
		for range rapid.IntRange(1, 6).Draw(t, "messages") {
			text := element(t, 0)
			if text[0] != '|' && text[0] != '>' { // those begin twice, or behind the attributes
				want[stream.Len()] = true
				stream.WriteString(text)
			}
		}
		text, got, at := stream.String(), map[int]bool{}, 0
		f := &framer{}
		for at < len(text) {
			end := at + rapid.IntRange(1, 12).Draw(t, "cut")
			for _, c := range []byte(text[at:min(end, len(text))]) {
				begun := -1
				n, err := f.feed([]byte{c}, func(byte) error { begun = at; return nil })
				require.NoError(t, err)
				require.Equal(t, 1, n)
				if begun >= 0 {
					got[begun] = true
				}
				at++
			}
		}
		require.Equal(t, want, got, "%q", text)
		require.Empty(t, f.open)

		whole, count := &framer{}, 0
		n, err := whole.feed([]byte(text), func(byte) error { count++; return nil })
		require.NoError(t, err)
		require.Equal(t, len(text), n)
		require.Len(t, want, count)
	})
	no := errors.New("no")
	f := &framer{}
	n, err := f.feed([]byte("+OK\r\n:1\r\n"), func(kind byte) error {
		if kind == ':' {
			return no
		}
		return nil
	})
	require.ErrorIs(t, err, no)
	require.Equal(t, 5, n, "what is good is known")
	for _, text := range []string{"?1\r\n", "$x\r\n", "*-2\r\n", "$99999999999999999999999999\r\n", "\r\n", "$?\r\n", strings.Repeat("*1\r\n", 200)} {
		_, err := (&framer{}).feed([]byte(text), func(byte) error { return nil })
		require.ErrorIs(t, err, errFrame, "%q", text)
	}
}

// FuzzFramer: nothing panics, and nothing is consumed that is not there.
func FuzzFramer(f *testing.F) {
	f.Add([]byte("*2\r\n$3\r\nGET\r\n$1\r\nk\r\n"))
	f.Add([]byte("%1\r\n+a\r\n>1\r\n+b\r\n|1\r\n+c\r\n+d\r\n:1\r\n"))
	f.Add([]byte("*9223372036854775807\r\n%9223372036854775807\r\n$9223372036854775807\r\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		r := &framer{}
		n, err := r.feed(b, func(byte) error { return nil })
		if n > len(b) || err == nil && n != len(b) || r.skip < 0 {
			t.Fatal(n, err, r.skip)
		}
		for _, a := range r.open {
			if a.left <= 0 {
				t.Fatal(r.open)
			}
		}
	})
}
