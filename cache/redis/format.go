package redis

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"strconv"
	"strings"
	"time"

	"github.com/fasterapi/fasterapi/cache"
)

// A stored entry is text that scripts read, and bytes:
//
//	FRESH|LOADED|            microseconds of Redis's clock: until when it is fresh, when it was loaded
//	1                        the version of this format
//	CRC-32C of what follows, 4 bytes
//	life: three varints of nanoseconds; name; n, and n times a tag and its version; the value
//
// where name, tags and versions are a varint of the length and bytes, and name is that of the key in Redis: an answer
// to another question is found out.

// format is the version of the format: the byte behind the text.
const format = 1

// stored is an entry as it is in Redis.
//
// Owner: a plain value. value: leased of the answer that it was read from.
type stored struct {
	name   string
	loaded int64 // microseconds of Redis's clock
	life   cache.Life
	tags   []string
	marks  []string // the versions of the tags
	value  []byte
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// errOdd is the error of an entry that is not what was stored.
var errOdd = errors.New("redis: an entry is not what was stored")

// append appends the entry to b.
func (e *stored) append(b []byte) []byte {
	b = strconv.AppendInt(b, e.until(e.life.TTL), 10)
	b = append(b, '|')
	b = strconv.AppendInt(b, e.loaded, 10)
	b = append(b, '|', format, 0, 0, 0, 0)
	begin := len(b)
	for _, d := range [...]time.Duration{e.life.TTL, e.life.StaleWhileRevalidate, e.life.StaleIfError} {
		b = binary.AppendVarint(b, int64(d))
	}
	b = appendText(b, e.name)
	b = binary.AppendUvarint(b, uint64(len(e.tags)))
	for i := range e.tags {
		b = appendText(appendText(b, e.tags[i]), e.marks[i])
	}
	b = append(b, e.value...)
	binary.BigEndian.PutUint32(b[begin-4:], crc32.Checksum(b[begin:], castagnoli))
	return b
}

func appendText(b []byte, text string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(text))), text...)
}

// until is the moment d after the entry was loaded, bounded so that scripts can compute with it: 2^52 microseconds are 142
// years.
func (e *stored) until(d time.Duration) int64 {
	const last = int64(1) << 52
	return min(e.loaded+d.Microseconds(), last)
}

// parse reads an entry that should be that of name.
func parse(text, name string) (e stored, err error) {
	_, rest, _ := strings.Cut(text, "|")
	loaded, rest, ok := strings.Cut(rest, "|")
	if e.loaded, err = strconv.ParseInt(loaded, 10, 64); err != nil || !ok || len(rest) < 5 || rest[0] != format {
		return e, errOdd
	}
	b := []byte(rest[5:])
	if binary.BigEndian.Uint32([]byte(rest[1:5])) != crc32.Checksum(b, castagnoli) {
		return e, errOdd
	}
	r := reader{rest: b}
	e.life = cache.Life{TTL: r.duration(), StaleWhileRevalidate: r.duration(), StaleIfError: r.duration()}
	e.name = r.text()
	for n := r.number(); n > 0 && !r.bad; n-- {
		e.tags, e.marks = append(e.tags, r.text()), append(e.marks, r.text())
	}
	if e.value = r.rest; r.bad || e.name != name {
		return e, errOdd
	}
	return e, nil
}

// reader takes an entry apart.
//
// Owner: whoever made it.
type reader struct {
	rest []byte
	bad  bool
}

func (r *reader) number() uint64 {
	n, size := binary.Uvarint(r.rest)
	if size <= 0 || r.bad {
		r.bad = true
		return 0
	}
	r.rest = r.rest[size:]
	return n
}

func (r *reader) duration() time.Duration {
	n, size := binary.Varint(r.rest)
	if size <= 0 || r.bad {
		r.bad = true
		return 0
	}
	r.rest = r.rest[size:]
	return time.Duration(n)
}

func (r *reader) text() string {
	n := r.number()
	if n > uint64(len(r.rest)) {
		r.bad = true
	}
	if r.bad {
		return ""
	}
	text := string(r.rest[:n])
	r.rest = r.rest[n:]
	return text
}
