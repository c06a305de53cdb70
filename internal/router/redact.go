package router

import "strings"

// redacted stands for a value that must not be seen.
const redacted = "***"

// Redact returns a path for logs, with stars in place of the values that the
// wildcards named by secret have in path. Of a path that only begins like the
// pattern those are replaced that stand in that beginning: it may be a mistyped
// one.
//
// shown is path, or what other patterns have left of it.
func (p Pattern) Redact(path, shown string, secret map[string]bool) string {
	if len(secret) == 0 || path == "" || path[0] != '/' {
		return shown
	}
	segments := strings.Split(shown, "/")[1:]
	for i, seg := range p.segs {
		if i == len(segments) || path == "" {
			break
		}
		var text string
		if text, path = cutSegment(path); !seg.agrees(text) {
			break
		}
		if seg.kind == literal || seg.kind == slash || !secret[seg.text] {
			continue
		}
		if segments[i] = redacted; seg.kind == multi {
			segments = segments[:i+1]
		}
	}
	return "/" + strings.Join(segments, "/")
}

// agrees tells whether the segment of a path may be s.
func (s *segment) agrees(text string) bool {
	if s.kind == single || s.kind == multi {
		return true
	}
	raw := []byte(text)
	return validEscapes(raw) && equalDecoded(raw, s.text)
}
