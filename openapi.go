package fasterapi

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/fasterapi/fasterapi/internal/bind"
	"github.com/fasterapi/fasterapi/internal/describe"
	"github.com/fasterapi/fasterapi/internal/docspage"
	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/internal/failure"
	"github.com/fasterapi/fasterapi/internal/router"
	"github.com/fasterapi/fasterapi/openapi"
	"github.com/fasterapi/fasterapi/problem"
)

// OpenAPIConfig says what the OpenAPI document of a service holds besides its
// routes, and where it is served. The zero value serves it at /openapi.json and
// /openapi.yaml, and as OpenAPI 3.0 at /openapi-3.0.json and /openapi-3.0.yaml.
type OpenAPIConfig struct {
	// Off serves no document, and then no docs page either.
	Off bool
	// Path is the path of the document as JSON; as YAML it has the same path with
	// .yaml in the place of .json. Default "/openapi.json". A route of the app with
	// the same path takes precedence.
	Path string
	// Path30 is the path of the document as OpenAPI 3.0.3, for tools that do not know 3.1;
	// as YAML it has .yaml in the place of .json. Default: Path with "-3.0" before .json,
	// "/openapi-3.0.json". A route of the app with the same path takes precedence.
	Path30 string
	// Summary, TermsOfService, Contact and License go to the head of the document.
	Summary, TermsOfService string
	Contact                 *openapi.Contact
	License                 *openapi.License
	// Servers are where the service runs, for clients; a service behind a proxy that
	// takes a prefix off names that prefix here ("/api"). Default: where the
	// document comes from.
	Servers []openapi.Server
	// Tags describe tags, in the order in which they are shown; tags without a
	// description need not be here.
	Tags []openapi.Tag
	// StreamItems describes the items of streams, which makes the document one of
	// OpenAPI 3.2; many tools know only 3.1.
	StreamItems bool
	// OperationID chooses the ids of operations, which name the methods of generated
	// clients. It is asked for each route of the document that has no id by the option
	// [OperationID], and gets the route with the id that it has otherwise, made of its
	// method and path: getUsersById. "" keeps that. Package and name of the handler, for
	// one, are
	//
	//	func(r fasterapi.RouteInfo) string { return path.Base(r.Package) + "_" + r.Name }
	//
	// Two routes of one id are a mistake.
	OperationID func(RouteInfo) string
	// Edit changes the document before it is served.
	Edit func(*openapi.Document)
}

const defaultOpenAPIPath = "/openapi.json"

// facts are what the document needs to know about a compiled route. Mounted handlers and
// static files have none: nobody knows what a handler answers, and files are not an API.
//
// Owner: any (immutable after build).
type facts struct {
	plan     *bind.Plan
	injected *injection
	aside    []*bind.Plan // what the option Reads tells of
	answers  []describe.Answer
	former   failure.Former   // tells of refusals as a standard says; nil: the service does
	socket   *describe.Socket // of a WebSocket
}

// OpenAPI returns the document of the app. Nothing may be registered any more
// afterwards. The error lists what is wrong with the routes, like that of Start.
func (a *App) OpenAPI() (*openapi.Document, error) {
	if err := a.compile(); err != nil {
		return nil, err
	}
	return a.describe()
}

// describe makes the document of compiled routes.
func (a *App) describe() (*openapi.Document, error) {
	cfg := &a.cfg.OpenAPI
	title, version := a.cfg.Title, a.cfg.Version
	if title == "" {
		title = "Service"
	}
	if version == "" {
		version = "0.0.0"
	}
	b := describe.NewBuilder(openapi.Info{
		Title: title, Version: version, Summary: cfg.Summary, Description: a.cfg.Description,
		TermsOfService: cfg.TermsOfService, Contact: cfg.Contact, License: cfg.License,
	}, cfg.StreamItems)
	errs := a.describeRoutes(b)
	if again := b.Again(); again != nil {
		b = again
		errs = a.describeRoutes(b)
	}
	doc, err := b.Build()
	if err := errors.Join(append(errs, err)...); err != nil {
		return nil, err
	}
	doc.Servers = cfg.Servers
	doc.Tags = a.tags()
	if cfg.Edit != nil {
		cfg.Edit(doc)
	}
	return doc, nil
}

