package middleware

import (
	"bufio"
	"cmp"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/internal/field"
	"github.com/fasterapi/fasterapi/internal/mistake"
	"github.com/fasterapi/fasterapi/problem"
)

const (
	// defaultRatio: JSON and text come to a tenth or a fiftieth; what deflate makes of
	// zeros is a thousandth.
	defaultRatio = 100
	// ratioFrom is how many bytes may come out before their ratio counts: small bodies
	// that repeat themselves do no harm.
	ratioFrom = 1 << 20
	// mostCodings bounds how many codings may lie upon each other: each is memory, and
	// nobody has a use for more than two.
	mostCodings = 3
	// largestWindow in bytes is what a decoder must have (RFC 9659 section 3).
	largestWindow = 8 << 20
)

// DecompressConfig configures Decompress. The zero value is ready.
type DecompressConfig struct {
	// Codings are those that are decoded, in the order of preference. Default "zstd",
	// "br", "gzip", "deflate"; there are no others.
	Codings []string
	// MaxBytes bounds what comes out of a body. Default, and at most: what the route
	// takes (the option MaxBody, else Config.MaxBody), which also bounds what comes in.
	MaxBytes int64
	// MaxRatio bounds how many times as many bytes may come out as came in, from 1 MiB
	// on. Default 100.
	MaxRatio int
	// Skip leaves requests alone, whose handler decodes the body or keeps it as it is.
	Skip func(c *fasterapi.Ctx) bool
}

// Decompress decodes request bodies with a Content-Encoding of zstd (RFC 8878), br (RFC
// 7932), gzip or deflate (RFC 9110 section 8.4.1), also several upon each other. Inputs,
// forms, uploads, c.Body() and mounted handlers get what comes out, and find neither
// Content-Encoding nor Content-Length. What becomes too long is answered with 413, what is
// no valid coding or ends early with 400, and a coding that is not decoded with 415 and
// Accept-Encoding (RFC 7694). A body that streams is decoded while it is read, and such
// an error is one of its reader.
//
// Without it fields for a body or a form refuse every coding with 415.
func Decompress(cfg DecompressConfig) fasterapi.Middleware {
	d, wrong := newDecompressor(cfg)
	if len(wrong) > 0 {
		return mistaken(wrong)
	}
	return func(next fasterapi.Handler) fasterapi.Handler {
		return func(c *fasterapi.Ctx) error {
			if c.Refused() == nil && (d.Skip == nil || !d.Skip(c)) {
				if err := d.decode(c); err != nil {
					return err
				}
			}
			return next(c)
		}
	}
}

// decompressor is a compiled DecompressConfig.
//
// Owner: any (immutable after New).
type decompressor struct {
	DecompressConfig
	pools    map[string]*decoders
	accepted string
}

func newDecompressor(cfg DecompressConfig) (d *decompressor, wrong mistake.List) {
	d = &decompressor{DecompressConfig: cfg, pools: map[string]*decoders{}}
	if d.Codings == nil {
		d.Codings = []string{"zstd", "br", "gzip", "deflate"}
	}
	for _, coding := range d.Codings {
		d.pools[coding] = newDecoders(coding)
		wrong.Unless(d.pools[coding] != nil, "DecompressConfig.Codings: "+strconv.Quote(coding)+" is not zstd, br, gzip or deflate")
	}
	d.accepted = joined(d.Codings)
	d.MaxRatio = cmp.Or(d.MaxRatio, defaultRatio)
	wrong.Unless(d.MaxBytes >= 0 && d.MaxRatio > 0, "DecompressConfig.MaxBytes and MaxRatio must not be negative")
	return d, wrong
}

// decode puts the decoders of a request in front of its body.
func (d *decompressor) decode(c *fasterapi.Ctx) error {
	codings := codingsOf(c)
	if len(codings) == 0 {
		return nil
	}
	pools := make([]*decoders, len(codings))
	for i, coding := range codings {
		pools[i] = d.pools[coding]
		if pools[i] == nil || len(codings) > mostCodings {
			return problem.UnsupportedMediaType("the body has a content coding that is not decoded").WithHeader("Accept-Encoding", d.accepted)
		}
	}
	slices.Reverse(pools) // the last one was applied last
	return c.FilterBody(func(body io.Reader) (io.Reader, error) {
		b := &decodedBody{limits: d, pools: pools}
		b.source.from = body
		return b, nil
	}, "Content-Encoding")
}

// codingsOf lists the codings of the body in the order in which they were applied.
func codingsOf(c *fasterapi.Ctx) (list []string) {
	for _, line := range c.Headers("Content-Encoding") {
		for more := true; more; {
			var coding string
			coding, line, more = field.NextToken(line)
			switch coding = strings.ToLower(coding); coding {
			case "", "identity":
			case "x-gzip": // RFC 9110 section 8.4.1.3
				list = append(list, "gzip")
			default:
				list = append(list, coding)
			}
		}
	}
	return list
}

