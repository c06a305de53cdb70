package http2

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/internal/http2/frame"
)

// raw writes a frame as it is.
func (l *lab) raw(typ frame.Type, flags frame.Flags, stream uint32, payload string) {
	l.out.Write(frame.AppendHeader(nil, frame.Header{Length: len(payload), Type: typ, Flags: flags, Stream: stream}))
	l.out.WriteString(payload)
}

func word(n uint32) string { return string(binary.BigEndian.AppendUint32(nil, n)) }

// TestConnectionErrors: what ends a connection, and what the client is told. Sections are of RFC 9113.
func TestConnectionErrors(t *testing.T) {
	for _, c := range []struct {
		name string
		send func(l *lab)
		code string
	}{
		{"5.1.1 even id", func(l *lab) { l.request(2, "GET", "/") }, "PROTOCOL_ERROR"},
		{"5.1.1 id of the past", func(l *lab) { l.request(5, "GET", "/"); l.turn(); l.request(3, "GET", "/") }, "STREAM_CLOSED"},
		{"5.1 data of an idle stream", func(l *lab) { l.raw(frame.Data, 0, 7, "x") }, "PROTOCOL_ERROR"},
		{"5.1 reset of an idle stream", func(l *lab) { l.raw(frame.ResetStream, 0, 7, word(8)) }, "PROTOCOL_ERROR"},
		{"5.1 window of an idle stream", func(l *lab) { l.raw(frame.WindowUpdate, 0, 7, word(8)) }, "PROTOCOL_ERROR"},
		{"4.2 long frame", func(l *lab) { l.raw(frame.Ping, 0, 0, strings.Repeat("x", 16385)) }, "FRAME_SIZE_ERROR"},
		{"4.3 broken block", func(l *lab) { l.raw(frame.Headers, frame.EndHeaders|frame.EndStream, 1, "\x80") }, "COMPRESSION_ERROR"},
		{"6.1 data of the connection", func(l *lab) { l.raw(frame.Data, 0, 0, "x") }, "PROTOCOL_ERROR"},
		{"6.1 padding too long", func(l *lab) { l.head(1, false, "POST", "/"); l.raw(frame.Data, frame.Padded, 1, "\x05abc") }, "PROTOCOL_ERROR"},
		{"6.1 padded and empty", func(l *lab) { l.head(1, false, "POST", "/"); l.raw(frame.Data, frame.Padded, 1, "") }, "FRAME_SIZE_ERROR"},
		{"6.2 padding too long", func(l *lab) { l.raw(frame.Headers, frame.Padded, 1, "\x09abc") }, "PROTOCOL_ERROR"},
		{"6.3 size of priority", func(l *lab) { l.raw(frame.Priority, 0, 1, "xxxx") }, "FRAME_SIZE_ERROR"},
		{"6.4 size of reset", func(l *lab) { l.request(1, "GET", "/"); l.raw(frame.ResetStream, 0, 1, "xxx") }, "FRAME_SIZE_ERROR"},
		{"6.5 settings of a stream", func(l *lab) { l.raw(frame.Settings, 0, 1, "") }, "PROTOCOL_ERROR"},
		{"6.5 size of settings", func(l *lab) { l.raw(frame.Settings, 0, 0, "xxxxx") }, "FRAME_SIZE_ERROR"},
		{"6.5 acknowledged with content", func(l *lab) { l.raw(frame.Settings, frame.Ack, 0, "xxxxxx") }, "FRAME_SIZE_ERROR"},
		{"6.5.2 push", func(l *lab) { l.raw(frame.Settings, 0, 0, "\x00\x02"+word(2)) }, "PROTOCOL_ERROR"},
		{"6.5.2 window", func(l *lab) { l.raw(frame.Settings, 0, 0, "\x00\x04"+word(1<<31)) }, "FLOW_CONTROL_ERROR"},
		{"6.5.2 frame size", func(l *lab) { l.raw(frame.Settings, 0, 0, "\x00\x05"+word(16383)) }, "PROTOCOL_ERROR"},
		{"6.6 push", func(l *lab) { l.raw(frame.PushPromise, 0, 1, "xxxx") }, "PROTOCOL_ERROR"},
		{"6.7 ping of a stream", func(l *lab) { l.raw(frame.Ping, 0, 1, "12345678") }, "PROTOCOL_ERROR"},
		{"6.7 size of ping", func(l *lab) { l.raw(frame.Ping, 0, 0, "1234567") }, "FRAME_SIZE_ERROR"},
		{"6.8 goaway of a stream", func(l *lab) { l.raw(frame.GoAway, 0, 1, "12345678") }, "PROTOCOL_ERROR"},
		{"6.9 size of window update", func(l *lab) { l.raw(frame.WindowUpdate, 0, 0, "xxx") }, "FRAME_SIZE_ERROR"},
		{"6.9 update by nothing", func(l *lab) { l.raw(frame.WindowUpdate, 0, 0, word(0)) }, "PROTOCOL_ERROR"},
		{"6.9.1 update too far", func(l *lab) { l.raw(frame.WindowUpdate, 0, 0, word(1<<31-1)) }, "FLOW_CONTROL_ERROR"},
		{"6.10 continues nothing", func(l *lab) { l.raw(frame.Continuation, frame.EndHeaders, 1, "") }, "PROTOCOL_ERROR"},
		{"6.10 something between", func(l *lab) { l.raw(frame.Headers, frame.EndStream, 1, ""); l.raw(frame.Ping, 0, 0, "12345678") }, "PROTOCOL_ERROR"},
		{"6.10 of another stream", func(l *lab) {
			l.raw(frame.Headers, frame.EndStream, 1, "")
			l.raw(frame.Continuation, frame.EndHeaders, 3, "")
		}, "PROTOCOL_ERROR"},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := newLab(t, Config{}, &site{})
			l.greet()
			c.send(l)
			l.turn()
			lines := l.frames()
			require.NotEmpty(t, lines)
			require.Regexp(t, `^GOAWAY \d+ `+c.code+` `, lines[len(lines)-1])
			require.True(t, l.peer.Ended(), "nothing more comes")
			l.peer.Close()
			l.v.RunUntilIdle()
			require.True(t, l.closed)
			require.Equal(t, l.site.begun, l.site.released)
		})
	}
}

