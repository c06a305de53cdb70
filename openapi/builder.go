package openapi

import (
	"encoding/json/jsontext"
	"encoding/json/v2"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/fasterapi/fasterapi/internal/codec"
	"github.com/fasterapi/fasterapi/internal/schema"
	"github.com/fasterapi/fasterapi/problem"
)

// schemaPrefix is how references to schemas begin.
const schemaPrefix = "#/components/schemas/"

// Builder makes a document of routes.
//
// Owner: one goroutine at a time.
type Builder struct {
	doc      *Document
	streams  bool
	registry *schema.Registry
	entries  []*entry
	// paths finds the path of a shape, "/users/{}".
	paths    map[string]*templated
	mistakes []error
}

// entry is one operation of the document.
//
// Owner: one goroutine at a time.
type entry struct {
	route *Route
	op    *Operation
}

func (e *entry) where() string {
	return e.route.Method + " " + e.route.Pattern + " (" + e.route.Site + ")"
}

// templated is a path of the document.
//
// Owner: one goroutine at a time.
type templated struct {
	item  *PathItem
	names []string // of its wildcards
}

// NewBuilder returns the builder of a document. With streams, the items of streams are
// described, which needs OpenAPI 3.2.
func NewBuilder(info Info, streams bool) *Builder {
	b := &Builder{
		doc: &Document{OpenAPI: Version, Info: info}, streams: streams,
		registry: schema.NewRegistry(schemaPrefix, false), paths: map[string]*templated{},
	}
	if streams {
		b.doc.OpenAPI = VersionStreams
	}
	b.registry.Reserve("Problem", "ValidationProblem", "FieldError")
	return b
}

// Add describes a route. One with a method that OpenAPI does not have is left
// out.
func (b *Builder) Add(r Route) {
	path := b.path(r.Pattern)
	place := path.item.Operation(r.Method)
	if place == nil || *place != nil {
		return
	}
	*place = b.operation(&r, path.names)
}

// AddWebhook describes a request that the service makes of its clients.
func (b *Builder) AddWebhook(name string, r Route) {
	r.Pattern = ""
	item := b.doc.Webhooks.Get(name)
	if item == nil {
		item = &PathItem{}
		b.doc.Webhooks.Set(name, item)
	}
	if r.Handler == "" {
		r.Handler = HandlerName(name)
	}
	if place := item.Operation(r.Method); place != nil {
		*place = b.operation(&r, nil)
	}
}

// Build returns the document, or all mistakes.
func (b *Builder) Build() (*Document, error) {
	b.ids()
	for _, e := range b.entries {
		if e.op.Summary == "" {
			e.op.Summary = title(e.op.OperationID)
		}
		for _, edit := range e.route.Details.Edits {
			edit(e.op)
		}
	}
	b.problems()
	b.doc.Components.Schemas = append(b.registry.Defs(), b.doc.Components.Schemas...)
	if err := errors.Join(append(b.mistakes, b.registry.Err())...); err != nil {
		return nil, err
	}
	return b.doc, nil
}

// path finds the path of a pattern, with the names that its wildcards have in
// the document.
func (b *Builder) path(pattern string) *templated {
	var shape, text strings.Builder
	var names []string
	for i, segment := range strings.Split(pattern, "/") {
		if i > 0 {
			shape.WriteByte('/')
			text.WriteByte('/')
		}
		if name, isWildcard := strings.CutPrefix(segment, "{"); isWildcard {
			name = strings.TrimSuffix(strings.TrimSuffix(name, "}"), "...")
			names = append(names, name)
			shape.WriteString("{}")
			text.WriteString("{" + name + "}")
			continue
		}
		shape.WriteString(segment)
		text.WriteString(segment)
	}
	known := b.paths[shape.String()]
	if known == nil {
		known = &templated{item: &PathItem{}, names: names}
		b.paths[shape.String()] = known
		b.doc.Paths.Set(text.String(), known.item)
	}
	return known
}

