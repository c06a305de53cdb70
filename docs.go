package fasterapi

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json/v2"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"path"
	"strings"
	"sync"

	swagger "github.com/swaggest/swgui/v5/static"

	"github.com/fasterapi/fasterapi/internal/field"
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
	// or below it go before, and then there is no page.
	Path string
	// Settings are further settings of Swagger UI by their names, such as
	// "docExpansion": "none"; their values become JSON.
	Settings map[string]any
}

const defaultDocsPath = "/docs"

// cachedAsset is for files that change with the version of the program only; browsers
// ask again after an hour, and are told that nothing changed.
const cachedAsset = "public, max-age=3600"

// page is a response that was made before it is asked for.
//
// Owner: any (immutable after New).
type page struct {
	contentType  string
	cacheControl string
	policy       string // Content-Security-Policy; empty: none
	etag         string // of the plain bytes, with its quotes
	plain        []byte
	zipped       []byte // nil: not worth it
}

// newPage makes the page of text, which may be nil when zipped is not.
func newPage(contentType string, text, zipped []byte) (page, error) {
	p := page{contentType: contentType, cacheControl: "no-cache", plain: text, zipped: zipped}
	if text == nil {
		r, err := gzip.NewReader(bytes.NewReader(zipped))
		if err != nil {
			return p, err
		}
		if p.plain, err = io.ReadAll(r); err != nil {
			return p, err
		}
	}
	if zipped == nil && !strings.HasPrefix(contentType, "image/") {
		var b bytes.Buffer
		w, _ := gzip.NewWriterLevel(&b, gzip.BestCompression) // fails for unknown levels only
		if _, err := w.Write(p.plain); err != nil {
			return p, err
		}
		if err := w.Close(); err != nil {
			return p, err
		}
		p.zipped = b.Bytes()
	}
	sum := sha256.Sum256(p.plain)
	p.etag = hex.EncodeToString(sum[:12])
	return p, nil
}

// output implements response. The document says nothing of its own pages.
func (page) output() (output, error) { return output{render: renders[page]}, nil }

func (p page) render(c *Ctx) error {
	c.SetHeader("Cache-Control", p.cacheControl)
	c.Vary("Accept-Encoding")
	if p.policy != "" {
		c.SetHeader("Content-Security-Policy", p.policy)
		c.SetHeader("X-Content-Type-Options", "nosniff")
	}
	body, etag := p.plain, `"`+p.etag+`"`
	if p.zipped != nil && field.Choose(c.Headers("Accept-Encoding"), []string{"gzip"}) != "" {
		body, etag = p.zipped, `"`+p.etag+`-gz"`
		c.SetHeader("Content-Encoding", "gzip")
	}
	c.SetHeader("ETag", etag)
	conditions, known := field.ReadConditions(c.Headers), field.Known{}
	known.Tag, _ = field.ParseTag(etag)
	switch conditions.Evaluate(c.Method(), known) {
	case field.NotModified:
		c.DeleteHeader("Content-Encoding")
		c.stage(http.StatusNotModified, "", nil)
	case field.Failed:
		return problem.New(http.StatusPreconditionFailed, "")
	default:
		c.stage(http.StatusOK, p.contentType, body)
	}
	return nil
}

// shelf holds what serves the document and its page.
//
// Owner: any (immutable after build).
type shelf struct {
	routes     []*route
	json, yaml func() (page, error)
	doc        *openapi.Document
}

