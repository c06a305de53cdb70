package bind

import (
	"github.com/fasterapi/fasterapi/internal/schema"
	"github.com/fasterapi/fasterapi/problem"
)

// faults collects what is wrong with one request.
type faults struct {
	list      []problem.FieldError
	mediaType string // not empty: 415 instead of 422, with this as what is accepted
	coded     bool   // 415 for the content coding of the body
}

func (f *faults) append(e problem.FieldError) {
	if len(f.list) < MaxErrors {
		f.list = append(f.list, e)
	}
}

// add reports a bad value, which is copied as far as it can be shown.
func (f *faults) add(field *Field, raw []byte, msg string) {
	e := problem.FieldError{Location: field.Location(), Message: msg, Sensitive: field.Sensitive}
	if !field.Sensitive {
		e.Value = shown(raw)
	}
	f.append(e)
}

// unsupported reports the content type of the body.
func (f *faults) unsupported(got []byte, accepted, words string) {
	f.mediaType = accepted
	f.append(problem.FieldError{Location: "header.Content-Type", Message: "must be " + words, Value: shown(got)})
}

// encoded reports the content coding of the body.
func (f *faults) encoded(coding []byte) {
	f.coded = true
	f.append(problem.FieldError{Location: "header." + codingField, Message: "must be " + identity, Value: shown(coding)})
}

func (f *faults) missing(field *Field) {
	f.append(problem.FieldError{Location: field.Location(), Message: schema.Required})
}

func (f *faults) problem() *problem.Problem {
	if len(f.list) == 0 {
		return nil
	}
	p := problem.Validation(f.list...)
	switch {
	case f.coded:
		p = RefuseCoding()
	case f.mediaType != "":
		p = problem.UnsupportedMediaType("the body must be "+f.mediaType).WithHeader("Accept", f.mediaType)
	}
	p.Errors = f.list
	return p
}

// shown copies no more of a value than a problem shows.
func shown(raw []byte) string {
	return string(raw[:min(len(raw), problem.MaxValue+1)])
}
