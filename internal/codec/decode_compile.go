package codec

import (
	"encoding/json/jsontext"
	"fmt"
	"reflect"
	"slices"

	"github.com/fasterapi/fasterapi/internal/schema"
)

// decodeNode is the plan of one type. Nodes refer to each other by address,
// so a type may contain itself.
//
// Owner: any (immutable after New).
type decodeNode struct {
	typ reflect.Type
	fn  decodeFunc
	op  op // what a struct does in place: the scalars without rules
}

// decodeCompiler compiles one root type.
type decodeCompiler struct {
	nodes    map[nodeKey]*decodeNode // of values without rules
	strict   bool
	sparse   bool // see Options
	plain    bool
	mistakes []error
	pending  []pendingDefault
	whole    bool // see Options
}

// pendingDefault is a default that is decoded when all nodes are complete.
type pendingDefault struct {
	field *fieldDecoder
	where string
}

func (c *decodeCompiler) mistake(where string, format string, args ...any) {
	c.mistakes = append(c.mistakes, fmt.Errorf("codec: %s: %w", where, fmt.Errorf(format, args...)))
}

// node returns the plan of t under what tags ask for, which may be nil.
func (c *decodeCompiler) node(t reflect.Type, stringed bool, tags *schema.Tags, where string) *decodeNode {
	if tags.Constrained() {
		n := &decodeNode{typ: t}
		c.compile(n, stringed, tags, where)
		return n
	}
	key := nodeKey{t, stringed}
	if n := c.nodes[key]; n != nil {
		return n
	}
	n := &decodeNode{typ: t}
	c.nodes[key] = n
	c.compile(n, stringed, typeTags(t), where)
	return n
}

// typeTags is what the type itself asks for, such as Enum.
func typeTags(t reflect.Type) *schema.Tags {
	tags, _ := schema.TagsOf(t, "")
	return tags
}

func (c *decodeCompiler) compile(n *decodeNode, stringed bool, tags *schema.Tags, where string) {
	t := n.typ
	if o, ok := schema.OptOf(t); ok {
		n.fn = decodeOpt(o, c.node(o.Elem, stringed, tags, where))
		return
	}
	if inner, _ := schema.Strip(t); inner.Kind() == reflect.Pointer {
		c.mistake(where, "%v is a pointer to itself, or to too many pointers", t)
		return
	}
	if t.Kind() == reflect.Pointer {
		n.fn = decodePointer(t.Elem(), c.node(t.Elem(), stringed, tags, where))
		return
	}
	if stringed {
		if !stringable(t) {
			c.mistake(where, "the json option `string` is for numbers, not for %v", t)
			return
		}
		if schema.ClassOf(t) != schema.ClassOther && schema.ClassOf(t) != schema.ClassText {
			c.plain = false
			n.fn = decodeQuoted(decodeScalar(ops[t.Kind()], nil), t)
			return
		}
	}
	var rules *schema.Rules
	if tags != nil {
		rules = tags.Rules
	}
	class := schema.ClassOf(t)
	switch class {
	case schema.ClassMap, schema.ClassChoice, schema.ClassOther:
		c.plain = false
	}
	switch class {
	case schema.ClassBool, schema.ClassInt, schema.ClassUint, schema.ClassFloat:
		n.fn = decodeScalar(ops[t.Kind()], rules)
		n.setOp(ops[t.Kind()], rules)
	case schema.ClassText:
		if t.Kind() == reflect.String && !reflect.PointerTo(t).Implements(typeTextUnmarshal) {
			n.fn = decodeString(rules)
			n.setOp(opString, rules)
			return
		}
		n.fn = c.foreign(t, decodeText(t, rules))
	case schema.ClassTime:
		n.fn = decodeTime
	case schema.ClassDuration:
		n.fn = decodeDuration(rules)
	case schema.ClassBytes:
		n.fn = decodeBytes(t)
	case schema.ClassList:
		c.compileList(n, tags, where)
	case schema.ClassMap:
		c.compileMap(n, tags, where)
	case schema.ClassStruct:
		c.compileStruct(n, where)
	case schema.ClassChoice:
		c.compileChoice(n, where)
	case schema.ClassOther:
		c.compileOther(n, rules, where)
	default:
		c.mistake(where, "%v has no JSON form", t)
	}
}

func (n *decodeNode) setOp(o op, rules *schema.Rules) {
	if rules == nil {
		n.op = o
	}
}

// foreign is fn for values of t, which read themselves. What such code says
// of a value may repeat any part of it.
func (c *decodeCompiler) foreign(t reflect.Type, fn decodeFunc) decodeFunc {
	c.plain = false
	if schema.HasSecret(t) {
		return quietly(fn)
	}
	return fn
}

