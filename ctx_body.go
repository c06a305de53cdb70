package fasterapi

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"os"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/internal/bind"
	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/internal/field"
	"github.com/fasterapi/fasterapi/internal/http1/wire"
	"github.com/fasterapi/fasterapi/problem"
)

// ErrRequestOver is what readers and writers of a request fail with once it is over, for
// those who have kept them: bodies, stream writers, the [http.Request] and
// [http.ResponseWriter] of mounted handlers, and the methods of [Ctx] that return
// errors. It is an [io.ErrClosedPipe].
var ErrRequestOver = exchange.ErrOver

// bodyReader reads a collected body, as long as the request lasts: its bytes lie
// in a buffer of the connection.
//
// Owner: mu.
type bodyReader struct {
	mu   sync.Mutex
	rest []byte
	over bool
}

// Read implements [io.Reader].
func (b *bodyReader) Read(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.over:
		return 0, ErrRequestOver
	case len(b.rest) == 0:
		return 0, io.EOF
	}
	n := copy(p, b.rest)
	b.rest = b.rest[n:]
	return n, nil
}

// end takes the bytes away.
func (b *bodyReader) end() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.rest, b.over = nil, true
}

// overBody is the body of a request that is over.
type overBody struct{}

func (overBody) Read([]byte) (int, error) { return 0, ErrRequestOver }

// body returns a reader of the request body.
func (r *request) body() io.Reader {
	if r.x.BodyReader != nil {
		b := &bodyStreamReader{from: r.x.BodyReader}
		r.given = append(r.given, b)
		return b
	}
	b := &bodyReader{rest: r.x.Body}
	r.given = append(r.given, b)
	return b
}

// bodyStreamReader reads a body that comes while it is read. The reader below it
// ends with the request by itself, which a Read that waits there must see at once;
// this one says so in the same words on every engine.
//
// Owner: any (atomic).
type bodyStreamReader struct {
	from io.Reader
	over atomic.Bool
}

// Read implements [io.Reader].
func (b *bodyStreamReader) Read(p []byte) (int, error) {
	if b.over.Load() {
		return 0, ErrRequestOver
	}
	return b.from.Read(p)
}

func (b *bodyStreamReader) end() { b.over.Store(true) }

// stream is what reads a body that was not collected, nil when it was.
func (c *Ctx) stream() io.Reader {
	return read(c, func(r *request) io.Reader { return r.x.BodyReader })
}

// limitBody is [Ctx.LimitBody].
func (r *request) limitBody(limit int64) error {
	if r.x.Head.ContentLength > limit || int64(len(r.x.Body)) > limit {
		return exchange.ErrBodyTooLarge
	}
	if r.x.BodyReader != nil {
		r.x.BodyReader = &limitedBody{from: r.x.BodyReader, left: limit}
	}
	return nil
}

// limitedBody fails behind its limit.
//
// Owner: mu.
type limitedBody struct {
	mu   sync.Mutex // held while from reads: one Read at a time
	from io.Reader
	left int64 // negative: there was more
}

func (b *limitedBody) Read(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.left < 0 {
		return 0, exchange.ErrBodyTooLarge
	}
	if int64(len(p)) > b.left+1 { // one more, to see whether there is more
		p = p[:b.left+1]
	}
	n, err := b.from.Read(p)
	b.left -= int64(n)
	if b.left < 0 {
		return n - 1, exchange.ErrBodyTooLarge
	}
	return n, err
}

// filterOffReactor is the size in bytes of a collected body from which a goroutine
// filters it in place of a reactor: to decode 16 KiB takes some 100 us.
const filterOffReactor = 16 << 10

// FilterBody puts a filter in front of the request body, as middleware that decodes or
// decrypts it does: inputs, forms, uploads, c.Body() and mounted handlers read what comes
// out of the reader that open returns, which reads the body as it came. The fields that
// are named, of what came, are gone from the request then, and so is Content-Length. Several
// filters read each other, the one that was added first meets the bytes first.
//
// A body that was collected is filtered before FilterBody returns, and its error is that of
// the filter; a body that streams is filtered while it is read. What comes out is bounded
// as the body of the route is ([MaxBody]). Without a body nothing is opened.
func (c *Ctx) FilterBody(open func(body io.Reader) (io.Reader, error), fields ...string) error {
	x := read(c, func(r *request) *exchange.Exchange { return r.x })
	switch {
	case x == nil:
		return ErrRequestOver
	case x.Refusal != nil || x.BodyReader == nil && len(x.Body) == 0:
		return nil
	}
	return c.filterBody(x, open, fields)
}

