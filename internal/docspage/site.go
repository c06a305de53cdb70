package docspage

import (
	"encoding/json/v2"
	"fmt"
	"html"
	"net/url"
	"path"
	"strings"
	"sync"

	swagger "github.com/swaggest/swgui/v5/static"

	"github.com/fasterapi/fasterapi/openapi"
)

// Media types of the files.
const (
	htmlType   = "text/html; charset=utf-8"
	styleType  = "text/css; charset=utf-8"
	scriptType = "text/javascript; charset=utf-8"
)

// Site is an OpenAPI document and the page that shows it.
//
// Owner: any (immutable once its files are asked for).
type Site struct {
	// Path is that of the page, "/docs".
	Path string
	// DocumentPath is that of the document as JSON, "/openapi.json".
	DocumentPath string
	// DocumentPath30 is that of the document as OpenAPI 3.0.
	DocumentPath30 string
	// Settings are further settings of Swagger UI by their names; their values become
	// JSON.
	Settings map[string]any
	// Document returns the document. It is asked when a file is.
	Document func() *openapi.Document
}

// File is one file of a site.
//
// Owner: any (immutable).
type File struct {
	// Path is where it is served.
	Path string
	// Page makes it when it is first asked for. Any goroutine may call it.
	Page func() (*Page, error)
}

// DocumentFiles are the document as JSON and as YAML, whose path ends in ".yaml" in
// place of ".json", and both as OpenAPI 3.0.
func (s *Site) DocumentFiles() []File {
	return []File{
		s.jsonFile(s.DocumentPath, (*openapi.Document).JSON), s.yamlFile(s.DocumentPath, (*openapi.Document).YAML),
		s.jsonFile(s.DocumentPath30, (*openapi.Document).JSON30), s.yamlFile(s.DocumentPath30, (*openapi.Document).YAML30),
	}
}

// encoding writes a document.
type encoding func(*openapi.Document) ([]byte, error)

func (s *Site) jsonFile(path string, encode encoding) File {
	return File{path, sync.OnceValues(func() (*Page, error) { return documentPage("application/json", s.Document(), encode) })}
}

func (s *Site) yamlFile(path string, encode encoding) File {
	path = strings.TrimSuffix(path, ".json") + ".yaml"
	return File{path, sync.OnceValues(func() (*Page, error) { return documentPage("application/yaml", s.Document(), encode) })}
}

func documentPage(contentType string, d *openapi.Document, encode encoding) (*Page, error) {
	text, err := encode(d)
	if err != nil {
		return nil, fmt.Errorf("write the OpenAPI document: %w", err)
	}
	return newPage(contentType, text)
}

// PageFiles are the page that shows the document, first, a redirection to it from the
// path with a slash behind, and below it what it consists of.
func (s *Site) PageFiles() []File {
	files := []File{{s.Path, sync.OnceValues(s.page)}, {s.Path + "/", s.slash}}
	add := func(name string, make func() (*Page, error)) {
		files = append(files, File{s.Path + "/" + name, sync.OnceValues(make)})
	}
	add("swagger-ui.css", func() (*Page, error) { return embedded(styleType, "swagger-ui.css.gz") })
	add("swagger-ui-bundle.js", func() (*Page, error) { return embedded(scriptType, "swagger-ui-bundle.js.gz") })
	add("favicon-32x32.png", func() (*Page, error) { return embedded("image/png", "favicon-32x32.png") })
	add("start.js", s.start)
	add("oauth2-redirect.html", func() (*Page, error) { return newPage(htmlType, []byte(redirectHTML)) })
	add("oauth2-redirect.js", func() (*Page, error) { return newPage(scriptType, []byte(redirectScript)) })
	return files
}

// embedded is a file of Swagger UI.
func embedded(contentType, name string) (*Page, error) {
	data, err := swagger.FS.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("read a file of the docs page: %w", err)
	}
	newFile := newPage
	if strings.HasSuffix(name, ".gz") {
		newFile = newZipped
	}
	p, err := newFile(contentType, data)
	if err != nil {
		return nil, fmt.Errorf("read a file of the docs page: %w", err)
	}
	p.cacheControl = cachedAsset
	return p, nil
}

// slash leads from the path with a slash at its end to the page, whose links are
// relative to the path without one. It is relative too: a proxy may have taken a
// prefix off the path.
func (s *Site) slash() (*Page, error) {
	return &Page{cacheControl: "no-cache", location: "../" + path.Base(s.Path)}, nil
}

// page is the page itself.
func (s *Site) page() (*Page, error) {
	document := s.Document()
	text := strings.NewReplacer("{base}", html.EscapeString(path.Base(s.Path)), "{title}", html.EscapeString(document.Info.Title)).Replace(pageHTML)
	p, err := newPage(htmlType, []byte(text))
	if err != nil {
		return nil, err
	}
	p.policy = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; " +
		"connect-src " + strings.Join(origins(document), " ") + "; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
	return p, nil
}

// origins are the hosts that the page may send requests to: its own, and those that
// the document names.
func origins(document *openapi.Document) []string {
	list := []string{"'self'"}
	add := func(address string) {
		if u, err := url.Parse(address); err == nil && u.Host != "" && !strings.ContainsAny(address, " ;,'{") {
			list = append(list, u.Scheme+"://"+u.Host)
		}
	}
	for _, server := range document.Servers {
		add(server.URL)
	}
	for _, scheme := range document.Components.SecuritySchemes {
		if f := scheme.Value.Flows; f != nil {
			for _, flow := range []*openapi.OAuthFlow{f.Password, f.ClientCredentials, f.AuthorizationCode} {
				if flow != nil {
					add(flow.TokenURL)
				}
			}
		}
	}
	return list
}

// start is the script that starts Swagger UI with the settings of the site.
func (s *Site) start() (*Page, error) {
	config, err := json.Marshal(map[string]any{
		"document": relative(s.Path, s.DocumentPath), "base": path.Base(s.Path) + "/", "settings": s.Settings,
	}, json.Deterministic(true))
	if err != nil {
		return nil, fmt.Errorf("write the settings of the docs page: %w", err)
	}
	return newPage(scriptType, []byte("const config = "+string(config)+startScript))
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
