package scaffold

import (
	"bytes"
	"cmp"
	"embed"
	"errors"
	"fmt"
	"go/format"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"text/template"

	"golang.org/x/mod/module"

	"github.com/fasterapi/fasterapi/cmd/fasterapi/internal/appinfo"
	"github.com/fasterapi/fasterapi/cmd/fasterapi/internal/deploy"
)

//go:embed all:templates
var templates embed.FS

// Template is a kind of service.
type Template string

// The templates.
const (
	API      Template = "api"      // what it keeps, it keeps in memory
	Postgres Template = "postgres" // in Postgres, with migrations
	Full     Template = "full"     // Postgres, a cache in Redis, and work in the background
)

// folders are those of templates/ that a template takes. A file of a later one replaces that of an earlier one.
var folders = map[Template][]string{
	API: {"common", "memory"}, Postgres: {"common", "database", "postgres"}, Full: {"common", "database", "full"},
}

// Options choose what is made. The zero value of a field means its default.
type Options struct {
	Folder   string   // of the new service; its last part is the name
	Template Template // default API
	Module   string   // path of the module; default example.com/NAME
	Version  string   // of the framework, "v1.2.3"; default: what go mod tidy finds
	Replace  string   // folder of the framework, instead of a released version
}

// Project is a service that can be written.
//
// Owner: any (immutable after New).
type Project struct {
	Folder, Name, Module string
	Files                []File // by name
}

// File is a file of a project.
type File struct {
	Name string // from the folder of the project, with slashes
	Text []byte
}

// view is what templates see.
type view struct {
	Name, Title, Module string
	Postgres, Full      bool
}

var name = regexp.MustCompile(`^[a-z]([-a-z0-9]{0,38}[a-z0-9])?$`)

// New makes the files of a service, and writes none. The error has everything that is wrong.
func New(o Options) (*Project, error) {
	p := &Project{Folder: filepath.Clean(o.Folder)}
	if absolute, err := filepath.Abs(p.Folder); err == nil {
		p.Name = filepath.Base(absolute)
	}
	p.Module = cmp.Or(o.Module, "example.com/"+p.Name)
	o.Template = cmp.Or(o.Template, API)
	if err := p.check(&o); err != nil {
		return nil, err
	}
	if err := p.render(&o); err != nil {
		return nil, err
	}
	text, err := goMod(p.Module, &o)
	if err != nil {
		return nil, err
	}
	p.Files = append(p.Files, File{"go.mod", text})
	if o.Replace != "" {
		sums, err := os.ReadFile(filepath.Join(o.Replace, "go.sum"))
		if err != nil {
			return nil, err
		}
		p.Files = append(p.Files, File{"go.sum", sums})
	}
	slices.SortFunc(p.Files, func(a, b File) int { return strings.Compare(a.Name, b.Name) })
	return p, nil
}

func (p *Project) check(o *Options) error {
	var errs []error
	if !name.MatchString(p.Name) {
		errs = append(errs, fmt.Errorf("the name %q must be lower-case letters, digits and dashes, at most 40, and begin with a letter", p.Name))
	}
	if err := module.CheckImportPath(p.Module); err != nil && name.MatchString(p.Name) {
		errs = append(errs, err)
	} else if first, _, _ := strings.Cut(p.Module, "/"); err == nil && !strings.Contains(first, ".") {
		errs = append(errs, fmt.Errorf("the module path %q must begin with a host name, such as github.com: those without a dot are for Go itself", p.Module))
	}
	if _, ok := folders[o.Template]; !ok {
		errs = append(errs, fmt.Errorf("there is no template %q: there are api, postgres and full", o.Template))
	}
	if o.Version != "" && o.Replace != "" {
		errs = append(errs, errors.New("the framework is a version or a folder, not both"))
	}
	if o.Version != "" && module.Check(framework, o.Version) != nil {
		errs = append(errs, fmt.Errorf("%q is no version of the framework: v1.2.3 is one", o.Version))
	}
	switch list, err := os.ReadDir(p.Folder); {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		errs = append(errs, fmt.Errorf("%s is there, and is no folder", p.Folder))
	case len(list) > 0:
		errs = append(errs, fmt.Errorf("the folder %s is not empty: it has %s", p.Folder, list[0].Name()))
	}
	return errors.Join(errs...)
}

// render makes the files of the templates, and the Dockerfile.
func (p *Project) render(o *Options) error {
	words := strings.Fields(strings.ReplaceAll(p.Name, "-", " "))
	words[0] = strings.ToUpper(words[0][:1]) + words[0][1:]
	v := view{Name: p.Name, Title: strings.Join(words, " "), Module: p.Module, Postgres: o.Template != API, Full: o.Template == Full}
	for _, folder := range folders[o.Template] {
		root := path.Join("templates", folder)
		err := fs.WalkDir(templates, root, func(at string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			text, err := renderFile(at, &v)
			if err != nil {
				return err
			}
			p.Files = append(p.Files, File{strings.TrimSuffix(strings.TrimPrefix(at, root+"/"), ".tmpl"), text})
			return nil
		})
		if err != nil {
			return err
		}
	}
	text, err := dockerfile(&v)
	p.Files = append(p.Files, File{"Dockerfile", text})
	return err
}

func renderFile(at string, v *view) ([]byte, error) {
	source, err := templates.ReadFile(at)
	if err != nil {
		return nil, err
	}
	t, err := template.New(at).Delims("«", "»").Option("missingkey=error").Parse(string(source))
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := t.Execute(&b, v); err != nil {
		return nil, err
	}
	if !strings.HasSuffix(at, ".go.tmpl") {
		return b.Bytes(), nil
	}
	text, err := format.Source(b.Bytes())
	if err != nil {
		return nil, fmt.Errorf("%s: %w", at, err)
	}
	return text, nil
}

// dockerfile is what gen dockerfile writes for the service, which is not built yet.
func dockerfile(v *view) ([]byte, error) {
	plan, err := deploy.NewPlan(&appinfo.Description{
		Title: v.Title, Version: "dev", Module: v.Module, Main: v.Module, Go: runtime.Version(),
		Config: appinfo.Config{Port: 8000, PortFromEnv: true}, Paths: appinfo.Paths{Ready: "/ready"},
	}, deploy.Options{Name: v.Name})
	if err != nil {
		return nil, err
	}
	return plan.Render(deploy.Dockerfile)
}

// Write writes the files. The folder is made where it is not there.
func (p *Project) Write() error {
	for _, f := range p.Files {
		file := filepath.Join(p.Folder, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(file, f.Text, 0o644); err != nil {
			return err
		}
	}
	return nil
}
