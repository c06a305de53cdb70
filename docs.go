package fasterapi

import (
	"net/http"
	"strings"

	"github.com/fasterapi/fasterapi/internal/docspage"
	"github.com/fasterapi/fasterapi/internal/router"
	"github.com/fasterapi/fasterapi/openapi"
	"github.com/fasterapi/fasterapi/problem"
)

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
}

// newDocRoutes makes the routes of the document and its page, as far as they are
// wanted and the app does not use their paths itself.
func (a *App) newDocRoutes() *docRoutes {
	d := &docRoutes{}
	cfg := &a.cfg
	if cfg.OpenAPI.Off {
		return d
	}
	site := &docspage.Site{
		Path: cfg.Docs.Path, DocumentPath: cfg.OpenAPI.Path, Settings: cfg.Docs.Settings,
		Document: func() *openapi.Document { return d.document },
	}
	d.add(a, "Config.OpenAPI", site.DocumentFiles())
	if !cfg.Docs.Off && !a.uses(cfg.Docs.Path, true) {
		d.add(a, "Config.Docs", site.PageFiles())
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
		})
	}
}

// describe makes the document of the compiled app, when it is served.
func (d *docRoutes) describe(a *App) (err error) {
	if !a.cfg.OpenAPI.Off {
		d.document, err = a.describe()
	}
	return err
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
