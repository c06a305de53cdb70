package app_test

import (
	"bufio"
	"bytes"
	"compress/flate"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/internal/test/onefield"
)

// upgrade completes the handshake on a plain connection.
func upgrade(t testing.TB, conn net.Conn, s service, path, extensions string) (*bufio.Reader, *http.Response) {
	t.Helper()
	if extensions != "" {
		extensions = "Sec-WebSocket-Extensions: " + extensions + "\r\n"
	}
	_, err := fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n%s\r\n",
		path, s.host(), extensions)
	require.NoError(t, err)
	reader := bufio.NewReader(conn)
	response, err := onefield.ReadResponse(t, reader, nil)
	require.NoError(t, err)
	require.Equal(t, http.StatusSwitchingProtocols, response.StatusCode)
	require.Equal(t, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", response.Header.Get("Sec-WebSocket-Accept"), "the example of RFC 6455")
	return reader, response
}

// The first byte of frames.
const (
	fin        = 0x80
	rsv1       = 0x40
	textFrame  = 1
	binFrame   = 2
	closeFrame = 8
	pingFrame  = 9
	pongFrame  = 10
)

// frame is a frame of a client.
func frame(first byte, payload string) []byte {
	b := []byte{first}
	switch n := len(payload); {
	case n <= 125:
		b = append(b, fin|byte(n))
	case n <= 0xffff:
		b = binary.BigEndian.AppendUint16(append(b, fin|126), uint16(n))
	default:
		b = binary.BigEndian.AppendUint64(append(b, fin|127), uint64(n))
	}
	mask := [4]byte{0x37, 0xfa, 0x21, 0x3d}
	b = append(b, mask[:]...)
	for i := range len(payload) {
		b = append(b, payload[i]^mask[i&3])
	}
	return b
}

func frames(list ...[]byte) []byte { return bytes.Join(list, nil) }

func goodbye(code int, reason string) []byte {
	return frame(fin|closeFrame, string(binary.BigEndian.AppendUint16(nil, uint16(code)))+reason)
}

// echoed is what the server sends, written as text: "T:payload",
// "B:payload", "pong:payload", "close:code"; compressed messages decompressed.
func readFrames(r *bufio.Reader) (got []string, err error) {
	for {
		first, err := r.ReadByte()
		if err != nil {
			return got, err
		}
		second, err := r.ReadByte()
		if err != nil || second&fin != 0 {
			return got, fmt.Errorf("masked by the server: %w", err)
		}
		length := uint64(second)
		switch second {
		case 126:
			var n uint16
			err = binary.Read(r, binary.BigEndian, &n)
			length = uint64(n)
		case 127:
			err = binary.Read(r, binary.BigEndian, &length)
		}
		if err != nil {
			return got, err
		}
		payload := make([]byte, length)
		if _, err := io.ReadFull(r, payload); err != nil {
			return got, err
		}
		if first&rsv1 != 0 {
			payload, err = io.ReadAll(flate.NewReader(io.MultiReader(bytes.NewReader(payload), strings.NewReader("\x00\x00\xff\xff\x01\x00\x00\xff\xff"))))
			if err != nil {
				return got, err
			}
		}
		switch first &^ rsv1 {
		case fin | textFrame:
			got = append(got, "T:"+string(payload))
		case fin | binFrame:
			got = append(got, "B:"+string(payload))
		case fin | pongFrame:
			got = append(got, "pong:"+string(payload))
		case fin | pingFrame:
			got = append(got, "ping:"+string(payload))
		case fin | closeFrame:
			code := "close"
			if len(payload) >= 2 {
				code = fmt.Sprint("close:", binary.BigEndian.Uint16(payload))
			}
			got = append(got, code)
		default:
			return got, fmt.Errorf("first byte %x", first)
		}
	}
}

// autobahnCase is one case of the Autobahn test suite, after its public
// description. The server echoes; every case ends with a close of the client
// (1000) unless the server closes first.
type autobahnCase struct {
	id   string
	sent []byte
	want []string
}