// TestPreface: what does not begin as HTTP/2 does.
func TestPreface(t *testing.T) {
	for _, begin := range []string{"GET / HTTP/1.1\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n", frame.Preface + "\x00\x00\x08\x06\x00\x00\x00\x00\x0012345678"} {
		l := newLab(t, Config{}, &site{})
		l.out.WriteString(begin)
		l.turn()
		lines := l.frames()
		require.Contains(t, lines[len(lines)-1], "GOAWAY 0 PROTOCOL_ERROR")
	}
	l := newLab(t, Config{}, &site{}) // byte by byte
	for _, b := range []byte(frame.Preface) {
		l.out.WriteByte(b)
		l.turn()
	}
	require.NoError(t, l.framer.WriteSettings())
	l.request(1, "GET", "/")
	l.turn()
	require.Contains(t, strings.Join(l.frames(), "\n"), "HEADERS 1 :status=200")
}

// TestStreamErrors: what ends a stream, and leaves the others alone.
func TestStreamErrors(t *testing.T) {
	for _, c := range []struct {
		name string
		send func(l *lab)
		want string
	}{
		{"update by nothing", func(l *lab) { l.raw(frame.WindowUpdate, 0, 1, word(0)) }, "RST_STREAM 1 PROTOCOL_ERROR"},
		{"update too far", func(l *lab) { l.raw(frame.WindowUpdate, 0, 1, word(1<<31-1)) }, "RST_STREAM 1 FLOW_CONTROL_ERROR"},
		{"trailers without an end", func(l *lab) {
			require.NoError(l.t, l.framer.WriteRawFrame(1, 4, 1, l.fields("a", "b")))
		}, "RST_STREAM 1 PROTOCOL_ERROR"},
		{"pseudo-header field in trailers", func(l *lab) {
			require.NoError(l.t, l.framer.WriteRawFrame(1, 5, 1, l.fields(":path", "/")))
		}, "RST_STREAM 1 PROTOCOL_ERROR"},
		{"longer than announced", func(l *lab) { require.NoError(l.t, l.framer.WriteData(1, false, make([]byte, 11))) }, "RST_STREAM 1 PROTOCOL_ERROR"},
		{"shorter than announced", func(l *lab) { require.NoError(l.t, l.framer.WriteData(1, true, make([]byte, 9))) }, "RST_STREAM 1 PROTOCOL_ERROR"},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := newLab(t, Config{}, &site{})
			l.greet()
			l.head(1, false, "POST", "/", "content-length", "10")
			c.send(l)
			l.request(3, "GET", "/other")
			l.turn()
			lines := strings.Join(l.frames(), "\n")
			require.Contains(t, lines, c.want)
			require.Contains(t, lines, "GET /other")
			require.Equal(t, l.site.begun, l.site.released)
		})
	}
}

