package schema

import (
	"iter"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// spelled are the tags that this framework reads. A tag that is almost one of them
// is a mistake: silence about it would be a check that is not made.
var spelled = append([]string{
	"json", "path", "query", "header", "cookie", "body", "form", "inject", "bind", "env", "envPrefix", "accept", "maxBytes",
}, known...)

// TagNames returns the tags that this framework reads, but for those of settings and
// of rows.
func TagNames() []string { return slices.Clone(spelled) }

// renamed are the names, in lower case, that other libraries have for tags of this package.
var renamed = map[string]string{
	"ge": "minimum", "gt": "exclusiveMinimum", "le": "maximum", "lt": "exclusiveMaximum", "multiple_of": "multipleOf",
	"min": "minimum", "max": "maximum", "min_length": "minLength", "max_length": "maxLength", "regex": "pattern",
	"min_items": "minItems", "max_items": "maxItems", "gte": "minimum", "lte": "maximum", "regexp": "pattern", "oneof": "enum",
	"description": "doc", "envdefault": "default",
}

// checkers are the tags, in lower case, in which other libraries put rules of a language of their own:
// go-playground/validator, gin, govalidator, Hertz.
var checkers = map[string]bool{"validate": true, "binding": true, "valid": true, "vd": true}

// unrelated are tags of other libraries that are near one of spelled.
var unrelated = map[string]bool{"bson": true, "xml": true, "yaml": true, "toml": true, "db": true, "gorm": true}

// plainKey is a key as libraries choose it; package reflect would allow more.
var plainKey = regexp.MustCompile(`^[A-Za-z0-9_.-]+$`)

// Misspelt returns what is wrong with the names of tags, whatever they are on: tags that cannot be read, are
// known ones misspelt, are there twice, or are those of another library.
func Misspelt(tag reflect.StructTag) []error {
	p := tagReader{tag: tag}
	p.spelling()
	return p.mistakes
}

// spelling is Misspelt.
func (p *tagReader) spelling() {
	var before []string
	for key := range keys(p.tag) {
		twice := slices.Contains(before, key)
		before = append(before, key)
		switch near := nearest(key); {
		case key == "":
			p.mistake("the tag %q cannot be read: it must be pairs of key:\"value\" with a space between them", string(p.tag))
		case twice:
			p.mistake("the tag %q is there twice: only the first one is read", key)
		case renamed[strings.ToLower(key)] != "":
			p.mistake("the tag %q is called %q here", key, renamed[strings.ToLower(key)])
		case checkers[strings.ToLower(key)]:
			p.mistake("the tag %q is of another library and checks nothing here: use required, minLength, maximum, format, enum and the like", key)
		case near != "" && near != key && !unrelated[key]:
			p.mistake("the tag %q is spelt %q", key, near)
		}
	}
	p.jsonOptions()
}

// jsonOptions are the options of a json tag. encoding/json reads over all others.
var jsonOptions = []string{"omitempty", "omitzero", "string", "embed", "case:ignore", "case:strict"}

// jsonOptions finds those that are misspelt.
func (p *tagReader) jsonOptions() {
	_, options, _ := strings.Cut(p.tag.Get("json"), ",")
	for option := range strings.SplitSeq(options, ",") {
		if near := Nearest(option, jsonOptions); near != "" && near != option {
			p.mistake("the option %q of the tag json is spelt %q", option, near)
		}
	}
}

// keys yields the keys of a struct tag in their order, and "" in place of a rest
// that package reflect would not read either.
func keys(tag reflect.StructTag) iter.Seq[string] {
	return func(yield func(string) bool) {
		for rest := strings.TrimLeft(string(tag), " "); rest != ""; rest = strings.TrimLeft(rest, " ") {
			key, after, ok := strings.Cut(rest, ":")
			quoted, err := strconv.QuotedPrefix(after)
			if !ok || err != nil || after[0] != '"' || !plainKey.MatchString(key) {
				yield("")
				return
			}
			if !yield(key) {
				return
			}
			rest = after[len(quoted):]
		}
	}
}

// nearest returns the tag that key is, or may have been meant to be, "" when there is none.
func nearest(key string) string {
	if slices.Contains(spelled, key) { // nearly all are; the rest takes 20 us
		return key
	}
	return Nearest(key, spelled)
}

// Nearest returns the name that key may have been meant to be: the nearest one, at most one edit
// away, two where the name is long. Case, "_" and "-" do not count. "" when there is none.
func Nearest(key string, names []string) string {
	best, least, given := "", 3, plain(key)
	for _, name := range names {
		limit, meant := 1, plain(name)
		if len(name) >= 6 {
			limit = 2
		}
		if max(len(given)-len(meant), len(meant)-len(given)) > limit {
			continue // also what a stranger has made very long
		}
		if d := edits(given, meant); d <= limit && d < least {
			best, least = name, d
		}
	}
	return best
}

var conventions = strings.NewReplacer("_", "", "-", "")

// plain is a key without what conventions differ in: case, "_" and "-".
func plain(key string) string {
	return strings.ToLower(conventions.Replace(key))
}

// edits is the optimal string alignment distance: how many letters must be
// inserted, removed, replaced or swapped with their neighbour to make a of b.
func edits(a, b string) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
