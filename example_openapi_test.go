package fasterapi_test

import (
	"context"
	"encoding/json/jsontext"
	"fmt"
	"path"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/openapi"
)

// What is known of the routes: for a tool, a start-up log, a test that looks for routes
// without tags.
func ExampleApp_Routes() {
	app := fasterapi.New(fasterapi.Config{})
	Items(app.Group("/items", fasterapi.Tags("items")))
	for _, r := range app.Routes() {
		fmt.Println(r.Method, r.Pattern, r.OperationID, r.Tags)
	}
	// Output:
	// GET /items getItems [items]
	// GET /items/{name} getItemsByName [items]
}

// snippet: operation-ids

func listItems(*fasterapi.Ctx, fasterapi.None) ([]string, error) { return []string{"spoon"}, nil }

// byHandler names operations after package and name of their handlers. A closure has no
// name: its route keeps the id made of method and path.
func byHandler(r fasterapi.RouteInfo) string {
	if r.Name == "" {
		return ""
	}
	return path.Base(r.Package) + "_" + r.Name
}

func newItems() *fasterapi.App {
	app := fasterapi.New(fasterapi.Config{OpenAPI: fasterapi.OpenAPIConfig{OperationID: byHandler}})
	app.Get("/items", listItems)
	app.Get("/items/{name}", func(*fasterapi.Ctx, fasterapi.None) (string, error) { return "spoon", nil })
	app.Delete("/items", listItems, fasterapi.OperationID("deleteItems"))
	return app
}

// end snippet

// The ids of operations, which name the methods of generated clients, by a rule of your own.
func ExampleRouteInfo() {
	for _, r := range newItems().Routes() {
		fmt.Println(r, r.OperationID)
	}
	// Output:
	// GET /items fasterapi_test_listItems
	// GET /items/{name} getItemsByName
	// DELETE /items deleteItems
}

// snippet: described

// ProjectKey is the short name of a project. Its schema is a component of the document, and
// checked wherever a request has a ProjectKey.
type ProjectKey string

func (ProjectKey) JSONSchema() *openapi.Schema {
	return &openapi.Schema{
		Types: openapi.Types{"string"}, Pattern: "^[A-Z]{2,8}$",
		Description: "The short name of a project.", Examples: []jsontext.Value{jsontext.Value(`"DOCS"`)},
	}
}

type getProject struct {
	Key ProjectKey `path:"key"`
}

// end snippet

// Types that give their own schema: openapi.Described.
func ExampleApp_OpenAPI_described() {
	app := fasterapi.New(fasterapi.Config{Cores: 1})
	defer app.Stop(context.Background())
	app.Get("/projects/{key}", func(_ *fasterapi.Ctx, in getProject) (ProjectKey, error) { return in.Key, nil })
	doc, err := app.OpenAPI()
	fmt.Println(doc.Paths[0].Value.Get.Parameters[0].Schema.Ref, doc.Components.Schemas.Get("ProjectKey").Pattern == ProjectKey("").JSONSchema().Pattern, err)
	request(app, "GET", "/projects/DOCS", "")
	request(app, "GET", "/projects/docs", "")
	// Output:
	// #/components/schemas/ProjectKey true <nil>
	// 200 "DOCS"
	// 422 {"title":"Unprocessable Content","status":422,"detail":"the request is not valid","errors":[{"location":"path.key","message":"must match the pattern ^[A-Z]{2,8}$","value":"docs"}]}
}
