package schema

import (
	"encoding/json/jsontext"
	"errors"
	"fmt"
	"math/big"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Tags says what the tags of a field, or the type of a value, ask for.
//
// Owner: any (immutable after New).
type Tags struct {
	Rules *Rules // checks of the value itself; nil: none
	Elem  *Tags  // checks of the items of a list or the values of a map; nil: none

	Required  bool
	NotNull   bool           // null is refused though the type could be it
	Default   jsontext.Value // JSON of the value of an absent member; nil: none
	Sensitive bool           // never repeat the value in an error
	Doc       string         // tag `doc`
	Title     string         // tag `title`
	Example   jsontext.Value // JSON; nil: none

	Deprecated, ReadOnly, WriteOnly bool

	bounds string            // of a time.Duration, in words: JSON Schema has none for texts
	words  map[string]string // the checking tags as written, for the schema
	enum   []jsontext.Value
}

// Constrained tells whether a tag of the field checks the value or its parts.
func (tags *Tags) Constrained() bool {
	return tags != nil && (len(tags.words) > 0 || tags.Elem.Constrained())
}

// The tags of this package, by what they are for.
var (
	numberTags = []string{"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"}
	textTags   = []string{"minLength", "maxLength", "pattern"}
	wordTags   = []string{"format", "enum"} // of texts and others
	itemTags   = []string{"minItems", "maxItems", "uniqueItems"}
	memberTags = []string{"minProperties", "maxProperties"}
	fieldTags  = []string{"default", "required", "nullable", "doc", "title", "example", "sensitive", "deprecated", "readOnly", "writeOnly"}
)

// known are all of them. A tag that differs from one of them in case only is a mistake.
var known = slices.Concat(numberTags, textTags, wordTags, itemTags, memberTags, fieldTags)

// tagReader reads the tags of one field.
type tagReader struct {
	tag      reflect.StructTag
	typed    map[string]string // what the type under way says of itself, see typeWords
	mistakes []error
}

func (p *tagReader) mistake(format string, args ...any) {
	p.mistakes = append(p.mistakes, fmt.Errorf(format, args...))
}

// TagsOf compiles the tags of a field of type t. All mistakes are returned,
// joined; they do not name the field.
//
// A rule belongs to the value that it fits: with `minLength` on a []string
// every item is checked, with `minimum` on a map[string]int every value, and
// pointers and Opt are looked through.
func TagsOf(t reflect.Type, tag reflect.StructTag) (*Tags, error) {
	p := tagReader{tag: tag}
	p.spelling()
	tags := p.rules(t)
	tags.Doc, tags.Title = tag.Get("doc"), tag.Get("title")
	tags.Sensitive, tags.Deprecated = p.flag("sensitive", IsPassword(tag)), p.flag("deprecated", false)
	tags.ReadOnly, tags.WriteOnly = p.flag("readOnly", false), p.flag("writeOnly", false)
	if isSecret(t) {
		tags.Sensitive, tags.WriteOnly = true, true
	}
	tags.NotNull = p.notNull(t)
	tags.Default, tags.Example = p.value(t, "default"), p.value(t, "example")
	p.unused(t)
	return tags, errors.Join(p.mistakes...)
}

// notNull reads the tag nullable.
func (p *tagReader) notNull(t reflect.Type) bool {
	_, nullable := Strip(t)
	if _, given := p.tag.Lookup("nullable"); given && !nullable {
		p.mistake("nullable is for pointers and Opt: type %v is never null", t)
	}
	return nullable && !p.flag("nullable", true)
}

// MemberTags is TagsOf for a member of a JSON object, which is required
// unless it is a pointer, an Opt, has a default, an omit option, `readOnly:"true"` or
// `required:"false"`, or sits in a struct embedded by pointer.
func MemberTags(m *Member) (*Tags, error) {
	tags, err := TagsOf(m.Type, m.Field.Tag)
	_, opt := OptOf(m.Type)
	required := m.Type.Kind() != reflect.Pointer && !opt && tags.Default == nil && !tags.ReadOnly && !m.OmitEmpty && !m.OmitZero && len(m.Path) == 1
	tags.Sensitive = tags.Sensitive || m.Secret
	p := tagReader{tag: m.Field.Tag}
	tags.Required = p.flag("required", required)
	if tags.ReadOnly && tags.WriteOnly {
		p.mistake("a member cannot be both readOnly and writeOnly: nobody would see it")
	}
	if tags.Required && tags.Default != nil {
		p.mistake("a member with a default cannot be required")
	}
	if m.Stringed && (tags.Constrained() || tags.Rules != nil && tags.Rules.number != nil) {
		p.mistake("checks of numbers do not go with the json option `string`")
	}
	return tags, errors.Join(err, errors.Join(p.mistakes...))
}

func (p *tagReader) flag(name string, fallback bool) bool {
	text, ok := p.tag.Lookup(name)
	if !ok {
		return fallback
	}
	v, err := strconv.ParseBool(text)
	if err != nil {
		p.mistake("%s:%q must be true or false", name, text)
		return fallback
	}
	return v
}

// rules compiles the checks that fit t.
func (p *tagReader) rules(t reflect.Type) *Tags {
	t, _ = Strip(t)
	tags, class := &Tags{}, checkedAs(t)
	p.typed = typeWords(t)
	switch class {
	case ClassInt, ClassUint, ClassFloat, ClassDuration:
		tags.Rules = p.number(tags, t, class)
	case ClassText:
		tags.Rules = p.text(tags, t)
	case ClassList:
		tags.Rules = p.count(tags, itemTags, "item")
		tags.Elem = p.elem(t)
	case ClassMap:
		tags.Rules = p.count(tags, memberTags, "member")
		tags.Elem = p.elem(t)
	}
	p.schemaMistakes(tags, t)
	return tags
}

// elem compiles the checks of items: those of the scalars at the bottom. The
// counts of an inner list have no tag.
func (p *tagReader) elem(t reflect.Type) *Tags {
	inner, _ := Strip(t.Elem())
	switch checkedAs(inner) {
	case ClassInt, ClassUint, ClassFloat, ClassText, ClassDuration:
		return p.rules(inner)
	case ClassList, ClassMap:
		if inner.Name() == "" {
			return &Tags{Elem: p.elem(inner)}
		}
	}
	return nil
}

// word is what the tag says, else what the type says of itself.
func (p *tagReader) word(tags *Tags, name string) (string, bool) {
	text, ok := p.tag.Lookup(name)
	typed, known := p.typed[name]
	if !ok {
		return typed, known
	}
	if known {
		p.narrowed(name, text, typed)
	}
	if tags.words == nil {
		tags.words = map[string]string{}
	}
	tags.words[name] = text
	return text, ok
}

func (p *tagReader) size(tags *Tags, name string) int {
	text, ok := p.word(tags, name)
	if !ok {
		return -1
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || text[0] == '+' {
		p.mistake("%s:%q must be a whole number from 0", name, text)
		return -1
	}
	return n
}

func (p *tagReader) count(tags *Tags, names []string, noun string) *Rules {
	r := &Rules{minItems: p.size(tags, names[0]), maxItems: p.size(tags, names[1]), noun: noun}
	if r.maxItems >= 0 && r.minItems > r.maxItems {
		p.mistake("%s is above %s", names[0], names[1])
	}
	if len(names) > 2 {
		if r.unique = p.flag(names[2], false); r.unique {
			p.word(tags, names[2])
		}
	}
	if r.minItems < 0 && r.maxItems < 0 && !r.unique {
		return nil
	}
	return r
}

func (p *tagReader) number(tags *Tags, t reflect.Type, class Class) *Rules {
	n := &numberRules{}
	for _, b := range []struct {
		tag, words  string
		lower, open bool
	}{
		{"minimum", "must be at least ", true, false},
		{"exclusiveMinimum", "must be greater than ", true, true},
		{"maximum", "must be at most ", false, false},
		{"exclusiveMaximum", "must be less than ", false, true},
	} {
		if text, ok := p.word(tags, b.tag); ok {
			limit, exact := p.amount(class, b.tag, text)
			n.bounds = append(n.bounds, bound{limit, exact, b.lower, b.open, b.words + text})
		}
	}
	if text, ok := p.word(tags, "multipleOf"); ok {
		if _, n.multiple = p.amount(class, "multipleOf", text); n.multiple.Sign() <= 0 {
			p.mistake("multipleOf:%q must be above 0", text)
			n.multiple = big.NewRat(1, 1)
		}
		if n.multipleN = "must be a multiple of " + text; n.multiple.IsInt() && n.multiple.Num().IsInt64() {
			n.step = n.multiple.Num().Int64()
		}
	}
	if class == ClassDuration {
		tags.bounds = n.words()
	} else {
		p.numberEnum(tags, n, t, class)
	}
	if len(n.bounds) == 0 && n.multiple == nil && n.enumNames == "" {
		return nil
	}
	n.finish()
	switch {
	case !n.never, class == ClassFloat: // there may be fractions between the bounds
	case class == ClassDuration:
		p.mistake("no duration is within minimum and maximum")
	default:
		p.mistake("no integer is within minimum and maximum")
	}
	return &Rules{number: n, minItems: -1, maxItems: -1}
}

// decimal reads a JSON number.
func (p *tagReader) decimal(name, text string) (float64, *big.Rat) {
	f, err := strconv.ParseFloat(text, 64)
	if v := jsontext.Value(text); err != nil || !v.IsValid() || v.Kind() != '0' {
		p.mistake("%s:%q must be a number", name, text)
		return 0, new(big.Rat)
	}
	exact, ok := new(big.Rat).SetString(text)
	if !ok {
		exact = new(big.Rat).SetFloat64(f)
	}
	return f, exact
}

func (p *tagReader) numberEnum(tags *Tags, n *numberRules, t reflect.Type, class Class) {
	var names []string
	for _, text := range p.enumWords(tags, t) {
		f, exact := p.decimal("enum", text)
		switch {
		case class == ClassFloat:
			n.enum = append(n.enum, f)
		case !exact.IsInt():
			p.mistake("enum value %s is not an integer", text)
		case class == ClassInt:
			n.enumInts = append(n.enumInts, clampInt(exact.Num()))
		default:
			n.enumUints = append(n.enumUints, clampUint(exact.Num()))
		}
		names = append(names, text)
		tags.enum = append(tags.enum, jsontext.Value(text))
	}
	if names != nil {
		n.enumNames = oneOf(names)
	}
}

func (p *tagReader) text(tags *Tags, t reflect.Type) *Rules {
	r := &textRules{min: p.size(tags, "minLength"), max: p.size(tags, "maxLength")}
	if r.max >= 0 && r.min > r.max {
		p.mistake("minLength is above maxLength")
	}
	r.minText = fmt.Sprintf("must have at least %d %s", r.min, plural(r.min, "character"))
	r.maxText = fmt.Sprintf("must have at most %d %s", r.max, plural(r.max, "character"))
	if text, ok := p.word(tags, "pattern"); ok {
		var err error
		if r.pattern, err = regexp.Compile(text); err != nil {
			p.mistake("pattern:%q: %w", text, err)
		}
	}
	if text, ok := p.word(tags, "format"); ok {
		f, found := formats[text]
		if !found {
			p.mistake("format:%q is not known", text)
		}
		r.format, r.formatMsg = f.check, f.message
	}
	if r.enum = p.enumWords(tags, t); r.enum != nil {
		r.enumNames = oneOf(r.enum)
		for _, v := range r.enum {
			tags.enum = append(tags.enum, jsontext.Value(quote(v)))
		}
		if len(r.enum) > 8 {
			r.enumSet = map[string]struct{}{}
			for _, v := range r.enum {
				r.enumSet[v] = struct{}{}
			}
		}
	}
	if r.min <= 0 && r.max < 0 && r.pattern == nil && r.format == nil && r.enum == nil {
		return nil
	}
	return &Rules{text: r, minItems: -1, maxItems: -1}
}

// unused reports rules that fit neither the type nor its items.
func (p *tagReader) unused(t reflect.Type) {
	inner, _ := Strip(t)
	class := ClassOf(inner)
	scalar := checkedAs(inner)
	for at := inner; scalar == ClassList || scalar == ClassMap; {
		if at, _ = Strip(at.Elem()); at.Name() != "" && at.PkgPath() != "" && (ClassOf(at) == ClassList || ClassOf(at) == ClassMap) {
			break // a named list brings its own rules, and may contain itself
		}
		scalar = checkedAs(at)
	}
	isNumber := scalar == ClassInt || scalar == ClassUint || scalar == ClassFloat
	p.refuse(numberTags, isNumber || scalar == ClassDuration, "numbers", t)
	p.refuse(textTags, scalar == ClassText, "strings", t)
	p.refuse([]string{"format"}, scalar == ClassText, "strings", t)
	p.refuse([]string{"enum"}, isNumber || scalar == ClassText, "strings and numbers", t)
	p.refuse(itemTags, class == ClassList, "lists", t)
	p.refuse(memberTags, class == ClassMap, "maps", t)
}

func (p *tagReader) refuse(tags []string, fits bool, what string, t reflect.Type) {
	for _, name := range tags {
		if _, ok := p.tag.Lookup(name); ok && !fits {
			p.mistake("%s is for %s, not for %v", name, what, t)
		}
	}
}

// value reads the JSON of a default or an example. Strings, times and texts
// are written plainly, lists of scalars with commas, everything else as JSON.
func (p *tagReader) value(t reflect.Type, name string) jsontext.Value {
	text, ok := p.tag.Lookup(name)
	if !ok {
		return nil
	}
	v := jsontext.Value(literal(t, text))
	if !v.IsValid() {
		p.mistake("%s:%q is not a value of %v", name, text, t)
		return nil
	}
	return v
}

func literal(t reflect.Type, text string) string {
	inner, nullable := Strip(t)
	if nullable && text == "null" {
		return text
	}
	switch checkedAs(inner) {
	case ClassText, ClassTime, ClassDuration, ClassBytes:
		return quote(strings.ToValidUTF8(text, "\uFFFD"))
	case ClassList:
		if strings.HasPrefix(strings.TrimSpace(text), "[") {
			return text
		}
		var items []string
		for item := range strings.SplitSeq(text, ",") {
			if item = strings.TrimSpace(item); item != "" {
				items = append(items, literal(inner.Elem(), item))
			}
		}
		return "[" + strings.Join(items, ",") + "]"
	}
	return text
}
