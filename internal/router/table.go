package router

import (
	"slices"
	"strings"
)

// table holds the routes of every method as indices: the part of a router that
// needs no type parameter. Immutable after seal.
type table struct {
	methods []methodRoutes
	get     int8 // slots of the methods that most requests have; -1: no such routes
	post    int8
	head    int8
	allows  []string // by bit set of slots; nil with more than preparedMethods methods
}

// methodRoutes are the routes of one method: the literal ones twice, since the hash
// table is only a short cut.
type methodRoutes struct {
	name     string
	literals literals
	root     node
}

// preparedMethods bounds the prepared Allow strings to 2^8.
const preparedMethods = 8

func (t *table) add(method string, segs []segment, route int32) {
	i, known := slices.BinarySearchFunc(t.methods, method, func(m methodRoutes, name string) int { return strings.Compare(m.name, name) })
	if !known {
		t.methods = slices.Insert(t.methods, i, methodRoutes{name: method, root: newNode(0)})
	}
	m := &t.methods[i]
	m.root.add(segs, route)
	m.literals.collect(segs, route)
}

// seal builds the indices.
func (t *table) seal() {
	at := func(name string) int8 {
		return int8(slices.IndexFunc(t.methods, func(m methodRoutes) bool { return m.name == name }))
	}
	for i := range t.methods {
		t.methods[i].literals.seal()
		t.methods[i].root.seal()
	}
	t.get, t.post, t.head = at("GET"), at("POST"), at("HEAD")
	if n := len(t.methods); n <= preparedMethods {
		t.allows = make([]string, 1<<n)
		for set := range t.allows {
			t.allows[set] = t.joinMethods(uint64(set))
		}
	}
}

// slot returns the index of a method, or none.
func (t *table) slot(method []byte) int {
	switch string(method) {
	case "GET":
		return int(t.get)
	case "POST":
		return int(t.post)
	case "HEAD":
		if t.head < 0 {
			return int(t.get)
		}
		return int(t.head)
	}
	for i := range t.methods {
		if t.methods[i].name == string(method) {
			return i
		}
	}
	return none
}

// find returns the route of a path, or none. HEAD falls back to GET.
func (t *table) find(slot int, path []byte, ps *Params) int32 {
	m := &t.methods[slot]
	if i := m.literals.find(path); i >= 0 {
		return i
	}
	w := walk{path: path, ps: ps}
	i := w.start(&m.root)
	if i < 0 && slot == int(t.head) && t.get >= 0 {
		i = w.start(&t.methods[t.get].root)
	}
	return i
}

// toggled is the walk of the path with its trailing slash added or removed; false:
// there is no such path. A path that begins with two slashes is never redirected:
// it would name another host.
func toggled(path []byte, ps *Params) (walk, bool) {
	if len(path) < 2 || path[0] != '/' || path[1] == '/' {
		return walk{}, false
	}
	if last := len(path) - 1; path[last] == '/' {
		return walk{path: path[:last], ps: ps}, true
	}
	return walk{path: path, ps: ps, slash: true}, true
}

// findToggled reports whether the other form of the path would be found.
func (t *table) findToggled(slot int, path []byte, ps *Params) bool {
	w, ok := toggled(path, ps)
	if !ok {
		return false
	}
	if w.start(&t.methods[slot].root) >= 0 {
		return true
	}
	return slot == int(t.head) && t.get >= 0 && w.start(&t.methods[t.get].root) >= 0
}

// allow returns the Allow value of a path with valid escapes, or nothing. A method
// that would be redirected counts.
func (t *table) allow(path []byte) string {
	var ps Params
	w := walk{path: path, ps: &ps}
	other, hasOther := toggled(path, &ps)
	var set uint64
	for i := range t.methods {
		root := &t.methods[i].root
		if w.start(root) >= 0 || hasOther && other.start(root) >= 0 {
			set |= 1 << i
		}
	}
	if t.allows != nil {
		return t.allows[set]
	}
	return t.joinMethods(set)
}

// joinMethods renders a set of slots as an Allow value; the empty set is the empty
// string.
func (t *table) joinMethods(set uint64) string {
	if set == 0 {
		return ""
	}
	names := []string{"OPTIONS"}
	for i := range t.methods {
		if set&(1<<i) == 0 {
			continue
		}
		names = append(names, t.methods[i].name)
		if t.methods[i].name == "GET" {
			names = append(names, "HEAD")
		}
	}
	slices.Sort(names)
	return strings.Join(slices.Compact(names), ", ")
}
