package schema

import (
	"math/big"
	"strings"
	"time"
)

// A time.Duration is checked as the number of its nanoseconds, and written as
// text; JSON Schema has a pattern for that but no bounds.

// durationPattern is the syntax of time.ParseDuration.
const durationPattern = `^[-+]?(0|(([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+)$`

// amount reads what a number, or a duration in nanoseconds, is compared with.
func (p *tagReader) amount(class Class, name, text string) (float64, *big.Rat) {
	if class != ClassDuration {
		return p.decimal(name, text)
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		p.mistake("%s:%q must be a duration such as 1h30m or 250ms", name, text)
	}
	return float64(d), new(big.Rat).SetInt64(int64(d))
}

// words are the rules as the documentation tells them: "at least 1s, at most 1h".
func (n *numberRules) words() string {
	var list []string
	for i := range n.bounds {
		list = append(list, strings.TrimPrefix(n.bounds[i].message, "must be "))
	}
	if n.multiple != nil {
		list = append(list, strings.TrimPrefix(n.multipleN, "must be "))
	}
	return strings.Join(list, ", ")
}

// Description is what the documentation says about the value: the tag `doc`,
// and the bounds of a duration, for which JSON Schema has no words.
func (tags *Tags) Description() string {
	switch {
	case tags.bounds == "":
		return tags.Doc
	case tags.Doc == "":
		return strings.ToUpper(tags.bounds[:1]) + tags.bounds[1:]
	}
	return tags.Doc + " (" + tags.bounds + ")"
}
