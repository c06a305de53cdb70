package fasterapi_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing/fstest"
	"time"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"
	"github.com/google/uuid"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/problem"
)

// An input struct says where each field comes from and what it must be like; one
// answer lists everything that is wrong.
func ExampleApp_Post() {
	type Item struct {
		Name  string   `json:"name" minLength:"1" maxLength:"80"`
		Price float64  `json:"price" exclusiveMinimum:"0"`
		Tags  []string `json:"tags" maxItems:"3" uniqueItems:"true" required:"false"`
	}
	type NewOrder struct {
		Shop  string `path:"shop" pattern:"^[a-z]+$"`
		Draft bool   `query:"draft"`
		Order struct {
			Email string `json:"email" format:"email"`
			Items []Item `json:"items" minItems:"1"`
		} `body:""`
	}
	app := fasterapi.New(fasterapi.Config{Cores: 1})
	defer app.Stop(context.Background())
	app.Post("/{shop}/orders", func(c *fasterapi.Ctx, in NewOrder) (fasterapi.Text, error) {
		return fasterapi.Text(fmt.Sprintf("%d items at %s, draft: %t", len(in.Order.Items), in.Shop, in.Draft)), nil
	})

	request(app, "POST", "/books/orders?draft=yes", `{"email":"ann@example.org","items":[{"name":"Go","price":30}]}`,
		"Content-Type", "application/json")
	request(app, "POST", "/BOOKS/orders", `{"email":"ann","items":[{"name":"Go","price":-1},{"price":1}]}`,
		"Content-Type", "application/json")
	// Output:
	// 200 1 items at books, draft: true
	// 422 {"title":"Unprocessable Content","status":422,"detail":"the request is not valid","errors":[{"location":"path.shop","message":"must match the pattern ^[a-z]+$","value":"BOOKS"},{"location":"body.email","message":"must be an email address","value":"ann"},{"location":"body.items[0].price","message":"must be greater than 0","value":-1},{"location":"body.items[1].name","message":"is required"}]}
}

// Opt tells a member that is absent from one that is null: what a PATCH needs.
func ExampleOpt() {
	type PatchUser struct {
		Name  fasterapi.Opt[string] `json:"name,omitzero" maxLength:"80"`
		Email fasterapi.Opt[string] `json:"email,omitzero" format:"email"`
	}
	app := fasterapi.New(fasterapi.Config{Cores: 1})
	defer app.Stop(context.Background())
	app.Patch("/users/{id}", func(c *fasterapi.Ctx, in struct {
		ID   int64     `path:"id"`
		Body PatchUser `body:""`
	},
	) (fasterapi.Text, error) {
		var changes []string
		if name, ok := in.Body.Name.Get(); ok {
			changes = append(changes, "name becomes "+name)
		}
		if in.Body.Email.IsNull() {
			changes = append(changes, "email is deleted")
		}
		return fasterapi.Text(strings.Join(changes, ", ")), nil
	})

	request(app, "PATCH", "/users/7", `{"name":"Ann"}`, "Content-Type", "application/json")
	request(app, "PATCH", "/users/7", `{"email":null}`, "Content-Type", "application/json")
	// Output:
	// 200 name becomes Ann
	// 200 email is deleted
}

// A form with a file: FastAPI's Form() and UploadFile.
func ExampleUpload() {
	app := fasterapi.New(fasterapi.Config{Cores: 1})
	defer app.Stop(context.Background())
	app.Post("/photos", func(c *fasterapi.Ctx, in struct {
		Title string           `form:"title" maxLength:"80"`
		Photo fasterapi.Upload `file:"photo" accept:"image/*, text/plain" maxBytes:"10000000"`
	},
	) (fasterapi.Text, error) {
		begin := make([]byte, 5)
		if _, err := io.ReadFull(in.Photo.Open(), begin); err != nil {
			return "", err
		}
		return fasterapi.Text(fmt.Sprintf("%s: %s, %d bytes, begins with %q", in.Title, in.Photo.Name, in.Photo.Size, begin)), nil
	}, fasterapi.MaxBody(20<<20))

	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	_ = form.WriteField("title", "My cat")
	part, _ := form.CreateFormFile("photo", "cat.txt")
	_, _ = io.WriteString(part, "meow, meow")
	_ = form.Close()
	text := strings.Replace(body.String(), "application/octet-stream", "text/plain", 1)
	request(app, "POST", "/photos", text, "Content-Type", form.FormDataContentType())
	request(app, "POST", "/photos", body.String(), "Content-Type", form.FormDataContentType())
	// Output:
	// 200 My cat: cat.txt, 10 bytes, begins with "meow,"
	// 422 {"title":"Unprocessable Content","status":422,"detail":"the request is not valid","errors":[{"location":"file.photo","message":"must be one of: image/*, text/plain","value":"application/octet-stream"}]}
}

