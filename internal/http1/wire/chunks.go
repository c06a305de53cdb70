package wire

// ChunkLimits bound a chunked body. A zero field means its default.
//
// Owner: any (a plain value).
type ChunkLimits struct {
	BodyBytes      int64 // bytes of all chunk data together; 0: no limit; more is refused with 413 as soon as a chunk announces it
	ExtensionBytes int   // bytes of all chunk extensions together; default 4 KiB; more is refused with 400 (RFC 9112 7.1.1)
	TrailerBytes   int   // bytes of the whole trailer section; default 8 KiB; more is refused with 431
	Trailers       int   // trailer fields; default 32; more is refused with 431
}

// Defaults of [ChunkLimits].
const (
	DefaultExtensionBytes = 4 << 10
	DefaultTrailerBytes   = 8 << 10
	DefaultTrailers       = 32
)

// Chunks decodes one chunked body (RFC 9112 7.1), in pieces of any size. The
// zero value decodes with default limits; Reset makes it ready for another body.
// It keeps no byte of the input but the trailers, in memory of its own.
//
// Owner: the owner of the conn.
type Chunks struct {
	lim      ChunkLimits
	part     part
	ext      extPart
	spaced   bool  // the last byte of the extensions was white space
	digits   uint8 // of the chunk size so far
	left     int64 // bytes of the current chunk yet to come; while reading its size: the size so far
	total    int64 // bytes of all chunks announced so far
	extended int   // bytes of extensions so far
	err      error // sticky

	section  []byte   // the trailer section so far
	line     int      // where in section its last line starts
	count    int      // trailer fields so far, dropped ones included
	bytes    int      // bytes of the trailer section so far, dropped ones included
	kept     []span   // name, value, name, value in section
	trailers []Header // of kept, when done
}

// part is the part of a chunked body that the next byte belongs to.
type part uint8

const (
	inSize     part = iota // hex digits
	inExtended             // after ';'
	atSizeLF               // after the CR of the chunk-size line
	inData
	atDataCR
	atDataLF
	inTrailers // after the last chunk
	atDone
)

// Reset forgets the body and sets the limits of the next one.
func (c *Chunks) Reset(lim ChunkLimits) {
	if lim.ExtensionBytes <= 0 {
		lim.ExtensionBytes = DefaultExtensionBytes
	}
	if lim.TrailerBytes <= 0 {
		lim.TrailerBytes = DefaultTrailerBytes
	}
	if lim.Trailers <= 0 {
		lim.Trailers = DefaultTrailers
	}
	*c = Chunks{lim: lim, section: c.section[:0], kept: c.kept[:0], trailers: c.trailers[:0]}
}

// Done reports whether the whole body has been decoded, its trailers included.
func (c *Chunks) Done() bool { return c.part == atDone }

// Trailers returns the trailer fields that were kept, nil before Done. They are
// leased until Reset.
func (c *Chunks) Trailers() []Header {
	if c.part != atDone {
		return nil
	}
	return c.trailers
}

// Decode copies body bytes from src to dst and returns how many it wrote to dst
// and how many it used of src. It stops when src is used up, when dst is full
// and the next byte of src is body, or when the body is complete (Done): the
// rest of src is then the next request. dst may be src itself: decoding in
// place is allowed, for dst never overtakes src.
//
// The error, an [*Error], is final: it is returned by every later call too.
func (c *Chunks) Decode(dst, src []byte) (nDst, nSrc int, err error) {
	for nSrc < len(src) {
		data, n, err := c.next(src[nSrc:], len(dst)-nDst)
		nSrc += n
		nDst += copy(dst[nDst:], data)
		if err != nil {
			return nDst, nSrc, err
		}
		if n == 0 {
			break
		}
	}
	return nDst, nSrc, c.err
}

// Next is Decode without the copy: it returns the next run of body bytes, a
// piece of src, and how many bytes of src it used, the run included. It returns
// an empty run only when src is used up, the body is complete or an error is
// found.
func (c *Chunks) Next(src []byte) (data []byte, n int, err error) {
	return c.next(src, len(src))
}

// next returns a run of at most room body bytes.
func (c *Chunks) next(src []byte, room int) (data []byte, n int, err error) {
	if c.err != nil {
		return nil, 0, c.err
	}
	if c.lim.Trailers == 0 {
		c.Reset(c.lim)
	}
	for n < len(src) && c.part != atDone {
		switch c.part {
		case inData:
			take := int(min(c.left, int64(len(src)-n), int64(room)))
			if c.left -= int64(take); c.left == 0 {
				c.part = atDataCR
			}
			return src[n : n+take : n+take], n + take, nil
		case inTrailers:
			used, err := c.trailerBytes(src[n:])
			n += used
			if err != nil {
				return nil, n, c.fail(err)
			}
		default:
			if err := c.frame(src[n]); err != nil {
				return nil, n, c.fail(err)
			}
			n++
		}
	}
	return nil, n, nil
}

func (c *Chunks) fail(err *Error) error {
	c.err = err
	return err
}

// frame takes one byte of what stands between the data of two chunks.
func (c *Chunks) frame(b byte) *Error {
	switch c.part {
	case inSize:
		return c.sizeByte(b)
	case inExtended:
		return c.extensionByte(b)
	case atSizeLF:
		if b != '\n' {
			return errBareCR
		}
		return c.startChunk()
	case atDataCR:
		if b != '\r' {
			return errChunkEnd
		}
		c.part = atDataLF
	case atDataLF:
		if b != '\n' {
			return errChunkEnd
		}
		c.part, c.left, c.digits = inSize, 0, 0
	}
	return nil
}

func (c *Chunks) sizeByte(b byte) *Error {
	switch {
	case class[b]&isHex != 0:
		if c.digits == 16 || c.left>>59 != 0 {
			return errChunkSize // more than 16 digits, or 2^63 and more
		}
		c.digits++
		c.left = c.left<<4 | int64(hexValue(b))
		return nil
	case c.digits == 0:
		return errChunkSize
	case b == '\r':
		c.part = atSizeLF
		return nil
	case b == ';':
		c.part, c.ext = inExtended, extInName
		return c.extensionByte(b)
	case b == '\n':
		return errBareLF
	}
	return errChunkSize
}

func hexValue(b byte) byte {
	if b <= '9' {
		return b - '0'
	}
	return b&0x0f + 9
}

// startChunk decides about a chunk whose size line is complete.
func (c *Chunks) startChunk() *Error {
	if c.left == 0 {
		c.part = inTrailers
		return nil
	}
	most := c.lim.BodyBytes
	if most <= 0 {
		most = 1<<63 - 1
	}
	if c.left > most-c.total {
		return errBodyLong
	}
	c.total += c.left
	c.part = inData
	return nil
}