// describeRoutes tells b about all routes and webhooks of the document.
func (a *App) describeRoutes(b *describe.Builder) (errs []error) {
	b.Problems(a.problems.all.form(), a.problems.invalid.form())
	for _, r := range a.routes {
		if r.described() && !r.opts.hidden {
			errs = append(errs, r.checkExamples()...)
			b.Add(a.document(r))
		}
	}
	for _, w := range a.webhooks {
		if !w.opts.hidden {
			b.AddWebhook(w.name, w.document(a))
		}
	}
	return errs
}

// described tells whether there is something to say of r: without a handler it has mistakes.
func (r *route) described() bool { return r.facts != nil && r.handler != nil }

// describeAside finds what is wrong with what the document does not show, and tells the routes that
// are strict about their queries what these may have.
func (a *App) describeAside() (errs []error) {
	off := a.cfg.OpenAPI.Off
	b := describe.NewBuilder(openapi.Info{}, a.cfg.OpenAPI.StreamItems)
	if off {
		b.Problems(a.problems.all.form(), a.problems.invalid.form())
	}
	queries := describe.NewBuilder(openapi.Info{}, false) // its mistakes are those of b, or of the document
	for _, r := range a.routes {
		if !r.described() {
			continue
		}
		if off || r.opts.hidden {
			errs = append(errs, r.checkExamples()...)
			b.Check(a.document(r))
		}
		if r.opts.strictQuery.or(a.cfg.StrictQuery) {
			document := a.document(r)
			r.queryNames = r.knownQuery(queries.Check(document), document.Security)
		}
	}
	for _, w := range a.webhooks {
		if off || w.opts.hidden {
			b.CheckWebhook(w.name, w.document(a))
		}
	}
	return append(errs, b.Mistakes()...)
}

// knownQuery are the parameters that the query of r may have: those that the document tells of, and
// credentials.
func (r *route) knownQuery(op *openapi.Operation, security [][]openapi.SecurityUse) *bind.QueryNames {
	var names []string
	for _, p := range op.Parameters {
		if p.In == "query" {
			names = append(names, p.Name)
		}
	}
	for _, uses := range security {
		for _, use := range uses {
			for _, one := range append([]openapi.SecurityUse{use}, use.Or...) {
				if one.Scheme.Type == "apiKey" && one.Scheme.In == "query" {
					names = append(names, one.Scheme.Name)
				}
			}
		}
	}
	return bind.NewQueryNames(names, append([]*bind.Plan{r.facts.plan}, r.facts.injected.reads...))
}

// document tells the document about a compiled route.
func (a *App) document(r *route) describe.Route {
	f, info := r.facts, a.info(r)
	route := describe.Route{
		Handler: info.Name, ID: info.OperationID,
		Method: r.method, Pattern: r.pattern, Site: r.site, Details: r.opts.details,
		Answers: slices.Concat(f.answers, r.opts.declaredAnswers(&a.problems)),
		Socket:  f.socket,
	}
	security := slices.Concat(r.enforced, r.opts.uses())
	if f.injected != nil {
		for _, plan := range f.injected.reads {
			route.Fields, route.Fallible = appendFields(route.Fields, plan), route.Fallible || plan.Fallible()
		}
		security = append(security, f.injected.secured...)
	}
	if f.plan != nil {
		route.Fields, route.Fallible = appendFields(route.Fields, f.plan), route.Fallible || f.plan.Fallible()
	}
	for _, plan := range f.aside {
		route.Fields = appendFields(route.Fields, plan)
	}
	route.Fallible = route.Fallible || r.opts.strictQuery.or(a.cfg.StrictQuery)
	if f.former != nil {
		route.Answers, route.Fallible = append(route.Answers, standardAnswer(f.former)), false
	}
	if r.opts.status != 0 && len(route.Answers) > 0 {
		answer := &route.Answers[0]
		if answer.Status = r.opts.status; exchange.Bodiless(answer.Status) {
			*answer = describe.Answer{Status: answer.Status, Description: answer.Description, Headers: answer.Headers}
		}
	}
	route.Security = securityOf(security)
	return route
}

func appendFields(list []*bind.Field, plan *bind.Plan) []*bind.Field {
	fields := plan.Fields()
	for i := range fields {
		list = append(list, &fields[i])
	}
	return list
}

// tags returns the tags that the configuration describes, and behind them the others of
// the routes.
func (a *App) tags() []openapi.Tag {
	list := a.cfg.OpenAPI.Tags[:len(a.cfg.OpenAPI.Tags):len(a.cfg.OpenAPI.Tags)]
	known := map[string]bool{}
	for _, tag := range list {
		known[tag.Name] = true
	}
	for _, r := range a.routes {
		for _, name := range r.opts.details.Tags {
			if !r.opts.hidden && !known[name] {
				known[name] = true
				list = append(list, openapi.Tag{Name: name})
			}
		}
	}
	return list
}

