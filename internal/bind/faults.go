package bind

import "github.com/fasterapi/fasterapi/problem"

// faults collects what is wrong with one request.
type faults struct {
	list      []problem.FieldError
	mediaType string // not empty: 415 instead of 422, with this as what is accepted
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

func (f *faults) missing(field *Field) {
	f.append(problem.FieldError{Location: field.Location(), Message: msgRequired})
}

func (f *faults) problem() *problem.Problem {
	if len(f.list) == 0 {
		return nil
	}
	p := problem.Validation(f.list...)
	if f.mediaType != "" {
		unsupported := problem.UnsupportedMediaType("the body must be " + f.mediaType)
		unsupported.Errors = p.Errors
		return unsupported.WithHeader("Accept", f.mediaType)
	}
	return p
}

// shown copies no more of a value than a problem shows.
func shown(raw []byte) string {
	return string(raw[:min(len(raw), problem.MaxValue+1)])
}
