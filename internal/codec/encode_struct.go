package codec

import (
	"reflect"
	"strconv"
	"time"

	"github.com/fasterapi/fasterapi/internal/schema"
)

// fieldEncoder writes one member of an object.
//
// Owner: any (immutable once made).
type fieldEncoder struct {
	prefix    string // `,"name":`
	off       uintptr
	op        op
	first     bool // no field stands before this one: no comma
	test      bool // all fields before may have been left out: look before writing a comma
	omitEmpty bool
	node      *encodeNode
	zero      func(p ptr) bool // omitzero; nil: never left out for that
	hops      []schema.Step    // pointers to embedded structs on the way; nil for most
	name      string
}

func (f *fieldEncoder) conditional() bool { return f.omitEmpty || f.zero != nil || f.hops != nil }

// structEncoder writes an object.
//
// Owner: any (immutable once made).
type structEncoder struct {
	typ     reflect.Type
	fields  []fieldEncoder
	certain bool // some field is always written
}

// field plans one member.
func (c *encodeCompiler) field(m *schema.Member, where string) fieldEncoder {
	f := fieldEncoder{prefix: "," + m.Quoted + ":", name: m.Name, omitEmpty: m.OmitEmpty}
	f.node = c.node(m.Type, m.Stringed, where+"."+m.Go)
	f.op = f.node.op
	if o, ok := schema.OptOf(m.Type); ok && o.NotNull && !m.OmitZero {
		c.mistake(where+"."+m.Go, "%w", schema.ErrAbsent)
	}
	last := len(m.Path) - 1
	f.off = m.Path[last].Offset
	if last > 0 {
		f.hops = m.Path[:last]
	}
	if m.OmitZero {
		f.zero = zeroTest(m.Type)
		if _, opt := schema.OptOf(m.Type); hasIsZero(m.Type) && m.Type != typeTime && !opt {
			c.plain = false
		}
	}
	return f
}

func (s *structEncoder) append(dst []byte, p ptr, depth int) ([]byte, error) {
	if depth >= maxDepth {
		return dst, errDepth
	}
	dst = append(dst, '{')
	for i := range s.fields {
		f := &s.fields[i]
		q := p
		if f.conditional() {
			if f.hops != nil {
				if q = follow(p, f.hops); q == nil {
					continue
				}
			}
			if f.zero != nil && f.zero(at(q, f.off)) {
				continue
			}
		}
		mark := len(dst)
		prefix := f.prefix
		if f.first || f.test && dst[mark-1] == '{' {
			prefix = prefix[1:]
		}
		dst = append(dst, prefix...)
		start := len(dst)
		var err error
		if dst, err = f.append(dst, at(q, f.off), depth+1); err != nil {
			return dst, below(f.name, typed(f.node.typ, err))
		}
		if f.omitEmpty && isEmpty(dst[start:]) {
			dst = dst[:mark]
		}
	}
	return append(dst, '}'), nil
}

// appendOpt writes the value of an Opt, or null.
func appendOpt(o schema.OptLayout, elem *encodeNode) appendFunc {
	return func(dst []byte, p ptr, depth int) ([]byte, error) {
		if *as[schema.OptState](at(p, o.State)) != schema.OptSet {
			if o.NotNull {
				return dst, schema.ErrAbsent
			}
			return append(dst, "null"...), nil
		}
		return elem.fn(dst, at(p, o.Value), depth)
	}
}

// typed gives err the type of the value when it has none yet.
func typed(t reflect.Type, err error) error {
	if _, ok := err.(*EncodeError); ok {
		return err
	}
	return failed(t, err)
}

// append writes the value; the usual scalars without another call.
func (f *fieldEncoder) append(dst []byte, p ptr, depth int) ([]byte, error) {
	switch f.op {
	case opString:
		return appendString(dst, *as[string](p))
	case opInt:
		return strconv.AppendInt(dst, int64(*as[int](p)), 10), nil
	case opInt64:
		return strconv.AppendInt(dst, *as[int64](p), 10), nil
	case opBool:
		return strconv.AppendBool(dst, *as[bool](p)), nil
	case opFloat64:
		return appendFloat(dst, *as[float64](p))
	case opTime:
		return appendTime(dst, *as[time.Time](p))
	}
	return f.node.fn(dst, p, depth)
}

// follow walks the embedded pointers; it returns nil when one is nil.
func follow(p ptr, hops []schema.Step) ptr {
	for i := range hops {
		if p = *as[ptr](at(p, hops[i].Offset)); p == nil {
			return nil
		}
	}
	return p
}

// isEmpty tells whether a JSON value is what `omitempty` leaves out.
func isEmpty(b []byte) bool {
	switch len(b) {
	case 2:
		return b[0] == '"' || b[0] == '{' || b[0] == '['
	case 4:
		return string(b) == "null"
	}
	return false
}

type isZeroer interface{ IsZero() bool }

var typeIsZeroer = reflect.TypeFor[isZeroer]()

func hasIsZero(t reflect.Type) bool {
	return t.Implements(typeIsZeroer) || reflect.PointerTo(t).Implements(typeIsZeroer)
}

// zeroTest returns the test of `omitzero`: the type's IsZero method, or all
// fields zero.
func zeroTest(t reflect.Type) func(p ptr) bool {
	if o, ok := schema.OptOf(t); ok {
		return func(p ptr) bool { return *as[schema.OptState](at(p, o.State)) == schema.OptAbsent }
	}
	switch {
	case t == typeTime:
		return func(p ptr) bool { return as[time.Time](p).IsZero() }
	case t.Kind() == reflect.Interface && t.Implements(typeIsZeroer):
		return func(p ptr) bool {
			v := pointerAt(p, t).Elem()
			return v.IsNil() || v.Elem().Kind() == reflect.Pointer && v.Elem().IsNil() || v.Interface().(isZeroer).IsZero()
		}
	case t.Kind() == reflect.Pointer && t.Implements(typeIsZeroer):
		return func(p ptr) bool { return *as[ptr](p) == nil || pointerAt(p, t).Elem().Interface().(isZeroer).IsZero() }
	case hasIsZero(t):
		return func(p ptr) bool { return pointerAt(p, t).Interface().(isZeroer).IsZero() }
	}
	switch o := ops[t.Kind()]; {
	case o == opString:
		return func(p ptr) bool { return *as[string](p) == "" }
	case t.Kind() == reflect.Slice, t.Kind() == reflect.Map, t.Kind() == reflect.Pointer:
		return func(p ptr) bool { return *as[ptr](p) == nil }
	}
	return func(p ptr) bool { return pointerAt(p, t).Elem().IsZero() }
}