// TestClosedStreams: what comes for a stream that has ended is a mistake, or late.
func TestClosedStreams(t *testing.T) {
	l := newLab(t, Config{}, &site{})
	l.greet()
	l.request(1, "GET", "/")
	l.turn()
	l.frames()
	l.raw(frame.WindowUpdate, 0, 1, word(5))
	l.raw(frame.ResetStream, 0, 1, word(8))
	l.turn()
	require.Empty(t, l.frames())
	l.raw(frame.Data, 0, 1, "late")
	l.turn()
	require.Equal(t, []string{"RST_STREAM 1 STREAM_CLOSED"}, l.frames())
	l.raw(frame.Data, 0, 1, "later")
	l.turn()
	require.Empty(t, l.frames(), "it was told so already")

	// A body that nobody wants is cut off behind the answer, and what was under way is late.
	l.head(3, false, "POST", "/none")
	l.turn()
	require.Equal(t, "RST_STREAM 3 NO_ERROR", last(l.frames()))
	l.raw(frame.Data, 0, 3, "under way")
	require.NoError(t, l.framer.WriteRawFrame(1, 5, 3, l.fields("a", "b")))
	l.turn()
	require.Empty(t, l.frames())
}

func last(lines []string) string {
	if len(lines) == 0 {
		return ""
	}
	return lines[len(lines)-1]
}

// TestMalformedRequests: the handler answers them, and their stream is reset.
func TestMalformedRequests(t *testing.T) {
	for _, c := range []struct {
		name   string
		fields []string
		reason string
	}{
		{"no path", []string{":method", "GET", ":scheme", "https", ":authority", "test"}, badPseudo.Reason},
		{"empty path", []string{":method", "GET", ":scheme", "https", ":authority", "test", ":path", ""}, badPseudo.Reason},
		{"two paths", []string{":method", "GET", ":scheme", "https", ":authority", "test", ":path", "/", ":path", "/a"}, badPseudo.Reason},
		{"no scheme", []string{":method", "GET", ":authority", "test", ":path", "/"}, badPseudo.Reason},
		{"status", []string{":method", "GET", ":scheme", "https", ":path", "/", ":status", "200"}, badPseudo.Reason},
		{"unknown", []string{":method", "GET", ":scheme", "https", ":path", "/", ":protocol", "websocket"}, badPseudo.Reason},
		{"behind", []string{":method", "GET", ":scheme", "https", ":authority", "test", ":path", "/", "a", "b", ":path", "/"}, badOrder.Reason},
		{"method", []string{":method", "G T", ":scheme", "https", ":authority", "test", ":path", "/"}, badPseudo.Reason},
		{"request line in the path", []string{":method", "GET", ":scheme", "https", ":authority", "test", ":path", "/ HTTP/1.1\r\nx: y"}, badTarget.Reason},
		{"absolute path", []string{":method", "GET", ":scheme", "https", ":authority", "test", ":path", "http://other/"}, badTarget.Reason},
		{"field in the authority", []string{":method", "GET", ":scheme", "https", ":authority", "a\r\nx: y", ":path", "/"}, badTarget.Reason},
		{"user in the authority", []string{":method", "GET", ":scheme", "https", ":authority", "u@a", ":path", "/"}, "Host field is not a valid host and port"},
		{"no host", []string{":method", "GET", ":scheme", "https", ":path", "/"}, "Host field is missing"},
		{"another host", []string{":method", "GET", ":scheme", "https", ":authority", "test", ":path", "/", "host", "other"}, badAuthority.Reason},
		{"capital", []string{":method", "GET", ":scheme", "https", ":authority", "test", ":path", "/", "Aa", "b"}, badName.Reason},
		{"name", []string{":method", "GET", ":scheme", "https", ":authority", "test", ":path", "/", "a b", "c"}, badName.Reason},
		{"empty name", []string{":method", "GET", ":scheme", "https", ":authority", "test", ":path", "/", "", "c"}, badName.Reason},
		{"value", []string{":method", "GET", ":scheme", "https", ":authority", "test", ":path", "/", "a", "b\r\nc: d"}, badValue.Reason},
		{"null", []string{":method", "GET", ":scheme", "https", ":authority", "test", ":path", "/", "a", "b\x00"}, badValue.Reason},
		{"white space", []string{":method", "GET", ":scheme", "https", ":authority", "test", ":path", "/", "a", " b"}, badSpace.Reason},
		{"connection", []string{":method", "GET", ":scheme", "https", ":authority", "test", ":path", "/", "connection", "close"}, badHop.Reason},
		{"coding", []string{":method", "GET", ":scheme", "https", ":authority", "test", ":path", "/", "transfer-encoding", "chunked"}, badHop.Reason},
		{"te", []string{":method", "GET", ":scheme", "https", ":authority", "test", ":path", "/", "te", "gzip"}, badHop.Reason},
		{"length", []string{":method", "GET", ":scheme", "https", ":authority", "test", ":path", "/", "content-length", "5"}, badLength.Reason},
		{"lengths", []string{":method", "GET", ":scheme", "https", ":authority", "test", ":path", "/", "content-length", "0", "content-length", "0"}, "more than one Content-Length field"},
		{"connect with a path", []string{":method", "CONNECT", ":authority", "test:1", ":path", "/"}, badPseudo.Reason},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := newLab(t, Config{}, &site{})
			l.greet()
			block := l.fields(c.fields...)
			l.raw(frame.Headers, frame.EndHeaders|frame.EndStream, 1, string(block))
			l.turn()
			lines := l.frames()
			require.Len(t, lines, 3, "%v", lines)
			require.Contains(t, lines[0], ":status=400")
			require.Equal(t, "DATA 1 "+c.reason+" end", lines[1])
			require.Equal(t, "RST_STREAM 1 PROTOCOL_ERROR", lines[2])
			require.Equal(t, 1, l.site.released)
		})
	}
}

