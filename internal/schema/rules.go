package schema

import (
	"encoding/json/jsontext"
	"fmt"
	"math"
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Rules are the checks of one value, compiled from tags. A nil *Rules checks
// nothing. The methods append one message per broken rule to messages, and
// return it as it was when the value is good; they do not allocate then.
//
// Owner: any (immutable once made).
type Rules struct {
	number *numberRules
	text   *textRules

	minItems, maxItems int // -1: no limit; items of an array, members of an object
	noun               string
	unique             bool
}

// numberRules check integers and floating-point numbers.
//
// Owner: any (immutable once made).
type numberRules struct {
	bounds []bound
	lo, hi int64  // what the bounds mean for signed integers, inclusive
	ulo    uint64 // and for unsigned ones
	uhi    uint64
	never  bool // no integer is within the bounds

	multiple  *big.Rat
	step      int64 // multiple when it is a whole number that fits, else 0
	multipleN string

	enum      []float64
	enumInts  []int64
	enumUints []uint64
	enumNames string
}

// bound is one of minimum, maximum, exclusiveMinimum, exclusiveMaximum.
//
// Owner: any (immutable once made).
type bound struct {
	limit   float64  // for floats
	exact   *big.Rat // for integers
	lower   bool
	open    bool // the limit itself is outside
	message string
}

// textRules check strings.
//
// Owner: any (immutable once made).
type textRules struct {
	min, max  int // in characters (code points); -1: no limit
	minText   string
	maxText   string
	pattern   *regexp.Regexp
	format    func(string) bool
	formatMsg string
	enum      []string
	enumSet   map[string]struct{} // for more than a few
	enumNames string
}

func (b *bound) holds(f float64) bool {
	switch {
	case b.lower && b.open:
		return f > b.limit
	case b.lower:
		return f >= b.limit
	case b.open:
		return f < b.limit
	}
	return f <= b.limit
}

// Int checks a signed integer.
func (r *Rules) Int(v int64, messages []string) []string {
	if r == nil || r.number == nil {
		return messages
	}
	n := r.number
	if v < n.lo || v > n.hi || n.never {
		messages = n.outside(new(big.Rat).SetInt64(v), messages)
	}
	if n.multiple != nil && (n.step == 0 || v%n.step != 0) {
		messages = n.notMultiple(new(big.Rat).SetInt64(v), messages)
	}
	if n.enumInts != nil && !contains(n.enumInts, v) {
		messages = append(messages, n.enumNames)
	}
	return messages
}

// Uint checks an unsigned integer.
func (r *Rules) Uint(v uint64, messages []string) []string {
	if r == nil || r.number == nil {
		return messages
	}
	n := r.number
	if v < n.ulo || v > n.uhi || n.never {
		messages = n.outside(new(big.Rat).SetUint64(v), messages)
	}
	if n.multiple != nil && (n.step <= 0 || v%uint64(n.step) != 0) {
		messages = n.notMultiple(new(big.Rat).SetUint64(v), messages)
	}
	if n.enumUints != nil && !contains(n.enumUints, v) {
		messages = append(messages, n.enumNames)
	}
	return messages
}

// Float checks a finite number. multipleOf is judged on the shortest decimal
// that reads back as v, so that 0.3 is a multiple of 0.1.
func (r *Rules) Float(v float64, messages []string) []string {
	if r == nil || r.number == nil {
		return messages
	}
	n := r.number
	for i := range n.bounds {
		if !n.bounds[i].holds(v) {
			messages = append(messages, n.bounds[i].message)
		}
	}
	if n.multiple != nil {
		if exact, ok := new(big.Rat).SetString(strconv.FormatFloat(v, 'g', -1, 64)); ok {
			messages = n.notMultiple(exact, messages)
		}
	}
	if n.enum != nil && !contains(n.enum, v) {
		messages = append(messages, n.enumNames)
	}
	return messages
}

// outside names the bounds that an integer breaks.
func (n *numberRules) outside(v *big.Rat, messages []string) []string {
	for i := range n.bounds {
		b := &n.bounds[i]
		c := v.Cmp(b.exact)
		if c == 0 && b.open || b.lower && c < 0 || !b.lower && c > 0 {
			messages = append(messages, b.message)
		}
	}
	return messages
}

func (n *numberRules) notMultiple(v *big.Rat, messages []string) []string {
	if !new(big.Rat).Quo(v, n.multiple).IsInt() {
		messages = append(messages, n.multipleN)
	}
	return messages
}

func contains[T comparable](list []T, v T) bool {
	for i := range list {
		if list[i] == v {
			return true
		}
	}
	return false
}

// Text checks a string. Lengths are in characters.
func (r *Rules) Text(s string, messages []string) []string {
	if r == nil || r.text == nil {
		return messages
	}
	t := r.text
	if t.min > 0 && (len(s) < t.min || utf8.RuneCountInString(s) < t.min) {
		messages = append(messages, t.minText)
	}
	if t.max >= 0 && len(s) > t.max && utf8.RuneCountInString(s) > t.max {
		messages = append(messages, t.maxText)
	}
	if t.pattern != nil && !t.pattern.MatchString(s) {
		messages = append(messages, "must match the pattern "+t.pattern.String())
	}
	if t.format != nil && !t.format(s) {
		messages = append(messages, t.formatMsg)
	}
	if t.enum != nil && !t.listed(s) {
		messages = append(messages, t.enumNames)
	}
	return messages
}

func (t *textRules) listed(s string) bool {
	if t.enumSet != nil {
		_, ok := t.enumSet[s]
		return ok
	}
	return contains(t.enum, s)
}

// JSON checks a text or a number as it is written, of a type that reads itself. Other
// values are no matter of r.
func (r *Rules) JSON(v jsontext.Value, messages []string) []string {
	switch {
	case r == nil:
	case r.text != nil && v.Kind() == '"':
		if text, err := jsontext.AppendUnquote(nil, v); err == nil {
			return r.Text(string(text), messages)
		}
	case r.number != nil && v.Kind() == '0':
		return r.Decimal(string(v), messages)
	}
	return messages
}

// Decimal checks a number as it is written. What is no number, or beyond a float64, is no
// matter of r.
func (r *Rules) Decimal(text string, messages []string) []string {
	if r == nil || r.number == nil {
		return messages
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsInf(f, 0) || math.IsNaN(f) {
		return messages
	}
	return r.Float(f, messages)
}

// Count checks the number of items of an array or members of an object.
func (r *Rules) Count(n int, messages []string) []string {
	if r == nil {
		return messages
	}
	if n < r.minItems {
		messages = append(messages, fmt.Sprintf("must have at least %d %s", r.minItems, plural(r.minItems, r.noun)))
	}
	if r.maxItems >= 0 && n > r.maxItems {
		messages = append(messages, fmt.Sprintf("must have at most %d %s", r.maxItems, plural(r.maxItems, r.noun)))
	}
	return messages
}

// Most returns the greatest allowed count, so that a decoder can stop keeping
// items there; -1: no limit.
func (r *Rules) Most() int {
	if r == nil {
		return -1
	}
	return r.maxItems
}

// Unique tells whether all items must differ.
func (r *Rules) Unique() bool { return r != nil && r.unique }

// Required is the message for a value that is not there.
const Required = "is required"

// NotUnique is the message for an array that has an item twice.
const NotUnique = "must not have the same item twice"

func plural(n int, noun string) string {
	if n == 1 {
		return noun
	}
	return noun + "s"
}

// finish derives what integers are compared with from the bounds.
func (n *numberRules) finish() {
	lo, hi := new(big.Int).SetInt64(math.MinInt64), new(big.Int).SetUint64(math.MaxUint64)
	for i := range n.bounds {
		b := &n.bounds[i]
		whole, rest := new(big.Int).DivMod(b.exact.Num(), b.exact.Denom(), new(big.Int)) // floor
		if b.lower {
			if b.open || rest.Sign() != 0 {
				whole.Add(whole, big.NewInt(1))
			}
			if whole.Cmp(lo) > 0 {
				lo = whole
			}
			continue
		}
		if b.open && rest.Sign() == 0 {
			whole.Sub(whole, big.NewInt(1))
		}
		if whole.Cmp(hi) < 0 {
			hi = whole
		}
	}
	n.never = lo.Cmp(hi) > 0
	n.lo, n.hi = clampInt(lo), clampInt(hi)
	n.ulo, n.uhi = clampUint(lo), clampUint(hi)
	// A bound beyond the range of the integers: clamping made it reachable.
	if lo.Cmp(big.NewInt(math.MaxInt64)) > 0 {
		n.lo, n.hi = 1, 0
	}
	if hi.Sign() < 0 {
		n.ulo, n.uhi = 1, 0
	}
	if hi.Cmp(big.NewInt(math.MinInt64)) < 0 {
		n.never = true
	}
}

func clampInt(b *big.Int) int64 {
	if b.IsInt64() {
		return b.Int64()
	}
	if b.Sign() < 0 {
		return math.MinInt64
	}
	return math.MaxInt64
}

func clampUint(b *big.Int) uint64 {
	if b.IsUint64() {
		return b.Uint64()
	}
	if b.Sign() < 0 {
		return 0
	}
	return math.MaxUint64
}

// oneOf words the message of an enum.
func oneOf(values []string) string { return "must be one of: " + strings.Join(values, ", ") }
