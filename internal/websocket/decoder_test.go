package websocket

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"testing"

	"github.com/gobwas/ws"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// outcome is what a decoder made of a stream.
type outcome struct {
	messages []Message
	code     int // of the fault; 0: none
}

// decodeAll decodes a stream that comes in the given pieces.
func decodeAll(limit int64, deflate bool, pieces ...[]byte) (o outcome) {
	d := newDecoder(limit, deflate)
	for _, p := range pieces {
		p = bytes.Clone(p) // it is changed
		for len(p) > 0 {
			n, m, err := d.next(p)
			p = p[n:]
			if m.op != 0 {
				m.Data = bytes.Clone(m.Data)
				o.messages = append(o.messages, m)
			}
			var fault *CloseError
			if errors.As(err, &fault) {
				o.code = fault.Code
				return o
			}
			if m.op == 0 && len(p) > 0 {
				panic("the decoder stopped early")
			}
		}
	}
	return o
}

// FuzzDecoder: how a stream is cut into pieces changes nothing, and memory is
// bounded by the bytes that came.
func FuzzDecoder(f *testing.F) {
	mask := [4]byte{1, 2, 3, 4}
	for _, frame := range []ws.Frame{
		ws.NewTextFrame([]byte("größe")), ws.NewBinaryFrame(bytes.Repeat([]byte{7}, 200)), ws.NewPingFrame([]byte("x")),
		ws.NewCloseFrame(ws.NewCloseFrameBody(ws.StatusNormalClosure, "bye")), ws.NewFrame(ws.OpContinuation, true, []byte("rest")),
		ws.NewFrame(ws.OpText, false, []byte("beg")),
	} {
		f.Add(ws.MustCompileFrame(ws.MaskFrameWith(frame, mask)), uint8(3), true)
	}
	f.Add([]byte{0x81, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0}, uint8(1), false)
	f.Fuzz(func(t *testing.T, stream []byte, size uint8, deflate bool) {
		const limit = 1 << 10
		whole := decodeAll(limit, deflate, stream)
		var pieces [][]byte
		for rest := stream; len(rest) > 0; {
			n := min(len(rest), int(size)+1)
			pieces, rest = append(pieces, rest[:n]), rest[n:]
		}
		require.Equal(t, whole, decodeAll(limit, deflate, pieces...))
		for _, m := range whole.messages {
			require.LessOrEqual(t, len(m.Data), limit)
			require.LessOrEqual(t, len(m.Data), len(stream))
		}
	})
}

// TestOracle: what gobwas/ws writes is read as it was meant.
func TestOracle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		payload := rapid.SliceOfN(rapid.Byte(), 0, 70_000).Draw(t, "payload")
		mask := [4]byte(rapid.SliceOfN(rapid.Byte(), 4, 4).Draw(t, "mask"))
		cut := rapid.IntRange(0, len(payload)).Draw(t, "cut")
		var stream []byte
		for _, frame := range []ws.Frame{
			ws.NewFrame(ws.OpBinary, false, payload[:cut]), ws.NewPingFrame([]byte("between")), ws.NewFrame(ws.OpContinuation, true, payload[cut:]),
		} {
			stream = append(stream, ws.MustCompileFrame(ws.MaskFrameWith(frame, mask))...)
		}
		got := decodeAll(1<<20, false, stream)
		require.Zero(t, got.code)
		require.Len(t, got.messages, 2)
		require.Equal(t, opPing, got.messages[0].op)
		require.Equal(t, opBinary, got.messages[1].op)
		require.True(t, bytes.Equal(payload, got.messages[1].Data))
	})
}

// TestOracleReads: what we write is read by gobwas/ws.
func TestOracleReads(t *testing.T) {
	for _, n := range []int{0, 1, 125, 126, 65535, 65536, 1 << 20} {
		data := bytes.Repeat([]byte("x"), n)
		r := bytes.NewReader(append(appendHead(nil, opText, false, n), data...))
		head, err := ws.ReadHeader(r)
		require.NoError(t, err)
		require.Equal(t, ws.Header{Fin: true, OpCode: ws.OpText, Length: int64(n)}, head)
		require.Equal(t, n, r.Len())
	}
	r := bytes.NewReader(appendClose(nil, 1001, "später "+string(bytes.Repeat([]byte("ä"), 100))))
	head, err := ws.ReadHeader(r)
	require.NoError(t, err)
	require.LessOrEqual(t, head.Length, int64(maxControl))
	payload, err := io.ReadAll(r)
	require.NoError(t, err)
	require.Equal(t, uint16(1001), binary.BigEndian.Uint16(payload))
	_, _, bad := parseClose(payload)
	require.NoError(t, bad, "the reason is cut between characters")
}

// TestMemoryFollowsBytes: a length that is announced reserves nothing.
func TestMemoryFollowsBytes(t *testing.T) {
	head := binary.BigEndian.AppendUint64([]byte{0x82, 0xff}, 1<<30)
	d := newDecoder(1<<30, false)
	_, m, err := d.next(append(head, 0, 0, 0, 0, 'x', 'y'))
	require.NoError(t, err)
	require.Zero(t, m.op)
	require.LessOrEqual(t, cap(d.message.Data), 64)
}

func BenchmarkDecode(b *testing.B) {
	frame := ws.MustCompileFrame(ws.MaskFrameWith(ws.NewTextFrame(bytes.Repeat([]byte("a"), 100)), [4]byte{1, 2, 3, 4}))
	work := make([]byte, len(frame))
	d := newDecoder(1<<20, false)
	b.ReportAllocs()
	b.SetBytes(100)
	for b.Loop() {
		copy(work, frame)
		_, _, _ = d.next(work)
	}
}
