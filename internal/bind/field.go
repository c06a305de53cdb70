package bind

import (
	"reflect"

	"github.com/fasterapi/fasterapi/internal/schema"
)

// In says which part of a request a field comes from.
type In uint8

const (
	Path In = iota
	Query
	Header
	Cookie
	Body
	Inject
	Form
	File
)

// String returns the word that tags and error locations use.
func (in In) String() string {
	return [...]string{"path", "query", "header", "cookie", "body", "inject", "form", "file"}[in]
}

// Field describes one field of an input struct: what the plan does with it, and
// what documents need to know. It is immutable after Compile.
type Field struct {
	Name       string // Go name, with the names of embedded structs: Paging.Limit
	In         In
	Key        string // name in the request; headers in canonical form; empty for a body
	Type       reflect.Type
	Offset     uintptr // bytes from the start of the input struct
	Required   bool
	HasDefault bool
	Default    string // the text of the default tag
	Doc        string
	Example    string
	Sensitive  bool     // the value must not be echoed
	Raw        bool     // the body as it is
	Media      []string // media types of a raw body; nil: any
	Streamed   bool     // an io.Reader of the body, which is not collected
	Repeat     bool     // query:"name,repeat"
	Tag        reflect.StructTag
	Tags       *schema.Tags // what the constraint tags ask for; nil for a raw body, inject, and before Compile
}

// Location returns where an error of this field is, such as query.page.
func (f *Field) Location() string {
	if f.In == Body {
		return "body"
	}
	return f.In.String() + "." + f.Key
}