// A service is an app, handlers and their inputs; Run serves it.
func Example() {
	type Hello struct {
		Name string `path:"name"`
		Loud bool   `query:"loud"`
	}
	app := fasterapi.New(fasterapi.Config{Cores: 1}) // then app.Run()
	defer app.Stop(context.Background())
	app.Get("/hello/{name}", func(c *fasterapi.Ctx, in Hello) (map[string]string, error) {
		if in.Loud {
			return map[string]string{"message": "HELLO " + in.Name}, nil
		}
		return map[string]string{"message": "hello " + in.Name}, nil
	})

	request(app, "GET", "/hello/ann", "")
	request(app, "GET", "/hello/ann?loud=yes", "")
	request(app, "GET", "/hello/ann?loud=maybe", "")
	// Output:
	// 200 {"message":"hello ann"}
	// 200 {"message":"HELLO ann"}
	// 422 {"title":"Unprocessable Content","status":422,"detail":"the request is not valid","errors":[{"location":"query.loud","message":"must be a boolean: true or false","value":"maybe"}]}
}

// Model is an enumeration: its values are checked and documented.
type Model string

func (Model) Enum() []any { return []any{"alexnet", "resnet"} }

// Path and query parameters: types, numeric and text checks, enumerations, lists,
// defaults, and a wildcard for the rest of a path.
func ExampleApp_Get() {
	type Search struct {
		Model Model    `path:"model"`
		Query string   `query:"q" minLength:"3" maxLength:"50" pattern:"^[a-z]+$"`
		Limit int      `query:"limit" minimum:"1" maximum:"100" default:"10" doc:"most results"`
		Size  *float64 `query:"size" exclusiveMinimum:"0"` // nil: not given
		Tags  []string `query:"tag" maxItems:"3"`
	}
	app := fasterapi.New(fasterapi.Config{Cores: 1})
	defer app.Stop(context.Background())
	app.Get("/models/{model}", func(c *fasterapi.Ctx, in Search) (fasterapi.Text, error) {
		return fasterapi.Text(fmt.Sprintln(in.Model, in.Query, in.Limit, in.Size == nil, in.Tags)), nil
	})
	app.Get("/files/{path...}", func(c *fasterapi.Ctx, in struct {
		Path string `path:"path"`
	},
	) (fasterapi.Text, error) {
		return fasterapi.Text(in.Path), nil
	})

	request(app, "GET", "/models/resnet?q=cats&tag=a&tag=b,c", "")
	request(app, "GET", "/models/vgg?q=Cats&limit=0&size=0", "")
	request(app, "GET", "/files/home/ann/notes.txt", "")
	// Output:
	// 200 resnet cats 10 true [a b c]
	//
	// 422 {"title":"Unprocessable Content","status":422,"detail":"the request is not valid","errors":[{"location":"path.model","message":"must be one of: alexnet, resnet","value":"vgg"},{"location":"query.q","message":"must match the pattern ^[a-z]+$","value":"Cats"},{"location":"query.limit","message":"must be at least 1","value":"0"},{"location":"query.size","message":"must be greater than 0","value":"0"}]}
	// 200 home/ann/notes.txt
}

// Paging is a model of query parameters: inputs embed what they share.
type Paging struct {
	Offset int `query:"offset" minimum:"0"`
	Limit  int `query:"limit" minimum:"1" maximum:"100" default:"20"`
}