func fails(code int) []string { return []string{fmt.Sprint("close:", code)} }

func echoes(got ...string) []string { return append(got, "close:1000") }

// autobahn1to4: framing, pings, reserved bits, opcodes.
func autobahn1to4() (list []autobahnCase) {
	add := func(id string, want []string, sent ...[]byte) {
		list = append(list, autobahnCase{id, frames(sent...), want})
	}
	for i, n := range []int{0, 125, 126, 127, 128, 65535, 65536} {
		text, bin := strings.Repeat("*", n), strings.Repeat("\xfe", n)
		add(fmt.Sprintf("1.1.%d", i+1), echoes("T:"+text), frame(fin|textFrame, text))
		add(fmt.Sprintf("1.2.%d", i+1), echoes("B:"+bin), frame(fin|binFrame, bin))
	}
	for i, payload := range []string{"", "Hello, world!", "\x00\xff\xfe\xfd\xfc\xfb\x00\xff", strings.Repeat("\xfe", 125)} {
		add(fmt.Sprintf("2.%d", i+1), echoes("pong:"+payload), frame(fin|pingFrame, payload))
	}
	add("2.5", fails(1002), frame(fin|pingFrame, strings.Repeat("\xfe", 126)))
	add("2.7", echoes(), frame(fin|pongFrame, ""))
	add("2.8", echoes(), frame(fin|pongFrame, "unsolicited"))
	add("2.9", echoes("pong:ping"), frame(fin|pongFrame, "unsolicited"), frame(fin|pingFrame, "ping"))
	var pings [][]byte
	var pongs []string
	for i := range 10 {
		pings = append(pings, frame(fin|pingFrame, fmt.Sprint("payload-", i)))
		pongs = append(pongs, fmt.Sprint("pong:payload-", i))
	}
	add("2.10", echoes(pongs...), pings...)
	hello := frame(fin|textFrame, "Hello, world!")
	for i, bits := range []byte{0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70} {
		add(fmt.Sprintf("3.%d", i+1), append([]string{"T:Hello, world!"}, fails(1002)...), hello, frame(fin|bits|textFrame, "x"), frame(fin|pingFrame, ""))
	}
	for _, op := range []byte{3, 4, 5, 6, 7, 11, 12, 13, 14, 15} {
		add(fmt.Sprintf("4.%d empty", op), append([]string{"T:Hello, world!"}, fails(1002)...), hello, frame(fin|op, ""))
		add(fmt.Sprintf("4.%d", op), fails(1002), frame(fin|op, "reserved opcode"), frame(fin|pingFrame, ""))
	}
	return list
}

// autobahn5: fragmentation.
func autobahn5() (list []autobahnCase) {
	add := func(id string, want []string, sent ...[]byte) {
		list = append(list, autobahnCase{id, frames(sent...), want})
	}
	ping := frame(fin|pingFrame, "ping")
	first, last := frame(textFrame, "fragment1"), frame(fin, "fragment2")
	add("5.1", fails(1002), frame(pingFrame, "fragment1"), frame(fin, "fragment2"))
	add("5.2", fails(1002), frame(pongFrame, "fragment1"), frame(fin, "fragment2"))
	add("5.3", echoes("T:fragment1fragment2"), first, last)
	add("5.6", echoes("pong:ping", "T:fragment1fragment2"), first, ping, last)
	add("5.9", fails(1002), frame(fin, "non-continuation"), frame(fin|textFrame, "Hello"))
	add("5.12", fails(1002), frame(0, "non-continuation"), frame(fin|textFrame, "Hello"))
	add("5.15", append([]string{"T:fragment1fragment2"}, fails(1002)...), first, last, frame(0, "fragment3"), frame(textFrame, "fragment4"), frame(fin, "fragment5"))
	add("5.16", fails(1002), frame(0, "fragment1"), frame(textFrame, "fragment2"), frame(fin, "fragment3"))
	add("5.17", fails(1002), frame(fin, "fragment1"), frame(textFrame, "fragment2"), frame(fin, "fragment3"))
	add("5.18", fails(1002), first, frame(fin|textFrame, "fragment2"))
	add("5.19", echoes("pong:ping1", "pong:ping2", "T:12345"), frame(textFrame, "1"), frame(0, "2"), frame(fin|pingFrame, "ping1"),
		frame(0, "3"), frame(0, "4"), frame(fin|pingFrame, "ping2"), frame(fin, "5"))
	return list
}

