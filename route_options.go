package fasterapi

import (
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"time"

	"github.com/fasterapi/fasterapi/internal/bind"
	"github.com/fasterapi/fasterapi/internal/describe"
	"github.com/fasterapi/fasterapi/internal/mistake"
	"github.com/fasterapi/fasterapi/internal/overload"
	"github.com/fasterapi/fasterapi/openapi"
)

// RouteOption changes one route, or all routes of a group.
type RouteOption func(*options)

// options are what route options set.
type options struct {
	style   style
	class   overload.Class
	maxBody int64 // bytes; 0: the app's
	// strictBody refuses members of a JSON body that its type does not have.
	strictBody bool
	depends    []dependency
	// middleware is what the option Use adds.
	middleware []Middleware
	form       bind.FormLimits
	socket     socketOptions
	// status of a successful response; 0: what its type says.
	status int
	// declared are the responses besides the route's own, see Returns, and reads what else than
	// its input is read, see Reads.
	declared []*declared
	reads    []declaredInput
	// strictQuery refuses parameters that nobody has declared.
	strictQuery choice
	// details, hidden and security are for the document.
	details  describe.Details
	hidden   bool
	security []describedSecurity
	// wrong is what options have found wrong with what they were given.
	wrong mistake.List
}

// apply applies opts in their order.
func (o *options) apply(opts []RouteOption) {
	for _, opt := range opts {
		if o.wrong.Unless(opt != nil, "a route option is nil") {
			opt(o)
		}
	}
}

// With makes one option of several, applied in their order.
func With(opts ...RouteOption) RouteOption {
	opts = slices.Clone(opts)
	return func(o *options) { o.apply(opts) }
}

// Use adds middleware around a route, inside of that of the app and of its groups: the
// first one given is the outermost. Given to Group or to [App.Defaults] it is the same as
// their Use. WebSockets, mounted handlers and static files take it too.
//
//	app.Post("/auth/token", token, fasterapi.Use(middleware.RateLimit(perMinute)))
func Use(m ...Middleware) RouteOption {
	m = slices.Clone(m)
	wrong := checkMiddleware(m)
	return func(o *options) {
		o.wrong.Add(wrong)
		o.middleware = append(o.middleware[:len(o.middleware):len(o.middleware)], m...)
	}
}

// OnReactor runs the handler on the reactor, in a coroutine: fast, but it must
// not block. Awaiting futures is fine.
func OnReactor() RouteOption {
	return func(o *options) { o.style = onCoroutine }
}

// MaxBody bounds the request body of a route, in bytes; longer ones are
// answered with 413.
func MaxBody(bytes int64) RouteOption {
	return func(o *options) { o.maxBody = bytes }
}

// StrictBody refuses JSON bodies with members that the type of the body does
// not have. Without it they are ignored, like in FastAPI.
func StrictBody() RouteOption {
	return func(o *options) { o.strictBody = true }
}

// StrictQuery(true) answers 422 to requests whose query has a parameter that the route does not know, with its
// name and the nearest one that it does know: a misspelt filter is then no filter that is silently left
// out. Known are the query fields of the handler's input, of its providers and of functions given to
// Depends, credentials in the query, and what [Reads], [Describing] and [Operation] tell the document of.
// StrictQuery(false) is for routes of a service or group that is strict. Mounted handlers and static
// files read their queries themselves, so it does not hold for them. Default: Config.StrictQuery.
func StrictQuery(strict bool) RouteOption {
	return func(o *options) {
		if o.strictQuery = no; strict {
			o.strictQuery = yes
		}
	}
}

// choice is an option that may be left to the app.
type choice uint8

const (
	yes choice = iota + 1
	no
)

// or is the choice, and fallback where there is none.
func (c choice) or(fallback bool) bool {
	switch c {
	case yes:
		return true
	case no:
		return false
	}
	return fallback
}

// FormLimits bound what one form may cost; what is beyond is answered with 413
// or 422. The zero value of a field means its default.
type FormLimits struct {
	Parts       int    // fields and files of a multipart form; default 1000
	Files       int    // files of a multipart form; each may take a descriptor; default 100
	HeaderBytes int    // header of one part; default 16 KiB
	FieldBytes  int64  // names and values of all fields that are not files; default 1 MiB
	MemoryBytes int64  // uploads of a request that are kept in memory, together; default 256 KiB
	Dir         string // of temporary files; default os.TempDir()
}

