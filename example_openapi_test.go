package fasterapi_test

import (
	"fmt"
	"path"

	"github.com/fasterapi/fasterapi"
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
