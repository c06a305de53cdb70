package client

import (
	"encoding/json/v2"
	"errors"
	"mime"
	"net/http"
	"strings"

	"github.com/fasterapi/fasterapi/internal/codec"
)

// Answer is what the other service has answered.
//
// Owner: any (immutable).
type Answer struct {
	Status int
	Header http.Header
	Body   []byte // decoded, whole; nil for none

	fault error // why there is no body to read
}

// JSON reads the body as a T, whatever the status is. It fails when the answer does not say that it is JSON.
func (a *Answer) JSON[T any]() (v T, err error) {
	if a.fault != nil {
		return v, a.fault
	}
	return v, a.into(&v)
}

// into reads the body into what out points to.
func (a *Answer) into(out any) error {
	contentType := a.Header.Get("Content-Type")
	media, _, err := mime.ParseMediaType(contentType)
	if err != nil || media != "application/json" && !strings.HasSuffix(media, "+json") {
		return &ContentError{ContentType: contentType}
	}
	if err := json.Unmarshal(a.Body, out, codec.Durations()); err != nil {
		return &ContentError{ContentType: contentType, Err: err}
	}
	return nil
}

// judge fails for a status other than 2xx.
func (e *exchange) judge(a *Answer) error {
	if a.Status < 200 || a.Status > 299 {
		return e.status(a)
	}
	return e.whole(a)
}

// whole fails for an answer whose body was refused.
func (e *exchange) whole(a *Answer) error {
	if a.fault != nil {
		return e.fail(a.fault)
	}
	return nil
}

// read reads the body as what out points to.
func (e *exchange) read(a *Answer, out any) error {
	switch v := out.(type) {
	case *[]byte:
		*v = a.Body
		return nil
	case *struct{}:
		return nil
	}
	if a.Status == http.StatusNoContent || a.Status == http.StatusResetContent || e.request.Method == http.MethodHead {
		return nil
	}
	if err := a.into(out); err != nil {
		return e.fail(err)
	}
	return nil
}

// answerIn returns the answer of the status that err is about, nil for none.
func answerIn(err error) *Answer {
	if status, ok := errors.AsType[*StatusError](err); ok {
		return status.Answer
	}
	return nil
}
