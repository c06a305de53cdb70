package fasterapi

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"reflect"
	"slices"
	"strings"

	"github.com/fasterapi/fasterapi/internal/bridge"
	"github.com/fasterapi/fasterapi/internal/field"
	"github.com/fasterapi/fasterapi/internal/mistake"
	"github.com/fasterapi/fasterapi/internal/webfile"
	"github.com/fasterapi/fasterapi/problem"
)

// mountedMethods are what a mounted handler may be asked for: those of RFC
// 9110, of WebDAV, and QUERY (RFC 10008). HEAD is answered through GET's route.
func mountedMethods() []string {
	return []string{
		"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "QUERY",
		"PROPFIND", "PROPPATCH", "MKCOL", "COPY", "MOVE", "LOCK", "UNLOCK", "REPORT",
	}
}

// Mount gives every request for prefix and for what is below it to h, on
// goroutines, over both engines, behind the middleware of the app. Like behind
// [http.StripPrefix], h sees paths without prefix, and "/" for prefix itself.
// Routes of the app that are more specific come first.
//
// Nobody knows what h answers, so the OpenAPI document leaves it out; describe
// it with OpenAPIConfig.Edit. Depends does not reach it, middleware does.
//
// What h streams in answer to HEAD is not sent: once its head is, the context of the
// request ends and writes fail with [http.ErrBodyNotAllowed], unless h has said
// how long its body is: then it may write as much while client and server are there.
// With status 204, 205 and 304 writes fail at once.
//
// The body of the request comes as it was sent: h decodes a Content-Encoding, or
// refuses it. Bodies stream both ways; the option [MaxBody] bounds the request's (default
// Config.MaxBody). Flush, Hijack and [http.ResponseController]'s full duplex
// work; its deadlines do not, because the engine has its own. Hijack needs HTTP/1.1, so an app
// with a mounted handler does not tell browsers that they may open WebSockets over HTTP/2. The context of
// the request is the [Ctx], so FromRequest finds it. Of informational responses 103
// is sent, with the Link fields. Trailers of h are sent, both those that its field Trailer
// announces and those with [http.TrailerPrefix], but for fields that mean something only before
// the body (RFC 9110 6.5.1). Over HTTP/1.1 an answer that has some comes in chunks: one of up to
// 4 KiB also where h has said its length, which is then left out; a longer one whose length was
// said, or one that was flushed then, has none.
//
// Where a net/http server carries the request (HTTP/2, or around [App.Handler]), h gets it
// as it came: r.Proto, r.RemoteAddr and trailers, and its URL as [http.StripPrefix] around
// the App left it. r.TLS is what the handshake has found ([Ctx.TLS]); without TLS it only
// tells that a trusted proxy has said so, see [Ctx.SetClient].
func (a *App) Mount(prefix string, h http.Handler, opts ...RouteOption) {
	a.root.mount(prefix, h, opts)
}

// Mount gives every request for prefix and for what is below it to h, see
// [App.Mount]. h sees paths without the prefix of the group, too.
func (g *Group) Mount(prefix string, h http.Handler, opts ...RouteOption) { g.mount(prefix, h, opts) }