// Models of parameters are embedded structs; headers and cookies are fields like
// all others.
func ExampleApp_Get_models() {
	type Client struct {
		Agent   string   `header:"User-Agent"`
		Tokens  []string `header:"X-Token"`
		Session string   `cookie:"session"`
	}
	type ListUsers struct {
		Paging
		Client
	}
	app := fasterapi.New(fasterapi.Config{Cores: 1})
	defer app.Stop(context.Background())
	app.Get("/users", func(c *fasterapi.Ctx, in ListUsers) (fasterapi.Text, error) {
		return fasterapi.Text(fmt.Sprint(in.Offset, " ", in.Limit, " ", in.Agent, " ", in.Tokens, " ", in.Session)), nil
	})

	request(app, "GET", "/users?offset=40", "", "User-Agent", "curl", "X-Token", "a, b", "Cookie", "session=s1")
	// Output: 200 40 20 curl [a b] s1
}

// Types beyond the basic ones: identifiers, times, durations, addresses, and all
// that reads itself from text.
func ExampleApp_Get_types() {
	type Ban struct {
		User  uuid.UUID     `path:"user"`
		From  netip.Addr    `query:"from"`
		Until time.Time     `query:"until"`
		Every time.Duration `query:"every" default:"24h"`
	}
	app := fasterapi.New(fasterapi.Config{Cores: 1})
	defer app.Stop(context.Background())
	app.Get("/ban/{user}", func(c *fasterapi.Ctx, in Ban) (fasterapi.Text, error) {
		return fasterapi.Text(fmt.Sprint(in.User, " ", in.From, " ", in.Until.Year(), " ", in.Every)), nil
	})

	request(app, "GET", "/ban/2d1c9a4e-97b4-4a7b-8d5b-111111111111?from=192.0.2.1&until=2030-01-02T00:00:00Z", "")
	// Output: 200 2d1c9a4e-97b4-4a7b-8d5b-111111111111 192.0.2.1 2030 24h0m0s
}

// Image and Offer are nested models; lists, maps and sets of models are types too.
type (
	Image struct {
		URL  string `json:"url" format:"uri"`
		Name string `json:"name"`
	}
	Offer struct {
		Name   string            `json:"name" minLength:"1"`
		Price  float64           `json:"price" exclusiveMinimum:"0"`
		Images []Image           `json:"images,omitempty" maxItems:"3"`
		Sizes  []string          `json:"sizes,omitempty" uniqueItems:"true" enum:"S,M,L"`
		Notes  map[string]string `json:"notes,omitempty"`
	}
)

// Nested models are checked to their leaves, in one pass over the body.
func ExampleApp_Put() {
	app := fasterapi.New(fasterapi.Config{Cores: 1})
	defer app.Stop(context.Background())
	app.Put("/offers/{id}", func(c *fasterapi.Ctx, in struct {
		ID    int64 `path:"id"`
		Offer Offer `body:""`
	},
	) (Offer, error) {
		return in.Offer, nil
	})

	request(app, "PUT", "/offers/1", `{"name":"Shirt","price":9.5,"images":[{"url":"https://example.org/a.png","name":"front"}],"sizes":["M"]}`,
		"Content-Type", "application/json")
	request(app, "PUT", "/offers/x", `{"name":"","images":[{"url":"a.png"}],"sizes":["M","M","XL"]}`, "Content-Type", "application/json")
	// Output:
	// 200 {"name":"Shirt","price":9.5,"images":[{"url":"https://example.org/a.png","name":"front"}],"sizes":["M"]}
	// 422 {"title":"Unprocessable Content","status":422,"detail":"the request is not valid","errors":[{"location":"path.id","message":"must be an integer","value":"x"},{"location":"body.name","message":"must have at least 1 character","value":""},{"location":"body.images[0].url","message":"must be an absolute URI","value":"a.png"},{"location":"body.images[0].name","message":"is required"},{"location":"body.sizes[2]","message":"must be one of: S, M, L","value":"XL"},{"location":"body.sizes","message":"must not have the same item twice"},{"location":"body.price","message":"is required"}]}
}

// Shape is a union: the member "kind" says which of its types the body is.
type (
	Shape  struct{ fasterapi.Union[Shape] }
	Circle struct {
		Kind   string  `json:"kind"`
		Radius float64 `json:"radius" exclusiveMinimum:"0"`
	}
	Square struct {
		Kind string  `json:"kind"`
		Side float64 `json:"side" exclusiveMinimum:"0"`
	}
)

