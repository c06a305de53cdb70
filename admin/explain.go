package admin

import (
	"encoding/json/v2"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// explained is a route with its compiled plan, as App.Description tells it.
type explained struct {
	Method      string            `json:"method"`
	Pattern     string            `json:"pattern"`
	Kind        string            `json:"kind"`
	Style       string            `json:"style"`
	Package     string            `json:"package"`
	Handler     string            `json:"handler"`
	File        string            `json:"file"`
	Line        int               `json:"line"`
	OperationID string            `json:"operation_id"`
	Tags        []string          `json:"tags"`
	Hidden      bool              `json:"hidden"`
	Deprecated  bool              `json:"deprecated"`
	Priority    string            `json:"priority"`
	MaxBody     int64             `json:"max_body_bytes"`
	Middleware  []string          `json:"middleware"`
	Steps       []string          `json:"steps"`
	Inputs      []explainedInput  `json:"inputs"`
	Answers     []explainedAnswer `json:"answers"`
	Security    []string          `json:"security"`
}

type explainedInput struct {
	Name     string `json:"name"`
	In       string `json:"in"`
	Field    string `json:"field"`
	Type     string `json:"type"`
	Required bool   `json:"required"`
	Default  string `json:"default,omitempty"`
	Rules    string `json:"rules,omitempty"`
	Doc      string `json:"doc,omitempty"`
}

type explainedAnswer struct {
	Status      int    `json:"status"`
	ContentType string `json:"content_type,omitempty"`
	Type        string `json:"type,omitempty"`
}

// explain tells what is done for a request of a route, or of all of them.
func (l *Listener) explain(w http.ResponseWriter, r *http.Request) {
	format := r.FormValue("format")
	if format != "" && format != "text" && format != "json" {
		http.Error(w, "format must be json or text", http.StatusUnprocessableEntity)
		return
	}
	var app struct {
		Routes []explained `json:"routes"`
	}
	text, err := l.app.Description()
	if err == nil {
		err = json.Unmarshal(text, &app)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	list := app.Routes
	if route := r.FormValue("route"); route != "" {
		list = slices.DeleteFunc(list, func(e explained) bool { return e.Method+" "+e.Pattern != route && e.Pattern != route })
		if len(list) == 0 {
			http.Error(w, `there is no such route: "GET /users/{id}" or "/users/{id}", as /routes lists them`, http.StatusNotFound)
			return
		}
	}
	if format != "text" {
		write(w, append([]explained{}, list...))
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	var b strings.Builder
	for i := range list {
		list[i].writeText(&b)
	}
	_, _ = w.Write([]byte(b.String()))
}

// writeText writes the plan in the order in which a request meets it.
func (e *explained) writeText(b *strings.Builder) {
	fmt.Fprintf(b, "%s %s\n  handler     %s.%s\n  registered  %s:%d\n  kind        %s, on %s, priority %s\n",
		e.Method, e.Pattern, e.Package, e.Handler, e.File, e.Line, e.Kind, styles[e.Style], e.Priority)
	if e.MaxBody > 0 {
		fmt.Fprintf(b, "  body        up to %d bytes\n", e.MaxBody)
	}
	if len(e.Security) > 0 {
		fmt.Fprintf(b, "  security    %s\n", strings.Join(e.Security, ", "))
	}
	section(b, "middleware", e.Middleware)
	section(b, "before it", e.Steps)
	var inputs, answers []string
	for i := range e.Inputs {
		in := &e.Inputs[i]
		line := strings.TrimSpace(in.In+" "+in.Name) + " -> " + in.Field + " " + in.Type
		switch {
		case in.Required:
			line += ", required"
		case in.Default != "":
			line += ", default " + in.Default
		}
		if in.Rules != "" {
			line += ", " + in.Rules
		}
		inputs = append(inputs, line)
	}
	for _, a := range e.Answers {
		answers = append(answers, strings.TrimSpace(fmt.Sprintf("%d %s %s", a.Status, a.ContentType, a.Type)))
	}
	section(b, "inputs", inputs)
	section(b, "answers", answers)
	b.WriteByte('\n')
}

// styles say where a handler runs.
var styles = map[string]string{
	"goroutine": "a goroutine: it may block", "coroutine": "a coroutine of its core: it may await, and must not block",
	"chain": "its core, as a chain of futures: it must not block", "inline": "whatever the request is on",
}

func section(b *strings.Builder, title string, lines []string) {
	for i, line := range lines {
		fmt.Fprintf(b, "  %-11s %s\n", title, line)
		if i == 0 {
			title = ""
		}
	}
}
