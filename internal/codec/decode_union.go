package codec

import (
	"reflect"
	"strings"

	"github.com/fasterapi/fasterapi/internal/schema"
	"github.com/fasterapi/fasterapi/problem"
)

// compileChoice plans a union.
func (c *decodeCompiler) compileChoice(n *decodeNode, where string) {
	choice, _, err := schema.ChoiceOf(n.typ)
	if err != nil {
		c.mistake(where, "%w", err)
		return
	}
	holder, _, _ := schema.HolderOf(n.typ)
	d := &choiceDecoder{
		typ: n.typ, field: holder.Index, discriminator: choice.Discriminator,
		nodes: map[string]*decodeNode{}, secret: schema.HasSecret(n.typ),
	}
	n.fn = d.decode
	for _, v := range choice.Variants {
		d.nodes[v.Name] = c.node(v.Type, false, nil, where+"("+v.Name+")")
		d.names = append(d.names, v.Name)
	}
}

// choiceDecoder reads a union: it looks for the discriminator first, then
// reads the object again as the variant. Reading twice costs the length of
// the object, at every level that is a choice.
//
// Owner: any (immutable after New).
type choiceDecoder struct {
	typ           reflect.Type
	field         []int // index of what holds the variant
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
	pointerAt(p, d.typ).Elem().FieldByIndex(d.field).Set(v.Elem())
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