// autobahn6: UTF-8.
func autobahn6() (list []autobahnCase) {
	add := func(id string, want []string, sent ...[]byte) {
		list = append(list, autobahnCase{id, frames(sent...), want})
	}
	add("6.1.1", echoes("T:"), frame(fin|textFrame, ""))
	add("6.1.2", echoes("T:"), frame(textFrame, ""), frame(0, ""), frame(fin, ""))
	add("6.1.3", echoes("T:middle"), frame(textFrame, ""), frame(0, "middle"), frame(fin, ""))
	greek := "Hello-µ@ßöäüàá-UTF-8!!"
	add("6.2.1", echoes("T:"+greek), frame(fin|textFrame, greek))
	add("6.2.2", echoes("T:"+greek), frame(textFrame, greek[:12]), frame(fin, greek[12:]))
	var single [][]byte
	for i := range len(greek) {
		first := byte(0)
		if i == 0 {
			first = textFrame
		}
		if i == len(greek)-1 {
			first |= fin
		}
		single = append(single, frame(first, greek[i:i+1]))
	}
	add("6.2.3", echoes("T:"+greek), single...)
	bad := "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80\x65\x64\x69\x74\x65\x64"
	add("6.3.1", fails(1007), frame(fin|textFrame, bad))
	add("6.4.1", fails(1007), frame(textFrame, "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5"), frame(0, "\xf4\x90\x80\x80")) // fails before the end
	add("6.4.2", fails(1007), frame(textFrame, "\xce\xba\xf4"), frame(0, "\x90"))
	for i, valid := range []string{
		"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5", "\x00", "\xc2\x80", "\xe0\xa0\x80", "\xf0\x90\x80\x80", "\x7f", "\xdf\xbf", "\xef\xbf\xbf",
		"\xf4\x8f\xbf\xbf", "\xed\x9f\xbf", "\xee\x80\x80", "\xef\xbf\xbd", "\xef\xbf\xbe", "\xf0\x9f\xbf\xbe", "\xf4\x8f\xbf\xbf\xef\xbf\xbf",
	} {
		add(fmt.Sprintf("6.5-6.7, 6.9, 6.11, 6.22, 6.23 valid %d", i), echoes("T:"+valid), frame(fin|textFrame, valid))
	}
	for i, invalid := range []string{
		"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce", "\xf8\x88\x80\x80\x80", "\xfc\x84\x80\x80\x80\x80", "\xf7\xbf\xbf\xbf", "\xfb\xbf\xbf\xbf\xbf",
		"\xfd\xbf\xbf\xbf\xbf\xbf", "\xf4\x90\x80\x80", "\x80", "\xbf", "\x80\xbf\x80", "\xc0\x20", "\xe0\x20\x20", "\xf0\x20", "\xf8\x20", "\xc0",
		"\xe0\x80", "\xf0\x80\x80", "\xdf", "\xef\xbf", "\xf7\xbf\xbf", "\xfe", "\xff", "\xfe\xfe\xff\xff", "\xc0\xaf", "\xe0\x80\xaf",
		"\xf0\x80\x80\xaf", "\xf8\x80\x80\x80\xaf", "\xc1\xbf", "\xe0\x9f\xbf", "\xf0\x8f\xbf\xbf", "\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80",
		"\xed\xad\xbf", "\xed\xae\x80", "\xed\xbf\xbf", "\xed\xa0\x80\xed\xb0\x80", "\xed\xaf\xbf\xed\xbf\xbf",
	} {
		add(fmt.Sprintf("6.6, 6.8, 6.10, 6.12-6.21 invalid %d", i), fails(1007), frame(fin|textFrame, invalid))
	}
	return list
}