// operation describes r, whose path has wildcards of these names.
func (b *Builder) operation(r *Route, names []string) *Operation {
	d := &r.Details
	op := &Operation{
		Tags: d.Tags, Summary: d.Summary, Description: d.Description, ExternalDocs: d.ExternalDocs, Deprecated: d.Deprecated,
	}
	e := &entry{route: r, op: op}
	b.entries = append(b.entries, e)
	in := inputs{builder: b, route: r, op: op, names: names}
	in.describe()
	if op.RequestBody != nil && len(d.BodyExamples) > 0 {
		for i := range op.RequestBody.Content {
			b.examples(op.RequestBody.Content[i].Value, d.BodyExamples, e.where())
		}
	}
	for _, a := range r.Answers {
		b.answer(op, a, e.where())
	}
	b.answerDetails(op, d, e.where())
	if r.Pattern != "" { // else a webhook: its problems are not ours
		problemAnswers(op, len(r.Security) > 0, in.fallible)
	}
	if r.Socket != nil {
		op.Extensions = map[string]any{socketExtension: b.socket(r.Socket)}
	}
	slices.SortFunc(op.Responses, func(a, b Named[*Response]) int { return strings.Compare(a.Name, b.Name) })
	b.require(op, r.Security, e.where())
	return op
}

// answerDetails adds what the options say about answers.
func (b *Builder) answerDetails(op *Operation, d *Details, where string) {
	if len(op.Responses) == 0 {
		return
	}
	if success := op.Responses[0].Value; d.AnswerDescription != "" && success.Ref == "" {
		success.Description = d.AnswerDescription
	}
	for _, example := range d.AnswerExamples {
		response := op.Responses[0].Value
		if example.Status != 0 {
			response = op.Responses.Get(strconv.Itoa(example.Status))
		}
		if response == nil || len(response.Content) == 0 {
			b.mistake("%s: the example %q is of an answer with the status %d, which has no body", where, example.Name, example.Status)
			continue
		}
		b.examples(response.Content[0].Value, []NamedExample{example.NamedExample}, where)
	}
}

func (b *Builder) examples(m *MediaType, list []NamedExample, where string) {
	for _, example := range list {
		text, err := json.Marshal(example.Value, json.Deterministic(true), codec.Durations())
		if err != nil {
			b.mistake("%s: the example %q: %w", where, example.Name, err)
			continue
		}
		name := example.Name
		if name == "" {
			name = "example"
		}
		m.Examples.Set(name, &Example{Value: text})
	}
}