func (g *Group) mount(prefix string, h http.Handler, opts []RouteOption) {
	site, subject := mistake.Here().Site, "Mount "+g.prefix+prefix
	prefix = strings.TrimSuffix(prefix, "/")
	m := &mounted{handler: h, depth: strings.Count(g.prefix+prefix, "/")}
	patterns := []string{prefix + "/{path...}"}
	if m.depth > 0 {
		patterns = append(patterns, cmp.Or(prefix, "/"))
	}
	for _, pattern := range patterns {
		for _, method := range mountedMethods() {
			g.register(pattern, &route{method: method, site: site, subject: subject, endpoint: m}, onGoroutine, opts)
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

// isMounted tells whether an http.Handler answers a route.
func (r *route) isMounted() bool {
	_, is := r.endpoint.(*mounted)
	return is
}

func (m *mounted) compile(_ *compilation, r *route) (bool, []error) {
	var errs []error
	if isNil(m.handler) {
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

func (m *mounted) call(c *Ctx) error {
	r, err := bridge.NewRequest(c, holder{c}, m.depth)
	if err != nil {
		return badTarget(err)
	}
	return bridge.Serve(holder{c}, m.handler, r)
}

// badTarget is the answer to a request that net/http could not make anything of.
func badTarget(err error) error {
	return problem.Wrap(err, http.StatusBadRequest, "the request target cannot be understood")
}

// FromRequest returns the [Ctx] of a request that a mounted handler or net/http
// middleware has, nil for requests of another server.
func FromRequest(r *http.Request) *Ctx {
	c, _ := r.Context().Value(ctxKey{}).(*Ctx)
	return c
}

// ctxKey is what a Ctx answers to with itself.
type ctxKey struct{}

// WrapMiddleware makes middleware for net/http usable here, for routes of every
// style:
//
//	app.Use(fasterapi.WrapMiddleware(handlers.ProxyHeaders))
//
// It sees the request and the whole response, also one of an error, and may answer
// itself. Values that it puts into the request's context are found by c.Value, and a
// body that it puts in place of the request's is the one that is bound, see
// [Ctx.FilterBody], and the fields Content-Encoding, Content-Type and the digests are gone when it deletes
// them with it; what else it changes in the request stays unseen by the handler. When it
// answers while the handler still runs, as [http.TimeoutHandler] does, c ends,
// and the answer waits until the handler has returned. On a reactor it must not
// block nor start goroutines, and no response can be streamed through it.
func WrapMiddleware(middleware func(http.Handler) http.Handler) Middleware {
	if middleware == nil {
		return Mistake[Middleware](errors.New("the middleware is nil"))
	}
	return func(next Handler) Handler {
		wrapped := middleware(bridge.Inner(func(h bridge.Holder, replaced *http.Request) { h.(holder).answerInside(next, replaced) }))
		return func(c *Ctx) error {
			r, err := bridge.NewWrapped(holder{c})
			switch {
			case err == nil:
			case c.Refused() != nil: // perhaps because of what cannot be understood
				return next(c)
			default:
				return badTarget(err)
			}
			err = bridge.Serve(holder{c}, wrapped, r)
			if thrown := c.panicThrown(); thrown != nil { // the middleware has answered, perhaps without a word of it
				c.logged(thrown, problem.Internal(""))
			}
			return err
		}
	}
}

// answerInside stages what a handler inside of net/http middleware answers. Its panic
// goes on to the middleware, which may panic again somewhere else, or let it disappear:
// the stack is kept.
func (c *Ctx) answerInside(next Handler, replaced *http.Request) {
	returned := false
	defer func() {
		if returned {
			return
		}
		if v := recover(); v != nil {
			thrown := c.panicError(v)
			c.change(func(r *request) { r.thrown = thrown })
			panic(v)
		}
	}()
	var err error
	if replaced != nil {
		err = c.takeBodyOf(replaced)
	}
	if err == nil {
		err = next(c)
	}
	returned = true
	if err == nil {
		err = c.droppedReference()
	}
	if err != nil {
		c.fail(err)
	}
}

// indexFile answers for a folder.
const indexFile = "index.html"

// StaticOption changes how [App.Static] serves files: [SPA], [CacheControl], and every
// [RouteOption] that files can have, such as [Use].
type StaticOption interface{ ofStatic(s *static) }

// staticOption is a StaticOption of this file.
type staticOption func(*static)

func (o staticOption) ofStatic(s *static) { o(s) }

// ofStatic implements [StaticOption].
func (o RouteOption) ofStatic(s *static) { s.route = append(s.route, o) }

// SPA answers with the file name, say "index.html", where there is no file: for
// applications that route in the browser. Only requests that accept HTML get it,
// so that a missing script is still a 404. The page is sent with "no-cache", by its
// own name too, whatever [CacheControl] says. A name with a dot, such as
// "users/john.doe", is one of the application unless it ends like a file that pages
// are made of (.html, .js, .css, .png and so on).
func SPA(name string) StaticOption {
	return staticOption(func(s *static) { s.fallback = name })
}

// CacheControl sets the field of that name on every file, say "public,
// max-age=31536000, immutable" for files with a hash in their names. Default:
// none, so browsers ask with If-None-Match now and then.
func CacheControl(value string) StaticOption {
	return staticOption(func(s *static) { s.cacheControl = value })
}

// Precompressed sends, in place of a file, the one beside it that ends in ".br", ".zst" or
// ".gz", to clients that take that coding: build tools make such files, smaller than a
// server could in time. It has the type of the file, an entity tag of its own, and ranges
// are of its bytes. One that is older than the file, or without a file, is not used. Where
// there is one, the answer has "Vary: Accept-Encoding", and middleware does not compress
// it again.
func Precompressed() StaticOption {
	return staticOption(func(s *static) { s.siblings = true })
}

// Static serves the files of a file system below prefix, with all that [File]
// does: ranges, conditions, HEAD. "index.html" answers for its folder; other
// folders are a 404, and so is every name with an element that begins with a
// dot (but .well-known): .git and .env have been served by mistake too often.
// Routes of the app that are more specific come first. The OpenAPI document
// leaves files out; Depends does not reach them, middleware does.
//
// For folders on disk use [os.Root.FS], which links cannot leave, rather than
// [os.DirFS]. The entity tags of files whose dates say nothing are made of their content.
// Files without any date, as in an [embed.FS], are taken for parts of the program, which
// do not change: they are read once. Those with a date that reproducible builds give to
// all files are read anew, up to 1 MiB, until the system says that they have not changed
// for a minute.
func (a *App) Static(prefix string, files fs.FS, opts ...StaticOption) {
	a.root.static(prefix, files, opts)
}

// Static serves the files of a file system below prefix, see [App.Static].
func (g *Group) Static(prefix string, files fs.FS, opts ...StaticOption) {
	g.static(prefix, files, opts)
}

func (g *Group) static(prefix string, files fs.FS, opts []StaticOption) {
	s := &static{files: files}
	for _, opt := range opts {
		if g.app.wrong.Unless(opt != nil, "a StaticOption is nil") {
			opt.ofStatic(s)
		}
	}
	pattern := strings.TrimSuffix(prefix, "/") + "/{path...}"
	g.register(pattern, &route{method: "GET", site: mistake.Here().Site, subject: "Static " + g.prefix + prefix, endpoint: s}, onGoroutine, s.route)
}

// noCache is for the page of an SPA, which names the scripts of one deployment: a
// browser asks each time whether it is the same still.
const noCache = "no-cache"

// static is a route that serves files.
//
// Owner: any (immutable after build; tags has a lock).
type static struct {
	files        fs.FS
	fallback     string
	cacheControl string
	siblings     bool // files beside it in a content coding are served
	route        []RouteOption
	tags         webfile.Tags // of files whose dates say nothing
}

func (s *static) compile(_ *compilation, r *route) (bool, []error) {
	var errs []error
	if s.files == nil {
		return false, []error{errors.New("the file system is nil")}
	}
	if reflect.TypeOf(s.files).PkgPath() == "os" { // others may make their root later, or have none
		if info, err := fs.Stat(s.files, "."); err != nil || !info.IsDir() {
			errs = append(errs, fmt.Errorf("the folder %v is not there, or is none", s.files))
		}
	}
	if r.opts.style != onGoroutine {
		errs = append(errs, errors.New("reading files blocks, so static files must be served on goroutines"))
	}
	errs = append(errs, r.opts.refuseDepends()...)
	if s.fallback != "" {
		if err := webfile.Check(s.files, s.fallback); err != nil {
			err = fmt.Errorf("the page %s of the SPA: %w", s.fallback, err)
			errs = append(errs, err)
		}
	}
	return false, errs
}

func (s *static) call(c *Ctx) error {
	name := c.Param("path")
	if webfile.Hidden(name) {
		return s.missing(c, name, fs.ErrNotExist)
	}
	if name == "" || strings.HasSuffix(name, "/") {
		return s.send(c, name+indexFile, name)
	}
	if info, err := webfile.Stat(s.files, name); err == nil && info.IsDir() {
		if webfile.Check(s.files, path.Join(name, indexFile)) == nil {
			c.redirectSlash(c.Path() + "/")
			return nil
		}
		return s.missing(c, name, fs.ErrNotExist)
	}
	return s.send(c, name, name)
}

// send answers with a file; asked is what the client has asked for.
func (s *static) send(c *Ctx, name, asked string) error {
	f := File{FS: s.files, Name: name, CacheControl: s.cacheControl}
	if name == s.fallback {
		f.CacheControl = noCache
	}
	content, info, err := f.open()
	if err != nil {
		return s.missing(c, asked, err)
	}
	return s.serve(c, &f, content, info)
}

// serve answers with a file that is open.
func (s *static) serve(c *Ctx, f *File, content io.Reader, info fs.FileInfo) (err error) {
	if closer, ok := content.(io.Closer); ok {
		defer closer.Close()
	}
	if s.siblings && c.response().OwnHeader("ETag") == "" && c.response().OwnHeader("Content-Encoding") == "" {
		if sibling, about := s.sibling(c, f, content, info); sibling != nil {
			defer sibling.Close()
			content, info = sibling, about
		}
	}
	if seeker, ok := content.(io.ReadSeeker); ok && !webfile.SaysDate(info.ModTime()) {
		if f.ETag, err = s.tags.Tag(f.Name+f.coding, seeker, info); err != nil {
			return err
		}
	}
	return f.serve(c, content, info)
}

// sibling opens the file in the coding that the client likes best, nil for none, and
// notes its coding and the type of what is in it. It varies with the client where there
// is a choice.
func (s *static) sibling(c *Ctx, f *File, content io.Reader, info fs.FileInfo) (fs.File, fs.FileInfo) {
	list := webfile.Siblings(s.files, f.Name, info)
	if len(list) == 0 {
		return nil, nil
	}
	c.Vary("Accept-Encoding")
	codings := make([]string, len(list))
	for i, one := range list {
		codings[i] = one.Coding
	}
	i := slices.Index(codings, field.Choose(c.Headers("Accept-Encoding"), codings))
	if i < 0 {
		return nil, nil
	}
	mediaType := mime.TypeByExtension(path.Ext(f.Name))
	if mediaType == "" { // the bytes of the sibling do not tell
		sample, err := io.ReadAll(io.LimitReader(content, 512))
		if err != nil {
			return nil, nil
		}
		mediaType = http.DetectContentType(sample)
	}
	sibling, about, err := webfile.Open(s.files, list[i].Name)
	if err != nil { // removed since
		if seeker, ok := content.(io.Seeker); ok {
			_, _ = seeker.Seek(0, io.SeekStart)
		}
		return nil, nil
	}
	f.ContentType, f.coding = cmp.Or(c.response().OwnHeader("Content-Type"), mediaType), list[i].Coding
	return sibling, about
}

// missing answers for a file that is not there.
func (s *static) missing(c *Ctx, name string, err error) error {
	if s.fallback == "" || !errors.Is(err, fs.ErrNotExist) || webfile.IsAsset(name) || webfile.Hidden(name) || !wantsHTML(c) {
		return webfile.Problem(err)
	}
	page := File{FS: s.files, Name: s.fallback, CacheControl: noCache}
	content, info, err := page.open()
	if err != nil {
		return webfile.Problem(err)
	}
	return s.serve(c, &page, content, info)
}

// wantsHTML tells whether a browser is about to show the answer as a page.
func wantsHTML(c *Ctx) bool {
	c.Vary("Accept") // RFC 9110 section 12.5.5
	q, named := field.Accepts(c.Headers("Accept"), "text/html")
	return named && q > 0
}