// compileOther plans interfaces and types that read themselves.
func (c *decodeCompiler) compileOther(n *decodeNode, rules *schema.Rules, where string) {
	if n.typ.Kind() != reflect.Interface {
		n.fn = c.foreign(n.typ, decodeJudged(rules, decodeFallback(n.typ)))
		return
	}
	if n.typ.NumMethod() > 0 {
		c.mistake(where, "%v cannot be decoded: which type should it hold? Make it a fasterapi.UnionOf", n.typ)
		return
	}
	n.fn = decodeAny
}

func (c *decodeCompiler) compileStruct(n *decodeNode, where string) {
	members, err := schema.MembersOf(n.typ)
	if err != nil {
		methods := []reflect.Type{typeMarshalerTo, typeMarshaler, typeTextAppender, typeTextMarshal}
		if slices.ContainsFunc(methods, reflect.PointerTo(n.typ).Implements) {
			n.fn = c.foreign(n.typ, decodeFallback(n.typ)) // it writes itself, and is read as a struct
			return
		}
		c.mistake(where, "%w", err)
		return
	}
	for _, mistake := range schema.Unread(n.typ) {
		c.mistake(where, "%w", mistake)
	}
	d := &structDecoder{typ: n.typ, byName: make(map[string]int, len(members.List)), strict: c.strict, secret: schema.HasSecret(n.typ)}
	n.fn = d.decode
	for i := range members.List {
		m := &members.List[i]
		tags, err := schema.MemberTags(m)
		place := where + "." + m.Go
		if err != nil {
			c.mistake(place, "%w", err)
			continue
		}
		if c.sparse {
			tags.Required = m.Field.Tag.Get("required") != "" && tags.Required
		}
		d.add(m, c.field(m, tags, place))
	}
	if rest := members.Rest; rest != nil {
		f := c.field(rest, &schema.Tags{Sensitive: rest.Sensitive()}, where+"."+rest.Go)
		f.place = "" // its members are those of the struct
		c.plain, d.rest = false, &f
	}
	d.finish(c.whole)
	for i := range d.fields {
		if f := &d.fields[i]; f.tags.Default != nil || f.tags.Example != nil {
			c.pending = append(c.pending, pendingDefault{f, where + "." + members.List[i].Go})
		}
	}
}

func (c *decodeCompiler) field(m *schema.Member, tags *schema.Tags, where string) fieldDecoder {
	last := len(m.Path) - 1
	f := fieldDecoder{
		name: m.Name, literal: m.Quoted + ":", place: "." + m.Name,
		quiet: tags.Sensitive, hidden: tags.Hidden(schema.In) && !c.whole, off: m.Path[last].Offset, hops: m.Path[:last], tags: tags,
		node: c.node(m.Type, m.Stringed, tags, where),
	}
	if tags.NotNull {
		inner := f.node
		f.node = &decodeNode{typ: m.Type, fn: notNull(func(s *decodeState, p ptr) bool { return inner.fn(s, p) })}
	}
	if _, nullable := schema.Strip(m.Type); c.sparse && !nullable && !tags.Required {
		f.node = orNull(f.node)
	}
	if f.op = f.node.op; f.op == opInt && m.Type.Size() == 8 {
		f.op = opInt64
	}
	f.simple = !f.quiet && !f.hidden && len(f.hops) == 0
	for i := range f.hops {
		if f.hops[i].Hidden {
			c.mistake(where, "it is behind an embedded pointer to an unexported struct, which cannot be set")
		}
	}
	return f
}

// defaults decodes the default and the example of every field, which must pass its own checks.
func (c *decodeCompiler) defaults() {
	for _, d := range c.pending {
		f := d.field
		if f.tags.Example != nil {
			c.tried("example", f.tags.Example, d)
		}
		if f.tags.Default == nil {
			continue
		}
		if v, ok := c.tried("default", f.tags.Default, d); ok && shareable(f.node.typ) {
			f.value = v
		}
	}
}

// tried decodes the text of a tag as a value of its field.
func (c *decodeCompiler) tried(tag string, text jsontext.Value, d pendingDefault) (v reflect.Value, ok bool) {
	p := reflect.New(d.field.node.typ)
	run := decodeState{scanner: scanner{data: text, limit: maxDepth}, most: 1}
	run.document(d.field.node.fn, p.UnsafePointer())
	switch {
	case run.problem != "":
		c.mistake(d.where, "%s %s %s", tag, text, run.problem)
	case len(run.faults) > 0:
		at := run.faults[0].Location
		if at != "" {
			at += " "
		}
		c.mistake(d.where, "%s %s: %s%s", tag, text, at, run.faults[0].Message)
	default:
		return p.Elem(), true
	}
	return v, false
}

// shareable tells whether copies of one value of t share nothing that can be
// changed.
func shareable(t reflect.Type) bool {
	o := ops[t.Kind()]
	return o != opCall || t == typeTime
}