func (Shape) OneOf() fasterapi.Choice {
	return fasterapi.Choice{Discriminator: "kind", Variants: []fasterapi.Variant{
		fasterapi.VariantOf[Circle]("circle"), fasterapi.VariantOf[Square]("square"),
	}}
}

// What Python writes as Circle | Square is a Union.
func ExampleUnion() {
	app := fasterapi.New(fasterapi.Config{Cores: 1})
	defer app.Stop(context.Background())
	app.Post("/area", func(c *fasterapi.Ctx, in struct {
		Shape Shape `body:""`
	},
	) (fasterapi.Text, error) {
		switch shape := in.Shape.Of.(type) {
		case Circle:
			return fasterapi.Text(fmt.Sprintf("%.2f", shape.Radius*shape.Radius*3.14159)), nil
		case Square:
			return fasterapi.Text(fmt.Sprintf("%.2f", shape.Side*shape.Side)), nil
		}
		return "", nil
	})

	request(app, "POST", "/area", `{"kind":"square","side":2}`, "Content-Type", "application/json")
	request(app, "POST", "/area", `{"kind":"circle","radius":-1}`, "Content-Type", "application/json")
	// Output:
	// 200 4.00
	// 422 {"title":"Unprocessable Content","status":422,"detail":"the request is not valid","errors":[{"location":"body.radius","message":"must be greater than 0","value":-1}]}
}

// StrictBody refuses members that the type does not have, like pydantic's
// extra="forbid".
func ExampleStrictBody() {
	app := fasterapi.New(fasterapi.Config{Cores: 1})
	defer app.Stop(context.Background())
	app.Post("/images", func(c *fasterapi.Ctx, in struct {
		Image Image `body:""`
	},
	) (fasterapi.None, error) {
		return fasterapi.None{}, nil
	}, fasterapi.StrictBody())

	request(app, "POST", "/images", `{"url":"https://example.org/","name":"a","size":3}`, "Content-Type", "application/json")
	// Output:
	// 422 {"title":"Unprocessable Content","status":422,"detail":"the request is not valid","errors":[{"location":"body.size","message":"is not known"}]}
}

// snippet: tags
// NewTask is a body: what its members are like.
type NewTask struct {
	Title    string        `json:"title" minLength:"1" maxLength:"80" doc:"one line" example:"water the plants"`
	Priority string        `json:"priority" enum:"low,normal,high" default:"normal"`
	Labels   []string      `json:"labels" maxItems:"3" uniqueItems:"true" maxLength:"20" required:"false"` // maxLength: of each
	Effort   time.Duration `json:"effort" minimum:"1m" maximum:"8h" default:"30m"`
	Notify   *string       `json:"notify" format:"email"` // a pointer: absent or null is nil
	Secret   string        `json:"secret" format:"password" required:"false"`
}

// AddTask is an input: where its fields come from.
type AddTask struct {
	List    string   `path:"list" pattern:"^[a-z-]{1,20}$"`
	Dry     bool     `query:"dry"`
	Watch   []string `query:"watch" maxItems:"5"` // ?watch=a&watch=b, or ?watch=a,b
	Key     string   `header:"Idempotency-Key" required:"true" format:"uuid"`
	Session string   `cookie:"session"`
	Task    NewTask  `body:""`
	Store   *Tasks   `inject:""`
}

// end snippet

// Tasks is a store of the example.
type Tasks struct{ names []string }

func addTask(_ *fasterapi.Ctx, in AddTask) (fasterapi.Text, error) {
	in.Store.names = append(in.Store.names, in.Task.Title)
	return fasterapi.Text(fmt.Sprintf("%s: %s, %s, %v, dry %t, watched by %q", in.List, in.Task.Title, in.Task.Priority, in.Task.Effort, in.Dry, in.Watch)), nil
}

