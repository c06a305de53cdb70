package wire

// ParsePart makes h hold what can be read of a head that was refused or is not going
// to be complete, so that the refusal can be answered and logged like a request. b
// and lim are those of the last call of [Head.Parse].
//
// Method and Target are what has come of them, without the byte that was wrong. Path and
// RawQuery are set only when the request line is sound, else Path is nil. Headers are
// the fields up to the first that is not well-formed; there are none when the request
// line is not whole. Nothing of it tells where the
// next request begins: there is no body, and [Head.Persistent] is false.
func (h *Head) ParsePart(b []byte, lim Limits) {
	lim = lim.resolve()
	b = b[:min(len(b), lim.HeadBytes)]
	h.Reset()
	h.Minor, h.state.partly = 0, true
	if !h.plainRequestLine(b, &lim) {
		if ok, err := h.requestLine(b, &lim); !ok || err != nil {
			h.requestLinePart(b)
		}
	}
	if h.state.stage == atFields {
		_, _ = h.fieldLines(b, &lim) // it is refused already
	}
	h.ContentLength, h.Close = -1, true
	h.state = progress{stage: atEnd}
}

// requestLinePart takes the method and the target as far as they were read.
func (h *Head) requestLinePart(b []byte) {
	s := &h.state
	h.Path, h.RawQuery, h.Host = nil, nil, nil
	switch s.stage {
	case atStart:
	case atMethod:
		h.Method = span{s.mark, s.pos}.of(b)
	case atTarget:
		h.Method, h.Target = s.method.of(b), span{s.mark, s.pos}.of(b)
	default:
		h.Method, h.Target = s.method.of(b), s.target.of(b)
	}
}
