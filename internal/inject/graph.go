package inject

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
)

// Graph knows all providers of an app and what each of them needs.
//
// Owner: any (immutable after New).
type Graph struct {
	providers []Provider
	needs     [][]int // by provider: who meets its needs, in the order of the fields
}

// New checks the providers and connects them. Providers are known by their
// index in the list from then on. All mistakes are returned at once, each
// with the places where the providers were registered; the Graph is of use for
// finding more mistakes even then.
func New(providers []Provider) (*Graph, []error) {
	g := &Graph{providers: providers, needs: make([][]int, len(providers))}
	var mistakes []error
	for i := range providers {
		p := &providers[i]
		for _, n := range p.Needs {
			found, err := g.Find(n)
			if err == nil && providers[found].Scope > p.Scope {
				err = fmt.Errorf("field %s: %s lives as long as its %s, so it cannot be part of a value of the scope %s",
					n.Field, &providers[found], providers[found].Scope, p.Scope)
			}
			if err != nil {
				mistakes = append(mistakes, fmt.Errorf("the provider of %s: %w", p, err))
				continue
			}
			g.needs[i] = append(g.needs[i], found)
		}
	}
	return g, append(mistakes, g.cycles()...)
}

// Find returns the provider that meets n. An override comes before all others,
// then a provider of exactly the type, then one that implements the interface.
func (g *Graph) Find(n Need) (int, error) {
	overriding := -1
	var exact, fitting []int
	for i := range g.providers {
		p := &g.providers[i]
		meets, exactly := p.gives(n)
		switch {
		case !meets:
		case p.Override:
			overriding = i
		case exactly:
			exact = append(exact, i)
		default:
			fitting = append(fitting, i)
		}
	}
	if overriding >= 0 {
		return overriding, nil
	}
	if len(exact) == 0 {
		exact = fitting
	}
	switch len(exact) {
	case 1:
		return exact[0], nil
	case 0:
		return -1, fmt.Errorf("field %s: nothing of type %s was provided (App.Provide)%s", n.Field, n, g.hint(n))
	}
	return -1, fmt.Errorf("field %s: more than one %s was provided: %s; tell them apart with Named, or give each a type of its own"+
		" (schemes of package security: join them with security.AnyOf, or give one another type with As)", n.Field, n, g.list(exact))
}

// Overriding is a key for the Value of a request's context, for what takes no input: it asks for
// the override of values of a type. The answer is a func() (any, error), or nil when there is none.
type Overriding struct{ Type reflect.Type }

// hint names the providers that somebody may have meant.
func (g *Graph) hint(n Need) string {
	for i := range g.providers {
		p := &g.providers[i]
		switch {
		case p.Type == n.Type && p.Name != n.Name:
			return fmt.Sprintf("; there is a %s", p)
		case p.Name != n.Name:
		case p.Type == reflect.PointerTo(n.Type), n.Type == reflect.PointerTo(p.Type):
			return fmt.Sprintf("; there is a %s", p)
		}
	}
	return ""
}

func (g *Graph) list(indices []int) string {
	names := make([]string, 0, len(indices))
	for _, i := range indices {
		names = append(names, g.providers[i].String())
	}
	return strings.Join(names, ", ")
}

// Order returns the roots and all that they need, each once and behind its own
// needs, as far as they are of that scope.
func (g *Graph) Order(scope Scope, roots ...int) []int {
	var order []int
	seen := make([]bool, len(g.providers))
	var visit func(i int)
	visit = func(i int) {
		if seen[i] {
			return
		}
		seen[i] = true
		for _, need := range g.needs[i] {
			visit(need)
		}
		if g.providers[i].Scope == scope {
			order = append(order, i)
		}
	}
	for _, root := range roots {
		visit(root)
	}
	return order
}

// cycles finds providers that need themselves, each cycle once.
func (g *Graph) cycles() (mistakes []error) {
	const (
		fresh = iota
		open
		closed
	)
	state := make([]int, len(g.providers))
	var path []int
	var visit func(i int)
	visit = func(i int) {
		state[i] = open
		path = append(path, i)
		for _, need := range g.needs[i] {
			switch state[need] {
			case fresh:
				visit(need)
			case open:
				mistakes = append(mistakes, g.cycle(path, need))
			}
		}
		path = path[:len(path)-1]
		state[i] = closed
	}
	for i := range g.providers {
		if state[i] == fresh {
			visit(i)
		}
	}
	return mistakes
}

func (g *Graph) cycle(path []int, back int) error {
	var b strings.Builder
	on := false
	for _, i := range path {
		if on = on || i == back; on {
			b.WriteString(g.providers[i].String() + " needs ")
		}
	}
	return errors.New("providers need each other in a circle: " + b.String() + g.providers[back].String())
}
