package http2

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/internal/http2/frame"
)

// blocks are the field blocks that the server has sent since the last call.
func (l *lab) blocks() (blocks [][]byte) {
	l.t.Helper()
	l.in.Write(l.peer.Take())
	framer := http2.NewFramer(nil, &l.in)
	for l.in.Len() > 0 {
		f, err := framer.ReadFrame()
		require.NoError(l.t, err)
		if h, ok := f.(*http2.HeadersFrame); ok {
			require.True(l.t, h.HeadersEnded())
			blocks = append(blocks, bytes.Clone(h.HeaderBlockFragment()))
		}
	}
	return blocks
}

// tableSize is a setting of a client.
func tableSize(n uint32) http2.Setting {
	return http2.Setting{ID: http2.SettingHeaderTableSize, Val: n}
}

// TestTableOfClient: whatever room a client has for our table, no response asks for any of it, and where its room has
// become less than it was, which may happen at any time, the next field block and no other begins with the update that
// RFC 7541 4.2 asks for.
func TestTableOfClient(t *testing.T) {
	for _, c := range []struct {
		name     string
		settings []http2.Setting
		updates  bool
	}{
		{"none", []http2.Setting{tableSize(0)}, true},
		{"a byte less", []http2.Setting{tableSize(4095)}, true},
		{"as it was", []http2.Setting{tableSize(4096)}, false},
		{"2^31", []http2.Setting{tableSize(1 << 31)}, false},
		{"as much as can be said", []http2.Setting{tableSize(1<<32 - 1)}, false},
		{"none, then 2^31", []http2.Setting{tableSize(0), tableSize(1 << 31)}, true}, // the smallest has to be told
		{"2^31, then none", []http2.Setting{tableSize(1 << 31), tableSize(0)}, true},
	} {
		for _, late := range []bool{false, true} {
			t.Run(fmt.Sprint(c.name, " late=", late), func(t *testing.T) {
				l := newLab(t, Config{}, &site{})
				id := uint32(1)
				ask := func() (updated bool) {
					t.Helper()
					l.head(id, false, "POST", "/", "expect", "100-continue")
					l.turn()
					require.NoError(t, l.framer.WriteData(id, true, []byte("hello")))
					l.turn()
					id += 2
					blocks := l.blocks()
					require.Len(t, blocks, 2, "100 and 200")
					for i, block := range blocks {
						if block[0]&0xe0 == 0x20 {
							require.Zero(t, i, "it came too late")
							require.EqualValues(t, 0x20, block[0], "to nothing")
							updated = true
						}
						fields, err := hpack.NewDecoder(0, nil).DecodeFull(block) // without a table
						require.NoError(t, err)
						require.Equal(t, []string{"100", "200"}[i], fields[0].Value)
					}
					return updated
				}
				if late {
					l.greet()
					require.False(t, ask())
					require.NoError(t, l.framer.WriteSettings(c.settings...))
				} else {
					l.greet(c.settings...)
				}
				require.Equal(t, c.updates, ask())
				require.False(t, ask(), "once is enough")
				require.NoError(t, l.framer.WriteSettings(tableSize(1<<20)))
				require.False(t, ask(), "nobody has to use more")
			})
		}
	}
}

// update is a dynamic table size update (RFC 7541 6.3).
func update(n int) string { return string(appendInt(nil, 0x20, 5, n)) }

// kept is a field that the table is to keep, of 64 bytes there.
func kept(name, value string) string {
	return "\x40" + string(appendText(appendText(nil, name), value+strings.Repeat(".", 32-len(name)-len(value))))
}

// indexed is a field of a table.
func indexed(i int) string { return string(appendInt(nil, 0x80, 7, i)) }

// plain are the fields of a request that uses no table, which a test may put anything behind.
const plain = "\x82\x87\x84\x01\x04test"

