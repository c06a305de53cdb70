package describe

import (
	"encoding/json/jsontext"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/fasterapi/fasterapi/internal/bind"
	"github.com/fasterapi/fasterapi/internal/schema"
	"github.com/fasterapi/fasterapi/openapi"
)

const (
	jsonType      = "application/json"
	formType      = "application/x-www-form-urlencoded"
	multipartType = "multipart/form-data"
)

// inputs describes what one route reads.
//
// Owner: one goroutine at a time.
type inputs struct {
	builder *Builder
	route   *Route
	op      *openapi.Operation
	names   []string // of the wildcards, in the document
	form    *openapi.Schema
	parts   openapi.Map[*openapi.Encoding]
	files   bool
	must    bool // a part of the form is required
}

func (in *inputs) describe() {
	for _, f := range in.route.Fields {
		switch {
		case f.In == bind.Inject:
		case f.In == bind.Body:
			in.body(f)
		case f.In == bind.Path, f.In == bind.Query, f.In == bind.Header, f.In == bind.Cookie:
			in.parameter(f)
		case f.In == bind.Form, f.In == bind.File:
			in.part(f)
		}
	}
	in.wildcards()
	if in.form != nil && in.op.RequestBody == nil {
		content := openapi.Map[*openapi.MediaType]{{Name: multipartType, Value: &openapi.MediaType{Schema: in.form, Encoding: in.parts}}}
		if !in.files {
			content = openapi.Map[*openapi.MediaType]{{Name: formType, Value: &openapi.MediaType{Schema: in.form}}, content[0]}
		}
		in.op.RequestBody = &openapi.RequestBody{Content: content, Required: in.must}
	}
}

// parameter adds f. What two inputs of a route read is one parameter.
func (in *inputs) parameter(f *bind.Field) {
	if f.In == bind.Header && notParameters[f.Key] {
		return
	}
	p := &openapi.Parameter{Name: f.Key, In: f.In.String(), Description: f.Doc, Required: f.Required}
	if f.Tags != nil {
		p.Description = f.Tags.Description()
	}
	if f.In == bind.Path {
		p.Name, p.Required = in.wildcard(f.Key), true
	}
	for _, known := range in.op.Parameters {
		if known.Name == p.Name && known.In == p.In {
			known.Required = known.Required || p.Required
			return
		}
	}
	p.Schema = in.builder.registry.Parameter(f.Type, f.Tag, in.route.reads())
	if f.HasDefault && !f.Sensitive && p.Schema.Default == nil && slices.Contains(p.Schema.Types, "string") {
		p.Schema.Default, _ = jsontext.AppendQuote(nil, f.Default) // it was parsed, so it is UTF-8 or a mistake of the tag
	}
	if p.Description != "" {
		p.Schema.Description = "" // the parameter says it
	}
	p.Deprecated, p.Schema.Deprecated = p.Schema.Deprecated, false
	if _, given := f.Tag.Lookup("example"); given && len(p.Schema.Examples) > 0 {
		p.Example, p.Schema.Examples = p.Schema.Examples[0], nil
	}
	in.lists(p, f)
	in.op.Parameters = append(in.op.Parameters, p)
}

// lists says how lists of queries and cookies are written: separated by commas,
// unless the field says otherwise. (A repeated name of a query is understood in
// both cases.) In paths and headers that is the default, style "simple".
func (in *inputs) lists(p *openapi.Parameter, f *bind.Field) {
	if f.In != bind.Query && f.In != bind.Cookie || f.Repeat || !isList(f.Type) {
		return
	}
	explode := false
	p.Style, p.Explode = "form", &explode
}

func isList(t reflect.Type) bool {
	inner, _ := schema.Strip(t)
	return schema.ClassOf(inner) == schema.ClassList
}

// notParameters are the header fields that OpenAPI describes elsewhere
// (section 4.8.12.1).
var notParameters = map[string]bool{"Accept": true, "Content-Type": true, "Authorization": true}