// The tags of an input say where values come from, those of a body what they are like.
func Example_tags() {
	app := fasterapi.New(fasterapi.Config{Cores: 1})
	defer app.Stop(context.Background())
	app.Provide(&Tasks{})
	app.Post("/lists/{list}", addTask)

	const key = "01890a5d-ac96-774b-bcce-b302099a8057"
	request(app, "POST", "/lists/garden?watch=ann,bob", `{"title":"water"}`, "Content-Type", "application/json", "Idempotency-Key", key)
	request(app, "POST", "/lists/Garden", `{"title":"","labels":["a","a"],"effort":"9h","secret":7}`, "Content-Type", "application/json")
	// Output:
	// 200 garden: water, normal, 30m0s, dry false, watched by ["ann" "bob"]
	// 422 {"title":"Unprocessable Content","status":422,"detail":"the request is not valid","errors":[{"location":"path.list","message":"must match the pattern ^[a-z-]{1,20}$","value":"Garden"},{"location":"header.Idempotency-Key","message":"is required"},{"location":"body.title","message":"must have at least 1 character","value":""},{"location":"body.labels","message":"must not have the same item twice"},{"location":"body.effort","message":"must be at most 8h","value":"9h"},{"location":"body.secret","message":"must be a string"}]}
}

// answered prints the status of an answer and some of its fields.
func answered(app *fasterapi.App, r *http.Request, names ...string) {
	w := httptest.NewRecorder()
	app.Handler().ServeHTTP(w, r)
	fmt.Print(w.Code)
	for _, name := range names {
		fmt.Printf(" %s: %q", name, w.Header().Get(name))
	}
	fmt.Println()
}

// snippet: blank-form

// Signup is a form. A browser sends all of its inputs, also those that were left blank.
type Signup struct {
	Name  string    `form:"name" required:"true" minLength:"1"` // blank is a 422: "is required"
	Age   *int      `form:"age" minimum:"18"`                   // nil when blank
	Seats int       `form:"seats" default:"1"`                  // 1 when blank
	Born  time.Time `form:"born"`                               // zero when blank
	Note  string    `form:"note"`                               // "" when blank
}

func signUp(_ *fasterapi.Ctx, in Signup) (fasterapi.Text, error) {
	return fasterapi.Text(fmt.Sprintf("%s: no age %v, seats %d, no date of birth %v", in.Name, in.Age == nil, in.Seats, in.Born.IsZero())), nil
}

// end snippet

// Forms as browsers send them.
func Example_blankForm() {
	app := fasterapi.New(fasterapi.Config{Cores: 1})
	defer app.Stop(context.Background())
	app.Post("/signup", signUp)

	form := []string{"Content-Type", "application/x-www-form-urlencoded"}
	request(app, "POST", "/signup", "name=Ada&age=&seats=&born=&note=", form...)
	request(app, "POST", "/signup", "name=&age=&seats=&born=&note=", form...)
	// Output:
	// 200 Ada: no age true, seats 1, no date of birth true
	// 422 {"title":"Unprocessable Content","status":422,"detail":"the request is not valid","errors":[{"location":"form.name","message":"is required"}]}
}

// snippet: coded-body

// Import is a body that clients may send with gzip.
type Import struct {
	Coding string `header:"Content-Encoding"` // with this field the body is not refused
	Data   []byte `body:"raw"`
}

// imported decodes at most 1 MiB: a kilobyte of gzip may hold a megabyte.
func imported(_ *fasterapi.Ctx, in Import) (fasterapi.Text, error) {
	const most = 1 << 20
	var from io.Reader = bytes.NewReader(in.Data)
	switch in.Coding {
	case "", "identity":
	case "gzip", "x-gzip":
		decoder, err := gzip.NewReader(from)
		if err != nil {
			return "", problem.BadRequest("the body is not valid gzip")
		}
		from = decoder
	default:
		return "", problem.UnsupportedMediaType("the body must be gzip or as it is").WithHeader("Accept-Encoding", "gzip, identity")
	}
	data, err := io.ReadAll(io.LimitReader(from, most+1))
	switch {
	case err != nil:
		return "", problem.BadRequest("the body is not complete")
	case len(data) > most:
		return "", problem.TooLarge("the body is too large when it is decoded")
	}
	return fasterapi.Text(data), nil
}

// end snippet

