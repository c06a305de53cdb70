package codec

import (
	"reflect"
	"strconv"

	"github.com/fasterapi/fasterapi/internal/schema"
)

const (
	msgArray = "must be an array"
)

// listDecoder reads slices and arrays.
//
// Owner: any (immutable once made).
type listDecoder struct {
	typ    reflect.Type
	elem   *decodeNode
	stride uintptr
	empty  reflect.Value // [] of a slice type
	length int           // of an array; -1 for slices
	most   int           // items to keep; -1: all
	rules  *schema.Rules
	unique *Encoder // of the items; nil: they may repeat
	secret bool     // the items have a sensitive part
}

func (c *decodeCompiler) compileList(n *decodeNode, tags *schema.Tags, where string) {
	t := n.typ
	d := &listDecoder{typ: t, stride: t.Elem().Size(), length: -1, rules: tags.Rules, most: tags.Rules.Most(), secret: schema.HasSecret(t)}
	n.fn = d.slice
	if t.Kind() == reflect.Array {
		d.length, n.fn = t.Len(), d.array
	} else {
		d.empty = reflect.MakeSlice(t, 0, 0)
	}
	if tags.Rules.Unique() {
		var err error
		if d.unique, err = CompileEncoder(t.Elem()); err != nil {
			c.mistake(where, "%w", err)
		}
	}
	d.elem = c.node(t.Elem(), false, tags.Elem, where+"[]")
}

func (d *listDecoder) slice(s *decodeState, p ptr) bool {
	if s.peek() != '[' {
		return s.mismatch(msgArray, d.secret)
	}
	start := s.pos
	if !s.enter() {
		return false
	}
	if s.empty(']') {
		pointerAt(p, d.typ).Elem().Set(d.empty)
		return d.check(s, start, nil, 0)
	}
	h := as[sliceHeader](p)
	fn := d.elem.fn
	for n := 0; ; n++ {
		if d.most >= 0 && n >= d.most {
			return d.rest(s, start, h, n)
		}
		if n == h.cap {
			pointerAt(p, d.typ).Elem().Grow(max(4, n))
		}
		h.len = n + 1
		before := len(s.faults)
		ok := fn(s, at(h.data, uintptr(n)*d.stride))
		if len(s.faults) != before {
			s.within(before, "["+strconv.Itoa(n)+"]")
		}
		if !ok {
			return false
		}
		if another, ok := s.more(']'); !another {
			return ok && d.check(s, start, h.data, n+1)
		}
	}
}

// rest counts the items beyond what is kept.
func (d *listDecoder) rest(s *decodeState, start int, h *sliceHeader, n int) bool {
	for kept := n; ; {
		if !s.skip() {
			return false
		}
		n++
		if another, ok := s.more(']'); !another {
			if !ok || !s.broken(start, d.rules.Count(n, s.messages[:0])) {
				return false
			}
			return d.distinct(s, start, h.data, kept)
		}
	}
}

func (d *listDecoder) array(s *decodeState, p ptr) bool {
	if s.peek() != '[' {
		return s.mismatch(msgArray, d.secret)
	}
	start := s.pos
	if !s.enter() {
		return false
	}
	n := 0
	for another := !s.empty(']'); another; n++ {
		before := len(s.faults)
		ok := true
		if n < d.length {
			ok = d.elem.fn(s, at(p, uintptr(n)*d.stride))
		} else {
			ok = s.skip()
		}
		if len(s.faults) != before {
			s.within(before, "["+strconv.Itoa(n)+"]")
		}
		if !ok {
			return false
		}
		if another, ok = s.more(']'); !ok {
			return false
		}
	}
	if n != d.length {
		return s.fault(start, "must have exactly "+strconv.Itoa(d.length)+" items")
	}
	return d.check(s, start, p, n)
}

// check applies the rules of the list itself.
func (d *listDecoder) check(s *decodeState, start int, data ptr, n int) bool {
	if d.rules == nil {
		return true
	}
	if messages := d.rules.Count(n, s.messages[:0]); len(messages) > 0 && !s.broken(start, messages) {
		return false
	}
	return d.distinct(s, start, data, n)
}

// distinct compares the items by what they are written as.
func (d *listDecoder) distinct(s *decodeState, start int, data ptr, n int) bool {
	if d.unique == nil || n < 2 {
		return true
	}
	seen := make(map[string]struct{}, n)
	var buf []byte
	for i := range n {
		var err error
		if buf, err = d.unique.fn(buf[:0], at(data, uintptr(i)*d.stride), 0); err != nil {
			return s.fault(start, msgInvalid)
		}
		if _, twice := seen[string(buf)]; twice {
			return s.fault(start, schema.NotUnique)
		}
		seen[string(buf)] = struct{}{}
	}
	return true
}

// decodePointer reads null as nil, anything else into a new value.
func decodePointer(elem reflect.Type, n *decodeNode) decodeFunc {
	return func(s *decodeState, p ptr) bool {
		if s.peek() == 'n' {
			return s.literal("null")
		}
		v := reflect.New(elem).UnsafePointer()
		*as[ptr](p) = v
		return n.fn(s, v)
	}
}

const msgNull = "must not be null"

// notNull reads what must not be null, though its type could be it.
func notNull(fn decodeFunc) decodeFunc {
	return func(s *decodeState, p ptr) bool {
		if s.peek() == 'n' {
			return s.wrong(msgNull)
		}
		return fn(s, p)
	}
}

// orNull reads what n reads, or null for what is not there, which leaves the zero value.
func orNull(n *decodeNode) *decodeNode {
	return &decodeNode{typ: n.typ, fn: func(s *decodeState, p ptr) bool {
		if s.peek() == 'n' {
			return s.literal("null")
		}
		return n.fn(s, p)
	}}
}

// decodeOpt reads a schema.Opt or a schema.Maybe.
func decodeOpt(o schema.OptLayout, n *decodeNode) decodeFunc {
	return func(s *decodeState, p ptr) bool {
		state := as[schema.OptState](at(p, o.State))
		if s.peek() == 'n' {
			if o.NotNull {
				return s.wrong(msgNull)
			}
			*state = schema.OptNull
			return s.literal("null")
		}
		*state = schema.OptSet
		return n.fn(s, at(p, o.Value))
	}
}
