package failure

import (
	"fmt"
	"reflect"
	"slices"

	"github.com/fasterapi/fasterapi/problem"
)

// Mapper is a function that maps errors of one type. C is the context that it is given.
//
// Owner: any (immutable after New).
type Mapper[C any] struct {
	site string
	typ  reflect.Type
	nil  bool
	// apply calls the function, if err itself is of its type; with nearly, if it is a pointer to one, or what its
	// type points to. The result is nil when the function has not taken it.
	apply func(c C, err error, nearly bool) error
}

// MapperOf returns the mapper of fn, which was registered at site.
func MapperOf[C any, T error](site string, fn func(C, T) error) *Mapper[C] {
	return &Mapper[C]{
		site: site, typ: reflect.TypeFor[T](), nil: fn == nil,
		apply: func(c C, err error, nearly bool) error {
			find := as[T]
			if nearly {
				find = pointed[T]
			}
			if v, ok := find(err); ok {
				return taken(fn(c, v))
			}
			return nil
		},
	}
}

// pointed returns what err points to, or a pointer to it, when that is a T: an error type whose methods have value
// receivers is often meant as both, and errors.As tells them apart.
func pointed[T error](err error) (v T, ok bool) {
	if p, is := any(err).(*T); is && p != nil {
		return *p, true
	}
	t := reflect.TypeFor[T]()
	if t.Kind() != reflect.Pointer || reflect.TypeOf(err) != t.Elem() {
		return v, false
	}
	p := reflect.New(t.Elem())
	p.Elem().Set(reflect.ValueOf(err))
	return p.Interface().(T), true
}

// taken is err, nil for a pointer that is nil too: what a function returns that has
// its result in a variable of type *problem.Problem.
func taken(err error) error {
	if v := reflect.ValueOf(err); v.IsValid() && v.Kind() == reflect.Pointer && v.IsNil() {
		return nil
	}
	return err
}

func (m *Mapper[C]) mapsAll() bool { return m.typ == reflect.TypeFor[error]() }

func (m *Mapper[C]) mapsInterface() bool { return m.typ.Kind() == reflect.Interface }

// Table has the mappers of a route.
//
// Owner: any (immutable after New).
type Table[C any] struct{ scopes []scope[C] }

// scope is what was registered in one place, in the order in which it is asked.
//
// Owner: any (immutable after New).
type scope[C any] struct{ types, interfaces, all []*Mapper[C] }

// NewTable returns the table of these scopes, the innermost first, nil when they are all
// empty, and what is wrong with them.
func NewTable[C any](scopes ...[]*Mapper[C]) (*Table[C], []error) {
	t := &Table[C]{}
	var errs []error
	for _, list := range scopes {
		s, mistakes := newScope(list)
		errs = append(errs, mistakes...)
		if len(list) > 0 {
			t.scopes = append(t.scopes, s)
		}
	}
	if len(t.scopes) == 0 {
		return nil, errs
	}
	return t, errs
}

func newScope[C any](list []*Mapper[C]) (s scope[C], errs []error) {
	known := map[reflect.Type]string{}
	for _, m := range list {
		if m.nil {
			errs = append(errs, fmt.Errorf("MapError (%s): the function for %v is nil", m.site, m.typ))
			continue
		}
		switch {
		case m.mapsAll():
			s.all = append(s.all, m)
		case m.mapsInterface():
			s.interfaces = append(s.interfaces, m)
		case known[m.typ] != "":
			errs = append(errs, fmt.Errorf("MapError (%s): there is a function for %v already (%s)", m.site, m.typ, known[m.typ]))
		default:
			known[m.typ] = m.site
			s.types = append(s.types, m)
		}
	}
	// An interface with more methods than another is asked before it; those that do not
	// imply each other keep their order.
	slices.SortStableFunc(s.interfaces, func(a, b *Mapper[C]) int { return b.typ.NumMethod() - a.typ.NumMethod() })
	return s, errs
}

// Map returns what err becomes, and the place of the function that said so; nil: no function
// has taken it. known is the problem that err stands for, though it is not in its chain; nil
// when there is none. A panic of a function goes through, with site set before the call.
func (t *Table[C]) Map(c C, err error, known *problem.Problem, site *string) error {
	if t == nil {
		return nil
	}
	m := mapping[C]{c: c, err: err, known: known, site: site}
	m.answered = known != nil || has[*problem.Problem](err)
	for i := range t.scopes {
		s := &t.scopes[i]
		if result := m.byTypes(s.types); result != nil {
			return result
		}
		for _, one := range s.interfaces {
			if result := m.byInterface(one); result != nil {
				return result
			}
		}
		if m.answered {
			continue
		}
		for _, one := range s.all {
			if result := m.call(one, err); result != nil {
				return result
			}
		}
	}
	return nil
}

// mapping is one call of Map.
//
// Owner: its goroutine.
type mapping[C any] struct {
	c        C
	err      error
	known    *problem.Problem
	answered bool
	site     *string
}

func (m *mapping[C]) call(one *Mapper[C], err error) error { return m.callNearly(one, err, false) }

func (m *mapping[C]) callNearly(one *Mapper[C], err error, nearly bool) error {
	*m.site = one.site
	return one.apply(m.c, err, nearly)
}

// byTypes asks the functions for types, about the outermost error first.
func (m *mapping[C]) byTypes(list []*Mapper[C]) (result error) {
	if len(list) == 0 {
		return nil
	}
	ask := func(err error) bool {
		for _, nearly := range [...]bool{false, true} {
			for _, one := range list {
				if result = m.callNearly(one, err, nearly); result != nil {
					return false
				}
			}
		}
		return true
	}
	if outside(m.err, ask) && m.known != nil {
		ask(m.known)
	}
	return result
}

// byInterface asks a function for an interface about the errors outside of a problem.
func (m *mapping[C]) byInterface(one *Mapper[C]) (result error) {
	outside(m.err, func(err error) bool {
		if _, is := err.(*problem.Problem); !is {
			result = m.call(one, err)
		}
		return result == nil
	})
	return result
}

// outside is each, but for what problems wrap.
func outside(err error, yield func(error) bool) bool {
	if err == nil {
		return true
	}
	if !yield(err) {
		return false
	}
	switch outer := err.(type) {
	case *problem.Problem:
	case interface{ Unwrap() error }:
		return outside(outer.Unwrap(), yield)
	case interface{ Unwrap() []error }:
		for _, inner := range outer.Unwrap() {
			if !outside(inner, yield) {
				return false
			}
		}
	}
	return true
}