// Bodies with a content coding.
func Example_codedBody() {
	app := fasterapi.New(fasterapi.Config{Cores: 1})
	defer app.Stop(context.Background())
	app.Post("/import", imported)
	app.Post("/signup", signUp)

	var coded bytes.Buffer
	encoder := gzip.NewWriter(&coded)
	_, _ = encoder.Write([]byte("a;b;c"))
	_ = encoder.Close()
	request(app, "POST", "/import", coded.String(), "Content-Encoding", "gzip")
	r := httptest.NewRequest("POST", "/signup", &coded)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Content-Encoding", "br")
	r.Body, r.ContentLength = io.NopCloser(strings.NewReader("x")), 1
	answered(app, r, "Accept-Encoding")
	// Output:
	// 200 a;b;c
	// 415 Accept-Encoding: "identity"
}

// snippet: stream-head

// export opens its report before it returns: so GET and HEAD of one that is not there
// are both a 404. What the Stream does itself, HEAD never meets.
func export(_ *fasterapi.Ctx, in struct {
	Name string `path:"name"`
},
) (fasterapi.Stream, error) {
	report, ok := reports[in.Name]
	if !ok {
		return fasterapi.Stream{}, problem.NotFound("there is no such report")
	}
	return fasterapi.Stream{ContentType: "text/csv", Reader: strings.NewReader(report)}, nil
}

// end snippet

var reports = map[string]string{"may": "1;2"}

// HEAD of streams.
func Example_head() {
	app := fasterapi.New(fasterapi.Config{Cores: 1})
	defer app.Stop(context.Background())
	app.Get("/reports/{name}", export)

	for _, target := range []string{"/reports/may", "/reports/june"} {
		for _, method := range []string{"GET", "HEAD"} {
			answered(app, httptest.NewRequest(method, target, nil), "Content-Type")
		}
	}
	// Output:
	// 200 Content-Type: "text/csv"
	// 200 Content-Type: "text/csv"
	// 404 Content-Type: "application/problem+json"
	// 404 Content-Type: "application/problem+json"
}

// snippet: redirects
func orders(app *fasterapi.App) {
	app.Post("/orders", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Redirect, error) {
		// 303: the browser asks for the order with GET, and a reload does not order again.
		return fasterapi.Redirect{Location: "/orders/7 of Zoë", Status: http.StatusSeeOther}, nil
	})
	app.Get("/orders/{id}", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Text, error) { return "seven", nil })
}

// end snippet

// Redirects, and the two spellings of a path.
func Example_redirects() {
	app := fasterapi.New(fasterapi.Config{Cores: 1})
	defer app.Stop(context.Background())
	orders(app)

	answered(app, httptest.NewRequest("POST", "/orders", nil), "Location")
	answered(app, httptest.NewRequest("GET", "/orders/7/?full=1", nil), "Location", "Cache-Control")
	// Output:
	// 303 Location: "/orders/7%20of%20Zo%C3%AB"
	// 308 Location: "../7?full=1" Cache-Control: "no-cache"
}

// snippet: single-page
func userInterface(app *fasterapi.App, site fs.FS) {
	app.Get("/api/users/{id}", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Text, error) { return "Ada", nil })
	app.Static("/", site,
		fasterapi.SPA("index.html"),
		fasterapi.CacheControl("public, max-age=31536000, immutable")) // for names with a hash in them
}

// end snippet

// Single-page applications.
func Example_singlePage() {
	site := fstest.MapFS{"index.html": {Data: []byte("<app/>")}, "app.3f2a.js": {Data: []byte("run()")}}
	app := fasterapi.New(fasterapi.Config{Cores: 1})
	defer app.Stop(context.Background())
	userInterface(app, site)

	for _, target := range []string{"/", "/users/john.doe", "/app.3f2a.js", "/missing.js", "/api/users/7"} {
		r := httptest.NewRequest("GET", target, nil)
		r.Header.Set("Accept", "text/html,*/*;q=0.8")
		answered(app, r, "Cache-Control")
	}
	// Output:
	// 200 Cache-Control: "no-cache"
	// 200 Cache-Control: "no-cache"
	// 200 Cache-Control: "public, max-age=31536000, immutable"
	// 404 Cache-Control: ""
	// 200 Cache-Control: ""
}