// TestLargeHeads: too much is answered with 431, and what is far too much ends the connection.
func TestLargeHeads(t *testing.T) {
	cfg := Config{}
	cfg.MaxHead, cfg.MaxHeaders = 1000, 5
	l := newLab(t, cfg, &site{})
	l.greet()
	l.request(1, "GET", "/", "a", strings.Repeat("x", 900), "b", strings.Repeat("y", 900))
	l.request(3, "GET", "/", "a", "1", "b", "2", "c", "3", "d", "4", "e", "5", "f", "6")
	l.request(5, "GET", "/", "a", strings.Repeat("x", 900))
	l.turn()
	lines := strings.Join(l.frames(), "\n")
	require.Contains(t, lines, "HEADERS 1 :status=431")
	require.Contains(t, lines, "HEADERS 3 :status=431")
	require.Contains(t, lines, "HEADERS 5 :status=200")
	require.NotContains(t, lines, "RST_STREAM", "they are not malformed")

	// A bomb: a large entry of the table, again and again (CVE-2016-1544).
	l = newLab(t, cfg, &site{})
	l.greet()
	l.request(1, "GET", "/", "bomb", strings.Repeat("x", 900))
	l.turn()
	l.frames()
	block := l.fields(":method", "GET", ":scheme", "https", ":authority", "test", ":path", "/")
	bomb := l.fields("bomb", strings.Repeat("x", 900))
	require.Len(t, bomb, 1)
	l.raw(frame.Headers, frame.EndHeaders|frame.EndStream, 3, string(block)+strings.Repeat(string(bomb), 1000))
	l.turn()
	require.Contains(t, strings.Join(l.frames(), "\n"), "HEADERS 3 :status=431")
	require.LessOrEqual(t, cap(l.core.conns.next.fields.fields), 64)
}

// TestTrailers: they are there when the body is.
func TestTrailers(t *testing.T) {
	got := ""
	s := &site{}
	l := newLab(t, Config{}, s)
	s.routes = routes("/t", func(x exchangeOf) { got = string(x.Trailers()[0].Name) + "=" + string(x.Trailers()[0].Value) })
	l.greet()
	l.head(1, false, "POST", "/t")
	require.NoError(t, l.framer.WriteData(1, false, []byte("body")))
	require.NoError(t, l.framer.WriteRawFrame(1, 5, 1, l.fields("digest", "abc", "content-length", "9")))
	l.turn()
	require.Equal(t, "digest=abc", got)
	require.Contains(t, strings.Join(l.frames(), "\n"), "DATA 1 ok end")
}

// FuzzConnection: whatever a client sends, each exchange that began is released, and the connection
// ends when its client does.
func FuzzConnection(f *testing.F) {
	seed := newLab(f, Config{}, &site{})
	seed.head(1, false, "POST", "/", "cookie", "a")
	require.NoError(f, seed.framer.WriteDataPadded(1, true, []byte("x"), make([]byte, 3)))
	seed.request(3, "GET", "/none")
	require.NoError(f, seed.framer.WriteRSTStream(3, 8))
	require.NoError(f, seed.framer.WriteWindowUpdate(0, 10))
	f.Add(bytes.Clone(seed.out.Bytes()))
	f.Fuzz(func(t *testing.T, b []byte) {
		l := newLab(t, Config{}, &site{})
		l.out.WriteString(frame.Preface)
		require.NoError(t, l.framer.WriteSettings())
		l.out.Write(b)
		for l.out.Len() > 0 && !l.closed {
			n, _ := l.peer.Write(l.out.Bytes())
			if n <= 0 {
				break
			}
			l.out.Next(n)
			l.v.RunUntilIdle()
			l.peer.Take()
		}
		l.peer.Close()
		l.v.RunUntilIdle()
		require.True(t, l.closed)
		require.Equal(t, l.site.begun, l.site.released)
	})
}
