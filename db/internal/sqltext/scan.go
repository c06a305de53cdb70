package sqltext

import "strings"

// kind is what a token is, as far as it matters here.
type kind uint8

const (
	symbol kind = iota // one byte: an operator, a parenthesis, a semicolon
	word               // a keyword or a name without quotes
	name               // a name in quotes
	text               // a string, dollar-quoted or not
	number             // or a parameter
)

// token is a piece of the text, without the space and the comments before it.
type token struct {
	kind     kind
	from, to int
}

// scanner cuts a text into tokens.
type scanner struct {
	sql     string
	at      int
	sqlite  bool
	escapes bool // PostgreSQL without standard_conforming_strings

	backslash bool // there is one in a plain string, so the other reading may differ
	broken    bool // a string, name or comment does not end
}

// next returns the next token; false at the end.
func (s *scanner) next() (token, bool) {
	s.blanks()
	if s.at >= len(s.sql) {
		return token{}, false
	}
	t := token{from: s.at}
	switch c := s.sql[s.at]; {
	case c == '\'':
		t.kind = text
		s.plain()
	case c == '"' || s.sqlite && c == '`':
		t.kind = name
		s.quoted(false)
	case s.sqlite && c == '[':
		t.kind = name
		s.until("]")
	case isStart(c):
		t.kind = word
		s.word()
		if !s.sqlite && s.at < len(s.sql) && s.sql[s.at] == '\'' && s.at-t.from == 1 {
			t.kind = s.prefixed(c)
		}
	case isDigit(c):
		t.kind = number
		s.number()
	case s.sqlite && (c == '$' || c == '@' || c == ':' || c == '#'):
		t.kind = number
		s.variable()
	case c == '$':
		t.kind = s.dollar()
	default:
		s.at++
	}
	t.to = s.at
	return t, true
}

// blanks skips space and comments.
func (s *scanner) blanks() {
	for s.at < len(s.sql) {
		rest := s.sql[s.at:]
		switch {
		case rest[0] == ' ' || rest[0] >= '\t' && rest[0] <= '\r':
			s.at++
		case strings.HasPrefix(rest, "--"):
			s.lineComment()
		case strings.HasPrefix(rest, "/*") && s.sqlite:
			if len(rest) == 2 {
				return // an operator, says tokenize.c
			}
			if end := strings.Index(rest[2:], "*/"); end >= 0 {
				s.at += end + 4
			} else {
				s.at = len(s.sql)
			}
		case strings.HasPrefix(rest, "/*"):
			s.nested()
		case s.sqlite && strings.HasPrefix(rest, "\xef\xbb\xbf"): // a byte order mark
			s.at += 3
		default:
			return
		}
	}
}

// lineComment skips a comment up to the end of its line, which for PostgreSQL is a
// carriage return as well.
func (s *scanner) lineComment() {
	ends := "\r\n"
	if s.sqlite {
		ends = "\n"
	}
	if end := strings.IndexAny(s.sql[s.at:], ends); end >= 0 {
		s.at += end
	} else {
		s.at = len(s.sql)
	}
}

// nested skips a comment of PostgreSQL, in which there may be others.
func (s *scanner) nested() {
	depth := 0
	for i := s.at; i+1 < len(s.sql); i++ {
		switch s.sql[i : i+2] {
		case "/*":
			depth++
			i++
		case "*/":
			depth--
			if i++; depth == 0 {
				s.at = i + 1
				return
			}
		}
	}
	s.at, s.broken = len(s.sql), true
}

// plain skips a string without a letter before it.
func (s *scanner) plain() {
	from := s.at
	s.string(s.escapes)
	s.backslash = s.backslash || !s.sqlite && strings.IndexByte(s.sql[from:s.at], '\\') >= 0
}

// prefixed skips the string behind a letter: E'a\'b', B'01', X'1f', N'a'. Any other
// letter is a word of its own.
func (s *scanner) prefixed(c byte) kind {
	switch c | 0x20 {
	case 'e':
		s.string(true)
	case 'b', 'x':
		s.string(false)
	default:
		return word
	}
	return text
}

// string skips a string, and those behind it that continue it: PostgreSQL takes
// strings with nothing but space and a new line between them for one.
func (s *scanner) string(escapes bool) {
	for s.quoted(escapes); !s.sqlite && s.continued(); {
		s.quoted(escapes)
	}
}