// snippet: own-form
// ownForm answers problems in the form of this service, whoever has found them.
func ownForm(next fasterapi.Handler) fasterapi.Handler {
	return func(c *fasterapi.Ctx) error {
		err := next(c)
		var p *problem.Problem
		if !errors.As(err, &p) {
			return err
		}
		if refused := c.Refused(); refused != nil {
			c.SetHeader("X-Refused-By", "server")
		}
		c.Respond(p.Status, "application/json", fmt.Appendf(nil, `{"error":%q}`, p.Detail))
		return nil
	}
}

// end snippet

// The server refuses a body that is too large before the handler is called, and
// middleware answers it like any other failure.
func ExampleCtx_Refused() {
	app := fasterapi.New(fasterapi.Config{Cores: 1})
	defer app.Stop(context.Background())
	app.Use(ownForm)
	app.Post("/notes", func(c *fasterapi.Ctx, in struct {
		Note string `form:"note"`
	},
	) (fasterapi.Text, error) {
		return fasterapi.Text(in.Note), nil
	}, fasterapi.MaxBody(100))

	request(app, "POST", "/notes", "note=short", "Content-Type", "application/x-www-form-urlencoded")
	request(app, "POST", "/notes", "note="+strings.Repeat("long", 30), "Content-Type", "application/x-www-form-urlencoded")
	// Output:
	// 200 short
	// 413 {"error":"the request body is too large"}
}

type chatIn struct {
	Room  string `path:"room" maxLength:"20"`
	Token string `query:"token"`
}

type chatLine struct {
	Text string `json:"text" minLength:"1" maxLength:"500"`
}

// A handler of WebSockets gets its input like any other, and messages that are
// checked. What it returns closes the connection.
func ExampleApp_WebSocket() {
	app := fasterapi.New(fasterapi.Config{Addr: "127.0.0.1:0", Cores: 1})
	app.WebSocket("/chat/{room}", func(c *fasterapi.Ctx, in chatIn, ws *fasterapi.Socket[chatLine, chatLine]) error {
		if in.Token != "secret" {
			return problem.Unauthorized("") // before the handshake: an HTTP answer
		}
		for line, err := range ws.Messages(c) {
			if err != nil {
				return err
			}
			if err := ws.Send(c, chatLine{in.Room + ": " + line.Text}); err != nil {
				return err
			}
		}
		return nil
	})

	talk(app, "/chat/tea?token=secret", "hello", "")
	// Output:
	// tea: hello
	// closed with 1007
}

// For very many connections that are idle most of the time: functions that are
// called for each message, and no goroutine in between.
func ExampleApp_WebSocketEvents() {
	app := fasterapi.New(fasterapi.Config{Addr: "127.0.0.1:0", Cores: 1})
	open := func(_ *fasterapi.Ctx, in chatIn, ws *fasterapi.Socket[chatLine, chatLine]) (fasterapi.SocketEvents[chatLine], error) {
		return fasterapi.SocketEvents[chatLine]{
			Message: func(ctx context.Context, line chatLine) error {
				return ws.Send(ctx, chatLine{in.Room + ": " + line.Text})
			},
		}, nil
	}
	app.WebSocketEvents("/chat/{room}", open, fasterapi.MaxMessage(64<<10), fasterapi.Origins("*.example.com"))

	talk(app, "/chat/tea", "hello", "again")
	// Output:
	// tea: hello
	// tea: again
}

// talk starts the app and sends lines with a client.
func talk(app *fasterapi.App, path string, lines ...string) {
	ctx := context.Background()
	server, err := app.Start()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer server.Shutdown(ctx)
	ws, _, err := websocket.Dial(ctx, "ws://"+server.Addr().String()+path, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer ws.CloseNow()
	for _, line := range lines {
		if err := wsjson.Write(ctx, ws, chatLine{line}); err != nil {
			fmt.Println(err)
		}
		var answer chatLine
		if err := wsjson.Read(ctx, ws, &answer); err != nil {
			fmt.Println("closed with", int(websocket.CloseStatus(err)))
			return
		}
		fmt.Println(answer.Text)
	}
}
