package redis

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fasterapi/fasterapi/cache"
)

// TestFormat: what is stored is read again, by its name only, and no byte of it may differ.
func TestFormat(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := stored{name: rapid.String().Draw(t, "name"), loaded: rapid.Int64Range(0, 1<<52).Draw(t, "loaded"), value: []byte(rapid.String().Draw(t, "value"))}
		e.life = cache.Life{TTL: time.Duration(rapid.Int64Range(1, 1<<62).Draw(t, "ttl"))}
		for range rapid.IntRange(0, 3).Draw(t, "tags") {
			e.tags, e.marks = append(e.tags, rapid.String().Draw(t, "tag")), append(e.marks, rapid.String().Draw(t, "mark"))
		}
		text := string(e.append(nil))
		got, err := parse(text, e.name)
		require.NoError(t, err)
		require.Equal(t, string(e.value), string(got.value))
		require.Equal(t, e.tags, got.tags)
		require.Equal(t, e.marks, got.marks)
		require.Equal(t, e.life, got.life)
		require.Equal(t, e.loaded, got.loaded)
		_, err = parse(text, e.name+"x")
		require.ErrorIs(t, err, errOdd)
		first := strings.IndexByte(text, '|') + 1
		begin := first + strings.IndexByte(text[first:], '|') + 1 // behind the times, which no checksum covers
		i := begin + rapid.IntRange(0, len(text)-begin-1).Draw(t, "i")
		changed := []byte(text)
		changed[i] ^= byte(rapid.IntRange(1, 255).Draw(t, "bits"))
		_, err = parse(string(changed), e.name)
		require.ErrorIs(t, err, errOdd)
	})
}

// FuzzParse: nothing that Redis may answer is too much.
func FuzzParse(f *testing.F) {
	e := stored{name: "n", loaded: 1, tags: []string{"a"}, marks: []string{"b"}, value: []byte("v")}
	f.Add(string(e.append(nil)))
	f.Add("1|2|\x01abcd")
	f.Fuzz(func(t *testing.T, text string) {
		if e, err := parse(text, "n"); err == nil && e.name != "n" {
			t.Fatal("another key's")
		}
	})
}

// TestNames: names of entries and tags are told apart, whatever keys look like.
func TestNames(t *testing.T) {
	s := Open(Config{URL: "redis://localhost"})
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String().Draw(t, "text")
		kind, name, rest := s.parse(s.entryName("c", text))
		require.Equal(t, []any{byte('v'), "c", text}, []any{kind, name, rest})
		kind, name, rest = s.parse(s.tagName("c", text))
		require.Equal(t, []any{byte('t'), "c", text}, []any{kind, name, rest})
		s.parse(text)
		s.parse(s.cfg.Prefix + text)
		kind, _, _ = s.parse(s.leaseName("c", text))
		require.Zero(t, kind)
	})
}
