package problem

import "net/http"

// StatusText is the name of a status (RFC 9110 section 15), the title of a problem that has none of its
// own: "Unprocessable Content" for 422. It is what the status line of the response says, and it stays as it
// is. "" for a status without a name.
func StatusText(status int) string {
	switch status { // net/http has the names of RFC 2616 and 4918
	case http.StatusRequestEntityTooLarge:
		return "Content Too Large"
	case http.StatusRequestURITooLong:
		return "URI Too Long"
	case http.StatusRequestedRangeNotSatisfiable:
		return "Range Not Satisfiable"
	case http.StatusUnprocessableEntity:
		return "Unprocessable Content"
	}
	return http.StatusText(status)
}

// BadRequest returns a 400 problem.
func BadRequest(detail string) *Problem { return New(http.StatusBadRequest, detail) }

// Unauthorized returns a 401 problem; RFC 9110 wants a WWW-Authenticate header with it.
func Unauthorized(detail string) *Problem { return New(http.StatusUnauthorized, detail) }

// Forbidden returns a 403 problem.
func Forbidden(detail string) *Problem { return New(http.StatusForbidden, detail) }

// NotFound returns a 404 problem.
func NotFound(detail string) *Problem { return New(http.StatusNotFound, detail) }

// MethodNotAllowed returns a 405 problem; RFC 9110 wants an Allow header with it.
func MethodNotAllowed(detail string) *Problem { return New(http.StatusMethodNotAllowed, detail) }

// Conflict returns a 409 problem.
func Conflict(detail string) *Problem { return New(http.StatusConflict, detail) }

// Gone returns a 410 problem.
func Gone(detail string) *Problem { return New(http.StatusGone, detail) }

// PreconditionFailed returns a 412 problem.
func PreconditionFailed(detail string) *Problem { return New(http.StatusPreconditionFailed, detail) }

// TooLarge returns a 413 problem.
func TooLarge(detail string) *Problem { return New(http.StatusRequestEntityTooLarge, detail) }

// UnsupportedMediaType returns a 415 problem.
func UnsupportedMediaType(detail string) *Problem {
	return New(http.StatusUnsupportedMediaType, detail)
}

// Unprocessable returns a 422 problem.
func Unprocessable(detail string) *Problem { return New(http.StatusUnprocessableEntity, detail) }

// TooManyRequests returns a 429 problem.
func TooManyRequests(detail string) *Problem { return New(http.StatusTooManyRequests, detail) }

// Internal returns a 500 problem; use Wrap to keep the cause for the log.
func Internal(detail string) *Problem { return New(http.StatusInternalServerError, detail) }

// Unavailable returns a 503 problem.
func Unavailable(detail string) *Problem { return New(http.StatusServiceUnavailable, detail) }

// GatewayTimeout returns a 504 problem.
func GatewayTimeout(detail string) *Problem { return New(http.StatusGatewayTimeout, detail) }
