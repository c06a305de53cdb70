package wire

import (
	"github.com/fasterapi/fasterapi/internal/field"
)

// facts are what the field lines of a head said, as far as they decide about
// framing, routing and the connection.
type facts uint16

const (
	sawHost        facts = 1 << iota
	sawCoding            // a Transfer-Encoding field
	sawChunked           // its chunked
	chunkedIsFinal       // chunked is the last coding so far
	otherCoding          // a coding other than chunked
	badCoding            // chunked twice, or an empty element
	sawContinue          // Expect: 100-continue
	badExpect            // any other expectation
	wantsUpgrade         // Connection: upgrade
	sawUpgrade           // an Upgrade field
)

// noted has bit n set when note looks at field names of n bytes.
const noted = 1<<len("host") | 1<<len("expect") | 1<<len("upgrade") | 1<<len("connection") |
	1<<len("content-length") | 1<<len("transfer-encoding")

// fieldLines parses "name: value CRLF" lines from the state on, up to and with
// the empty line. It returns the length of the head, 0 when b ends before it.
func (h *Head) fieldLines(b []byte, lim *Limits) (n int, err error) {
	s := &h.state
	line, i, colon := s.mark, s.pos, s.colon
	headers := h.Headers // kept even when stale: its length counts the fields
	for {
		if colon == 0 {
			i = scanToken(b, i)
			if i >= len(b) {
				break
			}
			if b[i] != ':' || i == line {
				n, err = endOfFields(b, line, i)
				break
			}
			colon = i
			i++
		}
		i = scanText(b, i)
		if i+1 >= len(b) {
			if i < len(b) && b[i] != '\r' {
				err = badText(b[i])
			}
			break
		}
		if b[i] != '\r' || b[i+1] != '\n' {
			err = badText(b[i])
			break
		}
		if len(headers) >= lim.Headers {
			err = errFields
			break
		}
		from, to := trimmed(b, colon+1, i)
		headers = append(headers, Header{})
		f := &headers[len(headers)-1] // built in place: a copied literal costs 10 ns, stores that do not forward to wider loads
		f.Name, f.Value = b[line:colon:colon], b[from:to:to]
		if size := uint(colon - line); size < 32 && noted>>size&1 != 0 {
			if err = h.note(f.Name, f.Value); err != nil && !s.partly {
				break
			}
		}
		i += 2
		line, colon = i, 0
	}
	h.Headers = headers
	s.mark, s.pos, s.colon = line, i, colon
	return n, err
}

// endOfFields decides about the line at line, whose byte i is neither a token
// character nor a colon after one: the empty line, a beginning of it, or an error.
func endOfFields(b []byte, line, i int) (int, error) {
	switch c := b[i]; {
	case c == '\r' && i == line && i+1 == len(b):
		return 0, nil
	case c == '\r' && i == line && b[i+1] == '\n':
		return i + 2, nil
	case c == '\r' && i == line:
		return 0, errBareCR
	case c == '\n':
		return 0, errBareLF
	case c == ' ' || c == '\t':
		if i == line {
			return 0, errFold
		}
		return 0, errNameSpace
	}
	return 0, errName
}

// badText says what is wrong about byte c, which ended a field value.
func badText(c byte) error {
	switch c {
	case '\r':
		return errBareCR
	case '\n':
		return errBareLF
	}
	return errValue
}

// note takes from a field line what this package must know. The length of the
// name decides first: it rules out nearly every other field at once.
func (h *Head) note(name, value []byte) error {
	switch len(name) {
	case len("host"):
		if isName(name, "host") {
			return h.noteHost(value)
		}
	case len("expect"):
		if isName(name, "expect") && len(value) > 0 {
			if field.EqualFold(value, "100-continue") {
				h.state.facts |= sawContinue
			} else {
				h.state.facts |= badExpect
			}
		}
	case len("upgrade"):
		if isName(name, "upgrade") {
			h.state.facts |= sawUpgrade
		}
	case len("connection"):
		if isName(name, "connection") {
			h.noteConnection(value)
		}
	case len("content-length"):
		if isName(name, "content-length") {
			return h.noteLength(value)
		}
	case len("transfer-encoding"):
		if isName(name, "transfer-encoding") {
			h.noteCoding(value)
		}
	}
	return nil
}

func (h *Head) noteHost(value []byte) error {
	if h.state.facts&sawHost != 0 {
		return errHostTwice
	}
	h.state.facts |= sawHost
	if !field.ValidHost(value) {
		return errHost
	}
	if h.Form == Origin || h.Form == Asterisk {
		h.Host = value
	}
	return nil
}

func (h *Head) noteConnection(value []byte) {
	for more := true; more; {
		var option []byte
		option, value, more = field.NextToken(value)
		switch {
		case field.EqualFold(option, "close"):
			h.Close = true
		case field.EqualFold(option, "keep-alive"):
			h.KeepAlive = true
		case field.EqualFold(option, "upgrade"):
			h.state.facts |= wantsUpgrade
		}
	}
}

func (h *Head) noteLength(value []byte) error {
	if h.ContentLength >= 0 {
		return errLengthTwice
	}
	n, ok := decimal(value)
	if !ok {
		return errLength
	}
	h.ContentLength = n
	return nil
}

// decimal parses 1*DIGIT with a value below 2^63.
func decimal(v []byte) (int64, bool) {
	const most = 1<<63 - 1
	n := int64(0)
	for _, c := range v {
		d := int64(c - '0')
		if c < '0' || c > '9' || n > (most-d)/10 {
			return 0, false
		}
		n = n*10 + d
	}
	return n, len(v) > 0
}

// noteCoding adds the codings of one Transfer-Encoding field to those before it.
func (h *Head) noteCoding(value []byte) {
	f := h.state.facts | sawCoding
	for more := true; more; {
		var coding []byte
		coding, value, more = field.NextElement(value)
		switch {
		case !validCoding(coding):
			f |= badCoding
		case !field.EqualFold(coding, "chunked"):
			f = f&^chunkedIsFinal | otherCoding
		case f&sawChunked != 0:
			f |= badCoding
		default:
			f |= sawChunked | chunkedIsFinal
		}
	}
	h.state.facts = f
}

// validCoding reports whether coding is token *( OWS ";" OWS transfer-parameter )
// as far as its name goes (RFC 9112 7): what has no name is no coding.
func validCoding(coding []byte) bool {
	for i, c := range coding {
		if c == ';' {
			return field.IsToken(field.Trim(coding[:i]))
		}
	}
	return field.IsToken(coding)
}

// finish checks what can be known only when all fields are.
func (h *Head) finish() error {
	f := h.state.facts
	if f == sawHost {
		return nil
	}
	if f&sawHost == 0 && h.Minor > 0 {
		return errHostMissing
	}
	if f&sawCoding != 0 {
		if err := h.finishCoding(); err != nil {
			return err
		}
	}
	if f&badExpect != 0 {
		return errExpect
	}
	h.Expect100 = f&sawContinue != 0 && h.Minor > 0
	h.Upgrade = f&wantsUpgrade != 0 && f&sawUpgrade != 0 && h.Minor > 0
	return nil
}

func (h *Head) finishCoding() error {
	f := h.state.facts
	switch {
	case h.Minor == 0:
		return errCodedOld
	case h.ContentLength >= 0:
		return errLengthAndCoded
	case f&badCoding != 0 || f&chunkedIsFinal == 0:
		return errCodedFinal
	case f&otherCoding != 0:
		return errCodedUnknown
	}
	h.Chunked = true
	return nil
}
