package mistake

import (
	"errors"
	"strings"
)

// Mistake is one thing that is wrong.
//
// Owner: any (immutable after New).
type Mistake struct {
	Subject string // what it is about: "GET /users", "security.JWT"
	Site    string // file:line
	Text    string // what is wrong, and what to do
}

// New is a mistake at p, about the function that is called there.
func New(p Place, text string) *Mistake { return &Mistake{Subject: p.Call, Site: p.Site, Text: text} }

// Error is the mistake in the format of all mistakes.
func (m *Mistake) Error() string {
	return m.Subject + " (" + m.Site + "): " + m.Text
}

// List collects mistakes. The zero value is empty.
type List []*Mistake

// Unless notes text, at the place of the user's call, unless ok holds. It returns ok.
func (l *List) Unless(ok bool, text string) bool {
	if !ok {
		*l = append(*l, New(Here(), text))
	}
	return ok
}

// Add takes over the mistakes of a part, each once.
func (l *List) Add(part List) {
	for _, m := range part {
		known := false
		for _, have := range *l {
			known = known || *have == *m
		}
		if !known {
			*l = append(*l, m)
		}
	}
}

// Err is the list as an error, nil when it is empty.
func (l List) Err() error {
	if len(l) == 0 {
		return nil
	}
	errs := make([]error, len(l))
	for i, m := range l {
		errs[i] = m
	}
	return errors.Join(errs...)
}

// Of finds the mistakes in err, which may be joined of several; what is none yet is one
// at p.
func Of(err error, p Place) (list List) {
	if m, ok := err.(*Mistake); ok {
		return List{m}
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, one := range joined.Unwrap() {
			list.Add(Of(one, p))
		}
		return list
	}
	if err == nil {
		return nil
	}
	return List{New(p, err.Error())}
}

// Line is text as an entry of a list: types without a name shortened, further lines
// indented, and none of them there twice.
func Line(text string) string {
	var kept []string
	seen := map[string]bool{}
	for line := range strings.SplitSeq(Short(text), "\n") {
		if text := strings.TrimSpace(line); text == "" || seen[text] {
			continue
		} else {
			seen[text] = true
		}
		kept = append(kept, strings.TrimRight(line, " \t\r"))
	}
	return strings.Join(kept, "\n    ")
}

// Short writes struct types without a name as "struct{…}": their fields and tags say
// nothing about where to look.
func Short(text string) string {
	const begin = "struct {"
	var b strings.Builder
	for {
		at := strings.Index(text, begin)
		if at < 0 {
			break
		}
		end := closing(text[at+len(begin):])
		if end < 0 {
			break
		}
		inner := text[at+len(begin):][:end]
		b.WriteString(text[:at])
		if strings.TrimSpace(inner) == "" {
			b.WriteString("struct{}")
		} else {
			b.WriteString("struct{…}")
		}
		text = text[at+len(begin)+end+1:]
	}
	b.WriteString(text)
	return b.String()
}

// closing is the index of the brace that closes what has been opened before text,
// -1 without one. Braces in the quotes of tags do not count.
func closing(text string) int {
	depth, quoted := 1, false
	for i := 0; i < len(text); i++ {
		switch b := text[i]; {
		case quoted && b == '\\':
			i++
		case b == '"':
			quoted = !quoted
		case quoted:
		case b == '{':
			depth++
		case b == '}':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}
