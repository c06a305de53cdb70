package schema

import (
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// enumWords returns the values of the enum tag, else those of the type.
func (p *tagReader) enumWords(tags *Tags, t reflect.Type) (words []string) {
	if text, ok := p.word(tags, "enum"); ok {
		for word := range strings.SplitSeq(text, ",") {
			word = strings.TrimSpace(word)
			if slices.Contains(words, word) {
				p.mistake("enum:%q has %q twice", text, word)
			}
			words = append(words, word)
		}
		p.separators(text, words)
		if own := describedEnum(t); own != nil {
			for _, word := range words {
				if !slices.Contains(own, word) {
					p.mistake("enum value %s is not one of those that the type has of its own: %s", word, strings.Join(own, ", "))
				}
			}
		}
		return words
	}
	if words = describedEnum(t); words != nil {
		return words
	}
	for _, v := range enumOf(t) {
		switch { // not fmt: the type may have a String method
		case v.Kind() == reflect.String:
			words = append(words, v.String())
		case v.CanInt():
			words = append(words, strconv.FormatInt(v.Int(), 10))
		case v.CanUint():
			words = append(words, strconv.FormatUint(v.Uint(), 10))
		default:
			p.mistake("Enum of %v lists %v, which is no string and no integer", t, v)
		}
	}
	return words
}

// separators reports values of an enum that are not told apart by commas, as JSON and the tags of other libraries
// do it.
func (p *tagReader) separators(text string, words []string) {
	joined := len(words) == 1 && strings.ContainsAny(text, "|;")
	if joined || strings.HasPrefix(words[0], "[") && strings.HasSuffix(words[len(words)-1], "]") {
		p.mistake("enum:%q: values stand between commas, as they are: enum:\"open,closed\"", text)
	}
}