// LimitForm bounds the forms of a route. The size of the whole body is bounded by
// [MaxBody].
func LimitForm(l FormLimits) RouteOption {
	return func(o *options) { o.form = bind.FormLimits(l) }
}

// The limits of WebSockets unless options say otherwise.
const (
	socketMaxMessage = 1 << 20
	socketPing       = 30 * time.Second
	socketPong       = 15 * time.Second
	socketClose      = 5 * time.Second
	socketWrite      = 30 * time.Second
	socketsMost      = 65_536 // of one core
)

// socketOptions are the options of a WebSocket's route.
type socketOptions struct {
	maxMessage   int64
	ping, pong   time.Duration
	origins      []string
	subprotocols []string
	compress     bool
}

// MaxMessage bounds a received message of a WebSocket, in bytes after
// decompression. A longer one closes it with 1009. Default 1 MiB.
func MaxMessage(bytes int64) RouteOption {
	return func(o *options) { o.socket.maxMessage = bytes }
}

// PingEvery sets how long a WebSocket may be silent before a ping is sent, and
// how long the answer may take before the connection is given up. Default 30 s
// and 15 s.
func PingEvery(silence, answer time.Duration) RouteOption {
	return func(o *options) { o.socket.ping, o.socket.pong = silence, answer }
}

// Origins lets pages of other hosts connect to a WebSocket: "example.com",
// "localhost:5173", "*.example.com" for all hosts below, "*" for any page,
// which is safe only when no cookie says who the user is. Without it only
// pages of the service's own host may, and programs, which send no Origin.
func Origins(hosts ...string) RouteOption {
	return func(o *options) { o.socket.origins = append(o.socket.origins, hosts...) }
}

// Subprotocols names the subprotocols that a WebSocket speaks, the preferred
// one first; [Socket.Subprotocol] is the one that the client offered too.
func Subprotocols(names ...string) RouteOption {
	return func(o *options) { o.socket.subprotocols = append(o.socket.subprotocols, names...) }
}

// CompressMessages lets clients negotiate permessage-deflate: messages from 1
// KiB on are compressed, each by itself, so that idle connections hold no
// window.
func CompressMessages() RouteOption { return func(o *options) { o.socket.compress = true } }

// What follows says what the OpenAPI document tells about a route, or, given to a group, about all its
// routes; so do Returns, Reads and DescribeSecurity (route_describe.go).

// Status is the status of the successful response, such as 201, instead of
// what its type says. A handler may still answer with another one.
func Status(status int) RouteOption {
	return func(o *options) { o.status = status }
}

// Summary is a line about the route. Default: made of the name of the handler, and of what
// the path names last when that name has one word: "List orders".
func Summary(text string) RouteOption {
	return func(o *options) { o.details.Summary = text }
}

// Description explains the route, in CommonMark.
func Description(text string) RouteOption {
	return func(o *options) { o.details.Description = text }
}

// Tags puts the route under these headings; those of its groups come first.
func Tags(names ...string) RouteOption {
	return func(o *options) {
		for _, name := range names {
			o.details.Tags = appendNew(o.details.Tags, name)
		}
	}
}

func appendNew(list []string, name string) []string {
	for _, known := range list {
		if known == name {
			return list
		}
	}
	return append(list[:len(list):len(list)], name)
}

// OperationID names the route for generated clients; two ids that differ only in case
// or in dashes and underscores are a mistake. Default: what OpenAPIConfig.OperationID
// returns, else method and path: getUsersById for GET /users/{id}.
func OperationID(id string) RouteOption {
	return func(o *options) { o.details.OperationID = id }
}

// Deprecated marks the route as one to move away from.
func Deprecated() RouteOption {
	return func(o *options) { o.details.Deprecated = true }
}

// Hidden leaves the route out of the document.
func Hidden() RouteOption {
	return func(o *options) { o.hidden = true }
}

// MoreAbout links to documentation elsewhere.
func MoreAbout(url, description string) RouteOption {
	return func(o *options) { o.details.ExternalDocs = &openapi.ExternalDocs{URL: url, Description: description} }
}

