package deploy

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"strings"
	"text/template"
)

//go:embed templates/*.tmpl
var files embed.FS

// Kind is a file that [Plan.Render] writes.
type Kind string

// The files.
const (
	Dockerfile Kind = "Dockerfile"
	Compose    Kind = "compose"
	Kubernetes Kind = "kubernetes"
	Systemd    Kind = "systemd"
	Socket     Kind = "systemd-socket" // what systemd listens on for the service
	Nginx      Kind = "nginx"
)

// File is the name that the file usually has.
func (k Kind) File(p *Plan) string {
	switch k {
	case Compose:
		return "compose.yaml"
	case Kubernetes:
		return "kubernetes.yaml"
	case Systemd:
		return p.Name + ".service"
	case Socket:
		return p.Name + ".socket"
	case Nginx:
		return "nginx.conf"
	}
	return string(k)
}

// Render returns the text of a file.
func (p *Plan) Render(k Kind) ([]byte, error) {
	name := string(k) + ".tmpl"
	t, err := template.New(name).Option("missingkey=error").Funcs(template.FuncMap{"quote": quote, "composeQuote": composeQuote, "upper": strings.ToUpper}).
		ParseFS(files, "templates/"+name)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := t.Execute(&b, p); err != nil {
		return nil, fmt.Errorf("write %s: %w", k, err)
	}
	return b.Bytes(), nil
}

// quote makes a text of YAML, of which JSON is a part.
func quote(s string) (string, error) {
	text, err := json.Marshal(s)
	return string(text), err
}

// composeQuote is quote for Compose, which replaces what stands behind a dollar.
func composeQuote(s string) (string, error) { return quote(strings.ReplaceAll(s, "$", "$$")) }
