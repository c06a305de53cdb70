package result

import (
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/fasterapi/fasterapi/internal/field"
	"github.com/fasterapi/fasterapi/internal/schema"
)

// Plan is what an output struct says. The zero value says nothing.
//
// Owner: any (immutable after Compile).
type Plan struct {
	Fields []Field
	// Body is the index of the field that is the body, for reflect.Value.FieldByIndex; nil:
	// there is none.
	Body []int
	// Type is that of the body.
	Type reflect.Type
	// Status is that of the response; 0: what the body says.
	Status int
}

// Is tells whether t is an output struct: one with a field that has a tag header or body.
func Is(t reflect.Type) bool { return schema.IsOutput(t) }

// isEmbedded tells whether the fields of f are those of the struct around it.
func isEmbedded(f reflect.StructField) bool {
	return f.Anonymous && f.Type.Kind() == reflect.Struct && f.Tag == ""
}

// compiler makes one Plan.
//
// Owner: one goroutine at a time.
type compiler struct {
	plan   *Plan
	errs   []error
	names  map[string]string // of header fields in lower case: Go's name
	status string            // Go's name of the field with a status
}

// Compile reads the fields of t, which [Is] an output struct, and reports all mistakes.
func Compile(t reflect.Type) (*Plan, []error) {
	c := &compiler{plan: &Plan{}, names: map[string]string{}}
	c.fields(t, nil, "")
	if s := c.plan.Status; c.plan.Body != nil && (s == 204 || s == 205 || s == 304) {
		c.mistake(c.status, "a response with status %d has no body", s)
	}
	return c.plan, c.errs
}

func (c *compiler) mistake(name, format string, args ...any) {
	c.errs = append(c.errs, fmt.Errorf("field %s: %w", name, fmt.Errorf(format, args...)))
}

func (c *compiler) fields(t reflect.Type, index []int, prefix string) {
	for i := range t.NumField() {
		f := t.Field(i)
		at := append(index[:len(index):len(index)], i)
		name := prefix + f.Name
		c.setStatus(name, f)
		header, isHeader := f.Tag.Lookup("header")
		_, isBody := f.Tag.Lookup("body")
		switch {
		case isHeader && isBody:
			c.mistake(name, "it has both tags, header and body")
		case (isHeader || isBody) && !f.IsExported():
			c.mistake(name, "it is not exported")
		case isHeader:
			c.header(name, header, f, at)
		case isBody:
			c.body(name, f, at)
		case isEmbedded(f):
			c.fields(f.Type, at, name+".")
		case f.Name != "_":
			c.mistake(name, "an output has fields tagged header and one tagged body, and this is neither: put it into the body")
		}
	}
}

// setStatus reads the tag status.
func (c *compiler) setStatus(name string, f reflect.StructField) {
	text, ok := f.Tag.Lookup("status")
	if !ok {
		return
	}
	status, err := strconv.Atoi(text)
	switch {
	case err != nil || status < 200 || status > 599:
		c.mistake(name, "the tag status is a number from 200 to 599, not %q", text)
	case c.status != "":
		c.mistake(name, "the field %s has a status already", c.status)
	default:
		c.plan.Status, c.status = status, name
	}
}

func (c *compiler) body(name string, f reflect.StructField, at []int) {
	switch {
	case f.Tag.Get("body") != "":
		c.mistake(name, "the tag body of an output has no value, not %q", f.Tag.Get("body"))
	case c.plan.Body != nil:
		c.mistake(name, "there is one body")
	case Is(f.Type), f.Type.Kind() == reflect.Pointer && Is(f.Type.Elem()):
		c.mistake(name, "%v has fields tagged header or body itself: embed it, or name its fields here", f.Type)
	default:
		c.plan.Body, c.plan.Type = at, f.Type
	}
}

func (c *compiler) header(name, tag string, f reflect.StructField, at []int) {
	key, options, hasOptions := strings.Cut(tag, ",")
	h := Field{Name: key, Go: name, Type: f.Type, Tag: f.Tag, index: at, omitZero: options == "omitzero"}
	switch {
	case !field.IsToken(key):
		c.mistake(name, "%q is no name of a header field", key)
		return
	case hasOptions && !h.omitZero:
		c.mistake(name, "the tag header has the option omitzero, not %q", options)
		return
	case field.RepetitionOf(key) == field.Never:
		c.mistake(name, "the field %s is the server's", key)
		return
	case c.names[strings.ToLower(key)] != "":
		c.mistake(name, "the field %s is set by %s already", key, c.names[strings.ToLower(key)])
		return
	}
	c.names[strings.ToLower(key)] = name
	var err error
	switch f.Tag.Get("required") {
	case "true":
		h.must = true
	case "", "false":
	default:
		err = errors.New(`the tag required is "true" or "false"`)
	}
	if err == nil {
		err = h.compile()
	}
	if err != nil {
		c.mistake(name, "%w", err)
		return
	}
	c.plan.Fields = append(c.plan.Fields, h)
}
