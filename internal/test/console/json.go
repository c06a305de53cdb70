package console

import (
	"bytes"
	"encoding/json/jsontext"
	"strings"
)

// wide is how long a line of JSON in a page may be, in bytes.
const wide = 130

// isJSON tells whether a command has printed one JSON object or list.
func isJSON(got string) bool {
	return got != "" && (got[0] == '{' || got[0] == '[') && jsontext.Value(got).IsValid()
}

// squeezed is JSON without the space between its tokens. It may have the page's "…".
func squeezed(text string) string {
	var out strings.Builder
	inside, escaped := false, false
	for _, r := range text {
		switch {
		case escaped:
			escaped = false
		case inside && r == '\\':
			escaped = true
		case r == '"':
			inside = !inside
		case !inside && strings.ContainsRune(" \n\t", r):
			continue
		}
		out.WriteRune(r)
	}
	return out.String()
}

// layout breaks JSON into lines where one would be too wide.
func layout(got string) string {
	if !isJSON(got) {
		return got
	}
	return string(broken(jsontext.Value(got), ""))
}

// broken is a JSON value whose first line begins at indent.
func broken(value jsontext.Value, indent string) []byte {
	kind := value.Kind()
	if len(indent)+len(value) <= wide || kind != '{' && kind != '[' {
		return value
	}
	d := jsontext.NewDecoder(bytes.NewReader(value))
	out := []byte{byte(kind)}
	deeper := indent + "  "
	if _, err := d.ReadToken(); err != nil {
		return value
	}
	for first := true; d.PeekKind() != '}' && d.PeekKind() != ']'; first = false {
		if !first {
			out = append(out, ',')
		}
		out = append(append(out, '\n'), deeper...)
		if kind == '{' {
			name, err := d.ReadValue()
			if err != nil {
				return value
			}
			out = append(append(out, name...), ": "...)
		}
		item, err := d.ReadValue()
		if err != nil {
			return value
		}
		out = append(out, broken(item.Clone(), deeper)...)
	}
	out = append(append(out, '\n'), indent...)
	return append(out, byte(kind)+2) // '}' and ']' are two behind '{' and '['
}
