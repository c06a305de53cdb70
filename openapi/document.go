package openapi

import (
	"encoding/json/jsontext"
	"encoding/json/v2"
	"iter"
)

// Version is what documents say they are written in.
const (
	Version = "3.1.1"
	// VersionStreams is the version that describes the items of streams.
	VersionStreams = "3.2.0"
)

// Document is an OpenAPI document: https://spec.openapis.org/oas/v3.1.1.html.
type Document struct {
	OpenAPI      string           `json:"openapi"`
	Info         Info             `json:"info"`
	Servers      []Server         `json:"servers,omitempty"`
	Tags         []Tag            `json:"tags,omitempty"`
	Security     []map[string]any `json:"security,omitempty"`
	Paths        Map[*PathItem]   `json:"paths"`
	Webhooks     Map[*PathItem]   `json:"webhooks,omitempty"`
	Components   Components       `json:"components,omitzero"`
	ExternalDocs *ExternalDocs    `json:"externalDocs,omitempty"`
	Extensions   map[string]any   `json:",embed"` // members whose names begin with "x-"
}

// Info says what the service is.
type Info struct {
	Title          string   `json:"title"`
	Summary        string   `json:"summary,omitempty"`
	Description    string   `json:"description,omitempty"` // CommonMark
	TermsOfService string   `json:"termsOfService,omitempty"`
	Contact        *Contact `json:"contact,omitempty"`
	License        *License `json:"license,omitempty"`
	Version        string   `json:"version"`
}

// Contact says how to reach the people behind the service.
type Contact struct {
	Name  string `json:"name,omitempty"`
	URL   string `json:"url,omitempty"`
	Email string `json:"email,omitempty"`
}

// License is the license of the service.
type License struct {
	Name       string `json:"name"`
	Identifier string `json:"identifier,omitempty"` // SPDX
	URL        string `json:"url,omitempty"`
}

// Server is a place where the service runs. Without one, clients take the
// place that they have the document from.
type Server struct {
	URL         string `json:"url"`
	Description string `json:"description,omitempty"`
}

// Tag describes a group of operations.
type Tag struct {
	Name         string        `json:"name"`
	Description  string        `json:"description,omitempty"`
	ExternalDocs *ExternalDocs `json:"externalDocs,omitempty"`
}

// ExternalDocs is documentation elsewhere.
type ExternalDocs struct {
	URL         string `json:"url"`
	Description string `json:"description,omitempty"`
}

// PathItem holds the operations of a path, or of a webhook.
type PathItem struct {
	Get     *Operation `json:"get,omitempty"`
	Put     *Operation `json:"put,omitempty"`
	Post    *Operation `json:"post,omitempty"`
	Delete  *Operation `json:"delete,omitempty"`
	Options *Operation `json:"options,omitempty"`
	Head    *Operation `json:"head,omitempty"`
	Patch   *Operation `json:"patch,omitempty"`
	Trace   *Operation `json:"trace,omitempty"`
	// Query is the operation of QUERY (RFC 10008), in documents of OpenAPI 3.2, and
	// XQuery the same for those of 3.1, which have no place for it.
	Query  *Operation `json:"query,omitempty"`
	XQuery *Operation `json:"x-query,omitempty"`
}

// Operations are the operations that p has, with their methods, in the order of its fields: for walks over
// a document. QUERY is there once, whichever version the document is of.
func (p *PathItem) Operations() iter.Seq2[string, *Operation] {
	return func(yield func(string, *Operation) bool) {
		for _, method := range []string{"GET", "PUT", "POST", "DELETE", "OPTIONS", "HEAD", "PATCH", "TRACE", "QUERY"} {
			op := *p.Operation(method)
			if method == "QUERY" && op == nil {
				op = p.XQuery
			}
			if op != nil && !yield(method, op) {
				return
			}
		}
	}
}

// Operation returns the place of the operation of a method, nil when OpenAPI
// has no such method. That of QUERY is the one of OpenAPI 3.2.
func (p *PathItem) Operation(method string) **Operation {
	switch method {
	case "GET":
		return &p.Get
	case "PUT":
		return &p.Put
	case "POST":
		return &p.Post
	case "DELETE":
		return &p.Delete
	case "OPTIONS":
		return &p.Options
	case "HEAD":
		return &p.Head
	case "PATCH":
		return &p.Patch
	case "TRACE":
		return &p.Trace
	case "QUERY":
		return &p.Query
	}
	return nil
}

