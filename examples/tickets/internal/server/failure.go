package server

import (
	"net/http"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/problem"
)

// Failure is how everything that goes wrong is told: a problem document (RFC 9457) with a code for programs. Only the
// log-in tells in another form, that of OAuth 2, what is wrong with a request (security.TokenError).
type Failure struct {
	Title   string  `json:"title"`
	Status  int     `json:"status"`
	Code    Code    `json:"code" doc:"for programs"`
	Detail  string  `json:"detail,omitempty" doc:"for people"`
	Request string  `json:"request" doc:"id of the request, as the log has it"`
	Errors  []Fault `json:"errors,omitempty"`
}

// Fault is one thing that is wrong with a request.
type Fault struct {
	Location string `json:"location" example:"body.due"`
	Message  string `json:"message" example:"must be in the future"`
}

// Code is the kind of a failure: programs decide by it, so it stays what it is, whatever texts say.
type Code string

// failures are the codes of the statuses that the service answers. What is not in the list is told as the
// 400 or the 500 that it is for programs.
var failures = [...]struct {
	status int
	code   Code
}{
	{http.StatusBadRequest, "bad_request"},
	{http.StatusUnauthorized, "unauthorized"},
	{http.StatusForbidden, "forbidden"},
	{http.StatusNotFound, "not_found"},
	{http.StatusMethodNotAllowed, "method_not_allowed"},
	{http.StatusRequestTimeout, "request_timeout"},
	{http.StatusConflict, "conflict"},
	{http.StatusPreconditionFailed, "precondition_failed"},
	{http.StatusRequestEntityTooLarge, "request_entity_too_large"},
	{http.StatusUnsupportedMediaType, "unsupported_media_type"},
	{http.StatusUnprocessableEntity, "unprocessable_entity"},
	{http.StatusPreconditionRequired, "precondition_required"},
	{http.StatusTooManyRequests, "too_many_requests"},
	{http.StatusInternalServerError, "internal_server_error"},
	{http.StatusServiceUnavailable, "service_unavailable"},
	{http.StatusGatewayTimeout, "gateway_timeout"},
}

// Enum lists the codes, for the document.
func (Code) Enum() (all []any) {
	for _, f := range failures {
		all = append(all, f.code)
	}
	return all
}

func codeOf(status int) Code {
	for _, f := range failures {
		if f.status == status {
			return f.code
		}
	}
	if status >= http.StatusInternalServerError {
		return codeOf(http.StatusInternalServerError)
	}
	return codeOf(http.StatusBadRequest)
}

func newFailure(c *fasterapi.Ctx, p *problem.Problem) Failure {
	failure := Failure{Title: p.Title, Status: p.Status, Code: codeOf(p.Status), Detail: p.Detail, Request: c.RequestID()}
	for _, e := range p.Errors {
		failure.Errors = append(failure.Errors, Fault{e.Location, e.Message})
	}
	return failure
}
