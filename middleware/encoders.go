package middleware

import (
	"bytes"
	"compress/gzip"
	"io"
	"sync"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
)

const (
	// The levels are what responses made on the fly are worth: higher ones take twice
	// the time for some per cent. The two encoders of Brotli have levels of their
	// own: of 16 KiB of JSON NewWriterV2 makes 2069 bytes at level 1 in 180 us and
	// 2049 at level 4 in 480 us; NewWriterLevel 1915 at level 3 in 350 us (two busy
	// cores, November 2026).
	gzipLevel         = 5
	brotliWholeLevel  = 1
	brotliStreamLevel = 3
	// zstdWindow bounds the memory of an encoder, and of the client's decoder,
	// which need not take more than 8 MiB (RFC 9659).
	zstdWindow = 256 << 10
	// keepBuffer is the largest result buffer in bytes that is kept.
	keepBuffer = 1 << 20
)

// wholeEncoder compresses bodies that are complete, and is used again and again.
type wholeEncoder interface {
	io.WriteCloser
	Reset(w io.Writer)
}

// streamEncoder compresses bodies while they are written.
type streamEncoder interface {
	wholeEncoder
	Flush() error
}

// encoders lends the encoders of one coding, and buffers for what they write.
//
// Owner: any (atomic).
type encoders struct {
	streams, wholes, buffers sync.Pool
}

// newEncoders returns nil for a coding that there is not.
func newEncoders(coding string) *encoders {
	e := &encoders{}
	e.buffers.New = func() any { return new(result) }
	switch coding {
	case "gzip":
		e.streams.New = newGzip
		e.wholes.New = newGzip
	case "zstd":
		e.streams.New = newZstd
		e.wholes.New = newZstd
	case "br":
		e.streams.New = func() any { return brotli.NewWriterLevel(io.Discard, brotliStreamLevel) }
		e.wholes.New = func() any { return brotli.NewWriterV2(io.Discard, brotliWholeLevel) } // faster, but cannot flush
	default:
		return nil
	}
	return e
}

func newGzip() any {
	w, err := gzip.NewWriterLevel(io.Discard, gzipLevel)
	mustBe(err == nil, "gzip level")
	return w
}

func newZstd() any {
	w, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedDefault), zstd.WithEncoderConcurrency(1),
		zstd.WithWindowSize(zstdWindow), zstd.WithLowerEncoderMem(true))
	mustBe(err == nil, "zstd options")
	return w
}

// result is a buffer for a compressed body.
type result struct{ bytes []byte }

func (e *encoders) buffer() *result { return e.buffers.Get().(*result) }

func (e *encoders) keep(r *result) {
	if cap(r.bytes) <= keepBuffer {
		e.buffers.Put(r)
	}
}

// stream lends an encoder that writes to w.
func (e *encoders) stream(w io.Writer) streamEncoder {
	enc := e.streams.Get().(streamEncoder)
	enc.Reset(w)
	return enc
}

// giveStream takes a closed encoder back.
func (e *encoders) giveStream(enc streamEncoder) {
	enc.Reset(io.Discard) // it must not keep the response
	e.streams.Put(enc)
}

// all appends the compressed src to dst.
func (e *encoders) all(dst, src []byte) ([]byte, error) {
	enc := e.wholes.Get().(wholeEncoder)
	defer e.wholes.Put(enc)
	if z, ok := enc.(*zstd.Encoder); ok { // it knows the size: a smaller frame
		return z.EncodeAll(src, dst), nil
	}
	out := bytes.NewBuffer(dst)
	enc.Reset(out)
	defer enc.Reset(io.Discard)
	if _, err := enc.Write(src); err != nil {
		return nil, err
	}
	if err := enc.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
