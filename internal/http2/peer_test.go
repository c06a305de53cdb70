package http2_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/stretchr/testify/require"
	peer "golang.org/x/net/http2"

	"github.com/fasterapi/fasterapi/internal/http2/frame"
)

// read says what a frame of a client holds, or the error that it is.
func read(h frame.Header, payload []byte) (string, error) {
	if err := h.Check(frame.DefaultMaxFrame); err != nil {
		return "", err
	}
	content := ""
	switch h.Type {
	case frame.Data:
		rest, pad, err := h.Padding(payload)
		if err != nil {
			return "", err
		}
		content = fmt.Sprintf("%x", rest[:len(rest)-pad])
	case frame.Headers:
		block, _, err := h.Block(payload)
		if err != nil {
			return "", err
		}
		content = fmt.Sprintf("%x", block)
	case frame.Settings:
		for i := range len(payload) / 6 {
			s := frame.SettingAt(payload, i)
			if err := s.Check(); err != nil {
				return "", err
			}
			content += fmt.Sprintf("%d=%d ", s.ID, s.Value)
		}
	case frame.WindowUpdate:
		n := frame.Increment(payload)
		if n == 0 {
			return "", errNothing
		}
		content = fmt.Sprint(n)
	case frame.GoAway:
		content = fmt.Sprintf("%02x%x", payload[0]&0x7f, payload[1:]) // a bit is reserved
	case frame.Continuation, frame.Ping, frame.ResetStream, frame.Priority:
		content = fmt.Sprintf("%x", payload)
	}
	return fmt.Sprintf("%d %d %d %d %s", h.Type, h.Flags, h.Stream, h.Length, content), nil
}

var errNothing = errors.New("a window is updated by nothing") // the connection tells it

// readAsPeer says the same of a frame that x/net has read.
func readAsPeer(f peer.Frame) (string, error) {
	content := ""
	switch f := f.(type) {
	case *peer.DataFrame:
		content = fmt.Sprintf("%x", f.Data())
	case *peer.HeadersFrame:
		content = fmt.Sprintf("%x", f.HeaderBlockFragment())
	case *peer.ContinuationFrame:
		content = fmt.Sprintf("%x", f.HeaderBlockFragment())
	case *peer.SettingsFrame:
		if err := f.ForeachSetting(func(s peer.Setting) error {
			content += fmt.Sprintf("%d=%d ", s.ID, s.Val)
			return s.Valid()
		}); err != nil {
			return "", err
		}
	case *peer.WindowUpdateFrame:
		content = fmt.Sprint(f.Increment)
	case *peer.PingFrame:
		content = fmt.Sprintf("%x", f.Data)
	case *peer.GoAwayFrame:
		b := frame.AppendGoAway(nil, f.LastStreamID, frame.Code(f.ErrCode), string(f.DebugData()))
		content = fmt.Sprintf("%x", b[frame.HeaderSize:])
	case *peer.RSTStreamFrame:
		content = fmt.Sprintf("%08x", uint32(f.ErrCode))
	case *peer.PriorityFrame:
		depends := f.StreamDep
		if f.Exclusive {
			depends |= 1 << 31
		}
		content = fmt.Sprintf("%08x%02x", depends, f.Weight)
	}
	h := f.Header()
	return fmt.Sprintf("%d %d %d %d %s", h.Type, h.Flags, h.StreamID, h.Length, content), nil
}

// stricter tells which frames are refused here and not by x/net, which reads those of servers too, and leaves
// this to its callers.
func stricter(h frame.Header, payload []byte) bool {
	switch h.Type {
	case frame.PushPromise: // of a client (RFC 9113 8.4)
		return true
	case frame.Data, frame.Headers, frame.Continuation, frame.ResetStream: // of a stream of the server (5.1.1)
		return h.Stream%2 == 0
	case frame.Settings: // 8441 3, 9218 2.1: x/net knows nothing of their values
		for i := range len(payload) / 6 {
			s := frame.SettingAt(payload, i)
			if (s.ID == frame.EnableConnectProtocol || s.ID == frame.NoOldPriorities) && s.Value > 1 {
				return true
			}
		}
	}
	return false
}

