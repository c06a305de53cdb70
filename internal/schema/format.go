package schema

import (
	"net/netip"
	"net/url"
	"strings"
	"time"
)

// format is a value of the tag `format` that strings are checked against.
//
// Owner: any (immutable once made).
type format struct {
	check   func(string) bool // nil: an annotation for clients, checked by nobody
	message string
}

// formats are the known ones: those of JSON Schema 2020-12 section 7.3 that
// people use, and the annotations of OpenAPI.
var formats = map[string]format{
	"email":     {isEmail, "must be an email address"},
	"uuid":      {isUUID, "must be a UUID"},
	"date-time": {isDateTime, "must be an RFC 3339 time such as 2006-01-02T15:04:05Z"},
	"date":      {isDate, "must be a date such as 2006-01-02"},
	"time":      {isTime, "must be a time of day with zone such as 15:04:05Z"},
	"uri":       {isURI, "must be an absolute URI"},
	"ipv4":      {isIPv4, "must be an IPv4 address"},
	"ipv6":      {isIPv6, "must be an IPv6 address"},
	"hostname":  {isHostname, "must be a host name"},
	"duration":  {isDuration, "must be an ISO 8601 duration such as P1DT2H"},

	"password": {}, "byte": {}, "binary": {}, "markdown": {}, "html": {}, "color": {}, "decimal": {},
}

// Formats returns the names of the known formats, and whether values are checked
// against them.
func Formats() map[string]bool {
	out := make(map[string]bool, len(formats))
	for name, f := range formats {
		out[name] = f.check != nil
	}
	return out
}

// isEmail accepts an ASCII address of RFC 5321 whose local part is a dot-atom:
// no quoted local parts, which no mail provider hands out. At most 254 bytes,
// 64 of them local (section 4.5.3.1).
func isEmail(s string) bool {
	at := strings.LastIndexByte(s, '@')
	if at < 1 || at > 64 || len(s) > 254 || !isDotAtom(s[:at]) {
		return false
	}
	host := s[at+1:]
	return isHostname(host) && host[len(host)-1] != '.' || isLiteral(host)
}

// atomText are the characters of an atom besides letters and digits (RFC 5322
// section 3.2.3).
const atomText = "!#$%&'*+-/=?^_`{|}~"

func isDotAtom(s string) bool {
	dot := true // a dot may not come next
	for i := range len(s) {
		c := s[i]
		switch {
		case isDigit(c), 'a' <= c|0x20 && c|0x20 <= 'z':
			dot = false
		case c == '.':
			if dot {
				return false
			}
			dot = true
		case strings.IndexByte(atomText, c) < 0:
			return false
		default:
			dot = false
		}
	}
	return !dot
}

// isLiteral accepts the address literals of RFC 5321: [192.0.2.1], [IPv6:::1].
func isLiteral(s string) bool {
	if len(s) < 2 || s[0] != '[' || s[len(s)-1] != ']' {
		return false
	}
	s = s[1 : len(s)-1]
	if six, ok := strings.CutPrefix(s, "IPv6:"); ok {
		return isIPv6(six)
	}
	return isIPv4(s)
}

// isUUID accepts the 36 characters of RFC 9562, in either case.
func isUUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		switch c := s[i]; {
		case i == 8 || i == 13 || i == 18 || i == 23:
			if c != '-' {
				return false
			}
		case !isHex(c):
			return false
		}
	}
	return true
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'f'
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isDateTime(s string) bool {
	return len(s) > 11 && (s[10] == 'T' || s[10] == 't') && isDate(s[:10]) && isTime(s[11:])
}

func isDate(s string) bool {
	_, err := time.Parse(time.DateOnly, s)
	return err == nil && len(s) == len(time.DateOnly)
}

// isTime accepts full-time of RFC 3339. A leap second is 23:59:60 in UTC.
func isTime(s string) bool {
	if len(s) < len("15:04:05Z") || s[2] != ':' || s[5] != ':' {
		return false
	}
	hour, minute, second := two(s), two(s[3:]), two(s[6:])
	if hour > 23 || minute > 59 || second > 60 {
		return false
	}
	s = s[8:]
	if s[0] == '.' {
		n := 1
		for n < len(s) && isDigit(s[n]) {
			n++
		}
		if n == 1 {
			return false
		}
		s = s[n:]
	}
	offset, ok := zone(s)
	if !ok {
		return false
	}
	if second < 60 {
		return true
	}
	utc := ((hour*60+minute-offset)%1440 + 1440) % 1440
	return utc == 23*60+59
}

// zone reads Z or +hh:mm; the offset is in minutes east.
func zone(s string) (offset int, ok bool) {
	if s == "Z" || s == "z" {
		return 0, true
	}
	if len(s) != len("+07:00") || s[0] != '+' && s[0] != '-' || s[3] != ':' {
		return 0, false
	}
	hour, minute := two(s[1:]), two(s[4:])
	offset = hour*60 + minute
	if s[0] == '-' {
		offset = -offset
	}
	return offset, hour <= 23 && minute <= 59
}

// two reads two digits; 99 when they are none.
func two(s string) int {
	if !isDigit(s[0]) || !isDigit(s[1]) {
		return 99
	}
	return int(s[0]-'0')*10 + int(s[1]-'0')
}

// isURI accepts absolute URIs of RFC 3986, in ASCII.
func isURI(s string) bool {
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c >= 0x7f || strings.IndexByte("<>\"{}|\\^`", c) >= 0 {
			return false
		}
	}
	u, err := url.Parse(s)
	return err == nil && u.IsAbs()
}

func isIPv4(s string) bool {
	a, err := netip.ParseAddr(s)
	return err == nil && a.Is4()
}

func isIPv6(s string) bool {
	a, err := netip.ParseAddr(s)
	return err == nil && a.Is6() && a.Zone() == ""
}

// isHostname accepts names of RFC 1123: labels of letters, digits and hyphens.
func isHostname(s string) bool {
	s = strings.TrimSuffix(s, ".")
	if len(s) == 0 || len(s) > 253 {
		return false
	}
	label := 0 // length of the current one
	for i := range len(s) {
		c := s[i]
		switch {
		case c == '.':
			if label == 0 || s[i-1] == '-' {
				return false
			}
			label = 0
			continue
		case c == '-':
			if label == 0 {
				return false
			}
		case !isDigit(c) && (c|0x20 < 'a' || c|0x20 > 'z'):
			return false
		}
		if label++; label > 63 {
			return false
		}
	}
	return label > 0 && s[len(s)-1] != '-'
}

// isDuration accepts the durations of RFC 3339 appendix A: P1Y2M3DT4H5M6S, P2W.
func isDuration(s string) bool {
	s, ok := strings.CutPrefix(s, "P")
	if !ok || s == "" {
		return false
	}
	date, clock, timed := strings.Cut(s, "T")
	if weeks, ok := strings.CutSuffix(date, "W"); ok {
		return !timed && units(weeks+"W", "W")
	}
	return units(date, "YMD") && (!timed || clock != "" && units(clock, "HMS"))
}

// units accepts numbers, each followed by a letter of want, in the order of
// want and without a gap between the first and the last.
func units(s, want string) bool {
	previous := -1
	for s != "" {
		n := 0
		for n < len(s) && isDigit(s[n]) {
			n++
		}
		if n == 0 || n == len(s) {
			return false
		}
		at := strings.IndexByte(want, s[n])
		if at < 0 || previous >= 0 && at != previous+1 {
			return false
		}
		previous, s = at, s[n+1:]
	}
	return true
}
