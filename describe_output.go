package fasterapi

import (
	"net/http"
	"reflect"

	"github.com/fasterapi/fasterapi/internal/eventstream"
	"github.com/fasterapi/fasterapi/openapi"
	"github.com/fasterapi/fasterapi/problem"
)

// describer is a response type that tells the document what it becomes.
type describer interface{ answers() []openapi.Answer }

// answersOf describes the responses that values of Out become.
func answersOf[Out any]() []openapi.Answer {
	var zero Out
	if d, ok := any(zero).(describer); ok {
		return d.answers()
	}
	if _, ok := any(zero).(compiler[Out]); ok || reflect.TypeFor[Out]().Implements(reflect.TypeFor[renderer]()) {
		return []openapi.Answer{{Status: http.StatusOK, ContentType: "*/*"}}
	}
	return []openapi.Answer{{Status: http.StatusOK, ContentType: jsonType, Type: reflect.TypeFor[Out]()}}
}

// declaredAnswers describes what the option Responds says.
func (o *options) declaredAnswers() (list []openapi.Answer) {
	for _, d := range o.declared {
		a := openapi.Answer{Status: d.status, Description: d.description, ContentType: jsonType, Type: d.body}
		switch {
		case d.body == nil:
			a.ContentType, a.Schema = problem.ContentType, openapi.ProblemSchema()
		case d.body == reflect.TypeFor[None]():
			a.ContentType, a.Type = "", nil
		}
		list = append(list, a)
	}
	return list
}

func (JSONLines[T]) answers() []openapi.Answer {
	return []openapi.Answer{{Status: http.StatusOK, ContentType: jsonLinesType, Item: reflect.TypeFor[T]()}}
}

func (SSE[T]) answers() []openapi.Answer {
	return []openapi.Answer{{Status: http.StatusOK, ContentType: eventstream.Type, Item: reflect.TypeFor[T]()}}
}

func (File) answers() []openapi.Answer {
	return []openapi.Answer{
		{Status: http.StatusOK, ContentType: "*/*"},
		{Status: http.StatusPartialContent, ContentType: "*/*", Description: "The part that the Range field asks for"},
		{Status: http.StatusNotModified, Description: "The client has the file already"},
	}
}

func (None) answers() []openapi.Answer {
	return []openapi.Answer{{Status: http.StatusNoContent}}
}

func (Text) answers() []openapi.Answer {
	return []openapi.Answer{{Status: http.StatusOK, ContentType: textType}}
}

func (HTML) answers() []openapi.Answer {
	return []openapi.Answer{{Status: http.StatusOK, ContentType: htmlType}}
}

func (Blob) answers() []openapi.Answer {
	return []openapi.Answer{{Status: http.StatusOK, ContentType: "*/*"}}
}

func (Stream) answers() []openapi.Answer {
	return []openapi.Answer{{Status: http.StatusOK, ContentType: "*/*"}}
}

func (Redirect) answers() []openapi.Answer {
	location := &openapi.Header{
		Description: "Where to go", Required: true, Schema: &openapi.Schema{Types: []string{"string"}, Format: "uri-reference"},
	}
	return []openapi.Answer{{
		Status: http.StatusTemporaryRedirect, Headers: openapi.Map[*openapi.Header]{{Name: "Location", Value: location}},
	}}
}

func (Response[T]) answers() []openapi.Answer { return answersOf[T]() }
