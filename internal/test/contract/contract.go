package contract

import (
	"bytes"
	"context"
	"encoding/json/v2"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// ErrNoOperation is returned by Check for requests that the document does not
// know.
var ErrNoOperation = errors.New("contract: the document has no such operation")

// ErrStatus is returned by Check for answers of success or redirection with a
// status that the document does not have: a handler chose it while it ran.
var ErrStatus = errors.New("contract: the document does not have this status")

// Contract is a document that answers are held against.
//
// Owner: any (immutable after New).
type Contract struct {
	router routers.Router
}

// New reads a document, and judges it and each of its schemas.
func New(text []byte) (*Contract, error) {
	doc, err := openapi3.NewLoader().LoadFromData(text)
	if err != nil {
		return nil, fmt.Errorf("contract: load the document: %w", err)
	}
	if err := doc.Validate(context.Background()); err != nil {
		return nil, fmt.Errorf("contract: the document is not valid: %w", err)
	}
	if err := compileSchemas(text); err != nil {
		return nil, err
	}
	router, err := gorillamux.NewRouter(doc)
	if err != nil {
		return nil, fmt.Errorf("contract: route by the document: %w", err)
	}
	return &Contract{router}, nil
}

// Valid30 judges a document of OpenAPI 3.0.
func Valid30(text []byte) error {
	doc, err := openapi3.NewLoader().LoadFromData(text)
	if err != nil {
		return fmt.Errorf("contract: load the document: %w", err)
	}
	if !strings.HasPrefix(doc.OpenAPI, "3.0.") {
		return fmt.Errorf("contract: the document is one of OpenAPI %s", doc.OpenAPI)
	}
	if err := doc.Validate(context.Background()); err != nil {
		return fmt.Errorf("contract: the document is not valid: %w", err)
	}
	return nil
}

// compileSchemas compiles every schema of the components, and every one that
// stands in an operation.
func compileSchemas(text []byte) error {
	const base = "mem:///openapi.json"
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return err
	}
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(jsonschema.Draft2020)
	compiler.AssertFormat()
	if err := compiler.AddResource(base, doc); err != nil {
		return err
	}
	var errs []error
	for _, pointer := range schemaPlaces(doc, "") {
		if _, err := compiler.Compile(base + "#" + pointer); err != nil {
			errs = append(errs, fmt.Errorf("contract: the schema at %s: %w", pointer, err))
		}
	}
	return errors.Join(errs...)
}

// schemaPlaces returns the JSON pointers of all schemas.
func schemaPlaces(v any, at string) (places []string) {
	switch v := v.(type) {
	case map[string]any:
		for name, member := range v {
			place := at + "/" + strings.NewReplacer("~", "~0", "/", "~1", "%", "%25", "{", "%7B", "}", "%7D").Replace(name)
			switch {
			case name == "schema" || name == "itemSchema":
				places = append(places, place)
			case place == "/components/schemas":
				for schema := range member.(map[string]any) {
					places = append(places, place+"/"+schema)
				}
			default:
				places = append(places, schemaPlaces(member, place)...)
			}
		}
	case []any:
		for i, item := range v {
			places = append(places, schemaPlaces(item, fmt.Sprintf("%s/%d", at, i))...)
		}
	}
	return places
}

// Answer is what a service answered.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Check holds the answer to request against the document.
func (c *Contract) Check(request *http.Request, answer Answer) error {
	clean := request.Clone(request.Context())
	clean.URL.Scheme, clean.URL.Host, clean.Host = "", "", ""
	route, params, err := c.router.FindRoute(clean)
	if err != nil {
		return ErrNoOperation
	}
	input := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: clean, PathParams: params, Route: route},
		Status:                 answer.Status, Header: answer.Header, Body: io.NopCloser(bytes.NewReader(answer.Body)),
		Options: &openapi3filter.Options{IncludeResponseStatus: true},
	}
	if answer.Status < 400 && route.Operation.Responses.Status(answer.Status) == nil {
		return fmt.Errorf("%s %s: %w: %d", request.Method, request.URL.Path, ErrStatus, answer.Status)
	}
	if promisesText(route, answer) {
		return nil // there is no decoder for texts beside text/plain, and nothing to decode
	}
	if err := openapi3filter.ValidateResponse(request.Context(), input); err != nil {
		return fmt.Errorf("contract: %s %s: %w", request.Method, request.URL.Path, err)
	}
	return nil
}

// promisesText tells whether the document promises this text.
func promisesText(route *routers.Route, answer Answer) bool {
	contentType, _, _ := strings.Cut(answer.Header.Get("Content-Type"), ";")
	response := route.Operation.Responses.Status(answer.Status)
	return strings.HasPrefix(contentType, "text/") && response != nil && response.Value.Content[contentType] != nil
}

// CheckRequest holds a request against the document.
func (c *Contract) CheckRequest(request *http.Request) error {
	clean := request.Clone(request.Context())
	clean.URL.Scheme, clean.URL.Host, clean.Host = "", "", ""
	route, params, err := c.router.FindRoute(clean)
	if err != nil {
		return ErrNoOperation
	}
	return openapi3filter.ValidateRequest(request.Context(), &openapi3filter.RequestValidationInput{
		Request: clean, PathParams: params, Route: route,
		Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc},
	})
}

// Operations counts the operations of a document, so that a test can tell that
// it has looked at something.
func Operations(text []byte) (n int, err error) {
	var doc struct {
		Paths map[string]map[string]any `json:"paths"`
	}
	err = json.Unmarshal(text, &doc)
	for _, item := range doc.Paths {
		n += len(item)
	}
	return n, err
}