// autobahn7: closing. What is sent after a close is not looked at.
func autobahn7() (list []autobahnCase) {
	add := func(id string, want []string, sent ...[]byte) {
		list = append(list, autobahnCase{id, frames(sent...), want})
	}
	hello := frame(fin|textFrame, "Hello World!")
	add("7.1.1", echoes("T:Hello World!"), hello)
	add("7.1.2", echoes(), goodbye(1000, ""), goodbye(1000, ""))
	add("7.1.3", echoes(), goodbye(1000, ""), frame(fin|pingFrame, "late"))
	add("7.1.4", echoes(), goodbye(1000, ""), hello)
	add("7.1.5", echoes(), frame(textFrame, "fragment1"), goodbye(1000, ""), frame(fin, "fragment2"))
	add("7.1.6", echoes("T:"+strings.Repeat("BAsd7&jh23", 26<<10), "T:Hello World!"),
		frame(fin|textFrame, strings.Repeat("BAsd7&jh23", 26<<10)), hello, goodbye(1000, ""), frame(fin|pingFrame, ""))
	add("7.3.1", []string{"close"}, frame(fin|closeFrame, ""))
	add("7.3.2", fails(1002), frame(fin|closeFrame, "a"))
	add("7.3.3", echoes(), goodbye(1000, ""))
	add("7.3.4", echoes(), goodbye(1000, "Hello World!"))
	add("7.3.5", echoes(), goodbye(1000, strings.Repeat("*", 123)))
	add("7.3.6", fails(1002), goodbye(1000, strings.Repeat("*", 124)))
	add("7.5.1", fails(1007), goodbye(1000, "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80\x65\x64\x69\x74\x65\x64"))
	for _, code := range []int{1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999} {
		add(fmt.Sprint("7.7 ", code), fails(code), goodbye(code, ""))
	}
	for _, code := range []int{0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999, 5000, 65535} {
		add(fmt.Sprint("7.9, 7.13 ", code), fails(1002), goodbye(code, ""))
	}
	return list
}

// autobahn9: messages of up to 1 MiB, whole and in fragments.
func autobahn9() (list []autobahnCase) {
	for _, size := range []int{64 << 10, 1 << 20} {
		text := strings.Repeat("0123456789abcdef", size/16)
		for op, prefix := range map[byte]string{textFrame: "T:", binFrame: "B:"} {
			list = append(list, autobahnCase{fmt.Sprintf("9.1-9.2 %s%d", prefix, size), frame(fin|op, text), echoes(prefix + text)})
			for _, piece := range []int{size / 1024, 16 << 10} {
				var b []byte
				first := op
				for at := 0; at < size; at += piece {
					if at+piece == size {
						first |= fin
					}
					b = append(b, frame(first, text[at:at+piece])...)
					first = 0
				}
				list = append(list, autobahnCase{fmt.Sprintf("9.3-9.4 %s%d/%d", prefix, size, piece), b, echoes(prefix + text)})
			}
		}
	}
	return list
}

func socketEchoes(app *fasterapi.App) {
	app.WebSocket("/goroutine", echoSocket[fasterapi.Message], fasterapi.CompressMessages())
	app.WebSocketEvents("/events", func(_ *fasterapi.Ctx, _ fasterapi.None, ws *fasterapi.Socket[fasterapi.Message, fasterapi.Message]) (fasterapi.SocketEvents[fasterapi.Message], error) {
		return fasterapi.SocketEvents[fasterapi.Message]{Message: ws.Send}, nil
	}, fasterapi.CompressMessages())
}

