package router

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
)

// MaxParams is the largest number of wildcards in one pattern.
const MaxParams = 16

// kind orders the segments of patterns: the smaller, the more specific.
type kind uint8

const (
	literal kind = iota
	slash        // a trailing slash, always last
	single       // {name}
	multi        // {name...}, always last
)

// segment is one piece of a pattern. text is the decoded literal or the name of the wildcard.
type segment struct {
	kind kind
	text string
}

// parsePattern splits a pattern into segments. "/" is one slash segment, "/a/" a literal and a slash.
func parsePattern(s string) ([]segment, error) {
	if s == "" {
		return nil, errors.New("the pattern is empty")
	}
	if s[0] != '/' {
		return nil, errors.New("the pattern must begin with a slash")
	}
	var segs []segment
	names := map[string]bool{}
	for rest := s; rest != ""; {
		var text string
		text, rest = cutSegment(rest)
		if text == "" && rest == "" {
			return append(segs, segment{kind: slash}), nil
		}
		seg, err := parseSegment(text)
		if err != nil {
			return nil, err
		}
		if seg.kind == multi && rest != "" {
			return nil, fmt.Errorf("{%s...} must be the last segment", seg.text)
		}
		if seg.kind != literal {
			if names[seg.text] {
				return nil, fmt.Errorf("the name %q appears twice", seg.text)
			}
			names[seg.text] = true
		}
		segs = append(segs, seg)
	}
	if len(names) > MaxParams {
		return nil, fmt.Errorf("%d wildcards, at most %d are allowed", len(names), MaxParams)
	}
	return segs, nil
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
		return segment{}, fmt.Errorf("the wildcard in %q must fill its segment", text)
	}
	name, isMulti := strings.CutSuffix(text[1:len(text)-1], "...")
	if name == "" {
		return segment{}, fmt.Errorf("the wildcard %q has no name", text)
	}
	if !isIdentifier(name) {
		return segment{}, fmt.Errorf("the wildcard name %q is not a Go identifier", name)
	}
	if isMulti {
		return segment{kind: multi, text: name}, nil
	}
	return segment{kind: single, text: name}, nil
}

func parseLiteral(text string) (segment, error) {
	if text == "" {
		return segment{}, errors.New("an empty segment (two slashes in a row) can never match")
	}
	if strings.IndexByte(text, '}') >= 0 {
		return segment{}, fmt.Errorf("%q closes a wildcard that was not opened", text)
	}
	if strings.ContainsAny(text, "?#") {
		return segment{}, fmt.Errorf("%q: a path holds no query and no fragment", text)
	}
	decoded, err := AppendDecoded(nil, []byte(text))
	if err != nil {
		return segment{}, fmt.Errorf("the segment %q has an invalid percent escape", text)
	}
	if isDot(decoded) {
		return segment{}, fmt.Errorf("the segment %q can never match", text)
	}
	return segment{kind: literal, text: string(decoded)}, nil
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

// paramNames lists the wildcards in the order of the path.
func paramNames(segs []segment) []string {
	var names []string
	for _, s := range segs {
		if s.kind == single || s.kind == multi {
			names = append(names, s.text)
		}
	}
	return names
}
