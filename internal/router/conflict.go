package router

// Two patterns compare like the sets of requests that they match. The relation of
// two paths is the join of the relations of their segments: /a/{x} against /{y}/b
// is "narrower" in the first segment and "wider" in the second, hence crossing,
// which has no winner and is a mistake.

// relation says how the requests of one pattern lie to those of another.
type relation uint8

const (
	same     relation = 0
	narrower relation = 1 // the other matches all of ours and more
	wider    relation = 2 // we match all of the other's and more
	crossing relation = narrower | wider
	apart    relation = 4 // nothing in common
)

// join combines the relations of two independent parts: the bits of narrower and
// wider add up, and parts that are apart keep the whole apart.
func join(a, b relation) relation {
	if (a|b)&apart != 0 {
		return apart
	}
	return a | b
}

// relateRequests compares methods and paths. GET matches HEAD requests too, so it
// is wider than HEAD.
func relateRequests(m1, m2 string, p1, p2 []segment) relation {
	methods := apart
	switch {
	case m1 == m2:
		methods = same
	case m1 == "GET" && m2 == "HEAD":
		methods = wider
	case m1 == "HEAD" && m2 == "GET":
		methods = narrower
	}
	if methods == apart {
		return apart
	}
	return join(methods, relatePaths(p1, p2))
}

func relatePaths(p1, p2 []segment) relation {
	rel := same
	i := 0
	for ; i < len(p1) && i < len(p2); i++ {
		rel = join(rel, relateSegments(p1[i], p2[i]))
		if rel == apart {
			return apart
		}
	}
	switch {
	case len(p1) == len(p2):
		return rel
	case i == len(p1) && p1[i-1].kind == multi:
		return join(rel, wider)
	case i == len(p2) && p2[i-1].kind == multi:
		return join(rel, narrower)
	}
	return apart
}

func relateSegments(a, b segment) relation {
	switch {
	case a.kind == b.kind:
		if a.kind == literal && a.text != b.text {
			return apart
		}
		return same
	case a.kind == multi:
		return wider
	case b.kind == multi:
		return narrower
	case a.kind == slash || b.kind == slash:
		return apart // a {name} is never empty
	case a.kind == single:
		return wider
	default:
		return narrower
	}
}
