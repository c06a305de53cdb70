package failure

import "github.com/fasterapi/fasterapi/problem"

// Former is the body of an answer whose routes have to tell of refusals as a standard says, such as
// RFC 6749 section 5.2 of a token. It is asked of a zero value.
type Former interface {
	// ProblemForm returns the status and the JSON body to send in place of p. The body is nil for a problem that
	// goes the way of all others. Of a p that is nil it returns what the document says.
	ProblemForm(p *problem.Problem) (status int, body any)
}
