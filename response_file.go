package fasterapi

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"mime"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"path"
	"strconv"
	"time"

	"github.com/fasterapi/fasterapi/internal/bridge"
	"github.com/fasterapi/fasterapi/internal/describe"
	"github.com/fasterapi/fasterapi/internal/field"
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

	// coding is the content coding that the content stands in.
	coding string
}

// MarshalJSON fails: a response is no part of JSON.
func (r File) MarshalJSON() ([]byte, error) { return notJSON(r) }

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
		f.ETag = fmt.Sprintf(`"%x-%x%s"`, f.ModTime.UnixNano(), info.Size(), f.coding) // representations have tags of their own
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
	if f.coding != "" {
		h.Set("Content-Encoding", f.coding)
	}
	if f.CacheControl != "" {
		h.Set("Cache-Control", f.CacheControl)
	}
	if f.Download != "" {
		h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": f.Download}))
	}
}

// fileContent is the content of a [File] on its way out.
//
// Owner: the handler of the request.
type fileContent struct {
	c       *Ctx
	w       *bridge.Writer
	content io.Reader
	seeker  io.Seeker // of content; nil: it cannot seek, so there are no ranges
	size    int64     // bytes
	// mediaType is that of the whole, "": not known.
	mediaType string
	coded     bool // it stands in a content coding
}

// answer answers with content whose head is in w: all of it, ranges of it, or that
// the client has it (RFC 9110 sections 13.2.2 and 14.2).
func (f *File) answer(c *Ctx, w *bridge.Writer, content io.Reader, info fs.FileInfo) error {
	out := &fileContent{c: c, w: w, content: content, coded: f.coding != ""}
	if err := out.measure(info); err != nil {
		return err
	}
	if err := out.guessType(path.Base(f.Name)); err != nil {
		return err
	}
	known := field.Known{}
	known.Tag, _ = field.ParseTag(w.Header().Get("ETag"))
	if webfile.SaysDate(f.ModTime) {
		known.ModifiedAt(f.ModTime, time.Now())
		w.Header().Set("Last-Modified", known.Modified.UTC().Format(http.TimeFormat))
	}
	conditions := field.ReadConditions(c.Headers)
	switch conditions.Evaluate(c.Method(), known) {
	case field.NotModified:
		return out.notModified()
	case field.Failed:
		w.WriteHeader(http.StatusPreconditionFailed)
		return w.Finish()
	}
	if out.seeker == nil {
		return out.whole()
	}
	w.Header().Set("Accept-Ranges", "bytes")
	asked := c.Headers("Range")
	if method := c.Method(); method != http.MethodGet && method != methodQuery || len(asked) != 1 || !conditions.TakesRange(known) {
		return out.whole() // RFC 9110 section 14.2: ranges are for GET, and for QUERY (RFC 10008)
	}
	ranges, selection := field.Ranges(asked[0], out.size)
	switch {
	case selection == field.Unsatisfiable:
		w.Header().Set("Content-Range", field.Unsatisfied(out.size))
		w.WriteHeader(http.StatusRequestedRangeNotSatisfiable)
		return w.Finish()
	case selection == field.Parts && len(ranges) == 1:
		return out.part(ranges[0])
	case selection == field.Parts:
		return out.parts(ranges)
	}
	return out.whole()
}

// measure finds the size of the content.
func (f *fileContent) measure(info fs.FileInfo) (err error) {
	seeker, ok := f.content.(io.Seeker)
	if !ok {
		f.size = info.Size()
		return nil
	}
	f.seeker = seeker
	if f.size, err = seeker.Seek(0, io.SeekEnd); err == nil {
		_, err = seeker.Seek(0, io.SeekStart)
	}
	return err
}

// guessType decides the content type, unless it is said: by the extension of the
// name, else by the first 512 bytes.
func (f *fileContent) guessType(name string) error {
	if said, ok := f.w.Header()["Content-Type"]; ok {
		if len(said) > 0 {
			f.mediaType = said[0]
		}
		return nil
	}
	f.mediaType = mime.TypeByExtension(path.Ext(name))
	if f.mediaType == "" {
		sample, err := io.ReadAll(io.LimitReader(f.content, 512))
		if err != nil {
			return err
		}
		if f.seeker == nil {
			f.content = io.MultiReader(bytes.NewReader(sample), f.content)
		} else if _, err := f.seeker.Seek(0, io.SeekStart); err != nil {
			return err
		}
		f.mediaType = http.DetectContentType(sample)
	}
	f.w.Header().Set("Content-Type", f.mediaType)
	return nil
}

