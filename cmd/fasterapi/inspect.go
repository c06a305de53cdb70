package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"text/tabwriter"

	"github.com/fasterapi/fasterapi/cmd/fasterapi/internal/apidiff"
	"github.com/fasterapi/fasterapi/cmd/fasterapi/internal/appinfo"
	"github.com/fasterapi/fasterapi/cmd/fasterapi/internal/checklist"
)

func printJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

type routesCommand struct {
	service `embed:""`
	JSON    bool `name:"json" help:"Print JSON, with all that is known of each."`
}

func (c *routesCommand) Run(ctx context.Context, w io.Writer) error {
	d, err := c.load(ctx)
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(w, d.Routes)
	}
	table := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintln(table, "METHOD\tPATTERN\tKIND\tRUNS ON\tHANDLER\tPLACE")
	for i := range d.Routes {
		r := &d.Routes[i]
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\n", r.Method, r.Pattern, r.Kind, r.Style, cmp.Or(r.Handler, "-"), place(r))
	}
	return table.Flush()
}

// place is where a route was registered, from the folder on where the command runs.
func place(r *appinfo.Route) string {
	file := r.File
	if here, err := os.Getwd(); err == nil {
		if short, err := filepath.Rel(here, file); err == nil && !strings.HasPrefix(short, "..") {
			file = short
		}
	}
	return fmt.Sprintf("%s:%d", file, r.Line)
}

type explainCommand struct {
	service `embed:""`
	Route   []string `arg:"" help:"The route: GET /users/{id}, or its path alone."`
	JSON    bool     `name:"json" help:"Print JSON."`
}

func (c *explainCommand) Run(ctx context.Context, w io.Writer) error {
	d, err := c.load(ctx)
	if err != nil {
		return err
	}
	wanted := strings.Join(c.Route, " ")
	found := []*appinfo.Route{}
	for i := range d.Routes {
		if r := &d.Routes[i]; r.Pattern == wanted || strings.EqualFold(r.Method, first(wanted)) && r.Pattern == rest(wanted) {
			found = append(found, r)
		}
	}
	if len(found) == 0 {
		return fmt.Errorf("there is no route %s: fasterapi routes lists them, with their patterns", wanted)
	}
	if c.JSON {
		return printJSON(w, found)
	}
	for _, r := range found {
		if err := explain(w, r); err != nil {
			return err
		}
	}
	return nil
}

func first(s string) string { before, _, _ := strings.Cut(s, " "); return before }
func rest(s string) string  { _, after, _ := strings.Cut(s, " "); return after }

// runsOn says what the style of a handler means.
var runsOn = map[string]string{
	"goroutine": "a goroutine of its request: it may block",
	"coroutine": "its reactor, in a coroutine: it must not block, and may await futures",
	"chain":     "its reactor, as a chain of futures: it must not block",
	"inline":    "wherever the request is: it must not block",
}

func explain(w io.Writer, r *appinfo.Route) error {
	table := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintf(table, "%s\n", r)
	line := func(name, format string, args ...any) {
		fmt.Fprintf(table, "  %s\t%s\n", name, fmt.Sprintf(format, args...))
	}
	if r.Handler != "" {
		line("handler", "%s of %s", r.Handler, r.Package)
	}
	line("place", "%s", place(r))
	line("runs on", "%s", cmp.Or(runsOn[r.Style], r.Style))
	line("kind", "%s", r.Kind)
	if len(r.Middleware) > 0 {
		line("middleware", "%s", strings.Join(r.Middleware, ", then "))
	}
	for _, step := range r.Steps {
		line("before it", "%s", step)
	}
	if r.Priority != "" && r.Priority != "normal" {
		line("priority", "%s", r.Priority)
	}
	if len(r.Security) > 0 {
		line("security", "%s", strings.Join(r.Security, ", "))
	}
	if r.MaxBody > 0 {
		line("body", "up to %d bytes", r.MaxBody)
	}
	for _, in := range r.Inputs {
		var more []string
		switch {
		case in.In == "inject":
		case in.Required:
			more = append(more, "required")
		case in.Default != "":
			more = append(more, "default "+in.Default)
		default:
			more = append(more, "optional")
		}
		for _, one := range []string{in.Rules, in.Doc} {
			if one != "" {
				more = append(more, one)
			}
		}
		line("input", "%s", strings.TrimRight(fmt.Sprintf("%s %s: %s  %s", in.In, cmp.Or(in.Name, in.Field), in.Type, strings.Join(more, ", ")), " "))
	}
	for _, a := range r.Answers {
		line("answer", "%s", strings.TrimSpace(fmt.Sprintf("%d %s %s", a.Status, a.ContentType, a.Type)))
	}
	return table.Flush()
}

type openapiCommand struct {
	service `embed:""`
	Check   string `placeholder:"FILE" help:"Fail when this file is not the document: for CI."`
	Diff    string `placeholder:"FILE" help:"List what breaks clients of this older document, and fail if anything does."`
	Output  string `short:"o" placeholder:"FILE" help:"Write the document to this file."`
	JSON    bool   `name:"json" help:"Print the list of --diff as JSON."`
}