// looser tells which frames are refused by x/net and taken here: the goaway of a client is not looked at, nor are the
// flags and the priority of streams (RFC 9218 4: what cannot be read is as if it were not there).
func looser(h frame.Header) bool { return h.Type == frame.PriorityUpdate }

// twice tells whether a frame names a wrong stream and is wrong besides: which of the two is told is free.
func twice(h frame.Header, payload []byte) bool {
	if h.Stream == 0 {
		h.Stream = 1
	} else {
		h.Stream = 0
	}
	_, err := read(h, payload)
	return err != nil
}

// sameCode tells whether x/net calls a frame wrong in the way we do. An error of a stream may be one of the connection
// (RFC 9113 5.4.2, and 4.2 for the size).
func sameCode(t *testing.T, ours, peers error) {
	var own *frame.Error
	if !errors.As(ours, &own) {
		return
	}
	code := peer.ErrCode(own.Code)
	var ofConnection peer.ConnectionError
	var ofStream peer.StreamError
	switch {
	case errors.As(peers, &ofConnection):
		require.Equal(t, peer.ErrCode(ofConnection), code)
	case errors.As(peers, &ofStream):
		require.Equal(t, ofStream.Code, code)
	case errors.Is(peers, peer.ErrFrameTooLarge):
		require.Equal(t, peer.ErrCodeFrameSize, code)
	default:
		require.NoError(t, peers)
	}
}

// FuzzPeer: whatever the bytes are, x/net finds the same frames in them, with the same content, and refuses the same
// ones for the same reason but for what stricter and looser name.
func FuzzPeer(f *testing.F) {
	block := []byte("block")
	f.Add(frame.AppendSettings(nil, frame.Setting{ID: frame.MaxFrameSize, Value: 1 << 14}, frame.Setting{ID: frame.EnablePush, Value: 2}))
	f.Add(frame.AppendBlock(frame.AppendSettingsAck(nil), 3, frame.EndStream, block, 2))
	f.Add(frame.AppendGoAway(frame.AppendPing(nil, []byte("12345678")), 7, frame.Cancel, "why"))
	f.Add(frame.AppendReset(frame.AppendWindowUpdate(nil, 0, 0), 4, frame.NoError))
	padded := frame.Flags(frame.Padded | frame.Prioritized)
	f.Add(append(frame.AppendHeader(nil, frame.Header{Length: 9, Type: frame.Headers, Flags: padded, Stream: 1}), 3, 0x80, 0, 0, 1, 16, 0, 0, 0))
	f.Add(append(frame.AppendHeader(nil, frame.Header{Length: 3, Type: frame.Data, Flags: padded, Stream: 1}), 2, 0, 0))
	f.Add(append(frame.AppendHeader(nil, frame.Header{Length: 5, Type: frame.Priority, Stream: 2}), 0, 0, 0, 2, 0))
	f.Add(append(frame.AppendHeader(nil, frame.Header{Length: 6, Type: frame.PriorityUpdate}), 0, 0, 0, 1, 'u', '='))
	f.Add(frame.AppendHeader(nil, frame.Header{Length: 1 << 20, Type: 0x42}))
	f.Fuzz(func(t *testing.T, b []byte) {
		in := bytes.NewReader(b)
		framer := peer.NewFramer(io.Discard, in)
		framer.SetMaxReadFrameSize(frame.DefaultMaxFrame)
		framer.AllowIllegalReads = true // their order is the connection's
		for len(b) >= frame.HeaderSize {
			h := frame.ParseHeader(b)
			b = b[frame.HeaderSize:]
			if whole := h.Length <= len(b); !whole {
				_, err := framer.ReadFrame()
				require.Error(t, err)
				return
			}
			ours, err := read(h, b[:h.Length])
			f, peerErr := framer.ReadFrame()
			peers := ""
			if peerErr == nil {
				peers, peerErr = readAsPeer(f)
			}
			switch {
			case err != nil && peerErr != nil:
				if !stricter(h, b[:h.Length]) && !twice(h, b[:h.Length]) {
					sameCode(t, err, peerErr)
				}
			case err != nil:
				require.True(t, stricter(h, b[:h.Length]), "refused here only: %+v %v", h, err)
			case peerErr != nil:
				require.True(t, looser(h), "taken here only: %+v %v", h, peerErr)
			default:
				require.Equal(t, peers, ours)
			}
			if errors.Is(peerErr, peer.ErrFrameTooLarge) {
				return // the peer has read no payload
			}
			b = b[h.Length:]
		}
	})
}

