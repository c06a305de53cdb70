// Package apidiff finds what breaks the clients of a service between two OpenAPI documents of it.
//
//	changes, err := apidiff.Compare(before, after)
//
// A change breaks when a request that was right is refused now, or when an answer has what a
// client of the old document cannot expect. Requests and answers are compared in opposite
// directions: a new member that must be there breaks a request, one that may be absent breaks
// an answer.
//
// It reads what documents of this framework say (OpenAPI 3.1: types, members, items, variants,
// values, bounds, parameters, bodies, statuses, media types, security), with references within the
// document. It keeps nothing, and any goroutine may call it. A text that is no OpenAPI document is an error.
package apidiff

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// Change is a difference that breaks a client.
type Change struct {
	Operation string `json:"operation"` // "GET /users/{id}", as the old document has it
	Where     string `json:"where"`     // "query limit", "body .items[].name", "200 .name"; "" for the operation itself
	Text      string `json:"text"`
}

// String is a line for people.
func (c Change) String() string {
	if c.Where == "" {
		return c.Operation + ": " + c.Text
	}
	return c.Operation + ": " + c.Where + ": " + c.Text
}

type object = map[string]any

// document is one of the two.
type document struct {
	root       object
	operations map[string]operation
}

// operation is one with its name, and with the parameters of its path.
type operation struct {
	name       string
	body       object
	parameters map[string]object
}

var (
	wildcard = regexp.MustCompile(`\{[^}]*\}`)
	methods  = []string{"get", "put", "post", "delete", "options", "head", "patch", "trace", "query"}
)

func parse(text []byte) (*document, error) {
	var d document
	if err := json.Unmarshal(text, &d.root); err != nil {
		return nil, err
	}
	if version, _ := d.root["openapi"].(string); !strings.HasPrefix(version, "3.") {
		return nil, errors.New("no OpenAPI document of version 3")
	}
	d.operations = map[string]operation{}
	paths, _ := d.root["paths"].(object)
	for _, path := range slices.Sorted(maps.Keys(paths)) {
		item := d.resolve(paths[path])
		for _, method := range methods {
			body, ok := item[method].(object)
			if !ok {
				continue
			}
			o := operation{strings.ToUpper(method) + " " + path, body, map[string]object{}}
			for _, from := range []object{item, body} {
				for _, p := range list(from["parameters"]) {
					parameter := d.resolve(p)
					in, name := textOf(parameter["in"]), textOf(parameter["name"])
					if in != "path" { // their names are nobody's business
						o.parameters[in+" "+name] = parameter
					}
				}
			}
			// The names of wildcards are nobody's business.
			d.operations[strings.ToUpper(method)+" "+wildcard.ReplaceAllString(path, "{}")] = o
		}
	}
	return &d, nil
}

// resolve follows references within the document.
func (d *document) resolve(value any) object {
	for range 32 { // a chain that is longer goes in a circle
		o, _ := value.(object)
		ref, ok := o["$ref"].(string)
		if !ok {
			return o
		}
		value = any(d.root)
		for part := range strings.SplitSeq(strings.TrimPrefix(ref, "#/"), "/") {
			next, _ := value.(object)
			value = next[strings.NewReplacer("~1", "/", "~0", "~").Replace(part)]
		}
	}
	return nil
}

func list(value any) []any      { l, _ := value.([]any); return l }
func textOf(value any) string   { s, _ := value.(string); return s }
func isTrue(value any) bool     { b, _ := value.(bool); return b }
func asObject(value any) object { o, _ := value.(object); return o }

// comparison is one run of Compare.
//
// Owner: one goroutine.
type comparison struct {
	old, new  *document
	operation string
	changes   []Change
	seen      map[string]bool // pairs of schemas that are being compared
}

func (c *comparison) add(where, format string, args ...any) {
	change := Change{c.operation, where, fmt.Sprintf(format, args...)}
	if !slices.Contains(c.changes, change) {
		c.changes = append(c.changes, change)
	}
}

// Compare returns what breaks clients of the document before when they meet a service of the
// document after, in the order of the names of its operations.
func Compare(before, after []byte) ([]Change, error) {
	var c comparison
	var err error
	if c.old, err = parse(before); err != nil {
		return nil, fmt.Errorf("the old document: %w", err)
	}
	if c.new, err = parse(after); err != nil {
		return nil, fmt.Errorf("the new document: %w", err)
	}
	for _, key := range slices.Sorted(maps.Keys(c.old.operations)) {
		was := c.old.operations[key]
		c.operation, c.seen = was.name, map[string]bool{}
		if is, ok := c.new.operations[key]; ok {
			c.compare(was, is)
		} else {
			c.add("", "is gone")
		}
	}
	return c.changes, nil
}

func (c *comparison) compare(was, is operation) {
	for _, key := range slices.Sorted(maps.Keys(is.parameters)) {
		now := is.parameters[key]
		before, known := was.parameters[key]
		switch {
		case !known && isTrue(now["required"]):
			c.add(key, "is new, and required")
		case known && isTrue(now["required"]) && !isTrue(before["required"]):
			c.add(key, "is required now")
		}
		if known {
			c.schemas(before["schema"], now["schema"], key, request)
		}
	}
	c.requestBody(c.old.resolve(was.body["requestBody"]), c.new.resolve(is.body["requestBody"]))
	before, now := asObject(was.body["responses"]), asObject(is.body["responses"])
	for _, status := range slices.Sorted(maps.Keys(before)) {
		if _, ok := now[status]; ok {
			c.content(c.old.resolve(before[status]), c.new.resolve(now[status]), status, response)
		} else if strings.HasPrefix(status, "2") {
			c.add(status, "is no answer any more")
		}
	}
	if len(security(c.old, was)) == 0 && len(security(c.new, is)) > 0 {
		c.add("", "needs a scheme of security now")
	}
}

// security are the alternatives of an operation; none when one of them is nothing.
func security(d *document, o operation) []any {
	value, ok := o.body["security"]
	if !ok {
		value = d.root["security"]
	}
	for _, alternative := range list(value) {
		if len(asObject(alternative)) == 0 {
			return nil
		}
	}
	return list(value)
}

func (c *comparison) requestBody(before, now object) {
	if now == nil {
		return // what is sent is ignored
	}
	if isTrue(now["required"]) && !isTrue(before["required"]) {
		c.add("body", "is required now")
	}
	if before != nil {
		c.content(before, now, "body", request)
	}
}

func (c *comparison) content(before, now object, where string, d direction) {
	old, fresh := asObject(before["content"]), asObject(now["content"])
	for _, media := range slices.Sorted(maps.Keys(old)) {
		if _, ok := fresh[media]; !ok {
			c.add(where, "%s is gone", media)
			continue
		}
		c.schemas(asObject(old[media])["schema"], asObject(fresh[media])["schema"], where+" ", d)
	}
}
