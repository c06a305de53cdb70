package bind_test

import (
	"fmt"

	"github.com/fasterapi/fasterapi/internal/bind"
)

type listUsers struct {
	Org    string   `path:"org"`
	Page   int      `query:"page" default:"1"`
	Tags   []string `query:"tag"`
	Client string   `header:"User-Agent"`
}

func ExampleFor() {
	binder, errs := bind.For[listUsers](bind.Options{PathParams: []string{"org"}})
	if len(errs) > 0 {
		fmt.Println(errs)
		return
	}
	in, prob := binder.Bind(newRequest(path("acme"), query("tag=new,vip&tag=eu"), header("User-Agent", "curl")))
	fmt.Printf("%+v %v\n", in, prob == nil)

	_, prob = binder.Bind(newRequest(path("acme"), query("page=two")))
	fmt.Printf("%s\n", prob.AppendJSON(nil))
	// Output:
	// {Org:acme Page:1 Tags:[new vip eu] Client:curl} true
	// {"title":"Unprocessable Content","status":422,"detail":"the request is not valid","errors":[{"location":"query.page","message":"must be an integer","value":"two"}]}
}

func ExampleCompile_mistakes() {
	type input struct {
		ID   int64    `path:"user"`
		Chan chan int `query:"chan"`
	}
	_, errs := bind.For[input](bind.Options{PathParams: []string{"id"}})
	for _, err := range errs {
		fmt.Println(err)
	}
	// Output:
	// field ID: the route has no path parameter "user"
	// field Chan: the type chan int is not supported
}
