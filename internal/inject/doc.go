// Package inject decides which provider gives a value to which field.
//
//	graph, mistakes := inject.New(providers)
//	i, err := graph.Find(inject.Need{Field: "DB", Type: reflect.TypeFor[*db.Pool]()})
//	for _, i := range graph.Order(inject.Request, i) { … } // what runs for a request, in that order
//
// A [Graph] is made once, when an app starts, from all that was provided. It
// finds every mistake at once: needs that nothing or more than one provider
// meets, cycles, and values that would outlive what they are made of. After
// that it answers two questions: which provider meets a need ([Graph.Find]),
// and in which order the providers of a request run ([Graph.Order]).
//
// Its other half runs for each request: a [Fill] writes a value into a field, and
// [Into] all of them into an input, which may stay on its handler's stack. A field of
// the provider's own type costs a call and a copy, one of an interface two words.
//
// The package knows types, fields and places in source files, nothing of requests or
// of how values are made. Graphs and Fills are immutable, so any goroutine may use
// them. It refuses to guess: two providers that would do are a mistake.
package inject
