package describe

import (
	"encoding/json/jsontext"
	"encoding/json/v2"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/fasterapi/fasterapi/internal/codec"
	"github.com/fasterapi/fasterapi/internal/eventstream"
	"github.com/fasterapi/fasterapi/internal/schema"
	"github.com/fasterapi/fasterapi/openapi"
	"github.com/fasterapi/fasterapi/problem"
)

// answer adds a to op. A status with several content types has several answers.
func (b *Builder) answer(op *openapi.Operation, a Answer, where string) {
	key := strconv.Itoa(a.Status)
	if a.AnyRedirect {
		key = "3XX"
	}
	response := op.Responses.Get(key)
	if response == nil {
		response = &openapi.Response{}
		op.Responses.Set(key, response)
	}
	if a.Description != "" || response.Description == "" {
		response.Description = describeStatus(a)
	}
	for _, h := range a.Headers {
		response.Headers.Set(h.Name, h.Value)
	}
	for _, f := range a.Fields {
		b.headerField(response, f, where)
	}
	if a.Problem {
		b.problemContent(response, a.Status, where)
		return
	}
	b.content(response, a)
}

// headerField adds a header field to a response. Content-Type is described by the content
// (OpenAPI 3.1 section 4.8.17.1).
func (b *Builder) headerField(response *openapi.Response, f HeaderField, where string) {
	if strings.EqualFold(f.Name, "Content-Type") {
		return
	}
	h := &openapi.Header{Description: f.Tag.Get("doc"), Required: f.Required}
	b.headerMistakes(&f, where)
	if f.HTTPDate {
		h.Schema = &openapi.Schema{Types: openapi.Types{"string"}, Format: "http-date"}
		if example := f.Tag.Get("example"); example != "" {
			text, _ := jsontext.AppendQuote(nil, example) // a tag that is not UTF-8 is no text
			h.Schema.Examples = []jsontext.Value{text}
		}
	} else {
		h.Schema = b.registry.Parameter(f.Type, f.Tag, schema.Out)
		if h.Description != "" {
			h.Schema.Description = "" // the header says it
		}
	}
	response.Headers.Set(f.Name, h)
}

// headerMistakes reports what is wrong with the tags of a header field.
func (b *Builder) headerMistakes(f *HeaderField, where string) {
	tag := f.Tag
	if f.HTTPDate { // its format is none of values in JSON, and neither is its example
		tag = schema.WithoutTags(tag, "format", "example")
	}
	wrong := func(text string) { b.mistake(where, "the header field %s of the response: %s", f.Name, text) }
	tags, err := schema.TagsOf(f.Type, tag)
	if err != nil {
		for _, one := range unjoin(err) {
			wrong(one.Error())
		}
	}
	if _, given := f.Tag.Lookup("default"); given {
		wrong("a default is for what is read, and an answer has none")
	}
	example, given := f.Tag.Lookup("example")
	switch {
	case !given:
	case f.HTTPDate:
		if _, err := http.ParseTime(example); err != nil {
			wrong("example " + strconv.Quote(example) + " is no HTTP date such as " + http.TimeFormat)
		}
	case err == nil:
		if message := tags.Misfit(f.Type); message != "" {
			wrong("example " + strconv.Quote(example) + " " + message)
		}
	}
}

// content adds the body of a to its response.
func (b *Builder) content(response *openapi.Response, a Answer) {
	if a.ContentType == "" {
		return
	}
	media := &openapi.MediaType{Schema: a.Schema}
	switch {
	case a.Schema != nil:
	case a.Type != nil:
		media.Schema = b.registry.Of(a.Type, b.writes)
	case strings.HasPrefix(a.ContentType, "text/"):
		media.Schema = &openapi.Schema{Types: openapi.Types{"string"}}
	}
	contentType, _, _ := strings.Cut(a.ContentType, ";")
	switch {
	case a.Item != nil && !b.streams: // what OpenAPI 3.1 has no place for is checked all the same
		b.aside.Of(a.Item, b.writes)
	case a.Item != nil:
		media.Schema, media.ItemSchema = nil, b.registry.Of(a.Item, b.writes)
		if contentType == eventstream.Type {
			media.ItemSchema = event(media.ItemSchema)
		}
	}
	response.Content.Set(strings.TrimSpace(contentType), media)
}

