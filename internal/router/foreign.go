package router

import (
	"fmt"
	"strings"
	"unicode"
)

// Patterns of other routers would be registered here as literals that no request has, or
// say nothing about what to write instead. They are mistakes, and their names are noted,
// so that the field that reads one is not reported as well.

// foreignLiteral tells what is wrong with a literal that is a wildcard elsewhere, and the
// name of that: gin, Echo and Fiber write :id and *rest, chi a bare *, Flask <id> and
// <int:id>, Next.js [id] and [...rest]. A literal that begins so is written with percent escapes; a colon further on,
// as in /items:batch, is one.
func foreignLiteral(text string) (name string, err error) {
	switch {
	case text[0] == ':':
		rest := strings.TrimLeftFunc(text[1:], isWord)
		name = text[1 : len(text)-len(rest)]
		switch {
		case !isIdentifier(name):
			return "", nil
		case rest == "?":
			return name, fmt.Errorf("%q is no wildcard here, and none can be absent: write {%s}, and register the path without it too", text, name)
		case rest != "":
			return name, fmt.Errorf("%q is no wildcard here, and one fills its segment: write {%s} (a literal colon is %%3A)", text, name)
		}
		return name, fmt.Errorf("%q is no wildcard here: write {%s} (a literal colon is %%3A)", text, name)
	case text == "+":
		return "rest", fmt.Errorf("%q is no wildcard here: the rest of a path is {rest...} (a literal plus is %%2B)", text)
	case strings.Contains(text, "*"):
		if name = strings.Trim(text, "*"); !isIdentifier(name) {
			name = "rest"
		}
		return name, fmt.Errorf("%q is no wildcard here: the rest of a path is {%s...} (a literal asterisk is %%2A)", text, name)
	case strings.ContainsAny(text, "<>"):
		name = strings.Trim(text, "<>")
		kind, bare, _ := strings.Cut(name, ":")
		if bare == "" {
			kind, bare = "", kind
		}
		if !isIdentifier(bare) {
			bare = "name"
		}
		write := bare
		if kind == "path" {
			write += "..."
		}
		return bare, fmt.Errorf("%q is no wildcard here: write {%s} (literal angle brackets are %%3C and %%3E)", text, write)
	case text[0] == '[' && text[len(text)-1] == ']':
		name = strings.Trim(text, "[].")
		write := name
		if !isIdentifier(name) {
			name, write = "name", "name"
		}
		if strings.Contains(text, "...") {
			write += "..."
		}
		return name, fmt.Errorf("%q is no wildcard here: write {%s} (literal brackets are %%5B and %%5D)", text, write)
	}
	return "", nil
}

// unsent are characters that no path of a request has as they are (RFC 3986 section 3.3): a pattern with one is a
// regular expression, or has a blank too many.
const unsent = " \t\r\n\"\\^`|[]"

// foreignBraces tells the name of a wildcard that another router would understand, and
// what to write: Starlette has {p:path}, gorilla/mux and chi {id:[0-9]+}, ASP.NET {id?} and
// {*rest}, net/http {$}.
func foreignBraces(name string) (bare, advice string) {
	bare, rule, ruled := strings.Cut(name, ":")
	optional := strings.HasSuffix(name, "?")
	star := strings.Trim(name, "*")
	switch {
	case name == "$":
		return "", ": a pattern that ends with a slash matches that path only, so leave it out"
	case ruled && !isIdentifier(bare):
		return "", ""
	case ruled && (rule == "path" || rule == "*" || rule == ".*" || rule == ".+"):
		return bare, ": the rest of a path is {" + bare + "...}"
	case ruled:
		return bare, ": write {" + bare + "}; the type of the field that reads it and its tags, such as pattern, say what it may be"
	case optional && isIdentifier(name[:len(name)-1]):
		return name[:len(name)-1], ": a wildcard cannot be absent; register the path without it too"
	case star != name && isIdentifier(star):
		return star, ": the rest of a path is {" + star + "...}"
	}
	return "", ""
}

func isWord(c rune) bool { return c == '_' || unicode.IsLetter(c) || unicode.IsDigit(c) }