func (c *openapiCommand) Run(ctx context.Context, w io.Writer) error {
	d, err := c.load(ctx)
	if err != nil {
		return err
	}
	var text bytes.Buffer
	if err := json.Indent(&text, d.OpenAPI, "", "  "); err != nil {
		return err
	}
	text.WriteByte('\n')
	if c.Check != "" {
		file, err := os.ReadFile(c.Check)
		if err != nil {
			return err
		}
		same, err := sameJSON(file, d.OpenAPI)
		if err != nil {
			return fmt.Errorf("%s: %w", c.Check, err)
		}
		if !same {
			fmt.Fprintf(w, "%s is not the document of the service any more. To write it: fasterapi openapi -o %s\n", c.Check, c.Check)
			return errNotSo
		}
	}
	if c.Output != "" {
		if err := os.WriteFile(c.Output, text.Bytes(), 0o644); err != nil {
			return err
		}
	}
	if c.Diff != "" {
		return c.diff(w, d.OpenAPI)
	}
	if c.Check != "" || c.Output != "" {
		return nil
	}
	_, err = w.Write(text.Bytes())
	return err
}

// diff lists what breaks clients of an older document.
func (c *openapiCommand) diff(w io.Writer, document []byte) error {
	older, err := os.ReadFile(c.Diff)
	if err != nil {
		return err
	}
	changes, err := apidiff.Compare(older, document)
	if err != nil {
		return err
	}
	if c.JSON {
		if changes == nil {
			changes = []apidiff.Change{}
		}
		err = printJSON(w, changes)
	} else {
		for _, change := range changes {
			fmt.Fprintln(w, change)
		}
	}
	if err == nil && len(changes) > 0 {
		return errNotSo
	}
	return err
}

// sameJSON compares what two texts say, not how they are laid out.
func sameJSON(a, b []byte) (bool, error) {
	var values [2]any
	for i, text := range [][]byte{a, b} {
		decoder := json.NewDecoder(bytes.NewReader(text))
		decoder.UseNumber()
		if err := decoder.Decode(&values[i]); err != nil {
			return false, err
		}
	}
	first, err := json.Marshal(values[0])
	if err != nil {
		return false, err
	}
	second, err := json.Marshal(values[1])
	return bytes.Equal(first, second), err
}

type checkCommand struct {
	service        `embed:""`
	Replicas       int    `default:"3" help:"Instances of the service."`
	Cores          int    `default:"2" help:"Cores of an instance, unless the service sets them."`
	MaxConnections int    `default:"100" help:"max_connections of Postgres."`
	GracePeriod    int    `default:"30" help:"Seconds from SIGTERM to SIGKILL."`
	URL            string `name:"url" placeholder:"URL" help:"Second address of a running instance (package admin): its own list is added."`
	Token          string `env:"ADMIN_TOKEN" placeholder:"TEXT" help:"Token of that address."`
	Strict         bool   `help:"Fail for warnings, too."`
	JSON           bool   `name:"json" help:"Print JSON."`
}

func (c *checkCommand) Run(ctx context.Context, w io.Writer) error {
	d, err := c.load(ctx)
	if err != nil {
		return err
	}
	items := checklist.Of(d, checklist.Fleet{Replicas: c.Replicas, Cores: c.Cores, MaxConnections: c.MaxConnections, GracePeriod: c.GracePeriod})
	if c.URL != "" {
		running, err := checklist.Running(ctx, c.URL, c.Token)
		if err != nil {
			return err
		}
		items = append(items, running...)
	}
	return printItems(w, items, c.JSON, c.Strict)
}

func printLines(w io.Writer, items []checklist.Item) error {
	for _, item := range items {
		if _, err := fmt.Fprintf(w, "%-5s %s: %s\n", item.Level, item.Name, item.Text); err != nil {
			return err
		}
		if item.Remedy != "" {
			fmt.Fprintf(w, "      -> %s\n", item.Remedy)
		}
	}
	return nil
}

type versionCommand struct {
	JSON bool `name:"json" help:"Print JSON."`
}

func (c *versionCommand) Run(w io.Writer) error {
	v := struct {
		Version  string `json:"version"`
		Revision string `json:"revision,omitempty"`
		Modified bool   `json:"modified,omitempty"`
		Go       string `json:"go"`
		Platform string `json:"platform"`
		Format   int    `json:"description_format"`
	}{"(devel)", "", false, runtime.Version(), runtime.GOOS + "/" + runtime.GOARCH, appinfo.Format}
	if info, ok := debug.ReadBuildInfo(); ok {
		v.Version = cmp.Or(info.Main.Version, v.Version)
		for _, s := range info.Settings {
			switch s.Key {
			case "vcs.revision":
				v.Revision = s.Value
			case "vcs.modified":
				v.Modified = s.Value == "true"
			}
		}
	}
	if c.JSON {
		return printJSON(w, v)
	}
	_, err := fmt.Fprintln(w, strings.Join(strings.Fields(fmt.Sprintf("fasterapi %s %s %s %s", v.Version, v.Revision, v.Go, v.Platform)), " "))
	return err
}
