package settings

import (
	"fmt"
	"strings"
)

// Variable is one line of a file of variables.
type Variable struct {
	Name, Value string
}

// ParseDotEnv reads the text of a file of variables, which mistakes call file. lookup
// gives the values that ${NAME} stands for beside those above it in the text, which go
// behind it. It returns everything that is wrong, each with its line: ".env:3: the
// quote is not closed". No mistake repeats a value.
//
//	# a comment
//	export HOST=db.local            # the word export may stand in front
//	URL="postgres://${HOST}/shop"   # \n \r \t \" \\ \$ are escapes, and lines may break
//	PASSWORD='a$b#c'                # as it is
func ParseDotEnv(file, text string, lookup func(name string) (string, bool)) (list []Variable, mistakes []string) {
	text = strings.ReplaceAll(strings.TrimPrefix(text, "\ufeff"), "\r\n", "\n")
	p := dotenv{file: file, rest: text, line: 1, lookup: lookup, first: map[string]int{}, known: map[string]string{}}
	for p.rest != "" {
		p.statement()
	}
	return p.list, p.mistakes
}

// dotenv parses one text.
//
// Owner: one goroutine at a time.
type dotenv struct {
	file     string
	rest     string
	line     int // of the start of rest, from 1
	lookup   func(string) (string, bool)
	first    map[string]int    // the line of each name
	known    map[string]string // values so far
	list     []Variable
	mistakes []string
}

func (p *dotenv) fail(line int, format string, args ...any) {
	p.mistakes = append(p.mistakes, fmt.Sprintf("%s:%d: %s", p.file, line, fmt.Sprintf(format, args...)))
}

// take removes n bytes from the text.
func (p *dotenv) take(n int) string {
	taken := p.rest[:n]
	p.rest = p.rest[n:]
	p.line += strings.Count(taken, "\n")
	return taken
}

// untilLineEnd takes what is left of the line, with its end.
func (p *dotenv) untilLineEnd() string {
	if i := strings.IndexByte(p.rest, '\n'); i >= 0 {
		return strings.TrimSuffix(p.take(i+1), "\n")
	}
	return p.take(len(p.rest))
}

// blanks are what may stand between the parts of a line.
const blanks = " \t\r\v\f"

func (p *dotenv) skipBlanks() { p.take(len(p.rest) - len(strings.TrimLeft(p.rest, blanks))) }

// statement reads one line, or several when a quoted value has more.
func (p *dotenv) statement() {
	p.skipBlanks()
	if p.rest == "" || p.rest[0] == '\n' || p.rest[0] == '#' {
		p.untilLineEnd()
		return
	}
	line := p.line
	name, equals := p.name()
	switch {
	case !equals:
		p.fail(line, "there is no = behind a name: NAME=value, or # in front of a comment")
		p.untilLineEnd()
		return
	case !isName(name):
		p.fail(line, "what stands in front of = is not a name of letters, digits and _")
	}
	value, ok := p.value()
	before, twice := p.first[name]
	switch {
	case !ok || !isName(name):
		return
	case twice:
		p.fail(line, "%s is in line %d already", name, before)
		return
	case strings.IndexByte(value, 0) >= 0:
		p.fail(line, "the value of %s has a NUL byte, which no variable can hold", name)
		return
	}
	p.first[name], p.known[name] = line, value
	p.list = append(p.list, Variable{name, value})
}

// name takes the line up to its equals sign.
func (p *dotenv) name() (name string, equals bool) {
	end := strings.IndexByte(p.rest, '\n')
	if end < 0 {
		end = len(p.rest)
	}
	at := strings.IndexByte(p.rest[:end], '=')
	if at < 0 {
		return "", false
	}
	name = strings.Trim(strings.TrimSuffix(p.take(at+1), "="), blanks)
	if rest, ok := strings.CutPrefix(name, "export"); ok && strings.TrimLeft(rest, blanks) != rest {
		name = strings.TrimLeft(rest, blanks)
	}
	return name, true
}

// isName tells whether name is one of IEEE Std 1003.1 section 8.1, in either case.
func isName(name string) bool {
	for i := range len(name) {
		c := name[i]
		letter := 'a' <= c|0x20 && c|0x20 <= 'z' || c == '_'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return name != ""
}

// value takes the value and what is left of its line; false: there is something wrong.
func (p *dotenv) value() (string, bool) {
	p.skipBlanks()
	if p.rest == "" || p.rest[0] != '"' && p.rest[0] != '\'' {
		return p.plain()
	}
	quote, line := p.take(1)[0], p.line
	end := p.closing(quote)
	if end < 0 {
		p.fail(line, "the quote is not closed")
		p.take(len(p.rest))
		return "", false
	}
	text := p.take(end)
	p.take(1)
	if behind := strings.Trim(p.untilLineEnd(), blanks); behind != "" && behind[0] != '#' {
		p.fail(line, "there is something behind the closing quote")
		return "", false
	}
	if quote == '\'' {
		return text, true
	}
	return p.unescape(text, line)
}

// closing finds the end of a quoted value, -1 when there is none.
func (p *dotenv) closing(quote byte) int {
	for i := 0; i < len(p.rest); i++ {
		switch {
		case p.rest[i] == quote:
			return i
		case p.rest[i] == '\\' && quote == '"':
			i++
		}
	}
	return -1
}

// plain takes a value without quotes, up to the end of the line or to a comment, which
// begins behind a blank.
func (p *dotenv) plain() (string, bool) {
	line := p.line
	text := p.untilLineEnd()
	for i := range len(text) {
		if text[i] == '#' && (i == 0 || strings.IndexByte(blanks, text[i-1]) >= 0) {
			text = text[:i]
			break
		}
	}
	return p.expand(strings.Trim(text, blanks), line)
}

// unescape replaces the escapes and variables of a value in double quotes.
func (p *dotenv) unescape(text string, line int) (string, bool) {
	var b strings.Builder
	for text != "" {
		i := strings.IndexByte(text, '\\')
		if i < 0 {
			i = len(text)
		}
		part, ok := p.expand(text[:i], line)
		if !ok {
			return "", false
		}
		b.WriteString(part)
		if text = text[i:]; text == "" {
			break
		}
		switch text[1] { // there is one: the closing quote was none
		case 'n':
			b.WriteByte('\n')
		case 'r':
			b.WriteByte('\r')
		case 't':
			b.WriteByte('\t')
		case '"', '\\', '$':
			b.WriteByte(text[1])
		case '\n': // the value goes on in the next line
		default:
			p.fail(line, `in double quotes \n, \r, \t, \", \\ and \$ are the escapes; in single quotes everything is taken as it is`)
			return "", false
		}
		text = text[2:]
	}
	return b.String(), true
}

// expand puts values in place of ${NAME}. A dollar sign without a brace is one.
func (p *dotenv) expand(text string, line int) (string, bool) {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(text, "${")
		b.WriteString(before)
		if !found {
			return b.String(), true
		}
		name, behind, closed := strings.Cut(rest, "}")
		if !closed || !isName(name) {
			p.fail(line, "${ begins a variable, and there is no name and } behind it; in single quotes it is taken as it is")
			return "", false
		}
		value, ok := p.known[name]
		if outside, set := p.lookup(name); set {
			value, ok = outside, true
		}
		if !ok {
			p.fail(line, "${%s} is not set, neither outside nor above; in single quotes it is taken as it is", name)
			return "", false
		}
		b.WriteString(value)
		text = behind
	}
}
