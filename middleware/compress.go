package middleware

import (
	"bytes"
	"cmp"
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/internal/field"
	"github.com/fasterapi/fasterapi/internal/mistake"
)

const (
	// defaultMinSize: below about a network packet, fewer bytes are not faster.
	defaultMinSize = 1 << 10
	// offReactor is the body size in bytes from which a goroutine compresses in
	// place of the reactor: 16 KiB of JSON take 120 us with zstd, 160 us with gzip
	// and 180 us with Brotli (BenchmarkCompress, two busy cores).
	offReactor = 16 << 10
)

// CompressConfig configures Compress. The zero value is ready.
type CompressConfig struct {
	// Codings in the order of preference, for clients that like several equally.
	// Default "zstd", "br", "gzip"; there are no others.
	Codings []string
	// MinSize is the smallest body in bytes that is compressed; streams always
	// are. Default 1 KiB.
	MinSize int
	// Types are the media types that are compressed: "text/*" is all of its
	// kind. Default: text, JSON, XML, JavaScript, WebAssembly, SVG and whatever ends with
	// "+json", "+xml" or "+text".
	Types []string
	// Skip leaves responses out. Bodies with a secret beside something that the
	// client chose should not be compressed: their length tells about the secret
	// (the BREACH attack).
	Skip func(c *fasterapi.Ctx) bool
}

// Compress compresses responses with the coding that the client likes best: zstd
// (RFC 8878), Brotli (RFC 7932) or gzip. Bodies that have a coding already, parts
// of files and types that do not shrink are left alone; Cache-Control:
// no-transform is obeyed, and strong entity tags become weak. Streams are
// compressed as they come, and flushed when they are. Errors are sent as they
// are.
func Compress(cfg CompressConfig) fasterapi.Middleware {
	z := newCompressor(cfg)
	if len(z.wrong) > 0 {
		return mistaken(z.wrong)
	}
	return func(next fasterapi.Handler) fasterapi.Handler {
		return func(c *fasterapi.Ctx) error {
			c.FilterStream(z.stream)
			if err := next(c); err != nil {
				return err
			}
			return z.staged(c)
		}
	}
}

// compressor is a compiled CompressConfig.
type compressor struct {
	CompressConfig
	encoders map[string]*encoders
	exact    map[string]bool
	kinds    []string // "text/"
	defaults bool
	wrong    mistake.List
}

func newCompressor(cfg CompressConfig) *compressor {
	z := &compressor{CompressConfig: cfg, encoders: map[string]*encoders{}, exact: map[string]bool{}, defaults: cfg.Types == nil}
	if z.Codings == nil {
		z.Codings = []string{"zstd", "br", "gzip"}
	}
	for _, coding := range z.Codings {
		z.encoders[coding] = newEncoders(coding)
		z.wrong.Unless(z.encoders[coding] != nil, "CompressConfig.Codings: "+coding+" is not zstd, br or gzip")
	}
	z.MinSize = cmp.Or(z.MinSize, defaultMinSize)
	z.wrong.Unless(z.MinSize > 0, "CompressConfig.MinSize must be positive")
	for _, t := range cfg.Types {
		z.wrong.Unless(strings.Contains(t, "/"), "CompressConfig.Types: "+t+" is not a media type")
		if kind, all := strings.CutSuffix(strings.ToLower(t), "/*"); all {
			z.kinds = append(z.kinds, kind+"/")
		} else {
			z.exact[strings.ToLower(t)] = true
		}
	}
	return z
}

// staged compresses a staged response.
func (z *compressor) staged(c *fasterapi.Ctx) error {
	body := c.StagedBody()
	switch {
	case c.Sent():
		return nil
	case c.Status() == http.StatusNotModified:
		z.notModified(c)
		return nil
	case c.Status() == http.StatusPartialContent:
		z.part(c)
		return nil
	case len(body) == 0 && c.Method() == http.MethodHead:
		z.head(c)
		return nil
	case len(body) < z.MinSize || !z.suitable(c):
		return nil
	}
	coding := z.negotiate(c, int64(len(body)))
	if coding == "" {
		return nil
	}
	weaken(c)
	pool := z.encoders[coding]
	if c.AsyncSite().Direct && len(body) > offReactor {
		// The goroutine may outlive the request, if the client leaves.
		copied := bytes.Clone(body)
		out, err := async.Go(c, func(context.Context) ([]byte, error) { return pool.all(nil, copied) }).Await(c)
		if err == nil {
			z.replace(c, coding, out, len(body))
		}
		return nil // as it is
	}
	buf := pool.buffer()
	defer pool.keep(buf)
	out, err := pool.all(buf.bytes[:0], body)
	if err != nil {
		return err
	}
	buf.bytes = out
	z.replace(c, coding, out, len(body))
	return nil
}

// replace stages the compressed body, if it is the smaller one.
func (z *compressor) replace(c *fasterapi.Ctx, coding string, out []byte, size int) {
	if len(out) >= size {
		return
	}
	c.ReplaceBody(out)
	encoded(c, coding)
}

// encoded tells about the coding in the head.
func encoded(c *fasterapi.Ctx, coding string) {
	c.SetHeader("Content-Encoding", coding)
	c.DeleteHeader("Accept-Ranges") // ranges count bytes of the content
	weaken(c)
}

// weaken makes the entity tag weak: the same content is sent in bytes that differ.
// A body that turns out not to shrink has a weak one too, because a 304 cannot
// know what the bytes would have been.
func weaken(c *fasterapi.Ctx) {
	if tag, ok := field.ParseTag(c.ResponseHeader("ETag")); ok && !tag.Weak {
		tag.Weak = true
		c.SetHeader("ETag", tag.String())
	}
}