// wildcard returns the name of a wildcard of the route in the document.
func (in *inputs) wildcard(name string) string {
	if at := slices.Index(in.route.Pattern.Wildcards(), name); at >= 0 && at < len(in.names) {
		return in.names[at]
	}
	return name
}

// wildcards adds those that no field reads: every wildcard has a parameter.
func (in *inputs) wildcards() {
	for _, name := range in.names {
		has := slices.ContainsFunc(in.op.Parameters, func(p *openapi.Parameter) bool { return p.In == "path" && p.Name == name })
		if !has {
			in.op.Parameters = append(in.op.Parameters, &openapi.Parameter{
				Name: name, In: "path", Required: true, Schema: &openapi.Schema{Types: openapi.Types{"string"}},
			})
		}
	}
}

func (in *inputs) body(f *bind.Field) {
	if in.op.RequestBody != nil {
		return
	}
	if f.Media != nil {
		in.op.RequestBody = &openapi.RequestBody{Description: f.Doc, Required: f.Required}
		for _, name := range f.Media {
			in.op.RequestBody.Content.Set(name, &openapi.MediaType{Schema: bytesSchema(name, f.Type)})
		}
		return
	}
	media, contentType := &openapi.MediaType{}, "*/*"
	if !f.Raw {
		contentType = jsonType
		media.Schema = in.builder.registry.Body(f.Type, f.Tag, in.route.reads())
	}
	in.op.RequestBody = &openapi.RequestBody{
		Description: f.Doc, Required: f.Required, Content: openapi.Map[*openapi.MediaType]{{Name: contentType, Value: media}},
	}
	if f.Example != "" && jsontext.Value(f.Example).IsValid() {
		media.Examples.Set("example", &openapi.Example{Value: jsontext.Value(f.Example)})
	}
}

// bytesSchema describes a body as it is, as fileSchema describes an upload.
func bytesSchema(media string, t reflect.Type) *openapi.Schema {
	s := &openapi.Schema{Types: openapi.Types{"string"}}
	if t.Kind() != reflect.String && !strings.HasPrefix(media, "text/") {
		s.Format = "binary"
	}
	return s
}

// part adds a field of a form.
func (in *inputs) part(f *bind.Field) {
	if in.form == nil {
		in.form = &openapi.Schema{Types: openapi.Types{"object"}}
	}
	if in.form.Properties.Get(f.Key) != nil {
		return
	}
	var s *openapi.Schema
	if f.In == bind.File {
		in.files = true
		s = fileSchema(f)
		if accept := f.Tag.Get("accept"); accept != "" {
			in.parts.Set(f.Key, &openapi.Encoding{ContentType: strings.ReplaceAll(strings.ReplaceAll(accept, " ", ""), ",", ", ")})
		}
	} else {
		s = in.builder.registry.Parameter(f.Type, f.Tag, in.route.reads())
	}
	in.form.Properties = append(in.form.Properties, openapi.Named[*openapi.Schema]{Name: f.Key, Value: s})
	if f.Required {
		in.must = true
		in.form.Required = append(in.form.Required, f.Key)
	}
}

// fileSchema describes an upload. OpenAPI 3.1 asks for no more than a schema
// that accepts everything; "binary" is what user interfaces look for.
func fileSchema(f *bind.Field) *openapi.Schema {
	s := &openapi.Schema{Types: openapi.Types{"string"}, Format: "binary", Description: f.Doc}
	if t := f.Type; t.Kind() == reflect.Slice && t.Elem().Kind() != reflect.Uint8 {
		s.Description = ""
		s = &openapi.Schema{
			Types: openapi.Types{"array"}, Items: s, Description: f.Doc,
			MinItems: number(f.Tag.Get("minItems")), MaxItems: number(f.Tag.Get("maxItems")),
		}
	}
	return s
}

func number(text string) *int {
	n, err := strconv.Atoi(text)
	if err != nil {
		return nil
	}
	return &n
}
