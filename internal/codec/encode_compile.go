package codec

import (
	"encoding"
	"encoding/json/v2"
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/fasterapi/fasterapi/internal/schema"
)

var (
	typeTime         = reflect.TypeFor[time.Time]()
	typeDuration     = reflect.TypeFor[time.Duration]()
	typeString       = reflect.TypeFor[string]()
	typeAny          = reflect.TypeFor[any]()
	typeMarshalerTo  = reflect.TypeFor[json.MarshalerTo]()
	typeMarshaler    = reflect.TypeFor[json.Marshaler]()
	typeTextAppender = reflect.TypeFor[encoding.TextAppender]()
	typeTextMarshal  = reflect.TypeFor[encoding.TextMarshaler]()

	typeUnmarshalerFrom = reflect.TypeFor[json.UnmarshalerFrom]()
	typeUnmarshaler     = reflect.TypeFor[json.Unmarshaler]()
	typeTextUnmarshal   = reflect.TypeFor[encoding.TextUnmarshaler]()
)

// op is what a struct does with a field in place; opCall asks the node.
type op uint8

const (
	opCall op = iota
	opBool
	opInt
	opInt8
	opInt16
	opInt32
	opInt64
	opUint
	opUint8
	opUint16
	opUint32
	opUint64
	opUintptr
	opFloat32
	opFloat64
	opString
	opTime
)

// ops are the scalars of the language, by kind.
var ops = map[reflect.Kind]op{
	reflect.Bool: opBool,
	reflect.Int:  opInt, reflect.Int8: opInt8, reflect.Int16: opInt16, reflect.Int32: opInt32, reflect.Int64: opInt64,
	reflect.Uint: opUint, reflect.Uint8: opUint8, reflect.Uint16: opUint16, reflect.Uint32: opUint32, reflect.Uint64: opUint64,
	reflect.Uintptr: opUintptr,
	reflect.Float32: opFloat32, reflect.Float64: opFloat64, reflect.String: opString,
}

// encodeNode is the plan of one type. Nodes refer to each other by address,
// so a type may contain itself.
//
// Owner: any (immutable once made).
type encodeNode struct {
	typ reflect.Type
	fn  appendFunc
	op  op
}

type nodeKey struct {
	typ      reflect.Type
	stringed bool
}

// encodeCompiler compiles one root type.
type encodeCompiler struct {
	nodes    map[nodeKey]*encodeNode
	mistakes []error
	plain    bool
	whole    bool // what is write only is written too
}

// hides tells whether a field is left out.
func (c *encodeCompiler) hides(f reflect.StructField) bool {
	return !c.whole && schema.IsWriteOnly(f)
}

func (c *encodeCompiler) mistake(where, format string, args ...any) {
	c.mistakes = append(c.mistakes, fmt.Errorf("codec: %s: %w", where, fmt.Errorf(format, args...)))
}

// node returns the plan of t; where is its Go path, for mistakes.
func (c *encodeCompiler) node(t reflect.Type, stringed bool, where string) *encodeNode {
	key := nodeKey{t, stringed}
	if n := c.nodes[key]; n != nil {
		return n
	}
	n := &encodeNode{typ: t}
	c.nodes[key] = n
	if stringed && !stringable(t) {
		c.mistake(where, "the json option `string` is for numbers, not for %v", t)
	}
	n.fn = c.compile(n, stringed, where)
	if n.fn == nil {
		n.fn = func(dst []byte, _ ptr, _ int) ([]byte, error) { return dst, failed(t, errors.New("unsupported type")) }
	}
	return n
}

// stringable tells whether the json option `string` applies to t: to numbers,
// also behind pointers.
func stringable(t reflect.Type) bool {
	t, _ = schema.Strip(t)
	o := ops[t.Kind()]
	return t != typeDuration && opInt <= o && o <= opFloat64
}

func (c *encodeCompiler) compile(n *encodeNode, stringed bool, where string) appendFunc {
	t := n.typ
	switch {
	case t == typeTime:
		n.op = opTime
		return appendScalar(opTime)
	case t == typeDuration:
		return appendDuration
	}
	if o, ok := schema.OptOf(t); ok {
		return appendOpt(o, c.node(o.Elem, stringed, where))
	}
	if choice, ok, err := schema.ChoiceOf(t); ok {
		if err != nil {
			c.mistake(where, "%w", err)
			return nil
		}
		return c.compileChoice(t, choice, where)
	}
	if fn := c.methods(t); fn != nil {
		return fn
	}
	if o := ops[t.Kind()]; o != opCall {
		if stringed {
			return appendStringed(o)
		}
		n.op = o
		return appendScalar(o)
	}
	switch t.Kind() {
	case reflect.Struct:
		return c.compileStruct(n, where)
	case reflect.Pointer:
		return c.compilePointer(t, stringed, where)
	case reflect.Slice, reflect.Array:
		return c.compileList(t, where)
	case reflect.Map:
		return c.compileMap(t, where)
	case reflect.Interface:
		c.plain = false
		if c.whole {
			return appendFallback(t)
		}
		return appendInterface(t)
	}
	c.mistake(where, "%v has no JSON form", t)
	return nil
}

