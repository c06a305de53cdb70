package describe

import (
	"errors"
	"sort"
	"strings"

	"github.com/fasterapi/fasterapi/internal/router"
	"github.com/fasterapi/fasterapi/internal/schema"
	"github.com/fasterapi/fasterapi/openapi"
)

// schemaPrefix is how references to schemas begin.
const schemaPrefix = "#/components/schemas/"

// Builder makes a document of routes.
//
// Owner: one goroutine at a time.
type Builder struct {
	doc      *openapi.Document
	streams  bool
	registry *schema.Registry
	entries  []*entry
	// paths finds the path of a shape, "/users/{}".
	paths    map[string]*templated
	mistakes []error
	writes   schema.Direction // the way of the answers under way
	// problem and invalid are the forms of problems, and of those with status 422; without
	// answers: problem documents.
	problem, invalid Form
	// aside has the types that the document does not show, whose tags are looked at all the same.
	aside *schema.Registry
}

// entry is one operation of the document.
//
// Owner: one goroutine at a time.
type entry struct {
	route *Route
	op    *openapi.Operation
}

func (e *entry) where() string {
	if e.route.Webhook != "" {
		return "the webhook " + e.route.Webhook + " (" + e.route.Site + ")"
	}
	return e.route.Method + " " + e.route.Pattern.String() + " (" + e.route.Site + ")"
}

// templated is a path of the document.
//
// Owner: one goroutine at a time.
type templated struct {
	item  *openapi.PathItem
	names []string // of its wildcards
}

// NewBuilder returns the builder of a document. With streams, the items of streams are
// described, which needs OpenAPI 3.2.
func NewBuilder(info openapi.Info, streams bool) *Builder {
	b := &Builder{
		doc: &openapi.Document{OpenAPI: openapi.Version, Info: info}, streams: streams,
		registry: schema.NewRegistry(schemaPrefix, false), paths: map[string]*templated{},
		aside: schema.NewRegistry(schemaPrefix, false),
	}
	if streams {
		b.doc.OpenAPI = openapi.VersionStreams
	}
	b.registry.Reserve("Problem", "ValidationProblem", "FieldError")
	return b
}

// Again returns an empty builder for the same routes, which knows the names of all schemas,
// see [schema.Registry.Again]; nil when this is it.
func (b *Builder) Again() *Builder {
	b.writes = schema.Out
	b.problems() // their types are among those that need names
	registry := b.registry.Again()
	if registry == nil {
		return nil
	}
	again := NewBuilder(b.doc.Info, b.streams)
	again.registry = registry
	return again
}

// Add describes a route. One with a method that OpenAPI does not have is left
// out.
func (b *Builder) Add(r Route) {
	path := b.path(r.Pattern)
	place := b.place(path.item, r.Method)
	if place == nil || *place != nil {
		return
	}
	*place = b.operation(&r, path.names)
}

// Check describes a route that the document does not show, and returns what it would say: what is
// wrong with its types, tags and examples is known to Mistakes.
func (b *Builder) Check(r Route) *openapi.Operation {
	kept := len(b.entries)
	r.Security = nil // nothing of it is shown
	op := b.operation(&r, r.Pattern.Wildcards())
	b.entries = b.entries[:kept]
	for _, edit := range r.Details.Edits {
		edit(op)
	}
	return op
}

// CheckWebhook is Check for a webhook.
func (b *Builder) CheckWebhook(name string, r Route) {
	r.Pattern, r.Webhook = router.Pattern{}, name
	b.Check(r)
}

// Mistakes returns what is wrong with what was described so far: errors of the type *[Mistake], each
// with the place of a route where that has one.
func (b *Builder) Mistakes() []error {
	b.writes = schema.Out
	b.problems()
	return b.mistakes
}

// HasMethod tells whether OpenAPI has operations of this method.
func HasMethod(method string) bool { return (&openapi.PathItem{}).Operation(method) != nil }

// place is where the operation of a method stands in its path.
func (b *Builder) place(item *openapi.PathItem, method string) **openapi.Operation {
	if method == "QUERY" && !b.streams { // OpenAPI 3.1 knows the methods of RFC 9110 and PATCH
		return &item.XQuery
	}
	return item.Operation(method)
}

// AddWebhook describes a request that the service makes of its clients.
func (b *Builder) AddWebhook(name string, r Route) {
	r.Pattern = router.Pattern{}
	item := b.doc.Webhooks.Get(name)
	if item == nil {
		item = &openapi.PathItem{}
		b.doc.Webhooks.Set(name, item)
	}
	r.Webhook, r.ID = name, WebhookID(name)
	if place := b.place(item, r.Method); place != nil {
		*place = b.operation(&r, nil)
	}
}

// Build returns the document, or all mistakes.
func (b *Builder) Build() (*openapi.Document, error) {
	b.ids()
	for _, e := range b.entries {
		if e.op.Summary == "" {
			e.op.Summary = e.route.summary()
		}
		for _, edit := range e.route.Details.Edits {
			edit(e.op)
		}
	}
	b.writes = schema.Out
	b.problems()
	b.doc.Components.Schemas = append(b.registry.Defs(), b.doc.Components.Schemas...)
	if err := errors.Join(b.mistakes...); err != nil {
		return nil, err
	}
	return b.doc, nil
}

// path finds the path of a pattern, with the names that its wildcards have in
// the document.
func (b *Builder) path(pattern router.Pattern) *templated {
	var shape, text strings.Builder
	for segment, wildcard := range pattern.Segments() {
		if !wildcard {
			shape.WriteString("/" + segment)
			text.WriteString("/" + segment)
			continue
		}
		shape.WriteString("/{}")
		text.WriteString("/{" + segment + "}")
	}
	known := b.paths[shape.String()]
	if known == nil {
		known = &templated{item: &openapi.PathItem{}, names: pattern.Wildcards()}
		b.paths[shape.String()] = known
		b.doc.Paths.Set(text.String(), known.item)
	}
	return known
}

// operation describes r, whose path has wildcards of these names.
func (b *Builder) operation(r *Route, names []string) *openapi.Operation {
	d := &r.Details
	op := &openapi.Operation{
		Tags: d.Tags, Summary: d.Summary, Description: d.Description, ExternalDocs: d.ExternalDocs, Deprecated: d.Deprecated,
	}
	e := &entry{route: r, op: op}
	b.entries = append(b.entries, e)
	in := inputs{builder: b, route: r, op: op, names: names}
	in.describe()
	b.bodyExamples(op, r, e.where())
	b.writes = r.writes()
	for _, a := range r.Answers {
		b.answer(op, a, e.where())
	}
	b.answerDetails(op, r, e.where())
	if r.Webhook == "" { // else its problems are not ours
		problemAnswers(op, len(r.Security) > 0, r.Fallible)
	}
	if r.Socket != nil {
		op.Extensions = map[string]any{socketExtension: b.socket(r.Socket)}
	}
	// Package sort has one sort for all types; of package slices each struct gets its own.
	sort.Slice(op.Responses, func(i, j int) bool { return op.Responses[i].Name < op.Responses[j].Name })
	b.require(op, r.Security, e.where())
	b.collect(e.where())
	return op
}
