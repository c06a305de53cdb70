package field

import (
	"strings"
	"unicode/utf8"
)

// Disposition is the Content-Disposition of a part of a form, RFC 7578 section 4.2.
type Disposition struct {
	Name string // of the field
	// FileName is what the client calls the file, folders and all, when IsFile; it may
	// be empty.
	FileName string
	IsFile   bool
}

// ParseDisposition reads the field of one part; false: it is not that of a form. Each
// parameter is read by itself, so that a malformed one hides no other (but for a quote
// that does not end, behind which nothing is known). The first one of
// a name counts; filename* (RFC 8187), which RFC 7578 forbids and some clients send all
// the same, goes before filename, as with net/http. What is not quoted as it should be is
// taken as it stands: file names are written by people.
func ParseDisposition(s string) (Disposition, bool) {
	kind, params, _ := cutUnquoted(s, ';')
	if !EqualFold(kind, "form-data") {
		return Disposition{}, false
	}
	var name, fileName, encoded parameter
	for more := len(params) > 0; more; {
		var param string
		param, params, more = cutUnquoted(params, ';')
		equals := strings.IndexByte(param, '=')
		if equals < 0 {
			continue
		}
		value := Trim(param[equals+1:])
		switch strings.ToLower(Trim(param[:equals])) {
		case "name":
			name.set(spokenValue(value), true)
		case "filename":
			fileName.set(spokenValue(value), true)
		case "filename*":
			encoded.set(extValue(value))
		}
	}
	if encoded.found {
		fileName = encoded
	}
	return Disposition{Name: name.value, FileName: fileName.value, IsFile: fileName.found}, true
}

// parameter is the first value of a parameter.
type parameter struct {
	value string
	found bool
}

func (p *parameter) set(value string, ok bool) {
	if ok && !p.found {
		p.value, p.found = value, true
	}
}

// spokenValue reads a value as clients write it: a token, a quoted-string in which a
// backslash stands for itself unless a quote or another one follows (Windows has them in
// paths), or whatever stands there.
func spokenValue(s string) string {
	if s == "" || s[0] != '"' {
		return s
	}
	s = s[1:]
	if len(s) > 0 && s[len(s)-1] == '"' {
		s = s[:len(s)-1]
	}
	if strings.IndexByte(s, '\\') < 0 {
		return s
	}
	var text strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) && (s[i+1] == '"' || s[i+1] == '\\') {
			i++
		}
		text.WriteByte(s[i])
	}
	return text.String()
}

// extValue reads charset "'" [ language ] "'" value-chars, RFC 8187 section 3.2.1: the
// charset is UTF-8, or US-ASCII, which is part of it.
func extValue(s string) (string, bool) {
	charset, rest, _ := strings.Cut(s, "'")
	_, value, ok := strings.Cut(rest, "'")
	if !ok || !EqualFold(charset, "UTF-8") && !EqualFold(charset, "US-ASCII") {
		return "", false
	}
	text := make([]byte, 0, len(value))
	for i := 0; i < len(value); i++ {
		c := value[i]
		if c == '%' {
			if i+2 >= len(value) || !isHex(value[i+1]) || !isHex(value[i+2]) {
				return "", false
			}
			c, i = unhex(value[i+1])<<4|unhex(value[i+2]), i+2
		}
		text = append(text, c)
	}
	return string(text), utf8.Valid(text)
}

// unhex is the value of a hexadecimal digit.
func unhex(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return lower(c) - 'a' + 10
}
