package fasterapi

import (
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"os"
	"reflect"

	"github.com/fasterapi/fasterapi/internal/bind"
	"github.com/fasterapi/fasterapi/internal/field"
	"github.com/fasterapi/fasterapi/problem"
)

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
