package wire

import "bytes"

// maxMethod is the length of the longest method that is read on, in bytes: twice
// the longest registered one (UPDATEREDIRECTREF, 17, and room for private ones).
const maxMethod = 32

// maxEmptyLines is how many empty lines may precede a request line. RFC 9112 2.2
// asks to ignore at least one, which some clients send after a body.
const maxEmptyLines = 1

// plainRequestLine parses the request line of nearly every request: all of it at
// hand, target in origin form and without escapes, HTTP/1.1. For any other, and
// for a wrong one, it returns false and changes nothing: requestLine reads it.
// It saves a fifth of the time of a small head.
func (h *Head) plainRequestLine(b []byte, lim *Limits) bool {
	const version = " HTTP/1.1\r\n"
	from := scanToken(b[:min(len(b), maxMethod)], 0) + 1
	if from == 1 || from >= len(b) || b[from-1] != ' ' || b[from] != '/' || string(b[:from]) == "CONNECT " {
		return false
	}
	to, seen := from, uint8(0)
	for to < len(b) {
		c := class[b[to]]
		if c&isTarget == 0 {
			break
		}
		seen |= c
		to++
	}
	end := to + len(version)
	if seen&isEscape != 0 || to-from > lim.TargetBytes || end > len(b) || string(b[to:end]) != version {
		return false
	}
	h.Method, h.Target, h.Path, h.Minor = b[:from-1:from-1], b[from:to:to], b[from:to:to], 1
	if seen&isQuery != 0 {
		query := from + bytes.IndexByte(h.Target, '?')
		h.Path, h.RawQuery = b[from:query:query], b[query+1:to:to]
	}
	h.state.pos, h.state.mark, h.state.stage = end, end, atFields
	return true
}

// requestLine parses "method SP request-target SP HTTP-version CRLF" from the
// state on. It returns true when the line is complete.
func (h *Head) requestLine(b []byte, lim *Limits) (bool, error) {
	s := &h.state
	if s.stage == atStart {
		if ok, err := s.emptyLines(b); !ok {
			return false, err
		}
	}
	if s.stage == atMethod {
		if ok, err := s.methodToken(b); !ok {
			return false, err
		}
		s.method = span{s.mark, s.pos}
		s.pos++
		s.mark, s.stage = s.pos, atTarget
	}
	if s.stage == atTarget {
		if ok, err := s.targetBytes(b, lim.TargetBytes); !ok {
			return false, err
		}
		s.target = span{s.mark, s.pos}
		s.pos++
		s.mark, s.stage = s.pos, atVersion
	}
	minor, ok, err := version(b[s.mark:])
	if !ok {
		return false, err
	}
	h.Minor = minor
	h.Method, h.Target = s.method.of(b), s.target.of(b)
	s.pos = s.mark + len("HTTP/1.1\r\n")
	s.mark, s.stage = s.pos, atFields
	return true, h.splitTarget()
}

func (s *progress) emptyLines(b []byte) (bool, error) {
	for s.pos < len(b) && b[s.pos] == '\r' {
		if s.empty == maxEmptyLines {
			return false, errEmptyLines
		}
		if s.pos+1 == len(b) {
			return false, nil
		}
		if b[s.pos+1] != '\n' {
			return false, errBareCR
		}
		s.pos += 2
		s.empty++
	}
	if s.pos == len(b) {
		return false, nil
	}
	s.mark, s.stage = s.pos, atMethod
	return true, nil
}

func (s *progress) methodToken(b []byte) (bool, error) {
	end := min(len(b), s.mark+maxMethod+1)
	i := scanToken(b[:end], s.pos)
	s.pos = i
	switch {
	case i-s.mark > maxMethod:
		return false, errMethodLong
	case i == end:
		return false, nil
	case b[i] == '\n':
		return false, errBareLF
	case b[i] != ' ' || i == s.mark:
		return false, errMethod
	}
	return true, nil
}

func (s *progress) targetBytes(b []byte, limit int) (bool, error) {
	end := min(len(b), s.mark+limit+1)
	i, seen := s.pos, s.seen
	for i < end {
		c := class[b[i]]
		if c&isTarget == 0 {
			break
		}
		seen |= c
		i++
	}
	s.pos, s.seen = i, seen
	switch {
	case i-s.mark > limit:
		return false, errTargetLong
	case i == end:
		return false, nil
	case b[i] == '\n':
		return false, errBareLF
	case b[i] != ' ':
		return false, errTargetByte
	case i == s.mark:
		return false, errTargetEmpty
	}
	return true, nil
}

// version parses "HTTP/1.x CRLF" at the start of b. Its result is false without
// an error when b is a beginning of such a line.
func version(b []byte) (minor uint8, ok bool, err error) {
	const line = "HTTP/1.1\r\n"
	if len(b) >= len(line) && string(b[:len(line)]) == line {
		return 1, true, nil
	}
	for i := range min(len(b), len(line)) {
		switch c := b[i]; i {
		case 5, 7:
			if class[c]&isDigit == 0 {
				return 0, false, errVersion
			}
		case 8:
			if c == '\n' {
				return 0, false, errBareLF
			}
			if c != '\r' {
				return 0, false, errVersion
			}
		case 9:
			if c != '\n' {
				return 0, false, errBareCR
			}
		default:
			if c != line[i] {
				return 0, false, errVersion
			}
		}
	}
	if len(b) < len(line) {
		return 0, false, nil
	}
	if b[5] != '1' {
		return 0, false, errVersionMajor
	}
	return min(b[7]-'0', 1), true, nil
}
