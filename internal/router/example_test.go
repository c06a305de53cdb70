package router_test

import (
	"fmt"

	"github.com/fasterapi/fasterapi/internal/router"
)

func Example() {
	var b router.Builder[string]
	b.Add("GET", router.ParsePattern("/users/{id}"), "one user", "main.go:10")
	b.Add("GET", router.ParsePattern("/users/me"), "myself", "main.go:11")
	r, err := b.Build()
	if err != nil {
		fmt.Println(err)
		return
	}
	var ps router.Params
	m := r.Match([]byte("GET"), []byte("/users/42"), &ps)
	fmt.Printf("%s: %s = %s\n", m.Route.Value, ps.Name(0), ps.Value(0))
	m = r.Match([]byte("GET"), []byte("/users/me"), &ps)
	fmt.Println(m.Route.Value)
	m = r.Match([]byte("POST"), []byte("/users/me"), &ps)
	fmt.Println(m.Allow)
	// Output:
	// one user: id = 42
	// myself
	// GET, HEAD, OPTIONS
}

func ExampleBuilder_Build_conflict() {
	var b router.Builder[int]
	b.Add("GET", router.ParsePattern("/{a}/b"), 1, "main.go:10")
	b.Add("GET", router.ParsePattern("/a/{b}"), 2, "main.go:11")
	_, err := b.Build()
	fmt.Println(err)
	// Output:
	// router: 1 mistakes in the routes
	// 	GET /a/{b} (main.go:11): overlaps with GET /{a}/b (main.go:10): both match some requests and neither is more specific
}
