package schema

import (
	"cmp"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"sort"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The names of definitions depend on the set of types in the document, never on the order
// in which they were met. They are known when all have been seen, so a document is made
// twice: the second time with the names that the first has found (Registry.Again).
//
//   - Item is the type Item. Its schema in requests, where it differs from that in answers
//     and both are in the document, is ItemInput.
//   - Items of several packages have their packages in front, all of them: ShopItem and
//     StockItem. As many elements of their paths are taken as tell them apart.
//   - A variant that is used in several ways has its union in front, see variants.go.
//   - Letters and digits beyond ASCII, which OpenAPI does not allow in names of components, are
//     written as their code points: Größe is GrU00F6U00DFe.
//   - A name that is taken all the same gets a number. Names that are those of types come
//     first: a type ItemInput of the user's keeps its name.

// definition is what has a name: a type as it goes one way, used in one way.
type definition struct {
	typ reflect.Type
	dir Direction
	use variantUse
}

// stem is the part of a definition's name that does not depend on its direction.
type stem struct {
	typ   reflect.Type
	union reflect.Type // whose name stands in front; nil: none
}

// inputSuffix tells the schema of requests from that of answers.
const inputSuffix = "Input"

// planNames names all definitions.
func (r *Registry) planNames() map[definition]string {
	stems := map[definition]stem{}
	for d := range r.index {
		stems[d] = stem{typ: d.typ}
		if d.use != (variantUse{}) && r.usedDifferently(d.typ) {
			stems[d] = stem{d.typ, slices.MinFunc(r.unions[d], compareTypes)}
		}
	}
	taken := map[string]bool{}
	for _, name := range r.reserved {
		taken[folded(name)] = true
	}
	names := nameStems(slices.Collect(maps.Values(stems)), taken)
	planned, inputs := map[definition]string{}, []definition{}
	for d, s := range stems {
		if d.dir == In && r.inAnswers(d.typ) {
			inputs = append(inputs, d)
		} else {
			planned[d] = names[s]
		}
	}
	sort.Slice(inputs, func(i, j int) bool { return names[stems[inputs[i]]] < names[stems[inputs[j]]] }) // as in dominant
	for _, d := range inputs {
		planned[d] = free(names[stems[d]]+inputSuffix, taken)
	}
	return planned
}

// usedDifferently tells whether t is used in several ways.
func (r *Registry) usedDifferently(t reflect.Type) bool {
	uses := map[variantUse]bool{}
	for d := range r.index {
		if d.typ == t {
			uses[d.use] = true
		}
	}
	return len(uses) > 1
}

func (r *Registry) inAnswers(t reflect.Type) bool {
	for d := range r.index {
		if d.typ == t && d.dir == Out {
			return true
		}
	}
	return false
}

// nameStems names stems, which may be listed twice.
func nameStems(list []stem, taken map[string]bool) map[stem]string {
	sort.Slice(list, func(i, j int) bool { return compareStems(list[i], list[j]) < 0 }) // as in dominant
	list = slices.Compact(list)
	alike := map[string][]stem{}
	for _, s := range list {
		plain := folded(s.spell(0))
		alike[plain] = append(alike[plain], s)
	}
	names, qualified := map[stem]string{}, []stem{}
	for _, s := range list {
		if group := alike[folded(s.spell(0))]; len(group) > 1 || taken[folded(s.spell(0))] {
			qualified = append(qualified, s)
			continue
		}
		names[s] = s.spell(0)
	}
	for _, name := range names {
		taken[folded(name)] = true
	}
	for _, s := range qualified {
		names[s] = free(s.spell(apart(alike[folded(s.spell(0))])), taken)
	}
	return names
}

// apart is how many elements of their packages' paths tell stems apart; 0: none do.
func apart(group []stem) int {
	if len(group) == 1 {
		return 1 // the name is one of those of every document
	}
	for n := 1; n <= 16; n++ {
		seen := map[string]bool{}
		for _, s := range group {
			seen[folded(s.spell(n))] = true
		}
		if len(seen) == len(group) {
			return n
		}
	}
	packages := map[string]bool{}
	for _, s := range group {
		packages[s.typ.PkgPath()] = true
	}
	return min(len(packages)-1, 1) // types of functions in one package: numbers tell them apart
}

// free returns name, with a number behind it when it is taken, and takes it.
func free(name string, taken map[string]bool) string {
	unique := name
	for n := 2; taken[folded(unique)]; n++ {
		unique = name + strconv.Itoa(n)
	}
	taken[folded(unique)] = true
	return unique
}

// folded makes names equal that generated clients cannot tell apart.
func folded(name string) string { return strings.ToLower(strings.ReplaceAll(name, "_", "")) }

func compareStems(a, b stem) int {
	return cmp.Or(compareTypes(a.typ, b.typ), compareTypes(a.union, b.union))
}

// compareTypes orders types by package, name and, those of functions, by what they are.
func compareTypes(a, b reflect.Type) int {
	switch {
	case a == b:
		return 0
	case a == nil:
		return -1
	case b == nil:
		return 1
	}
	if order := cmp.Or(strings.Compare(a.PkgPath(), b.PkgPath()), strings.Compare(a.Name(), b.Name())); order != 0 {
		return order
	}
	return strings.Compare(content(a, 4), content(b, 4))
}

// content writes what t is made of, so many types deep.
func content(t reflect.Type, deep int) string {
	var b strings.Builder
	fmt.Fprint(&b, t.Kind(), t.NumMethod())
	if deep == 0 {
		return b.String()
	}
	switch t.Kind() {
	case reflect.Struct:
		for f := range t.Fields() {
			fmt.Fprintf(&b, ";%s %v %q %s", f.Name, f.Type, f.Tag, content(f.Type, deep-1))
		}
	case reflect.Slice, reflect.Array, reflect.Pointer:
		b.WriteString(content(t.Elem(), deep-1))
	case reflect.Map:
		b.WriteString(content(t.Key(), deep-1) + content(t.Elem(), deep-1))
	}
	return b.String()
}

// spell writes the name of s with so many elements of the paths of packages in it.
func (s stem) spell(elements int) string {
	name := lastElements(s.typ.PkgPath(), elements)
	if s.union != nil {
		name += spell(s.union.Name(), 0)
	}
	if name += spell(s.typ.Name(), elements); name == "" {
		return "Type"
	}
	return name
}

// spell turns the name of a type, "Page[example.org/a.User,[]int]", into
// "PageUserListInt": every package path goes but for so many elements, every word gets a capital.
func spell(name string, elements int) string {
	var b strings.Builder
	if elements > 0 { // Page[User] and Page[*User] are different types
		name = strings.ReplaceAll(name, "*", " Pointer ")
	}
	for word := range strings.FieldsFuncSeq(name, func(c rune) bool {
		return c == '[' || c == ',' || c == ']' || c == '*' || c == ' ' || c == '{' || c == '}' || c == ';' || c == '"'
	}) {
		word, _, _ = strings.Cut(word, "·") // what follows counts the types of functions
		from := strings.LastIndexByte(word, '/') + 1
		if i := strings.LastIndexByte(word[from:], '.'); i >= 0 {
			b.WriteString(lastElements(word[:from+i], elements))
			word = word[from+i+1:]
		} else {
			word = word[from:]
		}
		b.WriteString(title(word))
	}
	return b.String()
}

// lastElements writes the last elements of the path of a package, so many.
func lastElements(path string, elements int) string {
	list := strings.Split(path, "/")
	var b strings.Builder
	for _, element := range list[max(0, len(list)-elements):] {
		b.WriteString(title(element))
	}
	return b.String()
}

// title keeps letters, digits and underscores of word, the first one upper case, and writes those
// beyond ASCII as code points.
func title(word string) string {
	var b strings.Builder
	for _, c := range word {
		switch {
		case c != '_' && !unicode.IsLetter(c) && !unicode.IsDigit(c):
		case b.Len() == 0 && c < utf8.RuneSelf:
			b.WriteRune(unicode.ToUpper(c))
		case c < utf8.RuneSelf:
			b.WriteRune(c)
		default:
			fmt.Fprintf(&b, "U%04X", c)
		}
	}
	return b.String()
}
