package fasterapi

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/fasterapi/fasterapi/internal/field"
	"github.com/fasterapi/fasterapi/internal/http1/wire"
	"github.com/fasterapi/fasterapi/problem"
)

// mountedMethods are what a mounted handler may be asked for: those of RFC
// 9110 and of WebDAV. HEAD is answered through GET's route.
func mountedMethods() []string {
	return []string{
		"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE",
		"PROPFIND", "PROPPATCH", "MKCOL", "COPY", "MOVE", "LOCK", "UNLOCK", "REPORT",
	}
}

// Mount gives every request for prefix and for what is below it to h, on
// goroutines, over both engines, behind the middleware of the app. Like behind
// [http.StripPrefix], h sees paths without prefix, and "/" for prefix itself.
// Routes of the app that are more specific come first.
//
// Nobody knows what h answers, so the OpenAPI document leaves it out; a function
// for OpenAPIConfig.Edit may tell. Depends does not reach it, middleware does.
//
// What h streams in answer to HEAD is not sent: once its head is, the context of the
// request ends and writes fail with [http.ErrBodyNotAllowed], unless h has said
// how long its body is: then it may write as much while client and server are there.
// With status 204, 205 and 304 writes fail at once.
//
// The body of the request comes as it was sent: h decodes a Content-Encoding, or
// refuses it. Bodies stream both ways; the option [MaxBody] bounds the request's (default
// Config.MaxBody). Flush, Hijack and [http.ResponseController]'s full duplex
// work; its deadlines do not, because the engine has its own. The context of
// the request is the [Ctx], so FromRequest finds it. Informational responses
// and trailers of h are not sent, and r.TLS only tells that there is TLS.
func (a *App) Mount(prefix string, h http.Handler, opts ...RouteOption) {
	a.root.mount(prefix, h, opts)
}

// Mount gives every request for prefix and for what is below it to h, see
// [App.Mount]. h sees paths without the prefix of the group, too.
func (g *Group) Mount(prefix string, h http.Handler, opts ...RouteOption) { g.mount(prefix, h, opts) }

func (g *Group) mount(prefix string, h http.Handler, opts []RouteOption) {
	site := callSite(2)
	prefix = strings.TrimSuffix(prefix, "/")
	m := &mounted{handler: h, depth: strings.Count(g.prefix+prefix, "/")}
	patterns := []string{prefix + "/{path...}"}
	if m.depth > 0 {
		patterns = append(patterns, cmp.Or(prefix, "/"))
	}
	for _, pattern := range patterns {
		for _, method := range mountedMethods() {
			g.register(pattern, &route{method: method, site: site, endpoint: m}, onGoroutine, opts)
		}
	}
}

// mounted is a route that an http.Handler answers.
//
// Owner: any (immutable after build).
type mounted struct {
	handler http.Handler
	depth   int // segments of the prefix
}

func (m *mounted) compile(_ *App, r *route) (bool, []error) {
	var errs []error
	if m.handler == nil {
		errs = append(errs, errors.New("the mounted http.Handler is nil"))
	}
	if r.opts.style != onGoroutine {
		errs = append(errs, errors.New("a mounted http.Handler may block, so it must run on goroutines"))
	}
	errs = append(errs, r.opts.refuseDepends()...)
	return false, errs
}

// refuseDepends reports dependencies that would never be run: of a group, perhaps
// to keep strangers out.
func (o *options) refuseDepends() []error {
	if len(o.depends) == 0 {
		return nil
	}
	return []error{errors.New("Depends, of the route or of its group, does not reach mounted handlers and files: use middleware")}
}

func (m *mounted) start(c *Ctx) (bool, error) { return true, m.call(c) }

func (m *mounted) call(c *Ctx) error {
	r, err := c.httpRequest(c)
	if err == nil {
		err = stripSegments(r.URL, m.depth)
	}
	if err != nil {
		return problem.Wrap(err, http.StatusBadRequest, "the request target cannot be understood")
	}
	w := newHTTPWriter(c)
	defer w.end()
	defer removeForm(r)
	m.handler.ServeHTTP(w, r)
	return w.finish()
}

// removeForm removes the temporary files of a form that was parsed from r, as net/http
// does at the end of a request.
func removeForm(r *http.Request) {
	if r.MultipartForm != nil {
		_ = r.MultipartForm.RemoveAll() // as net/http
	}
}

