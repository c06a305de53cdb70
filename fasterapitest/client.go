package fasterapitest

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json/v2"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/internal/codec"
	"github.com/fasterapi/fasterapi/internal/nethttp"
	"github.com/fasterapi/fasterapi/internal/test/onefield"
)

// stopTimeout is how long an app may take to stop at the end of a test.
const stopTimeout = 10 * time.Second

// Client sends requests to an app. A response with a field twice that may occur once
// (RFC 9110 section 5.3), such as two ETag, fails the test.
//
// Owner: any (immutable after New).
type Client struct {
	t      testing.TB
	base   string
	http   *http.Client
	header http.Header
	// transport is that of http, without its check.
	transport http.RoundTripper
	// patience is how long it waits, see Within; 0: requestTimeout.
	patience time.Duration
}

// New starts app without a socket and returns a client of it. The app is stopped
// when the test ends. Mistakes of the registration are fatal.
func New(t testing.TB, app *fasterapi.App) *Client {
	t.Helper()
	if _, err := app.OpenAPI(); err != nil { // the mistakes, without a panic
		t.Fatal(err)
	}
	c := newClient(t, "http://app.test", &transport{handler: unguarded(app)})
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
		defer cancel()
		if err := app.Stop(ctx); err != nil {
			t.Error("stop the app:", err)
		}
	})
	return c
}

// unguarded is the handler of app without its protection from overload: a machine that is
// busy with other tests must not decide how one ends.
func unguarded(app *fasterapi.App) http.Handler {
	handler := app.Handler()
	if engine, ok := handler.(*nethttp.Handler); ok {
		return engine.WithoutArrivals()
	}
	return handler
}

func newClient(t testing.TB, base string, transport http.RoundTripper) *Client {
	return &Client{t: t, base: base, transport: transport, http: &http.Client{
		Transport: onefield.Transport(t, transport), Jar: newJar(t),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// With returns a client that sends this header field with every request too. It
// shares the cookies of c.
func (c *Client) With(name, value string) *Client {
	other := *c
	other.header = c.header.Clone()
	if other.header == nil {
		other.header = http.Header{}
	}
	other.header.Add(name, value)
	return &other
}

// In returns c for a subtest: what goes wrong ends t.
func (c *Client) In(t testing.TB) *Client {
	other := *c
	client := *c.http
	client.Transport = onefield.Transport(t, c.transport)
	other.t, other.http = t, &client
	return &other
}

// HTTP is the client below c, for what the methods of c do not do. It keeps
// cookies and does not follow redirects.
func (c *Client) HTTP() *http.Client { return c.http }

// URL is the address of a path of the app.
func (c *Client) URL(path string) string { return c.base + path }

// Get sends GET.
func (c *Client) Get(path string) *Response { c.t.Helper(); return c.Send("GET", path, nil) }

// Delete sends DELETE.
func (c *Client) Delete(path string) *Response { c.t.Helper(); return c.Send("DELETE", path, nil) }

// Post sends POST with a body, see [Client.Send].
func (c *Client) Post(path string, body any) *Response {
	c.t.Helper()
	return c.Send("POST", path, body)
}

// Put sends PUT with a body, see [Client.Send].
func (c *Client) Put(path string, body any) *Response { c.t.Helper(); return c.Send("PUT", path, body) }

// Patch sends PATCH with a body, see [Client.Send].
func (c *Client) Patch(path string, body any) *Response {
	c.t.Helper()
	return c.Send("PATCH", path, body)
}

// Query sends QUERY with a body, see [Client.Send].
func (c *Client) Query(path string, body any) *Response {
	c.t.Helper()
	return c.Send("QUERY", path, body)
}

// Send sends a request. The body is nothing when nil, a form when it is
// [url.Values], a form with uploads when it is a [Multipart], sent as it is when it is an [io.Reader], []byte or string (as JSON, unless
// the client says otherwise), and JSON of the value in all other cases.
func (c *Client) Send(method, path string, body any) *Response {
	c.t.Helper()
	reader, contentType := c.body(body)
	request, err := http.NewRequestWithContext(c.t.Context(), method, c.base+path, reader)
	if err != nil {
		c.t.Fatal(err)
	}
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}
	return c.Do(request)
}

func (c *Client) body(body any) (reader io.Reader, contentType string) {
	c.t.Helper()
	const jsonType = "application/json"
	switch body := body.(type) {
	case nil:
		return nil, ""
	case url.Values:
		return strings.NewReader(body.Encode()), "application/x-www-form-urlencoded"
	case Multipart:
		return body.open()
	case io.Reader:
		return body, jsonType
	case []byte:
		return bytes.NewReader(body), jsonType
	case string:
		return strings.NewReader(body), jsonType
	}
	text, err := json.Marshal(body, codec.Durations())
	if err != nil {
		c.t.Fatal("encode the body:", err)
	}
	return bytes.NewReader(text), jsonType
}

// Do sends a request, whose URL may be a path alone, and reads the response.
func (c *Client) Do(request *http.Request) *Response {
	c.t.Helper()
	response, cancel := c.open(request)
	defer cancel()
	defer response.Body.Close()
	if response.StatusCode == http.StatusSwitchingProtocols { // what follows is no body
		return &Response{t: c.t, request: request, Status: response.StatusCode, Header: response.Header}
	}
	body, err := io.ReadAll(response.Body)
	if response.Request.Context().Err() != nil { // without a socket the body then ends as if it were whole
		c.t.Fatalf("%s %s: the body did not end within %v: Events, Lines and HTTP read what has no end", request.Method, request.URL.Path, c.wait())
	}
	if err != nil {
		c.t.Fatalf("%s %s: read the body: %v", request.Method, request.URL.Path, err)
	}
	return &Response{t: c.t, request: request, Status: response.StatusCode, Header: response.Header, Body: body}
}

// requestTimeout bounds a request of a test, unless Within says otherwise.
const requestTimeout = 30 * time.Second

// wait is how long c waits for anything.
func (c *Client) wait() time.Duration { return cmp.Or(c.patience, requestTimeout) }

// open sends a request and returns when the head of the response is there.
func (c *Client) open(request *http.Request) (*http.Response, context.CancelFunc) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(request.Context(), c.wait())
	response, err := c.roundTrip(request.WithContext(ctx))
	if err != nil {
		cancel()
		if errors.Is(err, context.DeadlineExceeded) {
			c.t.Fatalf("%s %s: no answer within %v", request.Method, request.URL.Path, c.wait())
		}
		c.t.Fatal(err)
	}
	return response, cancel
}

// roundTrip sends a request with what c sends with all.
func (c *Client) roundTrip(request *http.Request) (*http.Response, error) {
	c.t.Helper()
	if request.URL.Host == "" {
		base, err := url.Parse(c.base)
		if err != nil {
			c.t.Fatal(err)
		}
		request.URL.Scheme, request.URL.Host = base.Scheme, base.Host
	}
	for name, values := range c.header {
		request.Header[name] = values
	}
	request.RequestURI = ""
	return c.http.Do(request)
}
