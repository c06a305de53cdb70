package deploy

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"strings"
	"text/template"
)

// rules.yml and grafana.json are those of observe/metrics in the repository of the framework; go test -update takes them from there.
//
//go:embed templates
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
	Prometheus Kind = "prometheus"       // what it asks
	Rules      Kind = "prometheus-rules" // alerts
	Grafana    Kind = "grafana"          // a dashboard
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
	case Prometheus:
		return "prometheus.yml"
	case Rules:
		return "rules.yml"
	case Grafana:
		return p.Name + ".json"
	}
	return string(k)
}

// Render returns the text of a file.
func (p *Plan) Render(k Kind) ([]byte, error) {
	if k == Grafana {
		return p.dashboard()
	}
	name := string(k) + ".tmpl"
	t, err := template.New(name).Option("missingkey=error").Funcs(template.FuncMap{"quote": quote, "composeQuote": composeQuote, "upper": strings.ToUpper}).
		ParseFS(files, "templates/"+name)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if k == Rules { // those that are the same for all come first
		common, err := files.ReadFile("templates/rules.yml")
		if err != nil {
			return nil, err
		}
		b.Write(common)
	}
	if err := t.Execute(&b, p); err != nil {
		return nil, fmt.Errorf("write %s: %w", k, err)
	}
	return b.Bytes(), nil
}

// dashboard is that of all services, with the name of this one, and showing this one.
func (p *Plan) dashboard() ([]byte, error) {
	text, err := files.ReadFile("templates/grafana.json")
	if err != nil {
		return nil, err
	}
	var d map[string]any
	if err := json.Unmarshal(text, &d); err != nil {
		return nil, err
	}
	d["title"], d["uid"], d["tags"] = p.Title, p.Name[:min(len(p.Name), 40)], []string{"fasterapi", p.Name} // Grafana has 40 letters for it
	variables, _ := d["templating"].(map[string]any)["list"].([]any)
	for _, one := range variables {
		if v, ok := one.(map[string]any); ok && v["name"] == "job" {
			v["current"] = map[string]any{"selected": true, "text": []string{p.Name}, "value": []string{p.Name}}
		}
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	err = e.Encode(d)
	return b.Bytes(), err
}

// quote makes a text of YAML, of which JSON is a part.
func quote(s string) (string, error) {
	text, err := json.Marshal(s)
	return string(text), err
}

// composeQuote is quote for Compose, which replaces what stands behind a dollar.
func composeQuote(s string) (string, error) { return quote(strings.ReplaceAll(s, "$", "$$")) }
