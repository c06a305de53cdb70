package codec

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"sync"

	"github.com/fasterapi/fasterapi/internal/noescape"
	"github.com/fasterapi/fasterapi/internal/schema"
	"github.com/fasterapi/fasterapi/problem"
)

// Limits bound what one document may cost. The zero value takes the defaults.
type Limits struct {
	Depth  int // open arrays and objects at once, 1 to 10000; default 256
	Errors int // errors that are reported before decoding stops, from 1; default 100
	Bytes  int // length of the document; default 0: no limit here
}

// Options say how documents are read.
type Options struct {
	Strict   bool   // refuse members that the struct does not have; default: skip them, like FastAPI
	Location string // what error locations begin with; default "body"
	Sparse   bool   // members may be absent, or null, unless `required:"true"` or a type that knows null says otherwise
	Secret   bool   // the document is a secret: errors repeat nothing of it, see schema.IsSensitive
	Limits   Limits
	Tags     *schema.Tags // what tags ask for of the value as a whole; nil: nothing
	whole    bool         // as encoding/json: what is read only is read, what is write only need not be there
}

func (o Options) resolve() (Options, error) {
	var mistakes []error
	fill := func(name string, v *int, fallback, lowest, highest int) {
		if *v == 0 {
			*v = fallback
		}
		if *v < lowest || *v > highest {
			mistakes = append(mistakes, fmt.Errorf("codec: Limits.%s must be from %d to %d", name, lowest, highest))
		}
	}
	fill("Depth", &o.Limits.Depth, 256, 1, maxDepth)
	fill("Errors", &o.Limits.Errors, 100, 1, 1<<20)
	fill("Bytes", &o.Limits.Bytes, int(^uint(0)>>1), 1, int(^uint(0)>>1))
	o.Location = cmp.Or(o.Location, "body")
	return o, errors.Join(mistakes...)
}

// Decoder reads and checks values of one Go type. Any goroutine may use it,
// at the same time as others.
//
// Owner: any (immutable after New).
type Decoder struct {
	typ     reflect.Type
	pointer reflect.Type
	fn      decodeFunc
	plain   bool // calls no code but its own, so it never keeps a pointer
	options Options
}

// decodeFunc reads the value at s.pos into the zero value at p and steps over
// it. What is wrong with the value is recorded and decoding goes on; false
// means that it cannot go on.
type decodeFunc func(s *decodeState, p ptr) bool

// decodeState is one run of a Decoder.
//
// Owner: one goroutine at a time.
type decodeState struct {
	scanner
	chunk    []byte // room for strings, see keep
	faults   []problem.FieldError
	most     int
	quiet    bool     // inside a secret: nothing of it goes into errors
	messages []string // scratch for rules
}

// states recycles the runs. What a state still holds of a document, unescaped
// text of up to 4 KiB, is overwritten and never read.
var states = sync.Pool{New: func() any { return new(decodeState) }}

// CompileDecoder prepares the decoding of values of t. It fails, with every
// mistake at once and the field of each, when t has no JSON form or its tags
// are wrong.
func CompileDecoder(t reflect.Type, o Options) (*Decoder, error) {
	o, err := o.resolve()
	if err != nil {
		return nil, err
	}
	c := decodeCompiler{nodes: map[nodeKey]*decodeNode{}, strict: o.Strict, sparse: o.Sparse, whole: o.whole || o.Sparse, plain: true}
	n := c.node(t, false, o.Tags, t.String())
	if len(c.mistakes) == 0 {
		c.defaults()
	}
	if len(c.mistakes) > 0 {
		return nil, errors.Join(c.mistakes...)
	}
	return &Decoder{typ: t, pointer: reflect.PointerTo(t), fn: n.fn, plain: c.plain, options: o}, nil
}

// CompileWhole is CompileDecoder for values as encoding/json writes them: what is read only is read too, and
// what is write only need not be there.
func CompileWhole(t reflect.Type, o Options) (*Decoder, error) {
	o.whole = true
	return CompileDecoder(t, o)
}

// DecoderFor is CompileDecoder for T.
func DecoderFor[T any](o Options) (*Decoder, error) { return CompileDecoder(reflect.TypeFor[T](), o) }

// Type returns the type that the decoder was compiled for.
func (d *Decoder) Type() reflect.Type { return d.typ }

// Plain tells whether the decoder runs no code but its own: no maps, no
// interfaces, no unmarshal methods.
func (d *Decoder) Plain() bool { return d.plain }

// Decode reads the document data into *v, which it sets to zero first, and
// checks it. It returns all that is wrong, in the order of the document; none
// means that *v is good. With errors, *v is partly filled. Nothing in *v
// aliases data.
//
// d must have been compiled for T; it is a programming error, reported as the
// only fault, when it was not. When d is plain, v may live on the caller's
// stack; otherwise a copy on the heap is filled first.
func Decode[T any](d *Decoder, data []byte, v *T) []problem.FieldError {
	if reflect.TypeOf(v) != d.pointer {
		return []problem.FieldError{{Location: d.options.Location, Message: "cannot be read: the decoder is for another type"}}
	}
	var zero T
	if d.plain {
		*v = zero
		return d.decode(data, noescape.Pointer(addressOf(v)))
	}
	held := new(T)
	faults := d.decode(data, addressOf(held))
	*v = *held
	return faults
}

