package server

import (
	"net/http"
	"strings"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/problem"
)

// Failure is how everything that goes wrong is told: a problem document (RFC 9457) with a code for programs.
type Failure struct {
	Title   string  `json:"title"`
	Status  int     `json:"status"`
	Code    string  `json:"code" doc:"for programs" example:"not_found"`
	Detail  string  `json:"detail,omitempty" doc:"for people"`
	OAuth   string  `json:"error,omitempty" doc:"what OAuth 2 clients look at, of the log-in (RFC 6749 section 5.2)"`
	Request string  `json:"request" doc:"id of the request, as the log has it"`
	Errors  []Fault `json:"errors,omitempty"`
}

// Fault is one thing that is wrong with a request.
type Fault struct {
	Location string `json:"location" example:"body.due"`
	Message  string `json:"message" example:"must be in the future"`
}

func newFailure(c *fasterapi.Ctx, p *problem.Problem) Failure {
	failure := Failure{Title: p.Title, Status: p.Status, Code: code(p.Status), Detail: p.Detail, Request: c.RequestID()}
	failure.OAuth, _ = p.Ext["error"].(string)
	for _, e := range p.Errors {
		failure.Errors = append(failure.Errors, Fault{e.Location, e.Message})
	}
	return failure
}

// code is the name of a status as a word: not_found.
func code(status int) string {
	return strings.ReplaceAll(strings.ToLower(http.StatusText(status)), " ", "_")
}
