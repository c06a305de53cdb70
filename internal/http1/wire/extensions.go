package wire

import "github.com/fasterapi/fasterapi/internal/field"

// extPart is the part of the chunk extensions that the next byte belongs to:
//
//	chunk-ext = *( BWS ";" BWS chunk-ext-name [ BWS "=" BWS chunk-ext-val ] )
//
// (RFC 9112 7.1.1). White space directly behind the size is refused all the same,
// as net/http does: peers disagree about whether the size ends there.
type extPart uint8

const (
	extName      extPart = iota // after ';': white space, then the name
	extInName                   // in the name
	extAfterName                // white space after the name
	extValue                    // after '=': white space, then the value
	extInValue                  // in a token
	extQuoted                   // in a quoted string (RFC 9110 5.6.4)
	extEscaped                  // after '\' in a quoted string
	extAfter                    // after a quoted string, or white space after a token
)

// mayEnd tells whether the extensions may end here.
func (p extPart) mayEnd(spaced bool) bool {
	return p == extInName || p == extInValue || p == extAfter && !spaced
}

// extensionByte takes one byte of the extensions of a chunk.
func (c *Chunks) extensionByte(b byte) *Error {
	switch b {
	case '\r':
		if !c.ext.mayEnd(c.spaced) {
			return errChunkExtension
		}
		c.part = atSizeLF
		return nil
	case '\n':
		return errBareLF
	}
	if c.extended++; c.extended > c.lim.ExtensionBytes {
		return errChunkExtended
	}
	next, ok := c.ext.after(b)
	if !ok {
		return errChunkExtension
	}
	c.ext, c.spaced = next, b == ' ' || b == '\t'
	return nil
}

// after returns the part behind byte b; false: b may not stand here.
func (p extPart) after(b byte) (next extPart, ok bool) {
	switch p {
	case extQuoted:
		switch b {
		case '"':
			return extAfter, true
		case '\\':
			return extEscaped, true
		}
		return extQuoted, isText(b)
	case extEscaped:
		return extQuoted, isText(b)
	}
	switch {
	case b == ' ' || b == '\t':
		return p.afterSpace(), true
	case b == ';':
		return extName, p != extName && p != extValue
	case b == '=':
		return extValue, p == extInName || p == extAfterName
	case b == '"':
		return extQuoted, p == extValue
	case !field.IsTokenByte(b):
		return p, false
	}
	switch p {
	case extName, extInName:
		return extInName, true
	case extValue, extInValue:
		return extInValue, true
	}
	return p, false
}

func (p extPart) afterSpace() extPart {
	switch p {
	case extInName:
		return extAfterName
	case extInValue:
		return extAfter
	}
	return p
}
