package bind

import (
	"github.com/fasterapi/fasterapi/internal/schema"
	"github.com/fasterapi/fasterapi/problem"
)

// QueryNames are the parameters that a route knows, for those that refuse all others.
//
// Owner: any (immutable after New).
type QueryNames struct {
	list  []string
	known map[string]struct{}
	// read: a plan reads the query too, and reports keys that cannot be read.
	read bool
	// secret: a parameter is sensitive, and what follows a bare "&" in its value looks like a key.
	secret bool
}

// NewQueryNames returns the names of a route with these plans.
func NewQueryNames(names []string, plans []*Plan) *QueryNames {
	q := &QueryNames{known: map[string]struct{}{}}
	for _, name := range names {
		if _, twice := q.known[name]; !twice {
			q.known[name] = struct{}{}
			q.list = append(q.list, name)
		}
	}
	for _, p := range plans {
		q.read = q.read || len(p.query.slots) > 0
		q.secret = q.secret || p.query.secret
	}
	return q
}

// suggested is how many unknown parameters of a request get the name that may have been meant: each
// is compared with all names.
const suggested = 8

// Check adds what the query has and the route does not know to bad, the problem of the request so far,
// which may be nil.
func (q *QueryNames) Check(query []byte, bad *problem.Problem) *problem.Problem {
	var f faults
	var said map[string]bool
	for len(query) > 0 && len(f.list) < MaxErrors {
		var kv pair
		kv, query = cutPair(query)
		if len(kv.key) == 0 && len(kv.value) == 0 {
			continue
		}
		key, message := string(kv.key), ""
		switch {
		case kv.keySemi:
			message = msgSemicolon
		case kv.keyCoded:
			decoded, ok := appendDecoded(nil, kv.key, true)
			if key = string(decoded); !ok {
				message = msgQuery
			}
		}
		if message != "" {
			if !q.read {
				f.append(problem.FieldError{Location: Query.String(), Message: message})
			}
			continue
		}
		if _, known := q.known[key]; known || said[key] {
			continue
		}
		if said == nil {
			said = map[string]bool{}
		}
		said[key] = true
		f.append(q.unknown(key, len(f.list) < suggested))
	}
	if len(f.list) == 0 {
		return bad
	}
	if bad == nil {
		return f.problem()
	}
	bad.Errors = append(bad.Errors, f.list...)
	bad.Errors = bad.Errors[:min(len(bad.Errors), MaxErrors)]
	return bad
}

func (q *QueryNames) unknown(key string, suggest bool) problem.FieldError {
	switch {
	case q.secret:
		return problem.FieldError{Location: Query.String(), Message: "has a parameter that is not known", Sensitive: true}
	case key == "":
		return problem.FieldError{Location: Query.String(), Message: "has a parameter without a name"}
	}
	e := problem.FieldError{Location: Query.String() + "." + shown([]byte(key)), Message: "is not known"}
	if suggest {
		if near := schema.Nearest(key, q.list); near != "" {
			e.Message += ": perhaps " + near + " is meant"
		}
	}
	return e
}