// stripSegments takes the first n segments off the path of u, however they are
// encoded.
func stripSegments(u *url.URL, n int) (err error) {
	raw := u.EscapedPath()
	for ; n > 0; n-- {
		next := strings.IndexByte(raw[1:], '/')
		if next < 0 {
			raw = "/"
			break
		}
		raw = raw[1+next:]
	}
	u.RawPath = ""
	if u.Path, err = url.PathUnescape(raw); u.EscapedPath() != raw {
		u.RawPath = raw
	}
	return err
}

// httpRequest is the request as net/http handlers read it. Nothing in it
// aliases the exchange but the body.
func (c *Ctx) httpRequest(ctx context.Context) (*http.Request, error) {
	head := &c.x.Head
	u, err := url.ParseRequestURI(string(head.Target))
	if err != nil {
		return nil, err
	}
	r := (&http.Request{
		Method: c.Method(), URL: u, Host: string(head.Host), RequestURI: string(head.Target),
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: make(http.Header, len(head.Headers)), RemoteAddr: c.x.Remote.String(),
	}).WithContext(ctx)
	if head.Minor == 0 {
		r.Proto, r.ProtoMinor = "HTTP/1.0", 0
	}
	for _, h := range head.Headers {
		name := http.CanonicalHeaderKey(string(h.Name))
		switch name {
		case "Host", "Transfer-Encoding", "Trailer": // net/http keeps them out as well
		default:
			r.Header[name] = append(r.Header[name], string(h.Value))
		}
	}
	if c.Secure() {
		r.TLS = &tls.ConnectionState{HandshakeComplete: true}
	}
	c.requestBody(r)
	return r, nil
}

func (c *Ctx) requestBody(r *http.Request) {
	stream := c.stream()
	switch {
	case stream != nil:
		r.Body, r.ContentLength = io.NopCloser(c.Body()), c.x.Head.ContentLength
		if c.x.Head.Chunked {
			r.ContentLength, r.TransferEncoding = -1, []string{"chunked"}
			r.Trailer = c.announced()
			body := &trailedBody{ReadCloser: r.Body, c: c, trailer: r.Trailer}
			c.OnEnd(body.leave)
			r.Body = body
		}
	case len(c.x.Body) == 0:
		r.Body = http.NoBody
	default:
		r.Body, r.ContentLength = io.NopCloser(c.Body()), int64(len(c.x.Body))
	}
	if stream == nil && len(c.x.Trailers()) > 0 {
		r.Trailer = c.announced()
		c.fillTrailer(r.Trailer)
	}
}

// announced are the names that the Trailer fields give, without values yet.
func (c *Ctx) announced() http.Header {
	trailer := http.Header{}
	for value := range c.x.Head.Values("Trailer") {
		for list, more := string(value), true; more; {
			var name string
			name, list, more = field.NextToken(list)
			if name = http.CanonicalHeaderKey(name); name != "" && wire.KeepsTrailer(name) {
				trailer[name] = nil
			}
		}
	}
	return trailer
}

func (c *Ctx) fillTrailer(trailer http.Header) {
	for _, h := range c.x.Trailers() {
		name := http.CanonicalHeaderKey(string(h.Name))
		trailer[name] = append(trailer[name], string(h.Value))
	}
}

// trailedBody is a request body that fills in the trailer fields at its end. A
// goroutine that the handler has left behind may still read it.
//
// Owner: shared.
type trailedBody struct {
	io.ReadCloser
	trailer http.Header

	mu sync.Mutex
	c  *Ctx // until the fields are filled in or the request has ended
}

// Read implements [io.Reader].
func (b *trailedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err == io.EOF {
		b.mu.Lock()
		defer b.mu.Unlock()
		if b.c != nil {
			b.c.fillTrailer(b.trailer)
			b.c = nil
		}
	}
	return n, err
}

func (b *trailedBody) leave(*Ctx) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.c = nil
}

// FromRequest returns the [Ctx] of a request that a mounted handler or net/http
// middleware has, nil for requests of another server.
func FromRequest(r *http.Request) *Ctx {
	c, _ := r.Context().Value(ctxKey{}).(*Ctx)
	return c
}

// ctxKey is what a Ctx answers to with itself.
type ctxKey struct{}