// standsFor tells middleware what the 200 would have been.
func (f *fileContent) standsFor() {
	f.c.Set(field.EntireKey{}, field.Entire{ContentType: f.mediaType, Size: f.size, Streamed: f.size > bridge.HoldBack, Coded: f.coded})
}

// notModified answers that the client has it. Of what describes the content, only
// what guides caches is sent (RFC 9110 section 15.4.5).
func (f *fileContent) notModified() error {
	f.standsFor()
	h := f.w.Header()
	h["Content-Type"] = nil
	h.Del("Content-Encoding")
	if h.Get("ETag") != "" {
		h.Del("Last-Modified")
	}
	f.w.WriteHeader(http.StatusNotModified)
	return f.w.Finish()
}

func (f *fileContent) whole() error {
	f.w.Header().Set("Content-Length", strconv.FormatInt(f.size, 10))
	f.w.WriteHeader(http.StatusOK)
	if f.c.Method() == http.MethodHead {
		return f.w.Finish()
	}
	if err := f.copy(f.w, f.size); err != nil {
		return err
	}
	return f.w.Finish()
}

// copy copies n bytes of the content. Content that ends before is broken off.
func (f *fileContent) copy(to io.Writer, n int64) error {
	copied, err := io.CopyN(to, f.content, n)
	if errors.Is(err, http.ErrBodyNotAllowed) {
		return nil // middleware has made it a status without content
	}
	if err == io.EOF && copied < n {
		return fmt.Errorf("fasterapi: the file ended %d bytes early: %w", n-copied, io.ErrUnexpectedEOF)
	}
	return err
}

// part answers with one range, RFC 9110 section 15.3.7.1.
func (f *fileContent) part(r field.Range) error {
	f.standsFor()
	if _, err := f.seeker.Seek(r.Start, io.SeekStart); err != nil {
		return err
	}
	f.w.Header().Set("Content-Range", r.ContentRange(f.size))
	f.w.Header().Set("Content-Length", strconv.FormatInt(r.Length, 10))
	f.w.WriteHeader(http.StatusPartialContent)
	if err := f.copy(f.w, r.Length); err != nil {
		return err
	}
	return f.w.Finish()
}

// parts answers with several ranges, RFC 9110 section 15.3.7.2.
func (f *fileContent) parts(ranges []field.Range) error {
	f.standsFor()
	var length counter
	plan := multipart.NewWriter(&length)
	for _, r := range ranges {
		if _, err := plan.CreatePart(f.partHeader(r)); err != nil {
			return err
		}
		length += counter(r.Length)
	}
	if err := plan.Close(); err != nil {
		return err
	}
	body := multipart.NewWriter(f.w)
	if err := body.SetBoundary(plan.Boundary()); err != nil {
		return err
	}
	f.w.Header().Set("Content-Type", "multipart/byteranges; boundary="+plan.Boundary())
	f.w.Header().Set("Content-Length", strconv.FormatInt(int64(length), 10))
	f.w.WriteHeader(http.StatusPartialContent)
	for _, r := range ranges {
		part, err := body.CreatePart(f.partHeader(r))
		if err != nil {
			return err
		}
		if _, err := f.seeker.Seek(r.Start, io.SeekStart); err != nil {
			return err
		}
		if err := f.copy(part, r.Length); err != nil {
			return err
		}
	}
	if err := body.Close(); err != nil {
		return err
	}
	return f.w.Finish()
}

func (f *fileContent) partHeader(r field.Range) textproto.MIMEHeader {
	h := textproto.MIMEHeader{"Content-Range": {r.ContentRange(f.size)}}
	if f.mediaType != "" {
		h["Content-Type"] = []string{f.mediaType}
	}
	return h
}

// counter counts the bytes that are written to it.
type counter int64

func (n *counter) Write(p []byte) (int, error) {
	*n += counter(len(p))
	return len(p), nil
}
