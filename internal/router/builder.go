package router

import (
	"fmt"
	"strings"

	"github.com/fasterapi/fasterapi/internal/field"
)

// Builder collects routes. The zero value is ready; it is for one goroutine.
type Builder[T any] struct {
	entries []entry[T]
}

type entry[T any] struct {
	route *Route[T]
	err   error
}

// Route is one registered pattern. It is immutable once built.
type Route[T any] struct {
	Method  string // as registered, upper case by convention
	Pattern Pattern
	Site    string // where it was registered: file:line, as the caller of Add said
	Value   T
}

// Add registers value for the requests that have this method and match the pattern.
// site is shown in error messages. Mistakes are reported by Build.
func (b *Builder[T]) Add(method string, pattern Pattern, value T, site string) {
	e := entry[T]{route: &Route[T]{Method: method, Pattern: pattern, Site: site, Value: value}, err: pattern.Err()}
	if !field.IsToken(method) {
		e.err = fmt.Errorf("the method %q is not an HTTP token", method)
	}
	b.entries = append(b.entries, e)
}

// Mistake is one reason why the routes cannot be built.
type Mistake struct {
	Method, Pattern, Site string
	Other                 string // site of the other route of a conflict, or empty
	Message               string
}

func (m Mistake) String() string {
	return fmt.Sprintf("%s %s (%s): %s", m.Method, m.Pattern, m.Site, m.Message)
}

// BuildError lists every mistake in the order of registration.
type BuildError struct {
	Mistakes []Mistake
}

// Error puts each mistake on a line of its own.
func (e *BuildError) Error() string {
	lines := make([]string, 0, len(e.Mistakes)+1)
	lines = append(lines, fmt.Sprintf("router: %d mistakes in the routes", len(e.Mistakes)))
	for _, m := range e.Mistakes {
		lines = append(lines, "\t"+m.String())
	}
	return strings.Join(lines, "\n")
}

// Build returns the router of all routes, or a *BuildError that lists every mistake.
func (b *Builder[T]) Build() (*Router[T], error) {
	var mistakes []Mistake
	for i := range b.entries {
		if m, bad := b.check(i); bad {
			mistakes = append(mistakes, m...)
		}
	}
	mistakes = append(mistakes, b.checkMethods()...)
	if len(mistakes) > 0 {
		return nil, &BuildError{Mistakes: mistakes}
	}
	r := &Router[T]{routes: make([]*Route[T], 0, len(b.entries))}
	for i, e := range b.entries {
		r.routes = append(r.routes, e.route)
		r.table.add(e.route.Method, e.route.Pattern.segs, int32(i))
	}
	r.table.seal()
	return r, nil
}

// maxMethods is how many different methods fit the bit set of Allow.
const maxMethods = 64

func (b *Builder[T]) checkMethods() []Mistake {
	seen := map[string]bool{}
	for _, e := range b.entries {
		if seen[e.route.Method] {
			continue
		}
		seen[e.route.Method] = true
		if len(seen) > maxMethods {
			r := e.route
			return []Mistake{{
				Method: r.Method, Pattern: r.Pattern.text, Site: r.Site,
				Message: fmt.Sprintf("more than %d different methods", maxMethods),
			}}
		}
	}
	return nil
}

// check compares entry i with all entries before it: quadratic, about 10 ms for
// 1000 routes, once.
func (b *Builder[T]) check(i int) ([]Mistake, bool) {
	e := &b.entries[i]
	var found []Mistake
	report := func(other, format string, args ...any) {
		r := e.route
		found = append(found, Mistake{
			Method: r.Method, Pattern: r.Pattern.text, Site: r.Site,
			Other: other, Message: fmt.Sprintf(format, args...),
		})
	}
	if e.err != nil {
		report("", "%v", e.err)
		return found, true
	}
	for j := range b.entries[:i] {
		o := &b.entries[j]
		if o.err != nil {
			continue
		}
		switch relateRequests(e.route.Method, o.route.Method, e.route.Pattern.segs, o.route.Pattern.segs) {
		case same:
			report(o.route.Site, "matches the same requests as %s %s (%s)",
				o.route.Method, o.route.Pattern, o.route.Site)
		case crossing:
			report(o.route.Site, "overlaps with %s %s (%s): both match some requests and neither is more specific",
				o.route.Method, o.route.Pattern, o.route.Site)
		}
	}
	return found, len(found) > 0
}