// problemAnswers adds the problems that the route may answer with.
func problemAnswers(op *Operation, secured, fallible bool) {
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
func answerWith(op *Operation, status, component string) {
	if !op.Responses.Has(status) {
		op.Responses.Set(status, &Response{Ref: "#/components/responses/" + component})
	}
}

// answer adds a to op. A status with several content types has several answers.
func (b *Builder) answer(op *Operation, a Answer, where string) {
	key := strconv.Itoa(a.Status)
	response := op.Responses.Get(key)
	if response == nil {
		response = &Response{}
		op.Responses.Set(key, response)
	}
	if a.Description != "" || response.Description == "" {
		response.Description = describeStatus(a)
	}
	for _, h := range a.Headers {
		response.Headers.Set(h.Name, h.Value)
	}
	if a.ContentType == "" {
		return
	}
	media := &MediaType{Schema: a.Schema}
	switch {
	case a.Schema != nil:
	case a.Type != nil:
		media.Schema = b.registry.Of(a.Type)
	case strings.HasPrefix(a.ContentType, "text/"):
		media.Schema = &Schema{Types: schema.Types{"string"}}
	}
	contentType, _, _ := strings.Cut(a.ContentType, ";")
	if a.Item != nil && b.streams {
		media.Schema, media.ItemSchema = nil, b.registry.Of(a.Item)
		if contentType == eventsType {
			media.ItemSchema = event(media.ItemSchema)
		}
	}
	response.Content.Set(strings.TrimSpace(contentType), media)
}

func describeStatus(a Answer) string {
	switch {
	case a.Description != "":
		return a.Description
	case http.StatusText(a.Status) != "":
		return http.StatusText(a.Status)
	}
	return "Status " + strconv.Itoa(a.Status)
}

// The examples that the documentation shows for problems.
const (
	problemExample    = `{"title":"Not Found","status":404,"detail":"no such user"}`
	validationExample = `{"title":"Unprocessable Entity","status":422,"detail":"the request is not valid",` +
		`"errors":[{"location":"query.page","message":"must be at least 1","value":0}]}`
)

// problems adds the parts that every document has.
func (b *Builder) problems() {
	text := func(description string) *Schema {
		return &Schema{Types: schema.Types{"string"}, Description: description}
	}
	low, high := "400", "599"
	fieldError := &Schema{
		Types: schema.Types{"object"}, Description: "One thing that is wrong with the request.",
		Properties: Schemas{
			{Name: "location", Schema: text("Where it is, such as query.page or body.items[3].price.")},
			{Name: "message", Schema: text("What is wrong, such as \"must be at least 1\".")},
			{Name: "value", Schema: &Schema{Description: "What was sent, unless it is a secret."}},
		},
		Required: []string{"location", "message"},
	}
	describe := func(example string, required ...string) *Schema {
		return &Schema{
			Types: schema.Types{"object"}, Description: "Why the request failed (RFC 9457).",
			Examples: []jsontext.Value{jsontext.Value(example)},
			Properties: Schemas{
				{Name: "type", Schema: &Schema{Types: schema.Types{"string"}, Format: "uri-reference", Description: "The kind of problem; absent: what the status says."}},
				{Name: "title", Schema: text("The kind of problem, for people.")},
				{Name: "status", Schema: &Schema{Types: schema.Types{"integer"}, Minimum: []byte(low), Maximum: []byte(high)}},
				{Name: "detail", Schema: text("What happened this time, for people.")},
				{Name: "instance", Schema: &Schema{Types: schema.Types{"string"}, Format: "uri-reference", Description: "This occurrence; its id is in the log of the service."}},
				{Name: "errors", Schema: &Schema{Types: schema.Types{"array"}, Items: &Schema{Ref: schemaPrefix + "FieldError"}}},
			},
			Required: required,
		}
	}
	c := &b.doc.Components
	c.Schemas = append(c.Schemas,
		schema.Property{Name: "Problem", Schema: describe(problemExample, "status")},
		schema.Property{Name: "ValidationProblem", Schema: describe(validationExample, "status", "errors")},
		schema.Property{Name: "FieldError", Schema: fieldError})
	for name, description := range map[string]string{"Problem": "The request failed", "ValidationProblem": "The request is not valid"} {
		body := &MediaType{Schema: &Schema{Ref: schemaPrefix + name}}
		c.Responses.Set(name, &Response{Description: description, Content: Map[*MediaType]{{problem.ContentType, body}}})
	}
	if c.Responses[0].Name != "Problem" {
		c.Responses[0], c.Responses[1] = c.Responses[1], c.Responses[0]
	}
}

// ProblemSchema is the schema of a problem document, in the components of every
// document.
func ProblemSchema() *Schema { return &Schema{Ref: schemaPrefix + "Problem"} }

// eventsType is the content type of server-sent events.
const eventsType = "text/event-stream"

// event is the schema of a server-sent event whose data is JSON (OpenAPI 3.2
// section 4.14.3).
func event(data *Schema) *Schema {
	text := func() *Schema { return &Schema{Types: schema.Types{"string"}} }
	body := text()
	if !slices.Contains(data.Types, "string") {
		body.ContentMediaType, body.ContentSchema = "application/json", data
	}
	return &Schema{
		Types: schema.Types{"object"}, Required: []string{"data"},
		Properties: Schemas{
			{Name: "data", Schema: body},
			{Name: "event", Schema: text()},
			{Name: "id", Schema: text()},
			{Name: "retry", Schema: &Schema{Types: schema.Types{"integer"}, Minimum: jsontext.Value("0")}},
		},
	}
}
