package middleware

import (
	"strconv"
	"strings"
)

// maxCodings bounds how many codings of an Accept-Encoding field are looked at.
const maxCodings = 32

// choose returns the coding of offered, which is ordered by preference, that the
// client likes best, or "" for none (RFC 9110 section 12.5.3).
func choose(accept string, offered []string) string {
	best, bestQ := "", 0
	for _, coding := range offered {
		if q := quality(accept, coding); q > bestQ {
			best, bestQ = coding, q
		}
	}
	return best
}

// quality is how much the client likes a coding, in thousandths; 0: not at
// all.
func quality(accept, coding string) int {
	any, n := 0, 0
	for part := range strings.SplitSeq(accept, ",") {
		if n++; n > maxCodings {
			break
		}
		name, params, _ := strings.Cut(part, ";")
		name = trimSpace(name)
		switch {
		case strings.EqualFold(name, coding), coding == "gzip" && strings.EqualFold(name, "x-gzip"):
			return weight(params)
		case name == "*":
			any = weight(params)
		}
	}
	return any
}

// weight reads the q parameter, RFC 9110 section 12.4.2; malformed is 0.
func weight(params string) int {
	params = trimSpace(params)
	if params == "" {
		return 1000
	}
	name, value, _ := strings.Cut(params, "=")
	value = trimSpace(value)
	if !strings.EqualFold(trimSpace(name), "q") || len(value) == 0 || len(value) > 5 {
		return 0
	}
	whole, fraction, _ := strings.Cut(value, ".")
	if whole != "0" && whole != "1" {
		return 0
	}
	q, err := strconv.ParseUint((whole + fraction + "000")[:4], 10, 16)
	if err != nil || q > 1000 {
		return 0
	}
	return int(q)
}
