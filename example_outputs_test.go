package fasterapi_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/textproto"
	"strings"
	"time"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/problem"
)

// snippet: output
// ArticleOut is an article with fields of the response that the document knows.
type ArticleOut struct {
	ETag     string    `header:"ETag" doc:"Version of the article" example:"\"7\""`
	Modified time.Time `header:"Last-Modified"`
	Body     Article   `body:""`
}

// Article is what clients read.
type Article struct {
	Title string `json:"title"`
}

func article(*fasterapi.Ctx, fasterapi.None) (ArticleOut, error) {
	return ArticleOut{
		ETag: `"7"`, Modified: time.Date(2026, 7, 1, 10, 0, 0, 0, time.UTC),
		Body: Article{"Tea"},
	}, nil
}

// end snippet

// Header fields of a response, typed and in the document.
func Example_outputStruct() {
	app := fasterapi.New(fasterapi.Config{Cores: 1})
	defer app.Stop(context.Background())
	app.Get("/article", article)

	answer := httptest.NewRecorder()
	app.Handler().ServeHTTP(answer, httptest.NewRequest("GET", "/article", nil))
	fmt.Println(answer.Header().Get("ETag"), answer.Header().Get("Last-Modified"), answer.Body)
	doc, _ := app.OpenAPI()
	for _, header := range doc.Paths.Get("/article").Get.Responses.Get("200").Headers {
		fmt.Printf("%s: %q %q\n", header.Name, header.Value.Description, header.Value.Schema.Format)
	}
	// Output:
	// "7" Wed, 01 Jul 2026 10:00:00 GMT {"title":"Tea"}
	// ETag: "Version of the article" ""
	// Last-Modified: "" "http-date"
}

// snippet: page-or-redirect
// Login is the form again, or the way to what the user wanted.
type Login = fasterapi.OneOf2[fasterapi.HTML, fasterapi.Redirect]

func login(_ *fasterapi.Ctx, in struct {
	Name string `form:"name"`
},
) (Login, error) {
	if in.Name == "" {
		return Login{}.First("<form>Who are you?</form>"), nil
	}
	return Login{}.Second(fasterapi.Redirect{Location: "/home", Status: 303}), nil
}

// end snippet

// A handler of a form: the page again, or a redirect.
func ExampleOneOf2() {
	app := fasterapi.New(fasterapi.Config{Cores: 1})
	defer app.Stop(context.Background())
	app.Post("/login", login)

	request(app, "POST", "/login", "name=", "Content-Type", "application/x-www-form-urlencoded")
	request(app, "POST", "/login", "name=Ann", "Content-Type", "application/x-www-form-urlencoded")
	// Output:
	// 200 <form>Who are you?</form>
	// 303
}

// snippet: several
// Saved is 200 with what there is, 201 with what is new, or 204 when nothing was to be
// done.
type Saved = fasterapi.OneOf3[Article, fasterapi.Created[Article], fasterapi.None]

func save(_ *fasterapi.Ctx, in struct {
	ID   int     `path:"id"`
	Body Article `body:""`
},
) (Saved, error) {
	switch in.ID {
	case 1:
		return Saved{}.First(in.Body), nil
	case 2:
		return Saved{}.Second(fasterapi.Created[Article]{Location: "/articles/2", Body: in.Body}), nil
	case 3:
		return Saved{}.Third(fasterapi.None{}), nil
	}
	return Saved{}, problem.NotFound("there is no such article")
}

// end snippet

// Several statuses of one handler, each with its own body.
func ExampleOneOf3() {
	app := fasterapi.New(fasterapi.Config{Cores: 1})
	defer app.Stop(context.Background())
	app.Put("/articles/{id}", save)

	for _, id := range []int{1, 2, 4, 3} {
		request(app, "PUT", fmt.Sprint("/articles/", id), `{"title":"Tea"}`, "Content-Type", "application/json")
	}
	// Output:
	// 200 {"title":"Tea"}
	// 201 {"title":"Tea"}
	// 404 {"title":"Not Found","status":404,"detail":"there is no such article"}
	// 204
}

// snippet: hints
func page(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.HTML, error) {
	if err := c.EarlyHints("</style.css>; rel=preload; as=style"); err != nil {
		return "", err
	}
	return "<p>what takes its time</p>", nil // a query, say: the browser loads the style meanwhile
}

// end snippet

// Early hints go out before the answer is known.
func ExampleCtx_EarlyHints() {
	app := fasterapi.New(fasterapi.Config{Cores: 1})
	app.Get("/", page)
	server := httptest.NewServer(app.Handler())
	defer app.Stop(context.Background())
	defer server.Close()

	request, _ := http.NewRequestWithContext(httptrace.WithClientTrace(context.Background(), &httptrace.ClientTrace{
		Got1xxResponse: func(code int, header textproto.MIMEHeader) error {
			fmt.Println(code, header["Link"])
			return nil
		},
	}), "GET", server.URL, nil)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		panic(err)
	}
	defer response.Body.Close()
	fmt.Println(response.StatusCode, response.Header["Link"])
	// Output:
	// 103 [</style.css>; rel=preload; as=style]
	// 200 [</style.css>; rel=preload; as=style]
}

// All header fields of a request, such as for a signature over them.
func ExampleCtx_AllHeaders() {
	app := fasterapi.New(fasterapi.Config{Cores: 1})
	defer app.Stop(context.Background())
	app.Get("/", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.None, error) {
		for name, value := range c.AllHeaders() {
			if strings.HasPrefix(name, "X-") {
				fmt.Println(name, value)
			}
		}
		return fasterapi.None{}, nil
	})

	request(app, "GET", "/", "", "x-signed", "yes")
	// Output:
	// X-Signed yes
	// 204
}
