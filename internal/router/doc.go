// Package router finds the route of a method and a path.
//
//	var b router.Builder[int]
//	b.Add("GET", router.ParsePattern("/users/{id}"), 7, "users.go:12")
//	r, err := b.Build()
//
//	var params router.Params
//	match := r.Match([]byte("GET"), []byte("/users/1"), &params) // match.Route.Value is 7
//
// # What it is
//
// A [Builder] collects patterns, [Builder.Build] checks all of them and returns an
// immutable [Router]. A [Pattern] is parsed once, for the router and for all that
// has to know its parts: the binder its wildcards, the document its segments, logs
// what to leave out of a path. Patterns are the ones of net/http since Go 1.22,
// without hosts:
//
//	/                     the root, and only it
//	/users                a literal path
//	/users/               another literal path: the slash counts
//	/users/{id}           one segment, never empty
//	/files/{rest...}      all that remains, slashes included, possibly nothing
//
// The most specific pattern wins, segment by segment: literal, then {name}, then
// {rest...}; a dead end is left again (backtracking), so /a/{x}/c is found although
// /a/b/d exists. Two patterns that match a common path while neither is more
// specific (/{a}/b and /a/{b}) are a mistake, and so are duplicates. Build reports
// every mistake at once, each with the place in the user's code that registered it.
//
// A path is split at raw slashes and a segment is percent-decoded before it is
// compared, so %2F stays inside its segment. A GET route answers HEAD unless a HEAD
// route matches. A path that matches only with its trailing slash added or removed
// is a [Redirect].
//
// # Who owns what
//
// A Router is immutable: any goroutine may match. [Params] belongs to the caller
// and holds spans into the path that was matched; its values are leased for as long
// as that path is.
//
// # What it costs
//
// No allocation for a match. Literal routes are one probe of a hash table, all
// others one walk down a tree that visits each of its nodes at most once, whatever
// the path says. NotFound and MethodNotAllowed ask every registered method; only
// Redirect allocates (its Location).
//
// # What it refuses
//
// A path with an invalid percent escape is [BadPath]. Wildcards do not match "."
// and ".." segments (decoded or not), and {name} does not match an empty segment:
// such paths are NotFound, where net/http would redirect to a cleaned path.
// Patterns that could never match for these reasons are mistakes. A pattern holds
// at most [MaxParams] wildcards.
//
// Other differences to net/http: a trailing slash in a pattern matches itself alone
// (net/http's {$}), a match through {rest...} is never given up for a redirect, and
// Allow names OPTIONS because the framework always answers it.
package router
