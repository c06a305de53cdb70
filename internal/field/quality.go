package field

// maxWishes bounds how many elements of an Accept or Accept-Encoding field are
// looked at.
const maxWishes = 64

// Most is the weight of an element without one, in thousandths.
const Most = 1000

// Quality is how much a client wants a content coding, in thousandths; 0: not at
// all. lines are those of Accept-Encoding (RFC 9110 section 12.5.3); "*" is any
// coding that is not named, and x-gzip is gzip (section 8.4.1.3). The first
// element of a name counts.
func Quality(lines []string, coding string) int {
	q, named := wish(lines, codingWeight, func(name string) int {
		switch {
		case EqualFold(name, coding), coding == "gzip" && EqualFold(name, "x-gzip"):
			return 2
		case name == "*":
			return 1
		}
		return 0
	})
	if named == 0 {
		return 0
	}
	return q
}

// Choose returns the coding of offered, which is ordered by preference, that the
// client likes best, or "" for none (RFC 9110 section 12.5.3). A client that
// likes the identity better than all of them gets none.
func Choose(lines, offered []string) string {
	best, bestQ := "", 0
	for _, coding := range offered {
		if q := Quality(lines, coding); q > bestQ {
			best, bestQ = coding, q
		}
	}
	identity, named := wish(lines, codingWeight, func(name string) int {
		if EqualFold(name, "identity") {
			return 1
		}
		return 0
	})
	if named > 0 && identity > bestQ {
		return ""
	}
	return best
}

// Accepts is how much a client wants a media type, say "text/html", in
// thousandths; 0: not at all. lines are those of Accept (RFC 9110 section
// 12.5.1), of which the most specific range counts. named tells whether that
// range names the type or at least its kind: "*/*" is sent by programs that do not care.
func Accepts(lines []string, media string) (q int, named bool) {
	slash := max(index(media, '/'), 0)
	q, how := wish(lines, weight, func(name string) int {
		switch {
		case EqualFold(name, media):
			return 3
		case len(name) == slash+2 && name[slash+1:] == "*" && EqualFold(name[:slash+1], media[:slash+1]):
			return 2
		case name == "*/*":
			return 1
		}
		return 0
	})
	if how == 0 {
		return 0, false
	}
	return q, how > 1
}

// wish returns the weight of the element that matches best, and how well it
// does; 0: none does.
func wish(lines []string, weight func(params string) int, match func(name string) int) (q, best int) {
	n := 0
	for _, line := range lines {
		for more := true; more && n < maxWishes; n++ {
			var element string
			element, line, more = NextElement(line)
			name, params, _ := cutUnquoted(element, ';')
			if how := match(name); how > best {
				q, best = weight(params), how
			}
		}
	}
	return q, best
}

// weight reads the q parameter behind others, RFC 9110 section 12.4.2, in
// thousandths. Malformed is 0: no wish.
func weight(params string) int {
	for more := params != ""; more; {
		var param string
		param, params, more = cutUnquoted(params, ';')
		equals := index(param, '=')
		switch {
		case param == "": // parameters = *( OWS ";" OWS [ parameter ] )
			continue
		case equals < 0:
			return 0
		case EqualFold(Trim(param[:equals]), "q"):
			return qvalue(Trim(param[equals+1:]))
		}
	}
	return Most
}

// codingWeight is weight for content codings, which have no other parameters.
func codingWeight(params string) int {
	name, _, _ := cutUnquoted(params, '=')
	if Trim(params) != "" && !EqualFold(name, "q") {
		return 0
	}
	return weight(params)
}

// qvalue reads ( "0" [ "." 0*3DIGIT ] ) / ( "1" [ "." 0*3("0") ] ).
func qvalue(s string) int {
	if s == "" || len(s) > len("0.000") || s[0] != '0' && s[0] != '1' || len(s) > 1 && s[1] != '.' {
		return 0
	}
	q := int(s[0]-'0') * Most
	for i, unit := 2, Most/10; i < len(s); i, unit = i+1, unit/10 {
		if s[i] < '0' || s[i] > '9' {
			return 0
		}
		q += int(s[i]-'0') * unit
	}
	if q > Most {
		return 0
	}
	return q
}
