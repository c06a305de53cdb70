package describe

import (
	"encoding/json/jsontext"
	"net/http"

	"github.com/fasterapi/fasterapi/openapi"
	"github.com/fasterapi/fasterapi/problem"
)

// problemAnswers adds the problems that the route may answer with.
func problemAnswers(op *openapi.Operation, secured, fallible bool) {
	if secured {
		answerWith(op, "401", "Problem")
		answerWith(op, "403", "Problem")
	}
	if fallible {
		answerWith(op, "422", "ValidationProblem")
	}
	answerWith(op, "4XX", "Problem")
	answerWith(op, "5XX", "Problem")
}

// answerWith adds one of the answers of problems, unless the route has its own. The
// ranges say what a "default" would say of successful answers too.
func answerWith(op *openapi.Operation, status, component string) {
	if !op.Responses.Has(status) {
		op.Responses.Set(status, &openapi.Response{Ref: "#/components/responses/" + component})
	}
}

// The examples that the documentation shows for problems.
const (
	problemExample    = `{"title":"Not Found","status":404,"detail":"no such user"}`
	validationExample = `{"title":"Unprocessable Content","status":422,"detail":"the request is not valid",` +
		`"errors":[{"location":"query.page","message":"must be at least 1","value":0}]}`
)

// Form is a form in which the service sends problems: answers without a status of their own, and
// where it was registered. The zero value is the problem document.
//
// Owner: any (a plain value).
type Form struct {
	Answers []Answer
	Where   string
}

// Problems says in which forms the service sends problems, and those with status 422; the latter
// are as the others when it has no answers. Before Add.
func (b *Builder) Problems(all, invalid Form) {
	if b.problem, b.invalid = all, invalid; len(invalid.Answers) == 0 {
		b.invalid = all
	}
}

// problemContent adds the body of a problem with this status, in the form of the service.
func (b *Builder) problemContent(response *openapi.Response, status int, where string) {
	b.collect(where)
	form := b.problem
	if status == http.StatusUnprocessableEntity {
		form = b.invalid
	}
	list := form.Answers
	if len(list) == 0 {
		list = []Answer{{ContentType: problem.ContentType, Schema: &openapi.Schema{Ref: schemaPrefix + "Problem"}}}
	}
	for _, a := range list {
		b.content(response, a)
	}
	b.collect(form.Where)
}

// problems adds the parts that every document has: the responses that routes refer to, and
// the schemas of problem documents as far as the service sends those.
func (b *Builder) problems() {
	answer := func(name, description string, form Form) {
		response := &openapi.Response{Description: description}
		list := form.Answers
		if len(list) == 0 {
			list = []Answer{{ContentType: problem.ContentType, Schema: &openapi.Schema{Ref: schemaPrefix + name}}}
		}
		for _, a := range list {
			b.content(response, a)
		}
		b.collect(form.Where)
		b.doc.Components.Responses.Set(name, response)
	}
	answer("Problem", "The request failed", b.problem)
	answer("ValidationProblem", "The request is not valid", b.invalid)
	if len(b.problem.Answers) == 0 {
		b.doc.Components.Schemas.Set("Problem", problemSchema(problemExample, "status"))
	}
	if len(b.invalid.Answers) == 0 {
		b.doc.Components.Schemas.Set("ValidationProblem", problemSchema(validationExample, "status", "errors"))
	}
	if len(b.problem.Answers) == 0 || len(b.invalid.Answers) == 0 {
		b.doc.Components.Schemas.Set("FieldError", fieldErrorSchema())
	}
}

func text(description string) *openapi.Schema {
	return &openapi.Schema{Types: openapi.Types{"string"}, Description: description}
}

func fieldErrorSchema() *openapi.Schema {
	return &openapi.Schema{
		Types: openapi.Types{"object"}, Description: "One thing that is wrong with the request.",
		Properties: openapi.Map[*openapi.Schema]{
			{Name: "location", Value: text("Where it is, such as query.page or body.items[3].price.")},
			{Name: "message", Value: text("What is wrong, such as \"must be at least 1\".")},
			{Name: "value", Value: &openapi.Schema{Description: "What was sent, unless it is a secret."}},
		},
		Required: []string{"location", "message"},
	}
}

func problemSchema(example string, required ...string) *openapi.Schema {
	low, high := "400", "599"
	return &openapi.Schema{
		Types: openapi.Types{"object"}, Description: "Why the request failed (RFC 9457).",
		Examples: []jsontext.Value{jsontext.Value(example)},
		Properties: openapi.Map[*openapi.Schema]{
			{Name: "type", Value: &openapi.Schema{Types: openapi.Types{"string"}, Format: "uri-reference", Description: "The kind of problem; absent: what the status says."}},
			{Name: "title", Value: text("The kind of problem, for people.")},
			{Name: "status", Value: &openapi.Schema{Types: openapi.Types{"integer"}, Minimum: []byte(low), Maximum: []byte(high)}},
			{Name: "detail", Value: text("What happened this time, for people.")},
			{Name: "instance", Value: &openapi.Schema{Types: openapi.Types{"string"}, Format: "uri-reference", Description: "This occurrence; its id is in the log of the service."}},
			{Name: "errors", Value: &openapi.Schema{Types: openapi.Types{"array"}, Items: &openapi.Schema{Ref: schemaPrefix + "FieldError"}}},
		},
		Required: required,
	}
}