// FuzzPeerReads: x/net reads what we write.
func FuzzPeerReads(f *testing.F) {
	f.Add(uint32(1), uint32(8), uint8(0), uint8(3), []byte("block"))
	f.Add(uint32(frame.MaxStream), uint32(1<<31), uint8(frame.EndStream), uint8(0), []byte(""))
	f.Fuzz(func(t *testing.T, stream, value uint32, flags, most uint8, text []byte) {
		stream &= frame.MaxStream
		var out bytes.Buffer
		setting := frame.Setting{ID: frame.SettingID(flags), Value: value}
		if setting.Check() != nil {
			setting.ID = frame.MaxConcurrentStreams
		}
		out.Write(frame.AppendSettings(nil, setting))
		out.Write(frame.AppendPing(nil, append(bytes.Clone(text), make([]byte, 8)...)[:8]))
		out.Write(frame.AppendGoAway(nil, stream, frame.Code(value), string(text)))
		n := int(value%frame.MaxWindow) + 1
		out.Write(frame.AppendWindowUpdate(nil, stream, n))
		out.Write(frame.AppendReset(nil, max(stream, 1), frame.Code(value)))
		last := frame.Flags(flags) & frame.EndStream
		out.Write(frame.AppendBlock(nil, max(stream, 1), last, text, int(most)+1))
		framer := peer.NewFramer(io.Discard, &out)
		next := func() peer.Frame {
			got, err := framer.ReadFrame()
			require.NoError(t, err)
			return got
		}
		settings := next().(*peer.SettingsFrame)
		require.Equal(t, peer.Setting{ID: peer.SettingID(setting.ID), Val: value}, settings.Setting(0))
		ping := next().(*peer.PingFrame)
		require.True(t, ping.IsAck())
		require.Equal(t, append(bytes.Clone(text), make([]byte, 8)...)[:8], ping.Data[:])
		goAway := next().(*peer.GoAwayFrame)
		require.Equal(t, stream, goAway.LastStreamID)
		require.EqualValues(t, value, goAway.ErrCode)
		require.Equal(t, string(text), string(goAway.DebugData()))
		window := next().(*peer.WindowUpdateFrame)
		require.Equal(t, stream, window.StreamID)
		require.EqualValues(t, n, window.Increment)
		reset := next().(*peer.RSTStreamFrame)
		require.Equal(t, max(stream, 1), reset.StreamID)
		require.EqualValues(t, value, reset.ErrCode)
		head := next().(*peer.HeadersFrame)
		require.Equal(t, last.Has(frame.EndStream), head.StreamEnded())
		block, ended := bytes.Clone(head.HeaderBlockFragment()), head.HeadersEnded()
		for !ended {
			more := next().(*peer.ContinuationFrame)
			require.LessOrEqual(t, int(more.Length), int(most)+1)
			block, ended = append(block, more.HeaderBlockFragment()...), more.HeadersEnded()
		}
		require.Equal(t, string(text), string(block))
		_, err := framer.ReadFrame()
		require.ErrorIs(t, err, io.EOF)
	})
}
