package problem

import (
	"cmp"
	"fmt"
	"net/http"
	"strconv"
)

// ContentType is the media type of a serialised Problem (RFC 9457 section 3).
const ContentType = "application/problem+json"

// Problem describes why a request failed. The zero value is an error without a status; its HTTP status is 500.
//
// Owner: one goroutine at a time.
type Problem struct {
	Type     string         // URI reference of the kind of problem; empty means "about:blank" and is left out
	Title    string         // short, the same for every occurrence; empty: the text of the status
	Status   int            // HTTP status; 0 counts as 500
	Detail   string         // what happened this time, for people
	Instance string         // URI reference of this occurrence, such as a request id
	Errors   []FieldError   // what is wrong with which part of the request
	Header   http.Header    // response headers that belong to the problem (Retry-After, WWW-Authenticate, Allow)
	Ext      map[string]any // extension members; names of standard members and names that are not UTF-8 are ignored

	cause error
}

// FieldError is one thing that is wrong with the request.
//
// Owner: one goroutine at a time.
type FieldError struct {
	Location  string // such as path.id, query.page, header.X-Thing, cookie.sid, body.items[3].price
	Message   string // such as "must be an integer"
	Value     any    // what was sent, if it is known; nil leaves it out
	Sensitive bool   // Value is a secret: never serialise it
}

// New returns a problem of the status with a detail for the client; detail may be empty.
func New(status int, detail string) *Problem {
	return &Problem{Status: status, Title: StatusText(status), Detail: detail}
}

// Newf is New with a formatted detail. The arguments become visible to the client.
func Newf(status int, format string, args ...any) *Problem {
	return New(status, fmt.Sprintf(format, args...))
}

// Wrap returns a problem that keeps err as its cause: for logs, errors.Is and errors.As, not for the client.
func Wrap(err error, status int, detail string) *Problem {
	p := New(status, detail)
	p.cause = err
	return p
}

// Validation returns a 422 problem for the given errors.
func Validation(errs ...FieldError) *Problem {
	p := New(http.StatusUnprocessableEntity, "the request is not valid")
	p.Errors = errs
	return p
}

// HTTPStatus returns Status, or 500 when Status is not a final HTTP status (200 to 999).
func (p *Problem) HTTPStatus() int {
	if p == nil || p.Status < 200 || p.Status > 999 {
		return http.StatusInternalServerError
	}
	return p.Status
}

// Error returns status, title, detail and the field errors without their values, and then the cause: it is for
// logs, never for clients.
func (p *Problem) Error() string {
	if p == nil { // an error that is not nil: a mistake that must not hide itself behind another
		return "problem: a nil *Problem"
	}
	b := strconv.AppendInt(nil, int64(p.HTTPStatus()), 10)
	if title := p.title(); title != "" {
		b = append(append(b, ' '), title...)
	}
	if p.Detail != "" {
		b = append(append(b, ": "...), p.Detail...)
	}
	for i, e := range p.Errors {
		sep := "; "
		if i == 0 {
			sep = ": "
		}
		b = append(append(b, sep...), e.String()...)
	}
	if p.cause != nil {
		b = append(append(b, ": "...), p.cause.Error()...)
	}
	return string(b)
}

// Unwrap returns the cause, or nil.
func (p *Problem) Unwrap() error {
	if p == nil {
		return nil
	}
	return p.cause
}

// WithHeader adds a response header value and returns p.
func (p *Problem) WithHeader(name, value string) *Problem {
	if p.Header == nil {
		p.Header = http.Header{}
	}
	p.Header.Add(name, value)
	return p
}

// With sets an extension member and returns p.
func (p *Problem) With(name string, value any) *Problem {
	if p.Ext == nil {
		p.Ext = map[string]any{}
	}
	p.Ext[name] = value
	return p
}

// String returns location and message; the value is left out because it may be a secret.
func (e FieldError) String() string {
	if e.Location == "" {
		return e.Message
	}
	return e.Location + " " + e.Message
}

func (p *Problem) title() string {
	return cmp.Or(p.Title, StatusText(p.HTTPStatus()))
}
