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
// reads the object again as the variant. Reading twice costs what stands before the
// discriminator, at every level that is a choice: little where it is the first member.
//
// Owner: any (immutable once made).
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
	kind, name, ok := d.find(s)
	if !ok {
		return false
	}
	place := "." + d.discriminator
	if kind == nil {
		return s.report(problem.FieldError{Location: place, Message: schema.Required})
	}
	s.pos, s.depth = start, depth
	node := d.nodes[name]
	if node == nil {
		fault := problem.FieldError{Location: place, Message: "must be one of: " + strings.Join(d.names, ", ")}
		if !s.quiet && !d.secret {
			fault.Value = echo(kind)
		}
		return s.skip() && s.report(fault)
	}
	v := reflect.New(node.typ)
	ok = node.fn(s, v.UnsafePointer())
	pointerAt(p, d.typ).Elem().FieldByIndex(d.field).Set(v.Elem())
	return ok
}

// find reads the object as far as its discriminator, or to its end when it has none, and
// returns its JSON and its text. One that is no string counts as the empty name.
func (d *choiceDecoder) find(s *decodeState) (kind []byte, name string, ok bool) {
	if !s.enter() {
		return nil, "", false
	}
	if s.empty('}') {
		return nil, "", true
	}
	for {
		text, ok := s.text()
		if !ok {
			return nil, "", false
		}
		hit := string(text) == d.discriminator
		if !s.colon() {
			return nil, "", false
		}
		start := s.pos
		if !s.skip() {
			return nil, "", false
		}
		if hit {
			kind = s.data[start:s.pos]
			if kind[0] == '"' {
				inner := scanner{data: kind}
				value, _ := inner.text()
				name = string(value)
			}
			return kind, name, true
		}
		if another, ok := s.more('}'); !another {
			return nil, "", ok
		}
	}
}
