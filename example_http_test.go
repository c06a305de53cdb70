package fasterapi_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing/fstest"
	"time"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/problem"
)

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
