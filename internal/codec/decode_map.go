package codec

import (
	"encoding/json/jsontext"
	"encoding/json/v2"
	"reflect"
	"strconv"

	"github.com/fasterapi/fasterapi/internal/schema"
	"github.com/fasterapi/fasterapi/problem"
)

// mapDecoder reads objects into maps.
//
// Owner: any (immutable once made).
type mapDecoder struct {
	typ    reflect.Type
	elem   *decodeNode
	class  schema.Class // of the names
	most   int          // members to keep; -1: all
	rules  *schema.Rules
	names  *schema.Rules // what the type of the names brings, such as Enum
	secret bool          // the members have a sensitive part
	hidden bool          // the names have
}

func (c *decodeCompiler) compileMap(n *decodeNode, tags *schema.Tags, where string) {
	key := n.typ.Key()
	d := &mapDecoder{
		typ: n.typ, class: schema.KeyClass(key), names: typeTags(key).Rules, rules: tags.Rules, most: tags.Rules.Most(),
		secret: schema.HasSecret(n.typ), hidden: schema.HasSecret(key),
	}
	n.fn = d.decode
	if d.class == schema.ClassText && n.typ.Elem() == typeString && !tags.Constrained() && d.names == nil {
		n.fn = decodeStrings
		return
	}
	d.elem = c.node(n.typ.Elem(), false, tags.Elem, where+"{}")
}

func (d *mapDecoder) decode(s *decodeState, p ptr) bool {
	if s.peek() != '{' {
		return s.mismatch(msgObject, d.secret)
	}
	start := s.pos
	if !s.enter() {
		return false
	}
	m := pointerAt(p, d.typ).Elem()
	m.Set(reflect.MakeMap(d.typ))
	n := 0
	if !s.empty('}') {
		w := mapWriter{m: m, key: reflect.New(d.typ.Key()).Elem(), elem: reflect.New(d.elem.typ)}
		for another := true; another; n++ {
			ok := false
			if d.most >= 0 && n >= d.most {
				ok = w.skip(s)
			} else {
				ok = d.member(s, &w)
			}
			if !ok {
				return false
			}
			if another, ok = s.more('}'); !ok {
				return false
			}
		}
	}
	if d.rules == nil {
		return true
	}
	return s.broken(start, d.rules.Count(n, s.messages[:0]))
}

// mapWriter holds what one run needs to store members.
//
// Owner: one goroutine at a time.
type mapWriter struct {
	m, key, elem reflect.Value // elem is a pointer
	beyond       nameSet       // names of members that are not kept
}

// member reads one member into the map.
func (d *mapDecoder) member(s *decodeState, w *mapWriter) bool {
	raw, ok := s.text()
	if !ok {
		return false
	}
	name := s.keep(raw)
	if !s.colon() {
		return false
	}
	if message := d.name(s, w.key, name); message != "" {
		return s.skip() && s.report(problem.FieldError{Location: d.place(s, name), Message: message})
	}
	w.elem.Elem().SetZero()
	before := len(s.faults)
	ok = d.elem.fn(s, w.elem.UnsafePointer())
	if len(s.faults) != before {
		s.within(before, d.place(s, name))
	}
	size := w.m.Len()
	if w.m.SetMapIndex(w.key, w.elem.Elem()); w.m.Len() == size {
		return s.report(problem.FieldError{Location: d.place(s, name), Message: msgTwice}) && ok
	}
	return ok
}

// place is where the member of that name is.
func (d *mapDecoder) place(s *decodeState, name string) string {
	if d.hidden {
		return secretName
	}
	return s.named(bytesOf(name))
}

// skip steps over a member that is not kept.
func (w *mapWriter) skip(s *decodeState) bool {
	name, ok := s.text()
	if !ok {
		return false
	}
	if !w.beyond.add(name) {
		return s.fail("an object has a name twice")
	}
	return s.colon() && s.skip()
}

// name turns a member name into a key.
func (d *mapDecoder) name(s *decodeState, key reflect.Value, name string) (message string) {
	switch d.class {
	case schema.ClassText:
		key.SetString(name)
		return first(d.names.Text(name, s.messages[:0]))
	case schema.ClassOther:
		return d.foreign(s, key, name)
	}
	inner := scanner{data: bytesOf(name)}
	if n, ok := inner.number(); !ok || !n.whole || n.end != len(name) {
		return "is not an integer, which the name must be"
	}
	bits := key.Type().Bits()
	if d.class == schema.ClassInt {
		v, err := strconv.ParseInt(name, 10, bits)
		if err != nil {
			return "is out of range as a name"
		}
		key.SetInt(v)
		return first(d.names.Int(v, s.messages[:0]))
	}
	v, err := strconv.ParseUint(name, 10, bits)
	if err != nil {
		return "is out of range as a name"
	}
	key.SetUint(v)
	return first(d.names.Uint(v, s.messages[:0]))
}

// foreign leaves a key to encoding/json/v2.
func (d *mapDecoder) foreign(s *decodeState, key reflect.Value, name string) (message string) {
	key.SetZero()
	raw, err := jsontext.AppendQuote(nil, name)
	if err == nil {
		err = json.Unmarshal(raw, key.Addr().Interface(), durations, json.StringifyNumbers(true))
	}
	if err != nil {
		outer := s.quiet
		s.quiet = outer || d.hidden
		message = s.reason(key.Type(), err) + ", as a name"
		s.quiet = outer
		return message
	}
	return first(d.names.Decimal(name, d.names.Text(name, s.messages[:0])))
}

// first returns the first message, "" when there is none.
func first(messages []string) string {
	if len(messages) == 0 {
		return ""
	}
	return messages[0] + ", as a name"
}

// decodeStrings is the loop of maps from strings to strings.
func decodeStrings(s *decodeState, p ptr) bool {
	if s.peek() != '{' {
		return s.wrong(msgObject)
	}
	m := map[string]string{}
	*as[map[string]string](p) = m
	if !s.enter() {
		return false
	}
	for another := !s.empty('}'); another; {
		raw, ok := s.text()
		if !ok {
			return false
		}
		name := s.keep(raw)
		if !s.colon() {
			return false
		}
		if s.peek() != '"' {
			n := len(s.faults)
			ok = s.wrong(msgString)
			s.within(n, s.named(bytesOf(name)))
		} else if raw, ok = s.text(); ok {
			if _, twice := m[name]; twice {
				ok = s.report(problem.FieldError{Location: s.named(bytesOf(name)), Message: msgTwice})
			}
			m[name] = s.keep(raw)
		}
		if !ok {
			return false
		}
		if another, ok = s.more('}'); !ok {
			return false
		}
	}
	return true
}