// TestAutobahn plays the cases 1 to 7 and 9 of the Autobahn test suite, over
// both engines, in both styles, sent at once and chopped.
func TestAutobahn(t *testing.T) {
	var all []autobahnCase
	for _, part := range [][]autobahnCase{autobahn1to4(), autobahn5(), autobahn6(), autobahn7(), autobahn9()} {
		all = append(all, part...)
	}
	everySocketMode(t, socketEchoes, func(t *testing.T, s service) {
		for _, style := range socketStyles {
			for _, test := range all {
				pieces := [][]byte{append(bytes.Clone(test.sent), goodbye(1000, "")...)}
				play(t, s, "/"+style, test.id, "", pieces, test.want)
				if len(test.sent) < 100 && (s.nethttp || style == "events") {
					play(t, s, "/"+style, test.id+" chopped", "", chop(pieces[0], 1), test.want)
				}
			}
		}
	})
}

func chop(b []byte, size int) (pieces [][]byte) {
	for len(b) > size {
		pieces, b = append(pieces, b[:size]), b[size:]
	}
	return append(pieces, b)
}

// play runs one case: the server answers as wanted, and then closes.
func play(t *testing.T, s service, path, id, extensions string, pieces [][]byte, want []string) {
	t.Helper()
	conn, err := s.connect()
	require.NoError(t, err)
	defer conn.Close()
	require.NoError(t, conn.SetDeadline(time.Now().Add(30*time.Second)))
	reader, _ := upgrade(t, conn, s, path, extensions)
	go func() {
		for _, piece := range pieces {
			if _, err := conn.Write(piece); err != nil {
				return // the server closes early in many cases
			}
		}
	}()
	got, err := readFrames(reader)
	if !equalFrames(want, got) {
		require.Equal(t, short(want), short(got), "%s: %v", id, err)
	}
	require.ErrorIs(t, err, io.EOF, "%s: the server closes the connection cleanly", id)
}

func equalFrames(a, b []string) bool { return strings.Join(a, "|") == strings.Join(b, "|") }

// short keeps failures readable.
func short(list []string) (out []string) {
	for _, s := range list {
		out = append(out, fmt.Sprintf("%.60s (%d)", s, len(s)))
	}
	return out
}

