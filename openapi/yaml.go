package openapi

import (
	"bytes"
	"encoding/json/jsontext"
	"strings"
)

// YAML is written from JSON: block style for objects and lists, plain text for
// strings that YAML reads as themselves, literal blocks for lines, and JSON's own
// quotes for the rest, which mean the same in YAML 1.2 (section 1.3).

// yamlWriter turns the tokens of a JSON text into YAML.
//
// Owner: one goroutine at a time.
type yamlWriter struct {
	in  *jsontext.Decoder
	out []byte
}

func toYAML(text []byte) ([]byte, error) {
	w := &yamlWriter{in: jsontext.NewDecoder(bytes.NewReader(text))}
	if err := w.value(0, "", false); err != nil {
		return nil, err
	}
	return w.out, nil
}

// value writes the next value. The line so far ends in a name or a dash; lead
// goes before what stays on that line, and inList says that it was a dash.
func (w *yamlWriter) value(depth int, lead string, inList bool) error {
	switch w.in.PeekKind() {
	case '{':
		return w.object(depth, lead, inList)
	case '[':
		return w.list(depth, lead)
	}
	token, err := w.in.ReadToken()
	if err != nil {
		return err
	}
	w.out = append(w.out, lead...)
	if token.Kind() == '"' {
		w.text(token.String(), depth)
	} else {
		w.out = append(w.out, token.String()...)
	}
	w.out = append(w.out, '\n')
	return nil
}

func (w *yamlWriter) object(depth int, lead string, inList bool) error {
	if _, err := w.in.ReadToken(); err != nil {
		return err
	}
	first := true
	for w.in.PeekKind() != '}' {
		name, err := w.in.ReadToken()
		if err != nil {
			return err
		}
		switch {
		case first && inList:
			w.out = append(w.out, lead...) // "- name:"
		case first && lead != "":
			w.out = append(w.out, '\n')
			w.indent(depth)
		default:
			w.indent(depth)
		}
		first = false
		w.name(name.String())
		w.out = append(w.out, ':')
		if err := w.value(depth+1, " ", false); err != nil {
			return err
		}
	}
	if first {
		w.out = append(w.out, lead+"{}\n"...)
	}
	_, err := w.in.ReadToken()
	return err
}

func (w *yamlWriter) list(depth int, lead string) error {
	if _, err := w.in.ReadToken(); err != nil {
		return err
	}
	first := true
	for w.in.PeekKind() != ']' {
		if first {
			w.out = append(w.out, '\n')
		}
		first = false
		w.indent(depth)
		w.out = append(w.out, '-')
		if err := w.value(depth+1, " ", true); err != nil {
			return err
		}
	}
	if first {
		w.out = append(w.out, lead+"[]\n"...)
	}
	_, err := w.in.ReadToken()
	return err
}

func (w *yamlWriter) indent(depth int) {
	for range depth {
		w.out = append(w.out, "  "...)
	}
}

func (w *yamlWriter) name(s string) { w.out = append(w.out, scalar(s)...) }

// text writes a string whose further lines are indented to depth.
func (w *yamlWriter) text(s string, depth int) {
	if !isBlock(s) {
		w.out = append(w.out, scalar(s)...)
		return
	}
	if w.out = append(w.out, '|'); strings.HasSuffix(s, "\n") {
		s = s[:len(s)-1] // one newline at the end is the rule of "|"
	} else {
		w.out = append(w.out, '-')
	}
	for line := range strings.SplitSeq(s, "\n") {
		w.out = append(w.out, '\n')
		if line != "" {
			w.indent(depth)
			w.out = append(w.out, line...)
		}
	}
}

// isBlock tells whether a literal block holds s as it is: several printable
// lines, the first and the last of them not blank, and no space that would be taken for
// indentation.
func isBlock(s string) bool {
	if !strings.Contains(s, "\n") || strings.HasPrefix(s, " ") || strings.HasPrefix(s, "\n") || strings.HasSuffix(s, "\n\n") {
		return false
	}
	for _, c := range s {
		if c != '\n' && !printable(c) {
			return false
		}
	}
	return true
}

// printable tells whether c may stand in YAML outside quotes. NEL and the line
// separators are line ends to some readers.
func printable(c rune) bool {
	return c >= ' ' && c != 0x7f && (c < 0x80 || c >= 0xa0) && c != 0x2028 && c != 0x2029 && c != 0xfeff && c != 0xfffd
}

// scalar writes a string on one line.
func scalar(s string) string {
	if isPlain(s) {
		return s
	}
	quoted, err := jsontext.AppendQuote(nil, s)
	if err != nil { // not UTF-8, which no token of a decoder is
		return `""`
	}
	var b strings.Builder
	for _, c := range string(quoted) {
		if c >= ' ' && !printable(c) {
			b.WriteString(escapeRune(c))
			continue
		}
		b.WriteRune(c)
	}
	return b.String()
}

func escapeRune(c rune) string {
	const digits = "0123456789abcdef"
	return string([]byte{'\\', 'u', digits[c>>12&15], digits[c>>8&15], digits[c>>4&15], digits[c&15]})
}

// words are plain texts that some reader takes for a boolean or null.
var words = map[string]bool{
	"": true, "~": true, "null": true, "true": true, "false": true, "yes": true, "no": true, "on": true, "off": true, "y": true, "n": true,
}

// isPlain tells whether s needs no quotes: it starts with a letter, a slash, a dollar
// sign or an underscore, reads as no other type, and has nothing that ends a plain scalar.
func isPlain(s string) bool {
	if words[strings.ToLower(s)] || strings.HasSuffix(s, " ") || strings.HasSuffix(s, ":") ||
		strings.Contains(s, ": ") || strings.Contains(s, " #") {
		return false
	}
	for i, c := range s {
		letter := 'a' <= c|0x20 && c|0x20 <= 'z' || c == '_' || c == '/' || c == '$'
		switch {
		case letter:
		case i == 0, !printable(c):
			return false
		}
	}
	return true
}
