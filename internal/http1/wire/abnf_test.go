package wire

import (
	_ "embed"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// The rules of testdata/request.abnf are read, and used in two ways: derive draws
// a string that a rule derives, and matches tells whether a rule derives a string.
// So the RFC's own text is the model that Parse and Decode are held against.

//go:embed testdata/request.abnf
var requestGrammar string

// node is a part of a rule (RFC 5234 section 4).
type node struct {
	kind     nodeKind
	text     string  // of a literal or a rule's name
	low, up  byte    // of a range of bytes
	least    int     // of a repetition
	most     int     // of a repetition; -1: no bound
	children []*node // of a sequence, a choice or a repetition
}

type nodeKind uint8

const (
	literal nodeKind = iota // letters in any case
	exactly                 // bytes as they are
	oneOf                   // a byte of a range
	reference
	sequence
	choice
	repeated
)

type grammar map[string]*node

// readGrammar reads rules, which may go on in lines that begin with white space.
func readGrammar(text string) grammar {
	g := grammar{}
	var rules []string
	for line := range strings.SplitSeq(text, "\n") {
		switch {
		case line == "" || line[0] == ';':
		case line[0] == ' ':
			rules[len(rules)-1] += line
		default:
			rules = append(rules, line)
		}
	}
	for _, rule := range rules {
		name, body, _ := strings.Cut(rule, " = ")
		p := abnf{rest: body}
		g[name] = p.choice()
		if p.rest != "" {
			panic("cannot read " + rule + " from " + p.rest)
		}
	}
	return g
}

// abnf reads the body of a rule.
type abnf struct{ rest string }

func (p *abnf) space() { p.rest = strings.TrimLeft(p.rest, " ") }

func (p *abnf) take(prefix string) bool {
	p.space()
	rest, ok := strings.CutPrefix(p.rest, prefix)
	if ok {
		p.rest = rest
	}
	return ok
}

func (p *abnf) choice() *node {
	all := []*node{p.sequence()}
	for p.take("/") {
		all = append(all, p.sequence())
	}
	if len(all) == 1 {
		return all[0]
	}
	return &node{kind: choice, children: all}
}

func (p *abnf) sequence() *node {
	n := &node{kind: sequence}
	for p.space(); p.rest != "" && !strings.ContainsRune("/)]", rune(p.rest[0])); p.space() {
		n.children = append(n.children, p.repetition())
	}
	return n
}

func (p *abnf) number(otherwise int) int {
	end := 0
	for end < len(p.rest) && '0' <= p.rest[end] && p.rest[end] <= '9' {
		end++
	}
	n, err := strconv.Atoi(p.rest[:end])
	if err != nil {
		return otherwise
	}
	p.rest = p.rest[end:]
	return n
}

func (p *abnf) repetition() *node {
	least, most := p.number(-1), 0
	if p.take("*") {
		least, most = max(least, 0), p.number(-1)
	} else if most = least; least < 0 {
		return p.element()
	}
	return &node{kind: repeated, least: least, most: most, children: []*node{p.element()}}
}

func (p *abnf) element() *node {
	switch {
	case p.take("("):
		n := p.choice()
		p.take(")")
		return n
	case p.take("["):
		n := &node{kind: repeated, most: 1, children: []*node{p.choice()}}
		p.take("]")
		return n
	case p.take(`"`):
		text, rest, _ := strings.Cut(p.rest, `"`)
		p.rest = rest
		return &node{kind: literal, text: text}
	case p.take("%x"):
		return p.bytes()
	}
	end := strings.IndexAny(p.rest+" ", " )]")
	n := &node{kind: reference, text: p.rest[:end]}
	p.rest = p.rest[end:]
	return n
}

// bytes reads 41, 41-5A or 48.54.54.
func (p *abnf) bytes() *node {
	end := strings.IndexAny(p.rest+" ", " )]")
	text := p.rest[:end]
	p.rest = p.rest[end:]
	code := func(s string) byte {
		n, err := strconv.ParseUint(s, 16, 8)
		if err != nil {
			panic(err)
		}
		return byte(n)
	}
	if low, up, ok := strings.Cut(text, "-"); ok {
		return &node{kind: oneOf, low: code(low), up: code(up)}
	}
	n := &node{kind: exactly}
	for part := range strings.SplitSeq(text, ".") {
		n.text += string([]byte{code(part)})
	}
	return n
}

// derive draws a string that n derives.
func (g grammar) derive(t *rapid.T, n *node) string {
	switch n.kind {
	case literal:
		if rapid.Bool().Draw(t, "upper") {
			return strings.ToUpper(n.text)
		}
		return n.text
	case exactly:
		return n.text
	case oneOf:
		return string([]byte{rapid.ByteRange(n.low, n.up).Draw(t, "byte")})
	case reference:
		return g.derive(t, g[n.text])
	case choice:
		return g.derive(t, rapid.SampledFrom(n.children).Draw(t, "choice"))
	}
	times, text := 1, ""
	if n.kind == repeated {
		most := n.most
		if most < 0 {
			most = n.least + 4
		}
		times = rapid.IntRange(n.least, most).Draw(t, "times")
	}
	for range times {
		for _, child := range n.children {
			text += g.derive(t, child)
		}
	}
	return text
}

// matches tells whether the rule called name derives all of text.
func (g grammar) matches(name, text string) bool {
	m := matcher{grammar: g, text: text, known: map[place][]int{}}
	return slices.Contains(m.ends(&node{kind: reference, text: name}, 0), len(text))
}

// matcher remembers where what was tried ends.
type matcher struct {
	grammar
	text  string
	known map[place][]int
}

type place struct {
	n  *node
	at int
}

// ends returns the indexes at which n may end when it begins at at.
func (m *matcher) ends(n *node, at int) (ends []int) {
	key := place{n, at}
	if n.kind == reference {
		key.n = m.grammar[n.text]
	}
	if ends, ok := m.known[key]; ok {
		return ends
	}
	defer func() { m.known[key] = ends }()
	switch n.kind {
	case literal:
		if end := at + len(n.text); end <= len(m.text) && strings.EqualFold(m.text[at:end], n.text) {
			return []int{end}
		}
		return nil
	case exactly:
		if strings.HasPrefix(m.text[at:], n.text) {
			return []int{at + len(n.text)}
		}
		return nil
	case oneOf:
		if at < len(m.text) && n.low <= m.text[at] && m.text[at] <= n.up {
			return []int{at + 1}
		}
		return nil
	case reference:
		if key.n == nil {
			panic("there is no rule " + n.text)
		}
		return m.ends(key.n, at)
	case choice:
		all := map[int]bool{}
		for _, child := range n.children {
			for _, end := range m.ends(child, at) {
				all[end] = true
			}
		}
		return slices.Sorted(maps.Keys(all))
	case sequence:
		now := []int{at}
		for _, child := range n.children {
			now = m.step(child, now)
		}
		return now
	}
	return m.repeatedEnds(n, at)
}

// step goes on from each of several places.
func (m *matcher) step(n *node, from []int) []int {
	all := map[int]bool{}
	for _, at := range from {
		for _, end := range m.ends(n, at) {
			all[end] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}

func (m *matcher) repeatedEnds(n *node, at int) []int {
	all, now := map[int]bool{}, []int{at}
	for times := 0; len(now) > 0; times++ {
		fresh := false
		if times >= n.least {
			for _, end := range now {
				fresh = fresh || !all[end]
				all[end] = true
			}
		}
		if times == n.most || times >= n.least && !fresh {
			break
		}
		now = m.step(n.children[0], now)
	}
	return slices.Sorted(maps.Keys(all))
}

// spoilers are the bytes that near-valid strings get.
const spoilers = " \t\x00\x0b:/?#[]@!$&'()*+,;=%\"<>\\^`{|}-._~059aAfFgGvVxz\x7f\x80\xff"

// near draws a string that the rule derives, or one that is a few bytes away.
func (g grammar) near(t *rapid.T, name string) string {
	text := g.derive(t, g[name])
	for range rapid.IntRange(0, 2).Draw(t, "spoilt") {
		at := rapid.IntRange(0, len(text)).Draw(t, "at")
		with := string(spoilers[rapid.IntRange(0, len(spoilers)-1).Draw(t, "with")])
		switch {
		case rapid.Bool().Draw(t, "insert") || at == len(text):
			text = text[:at] + with + text[at:]
		case rapid.Bool().Draw(t, "replace"):
			text = text[:at] + with + text[at+1:]
		default:
			text = text[:at] + text[at+1:]
		}
	}
	return text
}

func TestGrammarReads(t *testing.T) {
	g := readGrammar(requestGrammar)
	for rule, n := range g {
		requireRules(t, g, n, rule)
	}
	for _, c := range []struct {
		rule, text string
		want       bool
	}{
		{"token", "a-b", true},
		{"token", "", false},
		{"token", "a b", false},
		{"IPv6address", "::", true},
		{"IPv6address", "1:2:3:4:5:6:7::", true},
		{"IPv6address", "1:2:3:4:5:6:7::8", false},
		{"IPv6address", "::ffff:1.2.3.4", true},
		{"HTTP-version", "HTTP/1.1", true},
		{"HTTP-version", "http/1.1", false},
		{"http-URI", "HTTP://a", true},
		{"quoted-string", `"a\"b"`, true},
		{"quoted-string", `"a"b"`, false},
	} {
		require.Equal(t, c.want, g.matches(c.rule, c.text), "%s %q", c.rule, c.text)
	}
	rapid.Check(t, func(t *rapid.T) {
		rule := rapid.SampledFrom(slices.Sorted(maps.Keys(g))).Draw(t, "rule")
		text := g.derive(t, g[rule])
		require.True(t, g.matches(rule, text), "%s %q", rule, text)
	})
}

func requireRules(t *testing.T, g grammar, n *node, rule string) {
	t.Helper()
	if n.kind == reference {
		require.Contains(t, g, n.text, rule)
	}
	for _, child := range n.children {
		requireRules(t, g, child, rule)
	}
}

func (n *node) String() string { return fmt.Sprint(n.kind, n.text) }
