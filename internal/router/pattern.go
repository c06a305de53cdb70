package router

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"unicode"
)

// MaxParams is the largest number of wildcards in one pattern.
const MaxParams = 16

// Pattern is a parsed pattern of paths, such as "/users/{id}". The zero value is
// that of no path. A Pattern is immutable: any goroutine may use it.
type Pattern struct {
	text  string
	segs  []segment
	names []string
	err   error
}

// kind orders the segments of patterns: the smaller, the more specific.
type kind uint8

const (
	literal kind = iota
	slash        // a trailing slash, always last
	single       // {name}
	multi        // {name...}, always last
)

// segment is one piece of a pattern. text is the decoded literal or the name of the
// wildcard, raw the literal as it was registered.
type segment struct {
	kind      kind
	text, raw string
}

// ParsePattern reads a pattern. What is wrong with it is [Pattern.Err]'s to say,
// and with that Build's: routes are collected with all their mistakes.
func ParsePattern(text string) Pattern {
	p := Pattern{text: text}
	switch {
	case text == "":
		p.err = errors.New("the pattern is empty")
		return p
	case text[0] != '/':
		p.err = errors.New("the pattern must begin with a slash")
		text = "/" + text
	}
	for rest := text; rest != ""; {
		var seg string
		if seg, rest = cutSegment(rest); seg == "" && rest == "" {
			p.segs = append(p.segs, segment{kind: slash})
			break
		}
		if err := p.add(seg, rest == ""); err != nil && p.err == nil {
			p.err = err
		}
	}
	if len(p.names) > MaxParams && p.err == nil {
		p.err = fmt.Errorf("%d wildcards, at most %d are allowed", len(p.names), MaxParams)
	}
	return p
}

// add reads a segment. The name of a wildcard is noted though something is wrong
// with it, so that what reads it is not reported as well.
func (p *Pattern) add(text string, last bool) error {
	seg, err := parseSegment(text)
	p.segs = append(p.segs, seg)
	if seg.kind == literal {
		return err
	}
	twice := slices.Contains(p.names, seg.text)
	p.names = append(p.names, seg.text)
	switch {
	case err != nil:
		return err
	case seg.kind == multi && !last:
		return fmt.Errorf("{%s...} must be the last segment", seg.text)
	case twice:
		return fmt.Errorf("the name %q appears twice", seg.text)
	}
	return nil
}

// String returns the pattern as it was registered.
func (p Pattern) String() string { return p.text }

// Err says what is wrong with the pattern, nil when it can be built.
func (p Pattern) Err() error { return p.err }

// Wildcards returns the names of the wildcards in the order of the path. The slice
// must not be changed.
func (p Pattern) Wildcards() []string { return p.names }

// Segments yields what stands between the slashes: the name of a wildcard, without
// braces and dots, or a literal as it was registered, with its percent escapes.
// Behind a trailing slash stands "".
func (p Pattern) Segments() iter.Seq2[string, bool] {
	return func(yield func(text string, wildcard bool) bool) {
		for _, seg := range p.segs {
			wildcard := seg.kind == single || seg.kind == multi
			text := seg.raw
			if wildcard {
				text = seg.text
			}
			if !yield(text, wildcard) {
				return
			}
		}
	}
}

// cutSegment takes the first segment off a path that begins with a slash.
func cutSegment(path string) (seg, rest string) {
	path = path[1:]
	if i := strings.IndexByte(path, '/'); i >= 0 {
		return path[:i], path[i:]
	}
	return path, ""
}

func parseSegment(text string) (segment, error) {
	open := strings.IndexByte(text, '{')
	if open < 0 {
		return parseLiteral(text)
	}
	if open > 0 || text[len(text)-1] != '}' {
		return segment{raw: text}, fmt.Errorf("the wildcard in %q must fill its segment", text)
	}
	seg := segment{kind: single}
	name, isMulti := strings.CutSuffix(text[1:len(text)-1], "...")
	if seg.text = name; isMulti {
		seg.kind = multi
	}
	if name == "" {
		return seg, fmt.Errorf("the wildcard %q has no name", text)
	}
	if !isIdentifier(name) {
		bare, advice := foreignBraces(name)
		if bare != "" {
			seg.text = bare
		}
		return seg, fmt.Errorf("the wildcard name %q is not a Go identifier%s", name, advice)
	}
	return seg, nil
}

func parseLiteral(text string) (segment, error) {
	seg := segment{raw: text}
	if text == "" {
		return seg, errors.New("an empty segment (two slashes in a row) can never match")
	}
	if strings.IndexByte(text, '}') >= 0 {
		return seg, fmt.Errorf("%q closes a wildcard that was not opened", text)
	}
	if name, err := foreignLiteral(text); err != nil {
		return segment{kind: single, text: name, raw: text}, err
	}
	if strings.ContainsAny(text, "?#") {
		return seg, fmt.Errorf("%q: a path holds no query and no fragment", text)
	}
	if at := strings.IndexAny(text, unsent); at >= 0 {
		return seg, fmt.Errorf("%q: no path of a request has %q as it is: a literal one is %%%02X", text, text[at:at+1], text[at])
	}
	decoded, err := AppendDecoded(nil, []byte(text))
	if err != nil {
		return seg, fmt.Errorf("the segment %q has an invalid percent escape", text)
	}
	if isDot(decoded) {
		return seg, fmt.Errorf("the segment %q can never match", text)
	}
	seg.text = string(decoded)
	return seg, nil
}

func isIdentifier(s string) bool {
	for i, c := range s {
		if c != '_' && !unicode.IsLetter(c) && (i == 0 || !unicode.IsDigit(c)) {
			return false
		}
	}
	return s != ""
}

// isDot reports whether a decoded segment is "." or "..".
func isDot(seg []byte) bool {
	switch len(seg) {
	case 1:
		return seg[0] == '.'
	case 2:
		return seg[0] == '.' && seg[1] == '.'
	}
	return false
}
