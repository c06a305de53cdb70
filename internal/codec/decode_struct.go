package codec

import (
	"reflect"
	"strings"
	"unicode"

	"github.com/fasterapi/fasterapi/internal/schema"
	"github.com/fasterapi/fasterapi/problem"
)

// The messages that clients see. Those of numbers are in decode_scalar.go.
const (
	msgUnknown   = "is not known"
	msgTwice     = "is given twice"
	msgAmbiguous = "fits more than one member"
	msgObject    = "must be an object"
)

// fieldDecoder reads one member of an object.
//
// Owner: any (immutable once made).
type fieldDecoder struct {
	name    string
	literal string // `"name":`, the usual bytes in front of the value
	place   string // `.name`
	off     uintptr
	op      op
	quiet   bool // sensitive
	hidden  bool // read only: what a request says is not kept
	simple  bool // neither sensitive, hidden nor behind embedded pointers
	node    *decodeNode
	hops    []schema.Step // embedded pointers on the way
	tags    *schema.Tags
	value   reflect.Value // the default, when copies of it can be shared
}

// structDecoder reads an object.
//
// Owner: any (immutable once made).
type structDecoder struct {
	typ      reflect.Type
	fields   []fieldDecoder
	byName   map[string]int
	byFold   map[string]int // names of case:ignore members, folded; -1: ambiguous
	required []int
	absent   []int // fields with defaults
	strict   bool
	secret   bool          // has a sensitive part
	rest     *fieldDecoder // takes the members that no field takes; nil: none does
}

// strays are the members of one object that no field takes.
//
// Owner: one goroutine at a time.
type strays struct {
	names nameSet
	raw   []byte // as JSON, each behind a comma; for the rest
}

func (d *structDecoder) add(m *schema.Member, f fieldDecoder) {
	i := len(d.fields)
	d.fields = append(d.fields, f)
	d.byName[m.Name] = i
	if !m.IgnoreCase {
		return
	}
	if d.byFold == nil {
		d.byFold = map[string]int{}
	}
	folded := fold(m.Name)
	if _, taken := d.byFold[folded]; taken {
		i = -1
	}
	d.byFold[folded] = i
}

func (d *structDecoder) finish(whole bool) {
	for i := range d.fields {
		if tags := d.fields[i].tags; tags.Required && !(whole && tags.WriteOnly) {
			d.required = append(d.required, i)
		}
		if d.fields[i].tags.Default != nil {
			d.absent = append(d.absent, i)
		}
	}
}

// fold makes names equal that differ in case, hyphens and underscores only.
func fold(name string) string {
	return strings.Map(func(r rune) rune {
		if r == '-' || r == '_' {
			return -1
		}
		for { // the least rune of the fold set
			next := unicode.SimpleFold(r)
			if next <= r {
				return next
			}
			r = next
		}
	}, name)
}

// fieldSet is a set of field indexes. Structs of up to 64 fields need no
// memory for it.
//
// Owner: one goroutine at a time.
type fieldSet struct {
	low  uint64
	high []uint64
}

// add returns false when i is in the set already.
func (f *fieldSet) add(i, fields int) bool {
	word := &f.low
	if i >= 64 {
		if f.high == nil {
			f.high = make([]uint64, (fields-1)/64)
		}
		word = &f.high[i/64-1]
	}
	bit := uint64(1) << (i % 64)
	fresh := *word&bit == 0
	*word |= bit
	return fresh
}

func (f *fieldSet) has(i int) bool {
	if i < 64 {
		return f.low>>i&1 != 0
	}
	return f.high != nil && f.high[i/64-1]>>(i%64)&1 != 0
}

func (d *structDecoder) decode(s *decodeState, p ptr) bool {
	if s.peek() != '{' {
		return s.mismatch(msgObject, d.secret)
	}
	if !s.enter() {
		return false
	}
	var seen fieldSet
	var others strays
	if !s.empty('}') && !d.members(s, p, &seen, &others) {
		return false
	}
	if len(others.raw) > 0 && !d.takeRest(s, p, others.raw) {
		return false
	}
	return d.complete(s, p, &seen)
}

// members reads all members. Clients mostly send them in the order of the
// schema, so the next field is tried before the name is looked up.
func (d *structDecoder) members(s *decodeState, p ptr, seen *fieldSet, others *strays) bool {
	next := 0
	for {
		i, ok := next, true
		if i < len(d.fields) && s.ahead(d.fields[i].literal) {
			s.pos += len(d.fields[i].literal)
			s.space()
		} else if i, ok = d.lookup(s, others); !ok {
			return false
		}
		if i >= 0 {
			next = i + 1
			f := &d.fields[i]
			switch {
			case !seen.add(i, len(d.fields)):
				ok = s.skip() && s.report(problem.FieldError{Location: f.place, Message: msgTwice})
			case f.simple:
				ok = f.read(s, at(p, f.off))
			default:
				ok = f.member(s, p)
			}
			if !ok {
				return false
			}
		}
		if s.pos < len(s.data)-1 && s.data[s.pos] == ',' && s.data[s.pos+1] == '"' {
			s.pos++
			continue
		}
		if another, ok := s.more('}'); !another {
			return ok
		}
	}
}