func describeStatus(a Answer) string {
	switch {
	case a.Description != "":
		return a.Description
	case problem.StatusText(a.Status) != "":
		return problem.StatusText(a.Status)
	}
	return "Status " + strconv.Itoa(a.Status)
}

// answerDetails adds what the options say about answers.
func (b *Builder) answerDetails(op *openapi.Operation, r *Route, where string) {
	if len(op.Responses) == 0 {
		return
	}
	d := &r.Details
	if success := op.Responses[0].Value; d.AnswerDescription != "" && success.Ref == "" {
		success.Description = d.AnswerDescription
	}
	for _, example := range d.AnswerExamples {
		response, status := op.Responses[0].Value, op.Responses[0].Name
		if example.Status != 0 {
			status = strconv.Itoa(example.Status)
			response = op.Responses.Get(status)
		}
		if response == nil || len(response.Content) == 0 {
			b.mistake(where, "the example %q is of an answer with the status %d, which has no body", example.Name, example.Status)
			continue
		}
		media := response.Content[0]
		b.examples(media.Value, []NamedExample{example.NamedExample}, b.writes, where)
		if t := r.answered(status, media.Name); t != nil {
			b.checkExample(&example.NamedExample, t, where)
		} else if s := media.Value.Schema; s != nil && slices.Equal(s.Types, openapi.Types{"string"}) && !isText(example.Value) {
			b.mistake(where, "the example %q is of type %T, and the answer is a text", example.Name, example.Value)
		}
	}
}

// isText tells whether v is written as a text. What cannot be written is another mistake.
func isText(v any) bool {
	text, err := json.Marshal(v)
	return err != nil || jsontext.Value(text).Kind() == '"'
}

// answered is the type of the JSON in answers with this status and media type; nil: there is none, or it is in
// the form of problems.
func (r *Route) answered(status, media string) reflect.Type {
	for i := range r.Answers {
		a := &r.Answers[i]
		contentType, _, _ := strings.Cut(a.ContentType, ";")
		if strconv.Itoa(a.Status) == status && strings.TrimSpace(contentType) == media && !a.Problem && !a.AnyRedirect {
			return a.Type
		}
	}
	return nil
}

// examples adds values that go this way, without what such do not have.
func (b *Builder) examples(m *openapi.MediaType, list []NamedExample, d schema.Direction, where string) {
	for _, example := range list {
		text, err := json.Marshal(example.Value, json.Deterministic(true), codec.Durations())
		if err != nil {
			b.mistake(where, "the example %q: %v", example.Name, err)
			continue
		}
		name := example.Name
		if name == "" {
			name = "example"
		}
		if example.Value != nil {
			text = schema.Without(text, reflect.TypeOf(example.Value), d)
		}
		m.Examples.Set(name, &openapi.Example{Value: text})
	}
}

// event is the schema of a server-sent event whose data is JSON (OpenAPI 3.2
// section 4.14.3).
func event(data *openapi.Schema) *openapi.Schema {
	text := func() *openapi.Schema { return &openapi.Schema{Types: openapi.Types{"string"}} }
	body := text()
	if !slices.Contains(data.Types, "string") {
		body.ContentMediaType, body.ContentSchema = "application/json", data
	}
	return &openapi.Schema{
		Types: openapi.Types{"object"}, Required: []string{"data"},
		Properties: openapi.Map[*openapi.Schema]{
			{Name: "data", Value: body},
			{Name: "event", Value: text()},
			{Name: "id", Value: text()},
			{Name: "retry", Value: &openapi.Schema{Types: openapi.Types{"integer"}, Minimum: jsontext.Value("0")}},
		},
	}
}

// RetryAfter says in the document that answers with this status say when to come back.
func RetryAfter(op *openapi.Operation, status int) {
	response := op.Responses.Get(strconv.Itoa(status))
	if response == nil || response.Headers.Has("Retry-After") {
		return
	}
	response.Headers.Set("Retry-After", &openapi.Header{
		Description: "Seconds after which a request may get through.", Schema: &openapi.Schema{Types: openapi.Types{"integer"}},
	})
}
