package frame

import "fmt"

// Code says in a ResetStream or GoAway frame what was wrong (RFC 9113 section 7).
type Code uint32

// The codes that are used here.
const (
	NoError            Code = 0x0
	ProtocolError      Code = 0x1
	InternalError      Code = 0x2
	FlowControlError   Code = 0x3
	StreamClosed       Code = 0x5
	FrameSizeError     Code = 0x6
	RefusedStream      Code = 0x7
	Cancel             Code = 0x8
	CompressionError   Code = 0x9
	EnhanceYourCalm    Code = 0xb
	InadequateSecurity Code = 0xc
)

// Error ends a connection.
//
// Owner: any (immutable after New).
type Error struct {
	Code   Code
	Reason string // nothing of what the peer has sent is in it
}

// Error says the reason with the name of the protocol in front.
func (e *Error) Error() string { return fmt.Sprintf("HTTP/2: %s (code %d)", e.Reason, e.Code) }

// Sections are of RFC 9113.
var (
	errSize          = &Error{FrameSizeError, "a frame has the wrong size for its type"}           // 4.2
	errPadding       = &Error{ProtocolError, "the padding is longer than the frame"}               // 6.1
	errTooLong       = &Error{FrameSizeError, "a frame is longer than it may be"}                  // 4.2
	errStreamZero    = &Error{ProtocolError, "a frame of a stream names the connection"}           // 6
	errStreamed      = &Error{ProtocolError, "a frame of the connection names a stream"}           // 6
	errPush          = &Error{ProtocolError, "only servers push"}                                  // 8.4
	errFlag          = &Error{ProtocolError, "a setting that is 0 or 1 has another value"}         // 6.5.2
	errWindowSetting = &Error{FlowControlError, "the initial window is larger than it may be"}     // 6.5.2
	errFrameSetting  = &Error{ProtocolError, "the largest frame size is out of range"}             // 6.5.2
	errAckSize       = &Error{FrameSizeError, "the acknowledgement of settings has content"}       // 6.5
	errEvenStream    = &Error{ProtocolError, "a client has used the id of a stream of the server"} // 5.1.1
)

// Check tells what is wrong with a frame of a client before its payload is there: one that is
// longer than most bytes, has the wrong size for its type, or names a stream where it must
// not, or none where it must.
func (h Header) Check(most int) error {
	if h.Length > most {
		return errTooLong
	}
	switch h.Type {
	case Data, Headers, Continuation, Priority, ResetStream:
		if h.Stream == 0 {
			return errStreamZero
		}
		if h.Stream%2 == 0 && h.Type != Priority {
			return errEvenStream
		}
	case Settings, Ping, GoAway, PriorityUpdate:
		if h.Stream != 0 {
			return errStreamed
		}
	case PushPromise:
		return errPush
	}
	return h.checkSize()
}

func (h Header) checkSize() error {
	wrong := false
	switch h.Type {
	case ResetStream, WindowUpdate:
		wrong = h.Length != 4
	case Priority:
		wrong = h.Length != 5
	case Ping:
		wrong = h.Length != 8
	case GoAway:
		wrong = h.Length < 8
	case PriorityUpdate:
		wrong = h.Length < 4
	case Settings:
		if h.Flags.Has(Ack) && h.Length != 0 {
			return errAckSize
		}
		wrong = h.Length%settingSize != 0
	}
	if wrong {
		return errSize
	}
	return nil
}
