package schema

import (
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// IsPassword tells whether a field holds a password by its format: such a value
// is sensitive unless the tag `sensitive` says otherwise.
func IsPassword(tag reflect.StructTag) bool { return tag.Get("format") == "password" }

// WithoutTags removes keys from a struct tag.
func WithoutTags(tag reflect.StructTag, keys ...string) reflect.StructTag {
	var kept []string
	for rest := string(tag); ; {
		rest = strings.TrimLeft(rest, " ")
		name, after, ok := strings.Cut(rest, ":")
		quoted, err := strconv.QuotedPrefix(after)
		if !ok || err != nil {
			if rest != "" {
				kept = append(kept, rest) // for whoever reports it
			}
			break
		}
		if !slices.Contains(keys, name) {
			kept = append(kept, name+":"+quoted)
		}
		rest = after[len(quoted):]
	}
	return reflect.StructTag(strings.Join(kept, " "))
}
