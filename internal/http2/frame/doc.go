// Package frame is the frames of HTTP/2 (RFC 9113 section 4 and 6) without a connection.
//
//	h := frame.ParseHeader(in)             // len(in) >= frame.HeaderSize
//	err := h.Check(frame.DefaultMaxFrame)  // before its payload is there
//	payload := in[frame.HeaderSize:][:h.Length]
//	block, itself, err := h.Block(payload) // of a Headers frame, without padding
//	out = frame.AppendSettings(out, frame.Setting{ID: frame.MaxConcurrentStreams, Value: 250})
//
// Nothing allocates but the text of an error that is not a constant; appending functions grow what they
// are given. The caller has to see to it that a frame is not longer than the peer allows.
package frame