// negotiate returns the coding for this client and a body of size bytes, "" for
// none, and records that the answer depends on the client.
func (z *compressor) negotiate(c *fasterapi.Ctx, size int64) string {
	c.Vary("Accept-Encoding")
	if site := c.AsyncSite(); site.Direct && site.Coroutine == nil && size > offReactor {
		return "" // nobody could wait
	}
	return field.Choose(c.Headers("Accept-Encoding"), z.Codings)
}

// notModified makes a 304 say what the 200 would have said, RFC 9110 section 15.4.5.
func (z *compressor) notModified(c *fasterapi.Ctx) {
	if whole, ok := c.Value(field.EntireKey{}).(field.Entire); ok {
		if z.fits(c, whole) && z.negotiate(c, whole.Size) != "" {
			weaken(c)
		}
		return
	}
	// The handler's own: what the client has tells what it was sent.
	c.Vary("Accept-Encoding")
	listed := field.ParseTags(c.Headers("If-None-Match"))
	if tag, ok := field.ParseTag(c.ResponseHeader("ETag")); ok && !listed.Names(tag) && listed.Weakly(tag) && !listed.Any {
		weaken(c)
	}
}

// part makes a 206 say what the 200 would have said about Vary, RFC 9110 section
// 15.3.7. Its tag stays strong: parts are of the bytes that have no coding.
func (z *compressor) part(c *fasterapi.Ctx) {
	whole, ok := c.Value(field.EntireKey{}).(field.Entire)
	if !ok {
		whole = field.Entire{ContentType: c.ContentType(), Streamed: true}
	}
	if media, _, _ := field.CutMedia(whole.ContentType); field.EqualFold(media, "multipart/byteranges") || z.fits(c, whole) {
		c.Vary("Accept-Encoding")
	}
}

// head makes the answer to HEAD say what the answer to GET would say about Vary (RFC 9110 section 9.3.2), where
// nobody has made that one's content, which may be a stream.
func (z *compressor) head(c *fasterapi.Ctx) {
	if whole, ok := c.Value(field.EntireKey{}).(field.Entire); ok && z.suitable(c) && z.fits(c, whole) {
		c.Vary("Accept-Encoding")
	}
}

// fits tells whether a whole response would be compressed for a client that
// takes it.
func (z *compressor) fits(c *fasterapi.Ctx, whole field.Entire) bool {
	return !whole.Coded && (whole.Streamed || whole.Size >= int64(z.MinSize)) && z.shrinks(whole.ContentType) && z.allowed(c)
}

// suitable tells whether the response may be compressed.
func (z *compressor) suitable(c *fasterapi.Ctx) bool {
	if status := c.Status(); status < 200 || status == http.StatusNoContent || status == http.StatusResetContent {
		return false
	}
	return z.shrinks(c.ContentType()) && c.ResponseHeader("Content-Range") == "" && z.allowed(c)
}

// allowed tells whether nobody has anything against another coding.
func (z *compressor) allowed(c *fasterapi.Ctx) bool {
	return c.ResponseHeader("Content-Encoding") == "" &&
		!field.Lists(c.ResponseHeader("Cache-Control"), "no-transform") &&
		(z.Skip == nil || !z.Skip(c))
}

// shrinks tells whether a media type is on the list.
func (z *compressor) shrinks(contentType string) bool {
	media, _, ok := field.CutMedia(contentType)
	if !ok {
		return false
	}
	media = strings.ToLower(media)
	if z.defaults {
		return shrinksByDefault(media)
	}
	return z.exact[media] || slices.ContainsFunc(z.kinds, func(kind string) bool { return strings.HasPrefix(media, kind) })
}

func shrinksByDefault(media string) bool {
	if strings.HasPrefix(media, "text/") {
		return true
	}
	switch media {
	case "application/json", "application/xml", "application/javascript", "application/wasm", "application/jsonl",
		"application/x-ndjson", "application/yaml", "application/manifest+json", "image/svg+xml", "font/ttf", "font/otf":
		return true
	}
	return strings.HasSuffix(media, "+json") || strings.HasSuffix(media, "+xml") || strings.HasSuffix(media, "+text")
}

// stream compresses a streamed response.
func (z *compressor) stream(c *fasterapi.Ctx, next *fasterapi.StreamWriter) fasterapi.StreamFilter {
	switch c.Status() {
	case http.StatusNotModified:
		z.notModified(c)
		return nil
	case http.StatusPartialContent:
		z.part(c)
		return nil
	}
	whole, known := c.Value(field.EntireKey{}).(field.Entire)
	if !z.suitable(c) || known && !z.fits(c, whole) {
		return nil
	}
	coding := z.negotiate(c, 0)
	if coding == "" {
		return nil
	}
	encoded(c, coding)
	if c.Method() == http.MethodHead {
		return headOnly{next} // the length of the other coding is not said (RFC 9110 section 9.3.2)
	}
	pool := z.encoders[coding]
	return &compressedStream{pool: pool, encoder: pool.stream(next), next: next}
}

// headOnly is the stream of an answer to HEAD, whose content nobody gets.
type headOnly struct{ *fasterapi.StreamWriter }

func (headOnly) Close() error { return nil }

// compressedStream is a streamed body on its way through an encoder.
//
// Owner: the goroutine that writes the stream.
type compressedStream struct {
	pool    *encoders
	encoder streamEncoder
	next    *fasterapi.StreamWriter
}

func (s *compressedStream) Write(p []byte) (int, error) { return s.encoder.Write(p) }

// Flush sends everything that was written so far.
func (s *compressedStream) Flush() error {
	if err := s.encoder.Flush(); err != nil {
		return err
	}
	return s.next.Flush()
}

func (s *compressedStream) Close() error {
	err := s.encoder.Close()
	if err == nil {
		s.pool.giveStream(s.encoder)
	}
	return err
}
