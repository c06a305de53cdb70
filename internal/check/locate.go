package check

import (
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/fasterapi/fasterapi/internal/schema"
)

// locate returns the location of a field, given by its address or its path, in v.
func (w *walker) locate(v reflect.Value, n *node, field any, path string) (string, error) {
	switch {
	case field != nil:
		p := reflect.ValueOf(field)
		if p.Kind() != reflect.Pointer || p.IsNil() {
			return w.location, fmt.Errorf("problem.Faults.At: %T is not the address of a field", field)
		}
		if place, ok := w.find(p, v, n); ok {
			return w.location + place, nil
		}
		return w.location, fmt.Errorf("problem.Faults.At: the %v at this address is not in the %v that is checked: "+
			"give the address of a field, or its name to Field where Check has a value receiver", p.Type().Elem(), n.typ)
	case path != "":
		place, err := w.named(v, n, path)
		if err != nil {
			err = fmt.Errorf("problem.Faults.Field: %q of %v: %w", path, n.typ, err)
		}
		return w.location + place, err
	}
	return w.location, nil
}

// find returns the place, below v, of what p points to.
func (w *walker) find(p, v reflect.Value, n *node) (string, bool) {
	if v.CanAddr() && v.Addr().Pointer() == p.Pointer() && n.typ == p.Type().Elem() {
		return "", true
	}
	if !n.indirect && !holds(v, p.Pointer()) {
		return "", false
	}
	switch {
	case n.isOpt:
		if inner, ok := optValue(v, n.opt); ok {
			return w.find(p, inner, n.elem)
		}
	case n.typ.Kind() == reflect.Pointer:
		if !v.IsNil() {
			return w.find(p, v.Elem(), n.elem)
		}
	case n.class == schema.ClassList:
		return w.findItem(p, v, n)
	case n.class == schema.ClassMap && n.elem.indirect:
		for _, key := range v.MapKeys() {
			item := reflect.New(n.elem.typ).Elem() // a copy: what it points to is the same
			item.Set(v.MapIndex(key))
			if place, ok := w.find(p, item, n.elem); ok {
				return w.keyPlace(key) + place, true
			}
		}
	case len(n.members) > 0:
		return w.findMember(p, v, n)
	case n.class == schema.ClassOther || n.class == schema.ClassText: // it reads itself: nobody knows what its fields are called
		return "", holds(v, p.Pointer())
	}
	return "", false
}

// holds tells whether an address is in the memory of v itself.
func holds(v reflect.Value, address uintptr) bool {
	if !v.CanAddr() {
		return false
	}
	start := v.Addr().Pointer()
	return address >= start && address-start < v.Type().Size()
}

func (w *walker) findItem(p, v reflect.Value, n *node) (string, bool) {
	for i := range v.Len() {
		item := v.Index(i)
		if !n.elem.indirect && !holds(item, p.Pointer()) {
			continue
		}
		if place, ok := w.find(p, item, n.elem); ok {
			return fmt.Sprintf("[%d]", i) + place, true
		}
	}
	return "", false
}

func (w *walker) findMember(p, v reflect.Value, n *node) (string, bool) {
	for i := range n.members {
		m := &n.members[i]
		field, err := v.FieldByIndexErr(m.Index)
		if err != nil {
			continue
		}
		inside := *w
		inside.secret = w.secret || m.secret
		if place, ok := inside.find(p, field, m.node); ok {
			return m.place + place, true
		}
	}
	return "", false
}

var errNoName = errors.New("there is no such field")

// named returns the place, below v, of a path of Go names: "Rooms[2].Beds".
func (w *walker) named(v reflect.Value, n *node, path string) (string, error) {
	for {
		switch {
		case n.isOpt:
			inner, ok := optValue(v, n.opt)
			if !ok {
				inner = reflect.New(n.opt.Elem).Elem()
			}
			v, n = inner, n.elem
			continue
		case n.typ.Kind() == reflect.Pointer:
			if v.IsNil() {
				v = reflect.New(n.typ.Elem())
			}
			v, n = v.Elem(), n.elem
			continue
		case path == "":
			return "", nil
		case n.class == schema.ClassChoice:
			return w.namedVariant(v, n, path)
		case path[0] == '[':
			return w.namedItem(v, n, path)
		}
		return w.namedMember(v, n, path)
	}
}

func (w *walker) namedItem(v reflect.Value, n *node, path string) (string, error) {
	index, rest, closed := strings.Cut(path[1:], "]")
	if !closed {
		return "", errNoName
	}
	switch n.class {
	case schema.ClassList:
		i, err := strconv.Atoi(index)
		if err != nil || i < 0 || i >= v.Len() {
			return "", fmt.Errorf("the list has %d items, and none of the index %s", v.Len(), index)
		}
		place, err := w.named(v.Index(i), n.elem, strings.TrimPrefix(rest, "."))
		return fmt.Sprintf("[%d]", i) + place, err
	case schema.ClassMap:
		for _, key := range v.MapKeys() {
			if keyText(key) == index {
				item := reflect.New(n.elem.typ).Elem()
				item.Set(v.MapIndex(key))
				place, err := w.named(item, n.elem, strings.TrimPrefix(rest, "."))
				return w.keyPlace(key) + place, err
			}
		}
	}
	return "", errNoName
}

func (w *walker) namedMember(v reflect.Value, n *node, path string) (string, error) {
	for i := range n.members {
		m := &n.members[i]
		rest, ok := cutName(path, m.Go)
		if !ok {
			rest, ok = cutName(path, m.Field.Name)
		}
		if !ok {
			continue
		}
		field, err := v.FieldByIndexErr(m.Index)
		if err != nil {
			field = reflect.New(m.Type).Elem() // below an embedded pointer that is nil
		}
		inside := *w
		inside.secret = w.secret || m.secret
		place, err := inside.named(field, m.node, rest)
		return m.place + place, err
	}
	return "", errNoName
}

// namedVariant goes into the union v, whose field has the first name of the path.
func (w *walker) namedVariant(v reflect.Value, n *node, path string) (string, error) {
	holder, _, _ := schema.HolderOf(n.typ)
	rest, ok := cutName(path, holder.Name)
	if !ok {
		rest = path
	}
	held := v.FieldByIndex(holder.Index)
	if held.IsNil() || n.variants[held.Elem().Type()] == nil {
		return "", errNoName
	}
	inner := reflect.New(held.Elem().Type()).Elem()
	inner.Set(held.Elem())
	return w.named(inner, n.variants[inner.Type()], rest)
}

// cutName takes a name off the beginning of a path.
func cutName(path, name string) (rest string, ok bool) {
	rest, ok = strings.CutPrefix(path, name)
	if !ok || rest != "" && rest[0] != '.' && rest[0] != '[' {
		return "", false
	}
	return strings.TrimPrefix(rest, "."), true
}
