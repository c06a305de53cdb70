package codec

import (
	"reflect"
	"strconv"
	"strings"

	"github.com/fasterapi/fasterapi/internal/schema"
	"github.com/fasterapi/fasterapi/problem"
)

// decodeAny reads any value: nil, bool, float64, string, []any, map[string]any.
func decodeAny(s *decodeState, p ptr) bool {
	v, ok := s.value()
	*as[any](p) = v
	return ok
}

func (s *decodeState) value() (any, bool) {
	switch s.peek() {
	case '"':
		b, ok := s.text()
		if !ok {
			return nil, false
		}
		return s.keep(b), true
	case '{':
		return s.object()
	case '[':
		return s.array()
	case 't':
		return true, s.literal("true")
	case 'f':
		return false, s.literal("false")
	case 'n':
		return nil, s.literal("null")
	}
	if !isNumber(s.peek()) {
		return nil, s.unexpected("a value")
	}
	n, ok := s.number()
	if !ok {
		return nil, false
	}
	f, ok := n.float(s.data)
	if !ok {
		return nil, s.fault(n.start, msgRange)
	}
	return f, true
}

func (s *decodeState) array() (any, bool) {
	list := []any{}
	if !s.enter() {
		return nil, false
	}
	if s.empty(']') {
		return list, true
	}
	for {
		before := len(s.faults)
		v, ok := s.value()
		if len(s.faults) != before {
			s.within(before, "["+strconv.Itoa(len(list))+"]")
		}
		list = append(list, v)
		if !ok {
			return list, false
		}
		if another, ok := s.more(']'); !another {
			return list, ok
		}
	}
}

func (s *decodeState) object() (any, bool) {
	m := map[string]any{}
	if !s.enter() {
		return nil, false
	}
	if s.empty('}') {
		return m, true
	}
	for {
		raw, ok := s.text()
		if !ok {
			return m, false
		}
		name := s.keep(raw)
		if !s.colon() || !s.anyMember(m, name) {
			return m, false
		}
		if another, ok := s.more('}'); !another {
			return m, ok
		}
	}
}

func (s *decodeState) anyMember(m map[string]any, name string) bool {
	if _, twice := m[name]; twice {
		return s.skip() && s.report(problem.FieldError{Location: s.named(bytesOf(name)), Message: msgTwice})
	}
	before := len(s.faults)
	v, ok := s.value()
	if len(s.faults) != before {
		s.within(before, s.named(bytesOf(name)))
	}
	m[name] = v
	return ok
}

// choiceDecoder reads a OneOf: it looks for the discriminator first, then
// reads the object again as the variant. Reading twice costs the length of
// the object, at every level that is a choice.
//
// Owner: any (immutable after New).
type choiceDecoder struct {
	typ           reflect.Type
	discriminator string
	nodes         map[string]*decodeNode
	names         []string
	secret        bool // a variant has a sensitive part
}

func (d *choiceDecoder) decode(s *decodeState, p ptr) bool {
	if s.peek() != '{' {
		return s.mismatch(msgObject, d.secret)
	}
	start, depth := s.pos, s.depth
	name, found, ok := d.find(s)
	if !ok {
		return false
	}
	place := "." + d.discriminator
	if !found {
		return s.report(problem.FieldError{Location: place, Message: schema.Required})
	}
	node := d.nodes[name]
	if node == nil {
		return s.report(problem.FieldError{Location: place, Message: "must be one of: " + strings.Join(d.names, ", ")})
	}
	s.pos, s.depth = start, depth
	v := reflect.New(node.typ)
	ok = node.fn(s, v.UnsafePointer())
	pointerAt(p, d.typ).Elem().Field(0).Set(v.Elem())
	return ok
}

// find reads the object for its discriminator; one that is no string counts
// as the empty name.
func (d *choiceDecoder) find(s *decodeState) (name string, found, ok bool) {
	if !s.enter() {
		return "", false, false
	}
	if s.empty('}') {
		return "", false, true
	}
	for {
		text, ok := s.text()
		if !ok {
			return "", false, false
		}
		hit := string(text) == d.discriminator
		if !s.colon() {
			return "", false, false
		}
		start := s.pos
		if !s.skip() {
			return "", false, false
		}
		if hit && !found {
			found = true
			if inner := (scanner{data: s.data[start:s.pos]}); inner.peek() == '"' {
				value, _ := inner.text()
				name = string(value)
			}
		}
		if another, ok := s.more('}'); !another {
			return name, found, ok
		}
	}
}