// ahead tells whether literal stands at pos.
func (s *scanner) ahead(literal string) bool {
	return len(s.data)-s.pos > len(literal) && string(s.data[s.pos:s.pos+len(literal)]) == literal
}

// read reads a value that is right at once without another call: the usual
// scalars without rules. Everything else goes to the node.
func (f *fieldDecoder) read(s *decodeState, p ptr) bool {
	switch f.op {
	case opString:
		if s.peek() == '"' {
			b, ok := s.text()
			if ok {
				*as[string](p) = s.keep(b)
			}
			return ok
		}
	case opInt64:
		if v, ok := s.integer(); ok {
			*as[int64](p) = v
			return true
		}
	case opBool:
		if c := s.peek(); c == 't' || c == 'f' {
			return decodeBool(s, p)
		}
	}
	n := len(s.faults)
	ok := f.node.fn(s, p)
	if len(s.faults) != n {
		s.within(n, f.place)
	}
	return ok
}

// member reads a value behind embedded pointers, a sensitive or a hidden one.
func (f *fieldDecoder) member(s *decodeState, p ptr) bool {
	if f.hidden {
		return s.skip()
	}
	outer := s.quiet
	s.quiet = outer || f.quiet
	ok := f.read(s, at(reach(p, f.hops), f.off))
	s.quiet = outer
	return ok
}

// reach walks the embedded pointers and allocates what is missing.
func reach(p ptr, hops []schema.Step) ptr {
	for i := range hops {
		slot := as[ptr](at(p, hops[i].Offset))
		if *slot == nil {
			*slot = reflect.New(hops[i].Pointer).UnsafePointer()
		}
		p = *slot
	}
	return p
}

// lookup reads a name, the colon behind it, and finds the field. It deals
// with unknown members itself and returns -1 for them.
func (d *structDecoder) lookup(s *decodeState, others *strays) (int, bool) {
	start := s.pos
	name, ok := s.text()
	if !ok {
		return 0, false
	}
	i, found := d.byName[string(name)]
	if !found && d.byFold != nil {
		i, found = d.byFold[fold(string(name))]
	}
	if found && i >= 0 {
		return i, s.colon()
	}
	message := ""
	switch {
	case found:
		message = msgAmbiguous
	case !others.names.add(name):
		message = msgTwice
	case d.strict && d.rest == nil:
		message = msgUnknown
	}
	place := ""
	if message != "" {
		place = d.strayPlace(s, name)
	}
	if !s.colon() || !s.skip() {
		return 0, false
	}
	if message == "" {
		if d.rest != nil {
			others.raw = append(append(others.raw, ','), s.data[start:s.pos]...)
		}
		return -1, true
	}
	return -1, s.report(problem.FieldError{Location: place, Message: message})
}

// strayPlace is where a member is that no field takes: in the rest, with its secrets.
func (d *structDecoder) strayPlace(s *decodeState, name []byte) string {
	outer := s.quiet
	s.quiet = outer || d.rest != nil && d.rest.quiet
	place := s.named(name)
	s.quiet = outer
	return place
}

// takeRest gives the members that no field has taken to the `embed` field.
func (d *structDecoder) takeRest(s *decodeState, p ptr, raw []byte) bool {
	raw[0] = '{'
	outer := s.scanner
	s.scanner = scanner{data: append(raw, '}'), limit: outer.limit, depth: outer.depth, scratch: outer.scratch}
	ok := d.rest.member(s, p)
	outer.scratch, outer.problem = s.scratch, s.problem
	s.scanner = outer
	return ok
}

// short returns a name of the client's for a location: at most 64 bytes.
func short(name []byte) string {
	if len(name) > 64 {
		return strings.ToValidUTF8(string(name[:64]), "") + "..."
	}
	return string(name)
}

// complete reports required members that are missing, and sets defaults.
func (d *structDecoder) complete(s *decodeState, p ptr, seen *fieldSet) bool {
	for _, i := range d.required {
		if !seen.has(i) && !s.report(problem.FieldError{Location: d.fields[i].place, Message: schema.Required}) {
			return false
		}
	}
	for _, i := range d.absent {
		if f := &d.fields[i]; f.hidden || !seen.has(i) {
			f.preset(s, at(reach(p, f.hops), f.off))
		}
	}
	return true
}

// preset sets the default.
func (f *fieldDecoder) preset(s *decodeState, p ptr) {
	if f.value.IsValid() {
		pointerAt(p, f.node.typ).Elem().Set(f.value)
		return
	}
	outer := s.scanner
	s.scanner = scanner{data: f.tags.Default, limit: maxDepth, scratch: outer.scratch}
	f.node.fn(s, p) // it was tried when the decoder was compiled
	outer.scratch = s.scratch
	s.scanner = outer
}
