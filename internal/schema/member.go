package schema

import (
	"cmp"
	"encoding/json/jsontext"
	"encoding/json/v2"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sort"
	"strings"
)

// Member is one Go struct field as a member of a JSON object, after the
// embedding rules of encoding/json/v2 have been applied.
//
// Owner: any (a plain value).
type Member struct {
	Name   string              // JSON name, unescaped
	Quoted string              // JSON name as a JSON string literal, quotes included
	Go     string              // Go path below the outer struct, "Embedded.Field"
	Type   reflect.Type        // type of the field
	Field  reflect.StructField // the field itself, for its tags
	Path   []Step              // how to reach the field from the outer struct
	Index  []int               // the same for reflect.Value.FieldByIndex

	Secret     bool // an embedded struct on the way to it is sensitive
	OmitZero   bool // `json:",omitzero"`
	OmitEmpty  bool // `json:",omitempty"`
	Stringed   bool // `json:",string"`: numbers travel as JSON strings
	IgnoreCase bool // `json:",case:ignore"`
}

// Step is one hop towards a field: add Offset bytes, then follow a pointer
// when Pointer is not nil.
type Step struct {
	Offset  uintptr      // bytes from the struct reached so far
	Pointer reflect.Type // struct type to allocate behind a nil embedded pointer; nil when there is no pointer
	Hidden  bool         // the embedded pointer is unexported: it can be read but not set
}

// Sensitive tells whether the value of m must not be repeated: its type or tags, or those
// of an embedded struct around it say so.
func (m *Member) Sensitive() bool { return m.Secret || IsSensitive(m.Field) }

// Members is the JSON object that a Go struct stands for.
//
// Owner: any (immutable after New).
type Members struct {
	List []Member // in the order in which encoding/json/v2 writes them
	Rest *Member  // the `embed` map or jsontext.Value for further members; nil: none
}

// MembersOf lists the members of struct type t. It accepts exactly the
// structs that encoding/json/v2 accepts and fails with the error of that
// package otherwise (malformed json tags, two fields of one name in one
// struct, no exported fields, the unsupported `format` option).
func MembersOf(t reflect.Type) (Members, error) {
	if t.Kind() != reflect.Struct {
		return Members{}, fmt.Errorf("schema: %v is not a struct", t)
	}
	if err := probe(t); err != nil {
		return Members{}, err
	}
	w := walk{seen: map[reflect.Type]bool{t: true}}
	w.queue = []level{{typ: t, open: true}}
	for len(w.queue) > 0 {
		l := w.queue[0]
		w.queue = w.queue[1:]
		w.visit(l)
	}
	return Members{List: dominant(w.found), Rest: w.rest}, nil
}

// probe asks encoding/json/v2 itself: decoding an empty object checks every
// tag of the struct, and calls no method of any field.
func probe(t reflect.Type) error {
	if hasMethods(t) {
		return fmt.Errorf("schema: %v has marshal methods of its own", t)
	}
	err := json.Unmarshal([]byte("{}"), reflect.New(t).Interface())
	if semantic, ok := errors.AsType[*json.SemanticError](err); ok && semantic.Err != nil {
		return semantic.Err
	}
	return err
}

// level is one struct of the breadth-first walk.
type level struct {
	typ    reflect.Type
	path   []Step
	offset uintptr // bytes gathered since the last pointer
	index  []int
	prefix string // Go path, with a trailing dot
	open   bool   // embedded structs below are walked too
	secret bool   // this struct, or one around it, is embedded as sensitive
}

// candidate is a member before dominance is decided.
type candidate struct {
	Member
	named bool // the tag gives the name
	order int  // breadth-first position
}

type walk struct {
	queue []level
	seen  map[reflect.Type]bool
	found []candidate
	rest  *Member
}