// filterBody is [Ctx.FilterBody] for the owner of x.
func (c *Ctx) filterBody(x *exchange.Exchange, open func(body io.Reader) (io.Reader, error), fields []string) error {
	limit := c.app.cfg.MaxBody
	if r := c.route; r != nil {
		limit = r.bodyLimit(limit)
	}
	if x.BodyReader != nil {
		from := x.BodyReader
		c.change(func(r *request) {
			r.x.BodyReader = &limitedBody{from: &filteredBody{from: from, open: open}, left: limit}
			r.dropFields(fields)
		})
		return nil
	}
	all := func(body []byte) ([]byte, error) {
		filtered, err := open(bytes.NewReader(body))
		if err != nil {
			return nil, err
		}
		return io.ReadAll(&limitedBody{from: filtered, left: limit})
	}
	var body []byte
	var err error
	if site := c.AsyncSite(); site.Direct && site.Coroutine != nil && len(x.Body) > filterOffReactor {
		came := bytes.Clone(x.Body) // the goroutine may outlive the request, if the client leaves
		body, err = async.Go(c, func(context.Context) ([]byte, error) { return all(came) }).Await(c)
	} else {
		body, err = all(x.Body)
	}
	if err != nil {
		return filterError(err)
	}
	c.change(func(r *request) {
		r.x.Body = body
		r.dropFields(fields)
	})
	return nil
}

// bodyLimit is how long a request body of the route may be, in bytes.
func (r *route) bodyLimit(most int64) int64 {
	if r.opts.maxBody != 0 {
		return r.opts.maxBody
	}
	return most
}

// dropFields takes fields off the head that are not true of a filtered body.
func (r *request) dropFields(names []string) {
	head := &r.x.Head
	head.Headers = slices.DeleteFunc(head.Headers, func(h wire.Header) bool {
		return field.EqualFold(h.Name, "Content-Length") || slices.ContainsFunc(names, func(n string) bool { return field.EqualFold(h.Name, n) })
	})
	head.ContentLength = -1
	r.x.Filtered = true
}

// takeBodyOf lets the handler read the body that net/http middleware has given to o, and
// takes the fields away that it took away with it.
func (c *Ctx) takeBodyOf(o *http.Request) error {
	var gone []string
	for _, name := range []string{"Content-Encoding", "Content-Type", "Content-Digest", "Digest"} {
		if o.Header.Get(name) == "" {
			gone = append(gone, name)
		}
	}
	open := func(io.Reader) (io.Reader, error) { return o.Body, nil }
	return c.filterBody(c.x, open, gone)
}

// filterError is the error of a filter, as one of the framework where it is one of a limit
// of net/http.
func filterError(err error) error {
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return exchange.ErrBodyTooLarge
	}
	return err
}

// filteredBody reads a body through a filter, which is opened when it is read.
//
// Owner: one goroutine at a time.
type filteredBody struct {
	from   io.Reader
	open   func(io.Reader) (io.Reader, error)
	opened io.Reader
	err    error // of open
}

// Read implements [io.Reader].
func (b *filteredBody) Read(p []byte) (int, error) {
	if b.opened == nil && b.err == nil {
		b.opened, b.err = b.open(b.from)
	}
	if b.err != nil {
		return 0, filterError(b.err)
	}
	n, err := b.opened.Read(p)
	if err != nil && err != io.EOF {
		err = filterError(err)
	}
	return n, err
}

