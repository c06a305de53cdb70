package codec

import (
	"reflect"
	"slices"
	"sort"
	"strconv"

	"github.com/fasterapi/fasterapi/internal/schema"
)

// Maps are written with their names in ascending order (bytes of UTF-8), so
// that equal values make equal documents: ETags, golden files and caches
// depend on it. That is the Deterministic option of encoding/json/v2. Sorting
// costs about as much as walking the map.

// compileMap plans maps whose keys are strings or whole numbers; for others
// (text methods, floats) encoding/json/v2 does the work.
func (c *encodeCompiler) compileMap(t reflect.Type, where string) appendFunc {
	key := t.Key()
	o := ops[key.Kind()]
	if p := reflect.PointerTo(key); p.Implements(typeMarshalerTo) || p.Implements(typeMarshaler) ||
		p.Implements(typeTextAppender) || p.Implements(typeTextMarshal) || key == typeDuration {
		o = opCall
	}
	if o != opString && (o < opInt || o > opUintptr) {
		if k := key.Kind(); k == reflect.Bool || k == reflect.Chan || k == reflect.Func || schema.ClassOf(key) == schema.ClassChoice {
			c.mistake(where, "%v cannot be the name of a JSON object member", key)
		}
		c.plain = false
		return c.visible(t)
	}
	elem := c.node(t.Elem(), false, where+"{}")
	switch { // types of one layout share a loop, whatever their names
	case o == opString && t.Elem() == typeString:
		return appendStrings
	case o == opString && t.Elem() == typeAny && !c.whole:
		return appendObject
	}
	c.plain = false // elements are copied to the heap for the elem node
	m := &mapEncoder{typ: t, elem: elem}
	return m.append
}

// few is how many names are sorted without an allocation.
const few = 16

func appendStrings(dst []byte, p ptr, depth int) ([]byte, error) {
	if depth >= maxDepth {
		return dst, errDepth
	}
	m := *as[map[string]string](p)
	var room [few]string
	names := sorted(room[:0], m)
	dst = append(dst, '{')
	for i, name := range names {
		var err error
		if dst, err = appendName(dst, name, i > 0); err != nil {
			return dst, err
		}
		if dst, err = appendString(dst, m[name]); err != nil {
			return dst, below(name, failed(typeString, err))
		}
	}
	return append(dst, '}'), nil
}

func appendObject(dst []byte, p ptr, depth int) ([]byte, error) {
	if depth >= maxDepth {
		return dst, errDepth
	}
	m := *as[map[string]any](p)
	var room [few]string
	names := sorted(room[:0], m)
	dst = append(dst, '{')
	for i, name := range names {
		var err error
		if dst, err = appendName(dst, name, i > 0); err != nil {
			return dst, err
		}
		if dst, err = appendValue(dst, m[name], depth+1); err != nil {
			return dst, below(name, err)
		}
	}
	return append(dst, '}'), nil
}

func sorted[V any](names []string, m map[string]V) []string {
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func appendName(dst []byte, name string, comma bool) ([]byte, error) {
	if comma {
		dst = append(dst, ',')
	}
	dst, err := appendString(dst, name)
	return append(dst, ':'), err
}

// mapEncoder writes the maps that have no loop of their own.
//
// Owner: any (immutable once made).
type mapEncoder struct {
	typ  reflect.Type
	elem *encodeNode
}

type mapMember struct {
	name string
	key  reflect.Value
}

func (m *mapEncoder) append(dst []byte, p ptr, depth int) ([]byte, error) {
	if depth >= maxDepth {
		return dst, errDepth
	}
	v := pointerAt(p, m.typ).Elem()
	members := make([]mapMember, 0, v.Len())
	for iter := v.MapRange(); iter.Next(); {
		members = append(members, mapMember{nameOf(iter.Key()), iter.Key()})
	}
	// slices.SortFunc would be compiled for this struct alone: 19 KB of each program.
	sort.Slice(members, func(i, j int) bool { return members[i].name < members[j].name })
	held := reflect.New(m.elem.typ)
	dst = append(dst, '{')
	for i := range members {
		held.Elem().Set(v.MapIndex(members[i].key))
		var err error
		if dst, err = appendName(dst, members[i].name, i > 0); err != nil {
			return dst, err
		}
		if dst, err = m.elem.fn(dst, held.UnsafePointer(), depth+1); err != nil {
			return dst, below(members[i].name, typed(m.elem.typ, err))
		}
	}
	return append(dst, '}'), nil
}

// nameOf returns the member name that key k stands for.
func nameOf(k reflect.Value) string {
	switch {
	case k.Kind() == reflect.String:
		return k.String()
	case k.CanInt():
		return strconv.FormatInt(k.Int(), 10)
	}
	return strconv.FormatUint(k.Uint(), 10)
}