// TestAutobahnCompression plays the cases 12 and 13: messages of many sizes
// and kinds, with every set of parameters that a client may offer.
func TestAutobahnCompression(t *testing.T) {
	offers := map[string]string{
		"permessage-deflate":                                                               "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
		"permessage-deflate; client_max_window_bits":                                       "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
		"permessage-deflate; server_no_context_takeover":                                   "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
		"permessage-deflate; client_no_context_takeover; client_max_window_bits=9":         "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
		"permessage-deflate; server_max_window_bits=15":                                    "permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=15",
		"permessage-deflate; server_max_window_bits=9":                                     "",
		"permessage-deflate; server_max_window_bits=9, permessage-deflate":                 "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
		"permessage-deflate; unknown=1":                                                    "",
		"permessage-deflate; server_no_context_takeover; server_no_context_takeover=false": "",
		"permessage-deflate; server_max_window_bits=7":                                     "",
		"x-webkit-deflate-frame":                                                           "",
	}
	random := rand.New(rand.NewPCG(1, 2))
	bomb := frame(fin|rsv1|binFrame, deflated(t, strings.Repeat("\x00", 100<<20)))
	everySocketMode(t, socketEchoes, func(t *testing.T, s service) {
		for offer, answer := range offers {
			conn := dial(t, s)
			_, response := upgrade(t, conn, s, "/events", offer)
			require.Equal(t, answer, response.Header.Get("Sec-WebSocket-Extensions"), offer)
		}
		for _, style := range socketStyles {
			for _, size := range []int{0, 16, 64, 256, 1024, 4096, 16 << 10, 128 << 10} {
				noise := make([]byte, size)
				for i := range noise {
					noise[i] = byte(random.Uint32())
				}
				text := strings.Repeat("{\"a\": 1}\n", size/9+1)[:size]
				var pieces []byte
				want := []string{"T:" + text, "B:" + string(noise), "T:plain"}
				pieces = append(pieces, frame(fin|rsv1|textFrame, deflated(t, text))...)
				zipped := deflated(t, string(noise))
				pieces = append(pieces, frame(rsv1|binFrame, zipped[:len(zipped)/2])...)
				pieces = append(pieces, frame(fin, zipped[len(zipped)/2:])...)
				pieces = append(pieces, frame(fin|textFrame, "plain")...)
				pieces = append(pieces, goodbye(1000, "")...)
				play(t, s, "/"+style, fmt.Sprint("12 ", size), "permessage-deflate", [][]byte{pieces},
					echoes(want...))
			}
			for name, test := range map[string]struct {
				sent []byte
				code int
			}{
				"not compressed":          {frame(fin|rsv1|textFrame, "\xff\xff\xff"), 1007},
				"not text":                {frame(fin|rsv1|textFrame, deflated(t, "\xff")), 1007},
				"a bomb":                  {bomb, 1009},
				"a compressed ping":       {frame(fin|rsv1|pingFrame, ""), 1002},
				"compressed continuation": {frames(frame(rsv1|textFrame, "x"), frame(fin|rsv1, "x")), 1002},
				"another reserved bit":    {frame(fin|rsv1|0x20|textFrame, "x"), 1002},
			} {
				play(t, s, "/"+style, name, "permessage-deflate", [][]byte{test.sent}, fails(test.code))
			}
		}
	})
}

// deflated is text as a compressed message.
func deflated(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.BestCompression)
	require.NoError(t, err)
	_, err = io.WriteString(w, text)
	require.NoError(t, err)
	require.NoError(t, w.Flush())
	return strings.TrimSuffix(b.String(), "\x00\x00\xff\xff")
}

// TestSocketFraming: what the Autobahn suite takes for granted.
func TestSocketFraming(t *testing.T) {
	everySocketMode(t, socketEchoes, func(t *testing.T, s service) {
		unmasked := []byte{fin | textFrame, 2, 'h', 'i'}
		long := append([]byte{fin | textFrame, fin | 126, 0, 5, 0, 0, 0, 0}, "hello"...)
		longer := append([]byte{fin | textFrame, fin | 127, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0}, "hello"...)
		negative := []byte{fin | textFrame, fin | 127, 0x80, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0}
		huge := []byte{fin | textFrame, fin | 127, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0}
		for _, style := range socketStyles {
			play(t, s, "/"+style, "unmasked", "", [][]byte{unmasked}, fails(1002))
			play(t, s, "/"+style, "length not minimal", "", [][]byte{long}, fails(1002))
			play(t, s, "/"+style, "length not minimal", "", [][]byte{longer}, fails(1002))
			play(t, s, "/"+style, "negative length", "", [][]byte{negative}, fails(1002))
			play(t, s, "/"+style, "huge length", "", [][]byte{huge}, fails(1009))
			play(t, s, "/"+style, "with the handshake", "", [][]byte{frames(frame(fin|textFrame, "a"), goodbye(1000, ""))}, echoes("T:a"))
		}
		// Frames in the segment of the handshake.
		conn := dial(t, s)
		hello := "GET /events HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
			"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
		_, err := conn.Write(append([]byte(hello), frames(frame(fin|textFrame, "early"), goodbye(1000, ""))...))
		require.NoError(t, err)
		reader := bufio.NewReader(conn)
		_, err = onefield.ReadResponse(t, reader, nil)
		require.NoError(t, err)
		got, err := readFrames(reader)
		require.ErrorIs(t, err, io.EOF)
		require.Equal(t, echoes("T:early"), got)
	})
}
