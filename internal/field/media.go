package field

import "strings"

// CutMedia splits a Content-Type field into type "/" subtype and its parameters,
// RFC 9110 section 8.3.1; false: it has no media type. What is wrong about a
// parameter does not hide the type.
func CutMedia[T Text](s T) (media, params T, ok bool) {
	media, params, _ = cutUnquoted(s, ';')
	slash := index(media, '/')
	return media, params, slash > 0 && IsToken(media[:slash]) && IsToken(media[slash+1:])
}

// Param returns a parameter of those that CutMedia has returned, "" when it is
// not there or malformed. The first one of a name counts.
func Param[T Text](params T, name string) string {
	for more := len(params) > 0; more; {
		var param T
		param, params, more = cutUnquoted(params, ';')
		if equals := index(param, '='); equals > 0 && EqualFold(Trim(param[:equals]), name) {
			return paramValue(string(Trim(param[equals+1:])))
		}
	}
	return ""
}

// paramValue reads token / quoted-string, RFC 9110 section 5.6.4; "": it is neither.
func paramValue(s string) string {
	if IsToken(s) {
		return s
	}
	if text, rest, ok := unquote(s); ok && rest == "" {
		return text
	}
	return ""
}

// unquote reads the quoted-string that s begins with, RFC 9110 section 5.6.4.
func unquote(s string) (value, rest string, ok bool) {
	if s == "" || s[0] != '"' {
		return "", "", false
	}
	var text strings.Builder
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '"':
			return text.String(), s[i+1:], true
		case '\\':
			if i++; i == len(s) {
				return "", "", false
			}
		}
		text.WriteByte(s[i])
	}
	return "", "", false
}
