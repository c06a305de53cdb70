package problem

import (
	"encoding/json/jsontext"
	"encoding/json/v2"
	"math"
	"slices"
	"strconv"
	"unicode/utf8"
)

// MaxValue is how many bytes of a field error's value are shown to the client.
const MaxValue = 128

// AppendJSON appends the problem as a JSON object to dst. It never fails: a value that cannot be serialised is
// left out.
func (p *Problem) AppendJSON(dst []byte) []byte {
	dst = append(dst, '{')
	if p.Type != "" {
		dst = append(dst, `"type":`...)
		dst = append(appendString(dst, p.Type), ',')
	}
	if title := p.title(); title != "" {
		dst = append(dst, `"title":`...)
		dst = append(appendString(dst, title), ',')
	}
	dst = append(dst, `"status":`...)
	dst = strconv.AppendInt(dst, int64(p.HTTPStatus()), 10)
	if p.Detail != "" {
		dst = append(dst, `,"detail":`...)
		dst = appendString(dst, p.Detail)
	}
	if p.Instance != "" {
		dst = append(dst, `,"instance":`...)
		dst = appendString(dst, p.Instance)
	}
	if len(p.Errors) > 0 {
		dst = append(dst, `,"errors":[`...)
		for i := range p.Errors {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = p.Errors[i].appendJSON(dst)
		}
		dst = append(dst, ']')
	}
	return append(p.appendExt(dst), '}')
}

// MarshalJSON returns the same object as AppendJSON.
func (p *Problem) MarshalJSON() ([]byte, error) { return p.AppendJSON(nil), nil }

// MarshalJSON returns location, message and, unless it is sensitive, value.
func (e FieldError) MarshalJSON() ([]byte, error) { return e.appendJSON(nil), nil }

func (e *FieldError) appendJSON(dst []byte) []byte {
	dst = append(dst, `{"location":`...)
	dst = appendString(dst, e.Location)
	dst = append(dst, `,"message":`...)
	dst = appendString(dst, e.Message)
	if !e.Sensitive && e.Value != nil {
		before := len(dst)
		dst = append(dst, `,"value":`...)
		var ok bool
		if dst, ok = appendValue(dst, e.Value); !ok {
			dst = dst[:before]
		}
	}
	return append(dst, '}')
}

// appendExt appends the extension members in the order of their names, each with a leading comma.
func (p *Problem) appendExt(dst []byte) []byte {
	if len(p.Ext) == 0 {
		return dst
	}
	names := make([]string, 0, len(p.Ext))
	for name := range p.Ext {
		switch name {
		case "type", "title", "status", "detail", "instance", "errors":
		default:
			if utf8.ValidString(name) { // repaired names could be duplicates
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	for _, name := range names {
		value, ok := marshal(p.Ext[name])
		if !ok {
			continue
		}
		dst = appendString(append(dst, ','), name)
		dst = append(append(dst, ':'), value...)
	}
	return dst
}

// appendValue appends the value of a field error, cut to MaxValue bytes; false: it has no JSON form.
func appendValue(dst []byte, v any) ([]byte, bool) {
	switch v := v.(type) {
	case string:
		return appendString(dst, truncate(v)), true
	case []byte:
		return appendString(dst, truncate(string(v[:min(len(v), MaxValue+1)]))), true
	case bool:
		return strconv.AppendBool(dst, v), true
	case int:
		return strconv.AppendInt(dst, int64(v), 10), true
	case int64:
		return strconv.AppendInt(dst, v, 10), true
	case uint64:
		return strconv.AppendUint(dst, v, 10), true
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return appendString(dst, strconv.FormatFloat(v, 'g', -1, 64)), true
		}
	}
	text, ok := marshal(v)
	if !ok {
		return dst, false
	}
	if len(text) > MaxValue {
		return appendString(dst, truncate(string(text))), true
	}
	return append(dst, text...), true
}

// marshal serialises a value of any type; panics of the user's methods count as failures, because a broken
// error must not hide the error that it describes.
func marshal(v any) (text []byte, ok bool) {
	defer func() {
		if recover() != nil {
			text, ok = nil, false
		}
	}()
	text, err := json.Marshal(v, jsontext.AllowInvalidUTF8(true), json.Deterministic(true))
	return text, err == nil
}

// truncate cuts s after at most MaxValue bytes, between two runes, and marks the cut.
func truncate(s string) string {
	if len(s) <= MaxValue {
		return s
	}
	end := MaxValue
	for end > MaxValue-utf8.UTFMax && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + "..."
}

const hexDigits = "0123456789abcdef"

// appendString appends s as a JSON string (RFC 8259 section 7). Beyond what JSON demands it escapes <, > and &
// and the line separators, so that the text is harmless inside HTML and scripts.
func appendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); {
		if c := s[i]; c < utf8.RuneSelf {
			if plain(c) {
				i++
				continue
			}
			dst = append(dst, s[start:i]...)
			dst = appendEscaped(dst, c)
			i++
			start = i
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			dst = append(append(dst, s[start:i]...), "\ufffd"...)
			start = i + size
		case r == '\u2028' || r == '\u2029':
			dst = append(append(dst, s[start:i]...), `\u202`...)
			dst = append(dst, hexDigits[r&0xF])
			start = i + size
		}
		i += size
	}
	return append(append(dst, s[start:]...), '"')
}

func plain(c byte) bool {
	switch c {
	case '"', '\\', '<', '>', '&', 0x7F:
		return false
	}
	return c >= ' '
}

func appendEscaped(dst []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\n':
		return append(dst, '\\', 'n')
	case '\r':
		return append(dst, '\\', 'r')
	case '\t':
		return append(dst, '\\', 't')
	}
	return append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&0xF])
}
