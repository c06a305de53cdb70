package router

// Router finds routes. It is immutable: any goroutine may use it.
type Router[T any] struct {
	routes []*Route[T]
	table  table
}

// Outcome says what a request came to.
type Outcome uint8

const (
	NotFound         Outcome = iota // no route has this path: 404
	Found                           // Match.Route and the Params are set
	MethodNotAllowed                // the path exists for other methods: 405 with Match.Allow
	Redirect                        // only the other trailing-slash form exists: 308 to Match.Location
	BadPath                         // an invalid percent escape: 400
)

// Match is the answer to one request.
type Match[T any] struct {
	Outcome  Outcome
	Route    *Route[T] // Found; nil otherwise
	Allow    string    // MethodNotAllowed: the value of the Allow header
	Location string    // Redirect: the path as it came, but for the slash, without the query
}

// Match finds the route of a request and fills ps, which keeps aliasing path. path
// is the raw, still percent-encoded path of the request target, without the query.
// It allocates only for a Redirect. A HEAD request is matched with the HEAD routes
// and then with the GET routes. ps is valid only when the outcome is Found.
func (r *Router[T]) Match(method, path []byte, ps *Params) Match[T] {
	ps.path = path
	slot := r.table.slot(method)
	if slot >= 0 {
		if i := r.table.find(slot, path, ps); i >= 0 {
			route := r.routes[i]
			ps.names = route.Pattern.names
			return Match[T]{Outcome: Found, Route: route}
		}
	}
	ps.names = nil
	return r.miss(slot, path, ps)
}

// miss explains why no route was found, in the order: bad path, redirect, other methods.
func (r *Router[T]) miss(slot int, path []byte, ps *Params) Match[T] {
	if !validEscapes(path) {
		return Match[T]{Outcome: BadPath}
	}
	if slot >= 0 && r.table.findToggled(slot, path, ps) {
		return Match[T]{Outcome: Redirect, Location: toggleSlash(path)}
	}
	if allow := r.Allow(path); allow != "" {
		return Match[T]{Outcome: MethodNotAllowed, Allow: allow}
	}
	return Match[T]{Outcome: NotFound}
}

// Allow returns the Allow header value for a path, the methods in alphabetical
// order: those of its routes, HEAD with GET, and OPTIONS, which is always answered.
// It is empty when no method has the path. The string is prepared at Build unless
// more than 8 different methods are registered.
func (r *Router[T]) Allow(path []byte) string {
	if !validEscapes(path) {
		return ""
	}
	return r.table.allow(path)
}

// Routes returns the routes in the order of their registration. The slice must not
// be changed.
func (r *Router[T]) Routes() []*Route[T] { return r.routes }

// toggleSlash returns path with a slash at its end if it has none, else without it.
func toggleSlash(path []byte) string {
	out := string(path)
	if last := len(out) - 1; out[last] == '/' {
		return out[:last]
	}
	return out + "/"
}