// Operation is what one route does.
type Operation struct {
	Tags         []string            `json:"tags,omitempty"`
	Summary      string              `json:"summary,omitempty"`
	Description  string              `json:"description,omitempty"` // CommonMark
	ExternalDocs *ExternalDocs       `json:"externalDocs,omitempty"`
	OperationID  string              `json:"operationId,omitempty"`
	Parameters   []*Parameter        `json:"parameters,omitempty"`
	RequestBody  *RequestBody        `json:"requestBody,omitempty"`
	Responses    Map[*Response]      `json:"responses,omitempty"`
	Callbacks    Map[Map[*PathItem]] `json:"callbacks,omitempty"`
	Deprecated   bool                `json:"deprecated,omitzero"`
	// Security lists alternatives, each of schemes that are all needed; an empty
	// list, unlike nil, says that none is.
	Security   []map[string][]string `json:"security,omitzero"`
	Servers    []Server              `json:"servers,omitempty"`
	Extensions map[string]any        `json:",embed"`
}

// Parameter is a value in the path, the query, the header or the cookies.
type Parameter struct {
	Name        string         `json:"name"`
	In          string         `json:"in"` // path, query, header or cookie
	Description string         `json:"description,omitempty"`
	Required    bool           `json:"required,omitzero"`
	Deprecated  bool           `json:"deprecated,omitzero"`
	Style       string         `json:"style,omitempty"`
	Explode     *bool          `json:"explode,omitempty"` // nil: true for query and cookie
	Schema      *Schema        `json:"schema"`
	Example     jsontext.Value `json:"example,omitzero"`
	Examples    Map[*Example]  `json:"examples,omitempty"`
}

// RequestBody is the body of a request.
type RequestBody struct {
	Description string          `json:"description,omitempty"`
	Content     Map[*MediaType] `json:"content"`
	Required    bool            `json:"required,omitzero"`
}

// MediaType is a body of one content type.
type MediaType struct {
	Schema     *Schema        `json:"schema,omitempty"`
	ItemSchema *Schema        `json:"itemSchema,omitempty"` // of each item of a stream; OpenAPI 3.2
	Examples   Map[*Example]  `json:"examples,omitempty"`
	Encoding   Map[*Encoding] `json:"encoding,omitempty"` // of the parts of a form
}

// Encoding is how a part of a form is written.
type Encoding struct {
	ContentType string `json:"contentType,omitempty"`
}

// Example is a value that fits.
type Example struct {
	Summary     string         `json:"summary,omitempty"`
	Description string         `json:"description,omitempty"`
	Value       jsontext.Value `json:"value,omitzero"`
}

// Response is an answer of one status, or a reference to one of the components.
type Response struct {
	Ref         string          `json:"$ref,omitempty"`
	Description string          `json:"description,omitempty"`
	Headers     Map[*Header]    `json:"headers,omitempty"`
	Content     Map[*MediaType] `json:"content,omitempty"`
}

// Header is a header field of a response.
type Header struct {
	Description string  `json:"description,omitempty"`
	Required    bool    `json:"required,omitzero"`
	Schema      *Schema `json:"schema"`
}

// Components are the parts that others refer to.
type Components struct {
	Schemas         Map[*Schema]         `json:"schemas,omitempty"`
	Responses       Map[*Response]       `json:"responses,omitempty"`
	SecuritySchemes Map[*SecurityScheme] `json:"securitySchemes,omitempty"`
}

// Named is an entry of a [Map].
type Named[V any] struct {
	Name  string
	Value V
}

// Map is a JSON object whose members keep their order.
type Map[V any] []Named[V]

// Get returns the value of that name, or the zero value.
func (m Map[V]) Get(name string) V {
	for i := range m {
		if m[i].Name == name {
			return m[i].Value
		}
	}
	var none V
	return none
}

// Has tells whether there is a value of that name.
func (m Map[V]) Has(name string) bool {
	for i := range m {
		if m[i].Name == name {
			return true
		}
	}
	return false
}

// Set puts v under name: in the place of what was there, or behind everything.
func (m *Map[V]) Set(name string, v V) {
	for i := range *m {
		if (*m)[i].Name == name {
			(*m)[i].Value = v
			return
		}
	}
	*m = append(*m, Named[V]{name, v})
}

// MarshalJSONTo writes an object.
func (m Map[V]) MarshalJSONTo(enc *jsontext.Encoder) error {
	if err := enc.WriteToken(jsontext.BeginObject); err != nil {
		return err
	}
	for i := range m {
		if err := enc.WriteToken(jsontext.String(m[i].Name)); err != nil {
			return err
		}
		if err := json.MarshalEncode(enc, m[i].Value); err != nil {
			return err
		}
	}
	return enc.WriteToken(jsontext.EndObject)
}

// JSON returns the document, indented by two spaces.
func (d *Document) JSON() ([]byte, error) {
	return json.Marshal(d, json.Deterministic(true), jsontext.WithIndent("  "))
}

// YAML returns the document as YAML 1.2 in block style.
func (d *Document) YAML() ([]byte, error) {
	text, err := json.Marshal(d, json.Deterministic(true))
	if err != nil {
		return nil, err
	}
	return toYAML(text)
}
