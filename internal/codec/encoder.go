package codec

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"

	"github.com/fasterapi/fasterapi/internal/noescape"
)

// Encoder appends values of one Go type as JSON. Any goroutine may use it, at
// the same time as others.
//
// Owner: any (immutable after New).
type Encoder struct {
	typ     reflect.Type
	pointer reflect.Type // *typ
	fn      appendFunc
	plain   bool // calls no code but its own, so it never keeps a pointer
	direct  bool // an interface holds values of typ in its own word
}

// appendFunc appends the value at p. depth counts the JSON containers around
// it. On failure it returns what it has appended so far; Append cuts it off.
type appendFunc func(dst []byte, p ptr, depth int) ([]byte, error)

// maxDepth is the deepest nesting of arrays and objects, that of
// encoding/json/jsontext. A cycle of pointers ends here, with an error.
const maxDepth = 10_000

var errDepth = errors.New("exceeded max depth")

// EncodeError tells which value could not be written.
type EncodeError struct {
	Pointer string       // where: JSON Pointer (RFC 6901) below the encoded value; "" is the value itself
	GoType  reflect.Type // type of the value that failed; nil when not known
	Err     error        // why
}

// Error names the place, the type and the reason.
func (e *EncodeError) Error() string {
	var where, what string
	if e.Pointer != "" {
		where = " at " + e.Pointer
	}
	if e.GoType != nil {
		what = " " + e.GoType.String()
	}
	return "codec: cannot encode" + what + where + ": " + e.Err.Error()
}

// Unwrap returns the reason.
func (e *EncodeError) Unwrap() error { return e.Err }

// failed makes err an *EncodeError of type t.
func failed(t reflect.Type, err error) error { return &EncodeError{GoType: t, Err: err} }

// below puts one more reference token in front of the place that err names.
func below(token string, err error) error {
	e, ok := err.(*EncodeError) // ours, never wrapped
	if !ok {
		e = &EncodeError{Err: err}
	}
	token = strings.NewReplacer("~", "~0", "/", "~1").Replace(token)
	if len(e.Pointer) < 1<<12 { // a cycle is 10,000 tokens deep: keep the inner ones
		e.Pointer = "/" + token + e.Pointer
	}
	return e
}

// CompileEncoder prepares the encoding of values of t. It fails, with every
// mistake at once, for types that encoding/json/v2 can never write: channels,
// functions, complex numbers, malformed json tags.
//
// Members that are write only are left out.
func CompileEncoder(t reflect.Type) (*Encoder, error) { return compileEncoder(t, false) }

// compileEncoder is CompileEncoder; whole: of what is write only too, as encoding/json does.
func compileEncoder(t reflect.Type, whole bool) (*Encoder, error) {
	c := encodeCompiler{nodes: map[nodeKey]*encodeNode{}, plain: true, whole: whole}
	n := c.node(t, false, t.String())
	if len(c.mistakes) > 0 {
		return nil, errors.Join(c.mistakes...)
	}
	return &Encoder{
		typ: t, pointer: reflect.PointerTo(t), fn: n.fn,
		plain: c.plain, direct: isDirect(t),
	}, nil
}

// EncoderFor is CompileEncoder for T.
func EncoderFor[T any]() (*Encoder, error) { return CompileEncoder(reflect.TypeFor[T]()) }

// Type returns the type that the encoder was compiled for.
func (e *Encoder) Type() reflect.Type { return e.typ }

// Plain tells whether the encoder runs no code but its own: no marshal
// methods, no interfaces, no fallback. Then Append does not allocate as long
// as dst is big enough.
func (e *Encoder) Plain() bool { return e.plain }

// Append appends *v to dst as JSON and returns the longer slice. On failure
// it returns dst as it was and an *EncodeError. e must have been compiled for
// T. When e is plain, v may live on the caller's stack and nothing is
// allocated but room in dst; otherwise *v is copied to the heap first.
func Append[T any](e *Encoder, dst []byte, v *T) ([]byte, error) {
	if !e.plain || reflect.TypeOf(v) != e.pointer {
		held := new(T)
		*held = *v
		return e.appendPointer(dst, held)
	}
	return e.append(dst, noescape.Pointer(addressOf(v)))
}

// appendPointer is Append for a pointer to the heap.
func (e *Encoder) appendPointer(dst []byte, v any) ([]byte, error) {
	if t := reflect.TypeOf(v); t != e.pointer {
		return dst, mismatch(e, t.Elem())
	}
	return e.append(dst, reflect.ValueOf(v).UnsafePointer())
}

// AppendValue is Append for a value that is known by reflection only. It must be
// addressable, and is not copied.
func AppendValue(e *Encoder, dst []byte, v reflect.Value) ([]byte, error) {
	if v.Type() != e.typ {
		return dst, mismatch(e, v.Type())
	}
	return e.append(dst, v.Addr().UnsafePointer())
}

func (e *Encoder) append(dst []byte, p ptr) ([]byte, error) {
	out, err := e.fn(dst, p, 0)
	if err != nil {
		if _, ok := err.(*EncodeError); !ok {
			err = failed(e.typ, err)
		}
		return dst, err
	}
	return out, nil
}

func mismatch(e *Encoder, got reflect.Type) error {
	return failed(got, fmt.Errorf("the encoder is for %v", e.typ))
}

// Encoders compiles each type once and keeps it: the encoders of the values
// that interfaces hold. Any goroutine may use it. The zero value is ready.
//
// Owner: any (atomic).
type Encoders struct {
	byType sync.Map // reflect.Type -> *Encoder or error
	whole  bool     // they write what is write only too
}

// Of returns the encoder of t, compiled at first use.
func (c *Encoders) Of(t reflect.Type) (*Encoder, error) {
	v, ok := c.byType.Load(t)
	if !ok {
		e, err := compileEncoder(t, c.whole)
		v = any(e)
		if err != nil {
			v = err
		}
		v, _ = c.byType.LoadOrStore(t, v)
	}
	if err, bad := v.(error); bad {
		return nil, err
	}
	return v.(*Encoder), nil
}

// dynamic holds the encoders of types met inside interfaces. The set of types
// of a program is finite, so it is never cleared.
var dynamic Encoders

// wholes holds the encoders of unions for encoding/json, which knows nothing of write only.
var wholes = Encoders{whole: true}
