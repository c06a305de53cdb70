package frame

import "encoding/binary"

// HeaderSize is the size of what is before the payload of each frame, in bytes.
const HeaderSize = 9

// Preface is what a client sends first (RFC 9113 3.4).
const Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

// Type is the type of a frame.
type Type uint8

// The types of RFC 9113 and, last, of RFC 9218.
const (
	Data Type = iota
	Headers
	Priority
	ResetStream
	Settings
	PushPromise
	Ping
	GoAway
	WindowUpdate
	Continuation
	PriorityUpdate Type = 0x10
)

// Flags are what a frame says of itself; which of them mean something depends on its type.
type Flags uint8

// The flags of RFC 9113.
const (
	EndStream   Flags = 0x1  // Data, Headers
	Ack         Flags = 0x1  // Settings, Ping
	EndHeaders  Flags = 0x4  // Headers, Continuation
	Padded      Flags = 0x8  // Data, Headers
	Prioritized Flags = 0x20 // Headers
)

// Has tells whether all of other are set.
func (f Flags) Has(other Flags) bool { return f&other == other }

// Header is what is before the payload of a frame.
//
// Owner: any (a value).
type Header struct {
	Length int // of the payload, in bytes; at most 16,777,215
	Type   Type
	Flags  Flags
	Stream uint32 // 31 bits; 0: the connection
}

// ParseHeader reads the first HeaderSize bytes of b.
func ParseHeader(b []byte) Header {
	return Header{
		Length: int(b[0])<<16 | int(b[1])<<8 | int(b[2]),
		Type:   Type(b[3]), Flags: Flags(b[4]),
		Stream: binary.BigEndian.Uint32(b[5:]) & MaxStream,
	}
}

// MaxStream is the highest id of a stream.
const MaxStream = 1<<31 - 1

// AppendHeader appends h.
func AppendHeader(b []byte, h Header) []byte {
	b = append(b, byte(h.Length>>16), byte(h.Length>>8), byte(h.Length), byte(h.Type), byte(h.Flags))
	return binary.BigEndian.AppendUint32(b, h.Stream)
}

// Padding cuts the length of the padding off the front of the payload of a Data or Headers
// frame: n bytes at its end are padding.
func (h Header) Padding(payload []byte) (rest []byte, n int, err error) {
	if !h.Flags.Has(Padded) {
		return payload, 0, nil
	}
	if h.Length < 1 {
		return nil, 0, errSize
	}
	if n = int(payload[0]); n >= h.Length {
		return nil, 0, errPadding
	}
	return payload[1:], n, nil
}

// Block is the fragment of a field block that the payload of a Headers frame holds. itself
// tells that its stream depends on itself.
func (h Header) Block(payload []byte) (block []byte, itself bool, err error) {
	rest, pad, err := h.Padding(payload)
	if err != nil {
		return nil, false, err
	}
	if h.Flags.Has(Prioritized) {
		if len(rest) < 5 {
			return nil, false, errSize
		}
		itself = binary.BigEndian.Uint32(rest)&MaxStream == h.Stream
		rest = rest[5:]
	}
	if pad > len(rest) {
		return nil, false, errPadding
	}
	return rest[:len(rest)-pad], itself, nil
}

// Increment is what a WindowUpdate frame adds, 0 for one that breaks the rules.
func Increment(payload []byte) int64 {
	return int64(binary.BigEndian.Uint32(payload) & MaxStream)
}

// AppendWindowUpdate appends a frame that adds n bytes to a window; stream 0: that of the
// connection.
func AppendWindowUpdate(b []byte, stream uint32, n int) []byte {
	b = AppendHeader(b, Header{Length: 4, Type: WindowUpdate, Stream: stream})
	return binary.BigEndian.AppendUint32(b, uint32(n))
}

// AppendPing appends the answer to a Ping frame with this payload.
func AppendPing(b, payload []byte) []byte {
	b = AppendHeader(b, Header{Length: len(payload), Type: Ping, Flags: Ack})
	return append(b, payload...)
}

// AppendReset appends a ResetStream frame.
func AppendReset(b []byte, stream uint32, code Code) []byte {
	b = AppendHeader(b, Header{Length: 4, Type: ResetStream, Stream: stream})
	return binary.BigEndian.AppendUint32(b, uint32(code))
}

// AppendGoAway appends a GoAway frame: streams above last were not and will not be served.
func AppendGoAway(b []byte, last uint32, code Code, reason string) []byte {
	b = AppendHeader(b, Header{Length: 8 + len(reason), Type: GoAway})
	b = binary.BigEndian.AppendUint32(b, last)
	b = binary.BigEndian.AppendUint32(b, uint32(code))
	return append(b, reason...)
}

// AppendBlock appends a field block, in as many frames as it takes when none may be longer
// than most bytes.
func AppendBlock(b []byte, stream uint32, flags Flags, block []byte, most int) []byte {
	h := Header{Type: Headers, Flags: flags, Stream: stream}
	for {
		h.Length = min(len(block), most)
		if h.Length == len(block) {
			h.Flags |= EndHeaders
		}
		b = append(AppendHeader(b, h), block[:h.Length]...)
		if block = block[h.Length:]; len(block) == 0 {
			return b
		}
		h.Type, h.Flags = Continuation, 0
	}
}
