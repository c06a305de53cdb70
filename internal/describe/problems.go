package describe

import (
	"encoding/json/jsontext"

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
	validationExample = `{"title":"Unprocessable Entity","status":422,"detail":"the request is not valid",` +
		`"errors":[{"location":"query.page","message":"must be at least 1","value":0}]}`
)

// problems adds the parts that every document has.
func (b *Builder) problems() {
	text := func(description string) *openapi.Schema {
		return &openapi.Schema{Types: openapi.Types{"string"}, Description: description}
	}
	low, high := "400", "599"
	fieldError := &openapi.Schema{
		Types: openapi.Types{"object"}, Description: "One thing that is wrong with the request.",
		Properties: openapi.Map[*openapi.Schema]{
			{Name: "location", Value: text("Where it is, such as query.page or body.items[3].price.")},
			{Name: "message", Value: text("What is wrong, such as \"must be at least 1\".")},
			{Name: "value", Value: &openapi.Schema{Description: "What was sent, unless it is a secret."}},
		},
		Required: []string{"location", "message"},
	}
	describe := func(example string, required ...string) *openapi.Schema {
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
	c := &b.doc.Components
	c.Schemas.Set("Problem", describe(problemExample, "status"))
	c.Schemas.Set("ValidationProblem", describe(validationExample, "status", "errors"))
	c.Schemas.Set("FieldError", fieldError)
	answer := func(name, description string) {
		body := &openapi.MediaType{Schema: &openapi.Schema{Ref: schemaPrefix + name}}
		c.Responses.Set(name, &openapi.Response{
			Description: description, Content: openapi.Map[*openapi.MediaType]{{Name: problem.ContentType, Value: body}},
		})
	}
	answer("Problem", "The request failed")
	answer("ValidationProblem", "The request is not valid")
}

// ProblemSchema is the schema of a problem document, in the components of every
// document.
func ProblemSchema() *openapi.Schema { return &openapi.Schema{Ref: schemaPrefix + "Problem"} }