// decodedBody reads a body through its decoders, which are opened when it is read: a
// client may wait to be asked for it.
//
// Owner: one goroutine at a time.
type decodedBody struct {
	limits *decompressor
	pools  []*decoders
	source countedSource
	opened []decoder
	top    io.Reader
	out    int64 // bytes that came out
	err    error // how it has ended
}

// countedSource counts what comes in, and keeps an error of the connection apart from
// those of decoders.
//
// Owner: one goroutine at a time.
type countedSource struct {
	from   io.Reader
	in     int64
	failed error
}

// Read implements [io.Reader].
func (s *countedSource) Read(p []byte) (int, error) {
	n, err := s.from.Read(p)
	s.in += int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		s.failed = err
	}
	return n, err
}

// Read implements [io.Reader].
func (b *decodedBody) Read(p []byte) (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	n := 0
	if b.err = b.open(); b.err == nil {
		n, b.err = b.top.Read(p)
	}
	b.out += int64(n)
	switch {
	case b.tooLong():
		n, b.err = 0, problem.TooLarge("the request body becomes too large when it is decoded")
	case b.err == nil || b.err == io.EOF:
	case b.source.failed != nil:
		b.err = b.source.failed
	default:
		b.err = problem.Wrap(b.err, http.StatusBadRequest, "the request body is not valid in its content coding, or not complete")
	}
	if b.err != nil {
		b.giveBack()
	}
	return n, b.err
}

func (b *decodedBody) tooLong() bool {
	most := b.limits.MaxBytes
	return most > 0 && b.out > most || b.out > ratioFrom && b.out/int64(b.limits.MaxRatio) > b.source.in
}

// open opens the decoders that are not open yet.
func (b *decodedBody) open() error {
	if b.top != nil {
		return nil
	}
	var top io.Reader = &b.source
	for _, pool := range b.pools {
		d, err := pool.open(top)
		if err != nil {
			return unexpectedEnd(err)
		}
		b.opened = append(b.opened, d)
		top = d
	}
	b.top = top
	return nil
}

// unexpectedEnd is err, and not io.EOF: there is nothing of a coding.
func unexpectedEnd(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// giveBack gives the decoders back. Those of a body that is not read to its end are left to
// the collector.
func (b *decodedBody) giveBack() {
	for i, d := range b.opened {
		b.pools[i].keep(d)
	}
	b.opened, b.top = nil, nil
}

// decoder decodes one coding.
type decoder interface {
	io.Reader
	// restart begins with another body.
	restart(r io.Reader) error
}

// decoders lends the decoders of one coding.
//
// Owner: any (atomic).
type decoders struct{ pool sync.Pool }

// newDecoders returns nil for a coding that there is not.
func newDecoders(coding string) *decoders {
	d := &decoders{}
	switch coding {
	case "gzip":
		d.pool.New = func() any { return &gzipDecoder{} }
	case "deflate":
		d.pool.New = func() any { return &zlibDecoder{} }
	case "br":
		d.pool.New = func() any { return &brotliDecoder{} }
	case "zstd":
		d.pool.New = func() any { return &zstdDecoder{} }
	default:
		return nil
	}
	return d
}

func (d *decoders) open(r io.Reader) (decoder, error) {
	one := d.pool.Get().(decoder)
	if err := one.restart(r); err != nil {
		return nil, err
	}
	return one, nil
}

func (d *decoders) keep(one decoder) {
	_ = one.restart(strings.NewReader("")) // it must not keep the request; what it says of nothing is no error
	d.pool.Put(one)
}

type gzipDecoder struct{ gzip.Reader }

func (d *gzipDecoder) restart(r io.Reader) error { return d.Reset(r) }

// zlibDecoder refuses what stands behind the end, as the other decoders do.
//
// Owner: one goroutine at a time.
type zlibDecoder struct {
	zlib   io.ReadCloser
	source *bufio.Reader
}

var errBehind = errors.New("middleware: there is something behind the end of the body")

func (d *zlibDecoder) restart(r io.Reader) (err error) {
	if d.zlib == nil {
		d.source = bufio.NewReader(r)
		d.zlib, err = zlib.NewReader(d.source)
		return err
	}
	d.source.Reset(r)
	return d.zlib.(zlib.Resetter).Reset(d.source, nil)
}

// Read implements [io.Reader].
func (d *zlibDecoder) Read(p []byte) (int, error) {
	n, err := d.zlib.Read(p)
	if err == io.EOF {
		if _, more := d.source.Peek(1); more == nil {
			err = errBehind
		}
	}
	return n, err
}

type brotliDecoder struct{ *brotli.Reader }

func (d *brotliDecoder) restart(r io.Reader) error {
	if d.Reader == nil {
		d.Reader = brotli.NewReader(r)
		return nil
	}
	return d.Reset(r)
}

type zstdDecoder struct{ *zstd.Decoder }

func (d *zstdDecoder) restart(r io.Reader) (err error) {
	if d.Decoder == nil {
		d.Decoder, err = zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(largestWindow))
		return err
	}
	return d.Reset(r)
}