// methods returns the plan of a type that writes itself. Like
// encoding/json/v2 it prefers MarshalJSONTo, MarshalJSON, AppendText,
// MarshalText, in that order, and calls them on an address.
func (c *encodeCompiler) methods(t reflect.Type) appendFunc {
	if t.Kind() == reflect.Pointer || t.Kind() == reflect.Interface {
		return nil // the method is called on what they point to
	}
	p := reflect.PointerTo(t)
	var fn appendFunc
	switch {
	case p.Implements(typeMarshalerTo), p.Implements(typeMarshaler):
		fn = appendFallback(t)
	case p.Implements(typeTextAppender):
		fn = appendTextAppender(t)
	case p.Implements(typeTextMarshal):
		fn = appendTextMarshaler(t)
	default:
		return nil
	}
	c.plain = false
	return fn
}

func (c *encodeCompiler) compilePointer(t reflect.Type, stringed bool, where string) appendFunc {
	elem := c.node(t.Elem(), stringed, where)
	hop := 0
	if k := t.Elem().Kind(); k == reflect.Pointer || k == reflect.Interface {
		hop = 1 // a chain of pointers may be a cycle without any JSON container
	}
	return func(dst []byte, p ptr, depth int) ([]byte, error) {
		q := *as[ptr](p)
		if q == nil {
			return append(dst, "null"...), nil
		}
		if depth > maxDepth {
			return dst, errDepth
		}
		return elem.fn(dst, q, depth+hop)
	}
}

func (c *encodeCompiler) compileStruct(n *encodeNode, where string) appendFunc {
	if schema.IsOutput(n.typ) {
		c.mistake(where, "%v is an output, with fields tagged header or body, and no part of JSON: name it as the type of the handler's result", n.typ)
		return nil
	}
	members, err := schema.MembersOf(n.typ)
	if err != nil {
		if n.decodesItself() {
			c.plain = false
			for f := range n.typ.Fields() {
				if c.hides(f) {
					c.mistake(where+"."+f.Name, "it is write only, but encoding/json writes %v, which reads itself: give answers a type of their own", n.typ)
				}
			}
			return appendFallback(n.typ)
		}
		c.mistake(where, "%w", err)
		return nil
	}
	if members.Rest != nil {
		c.plain = false
		return c.visible(n.typ)
	}
	s := &structEncoder{typ: n.typ, fields: make([]fieldEncoder, 0, len(members.List))}
	for i := range members.List {
		m := &members.List[i]
		if c.hides(m.Field) {
			c.node(m.Type, m.Stringed, where+"."+m.Go) // for its mistakes
			continue
		}
		f := c.field(m, where)
		c.example(m, where)
		f.first = len(s.fields) == 0
		f.test = !f.first && !s.certain
		s.certain = s.certain || !f.conditional()
		s.fields = append(s.fields, f)
	}
	return s.append
}

// example holds the example of a member against its checks, as a value that a client could
// send: types whose values nobody could are left alone.
func (c *encodeCompiler) example(m *schema.Member, where string) {
	if _, given := m.Field.Tag.Lookup("example"); !given {
		return
	}
	tags, err := schema.MemberTags(m)
	if err != nil || tags.Example == nil { // the document is where such a tag is a mistake
		return
	}
	d := decodeCompiler{nodes: map[nodeKey]*decodeNode{}}
	f := d.field(m, tags, "")
	if len(d.mistakes) > 0 {
		return
	}
	_, _ = d.tried("example", tags.Example, pendingDefault{&f, where + "." + m.Go})
	c.mistakes = append(c.mistakes, d.mistakes...)
}

// decodesItself tells whether the type has unmarshal methods only, which
// stops schema.MembersOf but not encoding.
func (n *encodeNode) decodesItself() bool {
	p := reflect.PointerTo(n.typ)
	return p.Implements(typeUnmarshalerFrom) || p.Implements(typeUnmarshaler) || p.Implements(typeTextUnmarshal)
}
