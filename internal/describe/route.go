package describe

import (
	"reflect"

	"github.com/fasterapi/fasterapi/internal/bind"
	"github.com/fasterapi/fasterapi/internal/router"
	"github.com/fasterapi/fasterapi/internal/schema"
	"github.com/fasterapi/fasterapi/openapi"
)

// Route is a route as the document sees it.
type Route struct {
	Method  string
	Pattern router.Pattern // the zero value of a webhook
	Site    string         // file:line of the registration, for mistakes
	Handler string         // name of the handler function, see HandlerName; empty: it has none
	ID      string         // the operation id that the app chooses; empty: that of ID
	Fields  []*bind.Field  // all that the request is read into, also by dependencies
	// Fallible: some request is answered with 422, because of what Fields ask for.
	Fallible bool
	Answers  []Answer // of success first; problems that every route may have are added
	Details  Details
	// Security lists alternatives, each of schemes that are all needed.
	Security [][]openapi.SecurityUse
	// Webhook is the name of a webhook; empty: it is a route.
	Webhook string
	// Socket is set for a WebSocket.
	Socket *Socket
}

// reads is the way of what the route reads. A webhook is a request that the service makes.
func (r *Route) reads() schema.Direction {
	if r.Webhook != "" {
		return schema.Out
	}
	return schema.In
}

// writes is the way of what the route answers.
func (r *Route) writes() schema.Direction {
	if r.Webhook != "" {
		return schema.In
	}
	return schema.Out
}

// Socket is what the document tells about the messages of a WebSocket. OpenAPI
// has no words for them, so the extension x-websocket holds their schemas.
type Socket struct {
	FromClient, FromServer Message
	Subprotocols           []string // the preferred one first
}

// Message is what a WebSocket sends or receives.
type Message struct {
	Type   reflect.Type    // of what is JSON
	Schema *openapi.Schema // instead of Type
}

// Details are what the options of a route say. The zero value says nothing.
type Details struct {
	Summary, Description string
	OperationID          string
	Tags                 []string
	Deprecated           bool
	ExternalDocs         *openapi.ExternalDocs
	BodyExamples         []NamedExample
	AnswerExamples       []AnswerExample
	AnswerDescription    string // of the successful answer
	Edits                []func(*openapi.Operation)
}

// NamedExample is an example of a body.
type NamedExample struct {
	Name  string
	Value any
}

// AnswerExample is an example of an answer.
type AnswerExample struct {
	Status int // 0: the successful one
	NamedExample
}

// Answer is one way in which a route answers.
type Answer struct {
	Status      int
	Description string // default: the text of the status
	ContentType string // empty: no body
	Type        reflect.Type
	Schema      *openapi.Schema // instead of Type; nil with a nil Type: any bytes
	// Item is the type of the items of a stream, which OpenAPI 3.2 can describe.
	Item reflect.Type
	// Problem: the body is a problem, in the form that the service gives them.
	Problem bool
	Headers openapi.Map[*openapi.Header]
	// Fields are header fields whose schemas are those of Go types.
	Fields []HeaderField
	// AnyRedirect: the value decides which redirect it is, so the status stands for 3XX.
	AnyRedirect bool
}

// HeaderField is a header field of an answer.
type HeaderField struct {
	Name     string
	Type     reflect.Type
	Tag      reflect.StructTag // of its struct field: doc, example, constraints
	HTTPDate bool              // a time that is written as an HTTP date
	Required bool
}