func (w *walk) visit(l level) {
	for i := range l.typ.NumField() {
		f := l.typ.Field(i)
		tag, ok := f.Tag.Lookup("json")
		if tag == "-" || (!f.IsExported() && !f.Anonymous) {
			continue
		}
		o := parseOptions(f.Name, tag, ok)
		index := append(slices.Clone(l.index), i)
		if o.embed || (f.Anonymous && !o.named) {
			w.embed(l, f, index)
			continue
		}
		w.found = append(w.found, candidate{
			Member: Member{
				Name: o.name, Quoted: quote(o.name), Go: l.prefix + f.Name,
				Type: f.Type, Field: f, Index: index,
				Path:     append(slices.Clone(l.path), Step{Offset: l.offset + f.Offset}),
				OmitZero: o.omitZero, OmitEmpty: o.omitEmpty,
				Stringed: o.stringed, IgnoreCase: o.ignoreCase, Secret: l.secret,
			},
			named: o.named,
			order: len(w.found),
		})
	}
}

func (w *walk) embed(l level, f reflect.StructField, index []int) {
	t, pointer := f.Type, false
	if t.Kind() == reflect.Pointer && t.Name() == "" {
		t, pointer = t.Elem(), true
	}
	if t.Kind() != reflect.Struct {
		// A map or a jsontext.Value: probe has refused anything else.
		w.rest = &Member{
			Go: l.prefix + f.Name, Type: f.Type, Field: f, Index: index,
			Path: append(slices.Clone(l.path), Step{Offset: l.offset + f.Offset}), Secret: l.secret,
		}
		return
	}
	if l.open {
		next := level{
			typ: t, path: l.path, offset: l.offset + f.Offset, index: index,
			prefix: l.prefix + f.Name + ".", open: !w.seen[t],
			secret: l.secret || IsSensitive(f),
		}
		if pointer {
			next.path = append(slices.Clone(l.path), Step{Offset: next.offset, Pointer: t, Hidden: !f.IsExported()})
			next.offset = 0
		}
		w.queue = append(w.queue, next)
	}
	w.seen[t] = true
}

// dominant keeps, for every name, the member that Go's embedding rules make
// visible: the only one at the least depth, or the only one there whose tag
// gives the name. It returns them in the order of the struct's text.
func dominant(found []candidate) []Member {
	// Package sort has one sort for all types; of package slices each struct gets its own, of 10 KB and more.
	sort.SliceStable(found, func(i, j int) bool {
		a, b := &found[i], &found[j]
		return cmp.Or(
			strings.Compare(a.Name, b.Name),
			cmp.Compare(len(a.Index), len(b.Index)),
			cmp.Compare(btoi(b.named), btoi(a.named))) < 0
	})
	var list []Member
	for len(found) > 0 {
		n := 1
		for n < len(found) && found[n].Name == found[0].Name {
			n++
		}
		if n == 1 || len(found[0].Index) != len(found[1].Index) || found[0].named != found[1].named {
			list = append(list, found[0].Member)
		}
		found = found[n:]
	}
	sort.Slice(list, func(i, j int) bool { return slices.Compare(list[i].Index, list[j].Index) < 0 })
	return list
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// options are what a json tag says. Only tags that passed probe are parsed.
type options struct {
	name                                             string
	named                                            bool
	embed, omitZero, omitEmpty, stringed, ignoreCase bool
}

func parseOptions(goName, tag string, ok bool) options {
	o := options{name: goName}
	if !ok {
		return o
	}
	name, rest, _ := strings.Cut(tag, ",")
	if name != "" {
		o.name, o.named = name, true
	}
	for option := range strings.SplitSeq(rest, ",") {
		switch option {
		case "embed":
			o.embed = true
		case "omitzero":
			o.omitZero = true
		case "omitempty":
			o.omitEmpty = true
		case "string":
			o.stringed = true
		case "case:ignore":
			o.ignoreCase = true
		}
	}
	return o
}

// quote returns s as a JSON string literal; s is valid UTF-8.
func quote(s string) string {
	b, _ := jsontext.AppendQuote(nil, s)
	return string(b)
}