// TestTableUpdatesOfClient: a client may make our table smaller, or as large as it was again, in front of a block.
// More than we have announced, or behind a field, is a mistake that ends the connection.
func TestTableUpdatesOfClient(t *testing.T) {
	for _, c := range []struct {
		name   string
		blocks []string
		want   string // of the last
	}{
		{"smaller", []string{update(100) + plain + kept("a", "1"), plain + indexed(62)}, "a=1"},
		{"nothing", []string{update(0) + plain + kept("a", "1"), plain + indexed(62)}, ""},
		{"all again", []string{plain + kept("a", "1"), update(4096) + plain + indexed(62)}, "a=1"},
		{"emptied, then all again", []string{plain + kept("a", "1"), update(0) + update(4096) + plain + kept("b", "2"), plain + indexed(62)}, "b=2"},
		{"emptied, and then not there", []string{plain + kept("a", "1"), update(0) + update(4096) + plain + indexed(62)}, ""},
		{"less, then all again", []string{plain + kept("a", "1"), update(100) + update(4096) + plain + indexed(62)}, "a=1"}, // 4.2: up to two
		{"less, then all again, in frames", []string{plain + kept("a", "1"), "|" + update(100) + "|" + update(4096) + plain + indexed(62)}, "a=1"},
		{"three", []string{plain + kept("a", "1"), update(100) + update(64) + update(4096) + plain}, ""},
		{"a byte too much", []string{update(4097) + plain}, ""},
		{"2^31", []string{update(1<<31) + plain}, ""},
		{"more than fits", []string{"\x3f" + strings.Repeat("\xff", 20) + "\x01" + plain}, ""},
		{"not all of it", []string{update(4096)[:1]}, ""},
		{"behind a field", []string{plain + kept("a", "1"), plain + update(64)}, ""},
		{"behind a field, in the next frame", []string{plain + kept("a", "1"), plain + "|" + update(64)}, ""},
		{"between fields", []string{plain + kept("a", "1") + update(0) + kept("b", "2")}, ""},
	} {
		for _, announced := range []uint32{4096, 1 << 31} { // what the client has is not what we have
			t.Run(fmt.Sprint(c.name, " ", announced), func(t *testing.T) {
				got := ""
				l := newLab(t, Config{}, &site{routes: map[string]func(x exchangeOf) exchange.Outcome{"/": func(x exchangeOf) exchange.Outcome {
					got = ""
					for _, name := range []string{"a", "b"} {
						if v := x.Head.Get(name); len(v) > 0 {
							got += name + "=" + strings.TrimRight(string(v), ".")
						}
					}
					return text(x, 200, "ok")
				}}})
				l.greet(tableSize(announced))
				for i, block := range c.blocks {
					l.rawBlock(uint32(2*i+1), block)
				}
				l.turn()
				lines := strings.Join(l.frames(), "\n")
				if c.want == "" {
					require.Contains(t, lines, "COMPRESSION_ERROR")
					return
				}
				require.Contains(t, lines, fmt.Sprintf("HEADERS %d :status=200", 2*len(c.blocks)-1))
				require.Equal(t, c.want, got)
			})
		}
	}
}

// rawBlock writes a request, whose field block is cut into frames at each "|".
func (l *lab) rawBlock(id uint32, block string) {
	pieces := strings.Split(block, "|")
	typ, flags := frame.Headers, frame.Flags(frame.EndStream)
	for i, piece := range pieces {
		if i == len(pieces)-1 {
			flags |= frame.EndHeaders
		}
		l.raw(typ, flags, id, piece)
		typ, flags = frame.Continuation, 0
	}
}

// TestTableIsBounded: of all that a client lets us keep, in as many blocks as it likes, the latest 4096 bytes are there,
// and nothing else.
func TestTableIsBounded(t *testing.T) {
	const entries = frame.DefaultTableSize / 64
	for _, c := range []struct {
		name string
		last string
		ok   bool
	}{
		{"the oldest that is there", plain + indexed(61+entries), true},
		{"one that is not any more", plain + indexed(61+entries+1), false},
		{"one larger than the table empties it", plain + "\x40\x01a" + string(appendText(nil, strings.Repeat("x", 4096))) + indexed(62), false},
	} {
		l := newLab(t, Config{}, &site{})
		l.greet(tableSize(1 << 31))
		id := uint32(1)
		for ; id < 200; id += 2 {
			block := plain
			for i := range 40 {
				block += kept(fmt.Sprint("k", id), fmt.Sprint(i))
			}
			l.rawBlock(id, block)
			l.turn()
		}
		require.NotContains(t, strings.Join(l.frames(), "\n"), "GOAWAY")
		l.rawBlock(id, c.last)
		l.turn()
		lines := strings.Join(l.frames(), "\n")
		if c.ok {
			require.Contains(t, lines, fmt.Sprintf("HEADERS %d :status=200", id), c.name)
		} else {
			require.Contains(t, lines, "COMPRESSION_ERROR", c.name)
		}
	}
}
