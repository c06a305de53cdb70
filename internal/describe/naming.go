package describe

import (
	"cmp"
	"fmt"
	"iter"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/fasterapi/fasterapi/internal/router"
)

// Operation ids name functions in generated clients: letters and digits, in
// camel case. An id depends on its route alone: what else is registered, before or
// later, never changes it.

// ids gives every operation its id: the one that it asks for, else method and path.
// Two that generated clients would give one name are a mistake of both.
func (b *Builder) ids() {
	taken := map[string]*entry{}
	for _, e := range b.entries {
		e.op.OperationID = e.route.id()
		name := clientName(e.op.OperationID)
		if other := taken[name]; other != nil {
			b.mistake(e.where(), "the operation id %q is that of %s too%s: choose another with the option OperationID",
				e.op.OperationID, other.where(), spelt(other.op.OperationID, e.op.OperationID))
			continue
		}
		taken[name] = e
	}
}

// id is what the route asks for, else what ID makes of it.
func (r *Route) id() string {
	switch {
	case r.Details.OperationID != "":
		return r.Details.OperationID
	case r.ID != "":
		return r.ID
	}
	return ID(r.Method, r.Pattern)
}

// clientName is what stays of an id in the languages of generated clients: they drop
// dashes and underscores, and change the case of letters.
func clientName(id string) string {
	return strings.Map(func(c rune) rune {
		if !unicode.IsLetter(c) && !unicode.IsDigit(c) {
			return -1
		}
		return unicode.ToLower(c)
	}, id)
}

// spelt tells how the other id is written, when it is written in another way.
func spelt(other, id string) string {
	if other == id {
		return ""
	}
	return fmt.Sprintf(" (%q, which generated clients cannot tell apart)", other)
}

// ID makes an id of method and pattern: GET /users/{id}/orders is
// getUsersByIdOrders, GET / is getRoot.
func ID(method string, pattern router.Pattern) string {
	var id strings.Builder
	id.WriteString(strings.ToLower(method))
	before := id.Len()
	for segment, wildcard := range pattern.Segments() {
		switch {
		case wildcard:
			id.WriteString("By")
		case segment == "" && id.Len() == before: // of "/" alone
			id.WriteString("Root")
		case segment == "": // "/users/" is not "/users"
			id.WriteString("Slash")
		}
		for word := range words(segment) {
			id.WriteString(capital(word))
		}
	}
	return id.String()
}

// WebhookID makes an id of the name of a webhook: "order.paid" is orderPaid.
func WebhookID(name string) string {
	var id strings.Builder
	for word := range words(name) {
		if id.Len() > 0 {
			word = capital(word)
		}
		id.WriteString(word)
	}
	return lower(id.String())
}

// words are the runs of letters and digits of text.
func words(text string) iter.Seq[string] {
	return strings.FieldsFuncSeq(text, func(c rune) bool { return !unicode.IsLetter(c) && !unicode.IsDigit(c) })
}

// summary is a line about a route that says nothing of itself. A name of several words
// is one, "Get user orders"; one word says what is done to what the path names last:
// list of /users/{id}/orders is "List orders".
func (r *Route) summary() string {
	if r.Webhook != "" {
		return title(r.id())
	}
	name := cmp.Or(r.Details.OperationID, r.Handler)
	line := title(name)
	if strings.Contains(line, " ") {
		return line
	}
	what := resource(r.Pattern)
	switch {
	case line == "":
		line, what = title(strings.ToLower(r.Method)), cmp.Or(what, "root")
	case what == "", strings.EqualFold(line, strings.Fields(what)[0]):
		return line // /health of health
	}
	return line + " " + what
}

// resource is what the path names last, with the wildcards behind: "orders by id".
func resource(pattern router.Pattern) string {
	var last, by []string
	for segment, wildcard := range pattern.Segments() {
		switch list := slices.Collect(words(segment)); {
		case wildcard:
			by = append(by, "by "+strings.ToLower(title(strings.Join(list, "_"))))
		case len(list) > 0:
			last, by = list, nil
		}
	}
	return strings.Join(append(last, by...), " ")
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
	return lower(name)
}

// SplitName cuts the name that package runtime has for a function behind the path of its
// package: "example.org/shop.(*API).List-fm" is "example.org/shop" and "(*API).List".
func SplitName(function string) (pkg, name string) {
	function = strings.TrimSuffix(function, "-fm")
	if i := strings.IndexByte(function, '['); i >= 0 { // the type arguments, which may hold slashes
		function = function[:i] + function[strings.LastIndexByte(function, ']')+1:]
	}
	folder := strings.LastIndexByte(function, '/') + 1
	pkg, name, _ = strings.Cut(function[folder:], ".")
	path, err := url.PathUnescape(function[:folder] + pkg) // runtime writes a dot in the last element as %2e
	if err != nil {
		path = function[:folder] + pkg
	}
	return path, name
}

// lower makes the first letter of word small.
func lower(word string) string {
	first, n := utf8.DecodeRuneInString(word)
	if n == 0 {
		return ""
	}
	return string(unicode.ToLower(first)) + word[n:]
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
		case c == '_' || c == '-' || c == '.':
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
