package describe

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/fasterapi/fasterapi/internal/router"
)

// Operation ids name functions in generated clients: letters and digits, in
// camel case.

// ids gives every operation its id: the one that it asks for, else the name of its
// handler when no other operation has that, else method and path. Numbers tell
// apart what is still the same.
func (b *Builder) ids() {
	handlers, taken := map[string]int{}, map[string]string{}
	for _, e := range b.entries {
		if id := e.route.Details.OperationID; id != "" {
			if other, ok := taken[id]; ok {
				b.mistake("%s: the operation id %q is that of %s too", e.where(), id, other)
			}
			taken[id] = e.where()
			e.op.OperationID = id
			continue
		}
		handlers[e.route.Handler]++
	}
	for _, e := range b.entries {
		if name := e.route.Handler; e.op.OperationID == "" && name != "" && handlers[name] == 1 && taken[name] == "" {
			e.op.OperationID, taken[name] = name, e.where()
		}
	}
	for _, e := range b.entries {
		if e.op.OperationID != "" {
			continue
		}
		id := pathID(e.route.Method, e.route.Pattern)
		for n := 2; taken[id] != ""; n++ {
			id = pathID(e.route.Method, e.route.Pattern) + strconv.Itoa(n)
		}
		e.op.OperationID, taken[id] = id, e.where()
	}
}

// pathID makes an id of a route: GET /users/{id}/orders is getUsersByIdOrders.
func pathID(method string, pattern router.Pattern) string {
	var id strings.Builder
	id.WriteString(strings.ToLower(method))
	for segment, wildcard := range pattern.Segments() {
		if wildcard {
			id.WriteString("By")
		}
		for word := range strings.FieldsFuncSeq(segment, func(c rune) bool { return !unicode.IsLetter(c) && !unicode.IsDigit(c) }) {
			id.WriteString(capital(word))
		}
	}
	return id.String()
}

// HandlerName makes an id of the name that package runtime has for a function:
// "main.getUser" is getUser, "main.(*shop).Buy-fm" is buy. Functions without a
// name of their own give "".
func HandlerName(function string) string {
	if i := strings.IndexByte(function, '['); i >= 0 { // the type arguments, which may hold anything
		function = function[:i] + function[strings.LastIndexByte(function, ']')+1:]
	}
	function = strings.TrimSuffix(function, "-fm")
	name := function[strings.LastIndexByte(function, '.')+1:]
	if name == "" || isNumber(strings.TrimPrefix(name, "func")) || isNumber(strings.TrimPrefix(name, "gowrap")) {
		return ""
	}
	for _, c := range name {
		if c != '_' && !unicode.IsLetter(c) && !unicode.IsDigit(c) {
			return ""
		}
	}
	first, n := utf8.DecodeRuneInString(name)
	return string(unicode.ToLower(first)) + name[n:]
}

func isNumber(s string) bool {
	_, err := strconv.Atoi(s)
	return err == nil
}

// title makes a line of text of an id: getUserOrders is "Get user orders".
func title(id string) string {
	var line []byte
	runes := []rune(id)
	for i, c := range runes {
		last := i == len(runes)-1
		switch {
		case c == '_':
			line = append(line, ' ')
			continue
		case i == 0:
			c = unicode.ToUpper(c)
		case unicode.IsUpper(c) && (unicode.IsLower(runes[i-1]) || unicode.IsDigit(runes[i-1]) ||
			!last && unicode.IsLower(runes[i+1]) && unicode.IsUpper(runes[i-1])):
			line = append(line, ' ')
			if last || !unicode.IsUpper(runes[i+1]) {
				c = unicode.ToLower(c)
			}
		}
		line = utf8.AppendRune(line, c)
	}
	return string(line)
}

func capital(word string) string {
	first, n := utf8.DecodeRuneInString(word)
	return string(unicode.ToUpper(first)) + word[n:]
}
