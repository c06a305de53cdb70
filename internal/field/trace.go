package field

import "encoding/hex"

// traceParentLen is how long a traceparent of version 00 is.
const traceParentLen = 2 + 1 + 32 + 1 + 16 + 1 + 2

// TraceParent is what a field traceparent says (W3C Trace Context): the trace, the span of whoever
// called, and whether they keep the trace.
//
// Owner: any (immutable after New).
type TraceParent struct {
	Trace   [16]byte
	Span    [8]byte
	Sampled bool
}

// ReadTraceParent reads a field traceparent (W3C Trace Context, section 3.2.2). Versions to come may have more
// behind it. It reports false for one that is not valid.
func ReadTraceParent[T string | []byte](s T) (p TraceParent, ok bool) {
	if len(s) < traceParentLen || s[2] != '-' || s[35] != '-' || s[52] != '-' {
		return TraceParent{}, false
	}
	var version, flags [1]byte
	if !lowerHex(version[:], s[:2]) || !lowerHex(p.Trace[:], s[3:35]) || !lowerHex(p.Span[:], s[36:52]) || !lowerHex(flags[:], s[53:55]) {
		return TraceParent{}, false
	}
	if len(s) > traceParentLen && (version[0] == 0 || s[traceParentLen] != '-') {
		return TraceParent{}, false
	}
	if version[0] == 0xff || p.Trace == [16]byte{} || p.Span == [8]byte{} {
		return TraceParent{}, false
	}
	p.Sampled = flags[0]&1 != 0
	return p, true
}

// FormatTraceParent writes a traceparent of a trace that is kept.
func FormatTraceParent(trace [16]byte, span [8]byte) string {
	b := make([]byte, 0, traceParentLen)
	b = append(b, "00-"...)
	b = hex.AppendEncode(b, trace[:])
	b = append(b, '-')
	b = hex.AppendEncode(b, span[:])
	return string(append(b, "-01"...))
}

// lowerHex decodes digits of which letters must be small.
func lowerHex[T string | []byte](dst []byte, s T) bool {
	for i := range dst {
		high, low := digit(s[2*i]), digit(s[2*i+1])
		if high|low > 0xf {
			return false
		}
		dst[i] = high<<4 | low
	}
	return true
}

func digit(c byte) byte {
	switch {
	case '0' <= c && c <= '9':
		return c - '0'
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10
	}
	return 0xff
}