// checkDocuments returns what is wrong with the paths of the document and its page.
func (c *Config) checkDocuments() error {
	var errs []error
	for _, p := range [...]struct{ name, path string }{
		{"OpenAPI.Path", c.OpenAPI.Path}, {"OpenAPI.Path30", c.OpenAPI.Path30}, {"Docs.Path", c.Docs.Path},
	} {
		if !strings.HasPrefix(p.path, "/") || strings.HasSuffix(p.path, "/") || strings.ContainsAny(p.path, "{}") {
			errs = append(errs, errors.New("Config."+p.name+" must start with a slash, not end with one, and have no wildcards"))
		}
	}
	if c.OpenAPI.Path == c.OpenAPI.Path30 {
		errs = append(errs, errors.New("Config.OpenAPI.Path and Path30 must differ"))
	}
	return errors.Join(errs...)
}

// DocsConfig says where the page is that shows the document and tries its
// requests: Swagger UI, which is part of the program and asks no other host. The
// zero value serves it at /docs.
type DocsConfig struct {
	// Off serves no page.
	Off bool
	// Path is the path of the page. Default "/docs". Routes of the app at this path
	// or below it take precedence, and then there is no page.
	Path string
	// Settings are further settings of Swagger UI by their names, such as
	// "docExpansion": "none"; their values become JSON.
	Settings map[string]any
}

const defaultDocsPath = "/docs"

// docRoutes are the routes of the document and its page.
//
// Owner: any (immutable after compile).
type docRoutes struct {
	routes   []*route
	document *openapi.Document // nil: none is served
	page     string            // the path of the page; empty: none is served
}

// newDocRoutes makes the routes of the document and its page, as far as they are
// wanted and the app does not use their paths itself.
func (a *App) newDocRoutes() *docRoutes {
	d := &docRoutes{}
	cfg := &a.cfg
	if cfg.OpenAPI.Off || a.cfgErr != nil { // its paths may be what is wrong
		return d
	}
	site := &docspage.Site{
		Path: cfg.Docs.Path, DocumentPath: cfg.OpenAPI.Path, DocumentPath30: cfg.OpenAPI.Path30, Settings: cfg.Docs.Settings,
		Document: func() *openapi.Document { return d.document },
	}
	d.add(a, "Config.OpenAPI", site.DocumentFiles())
	if !cfg.Docs.Off && !a.uses(cfg.Docs.Path, true) {
		d.add(a, "Config.Docs", site.PageFiles())
		d.page = cfg.Docs.Path
	}
	return d
}

// uses tells whether a route of the app has this pattern, or, with below, one
// below it.
func (a *App) uses(pattern string, below bool) bool {
	for _, r := range a.routes {
		if own := r.pattern.String(); own == pattern || below && strings.HasPrefix(own, pattern+"/") {
			return true
		}
	}
	return false
}

// add makes the routes of files whose paths the app does not use itself.
func (d *docRoutes) add(a *App, site string, files []docspage.File) {
	for _, file := range files {
		if a.uses(file.Path, false) {
			continue
		}
		h := func(*Ctx, None) (docPage, error) {
			page, err := file.Page()
			return docPage{page}, err
		}
		d.routes = append(d.routes, &route{
			method: http.MethodGet, pattern: router.ParsePattern(file.Path), site: site, endpoint: newStraight(h), middleware: a.root.middleware,
			group: &a.root,
		})
	}
}

// describe makes the document of the compiled app, when it is served, and finds what is wrong with
// what it would tell.
func (d *docRoutes) describe(a *App, m *mistakes) {
	if !a.cfg.OpenAPI.Off {
		var err error
		if d.document, err = a.describe(); err != nil {
			m.addDescribed(err)
		}
	}
	m.addDescribed(errors.Join(a.describeAside()...))
}

// docPage is the response of one of these routes.
//
// Owner: any (immutable).
type docPage struct{ *docspage.Page }

// output implements response. The document says nothing of its own pages.
func (docPage) output() (output, error) { return output{render: renders[docPage]}, nil }

func (p docPage) render(c *Ctx) error {
	c.Vary("Accept-Encoding")
	status, contentType, body := p.Answer(c.Method(), c.Headers, c.SetHeader)
	if status == http.StatusPreconditionFailed {
		return problem.New(status, "")
	}
	c.stage(status, contentType, body)
	return nil
}
