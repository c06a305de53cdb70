package fasterapi

import (
	"fmt"
	"reflect"

	"github.com/fasterapi/fasterapi/internal/bind"
	"github.com/fasterapi/fasterapi/internal/describe"
	"github.com/fasterapi/fasterapi/internal/mistake"
	"github.com/fasterapi/fasterapi/openapi"
	"github.com/fasterapi/fasterapi/problem"
)

// The options of this file say what the OpenAPI document tells about a route,
// or, given to a group, about all its routes.

// Status is the status of the successful response, such as 201, instead of
// what its type says. A handler may still answer with another one.
func Status(status int) RouteOption {
	return func(o *options) { o.status = status }
}

// Summary is a line about the route. Default: made of the name of the handler, and of what
// the path names last when that name has one word: "List orders".
func Summary(text string) RouteOption {
	return func(o *options) { o.details.Summary = text }
}

// Description explains the route, in CommonMark.
func Description(text string) RouteOption {
	return func(o *options) { o.details.Description = text }
}

// Tags puts the route under these headings; those of its groups come first.
func Tags(names ...string) RouteOption {
	return func(o *options) {
		for _, name := range names {
			o.details.Tags = appendNew(o.details.Tags, name)
		}
	}
}

func appendNew(list []string, name string) []string {
	for _, known := range list {
		if known == name {
			return list
		}
	}
	return append(list[:len(list):len(list)], name)
}

// OperationID names the route for generated clients; two ids that differ only in case
// or in dashes and underscores are a mistake. Default: what OpenAPIConfig.OperationID
// returns, else method and path: getUsersById for GET /users/{id}.
func OperationID(id string) RouteOption {
	return func(o *options) { o.details.OperationID = id }
}

// Deprecated marks the route as one to move away from.
func Deprecated() RouteOption {
	return func(o *options) { o.details.Deprecated = true }
}

// Hidden leaves the route out of the document.
func Hidden() RouteOption {
	return func(o *options) { o.hidden = true }
}

// MoreAbout links to documentation elsewhere.
func MoreAbout(url, description string) RouteOption {
	return func(o *options) { o.details.ExternalDocs = &openapi.ExternalDocs{URL: url, Description: description} }
}

// RequestExample shows a request body, which becomes JSON, under a name. One that the
// route would refuse is a mistake of the registration.
func RequestExample(name string, body any) RouteOption {
	return func(o *options) {
		o.details.BodyExamples = append(o.details.BodyExamples, describe.NamedExample{Name: name, Value: body})
	}
}

// ResponseExample shows the body of a response with this status, or with status
// 0 that of the successful one.
func ResponseExample(name string, status int, body any) RouteOption {
	return func(o *options) {
		o.details.AnswerExamples = append(o.details.AnswerExamples,
			describe.AnswerExample{Status: status, NamedExample: describe.NamedExample{Name: name, Value: body}})
	}
}

// ResponseDescription says what the successful response is.
func ResponseDescription(text string) RouteOption {
	return func(o *options) { o.details.AnswerDescription = text }
}

// Operation changes what the document says about the route, after everything
// else.
func Operation(edit func(*openapi.Operation)) RouteOption {
	return func(o *options) { o.details.Edits = append(o.details.Edits, edit) }
}

// Returns declares, for the OpenAPI document, that a route may also answer with this status
// and a body of type T: a problem document for [problem.Problem], no body for [None]. The
// status of the route's own response need not be declared.
func Returns[T any](status int, description string) RouteOption {
	return func(o *options) {
		o.declared = append(o.declared, declared{status, reflect.TypeFor[T](), description})
	}
}

// declared is a response that a route may give besides its own.
type declared struct {
	status      int
	body        reflect.Type
	description string
}

// declaredAnswers describes what the option Returns says.
func (o *options) declaredAnswers() (list []describe.Answer) {
	for _, d := range o.declared {
		a := describe.Answer{Status: d.status, Description: d.description, ContentType: jsonType, Type: d.body}
		switch {
		case d.body == reflect.TypeFor[problem.Problem](), d.body == reflect.TypeFor[*problem.Problem]():
			a = describe.Answer{Status: d.status, Description: d.description, Problem: true}
		case d.body == reflect.TypeFor[None]():
			a.ContentType, a.Type = "", nil
		}
		list = append(list, a)
	}
	return list
}

// DescribeSecurity says that the route needs all of these schemes, or one of the alternatives in
// their field Or, and those of its groups. It only describes: a provider, or a function
// given to Depends, checks them, and those that implement [openapi.Secured] need no option.
func DescribeSecurity(uses ...openapi.SecurityUse) RouteOption {
	wrong := wrongUses(uses)
	return func(o *options) {
		o.wrong.Add(wrong)
		o.security = append(o.security[:len(o.security):len(o.security)], uses...)
	}
}

// wrongUses is what is wrong with schemes, with the place of the call.
func wrongUses(uses []openapi.SecurityUse) (wrong mistake.List) {
	for _, use := range uses {
		wrong.Add(mistake.Of(use.Mistake, mistake.Here()))
		wrong.Add(wrongUses(use.Or))
	}
	return wrong
}

// SecuredBy says that the routes that use what the provider makes need these schemes.
func SecuredBy(uses ...openapi.SecurityUse) ProvideOption {
	wrong := wrongUses(uses)
	return func(r *registration) {
		r.wrong.Add(wrong)
		r.security = append(r.security, uses...)
	}
}

// Webhook describes a request that the service makes to its clients: by POST,
// with a JSON body of type T. It registers no route.
func (a *App) Webhook[T any](name string, opts ...RouteOption) {
	place := a.registering("the webhook " + name)
	w := &webhook{name: name, site: place.Site, reads: compileWebhook[T]}
	w.opts.apply(opts)
	a.webhooks = append(a.webhooks, w)
}

// webhook is a request that the service makes.
//
// Owner: any (immutable after New).
type webhook struct {
	name, site string
	opts       options
	reads      func() []*bind.Field
}

// compileWebhook returns the fields of a webhook's body.
func compileWebhook[T any]() []*bind.Field {
	return []*bind.Field{{Name: "Body", In: bind.Body, Type: reflect.TypeFor[T](), Required: true}}
}

func (w *webhook) document() describe.Route {
	return describe.Route{
		Method: "POST", Site: w.site, Details: w.opts.details, Fields: w.reads(),
		Answers: []describe.Answer{{Status: max(w.opts.status, 200)}},
	}
}

// checkStatus reports a status that no response can have.
func (o *options) checkStatus() error {
	if o.status != 0 && (o.status < 200 || o.status > 599) {
		return fmt.Errorf("Status(%d): a response has a status from 200 to 599", o.status)
	}
	return nil
}