// DecodeInto is Decode for a *T in an interface; the value is assumed to be
// zero.
func (d *Decoder) DecodeInto(data []byte, v any) []problem.FieldError {
	p := reflect.ValueOf(v)
	if reflect.TypeOf(v) != d.pointer || p.IsNil() {
		return []problem.FieldError{{Location: d.options.Location, Message: "cannot be read: the decoder is for another type"}}
	}
	return d.decode(data, p.UnsafePointer())
}

func (d *Decoder) decode(data []byte, p ptr) []problem.FieldError {
	if most := d.options.Limits.Bytes; len(data) > most {
		return []problem.FieldError{{Location: d.options.Location, Message: "must have at most " + strconv.Itoa(most) + " bytes"}}
	}
	s := states.Get().(*decodeState)
	s.data, s.limit, s.most = data, d.options.Limits.Depth, d.options.Limits.Errors
	s.quiet = d.options.Secret
	s.document(d.fn, p)
	faults := s.faults
	for i := range faults {
		faults[i].Location = d.options.Location + faults[i].Location
	}
	if s.problem != "" {
		faults = append(faults, problem.FieldError{Location: d.options.Location, Message: s.problem})
	}
	s.data, s.pos, s.depth, s.problem, s.scratch = nil, 0, 0, "", small(s.scratch)
	s.chunk, s.faults, s.quiet = nil, nil, false
	states.Put(s)
	return faults
}

// small keeps a buffer for reuse unless one document has made it large.
func small(b []byte) []byte {
	if cap(b) > 4<<10 {
		return nil
	}
	return b[:0]
}

// document reads the one value that data must be.
func (s *decodeState) document(fn decodeFunc, p ptr) {
	s.space()
	if s.pos == len(s.data) {
		s.problem = "must not be empty"
		return
	}
	if !fn(s, p) {
		return
	}
	if s.space(); s.pos < len(s.data) {
		s.fail("there is something behind the value,")
	}
}

// keep copies b, which the user may then hold indefinitely. Short
// strings share chunks of up to 1 KiB, so that ten strings cost one
// allocation, and one that is held for long holds 1 KiB.
func (s *decodeState) keep(b []byte) string {
	const most, whole = 1 << 10, 256
	if len(b) == 0 {
		return ""
	}
	if len(b) > cap(s.chunk)-len(s.chunk) {
		if len(b) > whole {
			return string(b)
		}
		s.chunk = make([]byte, 0, max(len(b), min(most, len(s.data)-s.pos+len(b))))
	}
	start := len(s.chunk)
	s.chunk = append(s.chunk, b...)
	return stringOf(s.chunk[start:])
}

// own is keep for code that may keep the bytes, and change them.
func (s *decodeState) own(b []byte) []byte {
	if len(b) == 0 {
		return []byte{}
	}
	return bytesOf(s.keep(b)) // nobody else has this string
}

// fault records what is wrong with the value that began at start and ends at
// pos. It returns false when there are enough errors.
func (s *decodeState) fault(start int, message string) bool {
	if s.quiet {
		return s.report(problem.FieldError{Message: message, Sensitive: true})
	}
	return s.report(problem.FieldError{Message: message, Value: echo(s.data[start:s.pos])})
}

func (s *decodeState) report(f problem.FieldError) bool {
	s.faults = append(s.faults, f)
	return len(s.faults) < s.most
}

// broken records the messages that rules gave for the value that began at
// start.
func (s *decodeState) broken(start int, messages []string) bool {
	s.messages = messages[:0]
	for _, m := range messages {
		if !s.fault(start, m) {
			return false
		}
	}
	return true
}

// wrong skips a value of the wrong type and records it.
func (s *decodeState) wrong(message string) bool {
	start := s.pos
	return s.skip() && s.fault(start, message)
}

// mismatch is wrong for a value that should be an object or an array. One of
// a type with a secret somewhere is not repeated: a scalar in its place may be
// that secret.
func (s *decodeState) mismatch(message string, secret bool) bool {
	outer := s.quiet
	s.quiet = outer || secret
	ok := s.wrong(message)
	s.quiet = outer
	return ok
}

// quietly makes a decodeFunc of values that are secret as a whole.
func quietly(fn decodeFunc) decodeFunc {
	return func(s *decodeState, p ptr) bool {
		outer := s.quiet
		s.quiet = true
		ok := fn(s, p)
		s.quiet = outer
		return ok
	}
}

// secretName is the place of a member whose name must not be repeated.
const secretName = ".*"

// named is the place of a member by the name that the client gave it. In a
// secret the names are part of it.
func (s *decodeState) named(name []byte) string {
	if s.quiet {
		return secretName
	}
	return "." + short(name)
}

// within puts a place in front of the locations of the faults from n on.
func (s *decodeState) within(n int, place string) {
	for i := n; i < len(s.faults); i++ {
		s.faults[i].Location = place + s.faults[i].Location
	}
}

// echoed is how long a value may be, in bytes of JSON, to be repeated in an
// error: an answer must not grow with what was sent.
const echoed = 128

// echo returns the Go value of a short JSON scalar, else nil.
func echo(raw []byte) any {
	if len(raw) == 0 || len(raw) > echoed {
		return nil
	}
	switch raw[0] {
	case 't':
		return true
	case 'f':
		return false
	case 'n', '{', '[':
		return nil
	case '"':
		s := scanner{data: raw}
		text, ok := s.text()
		if !ok {
			return nil
		}
		return string(text)
	}
	if n, err := strconv.ParseInt(string(raw), 10, 64); err == nil {
		return n
	}
	if f, err := strconv.ParseFloat(string(raw), 64); err == nil {
		return f
	}
	return string(raw)
}
