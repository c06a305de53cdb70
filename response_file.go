package fasterapi

import (
	"fmt"
	"io"
	"io/fs"
	"mime"
	"net/http"
	"time"

	"github.com/fasterapi/fasterapi/internal/bridge"
	"github.com/fasterapi/fasterapi/internal/describe"
	"github.com/fasterapi/fasterapi/internal/webfile"
)

// File is a response from a file: a name in FS, a Path on disk, or Content
// that is open already. It answers conditional requests (If-None-Match,
// If-Modified-Since, If-Match, If-Unmodified-Since, If-Range) and ranges, of
// which there may be several (RFC 9110 section 13 and 14); content that cannot
// seek, as that of archives, has no ranges. A file that does not exist is a 404, and
// so is what is no regular file: directories, pipes, devices. It needs a route on
// goroutines.
//
// Never build Path from what the client sends: give FS the root and Name the
// client's part. [os.Root] is a root that links cannot leave either. Names
// with "..", and paths with such an element, are answered with 404.
type File struct {
	// FS and Name choose a file of a file system; Name has no leading slash.
	FS   fs.FS
	Name string
	// Path is a file on disk.
	Path string
	// Content is read and, if it is an [io.Closer], closed.
	Content io.ReadSeeker

	// ContentType of the response. Default: by the extension of the name, else by the
	// first 512 bytes.
	ContentType string
	// ModTime is the Last-Modified date. Default: that of the file.
	ModTime time.Time
	// ETag is the entity tag with its quotes. Default: made of the file's
	// date and size, none when the date is not known, or is one that build tools
	// give to all files; "-": none.
	ETag string
	// CacheControl is the value of the field of that name; default: none.
	CacheControl string
	// Download makes browsers save the file under this name.
	Download string
}

// output implements response.
func (File) output() (output, error) {
	return output{render: renders[File], waits: true, answers: []describe.Answer{
		{Status: http.StatusOK, ContentType: "*/*"},
		{Status: http.StatusPartialContent, ContentType: "*/*", Description: "The part that the Range field asks for"},
		{Status: http.StatusNotModified, Description: "The client has the file already"},
	}}, nil
}

func (f File) render(c *Ctx) error {
	content, info, err := f.open()
	if err != nil {
		return webfile.Problem(err)
	}
	if closer, ok := content.(io.Closer); ok {
		defer closer.Close()
	}
	return f.serve(c, content, info)
}

// open returns the content and what is known of the file; nil for Content.
func (f *File) open() (io.Reader, fs.FileInfo, error) {
	switch {
	case f.Content != nil:
		return f.Content, nil, nil
	case f.FS != nil:
		return webfile.Open(f.FS, f.Name)
	case f.Path != "":
		f.Name = f.Path
		return webfile.OpenPath(f.Path)
	}
	return nil, nil, fs.ErrInvalid
}

// serve answers with content: all of it, ranges of it, or that the client has it.
func (f *File) serve(c *Ctx, content io.Reader, info fs.FileInfo) error {
	f.describe(c, info)
	w := bridge.NewWriter(holder{c})
	w.Problems = true
	f.header(c, w.Header())
	return f.answer(c, w, content, info)
}

// describe fills in what the file system knows.
func (f *File) describe(c *Ctx, info fs.FileInfo) {
	if f.ETag == "" {
		f.ETag = c.response().OwnHeader("ETag")
	}
	if modified, err := http.ParseTime(c.response().OwnHeader("Last-Modified")); err == nil && f.ModTime.IsZero() {
		f.ModTime = modified
	}
	if info == nil {
		return
	}
	if f.ModTime.IsZero() {
		f.ModTime = info.ModTime()
	}
	if f.ETag == "" && webfile.SaysDate(f.ModTime) {
		f.ETag = fmt.Sprintf(`"%x-%x"`, f.ModTime.UnixNano(), info.Size())
	}
}

// header sets what f says. A tag and a type of middleware are of no file.
func (f *File) header(c *Ctx, h http.Header) {
	h.Del("Content-Type")
	if said := c.response().OwnHeader("Content-Type"); said != "" {
		h.Set("Content-Type", said)
	}
	if f.ContentType != "" {
		h.Set("Content-Type", f.ContentType)
		if !c.response().Valid("Content-Type", f.ContentType) {
			h.Set("Content-Type", binaryType)
		}
	}
	h.Del("Etag")
	if h.Del("Last-Modified"); c.response().OwnHeader("Last-Modified") != "" {
		h.Set("Last-Modified", c.response().OwnHeader("Last-Modified"))
	}
	if f.ETag != "" && f.ETag != "-" {
		h.Set("Etag", f.ETag)
	}
	if f.CacheControl != "" {
		h.Set("Cache-Control", f.CacheControl)
	}
	if f.Download != "" {
		h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": f.Download}))
	}
}
