package codec

import (
	"strconv"

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