// Upload is a file that the client sent in a form (multipart/form-data), like
// FastAPI's UploadFile. A field tagged `file:"name"` takes it:
//
//	type NewPhoto struct {
//		Title string             `form:"title" maxLength:"80"`
//		Photo fasterapi.Upload   `file:"photo" accept:"image/*" maxBytes:"10000000"`
//		More  []fasterapi.Upload `file:"more" maxItems:"5"`
//	}
//
// An Upload is required, a *Upload may be absent, a []Upload takes all of the
// name. The form is read while it comes: small files stay in memory, larger ones
// go to temporary files, and the client sends no faster than they are written. So
// the route must run on goroutines, and it needs the option [MaxBody] for forms
// of more than Config.MaxBody. See [LimitForm] for the bounds, and
// [Ctx.Multipart] to have every part in the hands of the handler instead.
//
// The content is there until the response was sent and the cleanups of providers
// have run.
type Upload struct {
	Name        string // as the client calls the file, without folders; never a path to write to
	ContentType string // as the client calls it; "" when it does not
	Size        int64  // bytes
	Header      textproto.MIMEHeader

	held *bind.Upload
}

// Open returns a reader of the content, from its beginning. There may be any
// number of them at the same time, on any goroutine.
func (u Upload) Open() *io.SectionReader {
	if u.held == nil {
		return io.NewSectionReader(noBytes{}, 0, 0)
	}
	return io.NewSectionReader(u.held.ReaderAt(), 0, u.Size)
}

// Bytes returns a copy of the content: for uploads that maxBytes keeps small.
func (u Upload) Bytes() ([]byte, error) {
	content := make([]byte, u.Size)
	_, err := io.ReadFull(u.Open(), content)
	return content, err
}

// Save writes the content to a new file, which only the user of the service may
// read. It fails with [os.ErrExist] when there is one of that name: choose
// names, do not take them from Name.
func (u Upload) Save(path string) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if _, err := io.Copy(file, u.Open()); err != nil {
		_ = file.Close() // the first error counts
		return err
	}
	return file.Close()
}

// noBytes is the content of the zero Upload.
type noBytes struct{}

func (noBytes) ReadAt([]byte, int64) (int, error) { return 0, io.EOF }

// newUpload makes the value of a file field.
func newUpload(held *bind.Upload) Upload {
	return Upload{Name: held.Name, ContentType: held.ContentType, Size: held.Size, Header: held.Header, held: held}
}

// Multipart returns the parts of a multipart/form-data body one by one, as they
// come: for uploads that go elsewhere without being stored. The input of the
// route must have no fields for a body or a form. It needs a route on goroutines. A body
// with a Content-Encoding has no parts as it is, and is a 415.
func (c *Ctx) Multipart() (*multipart.Reader, error) {
	media, params, _ := field.CutMedia(c.Header("Content-Type"))
	boundary := field.Param(params, "boundary")
	if !field.EqualFold(media, "multipart/form-data") || boundary == "" {
		return nil, problem.New(http.StatusUnsupportedMediaType, "the body must be multipart/form-data")
	}
	if coded := read(c, func(r *request) bool { return bind.Coding((*requestSource)(r)) != nil }); coded {
		return nil, bind.RefuseCoding()
	}
	return multipart.NewReader(c.Body(), boundary), nil
}

// bindOptions are what the binder has to know about a route.
func (r *route) bindOptions() bind.Options {
	return bind.Options{
		PathParams: r.pattern.Wildcards(), StrictBody: r.opts.strictBody,
		Form: r.opts.form, Upload: reflect.TypeFor[Upload](), StoreUpload: bind.StoreAs(newUpload),
		Check: checkCaller(),
	}
}

// Stream implements [bind.FormSource].
func (s *requestSource) Stream() io.Reader { return s.ctx.stream() }

// Reader implements [bind.FormSource].
func (s *requestSource) Reader() io.Reader { return s.ctx.Body() }

// Failed implements [bind.FormSource].
func (s *requestSource) Failed(err error) *problem.Problem { return s.ctx.problemOf(err) }

// Keep implements [bind.FormSource].
func (s *requestSource) Keep(c io.Closer) { s.uploads = append(s.uploads, c) }

// closeUploads removes temporary files. Large ones take the file system a while,
// so it is not for reactors.
func closeUploads(list []io.Closer) {
	for _, c := range list {
		_ = c.Close() // nothing was written that anybody will read
	}
}
