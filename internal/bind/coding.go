package bind

import (
	"github.com/fasterapi/fasterapi/internal/field"
	"github.com/fasterapi/fasterapi/problem"
)

const (
	codingField = "Content-Encoding"
	// identity is the coding of a body as it is. RFC 9110 section 8.4.1 keeps the
	// word for Accept-Encoding, and clients send it here all the same.
	identity = "identity"
)

// decoded tells whether the body of src is as it is, and reports any coding of it:
// read as they come, the bytes of a compressed form are one odd key. What is not
// decoded is answered with 415 and Accept-Encoding (RFC 9110 section 15.5.16).
func (p *Plan) decoded(src Source, f *faults) bool {
	if p.codings {
		return true // the handler looks for itself
	}
	coding := Coding(src)
	if coding != nil {
		f.encoded(coding)
	}
	return coding == nil
}

// Coding is the first coding of the body, leased like what src returns; nil: it is
// as it is.
func Coding(src Source) []byte {
	for n := 0; ; n++ {
		line, ok := src.Header(codingField, n)
		if !ok {
			return nil
		}
		for more := true; more; {
			var coding []byte
			if coding, line, more = field.NextToken(line); len(coding) > 0 && !field.EqualFold(coding, identity) {
				return coding
			}
		}
	}
}

// RefuseCoding is the answer to a body with a coding.
func RefuseCoding() *problem.Problem {
	return problem.UnsupportedMediaType("the body must not have a content coding").WithHeader("Accept-Encoding", identity)
}

// hasBody tells whether there is something to decode.
func hasBody(src Source) bool {
	if s, ok := src.(FormSource); ok && s.Stream() != nil {
		return true
	}
	return len(src.Body()) > 0
}
