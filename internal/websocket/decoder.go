package websocket

import (
	"math"
	"unicode/utf8"

	"github.com/gobwas/ws"
)

// Message is one message, or one control frame of the decoder.
//
// Owner: the receiver.
type Message struct {
	op byte
	// Data is the payload, the receiver's to keep.
	Data       []byte
	compressed bool
}

// Binary tells binary messages from text.
func (m Message) Binary() bool { return m.op == opBinary }

// decoder turns the bytes of a client into messages and control frames. Idle,
// it holds no memory but its own.
//
// Owner: mu.
type decoder struct {
	limit   int // bytes of a message
	deflate bool
	// inFrame: the head of frame is complete; left and at are what is missing
	// of its payload and what has come.
	inFrame  bool
	headSize uint8
	headRaw  [maxHead]byte
	frame    head
	left     uint64
	at       int
	// message is what is there of a data message; op 0: none.
	message Message
	// checked is how much of a text was found to be UTF-8.
	checked int
	control []byte
}

// next reads from p, which it changes, up to the end of one message or control
// frame. It returns how much it has read; message.op is 0 when more is needed.
// Data of control frames is valid until the next call.
func (d *decoder) next(p []byte) (n int, m Message, err error) {
	for {
		if !d.inFrame {
			n += d.takeHead(p[n:])
			if d.headSize >= 2 && d.headRaw[1]&bitMasked == 0 {
				return n, Message{}, errNoMask
			}
			if !d.headComplete() {
				return n, Message{}, nil
			}
			if err := d.begin(); err != nil {
				return n, Message{}, err
			}
		}
		n += d.takePayload(p[n:])
		if err := d.checkText(false); err != nil {
			return n, Message{}, err
		}
		if d.left > 0 {
			return n, Message{}, nil
		}
		m, err = d.endFrame()
		if m.op != 0 || err != nil {
			return n, m, err
		}
	}
}

// takeHead collects the bytes of a head.
func (d *decoder) takeHead(p []byte) int {
	total := 0
	for {
		want := 2
		if d.headSize >= 2 {
			want = headSize(d.headRaw[1])
		}
		n := copy(d.headRaw[d.headSize:want], p)
		d.headSize += uint8(n)
		total += n
		p = p[n:]
		if int(d.headSize) < want || want > 2 {
			return total
		}
	}
}

func (d *decoder) headComplete() bool {
	return d.headSize > 2 && int(d.headSize) == headSize(d.headRaw[1])
}

// begin checks a head against what came before it.
func (d *decoder) begin() (err error) {
	d.frame, err = parseHead(d.headRaw[:d.headSize], d.deflate)
	if err != nil {
		return err
	}
	d.inFrame, d.headSize, d.left, d.at = true, 0, d.frame.length, 0
	if d.frame.op >= opClose {
		return d.beginControl()
	}
	first := d.message.op == 0
	switch {
	case d.frame.op > opBinary:
		return fault(ws.StatusProtocolError, "a reserved opcode")
	case first && d.frame.op == opContinuation:
		return fault(ws.StatusProtocolError, "a continuation of nothing")
	case !first && (d.frame.op != opContinuation || d.frame.compressed):
		return fault(ws.StatusProtocolError, "a message inside of another one")
	case d.frame.length > uint64(d.limit-len(d.message.Data)):
		return fault(ws.StatusMessageTooBig, "the message is too big")
	}
	if first {
		d.message.op, d.message.compressed, d.checked = d.frame.op, d.frame.compressed, 0
	}
	return nil
}

func (d *decoder) beginControl() error {
	switch {
	case d.frame.op > opPong:
		return fault(ws.StatusProtocolError, "a reserved opcode")
	case !d.frame.fin, d.frame.length > maxControl, d.frame.compressed:
		return fault(ws.StatusProtocolError, "a control frame that is fragmented, too long or compressed")
	}
	d.control = d.control[:0]
	return nil
}

// takePayload unmasks and keeps what is there of the payload.
func (d *decoder) takePayload(p []byte) int {
	n := int(min(uint64(len(p)), d.left))
	p = p[:n]
	ws.Cipher(p, d.frame.mask, d.at)
	d.left -= uint64(n)
	d.at = (d.at + n) & 3
	if d.frame.op >= opClose {
		d.control = append(d.control, p...)
	} else if n > 0 {
		if d.message.Data == nil && d.left == 0 && d.frame.fin {
			d.message.Data = make([]byte, 0, n) // the whole message
		}
		d.message.Data = append(d.message.Data, p...)
	}
	return n
}

// checkText finds the first bad byte of a text as soon as it is there.
func (d *decoder) checkText(whole bool) error {
	if d.message.op != opText || d.message.compressed || d.frame.op >= opClose {
		return nil
	}
	rest := d.message.Data[d.checked:]
	for len(rest) > 0 {
		if rest[0] < utf8.RuneSelf {
			rest = rest[1:]
			continue
		}
		r, size := utf8.DecodeRune(rest)
		if r == utf8.RuneError && size == 1 {
			if !whole && !utf8.FullRune(rest) {
				break
			}
			return errNotText
		}
		rest = rest[size:]
	}
	d.checked = len(d.message.Data) - len(rest)
	return nil
}

var errNoMask = fault(ws.StatusProtocolError, "a frame without mask")

var errNotText = fault(ws.StatusInvalidFramePayloadData, "the text is not UTF-8")

// endFrame returns what the frame has completed.
func (d *decoder) endFrame() (m Message, err error) {
	d.inFrame = false
	switch {
	case d.frame.op >= opClose:
		return Message{op: d.frame.op, Data: d.control}, nil
	case !d.frame.fin:
		return Message{}, nil
	}
	if err := d.checkText(true); err != nil {
		return Message{}, err
	}
	m, d.message = d.message, Message{}
	return m, nil
}

// newDecoder returns a decoder of messages of up to limit bytes.
func newDecoder(limit int64, deflate bool) decoder {
	return decoder{limit: int(min(limit, math.MaxInt32)), deflate: deflate}
}