// RequestExample shows a request body, which becomes JSON, under a name. One that the
// route would refuse is a mistake of the registration.
func RequestExample(name string, body any) RouteOption {
	return func(o *options) {
		o.details.BodyExamples = append(o.details.BodyExamples, describe.NamedExample{Name: name, Value: body})
	}
}

// ResponseExample shows the body of a response with this status, or with status
// 0 that of the successful one.
func ResponseExample(name string, status int, body any) RouteOption {
	return func(o *options) {
		o.details.AnswerExamples = append(o.details.AnswerExamples,
			describe.AnswerExample{Status: status, NamedExample: describe.NamedExample{Name: name, Value: body}})
	}
}

// ResponseDescription says what the successful response is.
func ResponseDescription(text string) RouteOption {
	return func(o *options) { o.details.AnswerDescription = text }
}

// Operation changes what the document says about the route, after everything
// else.
func Operation(edit func(*openapi.Operation)) RouteOption {
	if edit == nil {
		return Mistake[RouteOption](errors.New("the function is nil"))
	}
	return func(o *options) { o.details.Edits = append(o.details.Edits, edit) }
}

// checkStatus reports a status that no response can have, and bounds that nothing is within.
func (o *options) checkStatus() error {
	if o.status != 0 && (o.status < 200 || o.status > 599) {
		return fmt.Errorf("Status(%d): a response has a status from 200 to 599", o.status)
	}
	for _, d := range o.declared {
		if err := d.check(); err != nil {
			return err
		}
	}
	if o.maxBody < 0 {
		return fmt.Errorf("MaxBody(%d): a bound is not negative", o.maxBody)
	}
	if f := o.form; min(int64(f.Parts), int64(f.Files), int64(f.HeaderBytes), f.FieldBytes, f.MemoryBytes) < 0 {
		return errors.New("LimitForm: a bound is not negative")
	}
	return nil
}

// givenOptions are those options of a route that do nothing on routes of another kind. A group gives them to routes
// of all kinds, so only what was given to the route itself is held against it.
//
// Owner: any (immutable after build).
type givenOptions struct {
	socket, strictQuery, strictBody, status bool
}

// given tells which of them o has.
func (o *options) given() givenOptions {
	return givenOptions{
		socket:      !reflect.ValueOf(o.socket).IsZero(),
		strictQuery: o.strictQuery == yes,
		strictBody:  o.strictBody,
		status:      o.status != 0,
	}
}

// misplaced finds options that somebody believes to be in force, and that the compiled route r cannot have.
func (r *route) misplaced() (errs []error) {
	_, isStatic := r.endpoint.(*static)
	foreign := r.isMounted() || isStatic
	refuse := func(given bool, text string) {
		if given {
			errs = append(errs, errors.New(text))
		}
	}
	refuse(r.own.socket && !r.isSocket(), "MaxMessage, PingEvery, Origins, Subprotocols and CompressMessages are for WebSockets, and this is none")
	refuse(r.own.strictQuery && foreign, "StrictQuery does not reach mounted handlers and files, which read their queries themselves: use middleware")
	refuse(r.own.strictBody && foreign, "StrictBody does not reach mounted handlers and files, which read no JSON here")
	refuse(r.own.status && (foreign || r.isSocket()), "Status is for handlers that return a value: mounted handlers, files and WebSockets answer with their own")
	refuse((r.method == http.MethodGet || r.method == http.MethodHead) && !r.isSocket() && r.facts != nil && r.facts.plan != nil && len(r.formFields()) > 0,
		"fields tagged form or file are read from the body, which "+r.method+" does not have: those of the query are tagged query")
	refuse(r.own.strictBody && r.readsNoJSON(), "StrictBody is for JSON, and the body of this route is a form, or raw: unknown fields of forms are ignored")
	return errs
}

// readsNoJSON tells whether r has a body that is something else.
func (r *route) readsNoJSON() bool {
	if r.facts == nil || r.facts.plan == nil || !r.facts.plan.NeedsBody() {
		return false
	}
	body := r.facts.plan.BodyField()
	return body == nil || body.Raw
}
