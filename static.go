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
	"slices"
	"strings"

	"github.com/fasterapi/fasterapi/internal/field"
	"github.com/fasterapi/fasterapi/internal/mistake"
	"github.com/fasterapi/fasterapi/internal/webfile"
)

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
