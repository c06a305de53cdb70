package wire

import (
	"bytes"
)

// trailerBytes takes what it can of the trailer section: up to the end of src
// or of the section, whichever comes first.
func (c *Chunks) trailerBytes(src []byte) (n int, err *Error) {
	for n < len(src) && c.part == inTrailers {
		rest := src[n:]
		end := bytes.IndexByte(rest, '\n') + 1
		if end == 0 {
			end = len(rest)
		}
		if end > c.lim.TrailerBytes-c.bytes {
			return n, errTrailersLong
		}
		c.bytes += end
		c.section = append(c.section, rest[:end]...)
		n += end
		if rest[end-1] == '\n' {
			if err := c.trailerLine(); err != nil {
				return n, err
			}
		}
	}
	return n, nil
}

// trailerLine takes the line that ends the section so far. It follows the rules
// of the field lines of a head (RFC 9112 7.1.2).
func (c *Chunks) trailerLine() *Error {
	from := c.line
	line := c.section[from:]
	if len(line) < 2 || line[len(line)-2] != '\r' {
		return errBareLF
	}
	line = line[:len(line)-2]
	if len(line) == 0 {
		c.finish()
		return nil
	}
	colon := scanToken(line, 0)
	if err := checkField(line, colon); err != nil {
		return err
	}
	if c.count++; c.count > c.lim.Trailers {
		return errTrailersLong
	}
	switch trailerRule(line[:colon]) {
	case refuseTrailer:
		return errTrailerFraming
	case dropTrailer:
		c.section = c.section[:from]
		return nil
	}
	start, end := trimmed(line, colon+1, len(line))
	c.kept = append(c.kept, span{from, from + colon}, span{from + start, from + end})
	c.line = len(c.section)
	return nil
}

// checkField checks a field line without its line end, whose first byte that is
// no token character is at colon.
func checkField(line []byte, colon int) *Error {
	switch {
	case colon == len(line):
		return errName
	case line[colon] == ' ' || line[colon] == '\t':
		if colon == 0 {
			return errFold
		}
		return errNameSpace
	case line[colon] != ':' || colon == 0:
		return errName
	}
	if i := scanText(line, colon); i < len(line) {
		if line[i] == '\r' {
			return errBareCR
		}
		return errValue
	}
	return nil
}

// finish makes the trailers out of their offsets: the section no longer moves.
func (c *Chunks) finish() {
	for i := 0; i < len(c.kept); i += 2 {
		c.trailers = append(c.trailers, Header{Name: c.kept[i].of(c.section), Value: c.kept[i+1].of(c.section)})
	}
	c.part = atDone
}

// KeepsTrailer tells whether a trailer field of this name is one that Decode
// keeps.
func KeepsTrailer(name string) bool { return trailerRule([]byte(name)) == keepTrailer }

type trailerVerdict uint8

const (
	keepTrailer   trailerVerdict = iota
	dropTrailer                  // means something only before the body: ignored
	refuseTrailer                // would change framing or routing: an attack
)

// trailerRule says what becomes of a trailer field called name. RFC 9110 6.5.1
// forbids fields in trailers that are for framing, routing, request modifiers,
// authentication and content format; a recipient must not merge them.
func trailerRule(name []byte) trailerVerdict {
	var few [24]byte // the longest name below has 19 bytes
	if len(name) > len(few) {
		return keepTrailer
	}
	for i, b := range name {
		few[i] = lower(b)
	}
	if len(name) > 3 && string(few[:3]) == "if-" {
		return dropTrailer // a condition
	}
	switch string(few[:len(name)]) {
	case "transfer-encoding", "content-length", "host", "trailer", "connection", "upgrade", "te", "keep-alive", "proxy-connection":
		return refuseTrailer
	case "authorization", "proxy-authorization", "www-authenticate", "proxy-authenticate", "cookie", "set-cookie",
		"cache-control", "expect", "max-forwards", "pragma", "range", "content-encoding", "content-type",
		"content-range", "content-language", "content-location", "realm", "origin", "referer", "forwarded", "x-forwarded-for", "x-forwarded-host",
		"x-forwarded-proto", "x-real-ip", "via", "age", "date", "expires", "location", "retry-after", "vary", "warning":
		return dropTrailer
	}
	return keepTrailer
}