// newShelf makes the routes of the document and its page, as far as they are
// wanted and the app does not use their paths itself.
func (a *App) newShelf() *shelf {
	s := &shelf{}
	cfg := &a.cfg
	if cfg.OpenAPI.Off {
		return s
	}
	s.json = sync.OnceValues(func() (page, error) { return documentPage("application/json", s.doc.JSON) })
	s.yaml = sync.OnceValues(func() (page, error) { return documentPage("application/yaml", s.doc.YAML) })
	s.add(a, cfg.OpenAPI.Path, "Config.OpenAPI", func(*Ctx, None) (page, error) { return s.json() })
	s.add(a, strings.TrimSuffix(cfg.OpenAPI.Path, ".json")+".yaml", "Config.OpenAPI", func(*Ctx, None) (page, error) { return s.yaml() })
	docs := cfg.Docs.Path
	if cfg.Docs.Off || a.uses(docs, true) {
		return s
	}
	s.add(a, docs, "Config.Docs", func(*Ctx, None) (page, error) { return a.docsPage() })
	for _, asset := range docsAssets {
		load := sync.OnceValues(func() (page, error) { return a.docsAsset(asset) })
		s.add(a, docs+"/"+asset.name, "Config.Docs", func(*Ctx, None) (page, error) { return load() })
	}
	return s
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

func (s *shelf) add(a *App, pattern, site string, h func(*Ctx, None) (page, error)) {
	if a.uses(pattern, false) {
		return
	}
	s.routes = append(s.routes, &route{
		method: http.MethodGet, pattern: router.ParsePattern(pattern), site: site, endpoint: newStraight(h), middleware: a.root.middleware,
	})
}

// fill makes the document of the compiled app, when it is served or wrong.
func (s *shelf) fill(a *App) (err error) {
	if !a.cfg.OpenAPI.Off {
		s.doc, err = a.describe()
	}
	return err
}

func documentPage(contentType string, encode func() ([]byte, error)) (page, error) {
	text, err := encode()
	if err != nil {
		return page{}, fmt.Errorf("write the OpenAPI document: %w", err)
	}
	return newPage(contentType, text, nil)
}

// docsFile is a file of the docs page.
type docsFile struct {
	name, contentType string
	embedded          string // name among the files of Swagger UI; empty: ours
}

var docsAssets = [...]docsFile{
	{"swagger-ui.css", "text/css; charset=utf-8", "swagger-ui.css.gz"},
	{"swagger-ui-bundle.js", "text/javascript; charset=utf-8", "swagger-ui-bundle.js.gz"},
	{"favicon-32x32.png", "image/png", "favicon-32x32.png"},
	{"start.js", "text/javascript; charset=utf-8", ""},
	{"oauth2-redirect.html", htmlType, ""},
	{"oauth2-redirect.js", "text/javascript; charset=utf-8", ""},
}

func (a *App) docsAsset(asset docsFile) (p page, err error) {
	if asset.embedded == "" {
		text, err := a.docsOwn(asset.name)
		if err != nil {
			return page{}, fmt.Errorf("write the settings of the docs page: %w", err)
		}
		return newPage(asset.contentType, []byte(text), nil)
	}
	data, err := swagger.FS.ReadFile(asset.embedded)
	if err != nil {
		return page{}, fmt.Errorf("read a file of the docs page: %w", err)
	}
	if strings.HasSuffix(asset.embedded, ".gz") {
		p, err = newPage(asset.contentType, nil, data)
	} else {
		p, err = newPage(asset.contentType, data, nil)
	}
	p.cacheControl = cachedAsset
	return p, err
}

// docsPage is the page itself. Its links are relative: it works behind a proxy
// that takes a prefix off the path.
func (a *App) docsPage() (page, error) {
	base := path.Base(a.cfg.Docs.Path)
	title := a.cfg.Title
	if title == "" {
		title = "Service"
	}
	p, err := newPage(htmlType, []byte(strings.NewReplacer("{base}", html.EscapeString(base), "{title}", html.EscapeString(title)).Replace(docsHTML)), nil)
	p.policy = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; " +
		"connect-src " + strings.Join(a.docsOrigins(), " ") + "; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
	return p, err
}

// docsOrigins are the hosts that the page may send requests to: its own, and
// those that the document names.
func (a *App) docsOrigins() []string {
	origins := []string{"'self'"}
	add := func(address string) {
		if u, err := url.Parse(address); err == nil && u.Host != "" && !strings.ContainsAny(address, " ;,'{") {
			origins = append(origins, u.Scheme+"://"+u.Host)
		}
	}
	for _, server := range a.shelf.doc.Servers {
		add(server.URL)
	}
	for _, scheme := range a.shelf.doc.Components.SecuritySchemes {
		if f := scheme.Value.Flows; f != nil {
			for _, flow := range []*openapi.OAuthFlow{f.Password, f.ClientCredentials, f.AuthorizationCode} {
				if flow != nil {
					add(flow.TokenURL)
				}
			}
		}
	}
	return origins
}

// docsOwn returns the files that are not of Swagger UI.
func (a *App) docsOwn(name string) (string, error) {
	switch name {
	case "start.js":
		config, err := json.Marshal(map[string]any{
			"document": relative(a.cfg.Docs.Path, a.cfg.OpenAPI.Path), "base": path.Base(a.cfg.Docs.Path) + "/", "settings": a.cfg.Docs.Settings,
		}, json.Deterministic(true))
		return "const config = " + string(config) + docsStart, err
	case "oauth2-redirect.html":
		return "<!doctype html>\n<title>Signing in</title>\n<script src=\"oauth2-redirect.js\"></script>\n", nil
	}
	return docsRedirect, nil
}

// relative is the link from one absolute path to another.
func relative(from, to string) string {
	folder := path.Dir(from)
	up := ""
	for folder != "/" && !strings.HasPrefix(to, folder+"/") {
		folder, up = path.Dir(folder), up+"../"
	}
	return up + strings.TrimPrefix(strings.TrimPrefix(to, folder), "/")
}
