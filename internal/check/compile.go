package check

import (
	"errors"
	"reflect"

	"github.com/fasterapi/fasterapi/internal/schema"
)

// Checker calls the methods Check of the values of one type and of what is in them.
//
// Owner: any (immutable after Compile).
type Checker struct {
	root *node
	// secret: the value is sensitive as a whole.
	secret bool
	caller Caller
}

// node is what is known of one type.
//
// Owner: any (immutable after Compile).
type node struct {
	typ    reflect.Type
	class  schema.Class
	own    bool // it has a method
	active bool // it, or something in it, has one
	// indirect: values hold memory besides their own.
	indirect bool
	opt      schema.OptLayout // of an Opt
	isOpt    bool
	elem     *node // of a pointer, an Opt, a list, a map
	members  []member
	variants map[reflect.Type]*node
	refers   []*node // all nodes below
}

// member is a member of a struct.
//
// Owner: any (immutable after Compile).
type member struct {
	*node
	schema.Member
	place    string
	optional bool // it may be absent, and is zero then
	secret   bool
}

// compiler makes the nodes of a type.
//
// Owner: one goroutine at a time.
type compiler struct {
	caller   Caller
	nodes    map[reflect.Type]*node
	mistakes []error
}

// Compile returns the checker of t, or all mistakes. With secret, locations do not repeat
// names that clients choose.
func Compile(t reflect.Type, secret bool, caller Caller) (*Checker, error) {
	c := compiler{caller: caller, nodes: map[reflect.Type]*node{}}
	root := c.node(t)
	c.spread()
	if len(c.mistakes) > 0 {
		return nil, errors.Join(c.mistakes...)
	}
	return &Checker{root: root, secret: secret, caller: caller}, nil
}

// Active tells whether there is anything to call.
func (c *Checker) Active() bool { return c.root.active }

// Method tells whether t has a method Check of its own.
func Method(t reflect.Type, caller Caller) (bool, error) { return caller.method(t) }

func (c *compiler) node(t reflect.Type) *node {
	if n := c.nodes[t]; n != nil {
		return n
	}
	n := &node{typ: t, class: schema.ClassOf(t)}
	c.nodes[t] = n
	var mistake error
	if n.own, mistake = c.caller.method(t); mistake != nil {
		c.mistakes = append(c.mistakes, mistake)
	}
	n.active = n.own
	c.inner(n)
	for _, below := range n.refers {
		n.active = n.active || below.active
	}
	return n
}

// inner makes the nodes below n.
func (c *compiler) inner(n *node) {
	t := n.typ
	below := func(t reflect.Type) *node {
		b := c.node(t)
		n.refers = append(n.refers, b)
		return b
	}
	if n.opt, n.isOpt = schema.OptOf(t); n.isOpt {
		n.elem = below(n.opt.Elem)
		return
	}
	if t.Kind() == reflect.Pointer {
		n.elem, n.indirect = below(t.Elem()), true
		return
	}
	switch n.class {
	case schema.ClassList, schema.ClassMap:
		n.elem, n.indirect = below(t.Elem()), t.Kind() != reflect.Array
	case schema.ClassStruct:
		members, err := schema.MembersOf(t)
		if err != nil {
			return // the decoder says so
		}
		for _, m := range members.List {
			tags, _ := schema.MemberTags(&m)
			n.indirect = n.indirect || len(m.Path) > 1 // behind an embedded pointer
			n.members = append(n.members, member{
				node: below(m.Type), Member: m, place: "." + m.Name, optional: tags != nil && !tags.Required, secret: m.Sensitive(),
			})
		}
	case schema.ClassChoice:
		choice, _, err := schema.ChoiceOf(t)
		if err != nil {
			return
		}
		n.variants, n.indirect = map[reflect.Type]*node{}, true
		for _, v := range choice.Variants {
			n.variants[v.Type] = below(v.Type)
		}
	}
}

// spread tells the nodes of types that contain themselves what is below them.
func (c *compiler) spread() {
	for changed := true; changed; {
		changed = false
		for _, n := range c.nodes {
			for _, below := range n.refers {
				active, indirect := n.active || below.active, n.indirect || below.indirect
				changed = changed || active != n.active || indirect != n.indirect
				n.active, n.indirect = active, indirect
			}
		}
	}
}