// continued goes to the string that continues the one before, if there is one.
func (s *scanner) continued() bool {
	before, lines := s.at, 0
	for s.at < len(s.sql) {
		switch c := s.sql[s.at]; {
		case c == '\n' || c == '\r':
			lines++
			s.at++
		case c == ' ' || c == '\t' || c == '\f' || c == '\v':
			s.at++
		case strings.HasPrefix(s.sql[s.at:], "--"):
			s.lineComment()
		case c == '\'' && lines > 0:
			return true
		default:
			s.at = before
			return false
		}
	}
	s.at = before
	return false
}

// quoted skips what is between two quotes of the kind that it begins with; a
// doubled one is part of it.
func (s *scanner) quoted(escapes bool) {
	quote := s.sql[s.at]
	for i := s.at + 1; i < len(s.sql); i++ {
		switch c := s.sql[i]; {
		case c == '\\' && escapes:
			i++
		case c != quote:
		case i+1 < len(s.sql) && s.sql[i+1] == quote:
			i++
		default:
			s.at = i + 1
			return
		}
	}
	s.at, s.broken = len(s.sql), true
}

// until skips what comes before end, and end.
func (s *scanner) until(end string) {
	if at := strings.Index(s.sql[s.at:], end); at >= 0 {
		s.at += at + len(end)
		return
	}
	s.at, s.broken = len(s.sql), true
}

// word skips a name or keyword.
func (s *scanner) word() {
	for s.at < len(s.sql) && (isStart(s.sql[s.at]) || isDigit(s.sql[s.at]) || s.sql[s.at] == '$') {
		s.at++
	}
}

// number skips a number. Letters directly behind it are a word, if they are allowed
// at all.
func (s *scanner) number() {
	if digits := radix(s.sql[s.at:]); digits != "" {
		s.at += 2
		s.span(digits)
		return
	}
	s.span("0123456789_")
	if s.at < len(s.sql) && s.sql[s.at] == '.' {
		s.at++
		s.span("0123456789_")
	}
	rest := s.sql[s.at:]
	if len(rest) < 2 || rest[0]|0x20 != 'e' {
		return
	}
	size := 1
	if rest[1] == '+' || rest[1] == '-' {
		size = 2
	}
	if size < len(rest) && isDigit(rest[size]) {
		s.at += size
		s.span("0123456789_")
	}
}

// radix is the digits of a number such as 0x1F, "" if s is none.
func radix(s string) string {
	if len(s) < 3 || s[0] != '0' {
		return ""
	}
	digits := map[byte]string{'x': "0123456789abcdefABCDEF_", 'o': "01234567_", 'b': "01_"}[s[1]|0x20]
	if strings.IndexByte(digits, s[2]) < 0 {
		return ""
	}
	return digits
}

// span skips bytes of a set.
func (s *scanner) span(set string) {
	for s.at < len(s.sql) && strings.IndexByte(set, s.sql[s.at]) >= 0 {
		s.at++
	}
}

// variable skips a parameter of SQLite: $1, :name, @name, $ns::name(suffix).
func (s *scanner) variable() {
	size := 0
	for s.at++; s.at < len(s.sql); s.at++ {
		switch c := s.sql[s.at]; {
		case isStart(c) || isDigit(c) || c == '$':
			size++
		case c == '(' && size > 0:
			for s.at < len(s.sql) && s.sql[s.at] != ')' && s.sql[s.at] != ' ' && (s.sql[s.at] < '\t' || s.sql[s.at] > '\r') {
				s.at++
			}
			if s.at < len(s.sql) && s.sql[s.at] == ')' {
				s.at++
			} else {
				s.broken = true
			}
			return
		case strings.HasPrefix(s.sql[s.at:], "::"):
			s.at++
		default:
			return
		}
	}
}

// dollar skips a parameter or a dollar-quoted string of PostgreSQL, or the sign
// alone.
func (s *scanner) dollar() kind {
	end := s.at + 1
	for end < len(s.sql) && (isStart(s.sql[end]) || end > s.at+1 && isDigit(s.sql[end])) {
		end++
	}
	if end < len(s.sql) && s.sql[end] == '$' {
		tag := s.sql[s.at : end+1]
		s.at = end + 1
		s.until(tag)
		return text
	}
	s.at++
	if s.at < len(s.sql) && isDigit(s.sql[s.at]) {
		s.span("0123456789")
		return number
	}
	return symbol
}

// isStart tells whether a name may begin with b.
func isStart(b byte) bool { return b|0x20 >= 'a' && b|0x20 <= 'z' || b == '_' || b >= 0x80 }

func isDigit(b byte) bool { return b >= '0' && b <= '9' }
